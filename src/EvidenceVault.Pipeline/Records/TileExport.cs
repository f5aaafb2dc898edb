using Dapper;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>Writes the log as C2SP tlog-tiles lays it out, for any C2SP client to read.</summary>
internal static class TileExport
{
    private const int Width = TilePath.FullWidth;

    /// <summary>Writes tiles, entry bundles and, last, the checkpoint that vouches for them: a crash before that leaves a folder without
    /// a checkpoint, which nobody takes for a log. Returns the log's size.</summary>
    public static async Task<ulong> WriteAsync(VaultDatabase database, string folder, CancellationToken cancel)
    {
        using SqliteConnection connection = database.Read();
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        (long size, byte[] note) = connection.QueryFirstOrDefault<(long, byte[])>("SELECT size, note FROM custody_checkpoint ORDER BY size DESC LIMIT 1", transaction: transaction);
        for (int level = 0; level == 0 || size >> (8 * level) > 0; level++)
        {
            string hashes = level == 0
                ? "SELECT leaf_hash FROM custody_entry WHERE idx >= @from AND idx < @to ORDER BY idx"
                : "SELECT hash FROM custody_node WHERE level = @level AND idx >= @from AND idx < @to ORDER BY idx";
            foreach ((ulong index, int width) in Tiles(level, (ulong)size))
            {
                long from = (long)index * Width;
                var range = new { level = 8 * level, from, to = from + width };
                await WriteAsync(folder, new TilePath(level, index, width), [.. connection.Query<byte[]>(hashes, range, transaction).SelectMany(h => h)], cancel).ConfigureAwait(false);
                if (level == 0)
                {
                    var entries = connection.Query<byte[]>("SELECT entry FROM custody_entry WHERE idx >= @from AND idx < @to ORDER BY idx", range, transaction).AsList();
                    await WriteAsync(folder, new TilePath(null, index, width), EntryBundle.Encode(entries), cancel).ConfigureAwait(false);
                }
            }
        }
        if (note is not null) await File.WriteAllBytesAsync(Path.Combine(folder, "checkpoint"), note, cancel).ConfigureAwait(false);
        return (ulong)size;
    }

    /// <summary>The tiles of a level: the full ones, then the partial one if it is not empty (an empty tile is never written).</summary>
    private static IEnumerable<(ulong Index, int Width)> Tiles(int level, ulong size)
    {
        (ulong full, int partial) = TilePath.CountAt(level, size);
        for (ulong i = 0; i < full; i++) yield return (i, Width);
        if (partial > 0) yield return (full, partial);
    }

    private static async Task WriteAsync(string folder, TilePath tile, byte[] content, CancellationToken cancel)
    {
        string path = Path.Combine(folder, tile.ToString());
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, content, cancel).ConfigureAwait(false);
    }
}
