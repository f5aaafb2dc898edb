using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Testing;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Folders of JPEGs as trail cameras leave them, rendered here, with EXIF of our own.</summary>
public class StillsTests
{
    private static readonly DateTime Noon = new(2026, 3, 14, 12, 0, 0);

    private static void Shot(string folder, string name, DateTime? taken, string? offset = null, int? mover = null, double light = 1, int seed = 0)
    {
        using var picture = new Mat(480, 640, MatType.CV_8UC3, new Scalar(70, 110, 90));
        for (int i = 0; i < 60; i++) Cv2.Rectangle(picture, new Rect(i * 37 % 600, i * 53 % 440, 20 + (i % 5 * 9), 15 + (i % 7 * 6)), new Scalar(40 + (i * 3), 60 + (i * 2), 50 + i), -1);
        if (mover is { } at) Cv2.Rectangle(picture, new Rect(at, 200, 60, 150), new Scalar(210, 205, 215), -1);
        using var noise = new Mat(480, 640, MatType.CV_8UC3);
        byte[] grain = new byte[480 * 640 * 3];
        var random = new Random(seed);
        for (int i = 0; i < grain.Length; i++) grain[i] = (byte)random.Next(4, 21);
        noise.SetArray(grain.Chunk(3).Select(c => new Vec3b(c[0], c[1], c[2])).ToArray());
        Cv2.Add(picture, noise, picture);
        picture.ConvertTo(picture, -1, light);
        Cv2.ImEncode(".jpg", picture, out byte[] jpeg);
        File.WriteAllBytes(Path.Combine(folder, name), taken is { } time ? ExifStill.Dated(jpeg, time, offset) : jpeg);
    }

    [Fact]
    public async Task Bursts_of_a_trail_camera_are_told_apart_and_the_one_with_something_in_it_is_an_event()
    {
        using var bench = new Bench();
        string card = bench.Output("card"), folder = bench.Output();
        // Five bursts of three, ten minutes apart; the light changes from each to the next; somebody is in the third.
        for (int burst = 0; burst < 5; burst++)
            for (int shot = 0; shot < 3; shot++)
                Shot(card, $"IMG_{8 + (burst * 3) + shot}.JPG", Noon.AddMinutes(10 * burst).AddMilliseconds(shot * 1250), "+01:00", burst == 2 ? 80 + (shot * 190) : null, 1 - (burst * 0.12), burst * 3 + shot);
        var report = await bench.Analyser.AnalyseAsync(card, folder, new(), null, default);
        Assert.Null(report.Problem);
        Assert.Equal(15, report.Frames);
        var found = Assert.Single(report.Segments);
        Assert.Equal((1200.0, 1202.5), (found.Start, found.End));
        Assert.StartsWith("Burst 3, stills 7 to 9", found.OpenedBecause);
        Assert.Contains(report.Notes, n => n.StartsWith("15 stills in 5 bursts", StringComparison.Ordinal));
        Assert.DoesNotContain(report.Notes, n => n.Contains("UTC"));
        Assert.All(report.Keyframes, k => Assert.Equal(1, k.Segment));
        Assert.Contains(report.Keyframes, k => k.Kind == "closest");
        Assert.True(File.Exists(Path.Combine(folder, report.ContactSheet!.File)));
        Assert.Equal("2026:03:14 12:00:00 +01:00", report.Probe!.CreationTime);
    }

    [Fact]
    public async Task In_stills_too_what_is_inside_a_box_to_ignore_or_below_the_minimum_size_is_no_event()
    {
        using var bench = new Bench();
        string card = bench.Output("card");
        for (int i = 0; i < 8; i++) Shot(card, $"IMG_{i}.JPG", Noon.AddMinutes(5 * i), "+01:00", i == 4 ? 300 : null, seed: i);
        foreach (var (settings, events) in ((AnalysisSettings, int)[])
            [(new(), 1), (new() { Ignore = [[280, 180, 100, 190]] }, 0), (new() { Ignore = [[0, 180, 200, 190]] }, 1), (new() { Region = [0, 0, 250, 480] }, 0), (new() { MinimumSize = 100 }, 1), (new() { MinimumSize = 300 }, 0)])
        {
            var report = await bench.Analyser.AnalyseAsync(card, null, settings, null, default);
            Assert.True(events == report.Segments.Count, $"{report.Segments.Count} events with {AnalysisJson.Write(report with { Keyframes = [] })}");
        }
    }

    [Fact]
    public async Task Stills_of_an_empty_scene_are_no_event_whatever_the_light_does()
    {
        using var bench = new Bench();
        string card = bench.Output("card");
        for (int i = 0; i < 8; i++) Shot(card, $"IMG_{i}.JPG", Noon.AddMinutes(5 * i), light: 0.6 + (0.05 * i), seed: i);
        var report = await bench.Analyser.AnalyseAsync(card, bench.Output(), new(), null, default);
        Assert.Empty(report.Segments);
        Assert.NotNull(report.ContactSheet);
        Assert.Contains(report.Notes, n => n.Contains("offset from UTC"));
    }

    [Fact]
    public async Task A_gap_asked_for_joins_bursts_or_parts_them()
    {
        using var bench = new Bench();
        string card = bench.Output("card");
        for (int i = 0; i < 6; i++) Shot(card, $"IMG_{i}.JPG", Noon.AddSeconds(8 * i), seed: i);
        foreach (var (gap, says) in ((double, string)[])[(10, "in 1 burst"), (5, "in 6 bursts")])
            Assert.Contains((await bench.Analyser.AnalyseAsync(card, null, new() { BurstGap = gap }, null, default)).Notes, n => n.Contains(says));
    }

    [Fact]
    public void A_clock_that_runs_back_begins_a_burst_and_is_told_and_the_counter_keeps_the_order()
    {
        var series = Series(("IMG_9998.JPG", Noon), ("IMG_9999.JPG", Noon.AddSeconds(1)), ("IMG_10000.JPG", new(2000, 1, 1)), ("IMG_10001.JPG", new(2000, 1, 1, 0, 0, 2)));
        Assert.Equal(["IMG_9998.JPG", "IMG_9999.JPG", "IMG_10000.JPG", "IMG_10001.JPG"], series.Stills.Select(s => s.File));
        Assert.Equal([0, 1, 2, 4], series.Stills.Select(s => s.Pts));
        Assert.Equal([new Burst(0, 1), new Burst(2, 3)], series.Bursts(10));
        Assert.Contains("runs back at still 3", Assert.Single(series.Notes, n => n.Contains("clock runs")));
    }

    [Fact]
    public void Names_that_are_no_counter_do_not_decide_the_order()
    {
        var series = Series([.. Enumerable.Range(0, 30).Select(i => ($"{i * 7919 % 1000}.jpg", (DateTime?)Noon.AddMinutes(i)))]);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => 60.0 * i), series.Stills.Select(s => s.Pts));
        Assert.Contains(series.Notes, n => n.StartsWith("The file names are not in the order", StringComparison.Ordinal));
    }

    [Fact]
    public void Stills_without_times_are_told_and_placed_by_name()
    {
        var series = Series(("a1.jpg", Noon), ("a2.jpg", null), ("a3.jpg", Noon.AddSeconds(4)));
        Assert.Equal([0, 1, 5], series.Stills.Select(s => s.Pts));
        Assert.Contains(series.Notes, n => n.StartsWith("1 of 3 stills state no time", StringComparison.Ordinal));
        Assert.Contains(Series(("a.jpg", null), ("b.jpg", null)).Notes, n => n.StartsWith("No still states a time", StringComparison.Ordinal));
    }

    private static StillSeries Series(params (string Name, DateTime? Taken)[] stills) =>
        StillSeries.Of([.. stills.Select(s => (s.Name, new Stills.Still(640, 480, 0, s.Taken, s.Taken?.ToString("O"), null, null, null)))]);
}
