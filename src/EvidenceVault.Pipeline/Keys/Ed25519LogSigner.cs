using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>Ed25519 (RFC 8032) under a C2SP signed-note key.</summary>
internal sealed class Ed25519LogSigner : ILogSigner
{
    private const byte Ed25519Type = 0x01; // C2SP signed-note, "Signature types"

    private readonly byte[] seed;

    public Ed25519LogSigner(LogKey key)
    {
        seed = key.Seed;
        Origin = key.Origin;
        byte[] typed = new byte[1 + Ed25519.PublicKeySize];
        typed[0] = Ed25519Type;
        Ed25519.GeneratePublicKey(seed, 0, typed, 1);

        // C2SP signed-note: key ID = SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]; vkey = name+hex(key ID)+base64(type ‖ public key).
        byte[] id = SHA256.HashData([.. Encoding.UTF8.GetBytes(Origin), (byte)'\n', .. typed]);
        VerifierKey = $"{Origin}+{Convert.ToHexStringLower(id.AsSpan(0, 4))}+{Convert.ToBase64String(typed)}";
    }

    public string Origin { get; }

    public string VerifierKey { get; }

    public byte[] Sign(ReadOnlySpan<byte> text)
    {
        byte[] signature = new byte[Ed25519.SignatureSize];
        byte[] message = text.ToArray();
        Ed25519.Sign(seed, 0, message, 0, message.Length, signature, 0);
        return signature;
    }
}
