using System.Security.Cryptography;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>AES-256 key wrap with padding (RFC 5649; NIST SP 800-38F, KWP).</summary>
internal sealed class AesKeyWrapper(IReadOnlyList<KeyEncryptionKey> keys) : IKeyWrapper
{
    private readonly Dictionary<string, byte[]> keyOfId = keys.ToDictionary(k => k.Id, k => k.Key, StringComparer.Ordinal);

    public string CurrentKeyId { get; } = keys[^1].Id;

    public bool Knows(string keyId) => keyOfId.ContainsKey(keyId);

    public byte[] Wrap(string keyId, ReadOnlySpan<byte> contentKey)
    {
        using Aes aes = Of(keyId);
        return aes.EncryptKeyWrapPadded(contentKey);
    }

    public byte[] Unwrap(string keyId, ReadOnlySpan<byte> wrapped)
    {
        using Aes aes = Of(keyId);
        return aes.DecryptKeyWrapPadded(wrapped);
    }

    private Aes Of(string keyId)
    {
        if (!keyOfId.TryGetValue(keyId, out byte[]? key)) throw new KeyNotFoundException($"The key ring holds no key '{keyId}'.");
        Aes aes = Aes.Create();
        aes.Key = key;
        return aes;
    }
}
