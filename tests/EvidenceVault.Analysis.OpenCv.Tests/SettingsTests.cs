using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Samples;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>One rendered scene, looked at with other settings.</summary>
public sealed class ScenesOfSettings : IDisposable
{
    private readonly Bench _bench = new();

    public ScenesOfSettings()
    {
        File = _bench.File("scene.mp4");
        Truth = SceneRenderer.Render(new() { Name = "ir-switch", Seed = 118, Seconds = 75 }, Codec.H264, File);
        int[][] boxes = [.. Truth.Movers.SelectMany(m => m.Boxes).Select(b => b.Box.ToArray())];
        // The truth tells of each full second: somebody is elsewhere between them, and a shadow goes with them.
        const int between = 50;
        int left = boxes.Min(b => b[0]) - between, top = boxes.Min(b => b[1]) - between;
        left = Math.Max(0, left);
        top = Math.Max(0, top);
        Way = [left, top, Math.Min(Truth.Width, boxes.Max(b => b[0] + b[2]) + between) - left, Math.Min(Truth.Height, boxes.Max(b => b[1] + b[3]) + between) - top];
        Tallest = boxes.Max(b => Math.Max(b[2], b[3]));
    }

    internal string File { get; }

    internal Truth Truth { get; }

    /// <summary>The box in which all movers stay.</summary>
    internal int[] Way { get; }

    /// <summary>The longest side that a mover has.</summary>
    internal int Tallest { get; }

    internal async Task<(AnalysisReport Gated, AnalysisReport Exhaustive)> LookAsync(AnalysisSettings settings) => (await LookOnceAsync(settings), await LookOnceAsync(settings with { Exhaustive = true }));

    internal async Task<AnalysisReport> LookOnceAsync(AnalysisSettings settings)
    {
        var report = await _bench.Analyser.AnalyseAsync(File, null, settings with { Clips = false }, null, default);
        Assert.Null(report.Problem);
        Assert.Equal(settings.Exhaustive, report.Gate is null);
        return report;
    }

    public void Dispose() => _bench.Dispose();
}

/// <summary>What an officer can set, and what the report tells them, at both speeds.</summary>
public sealed class SettingsTests(ScenesOfSettings scenes) : IClassFixture<ScenesOfSettings>
{
    private void MustFindAll(AnalysisReport report)
    {
        Assert.NotEmpty(scenes.Truth.Segments);
        Assert.Equal(scenes.Truth.Segments.Count, report.Segments.Count);
        Assert.All(scenes.Truth.Segments.Zip(report.Segments), s => Assert.True(Math.Abs(s.First.Start - s.Second.Start) <= 1 && Math.Abs(s.First.End - s.Second.End) <= 1));
    }

    [Fact]
    public async Task Whoever_stays_inside_a_box_to_ignore_is_no_event_and_beside_it_is_one()
    {
        int[] way = scenes.Way, above = [0, 0, scenes.Truth.Width, way[1]];
        Assert.True(above[3] > 40 && way[3] < 0.7 * scenes.Truth.Height, string.Join(',', way));
        var (gated, exhaustive) = await scenes.LookAsync(new() { Ignore = [way] });
        foreach (var report in (AnalysisReport[])[gated, exhaustive])
        {
            Assert.Empty(report.Segments);
            Assert.Contains(report.Notes, n => n.Contains(string.Join(',', way), StringComparison.Ordinal));
        }
        (gated, exhaustive) = await scenes.LookAsync(new() { Ignore = [above] });
        MustFindAll(gated);
        MustFindAll(exhaustive);
    }

    [Fact]
    public async Task What_stands_out_and_changes_in_a_box_to_ignore_has_no_stretch_decoded()
    {
        // Down to the grass in front, which stirs enough to have stretches decoded itself.
        int[] below = [0, scenes.Way[1], scenes.Truth.Width, scenes.Truth.Height - scenes.Way[1] - 20];
        var gate = (await scenes.LookOnceAsync(new() { Ignore = [below] })).Gate!;
        double there = scenes.Truth.Segments.Sum(s => s.End - s.Start);
        double leftOut = gate.Stretches.Where(s => s.Way == "left-out").Sum(s => scenes.Truth.Segments.Sum(t => Math.Max(0, Math.Min(s.End, t.End) - Math.Max(s.Start, t.Start))));
        Assert.True(leftOut > 0.5 * there, $"{leftOut} of {there} s");
        Assert.DoesNotContain(gate.Stretches, s => s.Because.StartsWith("something stands out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Boxes_that_leave_nothing_to_look_at_are_told_and_hide_nothing()
    {
        var report = await scenes.LookOnceAsync(new() { Ignore = [[0, 0, 5000, 5000]] });
        MustFindAll(report);
        Assert.Contains(report.Notes, n => n.Contains("leave nothing of this picture", StringComparison.Ordinal));
        report = await scenes.LookOnceAsync(new() { Region = [4000, 0, 100, 100] });
        MustFindAll(report);
        report = await scenes.LookOnceAsync(new() { Ignore = [[4000, 0, 100, 100]] });
        MustFindAll(report);
        Assert.Contains(report.Notes, n => n.Contains("lies outside of this picture", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_minimum_size_above_that_of_all_who_come_leaves_no_event_and_one_well_below_it_all()
    {
        var (gated, exhaustive) = await scenes.LookAsync(new() { MinimumSize = 2 * scenes.Tallest });
        Assert.Empty(gated.Segments);
        Assert.Empty(exhaustive.Segments);
        (gated, exhaustive) = await scenes.LookAsync(new() { MinimumSize = scenes.Tallest / 3 });
        MustFindAll(gated);
        MustFindAll(exhaustive);
    }

    [Theory]
    [InlineData(Sensitivity.Low)]
    [InlineData(Sensitivity.High)]
    public async Task Whoever_walks_through_counts_at_every_sensitivity(Sensitivity sensitivity)
    {
        var (gated, exhaustive) = await scenes.LookAsync(new() { Sensitivity = sensitivity });
        foreach (var report in (AnalysisReport[])[gated, exhaustive])
            Assert.All(scenes.Truth.Segments, there => Assert.Contains(report.Segments, s => s.Start < there.End && there.Start < s.End));
    }

    [Fact]
    public async Task A_track_tells_where_somebody_was_and_is_the_same_whatever_the_threads()
    {
        var report = await scenes.LookOnceAsync(new() { Threads = 1 });
        MustFindAll(report);
        foreach (var segment in report.Segments)
        {
            Assert.NotEmpty(segment.Tracks);
            Assert.Contains(segment.Tracks, t => Math.Abs(t.Points[0].Pts - segment.Start) < 0.001);
            foreach (var point in segment.Tracks.SelectMany(t => t.Points))
            {
                Assert.InRange(point.Pts, segment.Start, segment.End);
                Assert.True(Within(point.Box, segment.Box, 0), $"{string.Join(',', point.Box)} is not in {string.Join(',', segment.Box)}");
                Assert.Contains(scenes.Truth.Movers.SelectMany(m => m.Boxes).Where(b => Math.Abs(b.Time - point.Pts) <= 1), b => Touches(point.Box, b.Box, 50));
            }
        }
        Assert.DoesNotContain("working", report.Segments[0].OpenedBecause);
        Assert.Equal(AnalysisJson.Write(report), AnalysisJson.Write(await scenes.LookOnceAsync(new() { Threads = 2 })));
    }

    private static bool Within(IReadOnlyList<int> a, IReadOnlyList<int> b, int slack) =>
        a[0] >= b[0] - slack && a[1] >= b[1] - slack && a[0] + a[2] <= b[0] + b[2] + slack && a[1] + a[3] <= b[1] + b[3] + slack;

    private static bool Touches(IReadOnlyList<int> a, IReadOnlyList<int> b, int slack) =>
        a[0] - slack < b[0] + b[2] && b[0] - slack < a[0] + a[2] && a[1] - slack < b[1] + b[3] && b[1] - slack < a[1] + a[3];
}
