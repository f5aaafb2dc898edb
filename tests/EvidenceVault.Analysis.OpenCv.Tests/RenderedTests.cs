using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Samples;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Rendered scenes whose truth is known to the frame.</summary>
public class RenderedTests
{
    private static async Task<(Truth Truth, AnalysisReport Gated, AnalysisReport Exhaustive)> LookAsync(Bench bench, Scene scene)
    {
        string file = bench.File("scene.mp4");
        Truth truth = SceneRenderer.Render(scene, Codec.H264, file);
        AnalysisSettings settings = new() { Clips = false };
        return (truth, await bench.Analyser.AnalyseAsync(file, null, settings, null, default), await bench.Analyser.AnalyseAsync(file, null, settings with { Exhaustive = true }, null, default));
    }

    private static void MustMatch(Truth truth, AnalysisReport report, double within)
    {
        Assert.Null(report.Problem);
        Assert.Equal(truth.Segments.Count, report.Segments.Count);
        foreach (var (there, found) in truth.Segments.Zip(report.Segments))
        {
            Assert.Equal(there.Start, found.Start, within);
            Assert.Equal(there.End, found.End, within);
        }
    }

    [Fact]
    public async Task Somebody_who_stands_for_longer_than_the_scene_is_remembered_keeps_the_event_open_until_they_leave()
    {
        using var bench = new Bench();
        var (truth, gated, exhaustive) = await LookAsync(bench, new() { Name = "long-stand", Seed = 21, Seconds = 130, Width = 480, Height = 270 });
        Assert.InRange(Assert.Single(truth.Segments) is var there ? there.End - there.Start : 0, 70, 130);
        MustMatch(truth, exhaustive, 0.5);
        MustMatch(truth, gated, 1);
        Assert.Contains(gated.Gate!.Stretches, s => s.Way == "inside");
        Assert.InRange(gated.Gate.DecodedSeconds, 1, 90);
    }

    [Fact]
    public async Task A_switch_to_infra_red_is_no_event_and_does_not_hide_who_comes_after_it()
    {
        using var bench = new Bench();
        var (truth, gated, exhaustive) = await LookAsync(bench, new() { Name = "ir-switch", Seed = 118, Seconds = 75 });
        MustMatch(truth, exhaustive, 0.6);
        MustMatch(truth, gated, 1);
        foreach (var report in (AnalysisReport[])[gated, exhaustive]) Assert.Contains(report.Notes, n => n.StartsWith("The whole picture changed at once", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Footage_whose_key_frames_fall_between_two_microseconds_is_looked_at_as_any_other()
    {
        using var bench = new Bench();
        string file = bench.File("scene.mp4");
        Truth truth = SceneRenderer.Render(new() { Name = "ir-switch", Seed = 118, Seconds = 75 }, Codec.H264, file);
        // Some ticks of a 12,800th of a second, 78.125 µs, later. ffprobe tells six digits.
        string later = bench.Make("later.mp4", "-i", file, "-c", "copy", "-bsf:v", "setts=ts=TS+171", "-video_track_timescale", "12800", "-avoid_negative_ts", "disabled");
        AnalysisSettings settings = new() { Clips = false };
        AnalysisReport plain = await bench.Analyser.AnalyseAsync(file, null, settings, null, default), shifted = await bench.Analyser.AnalyseAsync(later, null, settings, null, default);
        Assert.NotEmpty(truth.Segments);
        double by = shifted.Probe!.FirstPts!.Value;
        Assert.InRange(Math.Abs((by * 12800) - Math.Round(by * 12800)), 1e-4, 1e-2); // as it is told, it is no whole number of ticks
        Assert.Equal(plain.Gate!.Stretches.Select(s => (s.Way, s.Because)), shifted.Gate!.Stretches.Select(s => (s.Way, s.Because)));
        Assert.Equal(plain.Frames, shifted.Frames);
        Assert.Equal(plain.Segments.Select(s => Math.Round(s.Start + by, 3)), shifted.Segments.Select(s => Math.Round(s.Start, 3)));
        Assert.Equal(plain.Segments.Select(s => Math.Round(s.End + by, 3)), shifted.Segments.Select(s => Math.Round(s.End, 3)));
    }

    [Fact]
    public async Task A_clock_in_the_picture_is_found_masked_and_told_and_clouds_are_no_motion()
    {
        using var bench = new Bench();
        var (truth, gated, exhaustive) = await LookAsync(bench, new() { Name = "cloud", Seed = 115, Seconds = 62 });
        Assert.Empty(truth.Segments);
        foreach (var report in (AnalysisReport[])[gated, exhaustive])
        {
            Assert.Empty(report.Segments);
            Assert.Contains(report.Notes, n => n.StartsWith("The camera writes text into the picture", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_far_walker_of_32_pixels_is_found_at_both_speeds_and_one_of_16_by_looking_at_every_frame()
    {
        using var bench = new Bench();
        Scene far = new() { Name = "small-32", Seed = 144, Seconds = 30, Width = 1920, Height = 1080, Wind = 0.3 };
        var (truth, gated, exhaustive) = await LookAsync(bench, far);
        Assert.NotEmpty(truth.Segments);
        MustMatch(truth, exhaustive, 0.5);
        MustMatch(truth, gated, 1);

        string file = bench.File("farther.mp4");
        Truth farther = SceneRenderer.Render(far with { Name = "small-16", Seed = 146 }, Codec.H264, file);
        var found = await bench.Analyser.AnalyseAsync(file, null, new() { Clips = false, Exhaustive = true }, null, default);
        Assert.NotEmpty(farther.Segments);
        Assert.All(farther.Segments, there => Assert.Contains(found.Segments, s => s.Start < there.End && there.Start < s.End));
        Assert.All(found.Segments, s => Assert.Contains(farther.Segments, there => s.Start < there.End + 1 && there.Start - 1 < s.End));
    }
}
