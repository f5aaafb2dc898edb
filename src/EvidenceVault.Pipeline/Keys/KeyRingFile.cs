using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>What <c>keyring.json</c> holds. Whoever reads it can read all evidence, sign seals and rewrite the log: a witness's memory
/// of the log is all that stands against that. Every list is oldest first; nothing is ever taken out of one.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="LogKeys">The custody log's keys, all of one origin. Those that are not retired all sign; the last is the current one.</param>
/// <param name="SealKeys">The certificates and keys that sign seals; the last signs.</param>
/// <param name="ContentKeys">Key-encryption keys; the last wraps. Old ones stay: what was stored under them must stay readable.</param>
internal sealed record KeyRingFile(string Format, IReadOnlyList<LogKey> LogKeys, IReadOnlyList<SealKeys> SealKeys, IReadOnlyList<KeyEncryptionKey> ContentKeys)
{
    public const string FormatName = "evidencevault/keyring/2";

    private const string FirstFormatName = "evidencevault/keyring/1";

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web) { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>New keys, from the system's random source.</summary>
    public static KeyRingFile New(TimeProvider clock)
    {
        string suffix = RandomNumberGenerator.GetHexString(8, lowercase: true);
        return new(
            FormatName,
            [LogKey.New($"evidencevault.local/{suffix}", clock)],
            [SealCertificates.New(suffix, clock)],
            [KeyEncryptionKey.New(clock)]);
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Form);

    /// <exception cref="JsonException">It is no key ring that this version knows, or something is missing from it.</exception>
    public static KeyRingFile FromJson(ReadOnlySpan<byte> json)
    {
        Written written = JsonSerializer.Deserialize<Written>(json, Form) ?? throw Damaged();
        KeyRingFile ring = written.Format switch
        {
            FormatName => new(FormatName, written.LogKeys ?? [], written.SealKeys ?? [], written.ContentKeys ?? []),
            FirstFormatName => new(FormatName, written.Log is { } log ? [log] : [], written.Seal is { } seal ? [seal] : [], written.ContentKeys ?? []),
            _ => throw Damaged(),
        };
        bool whole = ring.LogKeys.Any(k => k?.RetiredAt is null) && ring.LogKeys.All(k => k is { Origin.Length: > 0, Seed.Length: 32 } && k.Origin == ring.LogKeys[0].Origin)
            && ring.SealKeys.Count > 0 && ring.SealKeys.All(k => k is { CaCertificate: not null, CaKey: not null, Certificate: not null, Key: not null })
            && ring.ContentKeys.Count > 0 && ring.ContentKeys.All(k => k is { Id.Length: > 0, Key.Length: 32 });
        return whole ? ring : throw Damaged();
    }

    private static JsonException Damaged() => new($"It is not of the format {FormatName}, or a key is missing from it.");

    // Format 1 had one log key and one seal key.
    private sealed record Written(string? Format, IReadOnlyList<LogKey>? LogKeys, IReadOnlyList<SealKeys>? SealKeys, IReadOnlyList<KeyEncryptionKey>? ContentKeys, LogKey? Log, SealKeys? Seal);
}

/// <summary>An Ed25519 key of the custody log (RFC 8032).</summary>
/// <param name="Origin">The log's origin line and key name.</param>
/// <param name="Seed">The 32-byte private seed.</param>
/// <param name="MadeAt">When it was made; unknown of a key that the first format kept.</param>
/// <param name="RetiredAt">When it ceased to sign; null where it signs.</param>
internal sealed record LogKey(string Origin, byte[] Seed, DateTimeOffset? MadeAt = null, DateTimeOffset? RetiredAt = null)
{
    public static LogKey New(string origin, TimeProvider clock) => new(origin, NoteSigner.NewSeed(), clock.GetUtcNow());
}

/// <summary>Certificates and keys that sign seals. The authority's key is kept to issue the next signing certificate.</summary>
/// <param name="CaCertificate">The authority's certificate, DER.</param>
/// <param name="CaKey">Its private key, PKCS #8.</param>
/// <param name="Certificate">The signing certificate, DER.</param>
/// <param name="Key">Its private key, PKCS #8.</param>
internal sealed record SealKeys(byte[] CaCertificate, byte[] CaKey, byte[] Certificate, byte[] Key);

/// <summary>A 256-bit AES key that wraps content keys.</summary>
/// <param name="Id">Its name, kept beside each blob wrapped under it.</param>
/// <param name="Key">32 bytes.</param>
/// <param name="MadeAt">When it was made; unknown of a key that the first format kept.</param>
internal sealed record KeyEncryptionKey(string Id, byte[] Key, DateTimeOffset? MadeAt = null)
{
    /// <summary>Tells keys apart and gives nothing of them away: HMAC-SHA-256 (RFC 2104) under the key itself, its first 16 bytes in hex.</summary>
    [JsonIgnore]
    public string Fingerprint => Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes("evidencevault content key"))[..16]);

    public static KeyEncryptionKey New(TimeProvider clock) => new($"kek-{RandomNumberGenerator.GetHexString(8, lowercase: true)}", RandomNumberGenerator.GetBytes(32), clock.GetUtcNow());
}
