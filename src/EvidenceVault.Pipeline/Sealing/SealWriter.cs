using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Sealing;

/// <summary>A seal as it is kept and handed out: <c>manifest.json</c> and <c>seal.p7s</c>.</summary>
/// <param name="ManifestBytes">The manifest in canonical JSON (RFC 8785), the bytes that are signed.</param>
/// <param name="CmsDer">The detached CMS signature over them (RFC 5652), DER.</param>
public sealed record Seal(byte[] ManifestBytes, byte[] CmsDer);

/// <summary>Writes seals: the manifest's one canonical form, and the vault's signature over it.</summary>
/// <param name="sign">Makes a detached CMS signature over the bytes it is given.</param>
public sealed class SealWriter(Func<ReadOnlyMemory<byte>, byte[]> sign)
{
    /// <summary>Seals an exhibit. Nothing is stored here: a crash before the caller stores it leaves the exhibit unsealed.</summary>
    /// <exception cref="FormatException">A value of the manifest is not of its form: nothing was signed.</exception>
    public Seal Write(SealManifest manifest)
    {
        byte[] bytes = manifest.ToCanonicalBytes();
        return new(bytes, sign(bytes));
    }
}
