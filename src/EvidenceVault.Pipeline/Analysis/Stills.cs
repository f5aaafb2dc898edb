using EvidenceVault.Pipeline.Words;
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

    /// <summary>The stills of a folder, or the one still, in the order in which they were taken; symlinks are not followed.</summary>
    public static IReadOnlyList<string> Of(string path) => [.. Series(path).Stills.Select(s => s.File)];

    /// <summary>The same with the times: a series.</summary>
    public static StillSeries Series(string path) => StillSeries.Of(Directory.Exists(path)
        ? [.. Directory.EnumerateFiles(path).Where(f => new FileInfo(f).LinkTarget is null && IsStill(f)).Select(f => (f, Read(f)))]
        : [(path, Read(path))]);

    public static ProbeReport Probe(string path)
    {
        var series = Series(path).Stills;
        if (series.Count == 0) return new() { Problem = "The folder holds no JPEG stills." };
        var first = series[0].Still;
        int good = series.Count(s => s.Still.Width > 0);
        double last = series[^1].Pts;
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
            FrameRate = last > 0 ? Math.Round((series.Count - 1) / last, 4) : null,
            DecodedFrames = good,
            ClaimedFrames = series.Count,
            CreationTime = first.Stated,
            Make = first.Make,
            Model = first.Model,
            Location = first.Location,
            Problem = good == 0 ? "No JPEG here can be read; the pictures are damaged." : null,
        };
    }

    /// <summary>What a still says of itself. Taken is by the camera's own clock, with its sub-seconds; Offset is that clock's from UTC where it is stated.</summary>
    internal sealed record Still(int Width, int Height, int Rotation, DateTime? Taken, string? Stated, string? Make, string? Model, string? Location, string? Offset = null);

    internal static Still Read(string file)
    {
        IReadOnlyList<MetadataExtractor.Directory> parts;
        try { parts = ImageMetadataReader.ReadMetadata(file); }
        catch (Exception cause) when (cause is ImageProcessingException or IOException) { return new(0, 0, 0, null, null, null, null, null); }
        var size = parts.OfType<JpegDirectory>().FirstOrDefault();
        var main = parts.OfType<ExifIfd0Directory>().FirstOrDefault();
        var sub = parts.OfType<ExifSubIfdDirectory>().FirstOrDefault();
        var place = parts.OfType<GpsDirectory>().FirstOrDefault()?.GetGeoLocation();
        DateTime? taken = sub is not null && sub.TryGetDateTime(ExifDirectoryBase.TagDateTimeOriginal, out var at) ? at + SubSecond(sub.GetString(ExifDirectoryBase.TagSubsecondTimeOriginal)) : null;
        int orientation = main is not null && main.TryGetInt32(ExifDirectoryBase.TagOrientation, out int o) ? o : 1;
        return new(
            size is not null && size.TryGetInt32(JpegDirectory.TagImageWidth, out int width) ? width : 0,
            size is not null && size.TryGetInt32(JpegDirectory.TagImageHeight, out int height) ? height : 0,
            orientation switch { 3 or 4 => 180, 5 or 6 => 90, 7 or 8 => 270, _ => 0 },
            taken, Stated(sub),
            main?.GetString(ExifDirectoryBase.TagMake), main?.GetString(ExifDirectoryBase.TagModel),
            // ISO 6709 Annex H, as containers write it.
            place is { IsZero: false } p ? FormattableString.Invariant($"{p.Latitude:+00.0000;-00.0000}{p.Longitude:+000.0000;-000.0000}/") : null,
            sub?.GetString(ExifDirectoryBase.TagTimeZoneOriginal)?.Trim());
    }

    // EXIF 2.32 4.6.5: the digits after the decimal point, padded with blanks.
    private static TimeSpan SubSecond(string? digits) =>
        digits?.Trim('\0', ' ') is { Length: > 0 and <= 7 } text && text.All(char.IsAsciiDigit) ? TimeSpan.FromSeconds(double.Parse("0." + text, System.Globalization.CultureInfo.InvariantCulture)) : TimeSpan.Zero;

    // As it is written there, with sub-seconds and offset where the camera wrote them.
    private static string? Stated(ExifSubIfdDirectory? exif)
    {
        if (exif?.GetString(ExifDirectoryBase.TagDateTimeOriginal)?.Trim('\0', ' ') is not { Length: > 0 } time) return null;
        string sub = exif.GetString(ExifDirectoryBase.TagSubsecondTimeOriginal)?.Trim('\0', ' ') ?? "", offset = exif.GetString(ExifDirectoryBase.TagTimeZoneOriginal)?.Trim('\0', ' ') ?? "";
        return Names.Printable($"{time}{(sub.Length > 0 ? "." + sub : "")}{(offset.Length > 0 ? " " + offset : "")}");
    }
}
