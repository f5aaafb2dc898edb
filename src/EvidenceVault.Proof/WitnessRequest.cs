using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>What a witness remembers of a log: the newest checkpoint that it cosigned.</summary>
/// <param name="Size">Its size.</param>
/// <param name="Root">Its root hash, 32 bytes.</param>
public sealed record WitnessMemory(ulong Size, byte[] Root)
{
    /// <summary>Of a log that the witness knows and has not cosigned yet.</summary>
    public static WitnessMemory Nothing => new(0, MerkleTree.EmptyRoot);
}

/// <summary>An answer of a witness (C2SP tlog-witness, "add-checkpoint").</summary>
/// <param name="Status">HTTP: 200, 400, 403, 404, 409 or 422.</param>
/// <param name="Body">What to send: of 409 the remembered size, of other refusals a sentence. Empty with 200: the cosignature is made after the memory is durable.</param>
/// <param name="Remember">With 200 what the witness must now remember, durably and in the transaction that it read the old memory in, before any cosignature leaves.</param>
public sealed record WitnessDecision(int Status, string Body, WitnessMemory? Remember)
{
    /// <summary>The answer's Content-Type.</summary>
    public string ContentType => Status == 409 ? WitnessRequest.SizeType : "text/plain; charset=utf-8";

    internal static WitnessDecision Refuse(int status, string sentence) => new(status, sentence + "\n", null);
}

/// <summary>
/// A log's request that a witness cosign a checkpoint, and the witness's decision: C2SP tlog-witness. The decision reads and writes
/// nothing, so that client, server and tests share one reading of the rules.
/// </summary>
public sealed class WitnessRequest
{
    /// <summary>The Content-Type of a 409, whose body is a size.</summary>
    public const string SizeType = "text/x.tlog.size";

    /// <summary>No request is larger, in bytes: the note's limit and room for 63 hashes.</summary>
    public const int MostBytes = (1 << 20) + MostHeadBytes;

    private const int MostHeadBytes = 4 << 10;

    private WitnessRequest(ulong oldSize, IReadOnlyList<byte[]> proof, SignedNote note, Checkpoint checkpoint) =>
        (OldSize, Proof, Note, Checkpoint) = (oldSize, proof, note, checkpoint);

    /// <summary>The size that the log thinks the witness remembers; 0 where it knows none.</summary>
    public ulong OldSize { get; }

    /// <summary>The consistency proof from there (RFC 9162 section 2.1.4), each hash 32 bytes.</summary>
    public IReadOnlyList<byte[]> Proof { get; }

    /// <summary>The checkpoint's note with its signatures.</summary>
    public SignedNote Note { get; }

    /// <summary>What the note says. It means nothing until <see cref="Decide"/> has checked it; its origin says whose keys and memory to look up.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>A request.</summary>
    /// <exception cref="FormatException">The note is no checkpoint, there are more than 63 hashes, or one is not 32 bytes.</exception>
    public static WitnessRequest Of(ulong oldSize, IReadOnlyList<byte[]> proof, SignedNote note)
    {
        HashLines.Insist(proof);
        return Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out string problem) ? new(oldSize, proof, note, checkpoint) : throw new FormatException(problem);
    }

    /// <summary>Reads a request's body. The bytes may be of any origin: it never throws. What cannot be read is answered with 400.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out WitnessRequest? request, out string problem)
    {
        request = null;
        if (!HashLines.TrySplit(bytes, MostHeadBytes, out string[]? lines, out ReadOnlySpan<byte> rest, out problem)) return false;
        // "If none of the signatures verify … 403": a checkpoint whose signature lines cannot be read is one that nobody signed.
        if (!SignedNote.TryParse(rest, out SignedNote? note, out problem) && !SignedNote.TryParseUnsigned(rest, out note)) return false;
        if (!HashLines.TryNumber(lines[0], "old ", out ulong oldSize))
        {
            problem = "The first line is not 'old SIZE'.";
            return false;
        }
        if (!HashLines.TryRead(lines.AsSpan(1), out IReadOnlyList<byte[]>? proof, out problem)) return false;
        if (!Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out problem)) return false;
        request = new(oldSize, proof, note, checkpoint);
        return true;
    }

    /// <summary>The body to send.</summary>
    public byte[] ToBytes() =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"old {OldSize}\n{HashLines.Text(Proof)}\n")), .. Note.ToBytes()];

    /// <summary>What a witness must answer. Never throws.</summary>
    /// <param name="logKeys">The keys that the witness trusts for this checkpoint's origin; none where it does not know that log.</param>
    /// <param name="memory">What it remembers of that log.</param>
    public WitnessDecision Decide(IReadOnlyList<VerifierKey> logKeys, WitnessMemory memory)
    {
        if (logKeys.Count == 0) return WitnessDecision.Refuse(404, "unknown log: this witness does not know a log of that origin");
        if (Note.Verify(logKeys) is { Holds: false } verdict) return WitnessDecision.Refuse(403, $"invalid signature: {verdict.Sentence}");
        if (OldSize > Checkpoint.Size) return WitnessDecision.Refuse(400, "the old size is larger than the checkpoint's");
        if (OldSize != memory.Size) return Conflict(memory);
        // "If the old size matches the checkpoint size, the witness MUST check that the root hashes are also identical": 409, not 422. Two
        // roots of one size are a fork.
        if (OldSize == Checkpoint.Size && !Checkpoint.Root.AsSpan().SequenceEqual(memory.Root)) return Conflict(memory);
        return MerkleTree.VerifyConsistency(memory.Size, Checkpoint.Size, memory.Root, Checkpoint.Root, Proof)
            ? new(200, "", new(Checkpoint.Size, Checkpoint.Root))
            : WitnessDecision.Refuse(422, "bad consistency proof: the checkpoint is not shown to be a continuation of the one that this witness remembers");
    }

    /// <summary>Reads the body of a 409: the size that the witness remembers. Never throws.</summary>
    public static bool TryReadSize(ReadOnlySpan<byte> body, out ulong size)
    {
        size = 0;
        return body.Length is > 1 and <= 21 && body[^1] == (byte)'\n' && HashLines.TryNumber(Encoding.Latin1.GetString(body[..^1]), "", out size);
    }

    /// <summary>Reads the body of a 200: the good cosignatures of this note by known witnesses, each once. Lines of other keys are ignored. Never throws.</summary>
    /// <param name="body">The answer's body.</param>
    /// <param name="witnesses">Keys of the kind <see cref="KeyKind.Cosignature"/>.</param>
    /// <param name="cosignatures">The lines to add to the note; at least one where this is true.</param>
    /// <param name="problem">Why there are none, a sentence.</param>
    public bool TryReadCosignatures(ReadOnlySpan<byte> body, IReadOnlyList<VerifierKey> witnesses, [NotNullWhen(true)] out IReadOnlyList<NoteSignature>? cosignatures, out string problem)
    {
        cosignatures = null;
        if (!SignedNote.TryParseSignatures(body, out IReadOnlyList<NoteSignature>? lines, out problem)) return false;
        NoteVerdict verdict = SignedNote.Create(Note.Text).WithSignatures(lines).Verify([.. witnesses.Where(w => w.Kind == KeyKind.Cosignature)]);
        problem = verdict.Holds ? "" : verdict.Sentence;
        if (verdict.Holds) cosignatures = [.. verdict.SignedBy.Select(key => lines.First(l => l.IsBy(key)))];
        return verdict.Holds;
    }

    private static WitnessDecision Conflict(WitnessMemory memory) => new(409, memory.Size.ToString(CultureInfo.InvariantCulture) + "\n", null);
}
