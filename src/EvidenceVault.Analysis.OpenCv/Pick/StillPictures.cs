using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>Stills are their own keyframes: copied upright, with a contact sheet. Motion is not sought between them.</summary>
internal sealed class StillPictures
{
    private const int Most = 60;

    public Task<AnalysisReport> ReportAsync(string path, string? folder, AnalysisReport report, CancellationToken cancel)
    {
        var files = Stills.Of(path);
        var pictures = new List<PictureReport>();
        using var contact = new ContactSheet(FrameSize.Of(report.Probe!));
        var notes = new List<string>();
        long read = 0;
        DateTime? first = Stills.Read(files[0]).Taken;
        try
        {
            for (int i = 0; i < files.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                var still = Stills.Read(files[i]);
                if (still.Width <= 0 || still.Height <= 0 || (long)still.Width * still.Height > Ffmpeg.MaxPixels) { notes.Add($"Still {i + 1} cannot be decoded, or is too large to be."); continue; }
                // IMREAD_COLOR turns the picture upright by its EXIF orientation.
                using var picture = Cv2.ImRead(files[i], ImreadModes.Color);
                if (picture.Empty()) { notes.Add($"Still {i + 1} does not decode."); continue; }
                read++;
                if (folder is null || pictures.Count >= Most) continue;
                double pts = still.Taken is { } taken && first is { } begin ? (taken - begin).TotalSeconds : i;
                Cv2.ImEncode(".jpg", picture, out byte[] jpeg, [(int)ImwriteFlags.JpegQuality, 90]);
                pictures.Add(Pictures.Write(folder, $"still-{i + 1:0000}.jpg", "still", pts, jpeg, null));
                contact.Add(0, $"still {i + 1} {still.Stated ?? "no time"}", null, picture, null);
            }
            PictureReport? sheet = null;
            if (pictures.Count > 0)
            {
                using var drawn = contact.Draw([], "Times are the camera's own (EXIF).");
                Cv2.ImEncode(".jpg", drawn, out byte[] jpeg, [(int)ImwriteFlags.JpegQuality, 90]);
                sheet = Pictures.Write(folder!, "contact-sheet.jpg", "contact-sheet", null, jpeg, null);
            }
            if (files.Count > Most) notes.Add($"The first {Most} of {files.Count} stills were copied as pictures.");
            return Task.FromResult(report with
            {
                Frames = read,
                Probe = report.Probe! with { DecodedFrames = read },
                Keyframes = pictures,
                ContactSheet = sheet,
                Notes = notes,
                Problem = read == 0 ? FootageAnalyser.Problem("No still decodes.", "Have the camera's copy read again.") : null,
            });
        }
        finally { contact.Dispose(); }
    }
}
