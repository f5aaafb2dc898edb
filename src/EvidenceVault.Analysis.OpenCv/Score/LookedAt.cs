using System.Globalization;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>What of the picture is looked at, by the settings. Pure.</summary>
/// <param name="Mask">255 where it is looked at, working pixels; null where all of it is.</param>
/// <param name="View">The region of interest in working pixels, or null.</param>
/// <param name="Notes">What the settings came to, a sentence each.</param>
internal sealed record LookedAt(byte[]? Mask, Rect? View, IReadOnlyList<string> Notes)
{
    // A pixel shows a little of its neighbours' motion, by the blur before pixels are compared.
    private const int Spill = 1;

    public static LookedAt Of(AnalysisSettings settings, FrameSize size)
    {
        if (settings.Region is null && settings.Ignore.Count == 0) return new(null, null, []);
        var notes = new List<string>();
        var all = new Rect(0, 0, size.Width, size.Height);
        Rect? view = settings.Region is { } region ? Region(region, size) : null;
        using var mask = new Mat(size.Height, size.Width, MatType.CV_8UC1, view is null ? Scalar.White : Scalar.Black);
        if (view is { } part) Cv2.Rectangle(mask, part, Scalar.White, -1);
        foreach (var box in settings.Ignore)
        {
            Rect hidden = Hidden(box, size) & all;
            if (hidden.Width > 0 && hidden.Height > 0) Cv2.Rectangle(mask, hidden, Scalar.Black, -1);
            else notes.Add(string.Create(CultureInfo.InvariantCulture, $"The box to ignore at {box[0]},{box[1]} lies outside of this picture of {size.FullWidth} by {size.FullHeight} pixels and hides nothing."));
        }
        // To find too much does less harm than to find nothing.
        if (Cv2.CountNonZero(mask) == 0)
            return new(null, null, [string.Create(CultureInfo.InvariantCulture, $"The region of interest and the boxes to ignore leave nothing of this picture of {size.FullWidth} by {size.FullHeight} pixels; all of it was looked at. Correct the settings.")]);
        if (settings.Ignore.Count > notes.Count)
            notes.Add($"By the settings, what happens at these places is not looked at (x,y,width,height in pixels): {string.Join("; ", settings.Ignore.Select(b => string.Join(',', b)))}.");
        mask.GetArray(out byte[] pixels);
        return new(pixels, view, notes);
    }

    private static Rect Region(IReadOnlyList<int> box, FrameSize size)
    {
        double sx = (double)size.Width / size.FullWidth, sy = (double)size.Height / size.FullHeight;
        return new((int)Math.Floor(box[0] * sx), (int)Math.Floor(box[1] * sy), Math.Max(1, (int)Math.Ceiling(box[2] * sx)), Math.Max(1, (int)Math.Ceiling(box[3] * sy)));
    }

    // Every working pixel that shows something of the box.
    private static Rect Hidden(IReadOnlyList<int> box, FrameSize size)
    {
        double sx = (double)size.Width / size.FullWidth, sy = (double)size.Height / size.FullHeight;
        int left = (int)Math.Floor(box[0] * sx) - Spill, top = (int)Math.Floor(box[1] * sy) - Spill;
        int right = (int)Math.Ceiling((box[0] + box[2]) * sx) + Spill, bottom = (int)Math.Ceiling((box[1] + box[3]) * sy) + Spill;
        return new(left, top, right - left, bottom - top);
    }
}
