using System.Globalization;
using System.Text;
using System.Text.Json;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A packet as <c>ffprobe -show_packets -show_data_hash sha256</c> lists it.</summary>
/// <param name="Line">What goes into an index, but for the stream's number, which is the file's own here.</param>
/// <param name="Position">Where in the file it begins, or a little before, by the demuxer; null where it does not say.</param>
internal readonly record struct ProbedPacket(PacketLine Line, long? Position);

/// <summary>A stream of a probed file.</summary>
/// <param name="Stream">Its number, kind, codec and time base.</param>
/// <param name="Id">The container's own number of it, as of a PID; null where there is none.</param>
internal sealed record ProbedStream(IndexedStream Stream, int? Id);

/// <summary>Lists a file's streams and packets by ffprobe; nothing is decoded. The hashes are those of <c>ffmpeg -c copy -copyinkf -f framehash -hash sha256</c>.</summary>
internal static class PacketListing
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(6);

    /// <summary>The streams; none where the file is not footage.</summary>
    public static async Task<IReadOnlyList<ProbedStream>> StreamsAsync(string file, CancellationToken cancel)
    {
        var (result, json) = await ChildProgram.BytesAsync(
            Ffmpeg.Probe(TimeSpan.FromMinutes(5), file, "-show_entries", "stream=index,id,codec_type,codec_name,time_base", "-of", "json") with { OutputBytes = 16 << 20 }, cancel);
        if (!result.Good) return [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty("streams", out JsonElement streams) ? [.. streams.EnumerateArray().Select(Stream)] : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Hands on every packet in the order of the file.</summary>
    public static Task<ProgramResult> PacketsAsync(string file, Action<ProbedPacket> each, CancellationToken cancel)
    {
        var reading = new Reading(each);
        return ChildProgram.LinesAsync(
            Ffmpeg.Probe(Patience, file, "-show_data_hash", "sha256", "-show_entries", "packet=stream_index,pts,dts,size,pos,flags,data_hash", "-of", "csv=p=0:nk=0") with { OutputBytes = 1L << 40 },
            reading.Line, cancel);
    }

    private static ProbedStream Stream(JsonElement stream)
    {
        int? id = stream.TryGetProperty("id", out JsonElement written) && written.GetString() is { } hex && hex.StartsWith("0x", StringComparison.Ordinal)
            && int.TryParse(hex.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int read) ? read : null;
        return new(new(stream.GetProperty("index").GetInt32(), Word("codec_type"), Word("codec_name"), stream.GetProperty("time_base").GetString()!), id);

        // ffprobe leaves out what it does not know.
        string Word(string name) => stream.TryGetProperty(name, out JsonElement value) && value.GetString() is { Length: > 0 } text ? text : "unknown";
    }

    /// <summary>Fields come as name=value. Side data breaks a packet's line in two, so a packet ends with its hash and not with its line.</summary>
    private sealed class Reading(Action<ProbedPacket> each)
    {
        private readonly Dictionary<string, string> _fields = [];

        public void Line(string line)
        {
            foreach (string field in line.Split(','))
            {
                int equals = field.IndexOf('=');
                if (equals < 1) continue;
                _fields[field[..equals]] = field[(equals + 1)..];
                if (!field.StartsWith("data_hash=", StringComparison.Ordinal)) continue;
                if (Packet() is { } packet) each(packet);
                _fields.Clear();
            }
        }

        private ProbedPacket? Packet() =>
            Number("stream_index") is { } stream and >= 0 and < PacketIndex.MostStreams && Number("size") is { } size and >= 0 && _fields["data_hash"] is { Length: 71 } hash && hash.StartsWith("SHA256:", StringComparison.Ordinal)
                ? new(new((int)stream, Number("pts"), Number("dts"), size, _fields.GetValueOrDefault("flags", "").Contains('K'), hash[7..]), Number("pos") is { } at and >= 0 ? at : null)
                : null;

        // N/A where there is none.
        private long? Number(string name) => _fields.TryGetValue(name, out string? text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
    }
}

/// <summary>Writes a Master's packet index, in flat memory whatever its length.</summary>
internal static class PacketIndexing
{
    /// <summary>Its name in the output folder.</summary>
    public const string FileName = "packets.csv";

    /// <summary>Writes the index of a file. It has its name only once it is whole.</summary>
    /// <returns>Its path; null where ffprobe finds no packet, as in what is no footage.</returns>
    public static async Task<string?> WriteAsync(string video, string folder, CancellationToken cancel)
    {
        IReadOnlyList<IndexedStream> streams = [.. (await PacketListing.StreamsAsync(video, cancel)).Select(s => s.Stream).Where(s => s.IsGood)];
        if (!streams.Any(s => s.Kind is "video" or "audio")) return null;
        string master = await Sha256Async(video, cancel);
        using Scratch scratch = Scratch.New(folder, ".evidencevault-index-");
        string part = Path.Combine(scratch.Path, FileName), path = Path.Combine(folder, FileName);
        long packets = 0;
        HashSet<int> known = [.. streams.Select(s => s.Number)];
        await using (var lines = new StreamWriter(part, append: false, new ASCIIEncoding()) { NewLine = "\n" })
        {
            await lines.WriteAsync(PacketIndex.Head(master, streams));
            ProgramResult listed = await PacketListing.PacketsAsync(video, packet =>
            {
                // A stream that begins in the middle of the file, unannounced, or has no time base, cannot be named: it is not listed.
                if (!known.Contains(packet.Line.Stream)) return;
                packets++;
                lines.WriteLine(packet.Line.Text);
            }, cancel);
            // A file that is cut off ends with an error, and what could be read of it counts. One that ran out of time does not: it would be another index the next time.
            if (listed.TimedOut || listed.SaidTooMuch) packets = 0;
        }
        if (packets == 0) return null;
        File.Move(part, path, overwrite: false);
        return path;
    }

    internal static async Task<string> Sha256Async(string file, CancellationToken cancel)
    {
        await using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(stream, cancel));
    }
}
