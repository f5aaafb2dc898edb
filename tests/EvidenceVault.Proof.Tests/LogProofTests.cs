using System.Text;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class LogProofTests
{
    private static readonly NoteSigner Log = new("example.com/log", new byte[32]);
    private static readonly CosignatureSigner Witness = CosignatureTests.Witness("witness.example/w");
    private static readonly LogPolicy Policy = LogPolicy.Requiring([Log.Key], Witness.Key);

    [Fact]
    public void A_proof_of_any_entry_reads_back_and_holds_and_fails_with_any_other_entry_or_index() =>
        Gen.Select(Gen.Int[1, 300], Gen.UInt).Sample((n, pick) =>
        {
            ulong index = pick % (ulong)n;
            byte[] file = ProofOf(n, index).ToBytes();
            Assert.True(LogProof.TryParse(file, out var proof, out string problem), problem);
            Assert.Equal(file, proof.ToBytes());
            Assert.True(proof.Verify(Entry(index), Policy).Holds);
            Assert.False(proof.Verify(Entry(index + 1), Policy).Holds);
            var elsewhere = LogProof.Of(index ^ 1, proof.Hashes, proof.Note);
            Assert.False(elsewhere.Verify(Entry(index), Policy).Holds);
            Assert.False(LogProof.Of((ulong)n, proof.Hashes, proof.Note).Verify(Entry(index), Policy).Holds);
        }, iter: 50);

    [Fact]
    public void Any_one_bit_flipped_in_a_proof_is_found()
    {
        byte[] file = ProofOf(11, 6).ToBytes();
        Gen.Int[0, file.Length * 8 - 1].Sample(bit =>
            !(LogProof.TryParse(Flip.Bit(file, bit), out var proof, out _) && proof.Verify(Entry(6), Policy).Holds), iter: 2000);
    }

    [Fact]
    public void The_report_has_a_finding_for_each_claim()
    {
        VerificationReport report = ProofOf(11, 6).Verify(Entry(6), Policy);
        Assert.Equal(["checkpoint-signature", "witness-quorum", "outside-witness", "entry-proof"], report.Findings.Select(f => f.Claim));
        Assert.Contains("entry 6 of the log example.com/log", report.Findings[^1].Sentence);
        Assert.Equal(6UL, report.Findings[^1].Entry);
        // A proof whose checkpoint is not believed shows nothing, however well it fits.
        VerificationReport foreign = ProofOf(11, 6).Verify(Entry(6), LogPolicy.Requiring([new NoteSigner(Log.Name, Enumerable.Repeat((byte)5, 32).ToArray()).Key]));
        Assert.Contains(foreign.Findings, f => f is { Claim: "entry-proof", Holds: false });
    }

    [Fact]
    public void Extra_is_kept_and_never_believed()
    {
        string file = Encoding.UTF8.GetString(ProofOf(3, 1).ToBytes()).Replace("@v1\n", "@v1\nextra c29tZXRoaW5n\n");
        Assert.True(LogProof.TryParse(Encoding.UTF8.GetBytes(file), out var proof, out string problem), problem);
        Assert.Equal("something"u8.ToArray(), proof.Extra);
        Assert.Equal(file, Encoding.UTF8.GetString(proof.ToBytes()));
        Assert.True(proof.Verify(Entry(1), Policy).Holds);
    }

    [Theory]
    [InlineData("@v1", "@v2")]
    [InlineData("@v1\n", "@v1\r\n")]
    [InlineData("@v1\n", "@v1\nextra !\n")]
    [InlineData("@v1\n", "@v1\nextra \u00e4\n")]
    [InlineData("@v1\n", "@v1\n\n")]
    [InlineData("@v1\n", "@v1\nextra AAAA\nextra AAAA\n")]
    [InlineData("index 1", "index 01")]
    [InlineData("index 1", "index  1")]
    [InlineData("index 1", "index +1")]
    [InlineData("index 1", "index -1")]
    [InlineData("index 1", "index 18446744073709551616")]
    [InlineData("index 1\n", "")]
    [InlineData("index 1\n", "index 1\nAAAA\n")]
    [InlineData("index 1\n", "index 1\nnot base64\n")]
    [InlineData("=\n\nexample.com", "=\nexample.com")]
    public void Any_other_spelling_is_rejected(string from, string to)
    {
        string good = Encoding.UTF8.GetString(ProofOf(3, 1).ToBytes());
        Assert.NotEqual(good, good.Replace(from, to));
        Assert.False(LogProof.TryParse(Encoding.UTF8.GetBytes(good.Replace(from, to)), out _, out string problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void At_most_63_hashes_of_32_bytes_are_read_and_written()
    {
        SignedNote note = ProofOf(3, 1).Note;
        byte[] hash = MerkleTree.EmptyRoot;
        byte[] most = LogProof.Of(0, [.. Enumerable.Repeat(hash, 63)], note).ToBytes();
        Assert.True(LogProof.TryParse(most, out _, out _));
        Assert.False(LogProof.TryParse(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(most).Replace("index 0\n", $"index 0\n{Convert.ToBase64String(hash)}\n")), out _, out string problem));
        Assert.Contains("63", problem);
        Assert.Throws<FormatException>(() => LogProof.Of(0, [.. Enumerable.Repeat(hash, 64)], note));
        Assert.Throws<FormatException>(() => LogProof.Of(0, [new byte[31]], note));
    }

    [Fact]
    public void Hostile_bytes_never_throw()
    {
        byte[] good = ProofOf(11, 6).ToBytes();
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, good.Length], Gen.Int[0, good.Length]).Sample((bytes, from, to) =>
        {
            if (LogProof.TryParse([.. good[..from], .. bytes, .. good[to..]], out var proof, out string problem)) _ = proof.Verify(bytes, Policy);
            else Assert.NotEmpty(problem);
        }, iter: 5000);
        Assert.False(LogProof.TryParse(new byte[1 << 21], out _, out _));
    }

    internal static byte[] Entry(ulong index) => Encoding.UTF8.GetBytes($"entry {index}");

    private static LogProof ProofOf(int size, ulong index)
    {
        var (frontier, nodes) = MerkleTreeTests.Grow(MerkleTreeTests.Leaves(size));
        string text = new Checkpoint(Log.Name, (ulong)size, frontier.Root()).ToText();
        return LogProof.Of(index, MerkleTree.InclusionProof(index, (ulong)size, MerkleTreeTests.Reader(nodes)), Log.SignNote(text).WithSignatures(Witness.Cosign(text)));
    }
}
