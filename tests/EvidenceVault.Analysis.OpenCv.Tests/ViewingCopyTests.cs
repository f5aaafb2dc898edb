using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using CsCheck;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>A viewing copy shows every frame at its own time, says what it is, and comes out the same twice.</summary>
public class ViewingCopyTests
{
    private const string Label = "AB/1  Master SHA-256 1a2b3c4d5e6f7a8b";

    private static Task<ViewingCopyReport> Copy(Bench bench, string video, string to = "copy.mp4") =>
        bench.Viewing.MakeAsync(video, Label, null, bench.File(to), null, default);

    /// <summary>PTS of each frame as ffmpeg decodes them, in exact ticks over the time base.</summary>
    private static List<double> Times(string file)
    {
        var start = new ProcessStartInfo("ffprobe") { RedirectStandardOutput = true };
        foreach (string a in (string[])["-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts:stream=time_base", "-of", "json", "-i", "file:" + file]) start.ArgumentList.Add(a);
        using var process = Process.Start(start)!;
        using var json = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        string[] unit = json.RootElement.GetProperty("streams")[0].GetProperty("time_base").GetString()!.Split('/');
        return [.. json.RootElement.GetProperty("frames").EnumerateArray().Where(f => f.TryGetProperty("pts", out _)).Select(f => f.GetProperty("pts").GetInt64() * double.Parse(unit[0]) / double.Parse(unit[1]))];
    }

    private static void SameTimes(string source, ViewingCopyReport copy, string file)
    {
        var theirs = Times(source);
        // A raw stream has no times: its frames follow at the rate that it states, 25 a second.
        if (theirs.Count == 0) theirs = [.. Enumerable.Range(0, 75).Select(i => i / 25.0)];
        var ours = Times(file);
        Assert.Equal(theirs.Count, ours.Count);
        Assert.Equal(theirs.Count, copy.Frames);
        for (int i = 0; i < ours.Count; i++) Assert.Equal(theirs[i], ours[i] + copy.MasterPts, 5e-6);
    }

    private static readonly string[] Scene = ["-f", "lavfi", "-i", "testsrc2=size=352x288:rate=25:duration=3"];

    [Fact]
    public async Task Every_frame_of_every_kind_of_source_stands_at_its_own_time()
    {
        using var bench = new Bench();
        (string Name, string[] Arguments)[] sources =
        [
            ("hevc.mp4", [.. Scene, "-f", "lavfi", "-i", "sine=duration=3", "-c:v", "libx265", "-x265-params", "log-level=none:pools=1", "-pix_fmt", "yuv420p10le", "-c:a", "aac"]),
            ("late.ts", [.. Scene, "-c:v", "mpeg2video", "-output_ts_offset", "4711.3"]),
            ("pal.avi", [.. Scene, "-vf", "setsar=12/11", "-c:v", "mpeg4"]),
            ("ntsc.avi", ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30000/1001:duration=3", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]),
            ("uneven.mkv", [.. Scene, "-vf", "select='not(eq(mod(n\\,7)\\,3))*not(between(n\\,30\\,44))'", "-fps_mode", "vfr", "-c:v", "libx264", "-bf", "3", "-pix_fmt", "yuv422p"]),
            ("raw.h265", [.. Scene, "-c:v", "libx265", "-x265-params", "log-level=none:pools=1"]),
        ];
        foreach (var (name, arguments) in sources)
        {
            string source = bench.Make(name, arguments);
            var copy = await Copy(bench, source, name + ".copy.mp4");
            SameTimes(source, copy, bench.File(copy.File));
            Assert.NotEmpty(copy.Reasons);
            var probe = await bench.Probe.ProbeAsync(bench.File(copy.File), default);
            Assert.Equal(("h264", "yuv420p", copy.Width, copy.Height), (probe.Codec, probe.PixelFormat, probe.Width, probe.Height));
            Assert.Empty(Pipeline.Analysis.Viewing.NeedsViewingCopy(probe));
            Assert.Equal(name == "hevc.mp4" ? ["aac"] : [], probe.Audio);
        }
    }

    [Fact]
    public async Task A_copy_of_real_footage_of_variable_rate_keeps_every_frame_at_its_time()
    {
        using var bench = new Bench();
        string source = Bench.Footage("dvrscan_traffic_camera_vfr.mp4");
        SameTimes(source, await Copy(bench, source), bench.File("copy.mp4"));
    }

    [Fact]
    public async Task The_copy_says_what_it_is_in_the_picture_and_in_its_metadata_and_hides_nothing()
    {
        using var bench = new Bench();
        string source = bench.Make("scene.avi", "-f", "lavfi", "-i", "color=0x204060:size=352x288:rate=25:duration=2", "-c:v", "mpeg4");
        var copy = await Copy(bench, source);
        Assert.True(copy.Height > 288);
        string tags = Ask(bench.File("copy.mp4"), "-show_entries", "format_tags=title,comment", "-of", "default=nk=1:nw=1");
        Assert.Contains("VIEWING COPY - NOT THE EVIDENCE: AB/1  Master SHA-256 1a2b3c4d5e6f7a8b", tags);
        Assert.Contains("0 s here is PTS 0 s of the Master", tags);
        // The picture is as it was; below it, on black, there is writing.
        bench.Make("frame.png", "-ss", "1", "-i", bench.File("copy.mp4"), "-frames:v", "1");
        using var frame = OpenCvSharp.Cv2.ImRead(bench.File("frame.png"));
        using var scene = new OpenCvSharp.Mat(frame, new OpenCvSharp.Rect(0, 0, 352, 286));
        using var band = new OpenCvSharp.Mat(frame, new OpenCvSharp.Rect(0, 289, 352, frame.Height - 289));
        OpenCvSharp.Cv2.MeanStdDev(scene, out _, out var spread);
        Assert.True(spread.Val0 < 2 && spread.Val1 < 2 && spread.Val2 < 2);
        OpenCvSharp.Cv2.MeanStdDev(band, out _, out spread);
        Assert.True(spread.Val2 > 30);
    }

    [Fact]
    public async Task The_same_footage_gives_the_same_bytes_twice()
    {
        using var bench = new Bench();
        string source = bench.Make("scene.mkv", [.. Scene, "-f", "lavfi", "-i", "sine=duration=3", "-c:v", "libx265", "-x265-params", "log-level=none:pools=1", "-c:a", "pcm_mulaw"]);
        var one = await Copy(bench, source, "one.mp4");
        var two = await Copy(bench, source, "two.mp4");
        Assert.Equal(one.Sha256, two.Sha256);
        Assert.Equal(one.Sha256, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(bench.File("two.mp4")))));
    }

    [Fact]
    public async Task A_turned_recording_with_oblong_pixels_is_copied_upright_and_square()
    {
        using var bench = new Bench();
        var copy = await Copy(bench, Bench.Footage("psd_issue-134-rotate.mp4"));
        var probe = await bench.Probe.ProbeAsync(bench.File("copy.mp4"), default);
        Assert.Equal((0, "1:1"), (probe.Rotation, probe.PixelAspect));
        Assert.True(copy.Height > copy.Width);
        Assert.Contains(copy.Reasons, r => r.Contains("turned by a tag"));
    }

    [Fact]
    public async Task A_hostile_name_and_folder_are_only_names()
    {
        using var bench = new Bench();
        string folder = bench.Output("it's: a [fol,der];%d\\x");
        string source = bench.Make("plain.avi", [.. Scene, "-c:v", "mpeg4"]);
        File.Move(source, Path.Combine(folder, "-i 'x'.avi"));
        var copy = await bench.Viewing.MakeAsync(Path.Combine(folder, "-i 'x'.avi"), "AB/1 ', drawbox=t=fill,[x]%{pts}", null, Path.Combine(folder, "c:opy'.mp4"), null, default);
        Assert.Equal(75, copy.Frames);
        Assert.Equal(["-i 'x'.avi", "c:opy'.mp4"], Directory.GetFileSystemEntries(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_no_footage_or_would_be_written_over_is_refused_and_nothing_is_left()
    {
        using var bench = new Bench();
        string source = bench.Make("plain.avi", [.. Scene, "-c:v", "mpeg4"]);
        await File.WriteAllTextAsync(bench.File("there.mp4"), "mine");
        await File.WriteAllTextAsync(bench.File("text.avi"), "not footage");
        await Assert.ThrowsAsync<RefusedException>(() => Copy(bench, source, "there.mp4"));
        await Assert.ThrowsAsync<EvidenceException>(() => Copy(bench, bench.File("text.avi"), "new.mp4"));
        Assert.Equal("mine", await File.ReadAllTextAsync(bench.File("there.mp4")));
        Assert.Equal(3, Directory.GetFileSystemEntries(bench.Folder).Length);
    }

    [Fact]
    public async Task Clips_that_a_browser_cannot_play_get_a_copy_whose_times_are_the_masters()
    {
        using var bench = new Bench();
        string folder = bench.Output();
        string master = bench.Make("walk.avi", "-f", "lavfi", "-i", "color=gray:size=320x240:rate=10:duration=14", "-f", "lavfi", "-i", "color=white:size=30x60:rate=10:duration=14",
            "-filter_complex", "[0][1]overlay=x='if(between(t,5,9),(t-5)*70-30,-99)':y=120,noise=alls=4:allf=t", "-c:v", "mpeg4", "-g", "10", "-q:v", "3");
        var report = await bench.Analyser.AnalyseAsync(master, folder, new() { Label = Label }, null, default);
        Assert.Null(report.Problem);
        var copy = Assert.Single(report.ViewingCopies);
        var clip = Assert.Single(report.Clips);
        Assert.Equal((1, clip.GotStart), (copy.Segment, copy.MasterPts));
        Assert.Equal(Times(Path.Combine(folder, clip.File)).Count, copy.Frames);
        Assert.DoesNotContain(report.Notes, n => n.Contains("no viewing copy"));
    }

    [Fact]
    public void What_plays_in_a_browser_needs_no_copy_and_what_does_not_says_why()
    {
        var plays = new ProbeReport { Container = "mov,mp4,m4a,3gp,3g2,mj2", Codec = "h264", PixelFormat = "yuv420p", PixelAspect = "1:1", Audio = ["aac"], Width = 640, Height = 360 };
        Assert.Empty(Pipeline.Analysis.Viewing.NeedsViewingCopy(plays));
        Assert.Empty(Pipeline.Analysis.Viewing.NeedsViewingCopy(plays with { PixelAspect = null }));
        (ProbeReport Probe, string Says)[] others =
        [
            (plays with { Codec = "hevc" }, "hevc"), (plays with { Codec = "mpeg4" }, "mpeg4"), (plays with { Container = "avi" }, "container"), (plays with { Container = "h264" }, "container"),
            (plays with { PixelFormat = "yuv422p10le" }, "yuv422p10le"), (plays with { PixelAspect = "16:11" }, "square"), (plays with { Rotation = 90 }, "90"), (plays with { Audio = ["pcm_mulaw"] }, "pcm_mulaw"),
        ];
        foreach (var (probe, says) in others) Assert.Contains(says, Assert.Single(Pipeline.Analysis.Viewing.NeedsViewingCopy(probe)));
    }

    [Fact]
    public void Times_only_ever_go_forward_and_keep_what_the_source_says_where_that_does() =>
        Gen.Select(Gen.Long[-50, 200].Array[1, 60], Gen.Bool.Array[60], Gen.Long[-20, 20], Gen.Long[1, 9]).Sample((raw, known, start, step) =>
        {
            var source = raw.Select((t, i) => known[i] ? t : (long?)null).ToList();
            var (ticks, moved) = CopiedTimes.Of(source, start, step);
            Assert.Equal(source.Count, ticks.Count);
            Assert.True(ticks[0] >= 0 && ticks.Zip(ticks.Skip(1)).All(p => p.First < p.Second));
            Assert.Equal(moved, source.Where((t, i) => t is null || t - start != ticks[i]).Count());
        });

    private static string Ask(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo("ffprobe") { RedirectStandardOutput = true };
        foreach (string a in (string[])["-v", "error", .. arguments, "-i", "file:" + file]) start.ArgumentList.Add(a);
        using var process = Process.Start(start)!;
        return process.StandardOutput.ReadToEnd();
    }
}
