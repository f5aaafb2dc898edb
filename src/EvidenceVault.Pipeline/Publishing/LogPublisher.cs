using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>What lies published after an act of publishing.</summary>
/// <param name="Size">The published checkpoint's size; 0 where none is published.</param>
/// <param name="Tiles">How many tiles and bundles were written by this act.</param>
/// <param name="Note">The published checkpoint; null where none is.</param>
public sealed record Publication(ulong Size, int Tiles, byte[]? Note);

/// <summary>
/// Publishes the log: C2SP tlog-tiles, in an order that a crash cannot harm. The first two steps of that order are the sequencer's: its
/// transaction stages entries and nodes, and its commit of a signed checkpoint is the compare-and-swap of the head, the commit
/// point. The database keeps all that tiles are made of, so the stage is never lost and need not be discarded, and
/// a publishing that died is carried on by the next one from the published checkpoint.
/// </summary>
/// <param name="logs">The log.</param>
/// <param name="store">Where it is published.</param>
/// <param name="keys">The log's keys, old ones too: a published checkpoint must be signed by one of them.</param>
public sealed class LogPublisher(CustodyLog logs, ILogStore store, IReadOnlyList<VerifierKey> keys)
{
    // Bundles are at most 16 MiB each, and in practice some hundred kilobytes.
    private const int AtOnce = 4;

    /// <summary>Compares what is published with the log. Nothing is written.</summary>
    /// <exception cref="EvidenceException">The published head is ahead of the log or differs from it.</exception>
    /// <exception cref="UnreachableException">The store does not answer.</exception>
    public async Task<PublishedHead?> CheckAsync(CancellationToken cancel)
    {
        PublishedHead? head = await store.HeadAsync(cancel).ConfigureAwait(false);
        using LogSnapshot log = logs.Snapshot();
        SizeOf(head, log);
        return head;
    }

    /// <summary>Publishes the checkpoint that is chosen, and first the tiles and bundles that it vouches for.</summary>
    /// <param name="choose">Gives the checkpoint, signed, of one of the sizes that the log has one for; null for none.</param>
    /// <param name="cancel">Stops between two writes.</param>
    /// <exception cref="EvidenceException">The published head is ahead of the log or differs from it, or a tile does: nothing was replaced.</exception>
    /// <exception cref="UnreachableException">The store does not answer.</exception>
    public async Task<Publication> PublishAsync(Func<LogSnapshot, byte[]?> choose, CancellationToken cancel)
    {
        while (true)
        {
            PublishedHead? seen = await store.HeadAsync(cancel).ConfigureAwait(false);
            // After the head was read: another process that published since cannot make this one seem behind.
            using LogSnapshot log = logs.Snapshot();
            ulong published = SizeOf(seen, log);
            byte[]? note = choose(log);
            if (note is null || Read(note).Size is var size && size < published || Same(note, seen)) return new(published, 0, seen?.Note);

            // A crash from here on leaves tiles that no published checkpoint names yet; the next publishing meets them, equal byte by byte.
            int tiles = await WriteTilesAsync(log, published, size, cancel).ConfigureAwait(false);
            // Only now may a client read the checkpoint: all that it vouches for is there.
            if (await store.ReplaceHeadAsync(seen, note, cancel).ConfigureAwait(false)) return new(size, tiles, note);
            // Another process replaced it meanwhile: from the top, with what it published.
        }
    }

    /// <summary>The published size, once the log is known to continue what is published.</summary>
    private ulong SizeOf(PublishedHead? head, LogSnapshot log)
    {
        if (head is null) return 0;
        if (!SignedNote.TryParse(head.Note, out SignedNote? note, out string problem) || !Checkpoint.TryParse(note.Text, out Checkpoint? published, out problem))
            throw Differs($"The checkpoint published at {store.Place} cannot be read. {problem}");
        if (note.Verify(keys) is { Holds: false } verdict)
            throw Differs($"The checkpoint published at {store.Place} is not signed by this vault's log key. {verdict.Sentence}");
        if (published.Size > log.Size)
        {
            throw new EvidenceException(
                $"The log published at {store.Place} has {published.Size} entries; the custody log here has only {log.Size}.",
                "An older copy of the database was put back, or its newest entries were removed: entries that were published are missing here.",
                "Put the newest vault.db back from backup. Until then nothing is published: entries made now would contradict what others have seen.");
        }
        return log.Root(published.Size).AsSpan().SequenceEqual(published.Root)
            ? published.Size
            : throw Differs($"The first {published.Size} entries of the custody log are not those whose checkpoint is published at {store.Place}.");
    }

    private static EvidenceException Differs(string what) => new(
        what,
        "The log forked: either history was rewritten here, or another vault's log lies there. Nothing was published.",
        "Keep both as they are for an expert, and compare with checkpoints that others hold. To publish another vault's log, name an empty place.");

    private async Task<int> WriteTilesAsync(LogSnapshot log, ulong from, ulong to, CancellationToken cancel)
    {
        int written = 0;
        foreach (TilePath[] some in Tiles(from, to).Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(t => (Tile: t, Content: log.Tile(t))).ToList().Select(t => store.CreateAsync(t.Tile, t.Content, cancel))).ConfigureAwait(false);
            written += some.Length;
        }
        return written;
    }

    /// <summary>The tiles and bundles of a log that one of a smaller size does not have.</summary>
    internal static IEnumerable<TilePath> Tiles(ulong from, ulong to)
    {
        for (int level = 0; level < 8 && (level == 0 || to >> (8 * level) > 0); level++)
        {
            (ulong had, int hadPartial) = TilePath.CountAt(level, from);
            (ulong full, int partial) = TilePath.CountAt(level, to);
            for (ulong i = had; i < full; i++)
            {
                yield return new(level, i, TilePath.FullWidth);
                if (level == 0) yield return new(null, i, TilePath.FullWidth);
            }
            // An empty tile is never published.
            if (partial == 0 || (full == had && partial == hadPartial)) continue;
            yield return new(level, full, partial);
            if (level == 0) yield return new(null, full, partial);
        }
    }

    private static bool Same(byte[] note, PublishedHead? head) => head is not null && note.AsSpan().SequenceEqual(head.Note);

    private static Checkpoint Read(byte[] note) =>
        SignedNote.TryParse(note, out SignedNote? signed, out string problem) && Checkpoint.TryParse(signed.Text, out Checkpoint? checkpoint, out problem)
            ? checkpoint
            : throw new EvidenceException($"A checkpoint of the custody log cannot be read. {problem}", "The custody log was altered behind the vault's back.", "Run 'evidencevault log fsck'.");
}
