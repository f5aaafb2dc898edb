using System.Globalization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A viewing copy: re-encoded so that any browser plays it, and never the evidence. Times in seconds.</summary>
/// <param name="File">Its name in the output folder.</param>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Frames">Frames in it: every frame of the source that decodes, and no other.</param>
/// <param name="MasterPts">The Master's PTS at this copy's time 0: add it to a time of the copy to get the Master's.</param>
/// <param name="Width">Width in pixels, with the band.</param>
/// <param name="Height">Height in pixels, with the band.</param>
/// <param name="Reasons">Why it was made: what of the source a browser cannot play, a sentence each.</param>
/// <param name="Segment">The segment whose clip it shows; null for a whole Master.</param>
public sealed record ViewingCopyReport(
    string File, string Sha256, long Bytes, long Frames, double MasterPts, int Width, int Height, IReadOnlyList<string> Reasons, int? Segment)
{
    /// <summary>How it was encoded: encoder, preset, quality. With the versions in the report it can be made again.</summary>
    public string Method { get; init; } = "";

    /// <summary>What of the source it does not show as it is, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>What stands in a viewing copy's band and metadata.</summary>
public static class ViewingLabel
{
    /// <summary>The line that every viewing copy carries.</summary>
    public const string Notice = "VIEWING COPY - NOT THE EVIDENCE";

    private const int HashShown = 16;

    /// <summary>The label of a Master: its reference, where it has one, and the first 16 digits of its SHA-256.</summary>
    public static string Of(string? exhibit, string sha256) => $"{(exhibit is null ? "" : exhibit + "  ")}Master SHA-256 {sha256[..Math.Min(HashShown, sha256.Length)]}";

    /// <summary>Only characters that mean nothing to a filter and are in every typeface.</summary>
    internal static string Plain(string label) =>
        new([.. label.Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '/' or '-' or '.' or '_').Take(80)]);
}

/// <summary>Whether a browser shows a file as it is. Pure. Held to Chromium by the matrix of clips (ClipMatrixTests): what is said to
/// play there does. Firefox and Edge play no more than this.</summary>
public static class Viewing
{
    private static readonly string[] Sounds = ["aac", "mp3", "opus", "vorbis", "flac"];

    /// <summary>Why a viewing copy is needed, a sentence each; empty where the file plays as it is.</summary>
    public static IReadOnlyList<string> NeedsViewingCopy(ProbeReport probe)
    {
        if (probe.Problem is not null || probe.Codec is null || probe.Container is "jpeg" or "jpeg-folder") return [];
        var reasons = new List<string>();
        string[] container = probe.Container.Split(',');
        bool webm = probe.Codec is "vp8" or "vp9" or "av1" && container.Contains("webm");
        if (!webm && !container.Contains("mp4")) reasons.Add($"Browsers do not open the container ({probe.Container}).");
        if (probe.Codec is not ("h264" or "vp8" or "vp9" or "av1")) reasons.Add($"Not every browser decodes the video ({probe.Codec}).");
        else if (probe.PixelFormat is not (null or "yuv420p" or "yuvj420p") && (probe.Codec == "h264" || probe.PixelFormat != "yuv420p10le"))
            reasons.Add($"Not every browser decodes the video's pixels ({probe.PixelFormat}).");
        foreach (string sound in probe.Audio.Distinct().Where(a => !Sounds.Contains(a))) reasons.Add($"Not every browser decodes the sound ({sound}).");
        if (!Square(probe.PixelAspect)) reasons.Add($"The pixels are not square ({probe.PixelAspect}): players differ in what they make of that.");
        if (probe.Rotation != 0) reasons.Add($"The picture is turned by a tag ({probe.Rotation} degrees): not every player follows it.");
        return reasons;
    }

    /// <summary>Upright size with square pixels, both even (4:2:0 needs that), the longer side at most <paramref name="longest"/>.</summary>
    internal static (int Width, int Height) Size(ProbeReport probe, int longest)
    {
        double width = probe.Width, height = probe.Height;
        string[] aspect = (probe.PixelAspect ?? "1:1").Split(':');
        // A header may claim any aspect: beyond 16 to 1 it is damage, not a camera.
        if (aspect.Length == 2 && int.TryParse(aspect[0], CultureInfo.InvariantCulture, out int num) && int.TryParse(aspect[1], CultureInfo.InvariantCulture, out int den)
            && num > 0 && den > 0 && num <= 16L * den && den <= 16L * num)
            width = width * num / den;
        if (probe.Rotation is 90 or 270) (width, height) = (height, width);
        double shrink = Math.Min(1, longest / Math.Max(width, height));
        return (Even(width * shrink), Even(height * shrink));
    }

    private static int Even(double length) => Math.Max(16, 2 * (int)Math.Round(length / 2));

    private static bool Square(string? aspect)
    {
        string[] parts = (aspect ?? "").Split(':');
        return parts.Length != 2 || parts[0] == parts[1] || parts[0] == "0" || parts[1] == "0"; // 0:1 is ffprobe's word for "not stated"
    }
}

/// <summary>A fraction of a second: what a time stamp of a stream counts. Compared exactly, never in floating point.</summary>
internal readonly record struct TimeBase(long Numerator, long Denominator)
{
    public double Seconds => (double)Numerator / Denominator;

    public static TimeBase? Parse(string? text)
    {
        string[] parts = (text ?? "").Split('/');
        return parts.Length == 2 && long.TryParse(parts[0], CultureInfo.InvariantCulture, out long num) && long.TryParse(parts[1], CultureInfo.InvariantCulture, out long den) && num > 0 && den > 0
            ? new(num, den) : null;
    }

    /// <summary>Whether so many ticks of this are exactly so many ticks of another.</summary>
    public bool Same(long ticks, long others, TimeBase other) =>
        (Int128)ticks * Numerator * other.Denominator == (Int128)others * other.Numerator * Denominator;
}

/// <summary>At which time each frame of a source stands in its copy. Pure; the filter in <see cref="ViewingCopyMaker"/> does the same, and what it did
/// is held to this.</summary>
internal static class CopiedTimes
{
    /// <summary>Ticks in the copy: the source's, counted from <paramref name="start"/>. A frame without a time, or one whose clock runs
    /// back, cannot be shown at its time: it follows the one before, and is counted in Moved.</summary>
    public static (List<long> Ticks, int Moved) Of(IReadOnlyList<long?> source, long start, long step)
    {
        var ticks = new List<long>(source.Count);
        int moved = 0;
        foreach (long? pts in source)
        {
            long after = ticks.Count > 0 ? ticks[^1] : -1;
            if (pts is { } given && given - start > after) { ticks.Add(given - start); continue; }
            ticks.Add(pts is null ? (ticks.Count > 0 ? after + step : 0) : after + 1);
            moved++;
        }
        return (ticks, moved);
    }

    /// <summary>The same as a filter expression of setpts.</summary>
    public static string Filter(long start, long step) => string.Create(CultureInfo.InvariantCulture,
        $"setpts='if(isnan(PTS)\\,if(N\\,PREV_OUTPTS+{step}\\,0)\\,if(N\\,max(PTS-({start})\\,PREV_OUTPTS+1)\\,max(PTS-({start})\\,0)))'");
}
