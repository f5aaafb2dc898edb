using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace EvidenceVault.Proof;

/// <summary>What a key signs: the type byte of C2SP signed-note, "Signature types". Other types are unknown here.</summary>
public enum KeyKind : byte
{
    /// <summary>The note's text as it is: a log's key.</summary>
    Note = 0x01,

    /// <summary>The note's text and a time (C2SP tlog-cosignature, Ed25519): a witness's key.</summary>
    Cosignature = 0x04,
}

/// <summary>
/// A key that strangers check signed notes with (C2SP signed-note, "Ed25519 signatures"; C2SP tlog-cosignature). Written
/// <c>name+hash+base64(kind‖public key)</c>, where hash is the key ID in hex.
/// </summary>
public sealed class VerifierKey
{
    private readonly byte[] _publicKey;

    private VerifierKey(string name, byte[] publicKey, KeyKind kind)
    {
        (Name, Kind, _publicKey) = (name, kind, publicKey);
        KeyId = [.. SHA256.HashData([.. Encoding.UTF8.GetBytes(name), 0x0A, (byte)kind, .. publicKey]).Take(4)];
    }

    /// <summary>The key's name, for a log the same as its origin.</summary>
    public string Name { get; }

    /// <summary>What it signs.</summary>
    public KeyKind Kind { get; }

    /// <summary>The first four bytes of SHA256(name ‖ 0A ‖ kind ‖ public key).</summary>
    public IReadOnlyList<byte> KeyId { get; }

    /// <summary>The raw public key, 32 bytes (RFC 8032 section 5.1.2).</summary>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>The key from a name and a raw 32-byte public key.</summary>
    /// <exception cref="FormatException">The name is empty or holds a blank or '+', or the bytes are no Ed25519 public key.</exception>
    public static VerifierKey Of(string name, ReadOnlySpan<byte> publicKey, KeyKind kind = KeyKind.Note)
    {
        if (!IsGoodName(name)) throw new FormatException("A key's name must not be empty and must hold no blank, control character or '+'.");
        if (publicKey.Length != Ed25519.PublicKeySize || !Ed25519.ValidatePublicKeyPartial(publicKey.ToArray(), 0))
            throw new FormatException("The bytes are not an Ed25519 public key of 32 bytes (RFC 8032).");
        return new(name, publicKey.ToArray(), kind);
    }

    /// <summary>Reads a key's text.</summary>
    /// <exception cref="FormatException">It is not of the form, or its hash does not fit its name and key.</exception>
    public static VerifierKey Parse(string text) => TryParse(text, out var key, out string problem) ? key : throw new FormatException(problem);

    /// <summary>Reads a key's text without throwing.</summary>
    /// <param name="text">Text of unknown origin.</param>
    /// <param name="key">The key, where it is one.</param>
    /// <param name="problem">Why it is none, a sentence.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out VerifierKey? key, out string problem)
    {
        key = null;
        // The name holds no '+', but base64 may.
        if (text.Split('+', 3) is not [var name, var hash, var encoded])
        {
            problem = "A verifier key is a name, a hash and a key with '+' between them.";
            return false;
        }
        if (!Bytes.TryFromBase64(encoded, out byte[]? typed) || typed.Length == 0)
        {
            problem = "The key part of the verifier key is not base64.";
            return false;
        }
        var kind = (KeyKind)typed[0];
        if (kind is not (KeyKind.Note or KeyKind.Cosignature))
        {
            problem = $"The verifier key is of type {typed[0]:x2}; only Ed25519 is known, of a log (type 01) or of a witness (type 04).";
            return false;
        }
        try
        {
            var read = Of(name, typed.AsSpan(1), kind);
            if (!string.Equals(hash, Bytes.Hex([.. read.KeyId]), StringComparison.OrdinalIgnoreCase))
            {
                problem = "The hash in the verifier key does not fit its name and key: it has been altered or mistyped.";
                return false;
            }
            (key, problem) = (read, "");
            return true;
        }
        catch (FormatException e)
        {
            problem = e.Message;
            return false;
        }
    }

    /// <summary>True where this key made the signature over a note's text: 64 bytes over the text itself (RFC 8032 section 5.1.7), or of a
    /// witness's key a time and 64 bytes over both (C2SP tlog-cosignature). Never throws.</summary>
    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) => Kind == KeyKind.Note
        ? VerifyRaw(text, signature)
        : Cosignature.TrySplit(signature, out ulong seconds, out ReadOnlySpan<byte> raw) && VerifyRaw(Cosignature.Message(seconds, text), raw);

    private bool VerifyRaw(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => signature.Length == Ed25519.SignatureSize
        && Ed25519.Verify(signature.ToArray(), 0, _publicKey, 0, message.ToArray(), 0, message.Length);

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => $"{Name}+{Bytes.Hex([.. KeyId])}+{Convert.ToBase64String([(byte)Kind, .. _publicKey])}";

    /// <summary>C2SP signed-note, "Format": not empty, no Unicode spaces, no plus; and no control characters, which no note may hold.</summary>
    internal static bool IsGoodName(string name) => name.Length > 0
        && name.EnumerateRunes().All(r => r.Value >= ' ' && r.Value != '+' && !Rune.IsWhiteSpace(r) && r != Rune.ReplacementChar);
}
