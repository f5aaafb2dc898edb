using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace EvidenceVault.Proof;

/// <summary>Signs notes with an Ed25519 key held in memory.</summary>
public sealed class NoteSigner
{
    /// <summary>Bytes of a seed: the private key of RFC 8032 section 5.1.5.</summary>
    public const int SeedSize = 32;

    private readonly byte[] _seed, _publicKey = new byte[Ed25519.PublicKeySize];

    /// <summary>The signer of a name and a 32-byte seed.</summary>
    /// <exception cref="FormatException">The seed is not 32 bytes, or the name is empty or holds a blank or '+'.</exception>
    public NoteSigner(string name, ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize) throw new FormatException("An Ed25519 seed is 32 bytes.");
        _seed = seed.ToArray();
        Ed25519.GeneratePublicKey(_seed, 0, _publicKey, 0);
        Key = Proof.VerifierKey.Of(name, _publicKey);
    }

    /// <summary>The key that checks its signatures.</summary>
    public VerifierKey Key { get; }

    /// <summary>The key's name.</summary>
    public string Name => Key.Name;

    /// <summary>The verifier key as text, to publish.</summary>
    public string VerifierKey => Key.ToString();

    /// <summary>A new random seed. Whoever holds it can sign: keep it where keys are kept.</summary>
    public static byte[] NewSeed() => RandomNumberGenerator.GetBytes(SeedSize);

    /// <summary>The raw 64-byte signature over a text (RFC 8032 section 5.1.6).</summary>
    public byte[] Sign(ReadOnlySpan<byte> text)
    {
        byte[] signature = new byte[Ed25519.SignatureSize];
        // The public key is part of what is hashed: given, it is not worked out anew, which would take as long as the signature.
        Ed25519.Sign(_seed, 0, _publicKey, 0, text.ToArray(), 0, text.Length, signature, 0);
        return signature;
    }

    /// <summary>A note of this text with this key's signature.</summary>
    /// <exception cref="FormatException">The text cannot be a note's: see <see cref="SignedNote.Create"/>.</exception>
    public SignedNote SignNote(string text) => SignedNote.Create(text).WithSignature(Key, Sign(Bytes.StrictUtf8.GetBytes(text)));
}
