using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>What is kept of a scored frame: enough for the curve and for choosing pictures.</summary>
/// <param name="Pts">PTS, seconds.</param>
/// <param name="Activity">Share of the working frame in motion.</param>
/// <param name="Largest">Its largest patches, three at most.</param>
internal sealed record CurvePoint(double Pts, double Activity, IReadOnlyList<Patch> Largest)
{
    private const int Kept = 3;

    /// <summary>For a frame that looks as the one before it: nothing moves, and the rest is as it was.</summary>
    public static CurvePoint Same(CurvePoint? before, double pts) => before is null ? new(pts, 0, []) : before with { Pts = pts, Activity = 0, Largest = [.. before.Largest.Select(p => p with { Moving = 0 })] };

    public static CurvePoint Of(FrameScore score, byte[] plane, int width, int height)
    {
        _ = plane;
        return score.Patches.Count == 0
            ? new(score.Pts, 0, [])
            : new(score.Pts, score.Patches.Sum(p => p.Moving) / (double)(width * height), [.. score.Patches.OrderByDescending(p => p.Area + (4 * p.Moving)).Take(Kept)]);
    }
}

/// <summary>Chooses and makes pictures: keyframes at full size, a contact sheet of them, the activity curve, maps of where motion was. All are
/// derivatives and say so; none is the evidence. Nothing is drawn on a keyframe.</summary>
internal sealed class Pictures(string video, int stream, FrameSize size, string folder)
{
    private const int MapsMost = 40;
    private static readonly int[] Quality = [(int)ImwriteFlags.JpegQuality, 92];
    private double _begins;

    public async Task<AnalysisReport> MakeAsync(AnalysisReport report, IReadOnlyList<CurvePoint> curve, Heat heat, Action<double> progress, CancellationToken cancel)
    {
        _begins = report.Probe?.FirstPts ?? 0;
        var keyframes = new List<PictureReport>();
        using var sheet = new ContactSheet(size);
        for (int i = 0; i < report.Segments.Count; i++)
        {
            var path = MoverPath.Of(report.Segments[i], curve, size);
            foreach (var wish in Choice.Of(report.Segments[i], path, size))
            {
                if (await FrameAsync(wish, path, cancel) is not var (pts, picture)) continue;
                using (picture)
                {
                    Patch? box = path.At(pts);
                    if (wish.Kind == Choice.HeadRegion)
                    {
                        if (box is not { } body || !Choice.Upright(body, size)) continue;
                        var (x, y, width, height) = Choice.Head(body, size);
                        using var head = new Mat(picture, new Rect(x, y, width, height));
                        keyframes.Add(Keep(head));
                        sheet.Add(i + 1, wish.Kind, pts, head, null);
                    }
                    else
                    {
                        keyframes.Add(Keep(picture));
                        sheet.Add(i + 1, wish.Kind, pts, picture, box is { } mover ? Full(mover) : null);
                    }

                    PictureReport Keep(Mat shown) => Write(string.Create(CultureInfo.InvariantCulture, $"segment-{i + 1:000}-{wish.Kind}.jpg"), wish.Kind, pts, Encode(shown), i + 1);
                }
            }
            progress((i + 1.0) / (report.Segments.Count + 1));
        }
        PictureReport? contact = null;
        if (keyframes.Count > 0)
        {
            using var drawn = sheet.Draw(report.Segments);
            contact = Write("contact-sheet.jpg", "contact-sheet", null, Encode(drawn), null);
        }
        using var plot = ActivityPlot.Draw(curve, report.Segments);
        Cv2.ImEncode(".png", plot, out byte[] png);
        return report with
        {
            Keyframes = keyframes,
            ContactSheet = contact,
            Activity =
            [
                Write("activity.json", "activity-data", null, Encoding.UTF8.GetBytes(CurveJson(curve, report.Segments)), null),
                Write("activity.png", "activity-curve", null, png, null),
                .. await MapsAsync(report, curve, heat, cancel),
            ],
        };
    }

    /// <summary>Seconds as hours, minutes and seconds, for people.</summary>
    public static string Clock(double seconds)
    {
        long tenths = (long)Math.Round(Math.Abs(seconds) * 10);
        return string.Create(CultureInfo.InvariantCulture, $"{(seconds < 0 && tenths > 0 ? "-" : "")}{tenths / 36000:00}:{tenths / 600 % 60:00}:{tenths / 10 % 60:00}.{tenths % 10}");
    }

    private async Task<List<PictureReport>> MapsAsync(AnalysisReport report, IReadOnlyList<CurvePoint> curve, Heat heat, CancellationToken cancel)
    {
        var maps = new List<PictureReport>();
        if (curve.Count == 0 || heat.Between(double.NegativeInfinity, double.PositiveInfinity) is not { } all) return maps;
        using (all)
        {
            // The very first point knows no frame before it and so no motion.
            var still = curve.Skip(Math.Min(3, curve.Count - 1)).Where(c => !report.Segments.Any(s => c.Pts >= s.Start - 1 && c.Pts <= s.End + 1)).DefaultIfEmpty().MinBy(c => c?.Activity) ?? curve.Skip(Math.Min(3, curve.Count - 1)).MinBy(c => c.Activity)!;
            if (await FrameAsync(new("quiet", still.Pts, still.Pts, still.Pts), null, cancel) is not var (_, quiet)) return maps;
            using (quiet)
            {
                using var whole = HeatMap.Draw(quiet, all, "DERIVATIVE - where motion was, whole footage", []);
                maps.Add(Write("heat-map.jpg", "heat-map", null, Encode(whole), null));
                for (int i = 0; i < Math.Min(MapsMost, report.Segments.Count); i++)
                {
                    var segment = report.Segments[i];
                    using var part = heat.Between(segment.Start, segment.End);
                    if (part is null) continue;
                    using var drawn = HeatMap.Draw(quiet, part, $"DERIVATIVE - where motion was, segment {i + 1}, PTS {Clock(segment.Start)} to {Clock(segment.End)}", segment.Tracks);
                    maps.Add(Write(string.Create(CultureInfo.InvariantCulture, $"segment-{i + 1:000}-heat-map.jpg"), "heat-map", null, Encode(drawn), i + 1));
                }
            }
        }
        return maps;
    }

    /// <summary>Of the frames from one time to another, the one that shows the mover best, decoded anew at full size; the frame at or after the
    /// aim where there is no mover to judge by. Null where none decodes. Two frames at most are in memory.</summary>
    private async Task<(double Pts, Mat Picture)?> FrameAsync(Wish wish, MoverPath? path, CancellationToken cancel)
    {
        const double rounding = 0.0005;
        // Seeking starts well before it; select takes the frames themselves. Where seeking fails, the file is read from its beginning. A seek to before
        // the beginning lands anywhere (in AVI between key frames, which gives grey ruins).
        string[][] seeks = wish.From - 1 > _begins ? [["-seek_timestamp", "1", "-ss", Ffmpeg.Number(wish.From - 1)], []] : [[]];
        foreach (string[] seek in seeks)
        {
            byte[]? best = null;
            double at = 0, merit = double.NegativeInfinity;
            string filter = string.Create(CultureInfo.InvariantCulture, $"select=gte(t\\,{wish.From - rounding:0.######}),");
            await WorkingFrames.ReadAsync(video, stream, size.FullWidth, size.FullHeight, "bgr24", 3, seek, filter, (time, pixels) =>
            {
                double pts = time ?? wish.Pts;
                if (best is not null && pts > wish.To + rounding) return false;
                double worth = Worth(pixels, pts, wish, path);
                if (worth > merit) (best, at, merit) = (pixels, pts, worth);
                return pts < wish.To - rounding;
            }, TimeSpan.FromMinutes(10), cancel);
            if (best is null) continue;
            using var borrowed = Mat.FromPixelData(size.FullHeight, size.FullWidth, MatType.CV_8UC3, best);
            return (at, borrowed.Clone());
        }
        return null;
    }

    private double Worth(byte[] pixels, double pts, Wish wish, MoverPath? path)
    {
        if (path?.At(pts) is not { } box || (wish.Kind == Choice.HeadRegion && !Choice.Upright(box, size))) return -Math.Abs(pts - wish.Pts);
        using var frame = Mat.FromPixelData(size.FullHeight, size.FullWidth, MatType.CV_8UC3, pixels);
        Rect part;
        if (wish.Kind == Choice.HeadRegion)
        {
            var (x, y, width, height) = Choice.Head(box, size);
            part = new(x, y, width, height);
        }
        else part = Full(box);
        // As near as it comes: a sharper frame is not worth a mover half as large.
        return Merit.Of(frame, part) * (wish.Kind == Choice.HeadRegion ? box.Height : box.Area);
    }

    /// <summary>A working box in pixels of the upright full frame.</summary>
    private Rect Full(Patch box)
    {
        double sx = (double)size.FullWidth / size.Width, sy = (double)size.FullHeight / size.Height;
        int x = Math.Clamp((int)(box.X * sx), 0, size.FullWidth - 1), y = Math.Clamp((int)(box.Y * sy), 0, size.FullHeight - 1);
        return new(x, y, Math.Clamp((int)Math.Ceiling(box.Width * sx), 1, size.FullWidth - x), Math.Clamp((int)Math.Ceiling(box.Height * sy), 1, size.FullHeight - y));
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

    private static string CurveJson(IReadOnlyList<CurvePoint> curve, IReadOnlyList<SegmentReport> segments) => JsonSerializer.Serialize(new
    {
        version = "evidencevault/activity/1",
        unit = "share of the working frame in motion, 0 to 1, by container PTS in seconds",
        segments = segments.Select((s, i) => new { number = i + 1, start = s.Start, end = s.End, peak = s.Peak }),
        pts = curve.Select(c => Math.Round(c.Pts, 4)),
        activity = curve.Select(c => Math.Round(c.Activity, 5)),
    }, AnalysisJson.Options) + "\n";
}
