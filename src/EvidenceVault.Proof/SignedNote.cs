using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace EvidenceVault.Proof;

/// <summary>One signature line of a note: <c>— name base64(key ID ‖ signature)</c>.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="KeyId">The four-byte key ID.</param>
/// <param name="Signature">What the key made of the text; 64 bytes for Ed25519, 72 for an Ed25519 cosignature.</param>
public sealed record NoteSignature(string Name, IReadOnlyList<byte> KeyId, IReadOnlyList<byte> Signature)
{
    /// <summary>The line as published, with its newline.</summary>
    public string Line => $"\u2014 {Name} {Convert.ToBase64String([.. KeyId, .. Signature])}\n";

    internal bool IsBy(VerifierKey key) => Name == key.Name && KeyId.SequenceEqual(key.KeyId);
}

/// <summary>What came of checking a note.</summary>
/// <param name="Holds">True where a known key signed it and no signature of a known key is bad.</param>
/// <param name="Sentence">Why, for a reader.</param>
/// <param name="SignedBy">The known keys that signed it, each once.</param>
/// <param name="Cosignatures">When each of those keys that is a witness's says it cosigned, in the note's order. One that cosigned at several times is there for each.</param>
public sealed record NoteVerdict(bool Holds, string Sentence, IReadOnlyList<VerifierKey> SignedBy, IReadOnlyList<Cosignature> Cosignatures);

/// <summary>A text signed by one or more keys: C2SP signed-note.</summary>
public sealed class SignedNote
{
    // "Verifiers SHOULD apply a maximum limit … but MUST accept at least up to 16 signatures."
    private const int MostSignatures = 100;
    private const int MostBytes = 1 << 20;
    private const string Dash = "\u2014 ";

    private SignedNote(string text, IReadOnlyList<NoteSignature> signatures) => (Text, Signatures) = (text, signatures);

    /// <summary>The text with its final newline. It means nothing until <see cref="Verify"/> holds.</summary>
    public string Text { get; }

    /// <summary>The signatures, known or not, good or not, in the note's order.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>A note that nobody has signed yet.</summary>
    /// <exception cref="FormatException">The text does not end in a newline, or holds a control character or half a surrogate pair.</exception>
    public static SignedNote Create(string text)
    {
        if (!text.EndsWith('\n')) throw new FormatException("A note's text must end in a newline.");
        if (text.Any(c => c < ' ' && c != '\n')) throw new FormatException("A note must not hold control characters other than newline.");
        try { _ = Bytes.StrictUtf8.GetByteCount(text); }
        catch (EncoderFallbackException e) { throw new FormatException("A note must be text with a UTF-8 form.", e); }
        return new(text, []);
    }

    /// <summary>The same note with one more signature line at its end. The signature is not checked here.</summary>
    public SignedNote WithSignature(VerifierKey key, ReadOnlySpan<byte> signature) => WithSignatures(new NoteSignature(key.Name, key.KeyId, signature.ToArray()));

    /// <summary>The same note with more signature lines at its end. They are not checked here.</summary>
    public SignedNote WithSignatures(params IReadOnlyList<NoteSignature> signatures) => new(Text, [.. Signatures, .. signatures]);

    /// <summary>Reads a note. The bytes may be of any origin: it never throws.</summary>
    /// <param name="bytes">The note as published.</param>
    /// <param name="note">The note, where it is one.</param>
    /// <param name="problem">Why it is none, a sentence.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note, out string problem)
    {
        (note, problem) = (null, "");
        if (bytes.Length > MostBytes) return Fail("The note is larger than 1 MiB.", out problem);
        if (!Utf8.IsValid(bytes)) return Fail("The note is not UTF-8 text.", out problem);
        foreach (byte b in bytes)
        {
            if (b < 0x20 && b != (byte)'\n') return Fail("The note holds a control character.", out problem);
        }

        // "The text is separated from the signatures by the last empty line in the note."
        string all = Encoding.UTF8.GetString(bytes);
        int split = all.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0) return Fail("The note has no blank line between its text and its signatures.", out problem);
        if (!all.EndsWith('\n')) return Fail("The note does not end in a newline.", out problem);
        string text = all[..(split + 1)];
        string block = all[(split + 2)..];
        if (!TryReadLines(block, out var signatures, out problem)) return false;
        note = new(text, signatures);
        return true;
    }

    /// <summary>The text of what would be a note but for its signature lines, as a note without signatures. Never throws.</summary>
    internal static bool TryParseUnsigned(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note)
    {
        note = null;
        int split = bytes.LastIndexOf("\n\n"u8);
        if (split < 0 || bytes.Length > MostBytes || !Utf8.IsValid(bytes[..split])) return false;
        string text = Encoding.UTF8.GetString(bytes[..(split + 1)]);
        if (text.Any(c => c < ' ' && c != '\n')) return false;
        note = new(text, []);
        return true;
    }

    /// <summary>Reads signature lines without a text, as a witness answers with (C2SP tlog-witness). The bytes may be of any origin: it never throws.</summary>
    /// <param name="bytes">The lines.</param>
    /// <param name="signatures">What they say, not checked.</param>
    /// <param name="problem">Why they are none, a sentence.</param>
    public static bool TryParseSignatures(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out IReadOnlyList<NoteSignature>? signatures, out string problem)
    {
        signatures = null;
        if (bytes.Length > MostBytes) return Fail("The signature lines are larger than 1 MiB.", out problem);
        if (!Utf8.IsValid(bytes)) return Fail("The signature lines are not UTF-8 text.", out problem);
        string block = Encoding.UTF8.GetString(bytes);
        return block.Length > 0 && !block.EndsWith('\n')
            ? Fail("The last signature line does not end in a newline.", out problem)
            : TryReadLines(block, out signatures, out problem);
    }

    private static bool TryReadLines(string block, [NotNullWhen(true)] out IReadOnlyList<NoteSignature>? signatures, out string problem)
    {
        (signatures, problem) = (null, "");
        if (block.Length == 0) return Fail("The note has no signatures.", out problem);
        string[] lines = block[..^1].Split('\n');
        if (lines.Length > MostSignatures) return Fail($"The note has more than {MostSignatures} signatures.", out problem);
        var read = new List<NoteSignature>();
        foreach (string line in lines)
        {
            if (!line.StartsWith(Dash, StringComparison.Ordinal)
                || line[Dash.Length..].Split(' ') is not [var name, var encoded]
                || !VerifierKey.IsGoodName(name)
                || !Bytes.TryFromBase64(encoded, out byte[]? raw) || raw.Length < 5)
                return Fail($"A signature line is not of the form '— name base64': {Printable.Of(line)}", out problem);
            read.Add(new(name, raw[..4], raw[4..]));
        }
        signatures = read;
        return true;
    }

    /// <summary>Checks the signatures of known keys: at least one must be there and every one must be good. Signatures of other keys
    /// are ignored, even where they share a name or an ID with a known one. Never throws.</summary>
    public NoteVerdict Verify(params IReadOnlyList<VerifierKey> keys)
    {
        byte[] text = Bytes.StrictUtf8.GetBytes(Text);
        var signedBy = new List<VerifierKey>();
        var cosignatures = new List<Cosignature>();
        foreach (NoteSignature signature in Signatures)
        {
            // A key given twice, or a line repeated, counts once; a repeated line is still checked.
            VerifierKey? key = keys.FirstOrDefault(signature.IsBy);
            if (key is null) continue;
            if (!key.Verify(text, [.. signature.Signature]))
                return new(false, $"The signature of {Printable.Of(key.Name)} does not fit the text: one of the two has been altered, or another key was used.", [], []);
            if (!signedBy.Contains(key)) signedBy.Add(key);
            if (key.Kind == KeyKind.Cosignature && Cosignature.TrySplit([.. signature.Signature], out ulong seconds, out _)) cosignatures.Add(new(key, seconds));
        }
        return signedBy.Count > 0
            ? new(true, $"Signed by {Printable.Of(string.Join(", ", signedBy.Select(k => k.Name)))}.", signedBy, cosignatures)
            : new(false, "None of the note's signatures is by a key that was given to check it with.", [], []);
    }

    /// <summary>The note's bytes, as published.</summary>
    /// <exception cref="InvalidOperationException">Nobody has signed it.</exception>
    public byte[] ToBytes() => Signatures.Count > 0
        ? Bytes.StrictUtf8.GetBytes($"{Text}\n{string.Concat(Signatures.Select(s => s.Line))}")
        : throw new InvalidOperationException("A note is published only when it is signed.");

    private static bool Fail(string sentence, out string problem)
    {
        problem = sentence;
        return false;
    }
}
