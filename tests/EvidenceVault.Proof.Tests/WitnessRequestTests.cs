using System.Text;
using System.Text.RegularExpressions;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public partial class WitnessRequestTests
{
    private static readonly NoteSigner Log = new("example.com/log", new byte[32]);

    // Two cases of these vectors go beyond the standard. One expects 403 of an unknown log where C2SP tlog-witness says "MUST respond with a 404";
    // the standard is followed. One carries a signature whose base64 has stray bits: nobody's signature, so 403 either way.
    [Fact]
    public void The_nine_witness_cases_of_the_vectors_are_decided_as_they_should_be()
    {
        string file = File.ReadAllText(Vectors.SharedOrSkip("torchwood", "add-checkpoint-http-cases.hurl"));
        // The cases are of a sigsum log: the origin is the SHA-256 of its key.
        const string origin = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";
        VerifierKey key = VerifierKey.Of(origin, Convert.FromHexString("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f"));
        WitnessMemory memory = WitnessMemory.Nothing;
        var statuses = new List<int>();
        foreach (Match match in Case().Matches(file))
        {
            byte[] body = Encoding.UTF8.GetBytes(match.Groups["body"].Value);
            Assert.True(WitnessRequest.TryParse(body, out var request, out string problem), problem);
            WitnessDecision decision = request.Decide(request.Checkpoint.Origin == origin ? [key] : [], memory);
            int wanted = int.Parse(match.Groups["status"].Value);
            string asserted = match.Groups["assert"].Value;
            Assert.Equal(asserted == "body contains \"unknown log\"" ? 404 : wanted, decision.Status);
            if (asserted.StartsWith("body == ", StringComparison.Ordinal)) Assert.Equal(asserted["body == ".Length..].Trim('"').Replace("\\n", "\n"), decision.Body);
            else if (decision.Status != 200) Assert.Contains(asserted["body contains ".Length..].Trim('"'), decision.Body);
            if (decision.Remember is { } next) memory = next;
            statuses.Add(decision.Status);
        }
        Assert.Equal([200, 403, 404, 422, 422, 200, 409, 200, 409], statuses);
    }

    [Fact]
    public void An_honest_log_is_cosigned_from_any_size_to_any_size_and_a_forked_one_never() =>
        Gen.Select(Gen.Int[0, 120], Gen.Int[0, 120]).Sample((a, b) =>
        {
            (int old, int now) = (Math.Min(a, b), Math.Max(a, b));
            var leaves = MerkleTreeTests.Leaves(now);
            WitnessMemory memory = old == 0 ? WitnessMemory.Nothing : new((ulong)old, MerkleTreeTests.Grow(leaves[..old]).Frontier.Root());
            WitnessDecision honest = Ask(leaves, old).Decide([Log.Key], memory);
            Assert.Equal(200, honest.Status);
            Assert.Equal((ulong)now, honest.Remember!.Size);

            if (old == 0) return;
            // Rewritten from an entry that the witness has seen: with its own best proof, refused.
            var forked = leaves.Select((l, i) => i == old - 1 ? MerkleTree.LeafHash("rewritten"u8) : l).ToArray();
            WitnessDecision fork = Ask(forked, old).Decide([Log.Key], memory);
            Assert.Equal(old == now ? 409 : 422, fork.Status);
            Assert.Null(fork.Remember);
        }, iter: 200);

    [Fact]
    public void Each_refusal_has_its_status()
    {
        var leaves = MerkleTreeTests.Leaves(9);
        var seen = new WitnessMemory(5, MerkleTreeTests.Grow(leaves[..5]).Frontier.Root());
        WitnessRequest good = Ask(leaves, 5);
        Assert.Equal(200, good.Decide([Log.Key], seen).Status);
        Assert.Equal(404, good.Decide([], seen).Status);
        Assert.Equal(403, good.Decide([new NoteSigner(Log.Name, Enumerable.Repeat((byte)3, 32).ToArray()).Key], seen).Status);
        Assert.Equal(400, WitnessRequest.Of(10, [], good.Note).Decide([Log.Key], seen).Status);
        WitnessDecision conflict = Ask(leaves, 4).Decide([Log.Key], seen);
        Assert.Equal((409, "5\n", "text/x.tlog.size"), (conflict.Status, conflict.Body, conflict.ContentType));
        Assert.True(WitnessRequest.TryReadSize(Encoding.ASCII.GetBytes(conflict.Body), out ulong size) && size == 5);
        Assert.Equal(422, WitnessRequest.Of(5, [], good.Note).Decide([Log.Key], seen).Status);
        // From nothing the proof must be empty.
        Assert.Equal(200, WitnessRequest.Of(0, [], good.Note).Decide([Log.Key], WitnessMemory.Nothing).Status);
        Assert.Equal(422, WitnessRequest.Of(0, [MerkleTree.EmptyRoot], good.Note).Decide([Log.Key], WitnessMemory.Nothing).Status);
        // The same checkpoint again is cosigned again; with a proof where none belongs it is not.
        var now = new WitnessMemory(9, good.Checkpoint.Root);
        Assert.Equal(200, WitnessRequest.Of(9, [], good.Note).Decide([Log.Key], now).Status);
        Assert.Equal(422, WitnessRequest.Of(9, [MerkleTree.EmptyRoot], good.Note).Decide([Log.Key], now).Status);
        // A tree of no entries has one root only.
        SignedNote empty = Log.SignNote(new Checkpoint(Log.Name, 0, new byte[32]).ToText());
        Assert.Equal(409, WitnessRequest.Of(0, [], empty).Decide([Log.Key], WitnessMemory.Nothing).Status);
        // A bad signature by a known key beside a good one rejects the note; one by an unknown key does not.
        Assert.Equal(403, WitnessRequest.Of(5, good.Proof, good.Note.WithSignature(Log.Key, new byte[64])).Decide([Log.Key], seen).Status);
        Assert.Equal(200, WitnessRequest.Of(5, good.Proof, good.Note.WithSignature(CosignatureTests.Witness("w").Key, new byte[72])).Decide([Log.Key], seen).Status);
    }

    [Fact]
    public void A_request_reads_back_as_written()
    {
        byte[] body = Ask(MerkleTreeTests.Leaves(9), 5).ToBytes();
        Assert.True(WitnessRequest.TryParse(body, out var read, out string problem), problem);
        Assert.Equal(body, read.ToBytes());
        Assert.Equal((5UL, 9UL), (read.OldSize, read.Checkpoint.Size));
        Assert.True(body.Length < WitnessRequest.MostBytes);
    }

    [Theory]
    [InlineData("old 5", "old 05")]
    [InlineData("old 5", "old")]
    [InlineData("old 5", "new 5")]
    [InlineData("old 5\n", "")]
    [InlineData("old 5\n", "old 5\n\n")]
    [InlineData("old 5\n", "old 5\nAAAA\n")]
    [InlineData("\n9\n", "\n09\n")]
    [InlineData("example.com/log\n9", "\u0001\n9")]
    public void Any_other_spelling_is_rejected(string from, string to)
    {
        string good = Encoding.UTF8.GetString(Ask(MerkleTreeTests.Leaves(9), 5).ToBytes());
        Assert.NotEqual(good, good.Replace(from, to));
        Assert.False(WitnessRequest.TryParse(Encoding.UTF8.GetBytes(good.Replace(from, to)), out _, out string problem));
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData("0\n", true)]
    [InlineData("18446744073709551615\n", true)]
    [InlineData("18446744073709551616\n", false)]
    [InlineData("5", false)]
    [InlineData("05\n", false)]
    [InlineData("\n", false)]
    [InlineData("", false)]
    [InlineData("5\n\n", false)]
    public void A_remembered_size_is_read_in_one_spelling(string body, bool good) => Assert.Equal(good, WitnessRequest.TryReadSize(Encoding.UTF8.GetBytes(body), out _));

    [Fact]
    public void Of_an_answer_only_good_cosignatures_of_known_witnesses_are_taken()
    {
        WitnessRequest request = Ask(MerkleTreeTests.Leaves(9), 5);
        CosignatureSigner witness = CosignatureTests.Witness("witness.example/w"), stranger = CosignatureTests.Witness("stranger.example/w", 4);
        string mine = witness.Cosign(request.Note.Text).Line, theirs = stranger.Cosign(request.Note.Text).Line;

        Assert.True(request.TryReadCosignatures(Encoding.UTF8.GetBytes(theirs + mine + mine), [witness.Key], out var lines, out string problem), problem);
        Assert.Equal(mine, Assert.Single(lines).Line);
        Assert.True(request.Note.WithSignatures(lines).Verify(Log.Key, witness.Key) is { Holds: true, Cosignatures.Count: 1 });

        string ofAnother = witness.Cosign(Ask(MerkleTreeTests.Leaves(8), 5).Note.Text).Line;
        foreach (string bad in new[] { "", theirs, ofAnother, mine + ofAnother, mine[..^1], "<html>" })
        {
            Assert.False(request.TryReadCosignatures(Encoding.UTF8.GetBytes(bad), [witness.Key], out _, out problem), bad);
            Assert.NotEmpty(problem);
        }
        // A log's key that somebody lists as a witness's is none.
        Assert.False(request.TryReadCosignatures(Encoding.UTF8.GetBytes(request.Note.Signatures[0].Line), [Log.Key], out _, out _));
    }

    [Fact]
    public void Hostile_bytes_never_throw()
    {
        byte[] good = Ask(MerkleTreeTests.Leaves(9), 5).ToBytes();
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, good.Length], Gen.Int[0, good.Length], Gen.ULong).Sample((bytes, from, to, size) =>
        {
            if (WitnessRequest.TryParse([.. good[..from], .. bytes, .. good[to..]], out var request, out string problem))
            {
                _ = request.Decide([Log.Key], new(size, MerkleTree.EmptyRoot));
                _ = request.TryReadCosignatures(bytes, [Log.Key], out _, out _);
            }
            else
            {
                Assert.NotEmpty(problem);
            }
            _ = WitnessRequest.TryReadSize(bytes, out _);
        }, iter: 5000);
    }

    private static WitnessRequest Ask(byte[][] leaves, int old)
    {
        var (frontier, nodes) = MerkleTreeTests.Grow(leaves);
        SignedNote note = Log.SignNote(new Checkpoint(Log.Name, (ulong)leaves.Length, frontier.Root()).ToText());
        return WitnessRequest.Of((ulong)old, MerkleTree.ConsistencyProof((ulong)old, (ulong)leaves.Length, MerkleTreeTests.Reader(nodes)), note);
    }

    [GeneratedRegex(@"POST \S+\n```\n(?<body>.*?)```\nHTTP (?<status>\d+)\n\[Asserts\]\n(?<assert>[^\n]*)", RegexOptions.Singleline)]
    private static partial Regex Case();
}
