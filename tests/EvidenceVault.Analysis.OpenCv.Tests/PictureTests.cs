using System.Globalization;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Pick;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>What an officer is shown first: the frames that say most, and thumbnails to find them by.</summary>
public class PictureTests
{
    private static readonly FrameSize Size = new(1280, 720, 384, 216);

    private static SegmentReport Segment(double start, double end, double peak) => new(start, end, peak, 0.1, [0, 0, 1280, 720], "", "");

    /// <summary>Something that comes in on the left, grows until the middle and goes out on the right.</summary>
    private static List<CurvePoint> Passing() => [.. Enumerable.Range(0, 101).Select(i =>
    {
        int height = 40 + (i <= 50 ? i * 2 : (100 - i) * 2), width = height / 2, x = (i * 4) - width, left = Math.Max(0, x), right = Math.Min(384, x + width);
        IReadOnlyList<Patch> patches = right - left < 3 ? [] : [new(left, 200 - height, right - left, height, (right - left) * height, (right - left) * height / 2)];
        return new CurvePoint(i * 0.1, 0.01, patches);
    })];

    [Fact]
    public void First_sight_is_whole_closest_is_largest_and_last_sight_is_not_yet_cut_off()
    {
        var curve = Passing();
        var segment = Segment(0, 10, 5);
        var path = MoverPath.Of(segment, curve, Size);
        var wishes = Choice.Of(segment, path, Size).ToDictionary(w => w.Kind);
        Assert.Equal(["first-sight", "closest", "last-sight", "head-region"], wishes.Keys);
        Assert.InRange(wishes["first-sight"].Pts, 0.5, 2.2);
        Assert.Equal(5, wishes["closest"].Pts, 0.15);
        Assert.InRange(wishes["last-sight"].Pts, 7.5, 9.6);
        var first = path.At(wishes["first-sight"].Pts)!.Value;
        Assert.True(first.X > 1 && first.Right < 383);
    }

    [Fact]
    public void The_mover_is_followed_and_a_bush_that_sways_larger_is_not_taken_for_it()
    {
        var bush = new Patch(300, 0, 80, 60, 4000, 30);
        var curve = Passing().Select(p => p with { Largest = [bush, .. p.Largest.Where(l => l.Right < 250)] }).Where(p => p.Pts is > 0.6 and < 5.5).ToList();
        var path = MoverPath.Of(Segment(0.6, 5.5, 3), curve, Size);
        Assert.All(path.Points, p => Assert.True(p.Box.Bottom == 200));
    }

    [Fact]
    public void No_head_is_looked_for_on_what_lies_or_drives_or_is_far_away()
    {
        var car = Passing().Select(p => p with { Largest = [.. p.Largest.Select(l => l with { Height = l.Width / 2 })] }).ToList();
        var far = Passing().Select(p => p with { Largest = [.. p.Largest.Select(l => l with { Height = 20, Width = 9 })] }).ToList();
        foreach (var curve in (List<CurvePoint>[])[car, far])
            Assert.DoesNotContain(Choice.Of(Segment(0, 10, 5), MoverPath.Of(Segment(0, 10, 5), curve, Size), Size), w => w.Kind == "head-region");
    }

    [Fact]
    public async Task Pictures_of_real_visits_show_whole_people_and_heads_at_full_resolution()
    {
        using var bench = new Bench();
        string folder = bench.Output();
        var report = await bench.Analyser.AnalyseAsync(Bench.Footage("intel_one-by-one-person-detection.mp4"), folder, new() { Clips = false }, null, default);
        Assert.Null(report.Problem);
        foreach (int segment in Enumerable.Range(1, 6))
        {
            var kinds = report.Keyframes.Where(k => k.Segment == segment).ToDictionary(k => k.Kind);
            Assert.Superset(new HashSet<string> { "first-sight", "closest", "head-region" }, kinds.Keys.ToHashSet());
            using var head = Cv2.ImRead(Path.Combine(folder, kinds["head-region"].File));
            using var whole = Cv2.ImRead(Path.Combine(folder, kinds["closest"].File));
            Assert.Equal((768, 432), (whole.Width, whole.Height));
            Assert.InRange(head.Height, 60, 216);
        }
        Assert.Equal(7, report.Activity.Count(a => a.Kind == "heat-map"));
        Assert.All(report.Activity.Concat(report.Storyboard), p => Assert.Equal(p.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, p.File))))));
    }

    [Fact]
    public void A_heat_map_shows_the_way_of_what_was_followed()
    {
        using var quiet = new Mat(360, 640, MatType.CV_8UC3, new Scalar(90, 90, 90));
        using var heat = new Mat(90, 160, MatType.CV_32FC1, new Scalar(0));
        heat.Set(10, 10, 4f);
        TrackReport track = new([new(1, [90, 290, 20, 20]), new(2, [390, 290, 20, 20])]);
        using var with = HeatMap.Draw(quiet, heat, "a title", [track]);
        using var without = HeatMap.Draw(quiet, heat, "a title", []);
        int side = (with.Width - 640) / 2; // the words may be wider than the picture
        Assert.True(with.At<Vec3b>(300, side + 250).Item0 > 200);
        Assert.InRange(without.At<Vec3b>(300, ((without.Width - 640) / 2) + 250).Item0, 50, 120);
    }

    [Fact]
    public async Task A_storyboard_names_a_place_for_every_moment_and_shows_the_key_frame_that_stood_there()
    {
        using var bench = new Bench();
        string folder = bench.Output();
        // The picture's grey says how many seconds have gone; a key frame every second.
        string video = bench.Make("clock.mp4", "-f", "lavfi", "-i", "color=black:size=320x180:rate=10:duration=130", "-vf", "geq=lum='16+floor(T)*1.6':cb=128:cr=128", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "0");
        var report = await bench.Analyser.AnalyseAsync(video, folder, new() { Clips = false }, null, default);
        Assert.Equal(3, report.Storyboard.Count);
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(folder, "storyboard.vtt"));
        Assert.Equal("WEBVTT", lines[0]);
        var cues = lines.Select((l, i) => (l, i)).Where(x => x.l.Contains(" --> ")).Select(x => (Times: x.l.Split(" --> "), Place: lines[x.i + 1])).ToList();
        Assert.Equal(130, cues.Count);
        double end = 0;
        foreach (var (times, place) in cues)
        {
            double from = Seconds(times[0]), to = Seconds(times[1]);
            Assert.Equal(end, from, 0.0011);
            Assert.True(to > from);
            end = to;
            string[] parts = place.Split("#xywh=");
            int[] xywh = [.. parts[1].Split(',').Select(int.Parse)];
            using var sheet = Cv2.ImRead(Path.Combine(folder, parts[0]), ImreadModes.Grayscale);
            using var thumbnail = new Mat(sheet, new Rect(xywh[0], xywh[1], xywh[2], xywh[3]));
            double lum = 16 + (Math.Floor(from + 0.01) * 1.6);
            Assert.Equal((lum - 16) * 255 / 219, Cv2.Mean(thumbnail).Val0, 3.5);
        }
        Assert.Equal(130, end, 0.2);
    }

    [Fact]
    public void A_storyboard_of_any_length_stays_small()
    {
        Assert.Equal(1, Storyboard.Every(10));
        Assert.Equal(9, Storyboard.Every(3600));
        Assert.Equal(30, Storyboard.Every(86_400));
    }

    private static double Seconds(string stamp) => TimeSpan.ParseExact(stamp, @"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture).TotalSeconds;
}
