using System.Numerics;

namespace EvidenceVault.Proof;

/// <summary>A complete subtree: 2^<paramref name="Level"/> leaves from leaf <paramref name="Index"/> × 2^<paramref name="Level"/>.</summary>
/// <param name="Level">0 for a leaf.</param>
/// <param name="Index">Which of its level, from 0.</param>
/// <param name="Hash">Its hash, 32 bytes.</param>
public sealed record TreeNode(int Level, ulong Index, byte[] Hash);

/// <summary>
/// The right edge of a growing Merkle tree: the roots of the complete subtrees that make it up, one for each bit set in its
/// size. It is all that is needed to append leaves and to know the root: at most 64 hashes whatever the size.
/// </summary>
public sealed class TreeFrontier
{
    // From the widest subtree to the narrowest.
    private readonly List<byte[]> _subtrees = [];

    /// <summary>The edge of the empty tree.</summary>
    public TreeFrontier()
    {
    }

    /// <summary>The edge of a tree of some size, read back from its complete subtrees. Reads one node for each bit set in the
    /// size, at the level of that bit; where only tile levels are stored, wrap the reader in <see cref="MerkleTree.FromTileLevels"/>.</summary>
    public TreeFrontier(ulong size, NodeReader read)
    {
        for (int level = 63; level >= 0; level--)
        {
            if ((size >> level & 1) == 1) _subtrees.Add(read(level, (size >> level) - 1));
        }
        Size = size;
    }

    /// <summary>How many leaves the tree has.</summary>
    public ulong Size { get; private set; }

    /// <summary>Adds a leaf. Returns the complete subtrees that it made, from the leaf upwards: what a store keeps of them (say the
    /// levels that are multiples of 8) lets it read the tree back.</summary>
    /// <exception cref="ArgumentException">The hash is not 32 bytes.</exception>
    public IReadOnlyList<TreeNode> Append(byte[] leafHash)
    {
        if (leafHash.Length != MerkleTree.HashSize) throw new ArgumentException("A leaf hash is 32 bytes.", nameof(leafHash));
        var made = new List<TreeNode> { new(0, Size, leafHash) };
        // Each trailing one bit of the old size is a subtree as wide as the new one: they join.
        for (int ones = BitOperations.TrailingZeroCount(~Size); ones > 0; ones--)
        {
            TreeNode right = made[^1];
            made.Add(new(right.Level + 1, right.Index / 2, MerkleTree.NodeHash(_subtrees[^1], right.Hash)));
            _subtrees.RemoveAt(_subtrees.Count - 1);
        }
        _subtrees.Add(made[^1].Hash);
        Size++;
        return made;
    }

    /// <summary>The root of the tree as it stands (RFC 9162 section 2.1.1).</summary>
    public byte[] Root()
    {
        if (Size == 0) return MerkleTree.EmptyRoot;
        byte[] root = _subtrees[^1];
        for (int i = _subtrees.Count - 2; i >= 0; i--) root = MerkleTree.NodeHash(_subtrees[i], root);
        return root;
    }
}
