using System.Security.Cryptography;
using System.Text.Json;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>What <c>keyring.json</c> holds. Whoever reads it can read all evidence, sign seals and rewrite the log: a witness's memory
/// of the log is all that stands against that.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Log">The custody log's key.</param>
/// <param name="Seal">The certificates and keys that sign seals.</param>
/// <param name="ContentKeys">Key-encryption keys, newest last. Old ones stay: what was stored under them must stay readable.</param>
internal sealed record KeyRingFile(string Format, LogKey Log, SealKeys Seal, IReadOnlyList<KeyEncryptionKey> ContentKeys)
{
    public const string FormatName = "evidencevault/keyring/1";

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>New keys, from the system's random source.</summary>
    public static KeyRingFile New(TimeProvider clock)
    {
        string suffix = RandomNumberGenerator.GetHexString(8, lowercase: true);
        return new(
            FormatName,
            new($"evidencevault.local/{suffix}", RandomNumberGenerator.GetBytes(32)),
            SealCertificates.New(suffix, clock),
            [new($"kek-{RandomNumberGenerator.GetHexString(8, lowercase: true)}", RandomNumberGenerator.GetBytes(32))]);
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Form);

    /// <exception cref="JsonException">It is no key ring that this version knows, or something is missing from it.</exception>
    public static KeyRingFile FromJson(ReadOnlySpan<byte> json)
    {
        KeyRingFile? ring = JsonSerializer.Deserialize<KeyRingFile>(json, Form);
        bool whole = ring is
        {
            Format: FormatName,
            Log: { Origin.Length: > 0, Seed.Length: 32 },
            Seal: { CaCertificate: not null, CaKey: not null, Certificate: not null, Key: not null },
            ContentKeys.Count: > 0,
        } && ring.ContentKeys.All(k => k is { Id.Length: > 0, Key.Length: 32 });
        return whole ? ring! : throw new JsonException($"It is not of the format {FormatName}, or a key is missing from it.");
    }
}

/// <summary>The custody log's Ed25519 key (RFC 8032).</summary>
/// <param name="Origin">The log's origin line and key name.</param>
/// <param name="Seed">The 32-byte private seed.</param>
internal sealed record LogKey(string Origin, byte[] Seed);

/// <summary>Certificates and keys that sign seals. The authority's key is kept to issue the next signing certificate.</summary>
/// <param name="CaCertificate">The authority's certificate, DER.</param>
/// <param name="CaKey">Its private key, PKCS #8.</param>
/// <param name="Certificate">The signing certificate, DER.</param>
/// <param name="Key">Its private key, PKCS #8.</param>
internal sealed record SealKeys(byte[] CaCertificate, byte[] CaKey, byte[] Certificate, byte[] Key);

/// <summary>A 256-bit AES key that wraps content keys.</summary>
/// <param name="Id">Its name, kept beside each blob wrapped under it.</param>
/// <param name="Key">32 bytes.</param>
internal sealed record KeyEncryptionKey(string Id, byte[] Key);
