using System.Security.Cryptography;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Real footage with known motion.</summary>
public class FootageTests
{
    private static readonly AnalysisSettings NoClips = new() { Clips = false };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Six_visits_are_six_segments_and_the_quiet_between_them_is_quiet(bool exhaustive)
    {
        using var bench = new Bench();
        var report = await bench.Analyser.AnalyseAsync(Bench.Footage("intel_one-by-one-person-detection.mp4"), null, NoClips with { Exhaustive = exhaustive }, null, default);
        (double From, double To)[] visits = [(6, 20.4), (22.7, 45.3), (50.2, 70.5), (74.5, 87.3), (92.1, 120.6), (123.4, 136.6)];
        Assert.Null(report.Problem);
        Assert.Equal(exhaustive, report.Gate is null);
        if (exhaustive) Assert.Equal(1394, report.Frames);
        Assert.Equal(visits.Length, report.Segments.Count);
        foreach (var (visit, segment) in visits.Zip(report.Segments))
        {
            Assert.Equal(visit.From, segment.Start, 1.0);
            Assert.Equal(visit.To, segment.End, 1.0);
        }
    }

    [Fact]
    public async Task A_passing_cloud_is_no_motion()
    {
        using var bench = new Bench();
        var report = await bench.Analyser.AnalyseAsync(Bench.Footage("dvrscan_issue53_brightness_change.avi"), null, NoClips, null, default);
        Assert.Equal(59, report.Frames);
        Assert.Empty(report.Segments);
    }

    [Fact]
    public async Task A_header_is_not_trusted_and_a_hand_is_told_from_a_swaying_tree()
    {
        using var bench = new Bench();
        var report = await bench.Analyser.AnalyseAsync(Bench.Footage("tree.avi"), null, NoClips, null, default);
        Assert.Equal(68, report.Frames);
        Assert.Equal((444L, 68L), (report.Probe!.ClaimedFrames, report.Probe.DecodedFrames));
        // Decoded frame 48 is shown at 20.6 s, the hand comes in at 23 s.
        Assert.All(report.Segments, s => Assert.InRange(s.Start, 20.6, 24.5));
        Assert.NotEmpty(report.Segments);
    }

    [Fact]
    public async Task Events_of_variable_frame_rate_stand_at_their_presentation_times()
    {
        using var bench = new Bench();
        var report = await bench.Analyser.AnalyseAsync(Bench.Footage("dvrscan_traffic_camera_vfr.mp4"), null, NoClips with { Region = [631, 532, 210, 127] }, null, default);
        Assert.True(report.Probe!.VariableFrameRate);
        foreach (double start in (double[])[0.4, 17.2, 31.9]) Assert.Contains(report.Segments, s => Math.Abs(s.Start - start) <= 0.6);
    }

    [Fact]
    public async Task In_a_region_beside_a_motorway_only_what_passes_there_is_an_event()
    {
        using var bench = new Bench();
        var report = await bench.Analyser.AnalyseAsync(Bench.Footage("dvrscan_traffic_camera.mp4"), null, NoClips with { Region = [631, 532, 210, 127] }, null, default);
        Assert.Equal(3, report.Segments.Count);
        foreach (var (start, segment) in ((double[])[9 / 25.0, 358 / 25.0, 542 / 25.0]).Zip(report.Segments)) Assert.Equal(start, segment.Start, 0.6);
    }

    [Fact]
    public async Task A_clip_holds_only_packets_of_its_master_and_comes_out_the_same_twice()
    {
        using var bench = new Bench();
        foreach (string name in (string[])["dvrscan_traffic_camera.mp4", "vtest.avi"])
        {
            string master = Bench.Footage(name);
            var one = await bench.Cutter.CutAsync(master, 4, 9, bench.File("one-" + name), default);
            var two = await bench.Cutter.CutAsync(master, 4, 9, bench.File("two-" + name), default);
            Assert.Equal(one.Sha256, two.Sha256);
            Assert.True(one.Packets > 50 && one.Packets == one.PacketsOfMaster);
            Assert.True(one.GotStart <= 4 && one.GotEnd >= 8.9);
            Assert.Equal(one.Sha256, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(bench.File(one.File)))));
            Assert.True((await bench.Probe.ProbeAsync(bench.File(one.File), default)).DecodedFrames >= 50);
        }
    }

    [Fact]
    public async Task A_turned_recording_is_probed_and_pictured_upright()
    {
        using var bench = new Bench();
        string folder = bench.Output();
        var report = await bench.Analyser.AnalyseAsync(Bench.Footage("psd_issue-134-rotate.mp4"), folder, NoClips, null, default);
        Assert.Null(report.Problem);
        Assert.Equal(90, report.Probe!.Rotation);
        Assert.All(report.Keyframes.Where(k => k.Kind == "head-region"), k => Assert.InRange(Stills.Read(Path.Combine(folder, k.File)).Height, 40, 544));
        Assert.All(report.Keyframes.Where(k => k.Kind != "head-region"), k =>
        {
            var picture = Stills.Read(Path.Combine(folder, k.File));
            Assert.Equal((544, 1280), (picture.Width, picture.Height));
        });
        Assert.All(report.Keyframes.Concat(report.Activity), p => Assert.Equal(p.Sha256, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, p.File))))));
    }
}
