using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>Moments and numbers as the reports write them.</summary>
internal static class ReportText
{
    /// <summary>RFC 3339 section 5.6 in UTC to the millisecond: <c>2026-01-31T09:05:00.000Z</c>.</summary>
    public static string Rfc3339(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The same moment by the clock of a place, with its offset.</summary>
    public static string Local(DateTimeOffset moment, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(moment, zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    public static string Utc(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>UTC and local on two lines; one line where they are the same.</summary>
    public static string Both(DateTimeOffset moment, TimeZoneInfo zone) => IsUtc(zone) ? Utc(moment) : $"{Utc(moment)}\n{Local(moment, zone)}";

    public static bool IsUtc(TimeZoneInfo zone) => zone.HasSameRules(TimeZoneInfo.Utc) && zone.BaseUtcOffset == TimeSpan.Zero;

    public static string Zone(TimeZoneInfo zone) => IsUtc(zone) ? "UTC" : $"UTC and {zone.Id}";

    /// <summary>Courts compare exact lengths: <c>8,131,690 bytes</c>.</summary>
    public static string Bytes(long bytes) => bytes == 1 ? "1 byte" : string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes");

    /// <summary>Seconds of PTS as <c>m:ss.fff</c>.</summary>
    public static string Pts(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Abs(seconds));
        return (seconds < 0 ? "-" : "") + string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes}:{time:ss\\.fff}");
    }

    /// <summary>A JSON value as plain text.</summary>
    public static string Of(JsonNode? value) => value is null ? "null" : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
}
