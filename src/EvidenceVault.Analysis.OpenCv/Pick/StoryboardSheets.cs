using System.Text;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>Makes a storyboard from key frames alone, so that an hour of footage costs seconds. One sheet is in memory at a time.</summary>
internal sealed class StoryboardSheets(string video, int stream, FrameSize size, string folder)
{
    private static readonly int[] Quality = [(int)ImwriteFlags.JpegQuality, 78];

    /// <summary>The sheets, and the WebVTT file last; empty where no key frame decodes.</summary>
    public async Task<IReadOnlyList<PictureReport>> MakeAsync(double first, double end, CancellationToken cancel)
    {
        int width = Storyboard.ThumbnailWidth, height = Math.Clamp(2 * (int)Math.Round(size.FullHeight * width / (2.0 * size.FullWidth)), 2, 4 * width);
        double every = Storyboard.Every(end - first);
        var cues = new List<StoryboardCue>();
        var made = new List<PictureReport>();
        using var sheet = new Mat(Storyboard.Rows * height, Storyboard.Columns * width, MatType.CV_8UC3, Scalar.Black);
        int onSheet = 0;
        double last = double.NegativeInfinity;
        await WorkingFrames.ReadAsync(video, stream, width, height, "bgr24", 3, ["-skip_frame", "nokey"],
            FormattableString.Invariant($"select=isnan(prev_selected_t)+gte(t-prev_selected_t\\,{every - 0.0005:0.####}),"), (time, pixels) =>
            {
                // A frame without a time, or one whose clock runs back, has no place on a time line.
                if (time is not { } pts || pts <= last) return true;
                last = pts;
                int x = onSheet % Storyboard.Columns * width, y = onSheet / Storyboard.Columns * height;
                using var small = Mat.FromPixelData(height, width, MatType.CV_8UC3, pixels);
                using var place = new Mat(sheet, new Rect(x, y, width, height));
                small.CopyTo(place);
                cues.Add(new(pts, Storyboard.SheetFile(made.Count + 1), x, y, width, height));
                if (++onSheet == Storyboard.Columns * Storyboard.Rows) Keep();
                return true;
            }, TimeSpan.FromHours(6), cancel);
        if (onSheet > 0) Keep();
        if (cues.Count > 0)
            made.Add(Pictures.Write(folder, Storyboard.TextFile, Storyboard.Kind, null, Encoding.UTF8.GetBytes(Storyboard.Text(cues, first, end)), null));
        return made;

        void Keep()
        {
            // A sheet that is not full is cut to what is on it.
            int columns = Math.Min(onSheet, Storyboard.Columns), rows = (onSheet + Storyboard.Columns - 1) / Storyboard.Columns;
            using var used = new Mat(sheet, new Rect(0, 0, columns * width, rows * height));
            Cv2.ImEncode(".jpg", used, out byte[] jpeg, Quality);
            made.Add(Pictures.Write(folder, Storyboard.SheetFile(made.Count + 1), Storyboard.SheetKind, null, jpeg, null));
            sheet.SetTo(Scalar.Black);
            onSheet = 0;
        }
    }
}
