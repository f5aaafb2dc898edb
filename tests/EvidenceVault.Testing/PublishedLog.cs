using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Proof;

namespace EvidenceVault.Testing;

/// <summary>A published log as a stranger reads it: nothing but tiles, bundles, the checkpoint and the log's key.</summary>
public static class PublishedLog
{
    /// <summary>Reads the published checkpoint; null where there is none. Throws where it is not the key's.</summary>
    public static async Task<Checkpoint?> HeadAsync(ILogStore store, VerifierKey key) =>
        await store.HeadAsync(CancellationToken.None) is { } head ? Read(head.Note, key) : null;

    /// <summary>Reads a checkpoint. Throws where it is not the key's.</summary>
    public static Checkpoint Read(byte[] bytes, VerifierKey key) =>
        SignedNote.TryParse(bytes, out SignedNote? note, out string problem) && note.Verify(key).Holds && Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out problem)
            ? checkpoint
            : throw new InvalidOperationException($"The published checkpoint is not one of the log. {problem}");

    /// <summary>What is wrong with the log as served at its head: each tile and bundle that the head needs is there, each entry hashes to its leaf,
    /// the tiles give the head's root, and every remembered checkpoint is a start of it. Empty where nothing is.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(ILogStore store, VerifierKey key, params IReadOnlyList<Checkpoint> remembered)
    {
        var faults = new List<string>();
        if (await HeadAsync(store, key) is not { } head) return remembered.Count == 0 ? [] : ["There is no checkpoint, and one was seen."];
        var frontier = new TreeFrontier();
        var roots = new Dictionary<ulong, byte[]> { [0] = MerkleTree.EmptyRoot };
        foreach (TilePath bundle in LogPublisher.Tiles(0, head.Size).Where(t => t.Level is null))
        {
            byte[]? leaves = await store.ReadAsync(bundle with { Level = 0 }, CancellationToken.None), entries = await store.ReadAsync(bundle, CancellationToken.None);
            if (leaves is null || entries is null || !EntryBundle.TryDecode(entries, bundle.Width, out IReadOnlyList<byte[]>? read, out _))
            {
                faults.Add($"{bundle} or its hashes are not there whole.");
                return faults;
            }
            foreach ((int i, byte[] entry) in read.Index())
            {
                byte[] leaf = MerkleTree.LeafHash(entry);
                if (!leaves.AsSpan(32 * i, 32).SequenceEqual(leaf)) faults.Add($"{bundle}: entry {i} does not hash to its leaf.");
                frontier.Append(leaf);
                if (remembered.Any(r => r.Size == frontier.Size)) roots[frontier.Size] = frontier.Root();
            }
        }
        foreach (TilePath tile in LogPublisher.Tiles(0, head.Size).Where(t => t.Level > 0))
        {
            if (await store.ReadAsync(tile, CancellationToken.None) is not { } hashes || hashes.Length != 32 * tile.Width) faults.Add($"{tile} is not there whole.");
        }
        if (!frontier.Root().AsSpan().SequenceEqual(head.Root)) faults.Add("The entries do not give the checkpoint's root.");
        faults.AddRange(remembered.Where(r => r.Size > head.Size).Select(r => $"The log was seen at {r.Size} and is at {head.Size}."));
        faults.AddRange(remembered.Where(r => r.Size <= head.Size && !(roots.TryGetValue(r.Size, out byte[]? root) && root.AsSpan().SequenceEqual(r.Root))).Select(r => $"The log is not consistent with the checkpoint that was seen at {r.Size}."));
        return faults;
    }
}
