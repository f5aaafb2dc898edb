using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EvidenceVault.Pipeline.Words;

/// <summary>Numbers and moments in words, as people read them on a terminal and on a page.</summary>
public static partial class Plain
{
    /// <summary>For example <c>8,131,690 bytes</c>: courts compare exact lengths.</summary>
    public static string Bytes(long bytes) => bytes == 1 ? "1 byte" : string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes");

    /// <summary>For example <c>8.1 MB</c>, where only the scale matters.</summary>
    public static string Scale(long bytes)
    {
        string[] units = ["bytes", "kB", "MB", "GB", "TB"];
        double size = bytes;
        int unit = 0;
        for (; size >= 1000 && unit < units.Length - 1; unit++) size /= 1000;
        return unit == 0 ? Bytes(bytes) : string.Create(CultureInfo.InvariantCulture, $"{size:0.0} {units[unit]}");
    }

    /// <summary>Seconds as h:mm:ss.fff, without hours where there are none.</summary>
    public static string Pts(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Abs(seconds));
        string sign = seconds < 0 ? "-" : "";
        return sign + (time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time:mm\\:ss\\.fff}" : $"{time:m\\:ss\\.fff}");
    }

    /// <summary>A moment as UTC and, where this machine's zone is another, as local time with its offset.</summary>
    public static string Moment(DateTimeOffset moment, TimeZoneInfo zone)
    {
        DateTimeOffset utc = moment.ToUniversalTime(), local = TimeZoneInfo.ConvertTime(moment, zone);
        string text = utc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        string form = local.Date == utc.Date ? "HH:mm:ss zzz" : "yyyy-MM-dd HH:mm:ss zzz";
        return zone.HasSameRules(TimeZoneInfo.Utc) && zone.BaseUtcOffset == TimeSpan.Zero ? text : $"{text} ({local.ToString(form, CultureInfo.InvariantCulture)})";
    }

    /// <summary>The same in this machine's zone.</summary>
    public static string Moment(DateTimeOffset moment) => Moment(moment, TimeZoneInfo.Local);

    /// <summary>A moment as catalogued (RFC 3339 UTC).</summary>
    public static string Moment(string? moment) => moment is null ? "–"
        : DateTimeOffset.TryParse(moment, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset parsed) ? Moment(parsed)
        : Names.Printable(moment);

    /// <summary>Non-personal facts in one line: <c>frames 795, segments 3</c>.</summary>
    public static string Detail(JsonObject? detail) => detail is null ? "" : string.Join(", ", detail.Select(p => $"{p.Key} {Shortened(p.Value)}"));

    private static string Shortened(JsonNode? value)
    {
        string text = value is JsonValue v && v.TryGetValue(out string? s) ? s : value?.ToJsonString() ?? "null";
        return Names.Printable(LongHex().Replace(text, m => m.Value[..16] + "…"));
    }

    // Whole hashes are in show's own lines and in --json; in a line of many facts they only hide the rest.
    [GeneratedRegex("[0-9a-f]{40,}", RegexOptions.CultureInvariant)]
    private static partial Regex LongHex();
}
