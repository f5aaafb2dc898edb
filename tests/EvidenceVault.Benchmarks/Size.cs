using System.Globalization;

namespace EvidenceVault.Benchmarks;

/// <summary>How a size is written: 4GB, 500MB.</summary>
internal static class Size
{
    public static long Of(string text)
    {
        long unit = text switch
        {
            [.., 'G', 'B'] => 1_000_000_000,
            [.., 'M', 'B'] => 1_000_000,
            _ => throw new FormatException("--size takes a number with MB or GB, for example 4GB."),
        };
        return long.TryParse(text[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out long n) && n > 0
            ? n * unit
            : throw new FormatException("--size takes a number with MB or GB, for example 4GB.");
    }
}
