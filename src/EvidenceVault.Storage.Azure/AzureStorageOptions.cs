using Azure.Core;

namespace EvidenceVault.Storage.Azure;

/// <summary>Which blob service the vault stores in, and how patient it is. The host reads it from its configuration; a connection
/// string or a signed address is a secret and is never shown, not even by <see cref="ToString"/>.</summary>
public sealed class AzureStorageOptions
{
    /// <summary>The connection string. Either this or <see cref="ServiceUri"/>.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>The blob service's address: with a shared access signature in it, or beside a <see cref="Credential"/>.</summary>
    public Uri? ServiceUri { get; init; }

    /// <summary>Signs requests to <see cref="ServiceUri"/> where it carries no signature.</summary>
    public TokenCredential? Credential { get; init; }

    /// <summary>How often a request that failed for a passing reason is sent again.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>The wait before the first repeat; each further wait doubles, to five seconds at most.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long one request may stay without an answer.</summary>
    public TimeSpan NetworkTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the service is asked to hold a stored blob unchanged, where it can (time-based immutability, not locked: the law
    /// on retention may shorten it). The legal hold beside it has no end.</summary>
    public TimeSpan ImmutableFor { get; init; } = TimeSpan.FromDays(365);

    /// <summary>The drop container that files from browsers are delivered into.</summary>
    public string UploadContainer { get; init; } = "drops";

    /// <summary>Names the service without its secrets.</summary>
    public override string ToString() => ServiceUri is null ? "blob service by connection string" : $"blob service {ServiceUri.GetLeftPart(UriPartial.Path)}";
}
