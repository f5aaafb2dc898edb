using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class TileLogCheckTests
{
    private static readonly NoteSigner Signer = new("example.com/log", new byte[32]);
    private static readonly CosignatureSigner Witness = CosignatureTests.Witness("witness.example/w");
    private static readonly LogPolicy Policy = LogPolicy.Requiring([Signer.Key]);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    [InlineData(65_536)]
    [InlineData(66_100)]
    public async Task An_honest_log_holds_with_every_checkpoint_that_it_ever_signed(int size)
    {
        var log = new PublishedLog(size);
        byte[][] remembered = [.. new[] { 0, 1, 100, 255, 256, 257, 600, 65_535, 65_536, size }.Where(s => s <= size).Distinct().Select(s => log.CheckpointOf(s))];
        TileLogReport report = await new TileLogCheck(log.Reader, Policy, remembered).RunAsync(cancel: TestContext.Current.CancellationToken);
        Assert.True(report.Report.Holds, Text(report));
        Assert.Equal((ulong)size, report.Checkpoint!.Size);
        Assert.Contains(report.Report.Findings, f => f.Claim == "remembered" && f.Sentence.Contains($"{remembered.Length} remembered"));
        // Every resource was asked for.
        Assert.Equal(log.Files.Keys.Order(), log.Asked.Where(log.Files.ContainsKey).Distinct().Order());
    }

    [Fact]
    public async Task The_Tessera_log_holds_with_all_16_checkpoints_as_remembered_ones()
    {
        string folder = Vectors.SharedOrSkip("tessera", "testdata", "log");
        var policy = LogPolicy.Requiring([VerifierKey.Parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")]);
        byte[][] remembered = [.. Enumerable.Range(0, 16).Select(n => File.ReadAllBytes(Path.Combine(folder, $"checkpoint.{n}")))];
        var asked = new HashSet<string>();
        TileLogReport report = await new TileLogCheck(Reader(p => File.Exists(Path.Combine(folder, p)) ? File.ReadAllBytes(Path.Combine(folder, p)) : null, asked), policy, remembered)
            .RunAsync(cancel: TestContext.Current.CancellationToken);
        Assert.True(report.Report.Holds, Text(report));
        Assert.Contains(report.Report.Findings, f => f.Claim == "remembered" && f.Sentence.Contains("16 remembered"));
        // Its 15 partial tiles and its 15 partial bundles were all compared.
        Assert.Equal(30, asked.Count(p => p.Contains(".p/") && File.Exists(Path.Combine(folder, p))));
    }

    [Fact]
    public void Any_one_bit_flipped_in_any_resource_is_found_and_the_resource_is_named()
    {
        var log = new PublishedLog(700);
        byte[][] remembered = [log.CheckpointOf(100), log.CheckpointOf(600)];
        string[] names = [.. log.Files.Keys];
        Gen.Select(Gen.Int[0, names.Length - 1], Gen.Int[0, int.MaxValue]).Sample((pick, bit) =>
        {
            string name = names[pick];
            var damaged = new PublishedLog(log);
            damaged.Files[name] = Flip.Bit(log.Files[name], bit % (log.Files[name].Length * 8));
            TileLogReport report = Run(damaged, remembered);
            Assert.False(report.Report.Holds, name);
            if (name != "checkpoint") Assert.Contains(report.Report.Findings, f => !f.Holds && f.Sentence.Contains(name));
        }, iter: 150, threads: 1);
    }

    [Theory]
    [InlineData(1_000, "")]
    [InlineData(66_100, "tile/1/")]
    [InlineData(66_100, "tile/2/")]
    public void Any_resource_that_is_missing_is_named(int size, string below)
    {
        var log = new PublishedLog(size);
        // A partial tile of an older checkpoint may be gone.
        foreach (string name in log.Files.Keys.Except(log.Older).Where(n => n.StartsWith(below, StringComparison.Ordinal)))
        {
            var cut = new PublishedLog(log);
            cut.Files.Remove(name);
            Assert.Contains(Run(cut).Report.Findings, f => !f.Holds && f.Sentence.Contains(name == "checkpoint" ? "no checkpoint" : $"{name} is missing"));
        }
    }

    [Fact]
    public void A_partial_tile_may_be_gone_where_the_full_one_is_there()
    {
        // The tiles of a log that has grown on, under the checkpoint from before.
        PublishedLog grown = new(1024), before = new(700);
        var mixed = new PublishedLog(grown);
        foreach (string older in grown.Older) mixed.Files.Remove(older);
        mixed.Files["checkpoint"] = before.Files["checkpoint"];
        TileLogReport report = Run(mixed, before.CheckpointOf(300), before.CheckpointOf(700));
        // tile/1 is partial in both; the one of the old size is still to be served.
        Assert.Equal(["tile/1/000.p/2 is missing."], report.Report.Findings.Where(f => !f.Holds).Select(f => f.Sentence));
        mixed.Files["tile/1/000.p/2"] = grown.Files["tile/1/000.p/4"][..64];
        Assert.True(Run(mixed, before.CheckpointOf(300), before.CheckpointOf(700)).Report.Holds);
        // What stands in is checked as far as the checkpoint goes.
        mixed.Files["tile/0/002"] = Flip.Bit(grown.Files["tile/0/002"], (699 - 512) * 256);
        Assert.Contains(Run(mixed).Report.Findings, f => f is { Claim: "leaf-hash", Holds: false, Entry: 699 } && f.Sentence.Contains("tile/0/002 "));
        mixed.Files["tile/0/002"] = Flip.Bit(grown.Files["tile/0/002"], (700 - 512) * 256);
        Assert.True(Run(mixed).Report.Holds);
    }

    [Fact]
    public void An_older_partial_tile_or_bundle_that_is_still_served_is_checked()
    {
        var log = new PublishedLog(700);
        foreach (string name in log.Older)
        {
            var damaged = new PublishedLog(log);
            damaged.Files[name] = Flip.Bit(log.Files[name], 9);
            Assert.Contains(Run(damaged, log.CheckpointOf(100), log.CheckpointOf(600)).Report.Findings, f => !f.Holds && f.Sentence.Contains(name));
        }
    }

    [Fact]
    public void It_says_whether_the_entry_or_the_tile_was_altered()
    {
        var log = new PublishedLog(700);
        var entry = new PublishedLog(log);
        byte[] bundle = entry.Files["tile/entries/001"];
        entry.Files["tile/entries/001"] = Flip.Bit(bundle, bundle.Length * 8 - 1);
        TileLogReport altered = Run(entry, log.CheckpointOf(300), log.CheckpointOf(600));
        Assert.Equal(["leaf-hash", "checkpoint-root", "remembered"], altered.Report.Findings.Where(f => !f.Holds).Select(f => f.Claim));
        Assert.Equal(511UL, altered.Report.Findings.First(f => !f.Holds).Entry);
        Assert.Contains(altered.Report.Findings, f => f is { Claim: "remembered", Holds: false } && f.Sentence.Contains("altered or lost after they were signed"));

        var tile = new PublishedLog(log);
        tile.Files["tile/0/001"] = Flip.Bit(tile.Files["tile/0/001"], 5);
        TileLogReport other = Run(tile, log.CheckpointOf(300), log.CheckpointOf(600));
        Assert.Equal(["leaf-hash"], other.Report.Findings.Where(f => !f.Holds).Select(f => f.Claim));
        Assert.Contains(other.Report.Findings, f => f.Claim == "checkpoint-root" && f.Sentence.Contains("it is the tile that was altered"));
    }

    [Fact]
    public void A_history_rewritten_and_signed_again_is_shown_by_a_remembered_checkpoint_alone()
    {
        var rewritten = new PublishedLog(700, i => i == 123 ? "rewritten"u8.ToArray() : LogProofTests.Entry((ulong)i));
        Assert.True(Run(rewritten).Report.Holds);
        byte[][] remembered = [new PublishedLog(700).CheckpointOf(100), new PublishedLog(700).CheckpointOf(200), new PublishedLog(700).CheckpointOf(700)];
        Finding[] failed = [.. Run(rewritten, remembered).Report.Findings.Where(f => !f.Holds)];
        Assert.Equal(2, failed.Length);
        Assert.All(failed, f => Assert.Contains("two different logs were signed", f.Sentence));
    }

    [Fact]
    public void A_log_that_was_cut_is_shown_by_a_remembered_checkpoint()
    {
        Assert.True(Run(new PublishedLog(400)).Report.Holds);
        Finding failed = Assert.Single(Run(new PublishedLog(400), new PublishedLog(700).CheckpointOf(700)).Report.Findings, f => !f.Holds);
        Assert.Contains("its end was cut off", failed.Sentence);
    }

    [Fact]
    public void A_remembered_checkpoint_that_the_log_did_not_sign_is_told_and_not_believed()
    {
        var log = new PublishedLog(40);
        byte[] foreign = new NoteSigner(Signer.Name, Enumerable.Repeat((byte)9, 32).ToArray()).SignNote("example.com/log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n").ToBytes();
        Assert.Contains(Run(log, foreign).Report.Findings, f => f is { Claim: "remembered", Holds: false } && f.Sentence.Contains("number 1"));
        Assert.Contains(Run(log, "rubbish"u8.ToArray()).Report.Findings, f => f is { Claim: "remembered", Holds: false });
    }

    [Fact]
    public void The_witnesses_that_were_asked_for_must_have_cosigned()
    {
        var log = new PublishedLog(40);
        LogPolicy policy = LogPolicy.Requiring([Signer.Key], Witness.Key);
        Assert.Equal(["witness-quorum"], Run(log, policy).Report.Findings.Where(f => !f.Holds).Select(f => f.Claim));
        Assert.True(SignedNote.TryParse(log.Files["checkpoint"], out var note, out _));
        log.Files["checkpoint"] = note.WithSignatures(Witness.Cosign(note.Text)).ToBytes();
        Assert.True(Run(log, policy).Report.Holds);
    }

    [Fact]
    public void A_checkpoint_that_nobody_known_signed_is_not_followed()
    {
        var log = new PublishedLog(40);
        TileLogReport report = Run(log, LogPolicy.Requiring([new NoteSigner(Signer.Name, Enumerable.Repeat((byte)9, 32).ToArray()).Key]));
        Assert.False(report.Report.Holds);
        Assert.Null(report.Checkpoint);
        Assert.Equal(["checkpoint"], log.Asked);
    }

    [Fact]
    public void A_log_that_claims_more_entries_than_could_ever_be_read_ends()
    {
        var log = new PublishedLog(300);
        log.Files["checkpoint"] = Signer.SignNote(new Checkpoint(Signer.Name, ulong.MaxValue, new byte[32]).ToText()).ToBytes();
        TileLogReport report = Run(log, new PublishedLog(300).CheckpointOf(200), Signer.SignNote(new Checkpoint(Signer.Name, 1UL << 40, new byte[32]).ToText()).ToBytes());
        Assert.Contains(report.Report.Findings, f => f is { Claim: "checkpoint-root", Holds: false } && f.Sentence.Contains("ended"));
        Assert.Contains(report.Report.Findings, f => f is { Claim: "remembered", Holds: false } && f.Sentence.Contains("not reached"));
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_ends_the_check_and_is_no_finding()
    {
        var log = new PublishedLog(700);
        TileLogReader broken = log.Reader with { Tile = (path, _) => path.Index == 1 ? throw new IOException("the disk is gone") : Task.FromResult<byte[]?>(log.Files.GetValueOrDefault(path.ToString())) };
        await Assert.ThrowsAsync<IOException>(() => new TileLogCheck(broken, Policy).RunAsync(cancel: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Hostile_resources_never_throw()
    {
        var log = new PublishedLog(300);
        string[] names = [.. log.Files.Keys];
        Gen.Select(Gen.Int[0, names.Length - 1], Gen.Byte.Array[0, 700], Gen.Int[0, 9000]).Sample((pick, bytes, keep) =>
        {
            var hostile = new PublishedLog(log);
            byte[] good = log.Files[names[pick]];
            hostile.Files[names[pick]] = [.. good.Take(keep), .. bytes];
            _ = Run(hostile, bytes, log.CheckpointOf(100));
        }, iter: 100, threads: 1);
    }

    private static TileLogReport Run(PublishedLog log, params byte[][] remembered) => new TileLogCheck(log.Reader, Policy, remembered).RunAsync().GetAwaiter().GetResult();

    private static TileLogReport Run(PublishedLog log, LogPolicy policy) => new TileLogCheck(log.Reader, policy).RunAsync().GetAwaiter().GetResult();

    private static string Text(TileLogReport report) => string.Join('\n', report.Report.Findings.Select(f => $"{f.Claim} {f.Verdict}: {f.Sentence}"));

    private static TileLogReader Reader(Func<string, byte[]?> read, ICollection<string> asked)
    {
        return new() { Checkpoint = _ => Read("checkpoint"), Tile = (path, _) => Read(path.ToString()) };

        Task<byte[]?> Read(string path)
        {
            lock (asked) asked.Add(path);
            return Task.FromResult(read(path));
        }
    }

    // A log laid out by the definition of its tiles (C2SP tlog-tiles), with the partial tiles of two older checkpoints.
    private sealed class PublishedLog
    {
        private readonly byte[][] _leaves;

        public PublishedLog(int size) : this(size, i => LogProofTests.Entry((ulong)i))
        {
        }

        public PublishedLog(int size, Func<int, byte[]> entry)
        {
            byte[][] entries = [.. Enumerable.Range(0, size).Select(entry)];
            _leaves = [.. entries.Select(e => MerkleTree.LeafHash(e))];
            Files["checkpoint"] = CheckpointOf(size);
            Lay(entries, size);
            string[] newest = [.. Files.Keys];
            foreach (int older in new[] { 100, 600 }.Where(s => s < size)) Lay(entries, older);
            Older = [.. Files.Keys.Except(newest)];
        }

        public PublishedLog(PublishedLog other) => (_leaves, Files, Older) = (other._leaves, new(other.Files), other.Older);

        public Dictionary<string, byte[]> Files { get; } = [];

        public string[] Older { get; }

        public List<string> Asked { get; } = [];

        public TileLogReader Reader => TileLogCheckTests.Reader(Files.GetValueOrDefault, Asked);

        public byte[] CheckpointOf(int size) => Signer.SignNote(new Checkpoint(Signer.Name, (ulong)size, MerkleTreeTests.Grow(_leaves[..size]).Frontier.Root()).ToText()).ToBytes();

        private void Lay(byte[][] entries, int size)
        {
            var nodes = MerkleTreeTests.Grow(_leaves[..size]).Nodes;
            for (int level = 0; size >> (8 * level) > 0; level++)
            {
                (ulong full, int partial) = TilePath.CountAt(level, (ulong)size);
                for (ulong n = 0; n < full + (partial > 0 ? 1UL : 0); n++)
                {
                    int width = n < full ? 256 : partial;
                    Files[new TilePath(level, n, width).ToString()] = [.. Enumerable.Range(0, width).SelectMany(i => nodes[(8 * level, (n * 256) + (ulong)i)])];
                    if (level == 0) Files[new TilePath(null, n, width).ToString()] = EntryBundle.Encode(entries[((int)n * 256)..(((int)n * 256) + width)]);
                }
            }
        }
    }
}
