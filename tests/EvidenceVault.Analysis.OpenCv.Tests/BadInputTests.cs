using System.Buffers.Binary;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Whatever the file is, the caller gets a report that says what was wrong and what it means.</summary>
public class BadInputTests
{
    private static readonly string[] Scene = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=3", "-pix_fmt", "yuv420p"];

    private static Task<AnalysisReport> Analyse(Bench bench, string file, AnalysisLimits? limits = null) =>
        bench.Analyser.AnalyseAsync(file, null, new() { Limits = limits ?? new() }, null, default);

    private static void Told(AnalysisReport report)
    {
        Assert.NotNull(report.Problem);
        Assert.Contains("the Master is whole and unaltered", report.Problem);
        Assert.Empty(report.Segments);
    }

    [Fact]
    public async Task Frames_that_are_minutes_apart_are_looked_at_and_end_nothing()
    {
        using var bench = new Bench();
        string file = bench.Make("lapse.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=1:duration=6", "-vf", "setpts=N*90/TB", "-r", "1/90", "-pix_fmt", "yuv420p", "-c:v", "libx264");
        foreach (bool exhaustive in (bool[])[true, false])
        {
            var report = await bench.Analyser.AnalyseAsync(file, null, new() { Exhaustive = exhaustive }, null, default);
            Assert.Null(report.Problem);
            Assert.True(report.Frames > 1);
        }
    }

    [Fact]
    public async Task Files_that_are_no_footage_are_told_in_a_sentence()
    {
        using var bench = new Bench();
        await File.WriteAllBytesAsync(bench.File("empty.mp4"), []);
        await File.WriteAllTextAsync(bench.File("text.mp4"), "Not a video at all.\n");
        byte[] noise = new byte[200_000];
        new Random(7).NextBytes(noise);
        await File.WriteAllBytesAsync(bench.File("noise.mp4"), noise);
        byte[] whole = await File.ReadAllBytesAsync(bench.Make("whole.mp4", Scene));
        int index = whole.AsSpan().IndexOf("moov"u8);
        await File.WriteAllBytesAsync(bench.File("cut.mp4"), whole[..(index - 4)]);
        bench.Make("sound.m4a", "-f", "lavfi", "-i", "sine=duration=1");
        foreach (string name in (string[])["empty.mp4", "text.mp4", "noise.mp4", "cut.mp4", "sound.m4a", "not-there.mp4"])
            Told(await Analyse(bench, bench.File(name)));
        Assert.Contains("sound but no video", (await Analyse(bench, bench.File("sound.m4a"))).Problem);
    }

    [Fact]
    public async Task A_ten_hour_header_on_a_three_frame_file_is_not_believed()
    {
        using var bench = new Bench();
        string file = bench.Make("long.mp4", ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=0.3", "-pix_fmt", "yuv420p"]);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        // ISO/IEC 14496-12 8.2.2: version 0 mvhd, time scale 12 bytes and duration 16 bytes after the flags.
        int mvhd = bytes.AsSpan().IndexOf("mvhd"u8) + 4;
        uint scale = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(mvhd + 12));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(mvhd + 16), 36_000 * scale);
        await File.WriteAllBytesAsync(file, bytes);
        var report = await Analyse(bench, file);
        Assert.Null(report.Problem);
        Assert.Equal(3, report.Frames);
    }

    [Fact]
    public async Task Frames_of_no_size_and_of_monstrous_size_are_told_and_not_tried()
    {
        using var bench = new Bench();
        byte[] bytes = await File.ReadAllBytesAsync(bench.Make("size.avi", [.. Scene, "-c:v", "mjpeg"]));
        int header = bytes.AsSpan().IndexOf("strf"u8) + 8;
        foreach (int side in (int[])[0, 16384])
        {
            byte[] changed = [.. bytes];
            BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(header + 4), side);
            BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(header + 8), side);
            string file = bench.File($"size-{side}.avi");
            await File.WriteAllBytesAsync(file, changed);
            var report = await Analyse(bench, file);
            Assert.True(report.Problem is not null || report.Frames > 0, "neither a report of frames nor a problem");
        }
    }

    [Theory]
    [InlineData("-i.mp4")]
    [InlineData("a\nb.mp4")]
    [InlineData("http:__x.mp4")]
    [InlineData("concat:a|b.mp4")]
    [InlineData("%03d.mp4")]
    [InlineData("🎥 é.mp4")]
    public async Task A_hostile_name_is_only_a_name(string name)
    {
        using var bench = new Bench();
        File.Move(bench.Make("plain.mp4", Scene), bench.File(name));
        var report = await Analyse(bench, bench.File(name));
        Assert.Null(report.Problem);
        Assert.Equal(30, report.Frames);
        Assert.True((await bench.Cutter.CutAsync(bench.File(name), 0, 1, bench.File("clip.mp4"), default)).Packets > 0);
    }

    [Theory]
    [InlineData("#!/bin/sh\nkill -SEGV $$\n", "SIGSEGV")]
    [InlineData("#!/bin/sh\nexit 7\n", "exit code 7")]
    [InlineData("#!/bin/sh\necho '{' > analysis.json\n", "cannot be read")]
    [InlineData("#!/bin/sh\nexit 0\n", "without a report")]
    [InlineData("#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x\nhead -c 3000000 /dev/urandom >&2\n", "without a report")]
    [InlineData("#!/bin/sh\nsleep 600 & sleep 600\n", "longer than")]
    [InlineData("#!/bin/sh\nhead -c 30000000 /dev/zero > big\nsleep 600\n", "wrote more than")]
    [InlineData("#!/bin/sh\nx=$(head -c 150000000 /dev/zero | tr '\\0' x)\nsleep 600\n", "memory")]
    public async Task However_the_program_ends_the_caller_gets_a_report(string program, string says)
    {
        using var scripts = new Bench();
        string script = scripts.File("program");
        await File.WriteAllTextAsync(script, program);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var bench = new Bench(o => o.Program = script);
        var limits = new AnalysisLimits { Time = TimeSpan.FromSeconds(says == "longer than" ? 1 : 60), OutputBytes = 20_000_000, MemoryBytes = 100_000_000 };
        var report = await bench.Analyser.AnalyseAsync(script, bench.Output(), new() { Limits = limits }, null, default);
        Told(report);
        Assert.Contains(says, report.Problem);
    }

    [Fact]
    public async Task A_missing_program_is_something_out_of_reach()
    {
        using var bench = new Bench(o => o.Program = "/nowhere");
        await Assert.ThrowsAsync<UnreachableException>(() => Analyse(bench, bench.Make("plain.mp4", Scene)));
    }

    [Fact]
    public async Task A_clip_outside_the_footage_or_over_a_file_is_refused()
    {
        using var bench = new Bench();
        string file = bench.Make("plain.mp4", Scene);
        await Assert.ThrowsAsync<RefusedException>(() => bench.Cutter.CutAsync(file, 50, 60, bench.File("clip.mp4"), default));
        await Assert.ThrowsAsync<RefusedException>(() => bench.Cutter.CutAsync(file, 2, 1, bench.File("clip.mp4"), default));
        await Assert.ThrowsAsync<RefusedException>(() => bench.Cutter.CutAsync(file, 0, 1, file, default));
    }
}
