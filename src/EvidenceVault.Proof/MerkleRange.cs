namespace EvidenceVault.Proof;

/// <summary>
/// The proof that an unbroken run of leaves is in a tree, in its place (FORMAT.md section 13): the hashes of the largest subtrees that hold no leaf of
/// the run, from left to right. The tree is that of RFC 9162 section 2.1.1, whose node hash is all that is used.
/// </summary>
public static class MerkleRange
{
    /// <summary>The proof of a run, from the tree's leaf hashes in order, each read once: memory stays flat.</summary>
    /// <param name="first">The index of the run's first leaf.</param>
    /// <param name="count">How many leaves it has, at least one.</param>
    /// <param name="size">How many leaves the tree has.</param>
    /// <param name="leafHashes">The leaf hashes of the whole tree.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such run in a tree of this size.</exception>
    /// <exception cref="ArgumentException">There are fewer leaf hashes than the size says.</exception>
    public static IReadOnlyList<byte[]> Proof(ulong first, ulong count, ulong size, IEnumerable<byte[]> leafHashes)
    {
        if (!IsRun(first, count, size)) throw new ArgumentOutOfRangeException(nameof(first), "There is no such run in a tree of this size.");
        using IEnumerator<byte[]> leaves = leafHashes.GetEnumerator();
        var proof = new List<byte[]>();
        Walk(0, size);
        return proof;

        void Walk(ulong lo, ulong hi)
        {
            if (hi <= first || lo >= first + count)
            {
                var apart = new TreeFrontier();
                for (ulong i = lo; i < hi; i++) apart.Append(Next());
                proof.Add(apart.Root());
            }
            else if (lo >= first && hi <= first + count)
            {
                for (ulong i = lo; i < hi; i++) Next();
            }
            else
            {
                ulong middle = lo + MerkleTree.Split(hi - lo);
                Walk(lo, middle);
                Walk(middle, hi);
            }
        }

        byte[] Next() => leaves.MoveNext() ? leaves.Current : throw new ArgumentException("There are fewer leaf hashes than the tree has leaves.", nameof(leafHashes));
    }

    /// <summary>True where the proof shows that these are the leaves of the tree of this size and root from the index <paramref name="first"/> on,
    /// all of them and in this order. Hashes that are not 32 bytes are refused. Never throws.</summary>
    public static bool Verify(ulong first, ulong size, IReadOnlyList<byte[]> leafHashes, IReadOnlyList<byte[]> proof, byte[] root)
    {
        ulong count = (ulong)leafHashes.Count;
        if (!IsRun(first, count, size) || root is not { Length: MerkleTree.HashSize }) return false;
        if (leafHashes.Any(h => h is not { Length: MerkleTree.HashSize }) || proof.Any(h => h is not { Length: MerkleTree.HashSize })) return false;
        int used = 0;
        byte[]? found = Walk(0, size);
        return used == proof.Count && found is not null && found.AsSpan().SequenceEqual(root);

        // The same way down as the prover's: at most 64 deep, and no wider than the run. Null where the proof is too short.
        byte[]? Walk(ulong lo, ulong hi)
        {
            if (hi <= first || lo >= first + count) return used < proof.Count ? proof[used++] : null;
            if (hi - lo == 1) return leafHashes[(int)(lo - first)];
            ulong middle = lo + MerkleTree.Split(hi - lo);
            return Walk(lo, middle) is { } left && Walk(middle, hi) is { } right ? MerkleTree.NodeHash(left, right) : null;
        }
    }

    internal static bool IsRun(ulong first, ulong count, ulong size) => count > 0 && first < size && count <= size - first;
}
