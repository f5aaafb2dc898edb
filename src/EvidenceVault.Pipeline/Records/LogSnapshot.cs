using Dapper;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>
/// The custody log at one moment: what is appended meanwhile is not seen. Proofs and tiles come from the stored nodes, a tile of at
/// most 256 hashes at a time, so that memory stays flat whatever the log's size. For one thread at a time.
/// </summary>
public sealed class LogSnapshot : IDisposable
{
    private const int Width = TilePath.FullWidth;
    private const int MostTilesHeld = 32;

    private readonly SqliteConnection _connection;
    private readonly SqliteTransaction _transaction;
    private readonly NodeReader _nodes;
    private readonly Dictionary<(int Level, ulong Index), byte[][]> _held = [];

    internal LogSnapshot(SqliteConnection connection)
    {
        _connection = connection;
        _transaction = connection.BeginTransaction(deferred: true);
        _nodes = MerkleTree.FromTileLevels(Stored);
        Size = (ulong)connection.ExecuteScalar<long>("SELECT COALESCE(MAX(size), 0) FROM custody_checkpoint", transaction: _transaction);
    }

    /// <summary>The size of the newest checkpoint; 0 while the log is empty.</summary>
    public ulong Size { get; }

    /// <summary>The newest checkpoint's signed note with the cosignatures that it has so far, or null while the log is empty.</summary>
    public byte[]? Note => NoteAt(Size);

    /// <summary>The checkpoint of a size with its cosignatures, or null where none was signed at that size.</summary>
    public byte[]? NoteAt(ulong size) => Cosignatures.NoteAt(_connection, _transaction, size);

    /// <summary>The checkpoint of a size as the log alone signed it, or null where none was.</summary>
    internal byte[]? SignedAt(ulong size) =>
        _connection.QueryFirstOrDefault<byte[]>("SELECT note FROM custody_checkpoint WHERE size = @size", new { size = (long)size }, _transaction);

    /// <summary>The newest size at which the quorum of a policy was met; 0 where it never was.</summary>
    /// <param name="policySha256">Of the policy file's bytes, lower-case hex.</param>
    internal ulong CosignedSize(string policySha256) =>
        (ulong)_connection.ExecuteScalar<long>("SELECT COALESCE(MAX(size), 0) FROM cosigned_head WHERE policy = @policySha256", new { policySha256 }, _transaction);

    /// <summary>When an entry was made, by the vault's clock.</summary>
    /// <exception cref="EvidenceException">It is not there or cannot be read.</exception>
    internal DateTimeOffset TimeOf(ulong index) =>
        _connection.QueryFirstOrDefault<byte[]>("SELECT entry FROM custody_entry WHERE idx = @index", new { index = (long)index }, _transaction) is { } bytes
            && CustodyEntry.TryParse(bytes, out CustodyEntry? entry, out _) ? entry.Time : throw Lacks(0, index);

    /// <summary>The root of the first <paramref name="size"/> entries, from the stored nodes (RFC 9162 section 2.1.1).</summary>
    /// <exception cref="EvidenceException">A node that must be stored is not.</exception>
    public byte[] Root(ulong size) => MerkleTree.Root(size, _nodes);

    /// <summary>The proof that an entry is in the log of a size (RFC 9162 section 2.1.3.1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not below the size.</exception>
    /// <exception cref="EvidenceException">A node that must be stored is not.</exception>
    public IReadOnlyList<byte[]> InclusionProof(ulong index, ulong size) => MerkleTree.InclusionProof(index, size, _nodes);

    /// <summary>The proof that the log of the old size is the start of the log of the new one (RFC 9162 section 2.1.4.1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The old size is above the new one.</exception>
    /// <exception cref="EvidenceException">A node that must be stored is not.</exception>
    public IReadOnlyList<byte[]> ConsistencyProof(ulong oldSize, ulong newSize) => MerkleTree.ConsistencyProof(oldSize, newSize, _nodes);

    /// <summary>The bytes of a tile or an entry bundle.</summary>
    /// <exception cref="EvidenceException">The log does not hold all of what the tile needs.</exception>
    internal byte[] Tile(TilePath path)
    {
        if (path.Level is { } level)
        {
            byte[][] hashes = Hashes(level, path.Index);
            if (hashes.Length < path.Width) throw Lacks(8 * level, path.Index * Width + (ulong)hashes.Length);
            return [.. hashes.Take(path.Width).SelectMany(h => h)];
        }
        long from = (long)(path.Index * Width);
        var entries = _connection.Query<byte[]>(
            "SELECT entry FROM custody_entry WHERE idx >= @from AND idx < @to ORDER BY idx", new { from, to = from + path.Width }, _transaction).AsList();
        return entries.Count == path.Width ? EntryBundle.Encode(entries) : throw Lacks(0, (ulong)from + (ulong)entries.Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transaction.Dispose();
        _connection.Dispose();
    }

    private byte[] Stored(int level, ulong index)
    {
        byte[][] tile = Hashes(level / 8, index / Width);
        return (int)(index % Width) is var at && at < tile.Length ? tile[at] : throw Lacks(level, index);
    }

    private byte[][] Hashes(int tileLevel, ulong index)
    {
        if (_held.TryGetValue((tileLevel, index), out byte[][]? held)) return held;
        string table = tileLevel == 0
            ? "SELECT idx, leaf_hash FROM custody_entry WHERE idx >= @from AND idx < @to ORDER BY idx"
            : "SELECT idx, hash FROM custody_node WHERE level = @level AND idx >= @from AND idx < @to ORDER BY idx";
        long from = (long)(index * Width);
        var rows = _connection.Query<(long Idx, byte[] Hash)>(table, new { level = 8 * tileLevel, from, to = from + Width }, _transaction).AsList();
        // An entry taken out from the middle must not move its neighbours into its place.
        for (int i = 0; i < rows.Count; i++)
        {
            if (rows[i].Idx != from + i) throw Lacks(8 * tileLevel, (ulong)(from + i));
        }
        if (_held.Count == MostTilesHeld) _held.Clear();
        return _held[(tileLevel, index)] = [.. rows.Select(r => r.Hash)];
    }

    private static EvidenceException Lacks(int level, ulong index) => new(
        $"The custody log lacks the hash at level {level}, index {index}.",
        "The log was altered behind the vault's back; it is not shown to anybody as if it were whole.",
        "Run 'evidencevault log fsck' to name the damage and keep the whole folder as it is for an expert.");
}
