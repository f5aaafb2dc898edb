using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>Ed25519 under a C2SP signed-note key, as the checkers in Proof know it.</summary>
internal sealed class Ed25519LogSigner(LogKey key) : ILogSigner
{
    private readonly NoteSigner signer = new(key.Origin, key.Seed);

    public string Origin => signer.Name;

    public string VerifierKey => signer.VerifierKey;

    public byte[] Sign(ReadOnlySpan<byte> text) => signer.Sign(text);
}
