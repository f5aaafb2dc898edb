using Dapper;
using EvidenceVault.Pipeline.Custody;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>
/// Finds entries of the log by who, what, when. The index is derived from the entries and follows them: appending an entry costs nothing more, and whoever looks something up has what is not indexed yet indexed first.
/// It is never evidence: what is shown is read from the entry itself. Whoever forges it can hide an entry from a filter, never from the log; <see cref="Check"/> compares the two.
/// </summary>
public sealed class EntryIndex(VaultDatabase database)
{
    /// <summary>Entries looked through for one page at most, in about 20 ms: what is asked for may be rare.</summary>
    internal const int MostLookedThrough = 20_000;

    // In one commit when a vault is opened; in one commit between those of others, which wait for it some milliseconds; looked at to choose between indexes.
    private const int InOneFill = 4_096, InOneCommit = 512, Probed = 500;
    private const string Columns = "i.idx, i.at, i.actor, i.action, i.outcome, i.case_name, i.exhibit";

    /// <summary>Brings the index up to the log's end, in commits of a few thousand entries. A crash leaves it so far; the next start carries on.</summary>
    internal static void Fill(VaultDatabase database)
    {
        using SqliteConnection connection = database.Write();
        for (bool more = true; more;)
        {
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            more = Fill(connection, transaction, InOneFill);
            transaction.Commit();
        }
    }

    /// <summary>True where there are entries that are not indexed yet.</summary>
    internal bool IsBehind()
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<bool>("SELECT COALESCE((SELECT MAX(idx) FROM custody_entry), -1) > COALESCE((SELECT MAX(idx) FROM entry_index), -1)");
    }

    /// <summary>Records an act, if one is given, and brings the index up to the log's end, that act included.</summary>
    internal static async Task CatchUpAsync(Sequencer sequencer, CustodyAct? act)
    {
        bool more = await sequencer.CommitAsync(change =>
        {
            if (act is not null) change.Record(act);
            return Fill(change.Connection, change.Transaction, InOneCommit);
        }).ConfigureAwait(false);
        while (more) more = await sequencer.CommitAsync(change => Fill(change.Connection, change.Transaction, InOneCommit)).ConfigureAwait(false);
    }

    // Indexes at most so many of the entries that are not yet, the oldest first; true where there may be more. Only this writes the index, so that it has no gaps.
    private static bool Fill(SqliteConnection connection, SqliteTransaction transaction, int most)
    {
        long from = connection.ExecuteScalar<long>("SELECT COALESCE(MAX(idx) + 1, 0) FROM entry_index", transaction: transaction);
        List<(long Index, IndexedEntry Entry)> lacking = Derive(connection, transaction, from, most);
        connection.Execute(
            "INSERT INTO entry_index (idx, at, actor, action, outcome, case_name, exhibit) VALUES (@Index, @At, @Actor, @Action, @Outcome, @Case, @Exhibit)",
            lacking.Select(l => new { l.Index, l.Entry.At, l.Entry.Actor, l.Entry.Action, l.Entry.Outcome, l.Entry.Case, l.Entry.Exhibit }), transaction);
        connection.Execute(
            "INSERT INTO entry_hour (hour, first, last) VALUES (@hour, @first, @last) ON CONFLICT (hour) DO UPDATE SET first = MIN(first, excluded.first), last = MAX(last, excluded.last)",
            lacking.Where(l => l.Entry.At is not null).GroupBy(l => HourOf(l.Entry.At!.Value)).Select(h => new { hour = h.Key, first = h.Min(l => l.Index), last = h.Max(l => l.Index) }), transaction);
        return lacking.Count == most;
    }

    internal static long HourOf(long milliseconds) => Math.DivRem(milliseconds, 3_600_000).Quotient;

    // What the index must say of the entries from a place on, by the entries themselves.
    private static List<(long Index, IndexedEntry Entry)> Derive(SqliteConnection connection, SqliteTransaction transaction, long from, int most)
    {
        var entries = connection.Query<(long Index, byte[] Entry)>("SELECT idx, entry FROM custody_entry WHERE idx >= @from ORDER BY idx LIMIT @most", new { from, most }, transaction).AsList();
        if (entries.Count == 0) return [];
        var opened = connection.Query<(long Index, string Text)>(
            "SELECT idx, disclosure FROM custody_disclosure WHERE idx BETWEEN @from AND @to ORDER BY idx, ordinal", new { from, to = entries[^1].Index }, transaction).ToLookup(d => d.Index, d => d.Text);
        return [.. entries.Select(e => (e.Index, IndexedEntry.Of(e.Entry, opened[e.Index])))];
    }

    /// <summary>A page of entries.</summary>
    /// <param name="filter">What is asked.</param>
    /// <param name="sight">What may be seen.</param>
    /// <param name="before">Only before this place; the newest of them.</param>
    /// <param name="after">Only after this place; the oldest of them. Not with <paramref name="before"/>.</param>
    /// <param name="most">How many at most.</param>
    public FoundEntries Find(EntryFilter filter, EntrySight sight, ulong? before, ulong? after, int most)
    {
        using SqliteConnection connection = database.Read();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        (long low, long high) = Bounds(connection, transaction, filter);
        if (before is { } b) high = Math.Min(high, (long)Math.Min(b, long.MaxValue) - 1);
        if (after is { } a) low = Math.Max(low, (long)Math.Min(a, long.MaxValue - 1) + 1);
        bool newestFirst = after is null;
        var reading = new Reading(connection, transaction, low, high, newestFirst);

        var found = new List<long>();
        long last = newestFirst ? high + 1 : low - 1;
        int looked = 0;
        bool ended = true;
        foreach ((long index, IndexedEntry entry) in reading.Merge(Streams(reading, filter, sight)))
        {
            if (found.Count == most || looked++ == MostLookedThrough)
            {
                ended = false;
                break;
            }
            last = index;
            if (sight.Allows(entry.Case) && filter.Takes(entry)) found.Add(index);
        }
        bool cutShort = !ended && found.Count < most;
        if (newestFirst) return new([.. found.Select(i => (ulong)i)], ended ? null : (ulong)last, before is null ? null : found.Count > 0 ? (ulong)found[0] : before - 1, cutShort);
        found.Reverse();
        return new([.. found.Select(i => (ulong)i)], found.Count > 0 ? (ulong)found[^1] : after + 1, ended ? null : (ulong)last, cutShort);
    }

    // Between which places the entries of a time lie. Wider than need be, never narrower: each entry's own time is asked as well.
    private static (long Low, long High) Bounds(SqliteConnection connection, SqliteTransaction transaction, EntryFilter filter)
    {
        long low = 0, high = long.MaxValue - 1;
        if (filter.From is { } from)
            low = connection.ExecuteScalar<long?>("SELECT MIN(first) FROM entry_hour WHERE hour >= @hour", new { hour = HourOf(from.ToUnixTimeMilliseconds()) }, transaction) ?? long.MaxValue - 1;
        if (filter.To is { } to)
            high = connection.ExecuteScalar<long?>("SELECT MAX(last) FROM entry_hour WHERE hour <= @hour", new { hour = HourOf(to.ToUnixTimeMilliseconds()) }, transaction) ?? -1;
        return (low, high);
    }

    // By which index to go. Of several that would do, that whose next few hundred entries lie furthest apart leaves the fewest to look through.
    private static IReadOnlyList<Stream> Streams(Reading reading, EntryFilter filter, EntrySight sight)
    {
        if (filter.Exhibit is { } exhibit) return [new("custody_entry d JOIN entry_index i ON i.idx = d.idx", "d.exhibit = @value", "d.idx", exhibit)];
        List<Stream> single = [];
        if (filter.Outcome is { } outcome and not "done") single.Add(new("entry_index i INDEXED BY entry_index_in_trouble", "i.outcome <> 'done' AND i.outcome = @value", "i.idx", outcome));
        if (filter.Actor is { } actor) single.Add(new("entry_index i INDEXED BY entry_index_by_actor", "i.actor = @value", "i.idx", actor));
        if (filter.Action is { } action) single.Add(new("entry_index i INDEXED BY entry_index_by_action", "i.action = @value", "i.idx", action));
        if (filter.Case is { } caseName) single.Add(new("entry_index i INDEXED BY entry_index_by_case", "i.case_name = @value", "i.idx", caseName));
        if (single.Count == 1) return single;
        if (single.Count > 1) return [single.MaxBy(s => reading.Reach(s, Probed))!];
        if (sight.Cases is null) return [new("entry_index i", "TRUE", "i.idx", null)];
        return
        [
            .. sight.Cases.Select(c => new Stream("entry_index i INDEXED BY entry_index_by_case", "i.case_name = @value", "i.idx", c)),
            .. sight.OfNoCase ? [new Stream("entry_index i INDEXED BY entry_index_by_case", "i.case_name IS NULL", "i.idx", null)] : Array.Empty<Stream>(),
        ];
    }

    // Entries of one value, by one index.
    private sealed record Stream(string From, string Where, string Order, string? Value);

    private sealed class Reading(SqliteConnection connection, SqliteTransaction transaction, long low, long high, bool newestFirst)
    {
        // How far away the so-manieth entry of a stream lies; the further, the fewer there are.
        public long Reach(Stream stream, int entries)
        {
            using SqliteCommand command = Command(stream, stream.Order, $"LIMIT 1 OFFSET {entries}");
            return command.ExecuteScalar() is long index ? newestFirst ? high - index : index - low : long.MaxValue;
        }

        // All streams as one, in order. Each reads on only as far as it is asked to.
        public IEnumerable<(long Index, IndexedEntry Entry)> Merge(IReadOnlyList<Stream> streams)
        {
            List<IEnumerator<(long Index, IndexedEntry Entry)>> open = [.. streams.Select(s => Read(s).GetEnumerator())];
            try
            {
                var next = new PriorityQueue<IEnumerator<(long Index, IndexedEntry Entry)>, long>();
                foreach (var one in open.Where(o => o.MoveNext())) next.Enqueue(one, Rank(one.Current.Index));
                while (next.TryDequeue(out var first, out _))
                {
                    yield return first.Current;
                    if (first.MoveNext()) next.Enqueue(first, Rank(first.Current.Index));
                }
            }
            finally
            {
                foreach (var one in open) one.Dispose();
            }
        }

        private long Rank(long index) => newestFirst ? -index : index;

        private IEnumerable<(long Index, IndexedEntry Entry)> Read(Stream stream)
        {
            using SqliteCommand command = Command(stream, Columns, "");
            using SqliteDataReader rows = command.ExecuteReader();
            while (rows.Read())
                yield return (rows.GetInt64(0), new(rows.IsDBNull(1) ? null : rows.GetInt64(1), Text(rows, 2), Text(rows, 3), Text(rows, 4), Text(rows, 5), Text(rows, 6)));
        }

        private SqliteCommand Command(Stream stream, string columns, string limit)
        {
            SqliteCommand command = connection.CreateCommand();
            command.Transaction = transaction;
            // All of it is written here; what people typed is a parameter.
            command.CommandText = $"SELECT {columns} FROM {stream.From} WHERE {stream.Where} AND {stream.Order} BETWEEN @low AND @high ORDER BY {stream.Order} {(newestFirst ? "DESC" : "ASC")} {limit}";
            command.Parameters.AddWithValue("@low", low);
            command.Parameters.AddWithValue("@high", high);
            if (stream.Value is not null) command.Parameters.AddWithValue("@value", stream.Value);
            return command;
        }

        private static string? Text(SqliteDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetString(column);
    }

    /// <summary>Those of which the index says something else than they do.</summary>
    internal IReadOnlyList<ulong> Disagreeing(IReadOnlyList<RecordedEntry> entries)
    {
        if (entries.Count == 0) return [];
        using SqliteConnection connection = database.Read();
        var rows = connection.Query<(long Index, long? At, string? Actor, string? Action, string? Outcome, string? Case, string? Exhibit)>(
            $"SELECT {Columns} FROM json_each(@places) p JOIN entry_index i ON i.idx = p.value", new { places = $"[{string.Join(',', entries.Select(e => e.Index))}]" })
            .ToDictionary(r => (ulong)r.Index, r => new IndexedEntry(r.At, r.Actor, r.Action, r.Outcome, r.Case, r.Exhibit));
        return [.. entries.Where(e => rows.GetValueOrDefault(e.Index) != IndexedEntry.Of(e.Bytes, e.Disclosures.Select(d => d.Encoded))).Select(e => e.Index)];
    }

    /// <summary>Compares the index with the log as far as it has come, and says of which entries it says something else, or nothing: those may be missing where entries are looked for. At most <paramref name="most"/> are named.</summary>
    /// <param name="most">How many to name.</param>
    /// <param name="cancel">Ends it.</param>
    public IndexCheck Check(int most, CancellationToken cancel)
    {
        using SqliteConnection connection = database.Read();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        long size = connection.ExecuteScalar<long>("SELECT COALESCE(MAX(idx) + 1, 0) FROM custody_entry", transaction: transaction);
        var wrong = new List<ulong>();
        long count = 0;
        for (long from = 0; from < size; from += InOneFill)
        {
            cancel.ThrowIfCancellationRequested();
            var rows = Rows(connection, transaction, from, from + InOneFill - 1);
            var entries = Derive(connection, transaction, from, InOneFill).Where(e => e.Index < from + InOneFill).ToDictionary(e => e.Index, e => e.Entry);
            // One that the log lacks is found by `log fsck`; a row for an entry that there is not would show nothing.
            foreach (long index in entries.Keys.Where(i => rows.GetValueOrDefault(i) != entries[i]).Order())
            {
                if (count++ < most) wrong.Add((ulong)index);
            }
        }
        count += HoursLacking(connection, transaction);
        return new((ulong)size, (ulong)count, wrong);
    }

    // Hours that would have a search by time pass over an entry.
    private static long HoursLacking(SqliteConnection connection, SqliteTransaction transaction) => connection.ExecuteScalar<long>(
        """
        SELECT COUNT(*) FROM (SELECT at / 3600000 AS hour, MIN(idx) AS first, MAX(idx) AS last FROM entry_index WHERE at IS NOT NULL GROUP BY 1) n
        LEFT JOIN entry_hour h ON h.hour = n.hour WHERE h.hour IS NULL OR h.first > n.first OR h.last < n.last
        """, transaction: transaction);

    private static Dictionary<long, IndexedEntry> Rows(SqliteConnection connection, SqliteTransaction? transaction, long from, long to) => connection
        .Query<(long Index, long? At, string? Actor, string? Action, string? Outcome, string? Case, string? Exhibit)>($"SELECT {Columns} FROM entry_index i WHERE idx BETWEEN @from AND @to", new { from, to }, transaction)
        .ToDictionary(r => r.Index, r => new IndexedEntry(r.At, r.Actor, r.Action, r.Outcome, r.Case, r.Exhibit));

    /// <summary>What each person did in a time: for the report on unusual access. Only of people, not of what the vault does by itself.</summary>
    /// <param name="from">Not before.</param>
    /// <param name="to">Before.</param>
    /// <param name="hours">When people are at work.</param>
    /// <param name="sight">What may be seen.</param>
    /// <param name="program">The actor of what the vault does by itself.</param>
    internal IReadOnlyList<PersonCounted> Access(DateTimeOffset from, DateTimeOffset to, WorkingHours hours, EntrySight sight, string program)
    {
        using SqliteConnection connection = database.Read();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        (long low, long high) = Bounds(connection, transaction, new() { From = from, To = to });
        (long start, long end) = (from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds());
        // Whether an hour is odd is decided here, by the rules of a time zone, and looked up there.
        IEnumerable<long> odd = Enumerable.Range(0, (int)(HourOf(end) - HourOf(start) + 1)).Select(i => HourOf(start) + i).Where(h => hours.Excludes(DateTimeOffset.FromUnixTimeSeconds(h * 3600)));
        return connection.Query<PersonCounted>(
            """
            SELECT COALESCE(actor, '') AS Actor, COUNT(DISTINCT exhibit) AS Exhibits, SUM(at / 3600000 IN (SELECT value FROM json_each(@odd))) AS OddHours,
              SUM(outcome = 'refused' AND action <> @signedIn) AS Refusals, SUM(outcome = 'refused' AND action = @signedIn) AS FailedSignIns, COUNT(*) AS Entries
            FROM entry_index WHERE idx BETWEEN @low AND @high AND at >= @start AND at < @end AND actor IS NOT @program
              AND CASE WHEN case_name IS NULL THEN @ofNoCase ELSE @all OR case_name IN (SELECT value FROM json_each(@cases)) END
            GROUP BY 1
            """,
            new { low, high, start, end, program, odd = $"[{string.Join(',', odd)}]", signedIn = Acts.SignedIn, ofNoCase = sight.OfNoCase, all = sight.Cases is null, cases = System.Text.Json.JsonSerializer.Serialize(sight.Cases ?? []) },
            transaction).AsList();
    }
}

/// <summary>What the comparison of the index with the log found.</summary>
/// <param name="Size">How many entries the log has.</param>
/// <param name="Wrong">In how many places the two differ.</param>
/// <param name="Entries">The first entries of which they do.</param>
public sealed record IndexCheck(ulong Size, ulong Wrong, IReadOnlyList<ulong> Entries)
{
    /// <summary>True where nothing can be missing where entries are looked for.</summary>
    public bool Holds => Wrong == 0;
}

/// <summary>What one person did in a time, counted.</summary>
internal sealed record PersonCounted(string Actor, long Exhibits, long OddHours, long Refusals, long FailedSignIns, long Entries)
{
    // For Dapper: where no row is found, SQLite does not say of what type a count is, and the constructor above does not fit.
    private PersonCounted() : this("", 0, 0, 0, 0, 0)
    {
    }
}
