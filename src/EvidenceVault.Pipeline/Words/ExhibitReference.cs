using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace EvidenceVault.Pipeline.Words;

/// <summary>
/// An exhibit's reference as a court writes it: the initials of who produced it and a number, <c>AB/1</c>; a thing made
/// from it is a sub-exhibit, <c>AB/1/1</c>.
/// </summary>
public readonly partial record struct ExhibitReference : IComparable<ExhibitReference>
{
    private readonly string? _text;

    private ExhibitReference(string text) => _text = text;

    /// <summary>The reference as written, for example <c>AB/1/2</c>.</summary>
    public string Text => _text ?? throw new InvalidOperationException("An exhibit reference was used before it was set.");

    /// <summary>The same reference for use in file names: <c>AB-1-2</c>. Initials hold no hyphen, so none collide.</summary>
    public string FileSafe => Text.Replace('/', '-');

    /// <summary>True for a sub-exhibit such as <c>AB/1/1</c>.</summary>
    public bool IsSubExhibit => Text.Count(c => c == '/') > 1;

    /// <summary>The initials before the first stroke.</summary>
    public string Prefix => Text[..Text.IndexOf('/')];

    /// <summary>The number after the last stroke: 2 of <c>AB/1/2</c>.</summary>
    public int Number => int.Parse(Text[(Text.LastIndexOf('/') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The sub-exhibit with this number (1 and up).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public ExhibitReference Child(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return new($"{Text}/{number}");
    }

    /// <summary>The first exhibit of these initials with this number: <c>Of("AB", 1)</c> is <c>AB/1</c>.</summary>
    /// <exception cref="FormatException">The initials are not 1 to 12 capital letters and digits.</exception>
    public static ExhibitReference Of(string prefix, int number) => Parse($"{prefix}/{number}");

    /// <summary>Reads a reference.</summary>
    /// <exception cref="FormatException">It is not of the form <c>AB/1</c> or <c>AB/1/1</c>.</exception>
    public static ExhibitReference Parse(string text) => TryParse(text, out var reference)
        ? reference
        : throw new FormatException("An exhibit reference is initials, a stroke and a number, such as AB/1 or AB/1/2.");

    /// <summary>Reads a reference without throwing.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ExhibitReference reference)
    {
        bool good = text is { Length: <= 64 } && Form().IsMatch(text);
        reference = good ? new(text!) : default;
        return good;
    }

    /// <summary>Orders by initials and then by number, so that AB/2 comes before AB/10.</summary>
    public int CompareTo(ExhibitReference other)
    {
        string[] mine = Text.Split('/'), theirs = other.Text.Split('/');
        int byPrefix = string.CompareOrdinal(mine[0], theirs[0]);
        for (int i = 1; byPrefix == 0 && i < Math.Min(mine.Length, theirs.Length); i++)
            byPrefix = int.Parse(mine[i]).CompareTo(int.Parse(theirs[i]));
        return byPrefix != 0 ? byPrefix : mine.Length.CompareTo(theirs.Length);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    // \z, not $: $ would let a trailing newline through.
    [GeneratedRegex(@"^[A-Z][A-Z0-9]{0,11}(/[1-9][0-9]{0,7}){1,3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
