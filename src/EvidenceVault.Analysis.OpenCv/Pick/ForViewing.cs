using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>What is made for people who look at footage in a browser: thumbnails for scrubbing, and viewing copies of those clips that a
/// browser cannot play. A copy that cannot be made is told, and takes nothing else with it.</summary>
internal sealed class ForViewing(IFootageProbe probe, string video, int stream, FrameSize size, string folder)
{
    public async Task<AnalysisReport> MakeAsync(AnalysisReport report, CancellationToken cancel)
    {
        var facts = report.Probe!;
        if (report.Settings.Storyboard)
        {
            double first = facts.FirstPts ?? 0, end = (facts.LastPts ?? first) + (facts.FrameRate is > 0 ? 1 / facts.FrameRate.Value : 0.04);
            report = report with { Storyboard = await new StoryboardSheets(video, stream, size, folder).MakeAsync(first, end, cancel) };
        }
        return report.Settings.ViewingCopies && report.Clips.Count > 0 ? await CopiesAsync(report, cancel) : report;
    }

    private async Task<AnalysisReport> CopiesAsync(AnalysisReport report, CancellationToken cancel)
    {
        var maker = new ViewingCopyMaker(probe);
        var copies = new List<ViewingCopyReport>();
        var notes = report.Notes.ToList();
        string? label = report.Settings.Label;
        foreach (var clip in report.Clips)
        {
            string file = Path.Combine(folder, clip.File);
            var reasons = Viewing.NeedsViewingCopy(await probe.ProbeAsync(file, countFrames: false, cancel));
            if (reasons.Count == 0) continue;
            label ??= ViewingLabel.Of(null, await Sha256Async(video, cancel));
            try
            {
                var copy = await maker.MakeAsync(file, label, clip.GotStart, Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(clip.File)}-viewing-copy.mp4"), null, cancel);
                copies.Add(copy with { Segment = clip.Segment });
            }
            catch (VaultException cause) { notes.Add($"Segment {clip.Segment} has no viewing copy. {cause.Message}"); }
        }
        return report with { ViewingCopies = copies, Notes = notes };
    }

    private static async Task<string> Sha256Async(string file, CancellationToken cancel)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(stream, cancel));
    }
}
