using System.Globalization;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Pick;
using EvidenceVault.Analysis.OpenCv.Score;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>The way of a video through the analysis: probe, decode, score, decide, pick, cut. Each step is a room of its own.</summary>
/// <param name="probe">Reads what the file says of itself.</param>
/// <param name="cutter">Cuts clips.</param>
/// <param name="scratch">A folder for what is only needed meanwhile.</param>
/// <param name="progress">Told the share done.</param>
internal sealed class VideoAnalysis(FootageProbe probe, IClipCutter cutter, string scratch, Action<double> progress)
{
    private bool _isBroken;

    public async Task<AnalysisReport> RunAsync(string video, string? folder, AnalysisSettings settings, CancellationToken cancel)
    {
        var probing = probe.ExamineAsync(video, cancel);
        var report = new AnalysisReport
        {
            Settings = settings,
            Versions = new SortedDictionary<string, string>
            {
                ["evidencevault"] = OwnBuild.Of(typeof(VideoAnalysis).Module, typeof(AnalysisReport).Module),
                ["ffmpeg"] = await Ffmpeg.VersionAsync(cancel),
                ["opencv"] = Cv2.GetVersionString() ?? "unknown",
            },
        };
        var (facts, videoStream, packets) = await probing;
        report = report with { Probe = facts };
        if (facts.Problem is { } problem) return report with { Problem = FootageAnalyser.Problem(problem, "If it should be footage, have the camera's copy read again.") };
        if (facts.Container is "jpeg" or "jpeg-folder")
            return await new StillPictures().ReportAsync(video, folder, report, cancel);

        var notes = new List<string>();
        var size = FrameSize.Of(facts);
        double frameTime = facts.FrameRate is > 0 and < 1000 ? 1 / facts.FrameRate.Value : 0.04;
        double span = (facts.LastPts - facts.FirstPts) ?? 0;
        var looked = LookedAt.Of(settings, size);
        notes.AddRange(looked.Notes);
        var rule = AskedRule.Of(settings, (size.Width, size.Height), (size.FullWidth, size.FullHeight));
        if (looked.View is { } part) rule = rule with { View = new(part.X, part.Y, part.Width, part.Height, part.Width * part.Height, 0) };
        var events = new MotionEvents(rule);
        var curve = new List<CurvePoint>();
        var heat = new Heat(size.Width, size.Height, span);
        int stream = videoStream ?? 0;
        var footage = new Footage(video, stream, size, frameTime, facts.FirstPts ?? 0, packets);
        using var aside = new FramesAside(scratch, size.Width * size.Height);
        var scorer = new SceneScorer(footage, span, looked.Mask, events, aside,
            (score, plane) =>
            {
                curve.Add(plane is null ? CurvePoint.Same(curve.Count > 0 ? curve[^1] : null, score.Pts) : CurvePoint.Of(score, plane, size.Width, size.Height));
                if (plane is not null) heat.Take(score, plane);
            });
        RunResult run;
        if (!settings.Exhaustive && !_isBroken && footage.HasRegularKeys(scorer.SampleEvery))
        {
            var gated = new GatedRun(footage, scorer, events, rule, p => progress(0.85 * p));
            run = await gated.RunAsync(cancel);
            report = report with { Gate = new(Math.Round(gated.Stretches.Where(s => s.Way == "decoded").Sum(s => s.End - s.Start), 3), gated.Stretches) };
        }
        else
        {
            run = await new ExhaustiveRun(footage, scorer, aside, p => progress(0.85 * p)).RunAsync(cancel);
        }
        var decoded = run.Decoder;
        (long frames, int untimed, int backward, double end) = (run.Frames, run.Untimed, run.Backward, run.End);
        // What decoders make of broken data depends on their number of threads: it is looked at again with one, and all of it, so that anyone gets the same.
        if (frames > 0 && (Ffmpeg.DecoderThreads != 1 || report.Gate is not null) && (decoded.Complaints > 0 || !decoded.Good))
        {
            (Ffmpeg.DecoderThreads, _isBroken) = (1, true);
            return await RunAsync(video, folder, settings, cancel);
        }
        report = report with { Frames = frames, Probe = facts with { DecodedFrames = frames } };
        if (frames == 0)
            return report with { Problem = FootageAnalyser.Problem($"No frame of the video decodes ({decoded.Reason}).", "Have the camera's copy read again; if it is the same, keep it for a laboratory.") };
        var parts = decoded.Complaints > 0 || !decoded.Good ? await ReadableParts.LookAsync(video, stream, facts, frameTime, cancel) : ReadableParts.Whole(facts.FirstPts ?? 0, end, report.Gate is null ? frames : packets.Count);
        report = report with { Readable = parts.Readable, Skipped = parts.Skipped };
        if (parts.Sentence() is { } unreadable) notes.Add(unreadable);
        if (!decoded.Good) notes.Add($"The decoder stopped with an error after frame {frames}; what comes after it was not seen.");
        if (report.Gate is not null)
        {
            if (facts.ClaimedFrames is { } said && said != packets.Count) notes.Add($"The header claims {said} frames; the file holds {packets.Count}.");
        }
        else if (facts.ClaimedFrames is { } claimed && claimed != frames) notes.Add($"The header claims {claimed} frames; {frames} decode.");
        if (facts.ClaimedDuration is { } length && length > (2 * span) + 2) notes.Add(string.Create(CultureInfo.InvariantCulture, $"The header claims {length:0.#} seconds; the frames span {span:0.#}."));
        if (untimed > 0) notes.Add($"{untimed} frames carry no time; they were taken to follow at the average rate.");
        if (backward > 0) notes.Add($"At {backward} frames the clock of the file runs backwards; they were taken to follow the frame before.");
        foreach (var line in scorer.Text)
        {
            int[] box = FullBox(new(line.X, line.Y, line.Width, line.Height, 0, 0), size);
            notes.Add($"The camera writes text into the picture (a clock or a name) at {box[0]},{box[1]}, {box[2]} by {box[3]} pixels; nothing that happens there is looked at.");
        }
        foreach (double at in scorer.Breaks) notes.Add(string.Create(CultureInfo.InvariantCulture, $"The whole picture changed at once at {at:0.###} s (light, infra-red switch or cut); that is not taken for motion."));

        var found = events.Finish();
        var (tracks, leftOut) = Trails.Fit([.. found.Select(e => e.Tracks)], Trails.MostOfReport);
        if (leftOut > 0) notes.Add($"So much was followed that where it went is told only of what was followed longest; {leftOut} tracks are left out.");
        report = report with
        {
            Segments = [.. found.Zip(tracks, (e, ways) => new SegmentReport(Round(e.Start), Round(Math.Min(e.End, end)), Round(e.Peak), Math.Round(e.PeakScore, 5), FullBox(e.Box, size), e.OpenedBecause + ".", e.ClosedBecause + ".") { Tracks = [.. ways.Select(w => Track(w, size))] })],
            Notes = notes,
        };
        if (folder is null) return report;

        var pictures = new Pictures(video, stream, size, folder);
        report = await pictures.MakeAsync(report, curve, heat, p => progress(0.85 + (0.05 * p)), cancel);
        if (settings.Clips) report = await ClipsAsync(video, folder, report, notes, cancel);
        return await new ForViewing(probe, video, stream, size, folder).MakeAsync(report, cancel);
    }

    private async Task<AnalysisReport> ClipsAsync(string video, string folder, AnalysisReport report, List<string> notes, CancellationToken cancel)
    {
        var clips = new List<ClipReport>();
        for (int i = 0; i < report.Segments.Count; i++)
        {
            var segment = report.Segments[i];
            double from = Round(Math.Max(report.Probe!.FirstPts ?? 0, segment.Start - report.Settings.PreRoll)), to = Round(segment.End + report.Settings.PostRoll);
            try
            {
                var clip = await cutter.CutAsync(video, Round(from), Round(to), Path.Combine(folder, $"segment-{i + 1:000}{Path.GetExtension(video)}"), cancel);
                clips.Add(clip with { Segment = i + 1 });
            }
            catch (Pipeline.Words.VaultException cause) { notes.Add($"Segment {i + 1} has no clip. {cause.Message}"); }
            progress(0.9 + (0.1 * (i + 1) / report.Segments.Count));
        }
        return report with { Clips = clips, Notes = [.. notes] };
    }

    private static TrackReport Track(IReadOnlyList<Place> way, FrameSize size) => new([.. way.Select(p => new TrackPoint(Round(p.Pts), FullBox(p.Box, size)))]);

    private static int[] FullBox(Patch box, FrameSize size)
    {
        double sx = (double)size.FullWidth / size.Width, sy = (double)size.FullHeight / size.Height;
        int x = (int)Math.Floor(box.X * sx), y = (int)Math.Floor(box.Y * sy);
        return [x, y, Math.Min(size.FullWidth, (int)Math.Ceiling(box.Right * sx)) - x, Math.Min(size.FullHeight, (int)Math.Ceiling(box.Bottom * sy)) - y];
    }

    private static double Round(double seconds) => Math.Round(seconds, 6);
}
