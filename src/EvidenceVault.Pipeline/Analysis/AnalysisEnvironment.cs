using System.Globalization;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>What the environment of a host says of analyses.</summary>
public static class AnalysisEnvironment
{
    /// <summary>Threads for decoding and scoring. What is found does not depend on it.</summary>
    public const string ThreadsVariable = "EVIDENCEVAULT_ANALYSIS_THREADS";

    /// <summary>Seconds that one analysis may take before it is ended.</summary>
    public const string SecondsVariable = "EVIDENCEVAULT_ANALYSIS_SECONDS";

    /// <summary>The settings of analyses, as the environment has them.</summary>
    /// <exception cref="RefusedException">A variable holds no number that it may.</exception>
    public static AnalysisSettings Settings() => Settings(Environment.GetEnvironmentVariable);

    internal static AnalysisSettings Settings(Func<string, string?> variable)
    {
        var usual = new AnalysisSettings();
        return usual with
        {
            Threads = Number(ThreadsVariable, 256) ?? 0,
            Limits = Number(SecondsVariable, 7 * 86_400) is { } seconds ? usual.Limits with { Time = TimeSpan.FromSeconds(seconds) } : usual.Limits,
        };

        int? Number(string name, int most)
        {
            if (variable(name) is not { Length: > 0 } text) return null;
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= 1 && n <= most ? n
                : throw new RefusedException($"{name} is '{Names.Printable(text)}', which is no whole number from 1 to {most}.", "Nothing was done.", "Correct the variable, or unset it.");
        }
    }
}
