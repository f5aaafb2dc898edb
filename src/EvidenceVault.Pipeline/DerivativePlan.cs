using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

/// <summary>A file that the analysis made and that is to become a derivative.</summary>
/// <param name="File">Its name in the output folder.</param>
/// <param name="Role">What it is: <c>clip</c>, <c>keyframe</c>, <c>contact-sheet</c>, <c>activity-curve</c>, <c>activity-data</c>, <c>packet-index</c>, <c>packet-proof</c>,
/// <c>heat-map</c>, <c>viewing-copy</c>, <c>storyboard</c>, <c>still-series</c>.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Segment">The segment it belongs to.</param>
/// <param name="Pts">PTS seconds, of a single frame.</param>
/// <param name="Settings">How it was made, for its seal.</param>
internal sealed record MadeFile(string File, string Role, string MediaType, int? Segment, double? Pts, JsonObject Settings)
{
    /// <summary>Its SHA-256 as the record says, lower-case hex: nothing else is sealed under its name.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The packet proof that goes with a clip, and is made from it.</summary>
    public MadeFile? Proof { get; init; }
}

/// <summary>Decides which sub-exhibits an analysis gives and in which order: segment by segment its clip and keyframes, then what
/// is about the whole file, the packet index last.</summary>
internal static class DerivativePlan
{
    /// <param name="report">What was found and made.</param>
    /// <param name="found">What is known of the packets; null where that is not asked.</param>
    /// <param name="stills">Of a series of stills, the exhibits in its order.</param>
    public static IEnumerable<MadeFile> Of(AnalysisReport report, PacketFiles? found = null, IReadOnlyList<string>? stills = null)
    {
        PacketFiles packets = found ?? PacketFiles.None;
        var ofSegments = report.Clips.Select(c => Clip(c, packets)).Concat(report.ViewingCopies.Select(ViewingCopy)).Concat(report.Keyframes.Select(k => Picture(k, "keyframe", stills)))
            .OrderBy(m => m.Segment ?? int.MaxValue).ThenBy(m => m.Role, StringComparer.Ordinal).ThenBy(m => m.Pts ?? 0);
        IEnumerable<PictureReport> whole = [.. report.ContactSheet is { } sheet ? [sheet] : Array.Empty<PictureReport>(), .. report.Activity];
        IEnumerable<MadeFile> index = packets.Index is null ? [] : [Index(packets)];
        return ofSegments.Concat(whole.Select(p => Picture(p, p.Kind))).Concat(report.Storyboard.Select(p => Picture(p, "storyboard"))).Concat(index);
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
    })
    { Sha256 = copy.Sha256 };

    /// <summary>A Master's packet index, which is there.</summary>
    public static MadeFile Index(PacketFiles packets) =>
        new(PacketIndexing.FileName, PacketIndex.Role, "text/csv", null, null, PacketIndexSeal.Settings(packets.Index!)) { Sha256 = packets.IndexSha256! };

    /// <summary>A clip, with its packet proof where it has one.</summary>
    /// <param name="clip">What was cut.</param>
    /// <param name="packets">What is known of the packets.</param>
    /// <param name="notes">What is worth knowing of it and stands in no other record, a sentence each.</param>
    public static MadeFile Clip(ClipReport clip, PacketFiles packets, params IReadOnlyList<string> notes)
    {
        JsonObject settings = Settings(clip);
        if (notes.Count > 0) settings["notes"] = new JsonArray([.. notes.Select(n => (JsonNode)n)]);
        MadeFile? proof = null;
        if (packets.Proofs.GetValueOrDefault(clip.File) is { } sha256)
        {
            // The clip's seal vouches for its proof, which names the clip: neither can be exchanged alone.
            settings[PacketProof.Setting] = new JsonObject { ["sha256"] = sha256 };
            proof = new(ClipProving.FileName(clip.File), PacketProof.Role, "text/plain", clip.Segment, null, new JsonObject { ["format"] = PacketProof.Version }) { Sha256 = sha256 };
        }
        return new(clip.File, "clip", MediaType(clip.File), clip.Segment, null, settings) { Sha256 = clip.Sha256, Proof = proof };
    }

    private static JsonObject Settings(ClipReport clip) => new()
    {
        ["askedStart"] = clip.AskedStart,
        ["askedEnd"] = clip.AskedEnd,
        ["gotStart"] = clip.GotStart,
        ["gotEnd"] = clip.GotEnd,
        ["packets"] = clip.Packets,
        ["packetsOfMaster"] = clip.PacketsOfMaster,
        ["method"] = "stream copy, never re-encoded",
    };

    private static MadeFile Picture(PictureReport picture, string role, IReadOnlyList<string>? stills = null)
    {
        var settings = new JsonObject { ["kind"] = picture.Kind };
        if (picture.Pts is { } pts) settings["pts"] = pts;
        if (picture.Still is { } still && stills is not null) settings["still"] = stills[still - 1];
        return new(picture.File, role, MediaType(picture.File), picture.Segment, picture.Pts, settings) { Sha256 = picture.Sha256 };
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
