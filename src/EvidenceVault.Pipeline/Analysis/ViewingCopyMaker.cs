using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Makes viewing copies: what a browser cannot play, re-encoded and labelled. A copy is for looking; the Master is the evidence.</summary>
public interface IViewingCopyMaker
{
    /// <summary>Re-encodes every frame that decodes to H.264 in MP4 (sound to AAC), each at its own time, upright, with square pixels and
    /// a band below the picture that says what it is. The same call gives the same bytes. A copy that does not hold each
    /// frame at its time is thrown away.</summary>
    /// <param name="video">The Master, or a clip of it.</param>
    /// <param name="label">What it is a copy of (<see cref="ViewingLabel.Of"/>).</param>
    /// <param name="masterPts">The Master's PTS, seconds, at the first frame of a clip; null where the video is the Master.</param>
    /// <param name="outputFile">Where it goes; must not exist. Its extension becomes <c>.mp4</c>.</param>
    /// <param name="progress">Fraction done, 0 to 1.</param>
    /// <param name="cancel">Ends the work; nothing is left at <paramref name="outputFile"/>.</param>
    /// <exception cref="RefusedException">The output exists, or the file is a still, which needs no copy.</exception>
    /// <exception cref="EvidenceException">No frame decodes, or the copy would not show each frame at its time.</exception>
    /// <exception cref="UnreachableException">ffmpeg is not installed.</exception>
    Task<ViewingCopyReport> MakeAsync(string video, string label, double? masterPts, string outputFile, IProgress<double>? progress, CancellationToken cancel);
}

internal sealed partial class ViewingCopyMaker(IFootageProbe probe) : IViewingCopyMaker
{
    private const int LongestSide = 1920, NarrowestBand = 320, ThreeLinesBelow = 640;
    private static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    // bf 0: no frame is shown in another order than it is stored, so no edit list is needed and every player starts at 0. x264 gives
    // the same bytes for the same number of threads, whatever the machine. A key frame every two seconds, for scrubbing.
    private static readonly string[] Video =
    [
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-profile:v", "high", "-pix_fmt", "yuv420p", "-bf", "0", "-threads:v", "2",
        "-force_key_frames", "expr:gte(t,n_forced*2)", "-color_range", "tv",
    ];

    private static readonly string[] Audio = ["-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "48000", "-threads:a", "1"];

    public async Task<ViewingCopyReport> MakeAsync(string video, string label, double? masterPts, string outputFile, IProgress<double>? progress, CancellationToken cancel)
    {
        outputFile = Path.ChangeExtension(Path.GetFullPath(outputFile), ".mp4");
        if (Path.Exists(outputFile)) throw Exists(null);
        var facts = await probe.ProbeAsync(video, countFrames: false, cancel);
        if (facts.Problem is { } problem) throw Fail(problem);
        if (facts.Container is "jpeg" or "jpeg-folder")
            throw new RefusedException("Stills need no viewing copy: every browser shows them.", "Nothing was made.", "Open the pictures themselves.");
        if (TimeBase.Parse(facts.TimeBase) is not { } unit) throw Fail("The video states no time base.");
        var (_, json) = await ChildProgram.BytesAsync(Ffmpeg.Probe(TimeSpan.FromMinutes(5), video, "-show_streams", "-of", "json"), cancel);
        int stream = ProbeReading.Streams(Encoding.UTF8.GetString(json)).VideoStream ?? 0;

        double first = facts.FirstPts ?? 0;
        long start = (long)Math.Round(first / unit.Seconds), step = Math.Max(1, (long)Math.Round(1 / (facts.FrameRate is > 0 and < 1000 ? facts.FrameRate.Value : 25) / unit.Seconds));
        double offset = Math.Round(masterPts ?? (start * unit.Seconds), 6);
        var layout = Layout(facts);
        using var scratch = Scratch.New(Path.GetDirectoryName(outputFile)!, ".evidencevault-viewing-");
        string font = Path.Combine(scratch.Path, "label.ttf");
        await WriteFontAsync(font, cancel);

        string? because = null;
        foreach (bool sound in facts.Audio.Count > 0 ? [true, false] : (bool[])[false])
        {
            string made = Path.Combine(scratch.Path, sound ? "copy.mp4" : "silent.mp4");
            string graph = $"showinfo=checksum=0,{CopiedTimes.Filter(start, step)},{layout.Graph(font, ViewingLabel.Plain(label), offset)}";
            IEnumerable<string> arguments =
            [
                "-hide_banner", "-nostdin", "-nostats", "-v", "info", "-copyts", .. Ffmpeg.Input(video), "-map", $"0:{stream}", .. sound ? ["-map", "0:a:0"] : Array.Empty<string>(),
                "-filter:v", graph, "-fps_mode", "passthrough", "-enc_time_base:v", "-1", .. Video,
                // Sound that begins before the first picture is cut there; where it begins later or has a gap, silence stands in.
                .. sound ? ["-filter:a", $"asetpts=PTS-({Ffmpeg.Number(start * unit.Seconds)}/TB),aresample=async=1:first_pts=0", .. Audio] : Array.Empty<string>(),
                "-map_metadata", "-1", "-map_chapters", "-1", "-metadata", $"title={ViewingLabel.Notice}: {ViewingLabel.Plain(label)}",
                "-metadata", string.Create(CultureInfo.InvariantCulture, $"comment=Re-encoded for viewing. 0 s here is PTS {offset:0.######} s of the Master. The Master is the evidence."),
                "-fflags", "+bitexact", "-flags", "+bitexact", "-movflags", "+faststart", "-f", "mp4", "-n", "file:" + made,
            ];
            var seen = new List<long?>();
            var result = await ChildProgram.RunAsync(new("ffmpeg", [.. arguments], Patience), async (output, token) => { await output.CopyToAsync(Stream.Null, token); return true; }, line =>
            {
                if (Shown().Match(line) is not { Success: true } shown) return;
                seen.Add(long.TryParse(shown.Groups[1].Value, CultureInfo.InvariantCulture, out long pts) ? pts : null);
                if (seen.Count % 50 == 0 && seen[^1] is { } at && facts.LastPts - first is > 0 and var span)
                    progress?.Report(Math.Clamp(((at * unit.Seconds) - first) / span, 0, 1));
            }, cancel);
            if (!result.Good || !File.Exists(made)) { because = result.Reason; continue; }
            if (seen.Count == 0) throw Fail("No frame of the video decodes.");
            var (expected, moved) = CopiedTimes.Of(seen, start, step);
            if (await DifferenceAsync(made, expected, unit, cancel) is { } difference) { because = difference; continue; }
            var (hash, bytes) = await PublishAsync(made, outputFile, cancel);
            return new(Path.GetFileName(outputFile), hash, bytes, expected.Count, offset, layout.Width, layout.Height, Viewing.NeedsViewingCopy(facts), null)
            {
                Method = string.Join(' ', Video.Concat(sound ? Audio : [])),
                Notes = [.. Notes(facts, layout, sound, moved, because)],
            };
        }
        throw Fail($"The copy could not be made ({Names.Printable(because ?? "unknown")}).");
    }

    private static IEnumerable<string> Notes(ProbeReport facts, BandLayout layout, bool sound, int moved, string? because)
    {
        if (layout.Reduced) yield return $"The picture is made smaller, from {facts.Width} by {facts.Height} pixels to {layout.PictureWidth} by {layout.PictureHeight}; the Master has the detail.";
        if (moved > 0) yield return $"{moved} frames of the source have no time, or one that runs back; they follow the frame before.";
        if (facts.Audio.Count > 0 && !sound) yield return $"The sound could not be copied ({Names.Printable(because ?? "unknown")}); the copy is silent.";
        else if (facts.Audio.Count > 1) yield return $"The source has {facts.Audio.Count} sound tracks; the copy has the first.";
    }

    /// <summary>What differs between the copy's times and those it should have; null where nothing does.</summary>
    private static async Task<string?> DifferenceAsync(string made, List<long> expected, TimeBase unit, CancellationToken cancel)
    {
        TimeBase? own = null;
        await ChildProgram.LinesAsync(Ffmpeg.Probe(TimeSpan.FromMinutes(5), made, "-select_streams", "v:0", "-show_entries", "stream=time_base", "-of", "csv=p=0"), line => own ??= TimeBase.Parse(line.Trim()), cancel);
        var got = new List<long>(expected.Count);
        await ChildProgram.LinesAsync(Ffmpeg.Probe(TimeSpan.FromMinutes(30), made, "-select_streams", "v:0", "-show_entries", "packet=pts", "-of", "csv=p=0"),
            line => { if (long.TryParse(line.TrimEnd(','), CultureInfo.InvariantCulture, out long pts)) got.Add(pts); }, cancel);
        if (own is not { } scale || got.Count != expected.Count) return $"it holds {got.Count} frames of {expected.Count}";
        got.Sort();
        for (int i = 0; i < got.Count; i++)
            if (!scale.Same(got[i], expected[i], unit)) return string.Create(CultureInfo.InvariantCulture, $"frame {i} stands at {got[i] * scale.Seconds:0.######} s and not at {expected[i] * unit.Seconds:0.######} s");
        return null;
    }

    private static async Task<(string Hash, long Bytes)> PublishAsync(string made, string outputFile, CancellationToken cancel)
    {
        string hash;
        long bytes;
        await using (var file = new FileStream(made, FileMode.Open, FileAccess.ReadWrite))
        {
            bytes = file.Length;
            hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
            file.Flush(flushToDisk: true);
        }
        try { File.Move(made, outputFile, overwrite: false); }
        catch (IOException cause) when (File.Exists(outputFile)) { throw Exists(cause); }
        return (hash, bytes);
    }

    // The typeface that the reports carry: what a system has installed would make other bytes on another machine.
    private static async Task WriteFontAsync(string path, CancellationToken cancel)
    {
        await using var from = typeof(ViewingCopyMaker).Assembly.GetManifestResourceStream("LiberationSans-Regular.ttf")!;
        await using var to = new FileStream(path, FileMode.CreateNew);
        await from.CopyToAsync(to, cancel);
    }

    private static BandLayout Layout(ProbeReport facts)
    {
        var (width, height) = Viewing.Size(facts, LongestSide);
        var (full, _) = Viewing.Size(facts, int.MaxValue);
        int band = Math.Max(width, NarrowestBand), lines = band < ThreeLinesBelow ? 3 : 2;
        int text = Math.Clamp(band / (lines == 3 ? 24 : 44), 12, 34), line = text * 3 / 2;
        return new(width, height, band, (lines * line) + (text / 2 * 2), text, line, lines, width < full);
    }

    /// <summary>Where picture and words stand. The band is added below: nothing of the scene is covered.</summary>
    private sealed record BandLayout(int PictureWidth, int PictureHeight, int Width, int BandHeight, int Text, int Line, int Lines, bool Reduced)
    {
        public int Height => (PictureHeight + BandHeight) / 2 * 2;

        public string Graph(string font, string label, double offset)
        {
            // drawtext reads the frame's own time, which the copy counts from 0: the offset makes it the Master's.
            string pts = string.Create(CultureInfo.InvariantCulture, $"PTS %{{pts\\:hms\\:{offset:0.######}}}");
            IEnumerable<(string Text, string Colour)> lines = Lines == 3
                ? [(ViewingLabel.Notice, "0xFFDD00"), (label, "white"), (pts, "white")]
                : [(ViewingLabel.Notice, "0xFFDD00"), ($"{label}   {pts}", "white")];
            return string.Create(CultureInfo.InvariantCulture, $"scale={PictureWidth}:{PictureHeight}:flags=bicubic+accurate_rnd+bitexact:out_range=tv,setsar=1,pad={Width}:{Height}:(ow-iw)/2:0:black,")
                + string.Join(',', lines.Select((l, i) => string.Create(CultureInfo.InvariantCulture,
                    $"drawtext=fontfile={Escaped(font)}:fontsize={Text}:fontcolor={l.Colour}:x={Text / 2}:y={PictureHeight + (Text / 2) + (i * Line)}:text='{l.Text}'")))
                + ",format=yuv420p";
        }

        // Once for the option, once for the graph (ffmpeg-filters, "Notes on filtergraph escaping").
        private static string Escaped(string path) => Escape(Escape(path, "\\':"), "\\'[],;");

        private static string Escape(string text, string special) => string.Concat(text.Select(c => special.Contains(c) ? "\\" + c : c.ToString()));
    }

    private static EvidenceException Fail(string what) => new(what, "No viewing copy was made; the Master is as it was.", "Retrieve the Master, or a clip of it, and look at it with a player of its format.");

    private static RefusedException Exists(Exception? cause) =>
        new("The viewing copy was not written, because a file of its name is there already.", "Neither the Master nor that file was touched.", "Choose another name with -o.", cause);

    [GeneratedRegex(@"showinfo.* n: *\d+ pts: *(\S+) pts_time:", RegexOptions.CultureInvariant)]
    private static partial Regex Shown();
}
