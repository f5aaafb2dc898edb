namespace EvidenceVault.Pipeline.Records;

/// <summary>Which entries of the log are asked for. What is null is not asked.</summary>
public sealed record EntryFilter
{
    /// <summary>Who did it, by the account's name.</summary>
    public string? Actor { get; init; }

    /// <summary>The exhibit's reference.</summary>
    public string? Exhibit { get; init; }

    /// <summary>The case.</summary>
    public string? Case { get; init; }

    /// <summary>What was done.</summary>
    public string? Action { get; init; }

    /// <summary>What became of it: <c>done</c>, <c>refused</c> or <c>failed</c>.</summary>
    public string? Outcome { get; init; }

    /// <summary>Not before.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only outside of these hours.</summary>
    public WorkingHours? Outside { get; init; }

    /// <summary>True where nothing is asked: all entries.</summary>
    public bool IsEmpty => this == Nothing;

    private static readonly EntryFilter Nothing = new();

    /// <summary>True for an entry that is asked for. Pure.</summary>
    internal bool Takes(IndexedEntry entry) =>
        (Actor is null || entry.Actor == Actor) && (Exhibit is null || entry.Exhibit == Exhibit) && (Case is null || entry.Case == Case) && (Action is null || entry.Action == Action)
        && (Outcome is null || entry.Outcome == Outcome)
        && (From is null || entry.At >= From.Value.ToUnixTimeMilliseconds()) && (To is null || entry.At < To.Value.ToUnixTimeMilliseconds())
        && (Outside is null || (entry.At is { } at && Outside.Excludes(DateTimeOffset.FromUnixTimeMilliseconds(at))));
}

/// <summary>Which entries somebody may see.</summary>
/// <param name="Cases">Those of these cases; null for all.</param>
/// <param name="OfNoCase">Those of no case too: sign-ins, keys, start and stop.</param>
public sealed record EntrySight(IReadOnlyCollection<string>? Cases, bool OfNoCase)
{
    /// <summary>True for an entry of the case, or of none, that may be seen. Pure.</summary>
    public bool Allows(string? caseName) => caseName is null ? OfNoCase : Cases is null || Cases.Contains(caseName);
}

/// <summary>When people are at work, by the clock of a place, Monday to Friday.</summary>
/// <param name="From">From this hour, 0 to 23.</param>
/// <param name="To">Until this hour, 1 to 24, after <paramref name="From"/>.</param>
/// <param name="Zone">Whose clock.</param>
public sealed record WorkingHours(int From, int To, TimeZoneInfo Zone)
{
    /// <summary>True for a moment outside of them. Pure.</summary>
    public bool Excludes(DateTimeOffset moment)
    {
        DateTimeOffset local = TimeZoneInfo.ConvertTime(moment, Zone);
        return local.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday || local.Hour < From || local.Hour >= To;
    }
}

/// <summary>Some of the entries that were asked for, the newest first.</summary>
/// <param name="Indices">Their places in the log.</param>
/// <param name="Older">What to ask for next, before this place; null where the log's start was reached.</param>
/// <param name="Newer">Likewise after this place; null where its end was reached.</param>
/// <param name="IsCutShort">True where so many entries were looked through that it stopped before the page was full; what is beyond was not looked at.</param>
public sealed record FoundEntries(IReadOnlyList<ulong> Indices, ulong? Older, ulong? Newer, bool IsCutShort);
