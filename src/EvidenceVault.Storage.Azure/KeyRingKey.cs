using Azure.Core.Cryptography;
using EvidenceVault.Pipeline.Keys;

namespace EvidenceVault.Storage.Azure;

/// <summary>One key of the vault's key ring, as the Azure SDK's client-side encryption asks for it.</summary>
internal sealed class KeyRingKey(IKeyWrapper ring, string keyId) : IKeyEncryptionKey
{
    /// <summary>The algorithm's name in each blob's metadata: AES-256 key wrap with padding (RFC 5649).</summary>
    public const string Algorithm = "A256KWP";

    public string KeyId => keyId;

    public byte[] WrapKey(string algorithm, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        RequireKnown(algorithm);
        return ring.Wrap(keyId, key.Span);
    }

    public byte[] UnwrapKey(string algorithm, ReadOnlyMemory<byte> encryptedKey, CancellationToken cancellationToken = default)
    {
        RequireKnown(algorithm);
        return ring.Unwrap(keyId, encryptedKey.Span);
    }

    public Task<byte[]> WrapKeyAsync(string algorithm, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Task.FromResult(WrapKey(algorithm, key, cancellationToken));

    public Task<byte[]> UnwrapKeyAsync(string algorithm, ReadOnlyMemory<byte> encryptedKey, CancellationToken cancellationToken = default) =>
        Task.FromResult(UnwrapKey(algorithm, encryptedKey, cancellationToken));

    private static void RequireKnown(string algorithm)
    {
        if (algorithm != Algorithm) throw new NotSupportedException($"The key wrap algorithm '{algorithm}' is not {Algorithm}.");
    }
}

/// <summary>Finds the key a blob was wrapped under, which need not be the current one.</summary>
internal sealed class KeyRingKeys(IKeyWrapper ring) : IKeyEncryptionKeyResolver
{
    public IKeyEncryptionKey Resolve(string keyId, CancellationToken cancellationToken = default) => new KeyRingKey(ring, keyId);

    public Task<IKeyEncryptionKey> ResolveAsync(string keyId, CancellationToken cancellationToken = default) =>
        Task.FromResult(Resolve(keyId, cancellationToken));
}
