using System.Globalization;

namespace EvidenceVault.Proof;

/// <summary>
/// The name of a tile or an entry bundle in a published log: C2SP tlog-tiles, "Merkle Tree" and "Log entries". A full one is 256 wide;
/// a narrower one is partial and says its width.
/// </summary>
/// <param name="Level">The tile's level, 0 to 63: its hashes are tree nodes at level 8 × this. Null for an entry bundle.</param>
/// <param name="Index">Which of its level, from 0.</param>
/// <param name="Width">How many hashes or entries it holds, 1 to 256.</param>
public readonly record struct TilePath(int? Level, ulong Index, int Width)
{
    /// <summary>The width of a full tile.</summary>
    public const int FullWidth = 256;

    /// <summary>The name, for example <c>tile/0/x001/x234/067.p/41</c> or <c>tile/entries/000</c>.</summary>
    public override string ToString()
    {
        string level = Level?.ToString(CultureInfo.InvariantCulture) ?? "entries";
        string partial = Width == FullWidth ? "" : $".p/{Width.ToString(CultureInfo.InvariantCulture)}";
        return $"tile/{level}/{Groups(Index)}{partial}";
    }

    /// <summary>Reads a name of any origin; it never throws. Only the one spelling of each name is taken.</summary>
    public static bool TryParse(string text, out TilePath path)
    {
        path = default;
        if (text.Length > 64 || text.Split('/') is not ["tile", var level, .. var rest]) return false;

        int width = FullWidth;
        if (rest is [.. var before, var last, var w] && last.EndsWith(".p", StringComparison.Ordinal))
        {
            if (!int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= FullWidth) return false;
            rest = [.. before, last[..^2]];
        }
        int? l = null;
        if (level != "entries")
        {
            if (!int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > 63) return false;
            l = number;
        }
        // Read the digits loosely, then insist that writing them gives the same text: leading zeroes, missing 'x' and the like all fail.
        if (!ulong.TryParse(string.Concat(rest.Select(g => g.TrimStart('x'))), NumberStyles.None, CultureInfo.InvariantCulture, out ulong index)) return false;
        path = new(l, index, width);
        return path.ToString() == text;
    }

    /// <summary>The tiles and bundles that a tree of some size has at one tile level, as (full, width of the partial one or 0).</summary>
    public static (ulong Full, int Partial) CountAt(int level, ulong treeSize)
    {
        ulong nodes = level * 8 < 64 ? treeSize >> (level * 8) : 0;
        return (nodes / FullWidth, (int)(nodes % FullWidth));
    }

    // "N encoded into 3-digit path elements, with x before all but the last": 1234067 is x001/x234/067.
    private static string Groups(ulong index)
    {
        string text = (index % 1000).ToString("d3", CultureInfo.InvariantCulture);
        while ((index /= 1000) > 0) text = $"x{(index % 1000).ToString("d3", CultureInfo.InvariantCulture)}/{text}";
        return text;
    }
}
