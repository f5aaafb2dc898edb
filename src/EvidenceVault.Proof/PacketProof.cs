using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>Bytes of a clip, one after another in the file: skip so many from the end of the stream's last ones (from the start of the file for its first),
/// take so many, all that so many times.</summary>
/// <param name="Skip">Bytes passed over.</param>
/// <param name="Length">Bytes taken, at least one.</param>
/// <param name="Times">How often, at least once: MPEG-TS cuts a packet into many equal pieces.</param>
public readonly record struct ByteRun(long Skip, long Length, long Times)
{
    /// <summary>The run as it is written: <c>48+15681</c>, or <c>4+184*28</c>.</summary>
    public string Text => Times == 1 ? string.Create(CultureInfo.InvariantCulture, $"{Skip}+{Length}") : string.Create(CultureInfo.InvariantCulture, $"{Skip}+{Length}*{Times}");
}

/// <summary>A packet of the Master that is in a clip.</summary>
/// <param name="Line">Its line in the Master's packet index.</param>
/// <param name="Runs">Where its bytes lie in the clip.</param>
public sealed record ProvenPacket(PacketLine Line, IReadOnlyList<ByteRun> Runs);

/// <summary>A stream of a clip: an unbroken run of the packets of a Master's stream.</summary>
/// <param name="Number">The clip's stream, from 0.</param>
/// <param name="Of">The Master's stream, with the size and root of its tree.</param>
/// <param name="First">The number of the run's first packet in the Master's stream, from 0.</param>
/// <param name="Hashes">The proof that the run is in the tree (<see cref="MerkleRange"/>).</param>
/// <param name="Packets">The run.</param>
public sealed record ProvenStream(int Number, IndexedStream Of, ulong First, IReadOnlyList<byte[]> Hashes, IReadOnlyList<ProvenPacket> Packets);

/// <summary>The proof that a clip's packets are packets of its Master, in order, with none in between left out (FORMAT.md section 13). It needs no Master.</summary>
public sealed class PacketProof
{
    /// <summary>The version of the format, and its first line.</summary>
    public const string Version = "evidencevault/packet-proof/1";

    /// <summary>The role of the derivative that it is sealed as, and the member of a clip's settings that names it.</summary>
    public const string Role = "packet-proof", Setting = "packetProof";

    /// <summary>The most bytes that one may have.</summary>
    public const int MostBytes = 1 << 27;

    // As wide as a packet of MPEG-TS makes them, and more than any camera's.
    private const int MostLineBytes = 1 << 20;
    private const long MostInteger = (1L << 53) - 1;

    /// <summary>SHA-256 of the clip.</summary>
    public required string ClipSha256 { get; init; }

    /// <summary>Its length.</summary>
    public required long ClipBytes { get; init; }

    /// <summary>SHA-256 of the Master.</summary>
    public required string MasterSha256 { get; init; }

    /// <summary>The clip's streams that hold packets, by number.</summary>
    public required IReadOnlyList<ProvenStream> Streams { get; init; }

    /// <summary>How many packets the clip has.</summary>
    public long Packets => Streams.Sum(s => (long)s.Packets.Count);

    /// <summary>The proof's bytes.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Version}\nclip {ClipSha256} {ClipBytes}\nmaster {MasterSha256}\n");
        foreach (ProvenStream s in Streams)
        {
            text.Append(CultureInfo.InvariantCulture, $"stream {s.Number} of {s.Of.Number} {s.Of.Kind} {s.Of.Codec} {s.Of.TimeBase} packets {s.Of.Packets} root {Bytes.Hex(s.Of.Root)} from {s.First} count {s.Packets.Count}\n");
            foreach (byte[] hash in s.Hashes) text.Append(CultureInfo.InvariantCulture, $"hash {Bytes.Hex(hash)}\n");
            foreach (ProvenPacket p in s.Packets) text.Append(p.Line.Text).Append(string.Concat(p.Runs.Select(r => " " + r.Text))).Append('\n');
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Reads a proof of any origin; it never throws. What it claims is not checked: <see cref="ClipCheck"/> does.</summary>
    public static bool TryParse(byte[] bytes, [NotNullWhen(true)] out PacketProof? proof, out string problem)
    {
        (proof, problem) = (null, "");
        if (bytes.Length > MostBytes)
        {
            problem = $"The packet proof is larger than {MostBytes} bytes.";
            return false;
        }
        try
        {
            proof = Read(new BoundedLines(new MemoryStream(bytes, writable: false)) { Most = MostLineBytes });
            return true;
        }
        catch (FormatException e)
        {
            problem = $"The packet proof is not of its form. {e.Message}";
            return false;
        }
    }

    private static PacketProof Read(BoundedLines lines)
    {
        if (lines.Next() != Version) throw new FormatException($"Its first line is not {Version}.");
        if (lines.Next()?.Split(' ') is not ["clip", var clip, var length] || !Forms.IsSha256(clip) || !IsNumber(length, out long bytes)) throw new FormatException("Its second line does not name the clip.");
        if (lines.Next()?.Split(' ') is not ["master", var master] || !Forms.IsSha256(master)) throw new FormatException("Its third line does not name the Master.");
        var streams = new List<ProvenStream>();
        while (lines.Next() is { } line) streams.Add(ReadStream(lines, line, streams.Count == 0 ? 0 : streams[^1].Number + 1));
        if (streams.Count == 0) throw new FormatException("It names no stream.");
        if (streams.DistinctBy(s => s.Of.Number).Count() < streams.Count) throw new FormatException("It names a stream of the Master twice.");
        return new() { ClipSha256 = clip, ClipBytes = bytes, MasterSha256 = master, Streams = streams };
    }

    private static ProvenStream ReadStream(BoundedLines lines, string line, int least)
    {
        if (line.Split(' ') is not ["stream", var mine, "of", var theirs, var kind, var codec, var timeBase, "packets", var size, "root", var root, "from", var first, "count", var count]
            || !IsNumber(mine, out long number) || number < least || number >= PacketIndex.MostStreams || !PacketIndex.TryStream(theirs, kind, codec, timeBase, out IndexedStream? of)
            || !IsNumber(size, out long packets) || !Forms.IsSha256(root) || !IsNumber(first, out long from) || !IsNumber(count, out long many))
            throw new FormatException($"Line {lines.Count} does not name a stream of the clip, or not in rising order.");
        if (!MerkleRange.IsRun((ulong)from, (ulong)many, (ulong)packets)) throw new FormatException($"Stream {number} is said to be of {many} packets from number {from} on, of {packets}: there is no such run.");
        var hashes = new List<byte[]>();
        var run = new List<ProvenPacket>();
        long end = 0;
        while (run.Count < many)
        {
            string text = lines.Next() ?? throw new FormatException($"It ends before the last packet of stream {number}.");
            if (run.Count == 0 && text.StartsWith("hash ", StringComparison.Ordinal))
            {
                // Two for each level at most: a tree of 2^53 leaves is 53 high.
                if (hashes.Count == 128 || !Forms.IsSha256(text[5..])) throw new FormatException($"Line {lines.Count} is not a hash, or is one too many.");
                hashes.Add(Convert.FromHexString(text[5..]));
                continue;
            }
            run.Add(ReadPacket(text, of.Number, lines.Count, ref end));
        }
        return new((int)number, of with { Packets = (ulong)packets, Root = Convert.FromHexString(root) }, (ulong)from, hashes, run);
    }

    private static ProvenPacket ReadPacket(string text, int stream, long at, ref long end)
    {
        string[] parts = text.Split(' ');
        if (!PacketLine.TryParse(parts[0], out PacketLine line) || line.Stream != stream) throw new FormatException($"Line {at} is not a packet of the Master's stream {stream}.");
        var runs = new ByteRun[parts.Length - 1];
        UInt128 sum = 0, last = (UInt128)end;
        for (int i = 0; i < runs.Length; i++)
        {
            if (!TryRun(parts[i + 1], out runs[i])) throw new FormatException($"Line {at} does not say where in the clip the packet's bytes lie.");
            sum += (UInt128)runs[i].Length * (UInt128)runs[i].Times;
            last += ((UInt128)runs[i].Skip + (UInt128)runs[i].Length) * (UInt128)runs[i].Times;
            if (last > MostInteger) throw new FormatException($"Line {at} names bytes past the end of any file.");
        }
        if (sum != (UInt128)line.Bytes) throw new FormatException($"Line {at} names {sum} bytes of the clip for a packet of {line.Bytes}.");
        end = (long)last;
        return new(line, runs);
    }

    private static bool TryRun(string text, out ByteRun run)
    {
        int plus = text.IndexOf('+'), star = text.IndexOf('*');
        run = default;
        if (plus < 1 || (star >= 0 && star < plus)) return false;
        bool good = IsNumber(text[..plus], out long skip) & IsNumber(star < 0 ? text[(plus + 1)..] : text[(plus + 1)..star], out long length) & IsNumber(star < 0 ? "1" : text[(star + 1)..], out long times);
        run = new(skip, length, times);
        return good && length > 0 && times > 0 && run.Text == text;
    }

    private static bool IsNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= MostInteger && (text.Length == 1 || text[0] != '0');
}
