using Azure.Core;
using Azure.Storage.Blobs;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Storage.Azure;

/// <summary>Makes clients of the blob service. Every client the vault has comes from here and carries <see cref="CreateOnlyPolicy"/>.</summary>
public static class AzureBlobService
{
    /// <summary>A client for the service that the options name, with a short retry policy.</summary>
    /// <exception cref="RefusedException">The options name no service, or in no form that can be read.</exception>
    public static BlobServiceClient Create(AzureStorageOptions options)
    {
        BlobClientOptions how = new()
        {
            Retry =
            {
                Mode = RetryMode.Exponential,
                MaxRetries = options.Retries,
                Delay = options.RetryDelay,
                MaxDelay = TimeSpan.FromSeconds(5),
                NetworkTimeout = options.NetworkTimeout,
            },
        };
        how.AddPolicy(new CreateOnlyPolicy(), HttpPipelinePosition.PerCall);
        try
        {
            return options switch
            {
                { ConnectionString: { Length: > 0 } secret } => new(secret, how),
                { ServiceUri: { } address, Credential: { } credential } => new(address, credential, how),
                { ServiceUri: { } address } => new(address, how),
                _ => throw new FormatException("neither a connection string nor an address is set"),
            };
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The cause may quote the connection string: it is left out on purpose.
            throw new RefusedException(
                "The settings do not name a blob service: set a connection string or a service address in the form that Azure Storage gives.",
                "No evidence was read or written.",
                "Mend the storage settings, then run: evidencevault doctor");
        }
    }
}
