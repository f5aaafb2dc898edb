using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Portal.Watching;

/// <summary>Moments of a recording by its camera's clock and by that clock corrected, in words. Pure.</summary>
internal static class Clocks
{
    /// <summary>A moment by the camera's clock; null where that is not known.</summary>
    public static DateTimeOffset? Camera(RecordingRow? recording, double pts) => recording?.Started is { } started ? At(started, recording, pts) : null;

    /// <summary>The same moment corrected; null where the clock was not compared.</summary>
    public static DateTimeOffset? Corrected(RecordingRow? recording, double pts) => recording is { Started: not null, ClockOffset: not null, Corrected: { } corrected } ? At(corrected, recording, pts) : null;

    /// <summary>Where the recording's time comes from, a sentence or two.</summary>
    public static string Source(RecordingRow? recording) => recording switch
    {
        null => "Nothing is known of when this was recorded.",
        { Stated: null } => "The file does not state when it was recorded. Its name is not relied on: anybody could have chosen it.",
        { Started: null } => $"The file states {Names.Printable(recording.Stated)}, which cannot be placed: it has no time zone, or is what a clock says that was never set.",
        _ => $"The file’s container states {Names.Printable(recording.Stated)} as the time it was made, taken to be the camera’s clock at the first frame. " + Offset(recording),
    };

    /// <summary>How the clock was corrected, a sentence.</summary>
    public static string Offset(RecordingRow recording) => recording switch
    {
        { ClockOffset: null } => "Nobody compared the camera’s clock with another for this drop: how far it was out is not known.",
        { ClockUncertainty: { } uncertainty } => FormattableString.Invariant($"The clock was compared with another for this drop: {recording.ClockOffset:+0.###;-0.###;0} s are added, good to ± {uncertainty:0.###} s."),
        _ => FormattableString.Invariant($"The clock was compared with another for this drop: {recording.ClockOffset:+0.###;-0.###;0} s are added; how good that is was not noted."),
    };

    /// <summary>How far a corrected moment may be out.</summary>
    public static string Uncertainty(RecordingRow recording) => recording.ClockUncertainty is { } u ? FormattableString.Invariant($" ± {u:0.###} s") : "";

    private static DateTimeOffset At(long moment, RecordingRow recording, double pts) => DateTimeOffset.FromUnixTimeMilliseconds(moment + (long)Math.Round((pts - recording.FirstPts) * 1000));
}
