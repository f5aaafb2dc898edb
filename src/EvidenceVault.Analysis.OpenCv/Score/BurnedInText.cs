using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>
/// Finds lines of text that the camera writes into the picture: a date, a name, a clock that ticks. Such a line lies near the top or the
/// bottom, is one to a few blocks high, has the contrast of print in every frame whatever the light, and while some of its blocks (the
/// digits) change again and again, most never do, and nothing changes close above and below it. Pure.
/// </summary>
internal static class BurnedInText
{
    private const int Side = 8, SamplesMin = 6, ShortestRun = 5, HighestRun = 4;
    private const int ContrastMin = 70, StrokeStep = 45, StrokePixels = 3;
    private const double Margin = 0.2, OftenShare = 0.25, StillShare = 0.35;

    /// <summary>The boxes of such lines, working pixels.</summary>
    /// <param name="samples">Frames seconds apart, grey.</param>
    /// <param name="width">Their width.</param>
    /// <param name="height">Their height.</param>
    public static IReadOnlyList<Rect> Find(IReadOnlyList<byte[]> samples, int width, int height)
    {
        if (samples.Count < SamplesMin) return [];
        int columns = width / Side, rows = height / Side;
        var print = new bool[rows, columns];
        var often = new bool[rows, columns];
        for (int r = 0; r < rows; r++)
        {
            if (r * Side >= Margin * height && (r + 1) * Side <= (1 - Margin) * height) continue;
            for (int c = 0; c < columns; c++) (print[r, c], often[r, c]) = Judge(samples, width, r, c);
        }
        var found = new List<Rect>();
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                if (!often[r, c] || !print[r, c] || found.Exists(f => f.Contains(c * Side, r * Side))) continue;
                if (Line(print, often, r, c) is { } line) found.Add(line);
            }
        }
        return [.. found.Select(f => f & new Rect(0, 0, width, height))];
    }

    private static (bool Print, bool Often) Judge(IReadOnlyList<byte[]> samples, int width, int row, int column)
    {
        int strong = 0, changed = 0;
        for (int s = 0; s < samples.Count; s++)
        {
            int low = 255, high = 0, stepped = 0;
            for (int y = row * Side; y < (row + 1) * Side; y++)
            {
                for (int i = (y * width) + (column * Side), end = i + Side; i < end; i++)
                {
                    byte v = samples[s][i];
                    low = Math.Min(low, v);
                    high = Math.Max(high, v);
                    // A stroke comes or goes; light alone does not do that to single pixels.
                    if (s > 0 && Math.Abs(v - samples[s - 1][i]) > StrokeStep) stepped++;
                }
            }
            if (high - low >= ContrastMin) strong++;
            if (stepped >= StrokePixels) changed++;
        }
        return (strong >= 0.9 * samples.Count, changed >= OftenShare * (samples.Count - 1));
    }

    // The run of print around a block that changes often: as wide and as high as print reaches, over gaps of two blocks (spaces).
    private static Rect? Line(bool[,] print, bool[,] often, int row, int column)
    {
        int rows = print.GetLength(0), columns = print.GetLength(1);
        int top = row, bottom = row, left = column, right = column;
        bool Any(int r, int from, int to) => r >= 0 && r < rows && Enumerable.Range(from, to - from + 1).Any(c => c >= 0 && c < columns && print[r, c]);
        for (bool grew = true; grew;)
        {
            grew = false;
            for (int step = 1; step <= 3; step++)
            {
                if (left - step >= 0 && Enumerable.Range(top, bottom - top + 1).Any(r => print[r, left - step])) { left -= step; grew = true; break; }
                if (right + step < columns && Enumerable.Range(top, bottom - top + 1).Any(r => print[r, right + step])) { right += step; grew = true; break; }
            }
            if (bottom - top + 1 < HighestRun && Any(top - 1, left, right)) { top--; grew = true; }
            if (bottom - top + 1 < HighestRun && Any(bottom + 1, left, right)) { bottom++; grew = true; }
        }
        int wide = right - left + 1, high = bottom - top + 1;
        if (wide < ShortestRun || high >= HighestRun || wide < 2 * high) return null;
        int changing = 0, printed = 0;
        for (int r = top; r <= bottom; r++)
        {
            for (int c = left; c <= right; c++)
            {
                if (!print[r, c]) continue;
                printed++;
                if (often[r, c]) changing++;
            }
        }
        if (changing > (1 - StillShare) * printed) return null;
        // What sways does not keep to the line.
        for (int c = left; c <= right; c++)
            if ((top > 1 && often[top - 2, c]) || (bottom + 2 < rows && often[bottom + 2, c])) return null;
        return new((left * Side) - 4, (top * Side) - 4, (wide * Side) + 8, (high * Side) + 8);
    }
}
