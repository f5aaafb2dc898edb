using System.Globalization;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Worker.Showing;

/// <summary>A Master as the summary shows it.</summary>
internal sealed record SummaryRow(string Exhibit, string Camera, long? Bytes, string? Sha256, int Segments, int Keyframes, string State)
{
    public static SummaryRow Of(ExhibitRow row, (int Segments, int Keyframes) counts) =>
        new(row.Reference, row.Camera, row.Bytes, row.Sha256, counts.Segments, counts.Keyframes, row.State);
}

/// <summary>Lays the summary out as aligned lines. Pure.</summary>
internal static class SummaryTable
{
    private static readonly string[] Titles = ["exhibit", "camera", "size", "SHA-256", "segments", "keyframes", "state"];
    private static readonly bool[] RightAligned = [false, false, true, false, true, true, false];
    private const int Sha256Column = 3, ShortestHash = 12;
    private const string Gap = "  ";

    /// <summary>The table's lines, titles first. SHA-256 is whole unless <paramref name="width"/> (columns of a terminal) cannot hold it:
    /// then it is cut, with an ellipsis, as little as it takes.</summary>
    public static IReadOnlyList<string> Lines(IEnumerable<SummaryRow> rows, int? width)
    {
        List<string[]> cells = [Titles, .. rows.Select(Cells)];
        int[] widths = [.. Enumerable.Range(0, Titles.Length).Select(column => cells.Max(row => row[column].Length))];
        int tooWide = widths.Sum() + Gap.Length * (Titles.Length - 1) - (width ?? int.MaxValue);
        if (tooWide > 0) widths[Sha256Column] = Math.Clamp(widths[Sha256Column] - tooWide, Math.Min(ShortestHash, widths[Sha256Column]), widths[Sha256Column]);
        return [.. cells.Select(row => string.Join(Gap, row.Select((cell, column) => Padded(cell, column, widths[column]))).TrimEnd())];
    }

    /// <summary>A length as people read it: <c>12.3 MB</c>, in powers of 1000.</summary>
    public static string Size(long bytes)
    {
        if (bytes < 1000) return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        string[] units = ["kB", "MB", "GB", "TB", "PB", "EB"];
        int unit = 0;
        double value = bytes / 1000.0;
        // 999.95 would be written 1000.0: that is 1.0 of the next unit.
        for (; value >= 999.95; unit++) value /= 1000;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {units[unit]}");
    }

    private static string[] Cells(SummaryRow row) =>
    [
        row.Exhibit, Names.Printable(row.Camera), row.Bytes is { } bytes ? Size(bytes) : "-", row.Sha256 ?? "-",
        row.Segments.ToString(CultureInfo.InvariantCulture), row.Keyframes.ToString(CultureInfo.InvariantCulture), row.State,
    ];

    private static string Padded(string cell, int column, int width)
    {
        if (cell.Length > width) cell = string.Concat(cell.AsSpan(0, width - 1), "…");
        return RightAligned[column] ? cell.PadLeft(width) : cell.PadRight(width);
    }
}
