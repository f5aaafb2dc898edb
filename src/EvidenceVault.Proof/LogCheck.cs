using System.Globalization;

namespace EvidenceVault.Proof;

/// <summary>
/// How <see cref="LogCheck"/> reads a log, wherever it lies. A function gives null for what is not there; what it throws ends the check,
/// because a log that cannot be read is not one that was found damaged.
/// </summary>
public sealed record LogReader
{
    /// <summary>How many entries the log says it has.</summary>
    public required ulong Size { get; init; }

    /// <summary>An entry's bytes by index, from 0. Called once for each, in order.</summary>
    public required Func<ulong, byte[]?> Entry { get; init; }

    /// <summary>The leaf hash stored beside an entry. Called once for each, in order.</summary>
    public required Func<ulong, byte[]?> LeafHash { get; init; }

    /// <summary>Every checkpoint that was published, each a signed note.</summary>
    public required IEnumerable<byte[]> Checkpoints { get; init; }

    /// <summary>A stored tree node at a level that is a multiple of 8 and above 0; null where the log stores none to be checked.</summary>
    public Func<int, ulong, byte[]?>? Node { get; init; }

    /// <summary>False to check only the tree of a log whose entries are not custody entries.</summary>
    public bool HoldsCustodyEntries { get; init; } = true;
}

/// <summary>How far a check has come.</summary>
/// <param name="Checked">Entries checked.</param>
/// <param name="Total">Entries there are to check.</param>
public readonly record struct LogCheckProgress(ulong Checked, ulong Total);

/// <summary>A key of a log, and up to which size it was valid.</summary>
/// <param name="Key">The key.</param>
/// <param name="LastSize">The last size that it may sign alone; null where it was not retired. A key that was retired may have come into
/// other hands: what only it signed later is refused.</param>
public sealed record LogKeySpan(VerifierKey Key, ulong? LastSize = null)
{
    /// <summary>A key that was not retired.</summary>
    public static implicit operator LogKeySpan(VerifierKey key) => new(key);
}

/// <summary>
/// Checks a whole custody log by deriving everything again from its entries and the log's public key (FORMAT.md section 7). It believes
/// nothing that is stored. Memory stays flat but for one counter for each exhibit and one root for each checkpoint.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="keys">The keys of the log: a checkpoint is signed by one at least, and every signature of theirs is good.</param>
public sealed class LogCheck(LogReader log, params IReadOnlyList<LogKeySpan> keys)
{
    private const ulong ProgressEvery = 1000;

    /// <summary>Runs the check. It never throws for what the log holds.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public VerificationReport Run(IProgress<LogCheckProgress>? progress = null, CancellationToken cancel = default)
    {
        var findings = new List<Finding>();
        List<Checkpoint> checkpoints = ReadCheckpoints(findings);
        ulong signed = checkpoints.Count > 0 ? checkpoints[^1].Size : 0;
        ulong total = Math.Max(log.Size, signed);

        var entries = new EntryRules();
        var hashes = new Tally("leaf-hash");
        var nodes = new Tally("tree-node");
        var roots = new Roots(checkpoints);

        roots.CompareAt(0);
        for (ulong index = 0; index < total; index++)
        {
            cancel.ThrowIfCancellationRequested();
            byte[]? entry = log.Entry(index);
            byte[]? stored = log.LeafHash(index);
            if (entry is null) hashes.Fail($"Entry {index} is missing: the log is {(index < signed ? "signed as having it" : "said to have it")}, so it has been removed or lost.", index);
            if (entry is not null && log.HoldsCustodyEntries) entries.Check(index, entry);

            byte[]? derived = entry is null ? null : MerkleTree.LeafHash(entry);
            if (derived is not null && stored is not { Length: MerkleTree.HashSize })
                hashes.Fail($"Entry {index} has no leaf hash of 32 bytes stored beside it.", index);
            else if (derived is not null && !derived.AsSpan().SequenceEqual(stored))
                hashes.Fail($"Entry {index} is not the one that was recorded: its bytes hash to {Bytes.Hex(derived)}, but the hash recorded with it is {Bytes.Hex(stored!)}.", index);

            CompareNodes(roots.Append(derived, stored), nodes);
            roots.CompareAt(index + 1);
            if ((index + 1) % ProgressEvery == 0 || index + 1 == total) progress?.Report(new(index + 1, total));
        }

        if (log.HoldsCustodyEntries) findings.AddRange(entries.Conclude(total));
        findings.AddRange(hashes.Conclude($"Each of the {Printable.Count(total)} entries hashes to the leaf hash stored beside it."));
        if (log.Node is not null) findings.AddRange(nodes.Conclude("Each stored node of the tree is the hash of what lies below it."));
        findings.AddRange(roots.Conclude());
        findings.Add(Coverage(checkpoints));
        return new(findings);
    }

    // In order of size; only those whose signature is good and that are of this log.
    private List<Checkpoint> ReadCheckpoints(List<Finding> findings)
    {
        var good = new List<(Checkpoint Checkpoint, IReadOnlyList<VerifierKey> By)>();
        var bad = new Tally("checkpoint-signature");
        int number = 0;
        foreach (byte[] bytes in log.Checkpoints)
        {
            number++;
            if (!SignedNote.TryParse(bytes, out var note, out string problem))
                bad.Fail($"Checkpoint number {number} is not a signed note. {problem}");
            else if (note.Verify([.. keys.Select(k => k.Key)]) is var verdict && !verdict.Holds)
                bad.Fail($"Checkpoint number {number} is not signed as it should be. {verdict.Sentence}");
            else if (!Checkpoint.TryParse(note.Text, out var checkpoint, out problem))
                bad.Fail($"Checkpoint number {number} is signed but is no checkpoint. {problem}");
            else if (verdict.SignedBy.All(k => k.Name != checkpoint.Origin))
                bad.Fail($"Checkpoint number {number} is of another log, {Printable.Of(checkpoint.Origin)}.");
            else if (!keys.Any(k => verdict.SignedBy.Contains(k.Key) && (k.LastSize is null || checkpoint.Size <= k.LastSize)))
                bad.Fail($"Checkpoint number {number}, of {Printable.Count(checkpoint.Size)} entries, is signed only by a key that was retired before: whoever got hold of that key may have made it.");
            else
                good.Add((checkpoint, verdict.SignedBy));
        }
        findings.AddRange(bad.Conclude(SignedBy(number, good)));
        return [.. good.Select(g => g.Checkpoint).OrderBy(c => c.Size)];
    }

    private string SignedBy(int number, List<(Checkpoint Checkpoint, IReadOnlyList<VerifierKey> By)> good)
    {
        if (keys.Count == 1) return $"Each of the {number} checkpoints is signed by the log's key {Printable.Of(keys[0].Key.Name)}.";
        IEnumerable<string> spans = keys
            .Select(k => (k.Key, Sizes: good.Where(g => g.By.Contains(k.Key)).Select(g => g.Checkpoint.Size).ToList()))
            .Select(k => $"{Printable.Of(k.Key.Name)}+{Bytes.Hex([.. k.Key.KeyId])} signed {(k.Sizes.Count == 0 ? "none" : $"{k.Sizes.Count}, of sizes {k.Sizes.Min()} to {k.Sizes.Max()}")}");
        return $"Each of the {number} checkpoints is signed by a key of the log that was valid then: {string.Join("; ", spans)}.";
    }

    private void CompareNodes(IReadOnlyList<TreeNode> made, Tally nodes)
    {
        if (log.Node is null) return;
        foreach (TreeNode node in made.Where(n => n.Level > 0 && n.Level % 8 == 0))
        {
            if (log.Node(node.Level, node.Index) is not { } stored || !stored.AsSpan().SequenceEqual(node.Hash))
                nodes.Fail($"The stored node {node.Index} of level {node.Level} is missing or is not the hash of the entries below it.");
        }
    }

    private Finding Coverage(List<Checkpoint> checkpoints)
    {
        if (checkpoints.Count == 0)
        {
            return log.Size == 0
                ? Finding.Remark("coverage", "The log is empty and nothing has been signed yet.")
                : Finding.Bad("coverage", $"No good checkpoint was found, so none of the {Printable.Count(log.Size)} entries is vouched for by a signature.");
        }
        ulong signed = checkpoints[^1].Size;
        if (signed > log.Size) return Finding.Bad("coverage", $"The log was signed with {Printable.Count(signed)} entries and now has {Printable.Count(log.Size)}: its end has been cut off.");
        return signed == log.Size
            ? Finding.Good("coverage", $"The newest checkpoint covers all {Printable.Count(log.Size)} entries.")
            : Finding.Bad("coverage", $"The newest checkpoint covers {Printable.Count(signed)} entries; entries {signed} to {log.Size - 1} are not vouched for by a signature.");
    }

    // FORMAT.md section 3: form, numbering within the exhibit, time.
    private sealed class EntryRules
    {
        private readonly Tally _form = new("entry-form");
        private readonly Tally _sequence = new("exhibit-sequence");
        private readonly Tally _time = new("time");
        private readonly Dictionary<string, long> _lastSeq = [];
        private DateTimeOffset _latest = DateTimeOffset.MinValue;

        public void Check(ulong index, byte[] bytes)
        {
            if (!CustodyEntry.TryParse(bytes, out var entry, out string problem))
            {
                _form.Fail($"Entry {index} is not a well-formed custody entry. {problem}", index);
                return;
            }
            if (entry is { Exhibit: { } exhibit, Seq: { } seq })
            {
                long expected = _lastSeq.GetValueOrDefault(exhibit) + 1;
                if (seq > expected)
                    _sequence.Fail($"Entry {index} is number {seq} of exhibit {exhibit} where number {expected} was due: {Span(expected, seq - 1)} missing.", index);
                else if (seq < expected)
                    _sequence.Fail($"Entry {index} is number {seq} of exhibit {exhibit}, a number that an earlier entry has: number {expected} was due.", index);
                // Carry on from what is there, so that one gap is told once.
                _lastSeq[exhibit] = Math.Max(seq, expected - 1);
            }
            if (entry.Time < _latest)
                _time.Remark($"Entry {index} is dated {(_latest - entry.Time).TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} seconds before an earlier entry: the vault's clock was set back.", index);
            else
                _latest = entry.Time;
        }

        public IEnumerable<Finding> Conclude(ulong total) =>
        [
            .. _form.Conclude($"Each of the {Printable.Count(total)} entries that is there is well-formed and in canonical form."),
            .. _sequence.Conclude($"The entries of each of the {_lastSeq.Count} exhibits are numbered from 1 without a gap or a repeat."),
            .. _time.Conclude("The entries' times were read in order; where the clock was set back is said above."),
        ];

        private static string Span(long first, long last) => first == last ? $"number {first} is" : $"numbers {first} to {last} are";
    }

    // Two trees: one of the entries as they stand, one of the leaf hashes stored beside them. Where only the second gives the signed root,
    // the entries named were altered; where neither does, entry and hash were altered together, and the checkpoints around tell where.
    private sealed class Roots(List<Checkpoint> checkpoints)
    {
        private readonly Tally _tally = new("checkpoint-root");
        private readonly TreeFrontier _ofEntries = new();
        private readonly TreeFrontier _ofHashes = new();
        private ulong _lastGood;
        private int _next;

        public IReadOnlyList<TreeNode> Append(byte[]? derived, byte[]? stored)
        {
            // A missing entry must not shift those after it: a hash that no entry has stands in for it.
            byte[] absent = MerkleTree.EmptyRoot;
            byte[]? storedHash = stored is { Length: MerkleTree.HashSize } ? stored : null;
            _ofHashes.Append(storedHash ?? derived ?? absent);
            return _ofEntries.Append(derived ?? absent);
        }

        public void CompareAt(ulong size)
        {
            for (; _next < checkpoints.Count && checkpoints[_next].Size == size; _next++)
            {
                byte[] signed = checkpoints[_next].Root;
                if (_ofEntries.Root().AsSpan().SequenceEqual(signed))
                    _lastGood = size;
                else if (_ofHashes.Root().AsSpan().SequenceEqual(signed))
                    _tally.Fail($"The first {Printable.Count(size)} entries as they stand do not give the root that was signed, but the hashes recorded with them do: the entries named under leaf-hash were altered after they were signed.");
                else
                    _tally.Fail($"The first {Printable.Count(size)} entries do not give the root that was signed. {Where(size)}");
            }
        }

        public IEnumerable<Finding> Conclude() => checkpoints.Count == 0 ? [] : _tally.Conclude($"At each of the {checkpoints.Count} checkpoints the entries give the root that was signed.");

        private string Where(ulong size) => _lastGood < size
            ? $"Something among entries {_lastGood} to {size - 1} was altered, removed or put in together with its recorded hash."
            : "Another checkpoint of the same size does fit: the log's key has signed two different logs.";
    }
}
