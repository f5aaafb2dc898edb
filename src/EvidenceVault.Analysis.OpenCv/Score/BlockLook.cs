namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>A quick look: do the means of small blocks differ from those of a frame seen before, by more than noise makes them? A mean over
/// a block hardly feels noise, and does feel a mover of a few pixels. What is the same at this look need not be scored again.</summary>
internal sealed class BlockLook(int width, int height)
{
    private const int Side = 8;
    // A step of more than this many deviations of the blocks' own steps, and at least so many grey levels, is a change.
    private const double Deviations = 7, LeastStep = 1.3;

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

    /// <summary>How many blocks changed. Light that went up or down everywhere by the same is no change.</summary>
    public int Changed(int[] a, int[] b)
    {
        int n = a.Length;
        int[] steps = new int[n];
        for (int i = 0; i < n; i++) steps[i] = a[i] - b[i];
        int[] sorted = [.. steps];
        Array.Sort(sorted);
        int middle = sorted[n / 2];
        for (int i = 0; i < n; i++) sorted[i] = Math.Abs(steps[i] - middle);
        Array.Sort(sorted);
        double deviation = sorted[n / 2] / 0.6745, limit = Math.Max(16 * LeastStep, Deviations * deviation);
        int changed = 0;
        while (changed < n && sorted[n - 1 - changed] > limit) changed++;
        return changed;
    }
}
