using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>What a key is for.</summary>
public enum KeyUse
{
    /// <summary>Signs the custody log.</summary>
    Log,

    /// <summary>Signs seals and receipts.</summary>
    Seal,

    /// <summary>Wraps the keys of stored content.</summary>
    Content,
}

/// <summary>A key as listed: nothing secret.</summary>
/// <param name="Id">What names it: the key ID of a log key, a seal certificate's serial number, a content key's name.</param>
/// <param name="Use">What it is for.</param>
/// <param name="MadeAt">When it was made, UTC; null where that was not kept.</param>
/// <param name="State"><c>current</c>; <c>overlap</c> (a log key that still signs beside the current one); <c>retired</c> (makes nothing
/// new; what it made still checks and opens); <c>outside</c> (lies in an HSM or key vault).</param>
/// <param name="Fingerprint">The verifier key; the certificate's SHA-256; 16 bytes of an HMAC under the content key.</param>
/// <param name="Authority">Of a seal key, the SHA-256 of its authority's certificate.</param>
public sealed record ListedKey(string Id, KeyUse Use, DateTimeOffset? MadeAt, string State, string Fingerprint, string? Authority = null);

internal static class KeyListing
{
    public const string Current = "current", Overlap = "overlap", Retired = "retired", Elsewhere = "outside";

    /// <summary>The key ID of a verifier key, 8 hex digits: the middle part of its text (C2SP signed-note).</summary>
    public static string IdOf(string verifierKey) => Convert.ToHexStringLower([.. VerifierKey.Parse(verifierKey).KeyId]);

    public static IReadOnlyList<ListedKey> Of(KeyRingFile file, OutsideKeys outside)
    {
        var list = new List<ListedKey>();
        foreach (LogKey key in file.LogKeys)
        {
            string verifier = new Ed25519LogSigner(key).VerifierKey;
            string state = key.RetiredAt is not null || outside.Log is not null ? Retired : key == file.LogKeys[^1] ? Current : Overlap;
            list.Add(new(IdOf(verifier), KeyUse.Log, key.MadeAt, state, verifier));
        }
        if (outside.Log is { } log) list.Add(new(IdOf(log.VerifierKey), KeyUse.Log, null, Elsewhere, log.VerifierKey));
        foreach (SealKeys keys in file.SealKeys)
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(keys.Certificate);
            string state = keys == file.SealKeys[^1] && outside.Seal is null ? Current : Retired;
            list.Add(new(certificate.SerialNumber.ToLowerInvariant(), KeyUse.Seal, new DateTimeOffset(certificate.NotBefore.ToUniversalTime()).AddHours(1), state, Hash(keys.Certificate), Hash(keys.CaCertificate)));
        }
        if (outside.Seal is { } seal) list.Add(new(seal.CertificateSha256[..16], KeyUse.Seal, null, Elsewhere, seal.CertificateSha256));
        foreach (KeyEncryptionKey key in file.ContentKeys)
            list.Add(new(key.Id, KeyUse.Content, key.MadeAt, key == file.ContentKeys[^1] && outside.Content is null ? Current : Retired, key.Fingerprint));
        if (outside.Content is { } content) list.Add(new(content.CurrentKeyId, KeyUse.Content, null, Elsewhere, content.CurrentKeyId));
        return list;
    }

    private static string Hash(byte[] certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate));
}
