using MetadataExtractor;
using MetadataExtractor.Formats.Exif;
using MetadataExtractor.Formats.Jpeg;
using Directory = System.IO.Directory;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>JPEG stills, and folders of them from a time-lapse or trail camera, are footage too. Times are EXIF's, in the
/// camera's own clock; EXIF 2.32 tags 0x9003 and 0x9291 (sub-second).</summary>
internal static class Stills
{
    /// <summary>True for a file that begins as JPEG does (ITU-T T.81 B.1.1.3: FF D8), whatever its name.</summary>
    public static bool IsStill(string path)
    {
        if (!File.Exists(path)) return false;
        using var file = File.OpenRead(path);
        // A bare MJPEG stream begins the same way; one picture ends where the file does, a stream goes on.
        return file.ReadByte() == 0xFF && file.ReadByte() == 0xD8 && file.ReadByte() == 0xFF
            && !Path.GetExtension(path).Equals(".mjpeg", StringComparison.OrdinalIgnoreCase)
            && !Path.GetExtension(path).Equals(".mjpg", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The stills of a folder in order of EXIF time and then name; symlinks are not followed.</summary>
    public static IReadOnlyList<string> Of(string path) => Directory.Exists(path)
        ? [.. Directory.EnumerateFiles(path).Where(f => new FileInfo(f).LinkTarget is null && IsStill(f))
            .OrderBy(f => Read(f).Taken ?? DateTime.MaxValue).ThenBy(f => f, StringComparer.Ordinal)]
        : [path];

    public static ProbeReport Probe(string path)
    {
        var files = Of(path);
        if (files.Count == 0) return new() { Problem = "The folder holds no JPEG stills." };
        var read = files.Select(Read).ToList();
        var first = read[0];
        var times = read.Select(r => r.Taken).OfType<DateTime>().ToList();
        int good = read.Count(r => r.Width > 0);
        double last = times.Count > 1 ? (times[^1] - times[0]).TotalSeconds : 0;
        return new()
        {
            Container = Directory.Exists(path) ? "jpeg-folder" : "jpeg",
            Codec = "mjpeg",
            Width = first.Width,
            Height = first.Height,
            Rotation = first.Rotation,
            PixelAspect = "1:1",
            FirstPts = 0,
            LastPts = last,
            FrameRate = last > 0 ? Math.Round((times.Count - 1) / last, 4) : null,
            DecodedFrames = good,
            ClaimedFrames = files.Count,
            CreationTime = first.Stated,
            Make = first.Make,
            Model = first.Model,
            Location = first.Location,
            Problem = good == 0 ? "No JPEG here can be read; the pictures are damaged." : null,
        };
    }

    internal sealed record Still(int Width, int Height, int Rotation, DateTime? Taken, string? Stated, string? Make, string? Model, string? Location);

    internal static Still Read(string file)
    {
        IReadOnlyList<MetadataExtractor.Directory> parts;
        try { parts = ImageMetadataReader.ReadMetadata(file); }
        catch (Exception cause) when (cause is ImageProcessingException or IOException) { return new(0, 0, 0, null, null, null, null, null); }
        var size = parts.OfType<JpegDirectory>().FirstOrDefault();
        var main = parts.OfType<ExifIfd0Directory>().FirstOrDefault();
        var sub = parts.OfType<ExifSubIfdDirectory>().FirstOrDefault();
        var place = parts.OfType<GpsDirectory>().FirstOrDefault()?.GetGeoLocation();
        DateTime? taken = sub is not null && sub.TryGetDateTime(ExifDirectoryBase.TagDateTimeOriginal, out var at) ? at : null;
        int orientation = main is not null && main.TryGetInt32(ExifDirectoryBase.TagOrientation, out int o) ? o : 1;
        return new(
            size is not null && size.TryGetInt32(JpegDirectory.TagImageWidth, out int width) ? width : 0,
            size is not null && size.TryGetInt32(JpegDirectory.TagImageHeight, out int height) ? height : 0,
            orientation switch { 3 or 4 => 180, 5 or 6 => 90, 7 or 8 => 270, _ => 0 },
            taken, sub?.GetString(ExifDirectoryBase.TagDateTimeOriginal),
            main?.GetString(ExifDirectoryBase.TagMake), main?.GetString(ExifDirectoryBase.TagModel),
            // ISO 6709 Annex H, as containers write it.
            place is { IsZero: false } p ? FormattableString.Invariant($"{p.Latitude:+00.0000;-00.0000}{p.Longitude:+000.0000;-000.0000}/") : null);
    }
}
