using System.Text;
using System.Text.Json;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class MerkleTreeTests
{
    [Fact]
    public void All_98_inclusion_probes_are_judged_as_they_should_be()
    {
        int probes = 0;
        Assert.All(Probes("inclusion"), file =>
        {
            using var probe = JsonDocument.Parse(File.ReadAllBytes(file));
            var p = probe.RootElement;
            bool holds = MerkleTree.VerifyInclusion(p.GetProperty("leafIdx").GetUInt64(), p.GetProperty("treeSize").GetUInt64(), Hash(p, "leafHash"), Proof(p), Hash(p, "root"));
            Assert.Equal(!p.GetProperty("wantErr").GetBoolean(), holds);
            probes++;
        });
        Assert.Equal(98, probes);
    }

    // One probe (equal sizes, equal roots of 12 bytes) is good by its own word; the rule set for these vectors rejects every hash that is not
    // 32 bytes before any proof is read, so here it is bad.
    [Fact]
    public void All_98_consistency_probes_are_judged_as_they_should_be()
    {
        int probes = 0, byLength = 0;
        Assert.All(Probes("consistency"), file =>
        {
            using var probe = JsonDocument.Parse(File.ReadAllBytes(file));
            var p = probe.RootElement;
            bool want = !p.GetProperty("wantErr").GetBoolean();
            if (want && Hash(p, "root1").Length != MerkleTree.HashSize) (want, byLength) = (false, byLength + 1);
            bool holds = MerkleTree.VerifyConsistency(p.GetProperty("size1").GetUInt64(), p.GetProperty("size2").GetUInt64(), Hash(p, "root1"), Hash(p, "root2"), Proof(p));
            Assert.Equal(want, holds);
            probes++;
        });
        Assert.Equal((98, 1), (probes, byLength));
    }

    [Fact]
    public void The_hashes_of_RFC_6962_come_out()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Vectors.SharedOrSkip("rfc6962-hashes.json")));
        var v = vectors.RootElement;
        Assert.Equal(v.GetProperty("empty_root").GetString(), Bytes.Hex(MerkleTree.EmptyRoot));
        Assert.Equal(v.GetProperty("leaf_of_L123456").GetString(), Bytes.Hex(MerkleTree.LeafHash("L123456"u8)));
        string[] roots = [.. v.GetProperty("roots_by_size").EnumerateArray().Select(r => r.GetString()!)];
        var frontier = new TreeFrontier();
        Assert.Equal(roots[0], Bytes.Hex(frontier.Root()));
        foreach (var input in v.GetProperty("leaf_inputs_hex").EnumerateArray())
        {
            frontier.Append(MerkleTree.LeafHash(Convert.FromHexString(input.GetString()!)));
            Assert.Equal(roots[frontier.Size], Bytes.Hex(frontier.Root()));
        }
        Assert.Equal(8UL, frontier.Size);
    }

    [Fact]
    public void The_frontiers_root_is_the_root_by_definition_at_every_size()
    {
        var leaves = Leaves(600);
        var frontier = new TreeFrontier();
        for (int n = 0; n <= 300; n++)
        {
            Assert.Equal(NaiveRoot(leaves[..n]), frontier.Root());
            frontier.Append(leaves[n]);
        }
    }

    [Fact]
    public void A_frontier_read_back_goes_on_as_if_it_had_never_stopped() => Gen.Select(Gen.Int[0, 600], Gen.Int[0, 40]).Sample((n, more) =>
    {
        var leaves = Leaves(n + more);
        var (whole, nodes) = Grow(leaves[..n]);
        var again = new TreeFrontier((ulong)n, Reader(nodes));
        foreach (byte[] leaf in leaves[n..])
        {
            whole.Append(leaf);
            again.Append(leaf);
        }
        Assert.Equal((ulong)(n + more), again.Size);
        Assert.Equal(whole.Root(), again.Root());
    });

    [Fact]
    public void Levels_that_are_multiples_of_8_are_all_that_a_store_must_keep() => Gen.Int[1, 1200].Sample(n =>
    {
        var (frontier, nodes) = Grow(Leaves(n));
        var kept = nodes.Where(node => node.Key.Level % 8 == 0).ToDictionary();
        NodeReader read = MerkleTree.FromTileLevels(Reader(kept));
        Assert.Equal(frontier.Root(), MerkleTree.Root((ulong)n, read));
        Assert.Equal(frontier.Root(), new TreeFrontier((ulong)n, read).Root());
    }, iter: 30);

    [Fact]
    public void Every_inclusion_proof_verifies_and_fails_with_any_bit_flipped() =>
        Gen.Select(Gen.Int[1, 300], Gen.UInt, Gen.UInt).Sample((n, pick, flip) =>
        {
            var (frontier, nodes) = Grow(Leaves(n));
            ulong size = (ulong)n, index = pick % size;
            byte[] leaf = Reader(nodes)(0, index), root = frontier.Root();
            var proof = MerkleTree.InclusionProof(index, size, Reader(nodes));
            Assert.True(MerkleTree.VerifyInclusion(index, size, leaf, proof, root));

            byte[][] parts = [leaf, root, .. proof];
            int part = (int)(flip % (uint)parts.Length), bit = (int)(flip / 7 % 256);
            parts[part] = Flip.Bit(parts[part], bit);
            Assert.False(MerkleTree.VerifyInclusion(index, size, parts[0], parts[2..], parts[1]));
            Assert.False(MerkleTree.VerifyInclusion(index, size, leaf, [.. proof, root], root));
            if (proof.Count > 0) Assert.False(MerkleTree.VerifyInclusion(index, size, leaf, [.. proof.SkipLast(1)], root));
            if (size > 1) Assert.False(MerkleTree.VerifyInclusion((index + 1) % size, size, leaf, proof, root));
        });

    [Fact]
    public void Every_consistency_proof_verifies_and_fails_with_any_bit_flipped() =>
        Gen.Select(Gen.Int[1, 300], Gen.UInt, Gen.UInt).Sample((n, pick, flip) =>
        {
            var leaves = Leaves(n);
            var (frontier, nodes) = Grow(leaves);
            ulong size = (ulong)n, old = pick % (size + 1);
            byte[] oldRoot = NaiveRoot(leaves[..(int)old]), root = frontier.Root();
            var proof = MerkleTree.ConsistencyProof(old, size, Reader(nodes));
            Assert.True(MerkleTree.VerifyConsistency(old, size, oldRoot, root, proof));

            // From the empty tree every tree is consistent, so only the old root and the proof are bound there.
            byte[][] parts = old == 0 ? [oldRoot] : [oldRoot, root, .. proof];
            int part = (int)(flip % (uint)parts.Length);
            parts[part] = Flip.Bit(parts[part], (int)(flip / 7 % 256));
            Assert.False(old == 0
                ? MerkleTree.VerifyConsistency(0, size, parts[0], root, proof)
                : MerkleTree.VerifyConsistency(old, size, parts[0], parts[1], parts[2..]));
            Assert.False(MerkleTree.VerifyConsistency(old, size, oldRoot, root, [.. proof, root]));
        });

    [Fact]
    public void Hashes_that_are_not_32_bytes_are_refused_whatever_the_proof()
    {
        byte[] good = MerkleTree.EmptyRoot;
        foreach (byte[] bad in new[] { [], new byte[31], new byte[33], null! })
        {
            Assert.False(MerkleTree.VerifyInclusion(0, 1, bad, [], good));
            Assert.False(MerkleTree.VerifyInclusion(0, 1, bad, [], bad));
            Assert.False(MerkleTree.VerifyInclusion(0, 2, good, [bad], good));
            Assert.False(MerkleTree.VerifyConsistency(1, 1, bad, bad, []));
            Assert.False(MerkleTree.VerifyConsistency(1, 2, good, good, [bad]));
            Assert.False(MerkleTree.VerifyConsistency(0, 2, bad, good, []));
        }
    }

    [Fact]
    public void Proofs_for_trees_at_the_edge_of_ulong_end()
    {
        byte[] hash = MerkleTree.EmptyRoot;
        Assert.False(MerkleTree.VerifyInclusion(ulong.MaxValue, ulong.MaxValue, hash, [], hash));
        Assert.False(MerkleTree.VerifyInclusion(ulong.MaxValue - 1, ulong.MaxValue, hash, [hash, hash], hash));
        Assert.False(MerkleTree.VerifyConsistency(ulong.MaxValue - 1, ulong.MaxValue, hash, hash, [hash]));
        // A made-up tree of 2^64 - 1 leaves: every node the same hash at its level.
        byte[] ReadSame(int level, ulong index) => MerkleTree.LeafHash([(byte)level]);
        var proof = MerkleTree.InclusionProof(ulong.MaxValue - 1, ulong.MaxValue, ReadSame);
        Assert.True(MerkleTree.VerifyInclusion(ulong.MaxValue - 1, ulong.MaxValue, ReadSame(0, 0), proof, MerkleTree.Root(ulong.MaxValue, ReadSame)));
    }

    private static string[] Probes(string kind) => Directory.GetFiles(Vectors.SharedOrSkip("merkle", "testdata", kind), "*.json", SearchOption.AllDirectories);

    private static byte[] Hash(JsonElement p, string name) => p.GetProperty(name).ValueKind == JsonValueKind.Null ? [] : p.GetProperty(name).GetBytesFromBase64();

    private static byte[][] Proof(JsonElement p) => p.GetProperty("proof").ValueKind == JsonValueKind.Null ? [] : [.. p.GetProperty("proof").EnumerateArray().Select(h => h.GetBytesFromBase64())];

    internal static byte[][] Leaves(int n) => [.. Enumerable.Range(0, n).Select(i => MerkleTree.LeafHash(Encoding.UTF8.GetBytes($"entry {i}")))];

    internal static (TreeFrontier Frontier, Dictionary<(int Level, ulong Index), byte[]> Nodes) Grow(IEnumerable<byte[]> leaves)
    {
        var frontier = new TreeFrontier();
        return (frontier, leaves.SelectMany(frontier.Append).ToDictionary(n => (n.Level, n.Index), n => n.Hash));
    }

    internal static NodeReader Reader(Dictionary<(int Level, ulong Index), byte[]> nodes) => (level, index) => nodes[(level, index)];

    // RFC 9162 section 2.1.1, word for word.
    private static byte[] NaiveRoot(byte[][] leaves)
    {
        if (leaves.Length == 0) return MerkleTree.EmptyRoot;
        if (leaves.Length == 1) return leaves[0];
        int k = 1;
        while (k * 2 < leaves.Length) k *= 2;
        return MerkleTree.NodeHash(NaiveRoot(leaves[..k]), NaiveRoot(leaves[k..]));
    }
}
