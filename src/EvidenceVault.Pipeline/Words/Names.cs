using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EvidenceVault.Pipeline.Words;

/// <summary>The rule for the names of cases, cameras and drops, which become folder names, table cells and log fields.</summary>
public static partial class Names
{
    /// <summary>True where a name is 1 to 64 letters, digits, dots, hyphens or underscores and starts with a letter or digit.</summary>
    public static bool IsGood(string? name) => name is not null && Form().IsMatch(name);

    /// <summary>The name back, or a refusal that says what a name may hold.</summary>
    /// <exception cref="FormatException">The name is not of the form.</exception>
    public static string Require(string? name, string what) => IsGood(name)
        ? name!
        : throw new FormatException($"The {what} must be 1 to 64 letters, digits, '.', '-' or '_', starting with a letter or digit.");

    /// <summary>
    /// A hostile file name made fit for a terminal, a log line or a page: control characters, line breaks and direction
    /// marks become \uXXXX. The true name is kept beside it wherever it is evidence.
    /// </summary>
    public static string Printable(string name)
    {
        StringBuilder shown = new(name.Length);
        for (int at = 0; at < name.Length;)
        {
            // By code point, not by char: a pair of surrogates is one character, and half a pair is none.
            bool isCharacter = Rune.DecodeFromUtf16(name.AsSpan(at), out Rune rune, out int length) == OperationStatus.Done;
            ReadOnlySpan<char> chars = name.AsSpan(at, length);
            at += length;
            if (isCharacter && IsPrintable(rune))
            {
                shown.Append(chars);
                continue;
            }
            foreach (char c in chars) shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        return shown.ToString();
    }

    // The backslash is escaped too: what this writes can then never pass for a name that really holds it.
    private static bool IsPrintable(Rune rune) => rune.Value != '\\' && Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
