using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>
/// What shows that one entry is in a log, without asking the log: C2SP tlog-proof. It says nothing until it is judged with the entry and a policy.
/// </summary>
public sealed class LogProof
{
    private const string FirstLine = "c2sp.org/tlog-proof@v1";

    // All that is before the checkpoint. 63 hashes take under 3 KiB; the rest is room for extra.
    private const int MostHeadBytes = 64 << 10;

    private LogProof(ulong index, IReadOnlyList<byte[]> hashes, SignedNote note, byte[]? extra) => (Index, Hashes, Note, Extra) = (index, hashes, note, extra);

    /// <summary>The entry's index in the log, from 0.</summary>
    public ulong Index { get; }

    /// <summary>The inclusion proof (RFC 9162 section 2.1.3), each hash 32 bytes.</summary>
    public IReadOnlyList<byte[]> Hashes { get; }

    /// <summary>The checkpoint with its signatures.</summary>
    public SignedNote Note { get; }

    /// <summary>Bytes that nobody signed. Nothing here believes them.</summary>
    public byte[]? Extra { get; }

    /// <summary>A proof of the entry at an index in the tree of a checkpoint.</summary>
    /// <exception cref="FormatException">There are more than 63 hashes, or one is not 32 bytes.</exception>
    public static LogProof Of(ulong index, IReadOnlyList<byte[]> hashes, SignedNote note)
    {
        HashLines.Insist(hashes);
        return new(index, hashes, note, null);
    }

    /// <summary>Reads a proof. The bytes may be of any origin: it never throws.</summary>
    /// <param name="bytes">The proof file.</param>
    /// <param name="proof">The proof, where it is one.</param>
    /// <param name="problem">Why it is none, a sentence.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out LogProof? proof, out string problem)
    {
        proof = null;
        if (!HashLines.TrySplit(bytes, MostHeadBytes, out string[]? lines, out ReadOnlySpan<byte> rest, out problem)
            || !SignedNote.TryParse(rest, out SignedNote? note, out problem)) return false;
        if (lines[0] != FirstLine)
        {
            problem = $"The first line is not {FirstLine}.";
            return false;
        }
        int at = 1;
        byte[]? extra = null;
        if (lines.Length > at && lines[at].StartsWith("extra ", StringComparison.Ordinal) && !Bytes.TryFromBase64(lines[at++]["extra ".Length..], out extra))
        {
            problem = "The extra line is not base64.";
            return false;
        }
        if (lines.Length <= at || !HashLines.TryNumber(lines[at], "index ", out ulong index))
        {
            problem = "There is no line 'index NUMBER' where one should be.";
            return false;
        }
        if (!HashLines.TryRead(lines.AsSpan(at + 1), out IReadOnlyList<byte[]>? hashes, out problem)) return false;
        proof = new(index, hashes, note, extra);
        return true;
    }

    /// <summary>The proof file.</summary>
    public byte[] ToBytes()
    {
        string extra = Extra is null ? "" : $"extra {Convert.ToBase64String(Extra)}\n";
        string head = string.Create(CultureInfo.InvariantCulture, $"{FirstLine}\n{extra}index {Index}\n{HashLines.Text(Hashes)}\n");
        return [.. Encoding.ASCII.GetBytes(head), .. Note.ToBytes()];
    }

    /// <summary>Claim <c>entry-proof</c> alone: that these bytes are the entry at the index, in the tree of a checkpoint that was judged elsewhere. Never throws.</summary>
    public Finding Includes(ReadOnlySpan<byte> entry, Checkpoint checkpoint)
    {
        const string claim = "entry-proof";
        if (Index >= checkpoint.Size)
            return Finding.Bad(claim, $"The proof is of entry {Index}, but the checkpoint covers only {Printable.Count(checkpoint.Size)} entries.", Index);
        return MerkleTree.VerifyInclusion(Index, checkpoint.Size, MerkleTree.LeafHash(entry), Hashes, checkpoint.Root)
            ? Finding.Good(claim, $"These bytes are entry {Index} of the log {Printable.Of(checkpoint.Origin)}, as its checkpoint of {Printable.Count(checkpoint.Size)} entries commits to them.") with { Entry = Index }
            : Finding.Bad(claim, $"These bytes are not shown to be entry {Index} of the log: they, the index or the proof were altered, or belong to another entry.", Index);
    }

    /// <summary>Judges the entry, the proof and its checkpoint by a policy. Never throws.</summary>
    public VerificationReport Verify(ReadOnlySpan<byte> entry, LogPolicy policy)
    {
        PolicyVerdict verdict = policy.Evaluate(Note);
        Finding included = verdict.Checkpoint is { } checkpoint
            ? Includes(entry, checkpoint)
            : Finding.Bad("entry-proof", "The entry cannot be shown to be in the log, because the checkpoint cannot be believed.", Index);
        return new([.. verdict.Findings, included]);
    }
}

/// <summary>What tlog-proof and tlog-witness share: lines of base64 hashes, an empty line, a note.</summary>
internal static class HashLines
{
    /// <summary>As many as a tree of ulong size can need (C2SP tlog-witness: "MUST NOT send more than 63").</summary>
    public const int Most = 63;

    public static bool TrySplit(ReadOnlySpan<byte> bytes, int mostHeadBytes, [NotNullWhen(true)] out string[]? lines, out ReadOnlySpan<byte> note, out string problem)
    {
        lines = null;
        note = default;
        // The lines before the note are never empty, so the first empty line ends them.
        int end = bytes[..Math.Min(bytes.Length, mostHeadBytes)].IndexOf("\n\n"u8);
        if (end < 0)
        {
            problem = bytes.Length > mostHeadBytes ? $"What is before the checkpoint is larger than {mostHeadBytes >> 10} KiB." : "There is no empty line before the checkpoint.";
            return false;
        }
        if (bytes[..end].ContainsAnyExceptInRange((byte)'\n', (byte)'~'))
        {
            problem = "What is before the checkpoint is not plain ASCII text.";
            return false;
        }
        lines = Encoding.ASCII.GetString(bytes[..end]).Split('\n');
        note = bytes[(end + 2)..];
        problem = "";
        return true;
    }

    public static bool TryNumber(string line, string word, out ulong number)
    {
        number = 0;
        return line.StartsWith(word, StringComparison.Ordinal)
            && ulong.TryParse(line.AsSpan(word.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number.ToString(CultureInfo.InvariantCulture) == line[word.Length..];
    }

    public static bool TryRead(ReadOnlySpan<string> lines, [NotNullWhen(true)] out IReadOnlyList<byte[]>? hashes, out string problem)
    {
        (hashes, problem) = (null, "");
        if (lines.Length > Most)
        {
            problem = $"There are more than {Most} hashes.";
            return false;
        }
        var read = new List<byte[]>();
        foreach (string line in lines)
        {
            if (!Bytes.TryFromBase64(line, out byte[]? hash) || hash.Length != MerkleTree.HashSize)
            {
                problem = $"A line of the proof is not the base64 of a hash of 32 bytes: {Printable.Of(line)}";
                return false;
            }
            read.Add(hash);
        }
        hashes = read;
        return true;
    }

    public static void Insist(IReadOnlyList<byte[]> hashes)
    {
        if (hashes.Count > Most || hashes.Any(h => h.Length != MerkleTree.HashSize)) throw new FormatException($"A proof has at most {Most} hashes of 32 bytes.");
    }

    public static string Text(IReadOnlyList<byte[]> hashes) => string.Concat(hashes.Select(h => Convert.ToBase64String(h) + '\n'));
}
