using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Codecs in containers, as cameras and recorders deliver them: each is cut by stream copy, and an officer can watch each, as it is or as a
/// viewing copy. With EVIDENCEVAULT_SHOW_CLIPS set to a folder, what was made stays there with a page that shows it (scripts/show-clips).</summary>
public class ClipMatrixTests
{
    private sealed record Pair(string Codec, string Container, string[] Video, string[] Sound);

    private sealed record Line(Pair Pair, ClipReport Clip, string Got, string Shown, IReadOnlyList<string> Reasons, Played Played);

    private const string Scene = "testsrc2=size=320x240:rate=25:duration=5";

    private static readonly string[] Aac = ["-c:a", "aac", "-b:a", "64k"], Pcm = ["-c:a", "pcm_s16le"], Mp3 = ["-c:a", "libmp3lame"], Opus = ["-c:a", "libopus"], None = [];

    private static IEnumerable<Pair> Pairs()
    {
        string[] h264 = ["-c:v", "libx264", "-bf", "3", "-g", "25", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1"];
        string[] hevc = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25:bframes=3:pools=1", "-pix_fmt", "yuv420p"];
        string[] mpeg4 = ["-c:v", "mpeg4", "-g", "25", "-bf", "2", "-q:v", "4"], mjpeg = ["-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"];
        string[] vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "25", "-b:v", "400k"], av1 = ["-c:v", "libsvtav1", "-preset", "12", "-g", "25", "-svtav1-params", "lp=1"];
        yield return new("H.264", "mp4", [.. h264, "-timecode", "10:00:00:00"], Aac); // the time code is a data stream
        yield return new("H.264", "mkv", h264, Aac);
        yield return new("H.264", "avi", h264, Mp3);
        yield return new("H.264", "ts", h264, Aac);
        yield return new("H.264", "h264", h264, None);
        yield return new("H.265", "mp4", hevc, Aac);
        yield return new("H.265", "mkv", hevc, Aac);
        yield return new("H.265", "ts", hevc, Aac);
        yield return new("H.265", "h265", hevc, None);
        yield return new("MPEG-4", "mp4", mpeg4, Aac);
        yield return new("MPEG-4", "mkv", mpeg4, Mp3);
        yield return new("MPEG-4", "avi", mpeg4, Pcm);
        yield return new("MPEG-4", "ts", mpeg4, Aac);
        yield return new("MJPEG", "mp4", mjpeg, Aac);
        yield return new("MJPEG", "mkv", mjpeg, Pcm);
        yield return new("MJPEG", "avi", mjpeg, Pcm);
        yield return new("VP9", "mp4", vp9, Opus);
        yield return new("VP9", "mkv", vp9, Opus);
        yield return new("VP9", "webm", vp9, Opus);
        yield return new("AV1", "mp4", av1, Aac);
        yield return new("AV1", "mkv", av1, Opus);
        yield return new("AV1", "webm", av1, Opus);
    }

    [Fact]
    public async Task Every_codec_in_every_container_is_cut_as_it_is_and_can_be_watched()
    {
        using var bench = new Bench();
        string? show = Environment.GetEnvironmentVariable("EVIDENCEVAULT_SHOW_CLIPS") is { Length: > 0 } named ? Path.GetFullPath(named) : null;
        string folder = show ?? bench.Output();
        Directory.CreateDirectory(folder);
        await using var player = await Player.OpenAsync();
        var lines = new List<Line>();
        var wrong = new List<string>();
        foreach (var pair in Pairs())
        {
            string name = $"{pair.Codec.Replace(".", "", StringComparison.Ordinal)}-{pair.Container}";
            string[] sound = pair.Sound.Length > 0 ? ["-f", "lavfi", "-i", "sine=frequency=500:duration=5"] : [];
            string master = bench.Make($"{name}.{pair.Container}", ["-f", "lavfi", "-i", Scene, .. sound, .. pair.Video, .. pair.Sound]);
            var clip = await bench.Cutter.CutAsync(master, 2.3, 3.7, Path.Combine(folder, $"{name}.{pair.Container}"), default);
            string cut = Path.Combine(folder, clip.File);
            Assert.True(clip.Packets > 0 && clip.Packets == clip.PacketsOfMaster, name);
            // MPEG-TS begins at 1.4 s; elsewhere a key frame stands at 2 s.
            if (clip.GotStart > 2.3 + 1e-6 || clip.GotEnd < 3.7 - 0.05 || clip.GotStart < (pair.Container == "ts" ? 1.4 : 1.8)) wrong.Add($"{name}: {clip.GotStart} to {clip.GotEnd}");
            if (StandTogether(master, cut) is { } apart) wrong.Add($"{name}: {apart}");

            var probe = await bench.Probe.ProbeAsync(cut, default);
            var reasons = Pipeline.Analysis.Viewing.NeedsViewingCopy(probe);
            string shown = clip.File;
            if (reasons.Count > 0)
            {
                var copy = await bench.Viewing.MakeAsync(cut, "AB/1", clip.GotStart, Path.Combine(folder, name + "-viewing-copy.mp4"), null, default);
                Assert.Equal(probe.DecodedFrames, copy.Frames);
                shown = copy.File;
            }
            var played = await player.PlayAsync(Path.Combine(folder, shown), show is null ? null : Path.Combine(folder, name + ".png"));
            lines.Add(new(pair, clip, probe.Container, shown, reasons, played));
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {probe.Container}, {clip.PacketsOfMaster} of {clip.Packets} packets proven, {(reasons.Count == 0 ? "as it is" : "viewing copy")}: {(played.Plays ? "plays" : played.Why)} {string.Join(' ', clip.LeftOut)}");
        }
        if (show is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "index.html"), Page(lines));
            await player.ShowAsync(Path.Combine(folder, "index.html"), Path.Combine(folder, "index.png"));
        }
        Assert.Empty(wrong);
        Assert.All(lines, l => Assert.True(l.Played.Plays, $"{l.Pair.Codec} in {l.Pair.Container}: {l.Played.Why}"));
        Assert.Contains(lines, l => l.Reasons.Count == 0);
    }

    [Theory]
    [InlineData("-c:v", "libx265", "-x265-params", "log-level=none:pools=1")]
    [InlineData("-c:v", "mpeg4")]
    [InlineData("-c:v", "mjpeg", "-pix_fmt", "yuvj420p")]
    public async Task What_is_said_to_need_a_copy_does_not_play_in_this_browser_as_it_is_or_has_no_promise_to(params string[] codec)
    {
        using var bench = new Bench();
        string file = bench.Make("other.mp4", ["-f", "lavfi", "-i", Scene, .. codec]);
        Assert.NotEmpty(Pipeline.Analysis.Viewing.NeedsViewingCopy(await bench.Probe.ProbeAsync(file, default)));
        await using var player = await Player.OpenAsync();
        var played = await player.PlayAsync(file);
        TestContext.Current.TestOutputHelper?.WriteLine($"{codec[1]}: {played}");
        Assert.False(played.Plays);
    }

    /// <summary>Every packet of the clip has moved in time by the same, whatever its stream: sound and picture stand together as in the Master.</summary>
    private static string? StandTogether(string master, string clip)
    {
        var theirs = Packets(master).GroupBy(p => p.Hash).ToDictionary(g => g.Key, g => g.Select(p => p.Pts).ToList());
        var moved = Packets(clip).Where(p => theirs.TryGetValue(p.Hash, out var at) && at.Count == 1).Select(p => (p.Stream, By: p.Pts - theirs[p.Hash][0])).ToList();
        var streams = moved.GroupBy(m => m.Stream).Select(g => $"stream {g.Key} by {g.Min(m => m.By):0.####} to {g.Max(m => m.By):0.####} s");
        // AVI has no finer time than a packet's, and Opus in Matroska begins each file 6.5 ms early (RFC 7845: pre-skip).
        double slack = Path.GetExtension(clip) == ".avi" ? 0.06 : 0.01;
        return moved.Count == 0 || moved.Max(m => m.By) - moved.Min(m => m.By) < slack ? null : "moved: " + string.Join(", ", streams);
    }

    private static List<(int Stream, double Pts, string Hash)> Packets(string file)
    {
        var units = new Dictionary<int, double>();
        var packets = new List<(int, double, string)>();
        foreach (string line in Ask("ffmpeg", "-v", "error", "-copyts", "-i", "file:" + file, "-map", "0:v", "-map", "0:a?", "-c", "copy", "-avoid_negative_ts", "disabled", "-f", "framehash", "-hash", "sha256", "-").Split('\n'))
        {
            if (line.StartsWith("#tb ", StringComparison.Ordinal))
            {
                string[] parts = line[4..].Split(':', '/');
                units[int.Parse(parts[0], CultureInfo.InvariantCulture)] = double.Parse(parts[1], CultureInfo.InvariantCulture) / double.Parse(parts[2], CultureInfo.InvariantCulture);
            }
            string[] fields = line.Split(',', StringSplitOptions.TrimEntries);
            if (!line.StartsWith('#') && fields.Length >= 6 && int.TryParse(fields[0], out int stream) && long.TryParse(fields[2], out long pts) && long.TryParse(fields[1], out long dts))
                packets.Add((stream, (pts == long.MinValue ? dts : pts) * units[stream], fields[5])); // AVI gives an order only
        }
        return packets;
    }

    private static string Page(List<Line> lines)
    {
        var page = new StringBuilder("<!doctype html><html lang=en><meta charset=utf-8><title>Clips</title><style>body{font:16px sans-serif;margin:20px}td,th{padding:6px 10px;text-align:left;vertical-align:top;border-top:1px solid #bbb}video{width:200px;background:#444}</style>"
            + "<h1>Clips, one for each pair of codec and container</h1><p>Each was cut by stream copy and its packets found in the Master. Made by the test ClipMatrixTests.</p><table><tr><th>Master<th>Clip<th>Packets proven<th>Asked, got (PTS, s)<th>Watched<th>In Chromium");
        foreach (var l in lines)
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{l.Pair.Codec} in {l.Pair.Container}<td>{l.Got}{string.Concat(l.Clip.LeftOut.Select(x => "<br>" + WebUtility.HtmlEncode(x)))}<td>{l.Clip.PacketsOfMaster} of {l.Clip.Packets}<td>{l.Clip.AskedStart} to {l.Clip.AskedEnd}<br>{l.Clip.GotStart:0.###} to {l.Clip.GotEnd:0.###}<td>{(l.Reasons.Count == 0 ? "as it is" : "viewing copy: " + WebUtility.HtmlEncode(string.Join(' ', l.Reasons)))}<td><video controls muted preload=auto src=\"{Uri.EscapeDataString(l.Shown)}#t=1\"></video><br>{(l.Played.Plays ? "plays" : WebUtility.HtmlEncode(l.Played.Why))}");
        return page.Append("</table></html>").ToString();
    }

    private static string Ask(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (string a in arguments) start.ArgumentList.Add(a);
        using var process = Process.Start(start)!;
        return process.StandardOutput.ReadToEnd();
    }
}
