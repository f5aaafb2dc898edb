using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Decode;

/// <summary>A quick look: do the means of small blocks differ from those of a frame seen before, by more than noise makes them? A mean over
/// a block hardly feels noise, and does feel a mover of a few pixels. What is the same at this look need not be scored again.</summary>
internal sealed class BlockLook(int width, int height)
{
    private const int Side = 8;
    // A step of more than this many deviations of the blocks' own steps, and at least so many grey levels, is a change.
    private const double Deviations = 7, LeastStep = 1.3, MostStep = 6;

    private const int MostMean = 255 * 16;

    private readonly int[] _counts = new int[(4 * MostMean) + 1];
    private readonly int _columns = width / Side, _rows = height / Side;

    /// <summary>The means of all blocks, in sixteenths of a grey level.</summary>
    public int[] Means(byte[] grey)
    {
        int[] means = new int[_columns * _rows];
        for (int y = 0; y < _rows * Side; y++)
        {
            int at = y * width, row = y / Side * _columns;
            for (int c = 0; c < _columns; c++, at += Side)
            {
                // Eight pixels of a row at once, as four sums of two.
                ulong eight = BitConverter.ToUInt64(grey, at);
                ulong pairs = (eight & 0x00FF00FF00FF00FF) + ((eight >> 8) & 0x00FF00FF00FF00FF);
                means[row + c] += (int)((pairs * 0x0001000100010001) >> 48);
            }
        }
        for (int i = 0; i < means.Length; i++) means[i] >>= 2; // sums of 64 pixels to sixteenths
        return means;
    }

    /// <summary>Which blocks changed. Light that went up or down everywhere by the same is no change.</summary>
    public IReadOnlyList<int> Changed(int[] a, int[] b)
    {
        int n = a.Length;
        int[] steps = new int[n];
        for (int i = 0; i < n; i++) steps[i] = a[i] - b[i];
        int middle = Quantile(steps, 0.5);
        int largest = 0;
        for (int i = 0; i < n; i++) largest = Math.Max(largest, steps[i] = Math.Abs(steps[i] - middle));
        if (largest <= 16 * LeastStep) return [];
        // From the lower quarter (0.3186 σ), as more than half of the picture may be in motion.
        double limit = Math.Clamp(Deviations * Quantile(steps, 0.25) / 0.3186, 16 * LeastStep, 16 * MostStep);
        return largest <= limit ? [] : [.. Enumerable.Range(0, n).Where(i => steps[i] > limit)];
    }

    // By counting: steps lie between -4080 and 4080.
    private int Quantile(int[] steps, double share)
    {
        Array.Clear(_counts);
        foreach (int step in steps) _counts[step + MostMean]++;
        int seen = 0, wanted = (int)(share * steps.Length);
        for (int v = 0; v < _counts.Length; v++)
            if ((seen += _counts[v]) > wanted) return v - MostMean;
        return 0;
    }

    /// <summary>Where a block lies, working pixels.</summary>
    public Rect BoxOf(int block) => new(block % _columns * Side, block / _columns * Side, Side, Side);
}

/// <summary>Tells whether a frame looks as the last one that did not.</summary>
internal sealed class SameLook(int width, int height)
{
    private readonly BlockLook _look = new(width, height);
    private int[]? _means;

    /// <summary>True where it does. What must not be taken for the same is the first of what comes.</summary>
    public bool IsSame(byte[] grey, bool mustNot)
    {
        int[] means = _look.Means(grey);
        if (!mustNot && _means is not null && _look.Changed(means, _means).Count == 0) return true;
        _means = means;
        return false;
    }
}
