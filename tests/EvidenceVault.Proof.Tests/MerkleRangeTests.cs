using CsCheck;

namespace EvidenceVault.Proof.Tests;

public sealed class MerkleRangeTests
{
    // Any run of any tree.
    private static readonly Gen<(int Size, int First, int Count)> Run =
        from size in Gen.Int[1, 300]
        from first in Gen.Int[0, size - 1]
        from count in Gen.Int[1, size - first]
        select (size, first, count);

    [Fact]
    public void Any_run_of_any_tree_verifies() => Run.Sample(run =>
    {
        (byte[][] leaves, byte[] root) = Tree(run.Size);
        IReadOnlyList<byte[]> proof = MerkleRange.Proof((ulong)run.First, (ulong)run.Count, (ulong)run.Size, leaves);
        Assert.True(MerkleRange.Verify((ulong)run.First, (ulong)run.Size, leaves[run.First..(run.First + run.Count)], proof, root));
        Assert.True(proof.Count <= 2 * 9, $"{proof.Count} hashes for a tree of {run.Size}");
    }, threads: 1);

    [Fact]
    public void A_run_of_one_has_the_hashes_of_its_inclusion_proof()
    {
        (byte[][] leaves, byte[] root) = Tree(77);
        for (int i = 0; i < leaves.Length; i++)
        {
            IReadOnlyList<byte[]> range = MerkleRange.Proof((ulong)i, 1, 77, leaves);
            IReadOnlyList<byte[]> inclusion = MerkleTree.InclusionProof((ulong)i, 77, (level, index) => Subtree(leaves, level, index));
            Assert.Equal(inclusion.Select(h => Bytes.Hex(h)).Order(), range.Select(h => Bytes.Hex(h)).Order());
            Assert.True(MerkleTree.VerifyInclusion((ulong)i, 77, leaves[i], inclusion, root));
        }
    }

    [Fact]
    public void A_changed_leaf_hash_root_or_bound_fails() => Gen.Select(Run, Gen.Int[0, int.MaxValue], Gen.Int[0, 255]).Sample((run, which, bit) =>
    {
        (byte[][] leaves, byte[] root) = Tree(run.Size);
        byte[][] mine = leaves[run.First..(run.First + run.Count)];
        byte[][] proof = [.. MerkleRange.Proof((ulong)run.First, (ulong)run.Count, (ulong)run.Size, leaves)];

        Assert.False(Holds(run.First, run.Size, With(mine, which % mine.Length, bit), proof, root));
        Assert.False(Holds(run.First, run.Size, mine, proof, Flip.Bit(root, bit)));
        if (proof.Length > 0) Assert.False(Holds(run.First, run.Size, mine, With(proof, which % proof.Length, bit), root));
        if (proof.Length > 0) Assert.False(Holds(run.First, run.Size, mine, proof[1..], root));
        Assert.False(Holds(run.First, run.Size, mine, [.. proof, root], root));
        // One place on or back, one leaf more or less, a larger or smaller tree.
        Assert.False(Holds(run.First + 1, run.Size, mine, proof, root));
        if (run.First > 0) Assert.False(Holds(run.First - 1, run.Size, mine, proof, root));
        Assert.False(Holds(run.First, run.Size, mine[1..], proof, root));
        Assert.False(Holds(run.First, run.Size, [.. mine, mine[^1]], proof, root));
        // A leaf left out in between, and two that changed places.
        if (mine.Length > 2) Assert.False(Holds(run.First, run.Size, [.. mine[..1], .. mine[2..]], proof, root));
        if (mine.Length > 1) Assert.False(Holds(run.First, run.Size, [mine[1], mine[0], .. mine[2..]], proof, root));
    }, threads: 1);

    // A root says which leaves there are and how many, but a proof alone does not always pin the size: an inclusion proof (RFC 9162 section 2.1.3) does not
    // either. A tree is its size and its root together, and both are sealed.
    [Fact]
    public void A_run_up_to_the_end_fails_in_a_tree_of_another_size() => Run.Sample(run =>
    {
        (byte[][] leaves, byte[] root) = Tree(run.Size);
        byte[][] mine = leaves[run.First..];
        byte[][] proof = [.. MerkleRange.Proof((ulong)run.First, (ulong)mine.Length, (ulong)run.Size, leaves)];
        Assert.False(Holds(run.First, run.Size - 1, mine, proof, root));
        Assert.False(Holds(run.First, run.Size + 1, mine, proof, root));
    }, threads: 1);

    [Fact]
    public void Sizes_and_hashes_that_no_tree_has_are_refused_and_never_thrown_at()
    {
        (byte[][] leaves, byte[] root) = Tree(5);
        Assert.False(MerkleRange.Verify(ulong.MaxValue, ulong.MaxValue, leaves, [], root));
        Assert.False(MerkleRange.Verify(0, ulong.MaxValue, leaves, leaves, root));
        Assert.False(MerkleRange.Verify(0, 0, [], [], MerkleTree.EmptyRoot));
        Assert.False(MerkleRange.Verify(0, 5, [.. leaves[..4], new byte[31]], [], root));
        Assert.False(MerkleRange.Verify(0, 5, leaves, [], []));
        Assert.True(MerkleRange.Verify(0, 5, leaves, [], root));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleRange.Proof(3, 3, 5, leaves));
        Assert.Throws<ArgumentException>(() => MerkleRange.Proof(3, 1, 6, leaves));
    }

    private static bool Holds(int first, int size, byte[][] leaves, byte[][] proof, byte[] root) => MerkleRange.Verify((ulong)first, (ulong)size, leaves, proof, root);

    private static byte[][] With(byte[][] hashes, int which, int bit) => [.. hashes.Select((h, i) => i == which ? Flip.Bit(h, bit) : h)];

    private static (byte[][] Leaves, byte[] Root) Tree(int size)
    {
        byte[][] leaves = [.. Enumerable.Range(0, size).Select(i => MerkleTree.LeafHash(BitConverter.GetBytes(i)))];
        return (leaves, Root(leaves));
    }

    // RFC 9162 section 2.1.1, by its words.
    private static byte[] Root(byte[][] leaves)
    {
        if (leaves.Length == 1) return leaves[0];
        int k = 1;
        while (k * 2 < leaves.Length) k *= 2;
        return MerkleTree.NodeHash(Root(leaves[..k]), Root(leaves[k..]));
    }

    private static byte[] Subtree(byte[][] leaves, int level, ulong index) => Root(leaves[(int)(index << level)..(int)((index + 1) << level)]);
}
