using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>Words on pictures that are made for looking through. Nothing is ever written on a keyframe.</summary>
internal static class Lettering
{
    public static readonly Scalar Paper = new(250, 250, 250), Ink = new(12, 12, 11), Soft = new(80, 74, 64), Accent = new(0, 100, 212);

    public static void Line(Mat on, string text, int x, int baseline, double height, Scalar colour, bool bold = false) =>
        Cv2.PutText(on, text, new Point(x, baseline), bold ? HersheyFonts.HersheyDuplex : HersheyFonts.HersheySimplex, height / 22.0, colour, 1, LineTypes.AntiAlias);

    public static int WidthOf(string text, double height, bool bold = false) =>
        Cv2.GetTextSize(text, bold ? HersheyFonts.HersheyDuplex : HersheyFonts.HersheySimplex, height / 22.0, 1, out _).Width;

    /// <summary>A picture with a band of words below it; wide enough for them.</summary>
    public static Mat Under(Mat picture, params string[] lines)
    {
        const int line = 24, margin = 10;
        double height = 12;
        int widest = lines.Max(l => WidthOf(l, height)) + (2 * margin);
        var whole = new Mat(picture.Height + (lines.Length * line) + margin, Math.Max(picture.Width, widest), MatType.CV_8UC3, Paper);
        using (var place = new Mat(whole, new Rect((whole.Width - picture.Width) / 2, 0, picture.Width, picture.Height))) picture.CopyTo(place);
        for (int i = 0; i < lines.Length; i++) Line(whole, lines[i], margin, picture.Height + ((i + 1) * line) - 5, height, i == 0 ? Ink : Soft);
        return whole;
    }
}
