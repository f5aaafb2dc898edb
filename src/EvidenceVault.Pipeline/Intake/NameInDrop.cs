using System.Globalization;
using System.Text;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>The rules for names inside a drop. A name here never becomes a path of the vault: it is compared, recorded and, in
/// the source it came from, opened part by part.</summary>
internal static class NameInDrop
{
    /// <summary>The manifest's own name in a drop folder.</summary>
    public const string Manifest = "drop.json";

    /// <summary>The marker that says the delivery is over.</summary>
    public const string DoneMarker = ".done";

    /// <summary>The marker that says the manifest is still to come: until it is there, nothing of the drop is taken.</summary>
    public const string ArrivingMarker = ".arriving";

    /// <summary>The folder below a source's root that taken files are moved to.</summary>
    public const string TakenFolder = ".taken";

    private const int MaxPartBytes = 255; // NAME_MAX of every Linux file system
    private const int MaxChars = 1024;    // a blob's name can be no longer

    /// <summary>What is wrong with a name that a manifest gives, as the end of a sentence; null when it is good.</summary>
    public static string? Fault(string name) =>
        name.Length == 0 ? "is empty"
        : name.Length > MaxChars ? $"is longer than {MaxChars} characters"
        : name.Contains('\\') ? "holds a backslash; parts of a path are separated by '/'"
        : name.Any(char.IsControl) ? "holds a control character"
        : name[0] == '/' ? "is absolute; a manifest names files below its own drop only"
        : name is Manifest or DoneMarker or ArrivingMarker ? "is the name of the drop's own papers, which are not footage"
        : PartFault(name);

    /// <summary>True where a fault of <see cref="Fault"/> would reach outside the drop.</summary>
    public static bool ReachesOutside(string name) =>
        name.StartsWith('/') || name.Split('/', '\\').Contains("..") || (name.Length > 1 && name[1] == ':' && char.IsAsciiLetter(name[0]) && name.Contains('\\'));

    /// <summary>What is wrong with the parts of a path as it was found in a source, as the end of a sentence; null when it can be taken.
    /// A source may hold names that a manifest may not, such as one with a newline: they are taken all the same.</summary>
    public static string? PartFault(string name)
    {
        foreach (string part in name.Split('/'))
        {
            if (part.Length == 0) return "has an empty part between two '/'";
            if (part is "." or "..") return $"has '{part}' as a part, which could lead out of the drop";
            if (Encoding.UTF8.GetByteCount(part) > MaxPartBytes) return $"has a part longer than {MaxPartBytes} bytes";
        }
        return null;
    }

    /// <summary>True where a name says that a program is still writing the file: <c>.part</c>, <c>.tmp</c>, <c>.filepart</c> (WinSCP), a
    /// trailing <c>~</c>, and rsync's <c>.name.XXXXXX</c>.</summary>
    public static bool IsTemporary(string relativePath)
    {
        string name = relativePath[(relativePath.LastIndexOf('/') + 1)..];
        return name.EndsWith(".part", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".filepart", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith('~')
            || IsRsyncs(name);
    }

    private static bool IsRsyncs(string name) =>
        name.Length > 9 && name[0] == '.' && name[^7] == '.' && name[1..^7].Contains('.') && name[^6..].All(char.IsAsciiLetterOrDigit);

    /// <summary>Two names with the same key are one file on a card or disk that ignores case or normalises Unicode
    /// (FAT, exFAT, NTFS, APFS). .NET's own normalisation does nothing under InvariantGlobalization, so this has its own table.</summary>
    public static string Key(string name)
    {
        if (name.All(char.IsAscii)) return name.ToUpperInvariant();
        var key = new StringBuilder(name.Length * 2);
        foreach (char c in name) CanonicalForm.Decompose(c, key);
        // Marks on one letter may be written in any order (Unicode, section 3.11). Sorting them all takes a few names as equal
        // that are not, which refuses a manifest nobody writes by accident.
        for (int start = 0; start < key.Length; start++)
        {
            int end = start;
            while (end < key.Length && CharUnicodeInfo.GetUnicodeCategory(key[end]) == UnicodeCategory.NonSpacingMark) end++;
            if (end - start < 2) continue;
            char[] marks = key.ToString(start, end - start).ToCharArray();
            Array.Sort(marks);
            for (int i = start; i < end; i++) key[i] = marks[i - start];
            start = end;
        }
        return key.ToString().ToUpperInvariant();
    }
}
