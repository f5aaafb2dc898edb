using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>The few encodings that every format here uses, each with one accepted spelling.</summary>
internal static class Bytes
{
    /// <summary>UTF-8 without a mark, which throws on ill-formed input instead of replacing it.</summary>
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Standard base64 with padding (RFC 4648 section 4) in its only spelling: no blanks, no stray trailing bits (section 3.5).</summary>
    public static bool TryFromBase64(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        byte[] buffer = new byte[text.Length / 4 * 3 + 3];
        bytes = Convert.TryFromBase64String(text, buffer, out int written) && Convert.ToBase64String(buffer, 0, written) == text
            ? buffer[..written]
            : null;
        return bytes is not null;
    }

    /// <summary>Base64url without padding (RFC 4648 section 5) in its only spelling.</summary>
    public static bool TryFromBase64Url(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        byte[] buffer = new byte[text.Length / 4 * 3 + 3];
        bytes = Base64Url.TryDecodeFromChars(text, buffer, out int written) && Base64Url.EncodeToString(buffer.AsSpan(0, written)) == text
            ? buffer[..written]
            : null;
        return bytes is not null;
    }

    /// <summary>True for exactly this many lower-case hex digits.</summary>
    public static bool IsLowerHex(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Lower-case hex.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}

/// <summary>Text of unknown origin made fit for a sentence that is shown on a terminal or a page.</summary>
internal static class Printable
{
    private const int Longest = 200;

    /// <summary>A number of things, for a sentence: 70,000.</summary>
    public static string Count(ulong number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The text with controls, direction marks and lone surrogates as \uXXXX, cut to 200 characters.</summary>
    public static string Of(string text)
    {
        var shown = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown.Length >= Longest) return shown.Append('…').ToString();
            bool hidden = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
            _ = hidden ? shown.Append($"\\u{rune.Value:x4}") : shown.Append(rune);
        }
        return shown.ToString();
    }
}
