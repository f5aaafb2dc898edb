namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>Measures of two planes of the same size. Pure.</summary>
internal static class Planes
{
    /// <summary>Standard deviation of sensor noise from the median step of a pixel from one to the other: 0.6745 σ√2 for Gaussian noise.</summary>
    public static double Noise(byte[] a, byte[] b)
    {
        Span<int> steps = stackalloc int[256];
        steps.Clear();
        for (int i = 0; i < a.Length; i += 3) steps[Math.Abs(a[i] - b[i])]++;
        int all = (a.Length + 2) / 3, seen = 0;
        for (int d = 0; d < 256; d++)
        {
            if ((seen + steps[d]) * 2 >= all)
                return Math.Max(0, d - 0.5 + (((all / 2.0) - seen) / Math.Max(1, steps[d]))) / 0.954;
            seen += steps[d];
        }
        return 0;
    }

    /// <summary>Share of pixels that differ by more than a threshold.</summary>
    public static double Changed(byte[] a, byte[] b, int threshold) => Pixels.Differing(a, b, threshold) / (double)a.Length;

    /// <summary>Share of the picture's tiles in which something that counts differs: what comes into the scene changes some tiles, an
    /// infra-red switch, a cut or a turned camera nearly all.</summary>
    public static double ChangedTiles(byte[] a, byte[] b, int width, int height, int threshold)
    {
        const int columns = 8, rows = 6;
        const double ofTile = 0.08;
        int tiles = 0;
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                int left = c * width / columns, right = (c + 1) * width / columns, top = r * height / rows, bottom = (r + 1) * height / rows, changed = 0;
                for (int y = top; y < bottom; y++) changed += Pixels.Differing(Pixels.Row(a, width, y, left, right), Pixels.Row(b, width, y, left, right), threshold);
                if (changed > ofTile * (right - left) * (bottom - top)) tiles++;
            }
        }
        return tiles / (double)(columns * rows);
    }
}
