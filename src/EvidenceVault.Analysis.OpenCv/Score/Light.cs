using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>Takes the light out of a frame. In the logarithm of brightness a cloud, an exposure step or auto-gain adds a
/// smooth field; the field is the median difference from a slow reference in each tile, smoothed over tiles, so that a
/// mover, which covers few tiles or little of one, does not bend it.</summary>
internal sealed class Light(int width, int height)
{
    // 40 units an octave; the offset of 16 grey levels keeps noise in the dark from being blown up.
    private const double UnitsPerOctave = 40, DarkOffset = 16;
    private const int Columns = 8, Rows = 6, Middle = 46;

    private static readonly byte[] Logarithm = [.. Enumerable.Range(0, 256).Select(v =>
        (byte)Math.Round(UnitsPerOctave * (Math.Log2(v + DarkOffset) - Math.Log2(DarkOffset))))];

    // The reference follows one unit every so many seconds: slow enough that a person who stands for half a minute leaves no mark.
    private const double FollowEvery = 3;

    private byte[]? _reference;
    private double _followed;

    /// <summary>The frame in log units with the light's field removed.</summary>
    public byte[] Remove(byte[] grey, double pts)
    {
        using var source = Mat.FromPixelData(height, width, MatType.CV_8UC1, grey);
        using var smooth = new Mat();
        Cv2.GaussianBlur(source, smooth, new Size(3, 3), 0);
        byte[] log = new byte[grey.Length];
        smooth.GetArray(out byte[] blurred);
        for (int i = 0; i < log.Length; i++) log[i] = (byte)(Logarithm[blurred[i]] + Middle);
        if (_reference is null) { (_reference, _followed) = ([.. log], pts); return log; }

        using var field = new Mat(Rows, Columns, MatType.CV_16SC1);
        for (int r = 0; r < Rows; r++)
            for (int c = 0; c < Columns; c++)
                field.Set(r, c, (short)(16 * TileMedian(log, c * width / Columns, (c + 1) * width / Columns, r * height / Rows, (r + 1) * height / Rows)));
        using var calm = new Mat();
        Cv2.MedianBlur(field, calm, 3);
        using var wide = new Mat();
        Cv2.Resize(calm, wide, new Size(width, height), 0, 0, InterpolationFlags.Linear);
        wide.GetArray(out short[] light);
        bool follow = pts - _followed >= FollowEvery;
        if (follow) _followed = pts;
        for (int i = 0; i < log.Length; i++)
        {
            int value = Math.Clamp(log[i] - ((light[i] + 8) >> 4), 0, 255);
            log[i] = (byte)value;
            if (!follow) continue;
            int reference = _reference[i];
            _reference[i] = (byte)(reference + Math.Sign(value - reference));
        }
        return log;
    }

    /// <summary>Starts anew after the whole picture changed.</summary>
    public void Forget() => _reference = null;

    private int TileMedian(byte[] log, int left, int right, int top, int bottom)
    {
        Span<int> count = stackalloc int[512];
        count.Clear();
        int all = 0;
        for (int y = top; y < bottom; y += 2)
            for (int i = (y * width) + left, end = (y * width) + right; i < end; i++, all++)
                count[log[i] - _reference![i] + 255]++;
        int seen = 0;
        for (int d = 0; d < 511; d++)
            if ((seen += count[d]) * 2 >= all) return d - 255;
        return 0;
    }
}
