using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>Where motion was, counted in cells of the working frame and in slots of time. At most a thousand slots whatever the length,
/// and none for a time in which nothing moved: memory stays flat.</summary>
internal sealed class Heat(int width, int height, double span)
{
    private const int Cell = 4, Slots = 1000, Differs = 12;
    private const double ShortestSlot = 2;

    private readonly double _slot = Math.Max(ShortestSlot, span / Slots);
    private readonly int _columns = (width + Cell - 1) / Cell, _rows = (height + Cell - 1) / Cell;
    private readonly SortedDictionary<int, ushort[]> _counts = [];
    private byte[]? _before;
    private double? _first;

    /// <summary>Takes a scored frame and its working plane.</summary>
    public void Take(FrameScore score, byte[] plane)
    {
        _first ??= score.Pts;
        if (_before is { } before && !score.Break && score.Patches.Count > 0)
        {
            int slot = Math.Clamp((int)((score.Pts - _first.Value) / _slot), 0, Slots);
            if (!_counts.TryGetValue(slot, out var cells)) _counts[slot] = cells = new ushort[_columns * _rows];
            foreach (var patch in score.Patches)
            {
                for (int row = patch.Y / Cell; row <= (patch.Bottom - 1) / Cell && row < _rows; row++)
                {
                    for (int column = patch.X / Cell; column <= (patch.Right - 1) / Cell && column < _columns; column++)
                    {
                        ref ushort count = ref cells[(row * _columns) + column];
                        if (count < ushort.MaxValue && Moved(plane, before, column, row)) count++;
                    }
                }
            }
        }
        _before = plane;
    }

    /// <summary>Frames in which each cell moved, between two PTS; null where nothing did.</summary>
    public Mat? Between(double from, double to)
    {
        if (_first is not { } first) return null;
        float[] sum = new float[_columns * _rows];
        foreach (var (slot, cells) in _counts)
        {
            double begins = first + (slot * _slot);
            if (begins + _slot < from || begins > to) continue;
            for (int i = 0; i < sum.Length; i++) sum[i] += cells[i];
        }
        if (sum.Max() <= 0) return null;
        using var borrowed = Mat.FromPixelData(_rows, _columns, MatType.CV_32FC1, sum);
        return borrowed.Clone();
    }

    private bool Moved(byte[] plane, byte[] before, int column, int row)
    {
        int changed = 0, all = 0;
        for (int y = row * Cell; y < Math.Min(height, (row + 1) * Cell); y++)
            for (int x = column * Cell; x < Math.Min(width, (column + 1) * Cell); x++, all++)
                if (Math.Abs(plane[(y * width) + x] - before[(y * width) + x]) > Differs) changed++;
        return changed * 3 >= all;
    }
}

/// <summary>Draws where motion was over the quiet scene.</summary>
internal static class HeatMap
{
    private const int Widest = 960;

    /// <param name="quiet">A frame of the scene with little going on, upright, BGR.</param>
    /// <param name="heat">Counts in cells.</param>
    /// <param name="title">What it is of.</param>
    /// <param name="tracks">Where what was followed went.</param>
    public static Mat Draw(Mat quiet, Mat heat, string title, IReadOnlyList<TrackReport> tracks)
    {
        double scale = Math.Min(1, (double)Widest / quiet.Width);
        var size = new Size(Math.Max(1, (int)(quiet.Width * scale)), Math.Max(1, (int)(quiet.Height * scale)));
        using var small = new Mat();
        Cv2.Resize(quiet, small, size, 0, 0, InterpolationFlags.Area);
        using var grey = new Mat();
        Cv2.CvtColor(small, grey, ColorConversionCodes.BGR2GRAY);
        using var scene = new Mat();
        Cv2.CvtColor(grey, scene, ColorConversionCodes.GRAY2BGR);

        Cv2.MinMaxLoc(heat, out _, out double highest);
        using var even = new Mat();
        // The root, so that where something passed once is seen beside where it stood about.
        Cv2.Sqrt(heat / highest, even);
        using var wide = new Mat();
        Cv2.Resize(even, wide, size, 0, 0, InterpolationFlags.Cubic);
        Cv2.GaussianBlur(wide, wide, new Size(0, 0), Math.Max(1, size.Width / 240.0));
        using var level = new Mat();
        wide.ConvertTo(level, MatType.CV_8UC1, 255);
        using var colour = new Mat();
        Cv2.ApplyColorMap(level, colour, ColormapTypes.Inferno);
        using var weight = new Mat();
        // Nothing where there was nothing; at most so much that the scene still shows through.
        Cv2.Min(wide * 1.6, new Scalar(0.75), weight);
        Cv2.Max(weight, new Scalar(0), weight);
        using var weights = new Mat();
        Cv2.Merge([weight, weight, weight], weights);
        using var a = new Mat();
        using var b = new Mat();
        scene.ConvertTo(a, MatType.CV_32FC3, 0.85);
        colour.ConvertTo(b, MatType.CV_32FC3);
        using var mixed = new Mat();
        Cv2.Subtract(b, a, b);
        Cv2.Multiply(b, weights, b);
        Cv2.Add(a, b, mixed);
        using var picture = new Mat();
        mixed.ConvertTo(picture, MatType.CV_8UC3);
        foreach (TrackReport track in tracks) Way(picture, [.. track.Points.Select(p => new Point((int)((p.Box[0] + (p.Box[2] / 2.0)) * scale), (int)((p.Box[1] + (p.Box[3] / 2.0)) * scale)))]);
        const string colours = "Dark: passed once. Bright: moved often or long. Grey: nothing moved.";
        return tracks.Count == 0 ? Lettering.Under(picture, title, colours) : Lettering.Under(picture, title, colours, "Line: where what was followed went, from ring to dot, by the frames looked at.");
    }

    // Light on dark, so that it shows on either.
    private static void Way(Mat picture, Point[] places)
    {
        foreach (var (colour, width) in ((Scalar, int)[])[(Lettering.Ink, 3), (Lettering.Paper, 1)])
        {
            Cv2.Polylines(picture, [places], isClosed: false, colour, width, LineTypes.AntiAlias);
            Cv2.Circle(picture, places[0], 5, colour, width, LineTypes.AntiAlias);
            Cv2.Circle(picture, places[^1], width == 1 ? 3 : 4, colour, -1, LineTypes.AntiAlias);
        }
    }
}
