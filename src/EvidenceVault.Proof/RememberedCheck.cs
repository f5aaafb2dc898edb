namespace EvidenceVault.Proof;

/// <summary>
/// Asks whether a checkpoint continues, or is continued by, one that somebody kept: what shows a rewritten log even where its key signed
/// both (FORMAT.md sections 7 and 11, claim <c>remembered</c>; RFC 9162 section 2.1.4).
/// </summary>
internal static class RememberedCheck
{
    private const string Claim = "remembered";

    /// <summary>Judges one. It never throws for what the log holds, only what reading it throws.</summary>
    /// <param name="kept">What somebody kept.</param>
    /// <param name="head">The checkpoint to compare it with; null where none can be believed.</param>
    /// <param name="policy">Whose checkpoints count.</param>
    /// <param name="log">The log; null where there is none to ask.</param>
    /// <param name="cancel">Ends the reading.</param>
    public static async Task<Finding> JudgeAsync(RememberedCheckpoint kept, Checkpoint? head, LogPolicy? policy, TileLogReader? log, CancellationToken cancel)
    {
        string name = Printable.Of(kept.Name);
        Finding finding = await SentenceAsync().ConfigureAwait(false) is { } bad
            ? Finding.Bad(Claim, bad)
            : Finding.Good(Claim, $"The log of this bundle and the checkpoint that was kept as {name} are one and the same history.");
        return finding with { Subject = name };

        async Task<string?> SentenceAsync()
        {
            if (head is null || policy is null) return "This cannot be asked, because the bundle's own checkpoint or the policy cannot be relied on.";
            if (!SignedNote.TryParse(kept.Note.Span, out SignedNote? note, out string problem)) return $"What was kept is not a checkpoint. {problem}";
            PolicyVerdict verdict = policy.Evaluate(note);
            if (verdict.Checkpoint is not { } remembered) return $"What was kept cannot be used. {verdict.Signature.Sentence}";
            if (remembered.Origin != head.Origin) return $"What was kept is of another log, {Printable.Of(remembered.Origin)}.";
            (Checkpoint older, Checkpoint newer) = remembered.Size <= head.Size ? (remembered, head) : (head, remembered);
            const string fork = "The log's history was rewritten: its key signed two histories that contradict each other";
            if (older.Size == newer.Size) return older.Root.AsSpan().SequenceEqual(newer.Root) ? null : $"{fork}, both of {Printable.Count(older.Size)} entries.";
            string sizes = $"of {Printable.Count(older.Size)} and {Printable.Count(newer.Size)} entries";
            if (log is null) return $"The two checkpoints, {sizes}, can only be compared by asking the log, and none was given (--log). So it is not shown that one continues the other.";
            if (await ProveAsync(older.Size, newer.Size, log, cancel).ConfigureAwait(false) is not { } proof)
                return $"The log that was given does not hold what it takes to compare the two checkpoints, {sizes}. So it is not shown that one continues the other.";
            return MerkleTree.VerifyConsistency(older.Size, newer.Size, older.Root, newer.Root, proof) ? null : $"{fork}: checkpoints {sizes}, neither of which continues the other. Or the log that was given is another.";
        }
    }

    // From the log's tiles, which are believed in nothing: what they give must fit both roots. Null where one is missing.
    private static async Task<IReadOnlyList<byte[]>?> ProveAsync(ulong oldSize, ulong newSize, TileLogReader log, CancellationToken cancel)
    {
        // How wide the log's last tiles are follows from its size today, which only has to find them.
        if (await log.Checkpoint(cancel).ConfigureAwait(false) is not { } bytes || !SignedNote.TryParse(bytes, out SignedNote? note, out _)
            || !Checkpoint.TryParse(note.Text, out Checkpoint? today, out _) || today.Size < newSize) return null;

        // Which nodes the proof is made of is known without reading any: a first pass asks, tiles are read, and the next pass has them.
        var tiles = new Dictionary<TilePath, byte[]>();
        var wanted = new HashSet<TilePath>();
        while (true)
        {
            IReadOnlyList<byte[]> proof = MerkleTree.ConsistencyProof(oldSize, newSize, MerkleTree.FromTileLevels(Node));
            if (wanted.Count == 0) return proof;
            foreach (TilePath path in wanted)
            {
                if (await ReadAsync(path).ConfigureAwait(false) is not { } tile || tile.Length < path.Width * MerkleTree.HashSize) return null;
                tiles[path] = tile;
            }
            wanted.Clear();
        }

        byte[] Node(int level, ulong index)
        {
            (ulong full, int partial) = TilePath.CountAt(level / 8, today.Size);
            ulong tile = index / TilePath.FullWidth;
            var path = new TilePath(level / 8, tile, tile < full ? TilePath.FullWidth : partial);
            if (tiles.TryGetValue(path, out byte[]? bytes)) return bytes.AsSpan((int)(index % TilePath.FullWidth) * MerkleTree.HashSize, MerkleTree.HashSize).ToArray();
            wanted.Add(path);
            return MerkleTree.EmptyRoot;
        }

        // A full tile may have taken a partial one's place since (C2SP tlog-tiles).
        async Task<byte[]?> ReadAsync(TilePath path) => await log.Tile(path, cancel).ConfigureAwait(false)
            ?? (path.Width < TilePath.FullWidth ? await log.Tile(path with { Width = TilePath.FullWidth }, cancel).ConfigureAwait(false) : null);
    }
}
