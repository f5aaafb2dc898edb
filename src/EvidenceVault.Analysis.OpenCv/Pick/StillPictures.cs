using System.Globalization;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Score;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>Stills of a trail or time-lapse camera: bursts by the camera's clock, an event for each burst in which something is there that is not in the
/// scene, keyframes of events, and a contact sheet. Between two stills nothing is known, and nothing is claimed.</summary>
internal sealed class StillPictures
{
    private const int SheetMost = 160, KeyframesMost = 400;
    private static readonly int[] Quality = [(int)ImwriteFlags.JpegQuality, 92];

    public Task<AnalysisReport> ReportAsync(string path, string? folder, AnalysisReport report, CancellationToken cancel)
    {
        var series = Stills.Series(path);
        var size = FrameSize.Of(report.Probe!);
        var looked = LookedAt.Of(report.Settings, size);
        List<string> notes = [.. series.Notes, .. looked.Notes];
        var changes = new StillChanges(size, looked.Mask, AskedRule.Of(report.Settings, (size.Width, size.Height), (size.FullWidth, size.FullHeight)));
        var readable = new bool[series.Stills.Count];
        for (int i = 0; i < series.Stills.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            using var picture = Open(series.Stills[i]);
            if (picture is null) { notes.Add($"Still {i + 1} cannot be decoded, or is too large to be."); continue; }
            readable[i] = true;
            changes.Take(i, picture);
        }
        long read = readable.LongCount(r => r);
        report = report with { Frames = read, Probe = report.Probe! with { DecodedFrames = read }, Notes = notes };
        if (read == 0) return Task.FromResult(report with { Problem = FootageAnalyser.Problem("No still decodes.", "Have the camera's copy read again.") });

        var found = changes.Finish();
        double threshold = AskedRule.OfStills(report.Settings.Sensitivity) * StillEvents.Threshold(found, size);
        var bursts = series.Bursts(report.Settings.BurstGap);
        var events = new List<(SegmentReport Segment, IReadOnlyList<StillChange> Shots)>();
        for (int b = 0; b < bursts.Count; b++)
        {
            var shots = found.Where(c => c.Number >= bursts[b].First && c.Number <= bursts[b].Last && c.Largest is { } patch && patch.Area >= threshold).ToList();
            if (shots.Count > 0) events.Add((Event(b + 1, bursts[b], shots, series, size), shots));
        }
        if (series.Stills.Count > 1)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{series.Stills.Count} stills in {bursts.Count} {(bursts.Count == 1 ? "burst" : "bursts")} (shots at most {report.Settings.BurstGap:0.###} s apart); in {events.Count} something is there that is not in the scene. What happened between stills is not known."));
        report = report with { Segments = [.. events.Select(e => e.Segment)], Notes = notes };
        if (series.Stills.Count > 1) report = report with { Stills = [.. series.Stills.Select(s => new StillReport(Path.GetFileName(s.File), s.Pts, s.Still.Stated))] };
        return Task.FromResult(folder is null ? report : WithPictures(report, series, readable, events, size, folder, notes, cancel));
    }

    private static SegmentReport Event(int burst, Burst shots, List<StillChange> changed, StillSeries series, FrameSize size)
    {
        double all = size.Width * size.Height;
        var most = changed.MaxBy(c => c.Largest!.Value.Area);
        var box = changed.Select(c => c.Largest!.Value).Aggregate((a, b) => a.Union(b));
        double sx = (double)size.FullWidth / size.Width, sy = (double)size.FullHeight / size.Height;
        return new(series.Stills[shots.First].Pts, series.Stills[shots.Last].Pts, series.Stills[most.Number].Pts, Math.Round(most.Largest!.Value.Area / all, 5),
            [(int)(box.X * sx), (int)(box.Y * sy), Math.Min(size.FullWidth, (int)Math.Ceiling(box.Width * sx)), Math.Min(size.FullHeight, (int)Math.Ceiling(box.Height * sy))],
            string.Create(CultureInfo.InvariantCulture, $"Burst {burst}, stills {shots.First + 1} to {shots.Last + 1}: still {most.Number + 1} differs from the {most.Compared} around it in {100 * most.Largest.Value.Area / all:0.0} % of the picture."),
            "The burst ended.");
    }

    private static AnalysisReport WithPictures(AnalysisReport report, StillSeries series, bool[] readable, List<(SegmentReport Segment, IReadOnlyList<StillChange> Shots)> events, FrameSize size, string folder, List<string> notes, CancellationToken cancel)
    {
        var keyframes = new List<PictureReport>();
        using var sheet = new ContactSheet(size);
        for (int e = 0; e < events.Count; e++)
        {
            cancel.ThrowIfCancellationRequested();
            var shots = events[e].Shots;
            (string Kind, StillChange Shot)[] wanted = [(Choice.FirstSight, shots[0]), (Choice.Closest, Best(shots, series, size)), (Choice.LastSight, shots[^1])];
            foreach (var (kind, shot) in wanted.OrderBy(w => w.Kind == Choice.Closest ? 0 : 1).DistinctBy(w => w.Shot.Number).OrderBy(w => w.Shot.Number))
            {
                using var picture = Open(series.Stills[shot.Number]);
                if (picture is null || keyframes.Count >= KeyframesMost) continue;
                keyframes.Add(Keep(string.Create(CultureInfo.InvariantCulture, $"segment-{e + 1:000}-{kind}.jpg"), kind, shot.Number, picture, e + 1));
                sheet.Add(e + 1, $"{Words(kind)}: still {shot.Number + 1}  {Time(shot.Number)}", null, picture, Full(shot.Largest!.Value, size, picture));
            }
        }
        if (events.Count == 0)
        {
            for (int i = 0; i < series.Stills.Count && i < SheetMost; i++)
            {
                if (!readable[i]) continue;
                using var picture = Open(series.Stills[i]);
                if (picture is null) continue;
                if (series.Stills.Count == 1) keyframes.Add(Keep("still-0001.jpg", "still", 0, picture, null));
                sheet.Add(0, $"Still {i + 1}  {Time(i)}", null, picture, null);
            }
        }
        if (keyframes.Count >= KeyframesMost) notes.Add($"The first {KeyframesMost} keyframes were made.");
        using var drawn = sheet.Draw(report.Segments, $"{series.Stills.Count} {(series.Stills.Count == 1 ? "still" : "stills")}, {events.Count} {(events.Count == 1 ? "event" : "events")}. Times are the camera's own (EXIF). The box marks what is not in the scene.");
        return report with
        {
            Keyframes = keyframes,
            ContactSheet = Pictures.Write(folder, "contact-sheet.jpg", "contact-sheet", null, Encode(drawn), null),
            Notes = notes,
        };

        PictureReport Keep(string name, string kind, int number, Mat picture, int? segment) => Pictures.Write(folder, name, kind, series.Stills[number].Pts, Encode(picture), segment) with { Still = series.Stills.Count > 1 ? number + 1 : null };

        string Time(int number) => series.Stills[number].Still.Stated is { } stated ? stated.Length > 19 ? stated[..19] : stated : "no time";
    }

    private static string Words(string kind) => kind switch { Choice.FirstSight => "First sight", Choice.Closest => "Closest", _ => "Last sight" };

    // Among shots nearly as large as the largest, the one in focus.
    private static StillChange Best(IReadOnlyList<StillChange> shots, StillSeries series, FrameSize size)
    {
        int largest = shots.Max(s => s.Largest!.Value.Area);
        return shots.Where(s => s.Largest!.Value.Area >= 0.7 * largest).Take(6).MaxBy(s =>
        {
            using var picture = Open(series.Stills[s.Number]);
            return picture is null ? 0 : Merit.Of(picture, Full(s.Largest!.Value, size, picture));
        });
    }

    private static Rect Full(Patch box, FrameSize size, Mat picture)
    {
        double sx = (double)picture.Width / size.Width, sy = (double)picture.Height / size.Height;
        int x = Math.Clamp((int)(box.X * sx), 0, picture.Width - 1), y = Math.Clamp((int)(box.Y * sy), 0, picture.Height - 1);
        return new(x, y, Math.Clamp((int)Math.Ceiling(box.Width * sx), 1, picture.Width - x), Math.Clamp((int)Math.Ceiling(box.Height * sy), 1, picture.Height - y));
    }

    // IMREAD_COLOR turns the picture upright by its EXIF orientation. A header that claims too much is not tried.
    private static Mat? Open(StillInSeries still)
    {
        if (still.Still.Width <= 0 || still.Still.Height <= 0 || (long)still.Still.Width * still.Still.Height > Ffmpeg.MaxPixels) return null;
        var picture = Cv2.ImRead(still.File, ImreadModes.Color);
        if (!picture.Empty()) return picture;
        picture.Dispose();
        return null;
    }

    private static byte[] Encode(Mat picture)
    {
        Cv2.ImEncode(".jpg", picture, out byte[] jpeg, Quality);
        return jpeg;
    }
}
