using System.Text.Json;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class TilePathTests
{
    [Fact]
    public void The_paths_of_the_vectors_are_written_and_read_as_they_should_be()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Vectors.SharedOrSkip("tile-paths.json")));
        var v = vectors.RootElement;
        foreach (var t in v.GetProperty("tile").EnumerateArray()) Check(t[0].GetInt32(), t[1].GetUInt64(), t[2].GetInt32(), t[3].GetString()!);
        foreach (var e in v.GetProperty("entries").EnumerateArray()) Check(null, e[0].GetUInt64(), e[1].GetInt32(), e[2].GetString()!);
        Assert.All(v.GetProperty("must_reject").EnumerateArray(), bad => Assert.False(TilePath.TryParse(bad.GetString()!, out _), bad.GetString()));
        foreach (var level in v.GetProperty("tiles_of_size_70000").EnumerateObject())
        {
            Assert.Equal((level.Value.GetProperty("full").GetUInt64(), level.Value.GetProperty("partial").GetInt32()), TilePath.CountAt(int.Parse(level.Name), 70000));
        }

        // The vectors write 0 for "not partial".
        static void Check(int? level, ulong index, int width, string text)
        {
            var path = new TilePath(level, index, width == 0 ? TilePath.FullWidth : width);
            Assert.Equal(text, path.ToString());
            Assert.True(TilePath.TryParse(text, out var read), text);
            Assert.Equal(path, read);
        }
    }

    [Fact]
    public void Any_path_reads_back_as_written() => Gen.Select(Gen.Int[-1, 63], Gen.ULong, Gen.Int[1, 256]).Sample((level, index, width) =>
    {
        var path = new TilePath(level < 0 ? null : level, index, width);
        return TilePath.TryParse(path.ToString(), out var read) && read == path;
    });

    [Theory]
    [InlineData("tile/00/000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/xx001/002")]
    [InlineData("tile/0/x001/x002")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/x018/x446/x744/x073/x709/x551/616")]
    [InlineData("tile/0/../000")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/")]
    [InlineData("tile/0")]
    public void Any_other_spelling_is_rejected(string text) => Assert.False(TilePath.TryParse(text, out _));

    [Fact]
    public void A_bundle_reads_back_as_written_and_a_cut_one_is_rejected() => Gen.Byte.Array[0, 300].Array[1, 20].Sample(entries =>
    {
        byte[] bundle = EntryBundle.Encode(entries);
        Assert.True(EntryBundle.TryDecode(bundle, entries.Length, out var read, out _));
        Assert.Equal(entries, read);
        Assert.False(EntryBundle.TryDecode(bundle.AsSpan(..^1), entries.Length, out _, out string problem));
        Assert.NotEmpty(problem);
        Assert.False(EntryBundle.TryDecode(bundle, entries.Length + 1, out _, out _));
    });

    [Fact]
    public void The_whole_Tessera_log_checks_at_every_one_of_its_16_checkpoints()
    {
        string folder = Vectors.SharedOrSkip("tessera", "testdata", "log");
        var key = VerifierKey.Parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
        byte[][] notes = [.. Enumerable.Range(0, 16).Select(n => File.ReadAllBytes(Path.Combine(folder, $"checkpoint.{n}")))];
        Assert.True(EntryBundle.TryDecode(Read(new(null, 0, 15)), 15, out var entries, out string problem), problem);
        byte[][] leaves = [.. Read(new(0, 0, 15)).Chunk(32)];

        var report = new LogCheck(Log(entries), key).Run();
        Assert.True(report.Holds, string.Join('\n', report.Findings));
        Assert.Contains(report.Findings, f => f.Claim == "checkpoint-root" && f.Sentence.Contains("16 checkpoints"));

        // Every partial tile and bundle is the start of the widest one, and every pair of checkpoints is consistent.
        var (_, nodes) = MerkleTreeTests.Grow(leaves);
        Checkpoint[] checkpoints = [.. notes.Select(n => SignedNote.TryParse(n, out var note, out _) && note.Verify(key).Holds && Checkpoint.TryParse(note.Text, out var c, out _) ? c : throw new FormatException("bad checkpoint"))];
        for (int n = 0; n <= 15; n++)
        {
            Assert.Equal((ulong)n, checkpoints[n].Size);
            if (n > 0) Assert.Equal(leaves[..n].SelectMany(h => h), Read(new(0, 0, n)));
            if (n > 0) Assert.Equal(EntryBundle.Encode([.. entries.Take(n)]), Read(new(null, 0, n)));
            for (int old = 0; old <= n; old++)
            {
                var proof = MerkleTree.ConsistencyProof((ulong)old, (ulong)n, MerkleTreeTests.Reader(nodes));
                Assert.True(MerkleTree.VerifyConsistency((ulong)old, (ulong)n, checkpoints[old].Root, checkpoints[n].Root, proof));
            }
        }

        // One flipped byte of any entry is named by index.
        for (int i = 0; i < 15; i++)
        {
            byte[][] damaged = [.. entries];
            damaged[i] = Flip.Bit(damaged[i], 3);
            Assert.Contains(new LogCheck(Log(damaged), key).Run().Findings, f => f is { Claim: "leaf-hash", Holds: false } && f.Entry == (ulong)i);
        }

        byte[] Read(TilePath path) => File.ReadAllBytes(Path.Combine(folder, path.ToString()));

        LogReader Log(IReadOnlyList<byte[]> held) => new()
        {
            Size = 15,
            Entry = i => held[(int)i],
            LeafHash = i => leaves[i],
            Checkpoints = notes,
            HoldsCustodyEntries = false,
        };
    }
}
