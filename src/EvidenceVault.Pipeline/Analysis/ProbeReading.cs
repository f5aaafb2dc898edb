using System.Globalization;
using System.Text.Json;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A video packet as ffprobe lists it. PTS in seconds; null where the container gives none.</summary>
internal readonly record struct PacketTime(double? Pts, double Duration, bool Key, long Bytes = 0);

/// <summary>Reads what ffprobe says. Pure: the calls are in <see cref="FootageProbe"/>.</summary>
internal static class ProbeReading
{
    /// <summary>The report from <c>-show_format -show_streams -of json</c>, without what only packets and frames can tell.</summary>
    public static (ProbeReport Report, int? VideoStream) Streams(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var streams = root.TryGetProperty("streams", out var list) ? list.EnumerateArray().ToList() : [];
        var format = root.TryGetProperty("format", out var f) ? f : default;
        var video = streams.FirstOrDefault(s => Text(s, "codec_type") == "video" && !Attached(s));
        bool seen = video.ValueKind == JsonValueKind.Object;
        return (new()
        {
            Container = Text(format, "format_name") ?? "none",
            Codec = seen ? Text(video, "codec_name") : null,
            Width = seen ? (int)(Whole(video, "width") ?? 0) : 0,
            Height = seen ? (int)(Whole(video, "height") ?? 0) : 0,
            Rotation = seen ? Rotation(video) : 0,
            PixelAspect = seen ? Text(video, "sample_aspect_ratio") : null,
            PixelFormat = seen ? Text(video, "pix_fmt") : null,
            TimeBase = seen ? Text(video, "time_base") : null,
            ClaimedDuration = Real(format, "duration") ?? (seen ? Real(video, "duration") : null),
            ClaimedFrames = seen ? Whole(video, "nb_frames") : null,
            CreationTime = Tag("creation_time", "date", "com.apple.quicktime.creationdate"),
            Make = Tag("make", "com.apple.quicktime.make", "com.android.manufacturer"),
            Model = Tag("model", "com.apple.quicktime.model", "com.android.model"),
            Location = Tag("location", "com.apple.quicktime.location.iso6709", "location-eng"),
            Audio = [.. streams.Where(s => Text(s, "codec_type") == "audio").Select(s => Text(s, "codec_name") ?? "unknown")],
        }, seen ? (int?)Whole(video, "index") : null);

        string? Tag(params string[] names) => streams.Prepend(format).SelectMany(Tags)
            .Where(t => names.Contains(t.Key, StringComparer.OrdinalIgnoreCase)).Select(t => t.Value).FirstOrDefault();
    }

    /// <summary>One line of <c>-show_entries packet=pts_time,dts_time,duration_time,size,flags -of csv=p=0</c>.</summary>
    public static PacketTime? Packet(string line)
    {
        string[] parts = line.Split(',');
        if (parts.Length < 5) return null;
        double? pts = Seconds(parts[0]) ?? Seconds(parts[1]);
        return new(pts, Seconds(parts[2]) ?? 0, parts[4].Contains('K'), long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) ? bytes : 0);
    }

    /// <summary>True where intervals between packets, in presentation order, differ by more than rounding (a fifth, and 2 ms).</summary>
    public static bool Varies(IReadOnlyList<double> sortedPts)
    {
        if (sortedPts.Count < 3) return false;
        var gaps = sortedPts.Zip(sortedPts.Skip(1), (a, b) => b - a).Where(g => g > 0).Order().ToList();
        if (gaps.Count == 0) return false;
        double middle = gaps[gaps.Count / 2];
        return gaps.Any(g => Math.Abs(g - middle) > Math.Max(0.2 * middle, 0.002));
    }

    private static bool Attached(JsonElement stream) =>
        stream.TryGetProperty("disposition", out var d) && d.TryGetProperty("attached_pic", out var a) && a.GetInt32() == 1;

    // ffprobe states the display matrix counter-clockwise; viewers turn clockwise.
    private static int Rotation(JsonElement video)
    {
        double turn = video.TryGetProperty("side_data_list", out var side)
            ? side.EnumerateArray().Select(s => Real(s, "rotation")).FirstOrDefault(r => r is not null) ?? 0 : 0;
        return (int)((((-Math.Round(turn / 90) * 90) % 360) + 360) % 360);
    }

    private static IEnumerable<KeyValuePair<string, string>> Tags(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("tags", out var tags)
            ? tags.EnumerateObject().Select(t => KeyValuePair.Create(t.Name, t.Value.ToString())) : [];

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static long? Whole(JsonElement element, string name) =>
        long.TryParse(Text(element, name), NumberStyles.Integer, CultureInfo.InvariantCulture, out long n) ? n : null;

    private static double? Real(JsonElement element, string name) => Seconds(Text(element, name));

    private static double? Seconds(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double n) && double.IsFinite(n) ? n : null;
}
