using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Cuts clips by stream copy, never re-encoding, and proves each against its Master.</summary>
public interface IClipCutter
{
    /// <summary>Cuts from the key frame at or before <paramref name="from"/> to <paramref name="to"/> (container PTS, seconds), with
    /// all streams the container can hold, and checks that every packet of the clip stands among the Master's, in order and
    /// with none left out between. The same call gives the same bytes.</summary>
    /// <param name="video">The Master.</param>
    /// <param name="from">Start asked for.</param>
    /// <param name="to">End asked for.</param>
    /// <param name="outputFile">Where the clip goes; must not exist. Its extension is exchanged where another container is
    /// needed to keep the packets as they are: <see cref="ClipReport.File"/> tells.</param>
    /// <param name="cancel">Ends the work; nothing is left at <paramref name="outputFile"/>.</param>
    /// <exception cref="RefusedException">The bounds are not in the footage, or the output exists.</exception>
    /// <exception cref="EvidenceException">The file is no footage, or no container keeps its packets unaltered.</exception>
    /// <exception cref="UnreachableException">ffmpeg is not installed.</exception>
    Task<ClipReport> CutAsync(string video, double from, double to, string outputFile, CancellationToken cancel);
}

internal sealed class ClipCutter(IFootageProbe probe) : IClipCutter
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    // Seconds of the Master hashed on each side of the cut. Seeking lands at or before its aim, so this is slack, not a guess
    // the proof depends on: a clip not proved within it is compared with the whole Master.
    private const double Slack = 15;

    private sealed record Container(string Extension, string Format);

    public async Task<ClipReport> CutAsync(string video, double from, double to, string outputFile, CancellationToken cancel)
    {
        RequireBounds(from, to);
        var facts = await probe.ProbeAsync(video, countFrames: false, cancel);
        if (facts.Problem is { } problem || facts.FirstPts is null)
            throw new EvidenceException(facts.Problem ?? "The file's frames carry no times.", "No clip can be cut from it; the Master is as it was.", "Look at the file with ffprobe, or retrieve the Master whole.");
        if (facts.Container is "jpeg" or "jpeg-folder") throw Refuse("A still has no length to cut a clip of.", "Retrieve the still itself.");
        var streams = await StreamsAsync(video, cancel);
        var packets = await FootageProbe.PacketsAsync(video, streams[0].Index, cancel);
        if (from > facts.LastPts || to <= facts.FirstPts)
            throw Refuse($"The footage runs from {facts.FirstPts:0.###} to {facts.LastPts:0.###} seconds; the clip asked for lies outside.", "Ask for bounds within the footage.");
        // Without times on packets (raw streams) there is no key to be found but the beginning.
        double key = packets.Where(p => p.Key && p.Pts <= from).Select(p => p.Pts!.Value).DefaultIfEmpty(facts.FirstPts.Value).Max();

        string folder = Path.GetDirectoryName(Path.GetFullPath(outputFile))!;
        using var scratch = Scratch.New(folder, ".evidencevault-clip-");
        string? because = null;
        int attempt = 0;
        if (RawStreamCut.IsRaw(facts.Container)) return await CutRawAsync(video, from, to, streams, facts.Container, outputFile, scratch, cancel);
        // The second is for what the first does not know: a clip that began after the start asked for would leave out what it was cut for.
        bool keyed = packets.Exists(p => p.Key && p.Pts <= from);
        (double Aim, double? NotBefore)[] seeks = [await SeekAsync(video, facts.Container, key, packets, cancel), (key, null)];
        // A stream that is lost is worse than another container: every container is tried with all streams before any is left out.
        foreach (var kept in Keeps(streams))
        {
            foreach (var container in Candidates(facts.Container, Path.GetExtension(video), kept.Any(s => s.Kind == "data")))
            {
                foreach (var seek in seeks)
                {
                    string made = Path.Combine(scratch.Path, $"clip{++attempt}.{container.Extension}");
                    var cut = await ChildProgram.LinesAsync(Ffmpeg.Call(Patience, Cut(video, seek, to, kept, container, made)), null, cancel);
                    if (!cut.Good || !File.Exists(made)) { because = cut.Reason; break; }
                    var clip = await HashesAsync(made, [], null, cancel);
                    if (!clip.Any(p => p.Stream == 0)) { because = "it held no video"; continue; }
                    var proof = await ProveAsync(video, key, to, kept, clip, cancel);
                    if (proof.Found != clip.Count) { because = $"{container.Extension} rewrote {clip.Count - proof.Found} of {clip.Count} packets"; continue; }
                    if (keyed && proof.Video.Min(p => p.Pts) > from + 0.001) { because = "it began after the start asked for"; continue; }
                    return Publish(made, Path.ChangeExtension(outputFile, container.Extension), from, to, clip.Count, proof.Video,
                        [.. streams.Except(kept).Select(s => $"Stream {s.Index} ({s.Kind}) of the Master could not be held by the clip's container.")], [.. kept.Select(s => s.Index)]);
                }
            }
        }
        throw new EvidenceException($"No container was found that keeps this footage's packets as they are ({because}).",
            "No clip was made; the Master is as it was.", "Retrieve the Master whole.");
    }

    /// <summary>Refuses bounds that no footage has.</summary>
    /// <exception cref="RefusedException">They are none.</exception>
    internal static void RequireBounds(double from, double to)
    {
        if (!double.IsFinite(from) || !double.IsFinite(to) || to <= from)
            throw Refuse("A clip's end must be later than its start.", "Ask for a start and an end in seconds, for example --from 4 --to 9.");
    }

    /// <summary>A bare stream is cut as a run of its bytes: no program writes it anew. It is proved as any clip is.</summary>
    private static async Task<ClipReport> CutRawAsync(string video, double from, double to, IReadOnlyList<StreamKind> streams, string container, string outputFile, Scratch scratch, CancellationToken cancel)
    {
        var packets = new List<RawPacket>();
        await ChildProgram.LinesAsync(Ffmpeg.Probe(Patience, video, "-show_entries", "packet=duration_time,size,pos,flags", "-of", "csv=p=0"),
            line => { if (RawStreamCut.Packet(line) is { } packet) packets.Add(packet); }, cancel);
        if (RawStreamCut.Of(packets, from, to) is not { } run)
            throw new EvidenceException("The stream's pictures cannot be told apart in the file.", "No clip was made; the Master is as it was.", "Retrieve the Master whole.");
        string extension = container == "h264" ? "h264" : "h265", made = Path.Combine(scratch.Path, "clip." + extension);
        await using (var source = new FileStream(video, FileMode.Open, FileAccess.Read))
        await using (var target = new FileStream(made, FileMode.CreateNew))
        {
            source.Position = run.From;
            byte[] block = new byte[1 << 20];
            for (long left = run.Until - run.From; left > 0;)
            {
                int got = await source.ReadAsync(block.AsMemory(0, (int)Math.Min(block.Length, left)), cancel);
                if (got == 0) break;
                await target.WriteAsync(block.AsMemory(0, got), cancel);
                left -= got;
            }
        }
        var clip = await HashesAsync(made, [], null, cancel);
        long found = PacketHashes.Compare(clip, await HashesAsync(video, streams, null, cancel), [0]).Found;
        if (found == 0 || found != clip.Count)
            throw new EvidenceException($"{clip.Count - found} of {clip.Count} packets of the clip are not the Master's.", "No clip was made; the Master is as it was.", "Retrieve the Master whole.");
        return Publish(made, Path.ChangeExtension(outputFile, extension), from, to, clip.Count, [], [], [streams[0].Index]) with { GotStart = run.Start, GotEnd = run.End };
    }

    /// <summary>Where reading begins, and before which time nothing is taken (null: everything is), so that the first picture is the key frame and each packet has
    /// the time that it has in the Master. What seeks by an index of decoding times (Matroska, AVI) is read from a key frame earlier: only then does
    /// libavformat know the order of decoding, and it takes 3/23 s off the aim itself where frames are reordered. MP4 seeks by presentation
    /// times, which may have been rounded down here; MPEG-TS by place, and waits for the key frame.</summary>
    private static async Task<(double Aim, double? NotBefore)> SeekAsync(string video, string container, double key, IReadOnlyList<PacketTime> packets, CancellationToken cancel)
    {
        const double rounding = 0.0005;
        string[] names = container.Split(',');
        if (names.Contains("mpegts")) return (key, null);
        double? before = packets.Where(p => p.Key && p.Pts < key - rounding).Max(p => p.Pts);
        if (before is not { } earlier || !names.Any(n => n is "matroska" or "avi")) return (key + rounding, null);
        if (names.Contains("avi")) return (earlier, Positive(key - rounding));
        int waiting = 0;
        await ChildProgram.LinesAsync(Ffmpeg.Probe(TimeSpan.FromMinutes(5), video, "-show_entries", "stream=has_b_frames", "-of", "csv=p=0"),
            line => { if (int.TryParse(line.Trim(','), out int frames)) waiting = Math.Max(waiting, frames); }, cancel);
        if (waiting == 0) return (key + rounding, null);
        // ffmpeg asks this of decoding times, which are so many frames behind.
        double frame = packets.Select(p => p.Duration).Where(d => d > 0).DefaultIfEmpty(0.04).Max();
        return (earlier, Positive(key - Math.Min((key - earlier) / 2, ((waiting + 2) * frame) + rounding)));

        static double? Positive(double seconds) => seconds > 0 ? seconds : null;
    }

    // bitexact: no writer's name, no clock, no random identifiers in the clip.
    private static IEnumerable<string> Cut(string video, (double Aim, double? NotBefore) seek, double to, IReadOnlyList<StreamKind> kept, Container container, string made) =>
    [
        // ffmpeg counts -ss from the stream's start time unless told otherwise; PTS here are the container's own.
        "-seek_timestamp", "1", "-ss", Ffmpeg.Number(seek.Aim), "-copyts", .. Ffmpeg.Input(video),
        .. seek.NotBefore is { } notBefore ? ["-ss", Ffmpeg.Number(notBefore)] : Array.Empty<string>(), "-to", Ffmpeg.Number(to), .. kept.SelectMany(s => new[] { "-map", $"0:{s.Index}" }), "-c", "copy",
        "-map_metadata", "0", "-fflags", "+bitexact", "-flags", "+bitexact", "-avoid_negative_ts", "make_zero",
        // The muxer would write a time code track of its own from a tag, with the Master's start for the clip's.
        .. container.Format is "mp4" or "mov" ? ["-write_tmcd", "0"] : Array.Empty<string>(),
        "-f", container.Format, "-n", "file:" + made,
    ];

    private static async Task<(long Found, IReadOnlyList<HashedPacket> Video)> ProveAsync(
        string video, double key, double to, IReadOnlyList<StreamKind> kept, IReadOnlyList<HashedPacket> clip, CancellationToken cancel)
    {
        int[] same = [.. Enumerable.Range(0, kept.Count)];
        var near = PacketHashes.Compare(clip, await HashesAsync(video, kept, (key - Slack, to + Slack), cancel), same);
        return near.Found == clip.Count ? near
            : PacketHashes.Compare(clip, await HashesAsync(video, kept, null, cancel), same);
    }

    private static async Task<IReadOnlyList<HashedPacket>> HashesAsync(string file, IReadOnlyList<StreamKind> kept, (double From, double To)? window, CancellationToken cancel)
    {
        var hashes = new PacketHashes();
        IEnumerable<string> seek = window is { } w ? ["-seek_timestamp", "1", "-ss", Ffmpeg.Number(w.From)] : [];
        IEnumerable<string> until = window is { } v ? ["-to", Ffmpeg.Number(v.To)] : [];
        IEnumerable<string> maps = kept.Count == 0 ? ["-map", "0"] : kept.SelectMany(s => new[] { "-map", $"0:{s.Index}" });
        var result = await ChildProgram.LinesAsync(Ffmpeg.Call(Patience,
            [.. seek, "-copyts", .. Ffmpeg.Input(file), .. until, .. maps, "-c", "copy", "-avoid_negative_ts", "disabled", "-f", "framehash", "-hash", "sha256", "-"]), hashes.Line, cancel);
        return result.Good ? hashes.Packets : [];
    }

    private static ClipReport Publish(string made, string outputFile, double from, double to, long packets, IReadOnlyList<HashedPacket> video, IReadOnlyList<string> leftOut, IReadOnlyList<int> streams)
    {
        string hash;
        long bytes;
        using (var file = File.OpenRead(made))
        {
            bytes = file.Length;
            hash = Convert.ToHexStringLower(SHA256.HashData(file));
        }
        try { File.Move(made, outputFile, overwrite: false); }
        catch (IOException cause) when (File.Exists(outputFile))
        {
            throw new RefusedException("The clip was not written, because a file of its name is there already.", "Neither the Master nor that file was touched.", "Choose another name with -o.", cause);
        }
        return new(Path.GetFileName(outputFile), from, to, Round(video.Select(p => p.Pts).DefaultIfEmpty().Min()), Round(video.Select(p => p.Pts + p.Duration).DefaultIfEmpty().Max()), hash, bytes, packets, packets, null) { LeftOut = leftOut, Streams = streams };
    }

    /// <summary>Containers in the order they are tried: the Master's own first, then QuickTime for the data streams of an MP4 (it holds time codes, MP4
    /// does not), Matroska last.</summary>
    private static IEnumerable<Container> Candidates(string format, string extension, bool data)
    {
        string[] names = format.Split(',');
        Container matroska = new("mkv", "matroska");
        Container? own = names switch
        {
            _ when names.Contains("mp4") => extension.Equals(".mov", StringComparison.OrdinalIgnoreCase) ? new("mov", "mov") : new("mp4", "mp4"),
            _ when names.Contains("avi") => new("avi", "avi"),
            _ when names.Contains("mpegts") => new("ts", "mpegts"),
            _ when names.Contains("webm") && extension.Equals(".webm", StringComparison.OrdinalIgnoreCase) => new("webm", "webm"),
            _ when names.Contains("mjpeg") => new("avi", "avi"),
            _ => null,
        };
        return own is null ? [matroska] : data && own.Format == "mp4" ? [own, new("mov", "mov"), matroska] : [own, matroska];
    }

    private sealed record StreamKind(int Index, string Kind);

    // All streams; then without what is neither picture nor sound; then the video alone.
    private static IEnumerable<IReadOnlyList<StreamKind>> Keeps(IReadOnlyList<StreamKind> streams)
    {
        var fewer = streams.Where(s => s.Kind is "video" or "audio").ToList();
        yield return streams;
        if (fewer.Count < streams.Count) yield return fewer;
        if (fewer.Count > 1) yield return [streams[0]];
    }

    private static async Task<IReadOnlyList<StreamKind>> StreamsAsync(string video, CancellationToken cancel)
    {
        var streams = new List<StreamKind>();
        await ChildProgram.LinesAsync(
            Ffmpeg.Probe(TimeSpan.FromMinutes(5), video, "-show_entries", "stream=index,codec_type:stream_disposition=attached_pic", "-of", "csv=p=0"),
            line =>
            {
                string[] parts = line.Split(',');
                // A stream of a container with programs (MPEG-TS) is listed under its program and once more.
                if (parts.Length >= 2 && int.TryParse(parts[0], out int index) && streams.TrueForAll(s => s.Index != index))
                    streams.Add(new(index, parts.Length > 2 && parts[2] == "1" ? "picture" : parts[1]));
            }, cancel);
        // The video that is looked at goes first, so that the clip's stream 0 is always it.
        var first = streams.First(s => s.Kind == "video");
        return [first, .. streams.Where(s => s != first)];
    }

    private static double Round(double seconds) => Math.Round(seconds, 6);

    private static RefusedException Refuse(string what, string next) => new(what, "No clip was made; the Master is as it was.", next);
}
