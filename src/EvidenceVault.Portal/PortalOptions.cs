using System.Net;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Portal;

/// <summary>How the portal runs.</summary>
internal sealed record PortalOptions
{
    public const string DefaultUrl = "http://127.0.0.1:8086";

    /// <summary>The vault's home folder.</summary>
    public required string Vault { get; init; }

    /// <summary>Connection string of the blob service: a secret, from the environment.</summary>
    public required string Storage { get; init; }

    /// <summary>Where it listens.</summary>
    public string Url { get; init; } = DefaultUrl;

    /// <summary>How often one address may send a form that asks for a password, in a minute.</summary>
    public int TriesAMinute { get; init; } = 30;

    /// <summary>Where browsers see it, where that is not where it listens: behind a reverse proxy. Pages of this origin may send files to the blob service.</summary>
    public string? Origin { get; init; }

    /// <summary>How often one address may ask for what sending files needs, in a minute.</summary>
    public int SendingCallsAMinute { get; init; } = 3000;

    /// <summary>How much may be sent, and for how long an address to send to is good.</summary>
    public Pipeline.UseCases.DeliveryOptions Delivery { get; init; } = new();

    /// <summary>A provider of identities, where one is set.</summary>
    public Accounts.ProviderOptions? Provider { get; init; }

    /// <summary>The time-stamping authority whose stamps go into bundles and are checked; null where there is none.</summary>
    public TimestampOptions? Timestamps { get; init; }

    /// <summary>Where the portal keeps what is its own: accounts, and the keys of its cookies.</summary>
    public string Folder => Path.Combine(Vault, "portal");

    /// <summary>The same with an address that passwords may travel to: HTTPS, or HTTP that does not leave this machine.</summary>
    /// <exception cref="RefusedException">It is none.</exception>
    public PortalOptions Checked()
    {
        if (Uri.TryCreate(Url, UriKind.Absolute, out Uri? uri) && uri.PathAndQuery == "/" && (uri.Scheme == Uri.UriSchemeHttps
            || (uri.Scheme == Uri.UriSchemeHttp && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address)))))) return this;
        throw new RefusedException(
            $"The portal cannot listen at '{Names.Printable(Url)}'.", "It did not start.",
            "Name an https:// address (with a certificate, as Kestrel's settings say), or http://127.0.0.1:PORT with a reverse proxy that speaks HTTPS in front of it: over plain HTTP others could read passwords and evidence.");
    }
}
