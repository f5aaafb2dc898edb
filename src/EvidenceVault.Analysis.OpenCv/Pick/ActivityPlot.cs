using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>Draws the activity curve: motion over time, with the segments as bands behind it.</summary>
internal static class ActivityPlot
{
    private const int Width = 1200, Height = 260, Left = 70, Right = 20, Top = 36, Bottom = 40;
    private static readonly Scalar Paper = new(255, 255, 255), Ink = new(12, 12, 11), Grey = new(190, 184, 177), Band = new(222, 236, 250), Curve = new(184, 112, 29);

    public static Mat Draw(IReadOnlyList<CurvePoint> curve, IReadOnlyList<SegmentReport> segments)
    {
        var plot = new Mat(Height, Width, MatType.CV_8UC3, Paper);
        double first = curve.Count > 0 ? curve[0].Pts : 0, last = curve.Count > 0 ? Math.Max(curve[^1].Pts, first + 0.1) : 1;
        double highest = Math.Max(0.005, curve.Select(c => c.Activity).DefaultIfEmpty(0).Max() * 1.05);
        int floor = Height - Bottom, inner = Width - Left - Right;
        int X(double pts) => Left + (int)Math.Round((pts - first) / (last - first) * inner);
        int Y(double value) => floor - (int)Math.Round(value / highest * (floor - Top));

        for (int i = 0; i < segments.Count; i++)
        {
            int from = X(segments[i].Start), to = Math.Max(from + 2, X(Math.Min(segments[i].End, last)));
            Cv2.Rectangle(plot, new Rect(from, Top, to - from, floor - Top), Band, -1);
            Cv2.PutText(plot, $"{i + 1}", new Point(from + 3, Top + 13), HersheyFonts.HersheySimplex, 0.4, Ink, 1, LineTypes.AntiAlias);
        }
        double step = Step((last - first) / 8);
        for (double t = Math.Ceiling(first / step) * step; t <= last; t += step)
        {
            Cv2.Line(plot, X(t), floor, X(t), floor + 4, Ink);
            Cv2.PutText(plot, Pictures.Clock(t), new Point(X(t) - 32, floor + 20), HersheyFonts.HersheySimplex, 0.4, Ink, 1, LineTypes.AntiAlias);
        }
        foreach (double share in (double[])[0, highest / 2, highest])
        {
            Cv2.Line(plot, Left, Y(share), Width - Right, Y(share), Grey);
            Cv2.PutText(plot, FormattableString.Invariant($"{share * 100:0.0} %"), new Point(10, Y(share) + 4), HersheyFonts.HersheySimplex, 0.4, Ink, 1, LineTypes.AntiAlias);
        }
        // Many frames share a column: its highest is drawn, so that no short event is thinned away.
        var columns = curve.GroupBy(c => X(c.Pts)).Select(g => new Point(g.Key, Y(g.Max(c => c.Activity)))).OrderBy(p => p.X).ToList();
        for (int i = 1; i < columns.Count; i++) Cv2.Line(plot, columns[i - 1], columns[i], Curve, 1, LineTypes.AntiAlias);
        Cv2.PutText(plot, "DERIVATIVE - share of the picture in motion, by container PTS. Shaded: segments of motion", new Point(Left, 20), HersheyFonts.HersheySimplex, 0.45, Ink, 1, LineTypes.AntiAlias);
        return plot;
    }

    private static double Step(double least)
    {
        foreach (double step in (double[])[0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800])
            if (step >= least) return step;
        return 3600 * Math.Ceiling(least / 3600);
    }
}
