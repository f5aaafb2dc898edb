namespace EvidenceVault.Proof;

/// <summary>
/// How <see cref="TileLogCheck"/> reads a published log (C2SP tlog-tiles), wherever it lies. A function gives null for what is not there; what it
/// throws ends the check, because a log that cannot be read is not one that was found damaged. Several reads may run at once.
/// </summary>
public sealed record TileLogReader
{
    /// <summary>The resource <c>checkpoint</c>.</summary>
    public required Func<CancellationToken, Task<byte[]?>> Checkpoint { get; init; }

    /// <summary>A tile or an entry bundle.</summary>
    public required Func<TilePath, CancellationToken, Task<byte[]?>> Tile { get; init; }

    /// <summary>How many bytes of a tile or bundle are worth reading; one that is longer is no tile. A reader may cut there.</summary>
    public static int MostBytes(TilePath path) => 1 + path.Width * (path.Level is null ? 2 + ushort.MaxValue : MerkleTree.HashSize);

    /// <summary>How many bytes of a checkpoint are worth reading.</summary>
    public const int MostCheckpointBytes = (1 << 20) + 1;
}

/// <summary>What came of checking a published log.</summary>
/// <param name="Checkpoint">The log's checkpoint, where it is signed as it should be.</param>
/// <param name="Report">What was found.</param>
public sealed record TileLogReport(Checkpoint? Checkpoint, VerificationReport Report);

/// <summary>
/// Checks a whole published log of anybody's, C2SP tlog-tiles, by deriving the tree again from its entries (FORMAT.md section 8). It believes nothing but
/// the keys and the checkpoints it was given. Memory stays flat: some bundles read ahead, one tile for each level, one root for each checkpoint.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="policy">Whose signature and cosignatures its checkpoint must carry.</param>
/// <param name="remembered">Checkpoints of this log that somebody kept, each a signed note. Only the log's signature is asked of them.</param>
public sealed class TileLogCheck(TileLogReader log, LogPolicy policy, params IReadOnlyList<byte[]> remembered)
{
    private const int Width = TilePath.FullWidth;
    private const int ReadAhead = 4;

    // A checkpoint may claim 2^64 entries that are nowhere: past this many missing bundles the check ends.
    private const int MostMissing = 1000;

    private readonly Tally _bundles = new("entry-bundle");
    private readonly Tally _leaves = new("leaf-hash");
    private readonly Tally _tiles = new("tile");
    private readonly Tally _root = new("checkpoint-root");
    private readonly Tally _remembered = new("remembered");

    // Two trees: of the entries as they stand, and of the leaf hashes stored in the tiles of level 0. Where only the second gives a signed root,
    // entries were altered; where only the first does, tiles were.
    private readonly Tree _ofEntries = new();
    private readonly Tree _ofHashes = new();
    private int _missing;

    /// <summary>Runs the check. It never throws for what the log holds; a check is run once.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<TileLogReport> RunAsync(IProgress<LogCheckProgress>? progress = null, CancellationToken cancel = default)
    {
        if (await log.Checkpoint(cancel).ConfigureAwait(false) is not { } bytes)
            return Unsigned("There is no checkpoint: either this is no log, or its checkpoint was removed.");
        if (!SignedNote.TryParse(bytes, out SignedNote? note, out string problem)) return Unsigned($"The checkpoint is not a signed note. {problem}");
        PolicyVerdict verdict = policy.Evaluate(note);
        // "Clients MUST NOT fetch arbitrary partial tiles without verifying a checkpoint": and how many to read is known from it alone.
        if (verdict.Checkpoint is not { } head) return new(null, new([.. verdict.Findings]));

        List<Checkpoint> kept = ReadRemembered(head);
        int next = 0;
        await AtSizeAsync(0).ConfigureAwait(false);
        var ahead = new Queue<Task<Slice>>();
        ulong slices = head.Size / Width + (head.Size % Width > 0 ? 1UL : 0), asked = 0;
        try
        {
            for (ulong n = 0; n < slices && _missing <= MostMissing; n++)
            {
                for (; asked < slices && ahead.Count < ReadAhead; asked++) ahead.Enqueue(ReadSliceAsync(asked, WidthAt(asked, head.Size), cancel));
                Slice slice = await ahead.Dequeue().ConfigureAwait(false);
                Judge(slice);
                for (int i = 0; i < slice.Width; i++)
                {
                    Append(slice, i);
                    await AtSizeAsync(_ofEntries.Size).ConfigureAwait(false);
                }
                await CompareFullTilesAsync().ConfigureAwait(false);
                progress?.Report(new(_ofEntries.Size, head.Size));
            }
        }
        finally
        {
            // Nothing runs on after the check. A read that failed ahead of one that ended the check adds nothing.
            await Task.WhenAll(ahead.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (_ofEntries.Size == head.Size)
        {
            await ComparePartialTilesAsync(head.Size, isNewest: true, cancel).ConfigureAwait(false);
            CompareRoot(_root, head, "the root that the checkpoint commits to");
        }
        else
        {
            _root.Fail($"More than {MostMissing} bundles of entries are missing, so the check was ended at entry {_ofEntries.Size} of {head.Size}, and the checkpoint's root was not reached.");
        }
        foreach (Checkpoint late in kept.Skip(next))
            _remembered.Fail($"The remembered checkpoint of {Printable.Count(late.Size)} entries was not reached, because too many entries are missing.");
        return new(head, new([.. verdict.Findings, .. Conclude(head, kept.Count)]));

        async Task AtSizeAsync(ulong size)
        {
            for (; next < kept.Count && kept[next].Size == size; next++)
            {
                CompareRoot(_remembered, kept[next], $"the root of the remembered checkpoint of {Printable.Count(size)} entries");
                if (size < head.Size && (next == 0 || kept[next - 1].Size != size)) await ComparePartialTilesAsync(size, isNewest: false, cancel).ConfigureAwait(false);
            }
        }

        async Task CompareFullTilesAsync()
        {
            foreach (int level in _ofHashes.FullLevels)
            {
                var path = new TilePath(level, _ofHashes.TileIndex(level), Width);
                CompareTile(path, await log.Tile(path, cancel).ConfigureAwait(false));
            }
            _ofHashes.DropFull();
            _ofEntries.DropFull();
        }
    }

    private static TileLogReport Unsigned(string sentence) => new(null, new([Finding.Bad("checkpoint-signature", sentence)]));

    private static int WidthAt(ulong slice, ulong size) => (int)Math.Min(Width, size - slice * Width);

    // In order of size. Those that are larger than the log are judged here: nothing will reach them.
    private List<Checkpoint> ReadRemembered(Checkpoint head)
    {
        var kept = new List<Checkpoint>();
        foreach ((int number, byte[] bytes) in remembered.Index())
        {
            if (!SignedNote.TryParse(bytes, out SignedNote? note, out string problem))
                _remembered.Fail($"Remembered checkpoint number {number + 1} is not a signed note. {problem}");
            else if (policy.Evaluate(note) is var verdict && verdict.Checkpoint is not { } checkpoint)
                _remembered.Fail($"Remembered checkpoint number {number + 1} cannot be used. {verdict.Signature.Sentence}");
            else if (checkpoint.Origin != head.Origin)
                _remembered.Fail($"Remembered checkpoint number {number + 1} is of another log, {Printable.Of(checkpoint.Origin)}.");
            else if (checkpoint.Size > head.Size)
                _remembered.Fail($"A remembered checkpoint is of {Printable.Count(checkpoint.Size)} entries, and the log now shows {Printable.Count(head.Size)}: its end was cut off, or an older state is shown.");
            else
                kept.Add(checkpoint);
        }
        kept.Sort((a, b) => a.Size.CompareTo(b.Size));
        return kept;
    }

    private async Task<Slice> ReadSliceAsync(ulong index, int width, CancellationToken cancel)
    {
        Task<Held> entries = ReadAsync(new(null, index, width), cancel), hashes = ReadAsync(new(0, index, width), cancel);
        return new(index, width, await entries.ConfigureAwait(false), await hashes.ConfigureAwait(false));
    }

    // "MAY delete any partial tile once the corresponding full tile is … available": the full one then stands in for it.
    private async Task<Held> ReadAsync(TilePath path, CancellationToken cancel)
    {
        byte[]? bytes = await log.Tile(path, cancel).ConfigureAwait(false);
        if (bytes is not null || path.Width == Width) return new(path, bytes);
        TilePath full = path with { Width = Width };
        byte[]? wider = await log.Tile(full, cancel).ConfigureAwait(false);
        return wider is null ? new(path, null) : new(full, wider);
    }

    // Decides what a slice's entries and stored leaf hashes are, and names what is wrong with them.
    private void Judge(Slice slice)
    {
        ulong first = slice.Index * Width;
        string span = $"entries {first} to {first + (ulong)slice.Width - 1}";
        if (slice.Bundle.Bytes is null)
        {
            _missing++;
            _bundles.Fail($"{slice.Bundle.Path} is missing: {span}, which the checkpoint covers, were removed or lost.", first);
        }
        else if (EntryBundle.TryDecode(slice.Bundle.Bytes, slice.Bundle.Path.Width, out IReadOnlyList<byte[]>? entries, out string problem))
        {
            slice.Entries = entries;
        }
        else
        {
            _bundles.Fail($"{slice.Bundle.Path} cannot be read, so {span} are not shown. {problem}", first);
        }

        if (slice.Tile.Bytes is null) _tiles.Fail($"{slice.Tile.Path} is missing.");
        else if (slice.Tile.Bytes.Length == slice.Tile.Path.Width * MerkleTree.HashSize) slice.Hashes = slice.Tile.Bytes;
        else _tiles.Fail($"{slice.Tile.Path} is not {slice.Tile.Path.Width} hashes of 32 bytes.");
    }

    private void Append(Slice slice, int i)
    {
        ulong index = slice.Index * Width + (ulong)i;
        byte[]? derived = slice.Entries is null ? null : MerkleTree.LeafHash(slice.Entries[i]);
        byte[]? stored = slice.Hashes?.AsSpan(i * MerkleTree.HashSize, MerkleTree.HashSize).ToArray();
        if (derived is not null && stored is not null && !derived.AsSpan().SequenceEqual(stored))
            _leaves.Fail($"Entry {index} in {slice.Bundle.Path} does not hash to what {slice.Tile.Path} holds for it: {Bytes.Hex(derived)} against {Bytes.Hex(stored)}.", index);
        // A missing entry must not shift those after it: a hash that no entry has stands in for it.
        _ofEntries.Append(derived ?? MerkleTree.EmptyRoot, slice.Entries?[i]);
        _ofHashes.Append(stored ?? derived ?? MerkleTree.EmptyRoot, null);
    }

    // The partial tiles that a tree of this size has. Those of the newest checkpoint must be there, or the full ones; those of an older one may be gone.
    private async Task ComparePartialTilesAsync(ulong size, bool isNewest, CancellationToken cancel)
    {
        for (int level = isNewest ? 1 : 0; level < 8 && size >> (8 * level) > 0; level++)
        {
            (ulong index, int width) = TilePath.CountAt(level, size);
            if (width == 0) continue;
            var path = new TilePath(level, index, width);
            Held held = isNewest ? await ReadAsync(path, cancel).ConfigureAwait(false) : new(path, await log.Tile(path, cancel).ConfigureAwait(false));
            if (held.Bytes is not null || isNewest) CompareTile(held.Path, held.Bytes);
            if (level > 0 || isNewest || _ofEntries.LastEntries(width) is not { } entries) continue;

            var bundle = new TilePath(null, index, width);
            if (await log.Tile(bundle, cancel).ConfigureAwait(false) is { } bytes && !bytes.AsSpan().SequenceEqual(EntryBundle.Encode(entries)))
                _bundles.Fail($"{bundle} does not hold the same entries as the bundle that took its place.", index * Width);
        }
    }

    // A tile is right where it fits either tree: where entries and tiles of level 0 differ, that was named already. Of a full tile that stands in for
    // a partial one, only what the tree of this size has is compared.
    private void CompareTile(TilePath path, byte[]? bytes)
    {
        int level = path.Level!.Value;
        IReadOnlyList<byte[]> fromHashes = _ofHashes.Hashes(level), fromEntries = _ofEntries.Hashes(level);
        if (bytes is null)
        {
            _tiles.Fail($"{path} is missing.");
        }
        else if (bytes.Length != path.Width * MerkleTree.HashSize)
        {
            _tiles.Fail($"{path} is not {path.Width} hashes of 32 bytes.");
        }
        else
        {
            for (int i = 0; i < fromHashes.Count; i++)
            {
                ReadOnlySpan<byte> hash = bytes.AsSpan(i * MerkleTree.HashSize, MerkleTree.HashSize);
                if (hash.SequenceEqual(fromHashes[i]) || hash.SequenceEqual(fromEntries[i])) continue;
                _tiles.Fail($"Hash {i} of {path} is not what {(level == 0 ? "the entry hashes to" : $"tile/{level - 1} and the entries below it hash to")}.");
            }
        }
    }

    private void CompareRoot(Tally tally, Checkpoint checkpoint, string what)
    {
        if (_ofEntries.Root().AsSpan().SequenceEqual(checkpoint.Root)) return;
        tally.Fail(_ofHashes.Root().AsSpan().SequenceEqual(checkpoint.Root)
            ? $"The entries as they stand do not give {what}, but the leaf hashes in the tiles do: the entries named above were altered or lost after they were signed."
            : $"The first {Printable.Count(checkpoint.Size)} entries do not give {what}. {(tally == _remembered ? "The log's history was rewritten: two different logs were signed." : "Something was altered, removed or put in, or the log signed what it does not show.")}");
    }

    private IEnumerable<Finding> Conclude(Checkpoint head, int kept)
    {
        if (_leaves.Failed && !_root.Failed) _root.Remark("The entries give the signed root, so where an entry and its leaf hash differ, it is the tile that was altered.");
        return
        [
            .. _bundles.Conclude($"Each bundle is there and holds as many entries as its name says: {Printable.Count(head.Size)} in all."),
            .. _leaves.Conclude("Each entry that is there hashes to the leaf hash that its tile holds."),
            .. _tiles.Conclude("Each tile is there and holds the hashes of what lies below it."),
            .. _root.Conclude($"The {Printable.Count(head.Size)} entries give the root that the checkpoint commits to."),
            .. remembered.Count == 0
                ? [Finding.Remark("remembered", "No remembered checkpoint was given: whether the log showed others, or earlier, a different history was not asked.")]
                : _remembered.Conclude($"The log is a continuation of each of the {kept} remembered checkpoints."),
        ];
    }

    /// <summary>A resource and, where a full one stood in for a partial one, under which name.</summary>
    private sealed record Held(TilePath Path, byte[]? Bytes);

    // One bundle and its tile of level 0.
    private sealed record Slice(ulong Index, int Width, Held Bundle, Held Tile)
    {
        public IReadOnlyList<byte[]>? Entries { get; set; }

        public byte[]? Hashes { get; set; }
    }

    // A growing tree with, for each tile level, the hashes of its rightmost tile.
    private sealed class Tree
    {
        private readonly TreeFrontier _frontier = new();
        private readonly List<List<byte[]>> _levels = [];
        private readonly List<byte[]?> _entries = [];

        public ulong Size => _frontier.Size;

        public byte[] Root() => _frontier.Root();

        public void Append(byte[] leaf, byte[]? entry)
        {
            if (_entries.Count == TilePath.FullWidth) _entries.Clear();
            _entries.Add(entry);
            foreach (TreeNode node in _frontier.Append(leaf))
            {
                if (node.Level % 8 != 0) continue;
                int level = node.Level / 8;
                if (_levels.Count == level) _levels.Add([]);
                _levels[level].Add(node.Hash);
            }
        }

        /// <summary>The hashes so far of the rightmost tile of a level.</summary>
        public IReadOnlyList<byte[]> Hashes(int level) => level < _levels.Count ? _levels[level] : [];

        /// <summary>The newest entries of the rightmost bundle; null where one of them is missing.</summary>
        public IReadOnlyList<byte[]>? LastEntries(int width) => _entries.Count == width && _entries.All(e => e is not null) ? [.. _entries.Select(e => e!)] : null;

        public IEnumerable<int> FullLevels => _levels.Index().Where(l => l.Index > 0 && l.Item.Count == TilePath.FullWidth).Select(l => l.Index);

        /// <summary>Which tile of its level the rightmost one is, while it is full.</summary>
        public ulong TileIndex(int level) => (Size >> (8 * (level + 1))) - 1;

        public void DropFull()
        {
            foreach (List<byte[]> hashes in _levels.Where(l => l.Count == TilePath.FullWidth)) hashes.Clear();
        }
    }
}
