using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>One packet of a Master: a line of its packet index (FORMAT.md section 12). The line's bytes are the leaf of the stream's tree.</summary>
/// <param name="Stream">The Master's stream, from 0.</param>
/// <param name="Pts">When it is shown, in units of the stream's time base; null where the container does not say.</param>
/// <param name="Dts">When it is decoded, likewise.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Key">True where decoding can start with it.</param>
/// <param name="Sha256">Of its bytes, 64 lower-case hex digits.</param>
public readonly record struct PacketLine(int Stream, long? Pts, long? Dts, long Bytes, bool Key, string Sha256)
{
    /// <summary>The line, without its end.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Stream},{Pts},{Dts},{Bytes},{(Key ? "K" : "-")},{Sha256}");

    /// <summary>The leaf hash over it.</summary>
    public byte[] LeafHash() => MerkleTree.LeafHash(Encoding.ASCII.GetBytes(Text));

    /// <summary>Reads a line in its one spelling; it never throws.</summary>
    public static bool TryParse(string text, out PacketLine line)
    {
        line = default;
        string[] fields = text.Split(',');
        if (fields.Length != 6 || !int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out int stream) || stream >= PacketIndex.MostStreams
            || !IsTime(fields[1], out long? pts) || !IsTime(fields[2], out long? dts)
            || !long.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
            || fields[4] is not ("K" or "-") || !Forms.IsSha256(fields[5])) return false;
        line = new(stream, pts, dts, bytes, fields[4] == "K", fields[5]);
        return line.Text == text;
    }

    private static bool IsTime(string text, out long? time)
    {
        bool number = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long read);
        time = number ? read : null;
        return number || text.Length == 0;
    }
}

/// <summary>A stream of a Master, and what its packets are.</summary>
/// <param name="Number">As ffmpeg numbers the Master's streams, from 0.</param>
/// <param name="Kind"><c>video</c>, <c>audio</c> …</param>
/// <param name="Codec">ffmpeg's name of the codec.</param>
/// <param name="TimeBase">The unit of its times in seconds, a fraction: <c>1/90000</c>.</param>
public sealed record IndexedStream(int Number, string Kind, string Codec, string TimeBase)
{
    /// <summary>How many packets it has.</summary>
    public ulong Packets { get; init; }

    /// <summary>The root of the Merkle tree of their lines (RFC 9162 section 2.1.1).</summary>
    public byte[] Root { get; init; } = MerkleTree.EmptyRoot;

    /// <summary>False where one of these could not stand in an index.</summary>
    public bool IsGood => Number is >= 0 and < PacketIndex.MostStreams && Forms.IsName(Kind) && Forms.IsName(Codec) && IsTimeBase(TimeBase);

    /// <summary>A time of this stream in seconds, for a sentence.</summary>
    public string Seconds(long? time)
    {
        string[] parts = TimeBase.Split('/');
        return time is not { } at ? "no time" : string.Create(CultureInfo.InvariantCulture, $"{at * decimal.Parse(parts[0], CultureInfo.InvariantCulture) / decimal.Parse(parts[1], CultureInfo.InvariantCulture):0.000} s");
    }

    private static bool IsTimeBase(string text) => text.Split('/') is [var up, var down] && IsCount(up) && IsCount(down);

    private static bool IsCount(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 && text[0] != '0';
}

/// <summary>
/// The packet index of a Master (FORMAT.md section 12): every packet that ffmpeg finds in it, a line each, and per stream a Merkle tree over the
/// lines. It is read once, in flat memory whatever the footage's length.
/// </summary>
public sealed class PacketIndex
{
    /// <summary>The version of the format, and its first line without the <c>#</c>.</summary>
    public const string Version = "evidencevault/packets/1";

    /// <summary>The role of the derivative that it is sealed as.</summary>
    public const string Role = "packet-index";

    /// <summary>The most streams that one has.</summary>
    public const int MostStreams = 256;

    private const string Columns = "#stream,pts,dts,bytes,key,sha256";

    private PacketIndex(string masterSha256, IReadOnlyList<IndexedStream> streams) => (MasterSha256, Streams) = (masterSha256, streams);

    /// <summary>SHA-256 of the Master that it says it is of.</summary>
    public string MasterSha256 { get; }

    /// <summary>The streams, with the packets counted and the roots derived from the lines.</summary>
    public IReadOnlyList<IndexedStream> Streams { get; }

    /// <summary>The lines before the packets, each with its end.</summary>
    public static string Head(string masterSha256, IEnumerable<IndexedStream> streams) =>
        $"#{Version}\n#master {masterSha256}\n" + string.Concat(streams.Select(s => string.Create(CultureInfo.InvariantCulture, $"#stream {s.Number} {s.Kind} {s.Codec} {s.TimeBase}\n"))) + Columns + "\n";

    /// <summary>Reads an index of any origin and derives its trees. It never throws for what the index holds.</summary>
    /// <param name="text">Its bytes.</param>
    /// <param name="each">Handed each packet with its number in its stream, from 0, in the order of the file.</param>
    /// <param name="index">What was read.</param>
    /// <param name="problem">What is wrong with it, a sentence.</param>
    /// <exception cref="IOException">The bytes cannot be read.</exception>
    public static bool TryRead(Stream text, Action<PacketLine, ulong>? each, [NotNullWhen(true)] out PacketIndex? index, out string problem)
    {
        index = null;
        problem = "";
        var lines = new BoundedLines(text);
        try
        {
            (string master, List<IndexedStream> streams) = ReadHead(lines);
            TreeFrontier?[] trees = new TreeFrontier?[MostStreams];
            foreach (IndexedStream stream in streams) trees[stream.Number] = new();
            while (lines.Next() is { } read)
            {
                if (!PacketLine.TryParse(read, out PacketLine line)) throw new FormatException($"Line {lines.Count} is not a packet's.");
                TreeFrontier tree = trees[line.Stream] ?? throw new FormatException($"Line {lines.Count} is of a stream that the index does not name.");
                each?.Invoke(line, tree.Size);
                tree.Append(line.LeafHash());
            }
            index = new(master, [.. streams.Select(s => s with { Packets = trees[s.Number]!.Size, Root = trees[s.Number]!.Root() })]);
            return true;
        }
        catch (FormatException e)
        {
            problem = $"The packet index is not of its form. {e.Message}";
            return false;
        }
    }

    private static (string Master, List<IndexedStream> Streams) ReadHead(BoundedLines lines)
    {
        if (lines.Next() != "#" + Version) throw new FormatException($"Its first line is not #{Version}.");
        if (lines.Next()?.Split(' ') is not ["#master", var master] || !Forms.IsSha256(master)) throw new FormatException("Its second line does not name the Master.");
        var streams = new List<IndexedStream>();
        while (lines.Next() is { } line)
        {
            if (line == Columns) return streams.Count > 0 ? (master, streams) : throw new FormatException("It names no stream.");
            if (line.Split(' ') is not ["#stream", var number, var kind, var codec, var timeBase] || !TryStream(number, kind, codec, timeBase, out IndexedStream? stream))
                throw new FormatException($"Line {lines.Count} does not name a stream.");
            if (streams.Count > 0 && stream.Number <= streams[^1].Number) throw new FormatException("Its streams are not in rising order.");
            streams.Add(stream);
        }
        throw new FormatException("It ends before its first packet.");
    }

    internal static bool TryStream(string number, string kind, string codec, string timeBase, [NotNullWhen(true)] out IndexedStream? stream)
    {
        stream = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int read) && read.ToString(CultureInfo.InvariantCulture) == number
            && new IndexedStream(read, kind, codec, timeBase) is { IsGood: true } named ? named : null;
        return stream is not null;
    }
}

/// <summary>Lines of ASCII text, each ending in 0A, of a bounded length: a hostile file cannot make its reader keep much of it.</summary>
internal sealed class BoundedLines(Stream text)
{
    private readonly byte[] _block = new byte[1 << 16];
    private readonly StringBuilder _line = new();
    private int _at, _filled;

    /// <summary>The most bytes of a line.</summary>
    public int Most { get; init; } = 512;

    /// <summary>How many lines were given.</summary>
    public long Count { get; private set; }

    /// <summary>The next line without its end, or null.</summary>
    /// <exception cref="FormatException">It is too long, holds other than printable ASCII, or has no end.</exception>
    public string? Next()
    {
        _line.Clear();
        while (true)
        {
            if (_at == _filled)
            {
                (_at, _filled) = (0, text.Read(_block));
                if (_filled == 0) return _line.Length == 0 ? null : throw new FormatException("Its last line has no end.");
            }
            ReadOnlySpan<byte> rest = _block.AsSpan(_at, _filled - _at);
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = end < 0 ? rest : rest[..end];
            if (_line.Length + part.Length > Most) throw new FormatException($"Line {Count + 1} is longer than {Most} bytes.");
            if (part.ContainsAnyExceptInRange((byte)' ', (byte)'~')) throw new FormatException($"Line {Count + 1} is not plain ASCII text.");
            _line.Append(Encoding.ASCII.GetString(part));
            _at += part.Length + (end < 0 ? 0 : 1);
            if (end < 0) continue;
            Count++;
            return _line.ToString();
        }
    }
}
