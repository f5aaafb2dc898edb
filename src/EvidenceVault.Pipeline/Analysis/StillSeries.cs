using System.Globalization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A still in its series.</summary>
/// <param name="File">Its path.</param>
/// <param name="Still">What it says of itself.</param>
/// <param name="Pts">Seconds since the first still, by the camera's clock. Where that cannot be known, one second after the still before.</param>
/// <param name="Untimed">True where it states no time.</param>
/// <param name="Back">True where the clock has run back since the still before.</param>
internal sealed record StillInSeries(string File, Stills.Still Still, double Pts, bool Untimed, bool Back);

/// <summary>A run of shots that one movement set off: the stills' numbers, from 0.</summary>
internal readonly record struct Burst(int First, int Last);

/// <summary>Stills of one camera in the order in which they were taken. A trail camera numbers its files; its clock may be set while it hangs there,
/// start anew with a battery, or be missing. Pure.</summary>
/// <param name="Stills">In order.</param>
/// <param name="Notes">What is doubtful about order and times, a sentence each.</param>
internal sealed record StillSeries(IReadOnlyList<StillInSeries> Stills, IReadOnlyList<string> Notes)
{
    private const double Unknown = 1;

    // Names whose numbers run against the clock this often are no counter.
    private const double AgainstTheClock = 0.05;

    public static StillSeries Of(IReadOnlyList<(string File, Stills.Still Still)> found)
    {
        var byName = InNameOrder(found, f => Path.GetFileName(f.File)).ToList();
        var notes = new List<string>();
        int back = Backward(byName);
        bool counter = back <= Math.Max(2, AgainstTheClock * byName.Count);
        var order = counter ? byName : [.. byName.OrderBy(f => f.Still.Taken ?? DateTime.MaxValue)];
        if (!counter) notes.Add("The file names are not in the order of the camera's clock; the stills are put in the order of their EXIF times.");

        var stills = new List<StillInSeries>(order.Count);
        DateTime? clock = null;
        double pts = 0;
        foreach (var (file, still) in order)
        {
            bool runsBack = still.Taken < clock;
            if (stills.Count > 0) pts += still.Taken is { } taken && clock is { } before && !runsBack ? (taken - before).TotalSeconds : Unknown;
            stills.Add(new(file, still, Math.Round(pts, 6), still.Taken is null, runsBack));
            // A still without a time says nothing of the clock: the next is held to the one before it.
            if (still.Taken is not null) clock = still.Taken;
        }
        foreach (var (at, i) in stills.Select((s, i) => (s, i)).Where(x => x.s.Back))
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"The camera's clock runs back at still {i + 1} ({at.Still.Stated}): it was set, or began anew. How much later that still was taken is not known; a new burst begins there."));
        int untimed = stills.Count(s => s.Untimed);
        if (untimed > 0)
            notes.Add(untimed == stills.Count ? "No still states a time (EXIF DateTimeOriginal): their order is that of their names, and how far apart they were taken is not known."
                : string.Create(CultureInfo.InvariantCulture, $"{untimed} of {stills.Count} stills state no time (EXIF DateTimeOriginal); each is placed by its name, one second after the still before."));
        var offsets = stills.Select(s => s.Still.Offset).OfType<string>().Where(o => o.Length > 0).Distinct().ToList();
        if (offsets.Count > 1) notes.Add($"The stills state different offsets from UTC ({string.Join(", ", offsets)}); intervals are by the clock as it stands in each.");
        else if (offsets.Count == 0 && untimed < stills.Count) notes.Add("The stills do not state their clock's offset from UTC: times are the camera's own, and what they are in UTC is not known.");
        return new(stills, notes);
    }

    /// <summary>Files in the order of their names, with numbers in them by the numbers: IMG_9 before IMG_10.</summary>
    public static IEnumerable<T> InNameOrder<T>(IEnumerable<T> files, Func<T, string> name) => files.OrderBy(name, Counting.Order);

    /// <summary>Bursts: shots no further apart than the gap. A shot whose time is not known stays with the one before; one where the clock runs back begins anew.</summary>
    public IReadOnlyList<Burst> Bursts(double gap)
    {
        var bursts = new List<Burst>();
        for (int i = 0, first = 0; i < Stills.Count; i++)
        {
            bool ends = i + 1 == Stills.Count || Stills[i + 1].Back || Stills[i + 1].Pts - Stills[i].Pts > gap;
            if (!ends) continue;
            bursts.Add(new(first, i));
            first = i + 1;
        }
        return bursts;
    }

    private static int Backward(List<(string File, Stills.Still Still)> order)
    {
        var times = order.Select(o => o.Still.Taken).OfType<DateTime>().ToList();
        return times.Zip(times.Skip(1)).Count(p => p.Second < p.First);
    }

    /// <summary>Names with numbers in them, by the numbers: IMG_9 before IMG_10.</summary>
    private sealed class Counting : IComparer<string?>
    {
        public static readonly Counting Order = new();

        public int Compare(string? x, string? y)
        {
            string a = x ?? "", b = y ?? "";
            int i = 0, j = 0;
            while (i < a.Length && j < b.Length)
            {
                if (char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]))
                {
                    ReadOnlySpan<char> m = Digits(a, ref i), n = Digits(b, ref j);
                    int longer = m.Length.CompareTo(n.Length), larger = longer != 0 ? longer : m.SequenceCompareTo(n);
                    if (larger != 0) return larger;
                }
                else if (a[i] != b[j]) return a[i].CompareTo(b[j]);
                else (i, j) = (i + 1, j + 1);
            }
            int rest = (a.Length - i).CompareTo(b.Length - j);
            return rest != 0 ? rest : string.CompareOrdinal(a, b);
        }

        private static ReadOnlySpan<char> Digits(string text, ref int at)
        {
            int from = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            return text.AsSpan(from, at - from).TrimStart('0');
        }
    }
}
