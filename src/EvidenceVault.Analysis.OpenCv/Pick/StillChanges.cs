using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>What of a still is not in the stills around it.</summary>
/// <param name="Number">The still, from 0.</param>
/// <param name="Largest">The largest thing that is there and is not there in most others; null where there is none.</param>
/// <param name="Compared">How many stills it was held to.</param>
internal readonly record struct StillChange(int Number, Patch? Largest, int Compared);

/// <summary>Finds what changes from still to still: each is held to the median of those around it of the same kind of light (by day, or by infra-red
/// at night). Only those are in memory.</summary>
/// <param name="size">The sizes at which they are looked at.</param>
/// <param name="mask">255 where they are looked at; null where all of them is.</param>
/// <param name="rule">How large what counts must be.</param>
internal sealed class StillChanges(FrameSize size, byte[]? mask, MotionRule rule)
{
    private const int Around = 6, Tolerance = 22;
    private const double Grey = 10;

    private sealed record Plane(int Number, byte[] Pixels, bool InfraRed);

    private readonly List<Plane> _window = [];
    private readonly List<StillChange> _found = [];
    private int _next;

    /// <summary>Takes the next still, upright; stills that do not decode are left out.</summary>
    public void Take(int number, Mat picture)
    {
        using var small = new Mat();
        Cv2.Resize(picture, small, new Size(size.Width, size.Height), 0, 0, InterpolationFlags.Area);
        using var hsv = new Mat();
        Cv2.CvtColor(small, hsv, ColorConversionCodes.BGR2HSV);
        using var saturation = hsv.ExtractChannel(1);
        using var grey = new Mat();
        Cv2.CvtColor(small, grey, ColorConversionCodes.BGR2GRAY);
        Cv2.GaussianBlur(grey, grey, new Size(3, 3), 0);
        grey.GetArray(out byte[] pixels);
        _window.Add(new(number, pixels, Cv2.Mean(saturation).Val0 < Grey));
        if (_window.Count - _next > Around) Score();
    }

    /// <summary>All changes, in order, when the last still has been taken.</summary>
    public IReadOnlyList<StillChange> Finish()
    {
        while (_next < _window.Count) Score();
        return _found;
    }

    private void Score()
    {
        var still = _window[_next];
        var others = _window.Where(p => p.Number != still.Number && p.InfraRed == still.InfraRed).OrderBy(p => Math.Abs(p.Number - still.Number)).Take(2 * Around).ToList();
        _found.Add(new(still.Number, others.Count == 0 ? null : Largest(still.Pixels, [.. others.Select(o => Lit(o.Pixels, still.Pixels))]), others.Count));
        if (_next >= Around) _window.RemoveAt(0);
        else _next++;
    }

    // A cloud or a longer exposure changes all of the picture: another still is first brought to this one's light, by the medians of both
    // and how far they spread, which a thing in one of them hardly moves.
    private byte[] Lit(byte[] other, byte[] like)
    {
        var (middle, spread) = Spread(other);
        var (toMiddle, toSpread) = Spread(like);
        double gain = Math.Clamp(toSpread / Math.Max(1, spread), 0.5, 2);
        byte[] map = new byte[256];
        for (int i = 0; i < 256; i++) map[i] = (byte)Math.Clamp(toMiddle + ((i - middle) * gain), 0, 255);
        return [.. other.Select(p => map[p])];
    }

    private (double Middle, double Spread) Spread(byte[] pixels)
    {
        Span<int> count = stackalloc int[256];
        count.Clear();
        int all = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            if (mask is not null && mask[i] == 0) continue;
            count[pixels[i]]++;
            all++;
        }
        return (At(count, 0.5), At(count, 0.84) - At(count, 0.16));

        double At(Span<int> counts, double share)
        {
            int seen = 0;
            for (int i = 0; i < 256; i++)
                if ((seen += counts[i]) >= share * all) return i;
            return 255;
        }
    }

    private Patch? Largest(byte[] still, byte[][] others)
    {
        byte[] differs = new byte[still.Length];
        byte[] column = new byte[others.Length];
        for (int i = 0; i < still.Length; i++)
        {
            if (mask is not null && mask[i] == 0) continue;
            for (int o = 0; o < others.Length; o++) column[o] = others[o][i];
            Array.Sort(column);
            // With an even number both middle values count: of two stills that differ, neither is the scene for sure.
            int low = column[(column.Length - 1) / 2], high = column[column.Length / 2];
            if (still[i] < low - Tolerance || still[i] > high + Tolerance) differs[i] = 255;
        }
        using var raw = Mat.FromPixelData(size.Height, size.Width, MatType.CV_8UC1, differs);
        using var clean = new Mat();
        Cv2.MedianBlur(raw, clean, 5);
        using var kernel = Cv2.GetStructuringElement(MorphShapes.Ellipse, new Size(9, 9));
        Cv2.MorphologyEx(clean, clean, MorphTypes.Close, kernel);
        using var labels = new Mat();
        using var stats = new Mat();
        using var centres = new Mat();
        int count = Cv2.ConnectedComponentsWithStats(clean, labels, stats, centres, PixelConnectivity.Connectivity8);
        return Enumerable.Range(1, Math.Max(0, count - 1))
            .Select(n => new Patch(stats.At<int>(n, 0), stats.At<int>(n, 1), stats.At<int>(n, 2), stats.At<int>(n, 3), stats.At<int>(n, 4), stats.At<int>(n, 4)))
            .Where(p => p.Area >= 0.15 * p.Width * p.Height && rule.LongerSide(p) >= rule.MinimumSize).Select(p => (Patch?)p).MaxBy(p => p!.Value.Area);
    }
}

/// <summary>Which bursts of a series are events: those in which something is in one still at least that is not in the scene. Pure.</summary>
internal static class StillEvents
{
    // Share of the picture below which a change is a branch, and above which it is no branch however the wind blows.
    private const double Least = 0.004, Enough = 0.02, Clutter = 3;

    /// <summary>The area in working pixels from which a change counts, by what usually changes in this series.</summary>
    public static double Threshold(IReadOnlyList<StillChange> changes, FrameSize size)
    {
        double all = size.Width * size.Height;
        var areas = changes.Select(c => (c.Largest?.Area ?? 0) / all).Order().ToList();
        return all * (areas.Count == 0 ? Least : Math.Clamp(Clutter * areas[areas.Count / 2], Least, Enough));
    }
}
