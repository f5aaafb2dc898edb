using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>What is kept of a scored frame: enough for the curve and for choosing pictures.</summary>
internal sealed record CurvePoint(double Pts, double Activity, double Mover, double Sharpness)
{
    /// <summary>For a frame that looks as the one before it: nothing moves, and the rest is as it was.</summary>
    public static CurvePoint Same(CurvePoint? before, double pts) => before is null ? new(pts, 0, 0, 0) : before with { Pts = pts, Activity = 0 };

    public static CurvePoint Of(FrameScore score, byte[] plane, int width, int height)
    {
        double all = width * height;
        double activity = score.Patches.Sum(p => p.Moving) / all;
        if (score.Patches.Count == 0) return new(score.Pts, 0, 0, 0);
        var mover = score.Patches.MaxBy(p => p.Moving);
        using var frame = Mat.FromPixelData(height, width, MatType.CV_8UC1, plane);
        using var part = new Mat(frame, new Rect(mover.X, mover.Y, mover.Width, mover.Height));
        using var edges = new Mat();
        Cv2.Laplacian(part, edges, MatType.CV_16SC1);
        Cv2.MeanStdDev(edges, out _, out var deviation);
        return new(score.Pts, activity, mover.Area / all, deviation.Val0);
    }
}

/// <summary>Chooses and makes pictures: keyframes at full size, a contact sheet of them, the activity curve. All are derivatives
/// and say so; none is the evidence.</summary>
internal sealed class Pictures(string video, int stream, FrameSize size, string folder)
{
    private static readonly int[] Quality = [(int)ImwriteFlags.JpegQuality, 90];

    public async Task<AnalysisReport> MakeAsync(AnalysisReport report, IReadOnlyList<CurvePoint> curve, Action<double> progress, CancellationToken cancel)
    {
        var keyframes = new List<PictureReport>();
        var tiles = new List<(string Label, Mat Picture)>();
        try
        {
            for (int i = 0; i < report.Segments.Count; i++)
            {
                foreach (var (kind, pts) in Choice.Of(report.Segments[i], curve))
                {
                    using var picture = await FrameAsync(pts, cancel);
                    if (picture is null) continue;
                    string name = $"segment-{i + 1:000}-{kind}.jpg";
                    keyframes.Add(Write(name, kind, pts, Encode(picture), i + 1));
                    tiles.Add(($"{i + 1} {kind} {Clock(pts)}", ContactSheet.Thumbnail(picture)));
                }
                progress((i + 1.0) / report.Segments.Count);
            }
            PictureReport? sheet = null;
            if (tiles.Count > 0)
            {
                using var drawn = ContactSheet.Draw(report.Segments, tiles);
                sheet = Write("contact-sheet.jpg", "contact-sheet", null, Encode(drawn), null);
            }
            using var plot = ActivityPlot.Draw(curve, report.Segments);
            Cv2.ImEncode(".png", plot, out byte[] png);
            return report with
            {
                Keyframes = keyframes,
                ContactSheet = sheet,
                Activity =
                [
                    Write("activity.json", "activity-data", null, Encoding.UTF8.GetBytes(CurveJson(curve)), null),
                    Write("activity.png", "activity-curve", null, png, null),
                ],
            };
        }
        finally { foreach (var (_, picture) in tiles) picture.Dispose(); }
    }

    /// <summary>Seconds as minutes, for people.</summary>
    public static string Clock(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{(int)(seconds / 3600):00}:{(int)(seconds / 60) % 60:00}:{seconds % 60:00.0}");

    // The frame with this PTS, decoded anew at full size. Seeking starts well before it; select takes the frame itself.
    private async Task<Mat?> FrameAsync(double pts, CancellationToken cancel)
    {
        byte[]? found = null;
        string filter = string.Create(CultureInfo.InvariantCulture, $"select=gte(t\\,{pts - 0.0005:0.######}),");
        foreach (string[] seek in (string[][])[["-seek_timestamp", "1", "-ss", Ffmpeg.Number(pts - 1)], []])
        {
            await WorkingFrames.ReadAsync(video, stream, size.FullWidth, size.FullHeight, "bgr24", 3, seek, filter,
                frame => { found ??= frame.Grey; return false; }, TimeSpan.FromMinutes(10), cancel);
            if (found is not null) break;
        }
        if (found is null) return null;
        using var borrowed = Mat.FromPixelData(size.FullHeight, size.FullWidth, MatType.CV_8UC3, found);
        return borrowed.Clone();
    }

    private static byte[] Encode(Mat picture)
    {
        Cv2.ImEncode(".jpg", picture, out byte[] jpeg, Quality);
        return jpeg;
    }

    private PictureReport Write(string name, string kind, double? pts, byte[] bytes, int? segment) => Write(folder, name, kind, pts, bytes, segment);

    public static PictureReport Write(string folder, string name, string kind, double? pts, byte[] bytes, int? segment)
    {
        using (var file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew)) file.Write(bytes);
        return new(name, kind, pts, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, segment);
    }

    private static string CurveJson(IReadOnlyList<CurvePoint> curve) => JsonSerializer.Serialize(new
    {
        version = "evidencevault/activity/1",
        unit = "share of the working frame in motion, 0 to 1, by container PTS in seconds",
        pts = curve.Select(c => Math.Round(c.Pts, 4)),
        activity = curve.Select(c => Math.Round(c.Activity, 5)),
    }, AnalysisJson.Options) + "\n";
}

/// <summary>Which frames of a segment an officer would look at. Pure.</summary>
internal static class Choice
{
    public static IReadOnlyList<(string Kind, double Pts)> Of(SegmentReport segment, IReadOnlyList<CurvePoint> curve)
    {
        var inside = curve.Where(c => c.Pts >= segment.Start - 1e-6 && c.Pts <= segment.End).ToList();
        if (inside.Count == 0) return [("first-appearance", segment.Start)];
        double largest = inside.Max(c => c.Mover);
        // The first sight is of a thing that is in, not of a sleeve at the edge.
        var first = inside.First(c => c.Mover >= 0.35 * largest);
        var most = inside.MaxBy(c => c.Activity)!;
        var sharp = inside.Where(c => c.Mover >= 0.5 * largest).MaxBy(c => c.Sharpness)!;
        return [.. new[] { ("first-appearance", first.Pts), ("most-motion", most.Pts), ("sharpest", sharp.Pts) }.DistinctBy(p => p.Item2)];
    }
}
