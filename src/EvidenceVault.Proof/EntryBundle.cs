using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace EvidenceVault.Proof;

/// <summary>Entries as a published log holds them: for each its length as a big-endian uint16 and its bytes (C2SP tlog-tiles, "Log entries").</summary>
public static class EntryBundle
{
    /// <summary>The bundle of 1 to 256 entries.</summary>
    /// <exception cref="ArgumentException">There are no entries or more than 256, or one is larger than 65,535 bytes.</exception>
    public static byte[] Encode(IReadOnlyList<byte[]> entries)
    {
        if (entries.Count is < 1 or > TilePath.FullWidth) throw new ArgumentException("A bundle holds 1 to 256 entries.", nameof(entries));
        if (entries.Any(e => e.Length > ushort.MaxValue)) throw new ArgumentException("An entry is at most 65,535 bytes.", nameof(entries));
        byte[] bundle = new byte[entries.Sum(e => 2 + e.Length)];
        int at = 0;
        foreach (byte[] entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bundle.AsSpan(at), (ushort)entry.Length);
            entry.CopyTo(bundle, at + 2);
            at += 2 + entry.Length;
        }
        return bundle;
    }

    /// <summary>Reads a bundle of any origin; it never throws.</summary>
    /// <param name="bundle">The bundle's bytes.</param>
    /// <param name="width">How many entries its name says it holds.</param>
    /// <param name="entries">The entries, where it is one.</param>
    /// <param name="problem">Why it is none, a sentence.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bundle, int width, [NotNullWhen(true)] out IReadOnlyList<byte[]>? entries, out string problem)
    {
        entries = null;
        var read = new List<byte[]>();
        for (var rest = bundle; rest.Length > 0;)
        {
            if (rest.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(rest) is var length && rest.Length - 2 < length)
            {
                problem = $"The bundle ends in the middle of its entry {read.Count}.";
                return false;
            }
            read.Add(rest.Slice(2, length).ToArray());
            rest = rest[(2 + length)..];
        }
        if (read.Count != width)
        {
            problem = $"The bundle holds {read.Count} entries where its name says {width}.";
            return false;
        }
        (entries, problem) = (read, "");
        return true;
    }
}
