using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EvidenceVault.Proof;

/// <summary>The forms of single values in entries and seals (FORMAT.md section 2). \z, not $: $ would let a newline through.</summary>
internal static partial class Forms
{
    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"^[A-Z][A-Z0-9]{0,11}(/[1-9][0-9]{0,7}){1,3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Exhibit();

    public static bool IsWord(string text) => Word().IsMatch(text);

    public static bool IsName(string text) => Name().IsMatch(text);

    public static bool IsExhibit(string text) => text.Length <= 64 && Exhibit().IsMatch(text);

    public static bool IsSha256(string text) => Bytes.IsLowerHex(text, 64);

    public static bool IsSha512(string text) => Bytes.IsLowerHex(text, 128);

    /// <summary>A base64url SHA-256: 43 characters.</summary>
    public static bool IsDigest(string text) => Bytes.TryFromBase64Url(text, out byte[]? bytes) && bytes.Length == 32;

    public static bool IsScalar(JsonElement value) => value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False;

    public static bool IsScalarOrArray(JsonElement value) => IsScalar(value) || (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsScalarOrArray));

    /// <summary>Adds a member where there is a value: canonical entries have no nulls.</summary>
    public static void AddIfAny(this JsonObject target, string name, JsonNode? value)
    {
        if (value is not null) target[name] = value;
    }
}

/// <summary>A moment in UTC to the millisecond, RFC 3339 section 5.6 in one spelling: <c>2026-01-31T09:05:00.000Z</c>.</summary>
internal static class Moment
{
    private const string Spelling = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Spelling, CultureInfo.InvariantCulture);

    public static bool IsGood(string text) => TryParse(text, out _);

    public static DateTimeOffset Parse(string text) => TryParse(text, out var time) ? time : throw new FormatException("A time is written 2026-01-31T09:05:00.000Z.");

    private static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Spelling, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
