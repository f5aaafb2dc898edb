using System.Globalization;
using System.Text.RegularExpressions;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>When a Master was recorded, by its camera's clock.</summary>
/// <param name="FirstPts">PTS seconds of the first frame.</param>
/// <param name="Seconds">From the first frame to the last.</param>
/// <param name="Stated">The time that its container states, as written there; null where it states none.</param>
/// <param name="Started">That moment; null where it is none that can be placed.</param>
internal sealed partial record RecordingTime(double FirstPts, double Seconds, string? Stated, DateTimeOffset? Started)
{
    // What a clock says that was never set: 1904 in MP4, 1970 elsewhere.
    private const int FirstYear = 1971;

    /// <summary>What a probe says; null for what is no footage, and for stills, which have no length. Times come from the container alone: the name of a file is anybody's word. A time without its zone could be
    /// meant as any, and counts as unknown. Pure; migration 0081 has the same rule in SQL.</summary>
    public static RecordingTime? Of(ProbeReport probe) => probe is { FirstPts: { } first, LastPts: { } last, Container: not ("jpeg" or "jpeg-folder" or "none") }
        ? new(first, Math.Max(0, last - first), probe.CreationTime, Moment(probe.CreationTime)) : null;

    private static DateTimeOffset? Moment(string? stated) =>
        stated is not null && Zoned().IsMatch(stated) && DateTimeOffset.TryParse(stated, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset moment) && moment.ToUniversalTime().Year >= FirstYear
            ? moment.ToUniversalTime() : null;

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex Zoned();
}
