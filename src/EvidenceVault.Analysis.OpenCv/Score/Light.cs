using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>Takes the light out of a frame. In the logarithm of brightness a cloud, an exposure step or auto-gain adds a
/// smooth field; the field is the median difference from a slow reference in each tile, smoothed over tiles, so that a
/// mover, which covers few tiles or little of one, does not bend it. The reference is the caller's.</summary>
internal sealed class Light(int width, int height, FrameBuffers buffers)
{
    private readonly short[] _wide = new short[width * height];

    // 40 units an octave; the offset of 16 grey levels keeps noise in the dark from being blown up.
    private const double UnitsPerOctave = 40, DarkOffset = 16;
    private const int Columns = 8, Rows = 6, Middle = 46;

    private static readonly byte[] Logarithm = [.. Enumerable.Range(0, 256).Select(v =>
        (byte)(Middle + Math.Round(UnitsPerOctave * (Math.Log2(v + DarkOffset) - Math.Log2(DarkOffset)))))];

    /// <summary>The frame in log units, with the light's field against the reference removed where there is one.</summary>
    public byte[] Plane(byte[] grey, byte[]? reference)
    {
        using var source = Mat.FromPixelData(height, width, MatType.CV_8UC1, grey);
        byte[] log = buffers.Take();
        using var smooth = Mat.FromPixelData(height, width, MatType.CV_8UC1, log);
        Cv2.GaussianBlur(source, smooth, new Size(3, 3), 0);
        foreach (ref byte pixel in log.AsSpan()) pixel = Logarithm[pixel];
        if (reference is null) return log;

        using var field = new Mat(Rows, Columns, MatType.CV_16SC1);
        bool any = false;
        for (int r = 0; r < Rows; r++)
        {
            for (int c = 0; c < Columns; c++)
            {
                int median = TileMedian(log, reference, c * width / Columns, (c + 1) * width / Columns, r * height / Rows, (r + 1) * height / Rows);
                any |= median != 0;
                field.Set(r, c, (short)(16 * median));
            }
        }
        if (!any) return log;
        using var calm = new Mat();
        Cv2.MedianBlur(field, calm, 3);
        using var wide = Mat.FromPixelData(height, width, MatType.CV_16SC1, _wide);
        Cv2.Resize(calm, wide, new Size(width, height), 0, 0, InterpolationFlags.Linear);
        Pixels.Subtract(log, _wide);
        return log;
    }

    /// <summary>The reference one unit nearer to a plane.</summary>
    public static byte[] Follow(byte[] reference, byte[] plane)
    {
        byte[] next = new byte[reference.Length];
        for (int i = 0; i < next.Length; i++) next[i] = (byte)(reference[i] + Math.Sign(plane[i] - reference[i]));
        return next;
    }

    private int TileMedian(byte[] log, byte[] reference, int left, int right, int top, int bottom)
    {
        Span<int> count = stackalloc int[512];
        count.Clear();
        int all = 0;
        for (int y = top; y < bottom; y += 2)
            for (int i = (y * width) + left, end = (y * width) + right; i < end; i++, all++)
                count[log[i] - reference[i] + 255]++;
        int seen = 0;
        for (int d = 0; d < 511; d++)
            if ((seen += count[d]) * 2 >= all) return d - 255;
        return 0;
    }
}
