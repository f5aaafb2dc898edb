using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Which settings an analysis can be asked for. Pure.</summary>
public static class SettingsCheck
{
    private const int BoxesMost = 64, PixelsMost = 65_535;
    private const double RollMost = 3600, GapMost = 86_400;

    /// <summary>What is wrong with the settings, a sentence; null where nothing is.</summary>
    public static string? Fault(AnalysisSettings settings) =>
        settings.Region is { } region && !IsBox(region) ? $"The region of interest {NoBox}"
        : settings.Ignore.Count > BoxesMost ? $"More than {BoxesMost} boxes are to be ignored."
        : settings.Ignore.Any(box => box is null || !IsBox(box)) ? $"A box to ignore {NoBox}"
        : settings.MinimumSize is < 0 or > PixelsMost ? $"The minimum size is no number of pixels from 0 to {PixelsMost}."
        : !Enum.IsDefined(settings.Sensitivity) ? "The sensitivity is none of low, normal and high."
        : FaultOf("gap up to which two events are one", settings.MergeGap, GapMost)
        ?? FaultOf("gap between two bursts of stills", settings.BurstGap, GapMost)
        ?? FaultOf("time kept before an event", settings.PreRoll, RollMost)
        ?? FaultOf("time kept after an event", settings.PostRoll, RollMost);

    /// <summary>Refuses settings that no analysis can be asked for.</summary>
    /// <exception cref="RefusedException">They are such.</exception>
    public static void Require(AnalysisSettings settings)
    {
        if (Fault(settings) is { } fault) throw new RefusedException(fault, "Nothing was looked at.", "Correct the setting, then try again.");
    }

    private static string NoBox => $"is not x,y,width,height in pixels of the upright frame: four whole numbers up to {PixelsMost}, width and height at least 1.";

    private static bool IsBox(IReadOnlyList<int> box) => box is [>= 0 and <= PixelsMost, >= 0 and <= PixelsMost, >= 1 and <= PixelsMost, >= 1 and <= PixelsMost];

    // NaN is in no range.
    private static string? FaultOf(string what, double seconds, double most) => seconds >= 0 && seconds <= most ? null : $"The {what} is no number of seconds from 0 to {most:0}.";
}
