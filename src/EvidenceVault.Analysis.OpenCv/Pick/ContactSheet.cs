using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>Draws the contact sheet: every keyframe small, with its segment, kind and time, under a line saying what the sheet is.</summary>
internal static class ContactSheet
{
    private const int Wide = 320, Gap = 10, Caption = 26, Title = 44, Columns = 3, Most = 60;
    private static readonly Scalar Paper = new(250, 250, 250), Ink = new(12, 12, 11), Grey = new(102, 94, 80);

    public static Mat Thumbnail(Mat picture)
    {
        var small = new Mat();
        double scale = Math.Min((double)Wide / picture.Width, (double)Wide / picture.Height);
        Cv2.Resize(picture, small, new Size(Math.Max(1, (int)(picture.Width * scale)), Math.Max(1, (int)(picture.Height * scale))), 0, 0, InterpolationFlags.Area);
        return small;
    }

    public static Mat Draw(IReadOnlyList<SegmentReport> segments, IReadOnlyList<(string Label, Mat Picture)> all)
    {
        var tiles = all.Take(Most).ToList();
        int high = tiles.Max(t => t.Picture.Height), rows = (tiles.Count + Columns - 1) / Columns;
        int width = Gap + (Columns * (Wide + Gap)), height = Title + (rows * (high + Caption + Gap)) + Gap;
        var sheet = new Mat(height, width, MatType.CV_8UC3, Paper);
        string title = $"DERIVATIVE - contact sheet, not the evidence. {segments.Count} segment{(segments.Count == 1 ? "" : "s")} of motion"
            + (all.Count > Most ? $", first {Most} pictures of {all.Count}" : "") + ". Times are container PTS.";
        Cv2.PutText(sheet, title, new Point(Gap, 28), HersheyFonts.HersheySimplex, 0.52, Ink, 1, LineTypes.AntiAlias);
        for (int i = 0; i < tiles.Count; i++)
        {
            int x = Gap + (i % Columns * (Wide + Gap)), y = Title + (i / Columns * (high + Caption + Gap));
            var (label, picture) = tiles[i];
            using var place = new Mat(sheet, new Rect(x + ((Wide - picture.Width) / 2), y, picture.Width, picture.Height));
            picture.CopyTo(place);
            Cv2.PutText(sheet, label, new Point(x, y + high + 17), HersheyFonts.HersheySimplex, 0.45, Grey, 1, LineTypes.AntiAlias);
        }
        return sheet;
    }
}
