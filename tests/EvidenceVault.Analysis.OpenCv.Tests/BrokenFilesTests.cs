using System.Security.Cryptography;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Files that were cut off or overwritten are analysed as far as they go, and the report says how far that is.</summary>
public class BrokenFilesTests
{
    private static readonly string[] Scene = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=6", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "0"];

    private static async Task<AnalysisReport> Analyse(Bench bench, string name, byte[] bytes)
    {
        string file = bench.File("broken-" + name);
        await File.WriteAllBytesAsync(file, bytes);
        var report = await bench.Analyser.AnalyseAsync(file, null, new(), null, default);
        Assert.Null(report.Problem);
        return report;
    }

    private static void Told(AnalysisReport report)
    {
        Assert.NotEmpty(report.Skipped);
        Assert.Contains(report.Notes, n => n.StartsWith("Not all of the file can be read. It is readable from ", StringComparison.Ordinal));
        Assert.Equal(report.Readable.Select(r => r.Start).Order(), report.Readable.Select(r => r.Start));
        Assert.True(report.Readable.Zip(report.Readable.Skip(1), (a, b) => a.End <= b.Start).All(x => x), "spans overlap");
    }

    [Theory]
    [InlineData("whole.mp4", "libx264")]
    [InlineData("whole.avi", "mpeg4")]
    [InlineData("whole.ts", "libx264")]
    [InlineData("whole.mkv", "mjpeg")]
    public async Task A_whole_file_is_readable_from_its_first_frame_to_its_last(string name, string codec)
    {
        using var bench = new Bench();
        var report = await bench.Analyser.AnalyseAsync(bench.Make(name, [.. Scene, "-c:v", codec]), null, new(), null, default);
        var span = Assert.Single(report.Readable);
        Assert.Equal((1, 150), (span.FirstFrame, span.Frames));
        Assert.Equal(6, span.End - span.Start, 2);
        Assert.Empty(report.Skipped);
    }

    [Theory]
    [InlineData("cut.mp4", "libx264", "-movflags", "+faststart")]
    [InlineData("cut.avi", "mpeg4", "-flags", "0")]
    public async Task A_file_that_was_cut_off_is_read_up_to_the_cut(string name, string codec, string option, string value)
    {
        using var bench = new Bench();
        byte[] whole = await File.ReadAllBytesAsync(bench.Make(name, [.. Scene, "-c:v", codec, option, value]));
        var report = await Analyse(bench, name, whole[..(whole.Length / 2)]);
        Told(report);
        var span = Assert.Single(report.Readable);
        Assert.Equal(0, span.Start, 2);
        Assert.InRange(span.End, 1.5, 4.5);
        Assert.Equal(span.End, span.Frames / 25.0, 1);
        Assert.InRange(report.Skipped[^1].End, span.End, 6.1);
    }

    [Fact]
    public async Task A_transport_stream_that_was_cut_off_is_read_up_to_the_cut()
    {
        using var bench = new Bench();
        byte[] whole = await File.ReadAllBytesAsync(bench.Make("cut.ts", [.. Scene, "-c:v", "libx264"]));
        var report = await Analyse(bench, "cut.ts", whole[..(whole.Length / 2)]);
        Assert.Equal(report.Frames, report.Readable.Sum(r => r.Frames) + report.Skipped.Sum(s => s.Damaged));
        Assert.InRange(report.Readable[^1].End - report.Readable[0].Start, 1.5, 4.5);
    }

    [Theory]
    [InlineData("hole.mp4", "libx264")]
    [InlineData("hole.ts", "libx264")]
    [InlineData("hole.avi", "mpeg4")]
    [InlineData("hole.mkv", "libx265")]
    public async Task A_hole_of_zeros_in_the_middle_parts_what_can_be_read(string name, string codec)
    {
        using var bench = new Bench();
        byte[] bytes = await File.ReadAllBytesAsync(bench.Make(name, [.. Scene, "-c:v", codec]));
        bytes.AsSpan(bytes.Length / 2, bytes.Length / 10).Clear();
        var report = await Analyse(bench, name, bytes);
        Told(report);
        double first = report.Readable[0].Start;
        Assert.InRange(report.Skipped[0].Start - first, 1.5, 4);
        Assert.InRange(report.Skipped[^1].End - first, 2, 6.5);
        Assert.InRange(report.Readable.Sum(r => r.Frames), 70, 148);
    }

    [Fact]
    public async Task A_broken_key_frame_spoils_what_leans_on_it_and_no_more()
    {
        using var bench = new Bench();
        string file = bench.Make("key.mp4", [.. Scene, "-c:v", "libx264", "-movflags", "+faststart"]);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        var probed = await new FootageProbe().ProbeAsync(file, countFrames: false, default);
        long at = await PositionAsync(file, frame: 50); // the third key frame, at 2 s
        RandomNumberGenerator.Fill(bytes.AsSpan((int)at + 60, 1500));
        var report = await Analyse(bench, "key.mp4", bytes);
        Told(report);
        Assert.Contains(report.Skipped, s => s.Start is >= 1.9 and <= 2.01);
        Assert.Equal(2, report.Readable[0].End, 2);
        Assert.Equal(6, report.Readable[^1].End, 2);
        Assert.Equal(150, probed.ClaimedFrames);
    }

    [Theory]
    [InlineData("hole.mp4", "libx264")]
    [InlineData("hole.ts", "libx265")]
    [InlineData("whole.mp4", "libx264")]
    public async Task One_thread_or_two_give_the_same_report_and_the_same_files(string name, string codec)
    {
        using var bench = new Bench();
        string file = bench.Make(name, [.. Scene, "-c:v", codec, .. name.EndsWith("mp4", StringComparison.Ordinal) ? ["-movflags", "+faststart"] : Array.Empty<string>()]);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        if (name.StartsWith("hole", StringComparison.Ordinal)) bytes.AsSpan(bytes.Length / 2, bytes.Length / 10).Clear();
        await File.WriteAllBytesAsync(file, bytes);
        var found = new List<string>();
        foreach (int threads in (int[])[1, 2, 0])
        {
            string folder = bench.Output("out" + threads);
            await bench.Analyser.AnalyseAsync(file, folder, new() { Threads = threads }, null, default);
            found.Add(string.Join('\n', Directory.EnumerateFiles(folder).Order().Select(f => $"{Path.GetFileName(f)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(f)))}")));
        }
        Assert.True(found[0].Split('\n').Length >= 3, found[0]);
        Assert.Equal(found[0], found[1]);
        Assert.Equal(found[0], found[2]);
    }

    private static async Task<long> PositionAsync(string file, int frame)
    {
        var positions = new List<long>();
        await ChildProgram.LinesAsync(Ffmpeg.Probe(TimeSpan.FromMinutes(1), file, "-select_streams", "v:0", "-show_entries", "packet=pos", "-of", "csv=p=0"),
            line => { if (long.TryParse(line.TrimEnd(','), out long pos)) positions.Add(pos); }, default);
        return positions[frame];
    }
}
