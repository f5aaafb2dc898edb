using Dapper;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>An entry as the vault holds it.</summary>
/// <param name="Index">Its place in the log, from 0.</param>
/// <param name="Bytes">Its canonical JSON.</param>
/// <param name="Disclosures">What opens its salted commitments.</param>
public sealed record RecordedEntry(ulong Index, byte[] Bytes, IReadOnlyList<Proof.Disclosure> Disclosures);

/// <summary>Reads the custody log.</summary>
public sealed class CustodyLog(VaultDatabase database)
{
    /// <summary>The newest checkpoint as a signed note with the cosignatures that it has so far, or null while the log is empty.</summary>
    public byte[]? NewestCheckpoint()
    {
        using LogSnapshot snapshot = Snapshot();
        return snapshot.Note;
    }

    /// <summary>Where the vault stands with each witness that it ever asked.</summary>
    public IReadOnlyList<WitnessStanding> Witnesses()
    {
        using SqliteConnection connection = database.Read();
        return Cosignatures.Standings(connection);
    }

    /// <summary>How many entries there are.</summary>
    public ulong Size()
    {
        using SqliteConnection connection = database.Read();
        return (ulong)connection.ExecuteScalar<long>("SELECT COALESCE(MAX(idx) + 1, 0) FROM custody_entry");
    }

    /// <summary>The log as it is now, for proofs and tiles. Dispose it soon: it keeps SQLite's write-ahead log from being folded in.</summary>
    public LogSnapshot Snapshot() => new(database.Read());

    /// <summary>The proof that an entry is in the log of a size: see <see cref="LogSnapshot.InclusionProof"/>.</summary>
    public IReadOnlyList<byte[]> InclusionProof(ulong index, ulong size)
    {
        using LogSnapshot snapshot = Snapshot();
        return snapshot.InclusionProof(index, size);
    }

    /// <summary>The proof that the log of the old size is the start of that of the new one: see <see cref="LogSnapshot.ConsistencyProof"/>.</summary>
    public IReadOnlyList<byte[]> ConsistencyProof(ulong oldSize, ulong newSize)
    {
        using LogSnapshot snapshot = Snapshot();
        return snapshot.ConsistencyProof(oldSize, newSize);
    }

    /// <summary>Entries in order, of one exhibit or of all; the last <paramref name="most"/> of them.</summary>
    public IReadOnlyList<RecordedEntry> Entries(ExhibitReference? exhibit, int most = int.MaxValue) => exhibit is { } one ? OfExhibit(one, most) : Newest(most);

    // Two statements: one that asks for either would read the whole log to find an exhibit's entries.
    private IReadOnlyList<RecordedEntry> OfExhibit(ExhibitReference exhibit, int most)
    {
        using SqliteConnection connection = database.Read();
        return EntriesAt([.. connection.Query<long>("SELECT idx FROM (SELECT idx, seq FROM custody_entry WHERE exhibit = @text ORDER BY seq DESC LIMIT @most) ORDER BY seq", new { text = exhibit.Text, most }).Select(i => (ulong)i)]);
    }

    private List<RecordedEntry> Newest(int most)
    {
        using SqliteConnection connection = database.Read();
        var rows = connection.Query<(long Idx, byte[] Entry)>("SELECT idx, entry FROM (SELECT idx, entry FROM custody_entry ORDER BY idx DESC LIMIT @most) ORDER BY idx", new { most }).AsList();
        var opened = connection.Query<(long Idx, string Text)>("SELECT idx, disclosure FROM custody_disclosure WHERE idx >= @from ORDER BY idx, ordinal", new { from = rows.Count > 0 ? rows[0].Idx : 0 }).ToLookup(r => r.Idx, r => r.Text);
        return [.. rows.Select(r => new RecordedEntry((ulong)r.Idx, r.Entry, [.. opened[r.Idx].Select(Parse)]))];
    }

    /// <summary>The first entries of an exhibit, in order: how it came to be. What opens them is not read.</summary>
    public IReadOnlyList<RecordedEntry> Beginning(ExhibitReference exhibit, int most)
    {
        using SqliteConnection connection = database.Read();
        return [.. connection.Query<(long Idx, byte[] Entry)>("SELECT idx, entry FROM custody_entry WHERE exhibit = @text ORDER BY seq LIMIT @most", new { text = exhibit.Text, most }).Select(r => new RecordedEntry((ulong)r.Idx, r.Entry, []))];
    }

    /// <summary>The entry that says that a bundle was finished, or null; looked for among the next entries after its export, as a bundle is made in minutes.</summary>
    /// <param name="export">The index of the entry that records the export.</param>
    /// <param name="bundle">The bundle's id.</param>
    public CustodyEntry? BundleMade(ulong export, string bundle)
    {
        const int nextEntries = 50_000;
        using SqliteConnection connection = database.Read();
        return connection.Query<byte[]>(
            "SELECT entry FROM custody_entry WHERE idx > @from AND idx <= @to AND exhibit IS NULL AND instr(entry, CAST(@bundle AS BLOB)) > 0 ORDER BY idx", new { from = (long)export, to = (long)export + nextEntries, bundle = $"\"bundle\":\"{bundle}\"" }, buffered: false)
            .Select(bytes => CustodyEntry.TryParse(bytes, out CustodyEntry? entry, out _) ? entry : null)
            .FirstOrDefault(e => e is { Action: Acts.BundleMade, Outcome: Outcome.Done });
    }

    /// <summary>The entry at an index, or null where the log has none there.</summary>
    public RecordedEntry? Find(ulong index) => index < Size() ? Entry(index) : null;

    /// <summary>The entry at an index.</summary>
    public RecordedEntry Entry(ulong index)
    {
        using SqliteConnection connection = database.Read();
        byte[] entry = connection.QueryFirst<byte[]>("SELECT entry FROM custody_entry WHERE idx = @idx", new { idx = (long)index });
        return new(index, entry, [.. connection.Query<string>("SELECT disclosure FROM custody_disclosure WHERE idx = @idx ORDER BY ordinal", new { idx = (long)index }).Select(Parse)]);
    }

    /// <summary>The entries at these places, in their order; one that the log lacks is left out.</summary>
    public IReadOnlyList<RecordedEntry> EntriesAt(IReadOnlyList<ulong> indices)
    {
        using SqliteConnection connection = database.Read();
        var at = new { places = $"[{string.Join(',', indices)}]" };
        var entries = connection.Query<(long Idx, byte[] Entry)>("SELECT e.idx, e.entry FROM json_each(@places) p JOIN custody_entry e ON e.idx = p.value", at).ToDictionary(r => (ulong)r.Idx, r => r.Entry);
        var opened = connection.Query<(long Idx, string Text)>("SELECT d.idx, d.disclosure FROM json_each(@places) p JOIN custody_disclosure d ON d.idx = p.value ORDER BY d.idx, d.ordinal", at).ToLookup(r => (ulong)r.Idx, r => r.Text);
        return [.. indices.Where(entries.ContainsKey).Select(i => new RecordedEntry(i, entries[i], [.. opened[i].Select(Parse)]))];
    }

    /// <summary>The entry at an index; null where the log does not reach so far or lacks it.</summary>
    public RecordedEntry? FindEntry(ulong index) => index > long.MaxValue ? null : EntriesAt([index]) is [var entry] ? entry : null;

    /// <summary>How many entries an exhibit has, by the number of its newest.</summary>
    public long CountOf(ExhibitReference exhibit)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>("SELECT COALESCE(MAX(seq), 0) FROM custody_entry WHERE exhibit = @text", new { text = exhibit.Text });
    }

    /// <summary>Sizes that checkpoints were signed at, the newest first.</summary>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<ulong> CheckpointSizes(int most)
    {
        using SqliteConnection connection = database.Read();
        return [.. connection.Query<long>("SELECT size FROM custody_checkpoint ORDER BY size DESC LIMIT @most", new { most }).Select(s => (ulong)s)];
    }

    /// <summary>The smallest size of a checkpoint that is not below this one; null where there is none.</summary>
    public ulong? CheckpointFrom(ulong size)
    {
        using SqliteConnection connection = database.Read();
        return (ulong?)connection.ExecuteScalar<long?>("SELECT MIN(size) FROM custody_checkpoint WHERE size >= @size", new { size = (long)Math.Min(size, long.MaxValue) });
    }

    /// <summary>Runs a whole check over the log by the keys that may have signed it: see <see cref="LogCheck"/>. A key that is not valid any
    /// more may have signed up to the entry that retired it.</summary>
    /// <param name="keys">Every key that ever signed the log.</param>
    /// <param name="valid">Those of them that are valid now.</param>
    /// <param name="progress">Told how far it has come.</param>
    /// <param name="cancel">Ends it.</param>
    public VerificationReport Check(IReadOnlyList<string> keys, IReadOnlyList<string> valid, IProgress<LogCheckProgress>? progress, CancellationToken cancel)
    {
        using SqliteConnection connection = database.Read();
        // One read transaction: a worker that appends meanwhile does not move the log under the check.
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        var stored = NodeReader(connection, transaction);
        var reader = new LogReader
        {
            // COUNT, not MAX: an entry taken out from the middle is then missing by its index.
            Size = (ulong)connection.ExecuteScalar<long>("SELECT COALESCE(MAX(idx) + 1, 0) FROM custody_entry", transaction: transaction),
            Entry = i => connection.QueryFirstOrDefault<byte[]>("SELECT entry FROM custody_entry WHERE idx = @i", new { i = (long)i }, transaction),
            LeafHash = i => connection.QueryFirstOrDefault<byte[]>("SELECT leaf_hash FROM custody_entry WHERE idx = @i", new { i = (long)i }, transaction),
            Node = (level, i) => connection.QueryFirstOrDefault<byte[]>("SELECT hash FROM custody_node WHERE level = @level AND idx = @i", new { level, i = (long)i }, transaction),
            Checkpoints = connection.Query<byte[]>("SELECT note FROM custody_checkpoint ORDER BY size", transaction: transaction, buffered: false),
        };
        Dictionary<string, ulong> retired = Retirements(connection, transaction);
        return new LogCheck(reader, [.. keys.Select(k => new LogKeySpan(VerifierKey.Parse(k), valid.Contains(k) ? null : retired.GetValueOrDefault(k)))]).Run(progress, cancel);
    }

    // The size of the log with the entry that retired a key, by key. What these entries say is checked with all others.
    private static Dictionary<string, ulong> Retirements(SqliteConnection connection, SqliteTransaction transaction)
    {
        var sizes = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach ((long index, byte[] bytes) in connection.Query<(long, byte[])>("SELECT idx, entry FROM custody_entry WHERE exhibit IS NULL AND instr(entry, CAST('\"event\":\"retired\"' AS BLOB)) > 0 ORDER BY idx", transaction: transaction))
        {
            if (!CustodyEntry.TryParse(bytes, out CustodyEntry? entry, out _) || entry.Action != Acts.KeyEvent || entry.Outcome != Outcome.Done) continue;
            if (entry.Detail?["retired"] is System.Text.Json.Nodes.JsonValue key && key.TryGetValue(out string? text)) sizes.TryAdd(text, (ulong)index + 1);
        }
        return sizes;
    }

    /// <summary>Reads the tree's nodes at the levels that are stored: 0 beside the entries, 8, 16 … in their own table.</summary>
    internal static NodeReader NodeReader(SqliteConnection connection, SqliteTransaction? transaction) => (level, index) =>
        connection.QueryFirstOrDefault<byte[]>(
            level == 0 ? "SELECT leaf_hash FROM custody_entry WHERE idx = @index" : "SELECT hash FROM custody_node WHERE level = @level AND idx = @index",
            new { level, index = (long)index }, transaction)
        ?? throw new EvidenceException(
            $"The custody log lacks the hash at level {level}, index {index}.",
            "The log was altered behind the vault's back; nothing more is written to it.",
            "Run 'evidencevault log fsck' to name the damage and keep the whole folder as it is for an expert.");

    private static Proof.Disclosure Parse(string text) => Proof.Disclosure.TryParse(text, out Proof.Disclosure? disclosure, out string problem)
        ? disclosure
        : throw new EvidenceException($"A personal field of the custody log cannot be read. {problem}", "The entry itself still proves; who or why can no longer be shown from here.", "Run 'evidencevault log fsck' and restore the vault's folder from backup.");
}
