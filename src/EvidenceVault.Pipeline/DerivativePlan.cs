using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Pipeline;

/// <summary>A file that the analysis made and that is to become a derivative.</summary>
/// <param name="File">Its name in the output folder.</param>
/// <param name="Role">What it is: <c>clip</c>, <c>keyframe</c>, <c>contact-sheet</c>, <c>activity-curve</c>, <c>activity-data</c>,
/// <c>heat-map</c>, <c>viewing-copy</c>, <c>storyboard</c>.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Segment">The segment it belongs to.</param>
/// <param name="Pts">PTS seconds, of a single frame.</param>
/// <param name="Settings">How it was made, for its seal.</param>
internal sealed record MadeFile(string File, string Role, string MediaType, int? Segment, double? Pts, JsonObject Settings);

/// <summary>Decides which sub-exhibits an analysis gives and in which order: segment by segment its clip and keyframes, then what
/// is about the whole file.</summary>
internal static class DerivativePlan
{
    public static IEnumerable<MadeFile> Of(AnalysisReport report)
    {
        var ofSegments = report.Clips.Select(Clip).Concat(report.ViewingCopies.Select(ViewingCopy)).Concat(report.Keyframes.Select(k => Picture(k, "keyframe")))
            .OrderBy(m => m.Segment ?? int.MaxValue).ThenBy(m => m.Role, StringComparer.Ordinal).ThenBy(m => m.Pts ?? 0);
        IEnumerable<PictureReport> whole = [.. report.ContactSheet is { } sheet ? [sheet] : Array.Empty<PictureReport>(), .. report.Activity];
        return ofSegments.Concat(whole.Select(p => Picture(p, p.Kind))).Concat(report.Storyboard.Select(p => Picture(p, "storyboard")));
    }

    /// <summary>A viewing copy, of a clip or of the whole Master.</summary>
    public static MadeFile ViewingCopy(ViewingCopyReport copy) => new(copy.File, "viewing-copy", MediaType(copy.File), copy.Segment, null, new JsonObject
    {
        ["frames"] = copy.Frames,
        ["masterPtsAtZero"] = copy.MasterPts,
        ["width"] = copy.Width,
        ["height"] = copy.Height,
        ["method"] = "re-encoded for viewing, not the evidence: " + copy.Method,
        ["because"] = new JsonArray([.. copy.Reasons.Select(r => (JsonNode)r)]),
    });

    private static MadeFile Clip(ClipReport clip) => new(clip.File, "clip", MediaType(clip.File), clip.Segment, null, new JsonObject
    {
        ["askedStart"] = clip.AskedStart,
        ["askedEnd"] = clip.AskedEnd,
        ["gotStart"] = clip.GotStart,
        ["gotEnd"] = clip.GotEnd,
        ["packets"] = clip.Packets,
        ["packetsOfMaster"] = clip.PacketsOfMaster,
        ["method"] = "stream copy, never re-encoded",
    });

    private static MadeFile Picture(PictureReport picture, string role)
    {
        var settings = new JsonObject { ["kind"] = picture.Kind };
        if (picture.Pts is { } pts) settings["pts"] = pts;
        return new(picture.File, role, MediaType(picture.File), picture.Segment, picture.Pts, settings);
    }

    private static string MediaType(string file) => Path.GetExtension(file).ToLowerInvariant() switch
    {
        ".jpg" or ".jpeg" => "image/jpeg",
        ".png" => "image/png",
        ".json" => "application/json",
        ".vtt" => "text/vtt",
        ".mp4" or ".m4v" or ".mov" => "video/mp4",
        ".mkv" => "video/x-matroska",
        ".avi" => "video/x-msvideo",
        ".ts" => "video/mp2t",
        _ => "application/octet-stream",
    };
}
