using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EvidenceVault.Proof;

/// <summary>
/// A commitment to a whole log at a size: C2SP tlog-checkpoint. It is the text of a <see cref="SignedNote"/>, and means nothing
/// until that note is verified.
/// </summary>
public sealed class Checkpoint
{
    /// <summary>A checkpoint of a log.</summary>
    /// <exception cref="FormatException">The origin is empty or holds a line break or control character, the root is not 32 bytes,
    /// or an extension line is empty or holds one.</exception>
    public Checkpoint(string origin, ulong size, ReadOnlySpan<byte> root, params IReadOnlyList<string> extensions)
    {
        if (!IsLine(origin)) throw new FormatException("A checkpoint's origin is one line that is not empty.");
        if (root.Length != MerkleTree.HashSize) throw new FormatException("A checkpoint's root hash is 32 bytes.");
        if (!extensions.All(IsLine)) throw new FormatException("A checkpoint's extension lines are not empty and hold no line break.");
        (Origin, Size, Root, Extensions) = (origin, size, root.ToArray(), extensions);
    }

    /// <summary>Which log this is of.</summary>
    public string Origin { get; }

    /// <summary>How many entries the log had.</summary>
    public ulong Size { get; }

    /// <summary>The root hash of the RFC 6962 tree of those entries, 32 bytes.</summary>
    public byte[] Root { get; }

    /// <summary>Further lines, without meaning here. This project writes none ("NOT RECOMMENDED").</summary>
    public IReadOnlyList<string> Extensions { get; }

    /// <summary>The note text: origin, size, base64 root, each with a newline (tlog-checkpoint, "Note text").</summary>
    public string ToText() => string.Concat(
        new[] { Origin, Size.ToString(CultureInfo.InvariantCulture), Convert.ToBase64String(Root) }.Concat(Extensions).Select(line => line + '\n'));

    /// <summary>Reads a note text. It may be of any origin: it never throws.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Checkpoint? checkpoint, out string problem)
    {
        checkpoint = null;
        if (!text.EndsWith('\n') || text[..^1].Split('\n') is not [var origin, var size, var root, .. var extensions])
        {
            problem = "A checkpoint is three lines: origin, size and root hash.";
            return false;
        }
        if (!ulong.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out ulong leaves) || leaves.ToString(CultureInfo.InvariantCulture) != size)
        {
            problem = "The checkpoint's size is not a decimal number without leading zeroes.";
            return false;
        }
        if (!Bytes.TryFromBase64(root, out byte[]? hash))
        {
            problem = "The checkpoint's root hash is not base64.";
            return false;
        }
        try
        {
            (checkpoint, problem) = (new(origin, leaves, hash, extensions), "");
            return true;
        }
        catch (FormatException e)
        {
            problem = e.Message;
            return false;
        }
    }

    private static bool IsLine(string line) => line.Length > 0 && line.All(c => c >= ' ');
}
