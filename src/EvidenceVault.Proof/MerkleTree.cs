using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;

namespace EvidenceVault.Proof;

/// <summary>Gives the hash of a complete subtree: the one of 2^<paramref name="level"/> leaves that starts at leaf
/// <paramref name="index"/> × 2^<paramref name="level"/>. Level 0 is a leaf hash.</summary>
public delegate byte[] NodeReader(int level, ulong index);

/// <summary>The Merkle tree of a log: RFC 9162 section 2.1, whose SHA-256 hashes are those of RFC 6962 section 2.1.</summary>
public static class MerkleTree
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashSize = 32;

    /// <summary>The root of the tree of no leaves: SHA-256 of nothing (RFC 9162 section 2.1.1).</summary>
    public static byte[] EmptyRoot => SHA256.HashData([]);

    /// <summary>SHA256(00 ‖ entry) (RFC 9162 section 2.1.1).</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry)
    {
        // One call over one buffer: several times as fast as a hash in steps, and the log hashes every entry.
        byte[] block = ArrayPool<byte>.Shared.Rent(1 + entry.Length);
        try
        {
            block[0] = 0x00;
            entry.CopyTo(block.AsSpan(1));
            return SHA256.HashData(block.AsSpan(0, 1 + entry.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>SHA256(01 ‖ left ‖ right) (RFC 9162 section 2.1.1).</summary>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> block = stackalloc byte[1 + 2 * HashSize];
        block[0] = 0x01;
        left.CopyTo(block[1..]);
        right.CopyTo(block[(1 + HashSize)..]);
        return SHA256.HashData(block);
    }

    /// <summary>True where the proof shows that the leaf is at the index of the tree of this size and root
    /// (RFC 9162 section 2.1.3.2). Hashes that are not 32 bytes are refused. Never throws.</summary>
    public static bool VerifyInclusion(ulong index, ulong size, byte[] leafHash, IReadOnlyList<byte[]> proof, byte[] root)
    {
        if (!AreHashes([leafHash, root, .. proof]) || index >= size) return false;
        ulong fn = index, sn = size - 1;
        byte[] r = leafHash;
        foreach (byte[] p in proof)
        {
            if (sn == 0) return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                r = NodeHash(p, r);
                while ((fn & 1) == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                r = NodeHash(r, p);
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && r.AsSpan().SequenceEqual(root);
    }

    /// <summary>True where the proof shows that the tree of the old size and root is the start of the tree of the new size and
    /// root (RFC 9162 section 2.1.4.2). The empty tree is the start of every tree: its proof is empty and its root is
    /// <see cref="EmptyRoot"/>. Hashes that are not 32 bytes are refused. Never throws.</summary>
    public static bool VerifyConsistency(ulong oldSize, ulong newSize, byte[] oldRoot, byte[] newRoot, IReadOnlyList<byte[]> proof)
    {
        if (!AreHashes([oldRoot, newRoot, .. proof]) || oldSize > newSize) return false;
        if (oldSize == newSize) return proof.Count == 0 && oldRoot.AsSpan().SequenceEqual(newRoot) && (oldSize > 0 || oldRoot.AsSpan().SequenceEqual(EmptyRoot));
        if (oldSize == 0) return proof.Count == 0 && oldRoot.AsSpan().SequenceEqual(EmptyRoot);
        if (proof.Count == 0) return false;

        List<byte[]> path = BitOperations.IsPow2(oldSize) ? [oldRoot, .. proof] : [.. proof];
        ulong fn = oldSize - 1, sn = newSize - 1;
        while ((fn & 1) == 1) (fn, sn) = (fn >> 1, sn >> 1);
        byte[] fr = path[0], sr = path[0];
        foreach (byte[] c in path.Skip(1))
        {
            if (sn == 0) return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                fr = NodeHash(c, fr);
                sr = NodeHash(c, sr);
                while ((fn & 1) == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                sr = NodeHash(sr, c);
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && fr.AsSpan().SequenceEqual(oldRoot) && sr.AsSpan().SequenceEqual(newRoot);
    }

    /// <summary>The proof that the leaf at an index is in the tree of a size (RFC 9162 section 2.1.3.1), from complete subtrees.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not below the size.</exception>
    public static IReadOnlyList<byte[]> InclusionProof(ulong index, ulong size, NodeReader read)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<byte[]>();
        Walk(index, 0, size);
        return proof;

        // PATH(m, D[lo:hi]): the siblings from the leaf upwards.
        void Walk(ulong m, ulong lo, ulong hi)
        {
            if (hi - lo == 1) return;
            ulong middle = lo + Split(hi - lo);
            if (m < middle)
            {
                Walk(m, lo, middle);
                proof.Add(SubtreeHash(middle, hi, read));
            }
            else
            {
                Walk(m, middle, hi);
                proof.Add(SubtreeHash(lo, middle, read));
            }
        }
    }

    /// <summary>The proof that the tree of the old size is the start of the tree of the new size (RFC 9162 section 2.1.4.1).
    /// Empty for an old size of 0 and for equal sizes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The old size is above the new one.</exception>
    public static IReadOnlyList<byte[]> ConsistencyProof(ulong oldSize, ulong newSize, NodeReader read)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);
        var proof = new List<byte[]>();
        if (oldSize > 0 && oldSize < newSize) Walk(0, newSize, known: true);
        return proof;

        // SUBPROOF(m, D[lo:hi], known): known while the old tree is D[lo:m] itself, whose root the verifier has.
        void Walk(ulong lo, ulong hi, bool known)
        {
            if (oldSize == hi)
            {
                if (!known) proof.Add(SubtreeHash(lo, hi, read));
                return;
            }
            ulong middle = lo + Split(hi - lo);
            if (oldSize <= middle)
            {
                Walk(lo, middle, known);
                proof.Add(SubtreeHash(middle, hi, read));
            }
            else
            {
                Walk(middle, hi, known: false);
                proof.Add(SubtreeHash(lo, middle, read));
            }
        }
    }

    /// <summary>The root of the tree of a size, from complete subtrees.</summary>
    public static byte[] Root(ulong size, NodeReader read) => size == 0 ? EmptyRoot : SubtreeHash(0, size, read);

    /// <summary>A reader of every level over one that has only levels 0, 8, 16 … (those that tlog-tiles stores): the others are
    /// hashed again from at most 128 nodes below.</summary>
    public static NodeReader FromTileLevels(NodeReader stored) => new TileLevels(stored).Read;

    // MTH(D[lo:hi]) (RFC 9162 section 2.1.1). A complete subtree is aligned, so it is one node.
    private static byte[] SubtreeHash(ulong lo, ulong hi, NodeReader read)
    {
        ulong leaves = hi - lo;
        if (BitOperations.IsPow2(leaves)) return read(BitOperations.Log2(leaves), lo / leaves);
        ulong middle = lo + Split(leaves);
        return NodeHash(SubtreeHash(lo, middle, read), SubtreeHash(middle, hi, read));
    }

    // The largest power of two below n, for n > 1 (RFC 9162 section 2.1.1).
    internal static ulong Split(ulong n) => 1UL << BitOperations.Log2(n - 1);

    private static bool AreHashes(IEnumerable<byte[]?> hashes) => hashes.All(h => h is { Length: HashSize });

    private sealed class TileLevels(NodeReader stored)
    {
        public byte[] Read(int level, ulong index) => level % 8 == 0
            ? stored(level, index)
            : NodeHash(Read(level - 1, 2 * index), Read(level - 1, 2 * index + 1));
    }
}
