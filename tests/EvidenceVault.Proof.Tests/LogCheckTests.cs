using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class LogCheckTests
{
    private static readonly NoteSigner Signer = new("example.com/log", new byte[32]);
    private static readonly NoteSigner Thief = new("example.com/log", Enumerable.Repeat((byte)7, 32).ToArray());

    [Fact]
    public void An_untouched_log_holds_in_every_claim()
    {
        var report = SampleLog.Of(600).Check();
        Assert.True(report.Holds, Text(report));
        Assert.Equal(
            ["checkpoint-signature", "entry-form", "exhibit-sequence", "time", "leaf-hash", "tree-node", "checkpoint-root", "coverage"],
            report.Findings.Select(f => f.Claim));
    }

    [Fact]
    public void An_empty_log_holds() => Assert.True(SampleLog.Of(0).Check().Holds);

    [Fact]
    public void One_flipped_bit_of_any_entry_is_named_by_index()
    {
        var log = SampleLog.Of(40);
        Gen.Select(Gen.Int[0, 39], Gen.UInt).Sample((i, bit) =>
        {
            var damaged = log.With(i, Flip.Bit(log.Entries[i], (int)(bit % (log.Entries[i].Length * 8))));
            return damaged.Check().Findings.Any(f => f is { Claim: "leaf-hash", Holds: false } && f.Entry == (ulong)i);
        });
    }

    [Fact]
    public void An_altered_entry_under_an_intact_hash_is_told_from_one_whose_hash_was_altered_too()
    {
        var log = SampleLog.Of(40);
        byte[] forged = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(log.Entries[22]).Replace("\"done\"", "\"failed\""));
        var report = log.With(22, forged).Check();
        Assert.Contains(report.Findings, f => f.Claim == "checkpoint-root" && f.Sentence.Contains("the hashes recorded with them do"));

        report = log.With(22, forged, andHash: true).Check();
        Assert.True(report.Findings.Single(f => f.Claim == "leaf-hash").Holds);
        Assert.Contains(report.Findings, f => f is { Claim: "checkpoint-root", Holds: false } && f.Sentence.Contains("among entries 20 to 29"));
    }

    [Fact]
    public void A_log_cut_short_does_not_hold()
    {
        var log = SampleLog.Of(40);
        var report = (log with { Entries = log.Entries[..35], Hashes = log.Hashes[..35] }).Check();
        Assert.Contains(report.Findings, f => f is { Claim: "coverage", Holds: false } && f.Sentence.Contains("cut off"));
        Assert.Equal([35UL, 36UL, 37UL, 38UL, 39UL], report.Findings.Where(f => f.Claim == "leaf-hash" && !f.Holds).Select(f => f.Entry!.Value));
    }

    [Fact]
    public void A_missing_entry_is_named_and_those_after_it_are_not()
    {
        var log = SampleLog.Of(40);
        var report = log.With(17, null).Check();
        Assert.Equal(17UL, Assert.Single(report.Findings, f => f.Claim == "leaf-hash" && !f.Holds).Entry);
        Assert.Contains(report.Findings, f => f is { Claim: "exhibit-sequence", Holds: false });
    }

    [Fact]
    public void Entries_that_no_checkpoint_covers_do_not_hold()
    {
        var log = SampleLog.Of(40);
        var report = (log with { Checkpoints = log.Checkpoints[..^1] }).Check();
        Assert.Equal("coverage", Assert.Single(report.Findings, f => !f.Holds).Claim);
        Assert.False((log with { Checkpoints = [] }).Check().Holds);
    }

    [Fact]
    public void A_checkpoint_by_another_key_or_of_another_log_does_not_hold()
    {
        var log = SampleLog.Of(40);
        var root = MerkleTreeTests.Grow(log.Hashes).Frontier.Root();
        foreach (SignedNote note in new[]
        {
            Thief.SignNote(new Checkpoint("example.com/log", 40, root).ToText()),
            Signer.SignNote(new Checkpoint("example.com/other", 40, root).ToText()),
            Signer.SignNote("not a checkpoint\n"),
        })
        {
            var report = (log with { Checkpoints = [.. log.Checkpoints, note.ToBytes()] }).Check();
            Assert.Equal("checkpoint-signature", Assert.Single(report.Findings, f => !f.Holds).Claim);
        }
    }

    [Fact]
    public void Two_checkpoints_of_one_size_with_different_roots_show_two_logs()
    {
        var log = SampleLog.Of(40);
        byte[] forked = Signer.SignNote(new Checkpoint("example.com/log", 40, MerkleTree.EmptyRoot).ToText()).ToBytes();
        Assert.Contains((log with { Checkpoints = [.. log.Checkpoints, forked] }).Check().Findings, f => !f.Holds && f.Sentence.Contains("two different logs"));
        Assert.Contains((log with { Checkpoints = [forked, .. log.Checkpoints] }).Check().Findings, f => f is { Claim: "checkpoint-root", Holds: false });
    }

    [Fact]
    public void A_gap_and_a_repeat_in_an_exhibits_numbers_are_named()
    {
        var gap = SampleLog.Signed([Entry(0, "AB/1", 1), Entry(1, "AB/2", 1), Entry(2, "AB/1", 4), Entry(3, "AB/1", 5)]).Check();
        var finding = Assert.Single(gap.Findings, f => !f.Holds);
        Assert.Equal((2UL, "exhibit-sequence"), (finding.Entry!.Value, finding.Claim));
        Assert.Contains("numbers 2 to 3 are missing", finding.Sentence);

        var repeat = SampleLog.Signed([Entry(0, "AB/1", 1), Entry(1, "AB/1", 2), Entry(2, "AB/1", 2), Entry(3, "AB/1", 3)]).Check();
        Assert.Equal(2UL, Assert.Single(repeat.Findings, f => !f.Holds).Entry);
    }

    [Fact]
    public void A_clock_set_back_is_a_note_and_no_failure()
    {
        var report = SampleLog.Signed([Entry(10, "AB/1", 1), Entry(4, "AB/1", 2), Entry(11, "AB/1", 3)]).Check();
        Assert.True(report.Holds, Text(report));
        var note = Assert.Single(report.Findings, f => f.Verdict == Verdict.Note);
        Assert.Equal(1UL, note.Entry);
        Assert.Contains("6 seconds", note.Sentence);
    }

    [Fact]
    public void A_signed_entry_that_is_not_well_formed_is_named()
    {
        var report = SampleLog.Signed([Entry(0, "AB/1", 1), "{ }"u8.ToArray()]).Check();
        Assert.Equal(("entry-form", 1UL), (Assert.Single(report.Findings, f => !f.Holds).Claim, report.Findings.Single(f => !f.Holds).Entry!.Value));
    }

    [Fact]
    public void A_stored_tree_node_that_is_wrong_is_named()
    {
        var log = SampleLog.Of(600);
        var nodes = MerkleTreeTests.Grow(log.Hashes).Nodes;
        nodes[(8, 1)] = MerkleTree.EmptyRoot;
        var finding = Assert.Single(new LogCheck(log.Reader() with { Node = (l, i) => nodes.GetValueOrDefault((l, i)) }, Signer.Key).Run().Findings, f => !f.Holds);
        Assert.Contains("node 1 of level 8", finding.Sentence);
    }

    [Fact]
    public void Progress_is_told_and_findings_without_end_are_counted()
    {
        var log = SampleLog.Of(2500);
        var told = new List<LogCheckProgress>();
        var report = new LogCheck(log.Reader() with { LeafHash = _ => null }, Signer.Key).Run(new Steps(told));
        Assert.Equal([1000UL, 2000UL, 2500UL], told.Select(t => t.Checked));
        Assert.Equal(1001, report.Findings.Count(f => f.Claim == "leaf-hash"));
        Assert.Contains(report.Findings, f => f.Sentence.StartsWith("1500 more", StringComparison.Ordinal));
    }

    // A log of ours as version 1 wrote it: every later version must judge it the same way.
    [Fact]
    public void The_golden_log_holds_and_its_first_entry_is_drafted_again_byte_for_byte()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Vectors.Own("log-1.json")));
        byte[][] entries = [.. golden.RootElement.GetProperty("entries").EnumerateArray().Select(e => Encoding.UTF8.GetBytes(e.GetString()!))];
        byte[][] checkpoints = [.. golden.RootElement.GetProperty("checkpoints").EnumerateArray().Select(e => Encoding.UTF8.GetBytes(e.GetString()!))];
        var key = VerifierKey.Parse(golden.RootElement.GetProperty("vkey").GetString()!);
        var log = new SampleLog(entries, [.. entries.Select(e => MerkleTree.LeafHash(e))], checkpoints);
        Assert.True(new LogCheck(log.Reader(), key).Run().Holds);
        Assert.Equal(entries, GoldenEntries());
        Assert.Equal(checkpoints, SampleLog.Signed(GoldenEntries()).Checkpoints); // Ed25519 is deterministic (RFC 8032)
        for (int i = 0; i < entries.Length; i++) Assert.False(new LogCheck(log.With(i, Flip.Bit(entries[i], 9)).Reader(), key).Run().Holds);
    }

    internal static byte[][] GoldenEntries() =>
    [
        new CustodyEntryDraft { Time = At(0), Action = "started", Outcome = Outcome.Done }.Build().Bytes,
        new CustodyEntryDraft { Time = At(1), Action = "received", Outcome = Outcome.Done, Case = "OP-HERON", Camera = "CAM-7", Exhibit = "AB/1", Seq = 1, Sha256 = new string('a', 64) }
            .Build([Disclosure.Create("actor", "A. Technician", new byte[16]), Disclosure.Create("source-name", "IMG_0001 é😀.MP4", Enumerable.Repeat((byte)255, 16).ToArray())]).Bytes,
        new CustodyEntryDraft { Time = At(2), Action = "retrieved", Outcome = Outcome.Refused, Case = "OP-HERON", Exhibit = "AB/1", Seq = 2, Detail = new JsonObject { ["why"] = "no reason given", ["ratio"] = 1e-7, ["list"] = new JsonArray(1, true, "x\n") } }.Build().Bytes,
    ];

    private static DateTimeOffset At(int second) => new DateTimeOffset(2026, 1, 31, 9, 0, 0, TimeSpan.Zero).AddSeconds(second);

    private static byte[] Entry(int second, string exhibit, long seq) =>
        new CustodyEntryDraft { Time = At(second), Action = "viewed", Outcome = Outcome.Done, Exhibit = exhibit, Seq = seq }.Build().Bytes;

    private static string Text(VerificationReport report) => string.Join('\n', report.Findings);

    private sealed class Steps(List<LogCheckProgress> told) : IProgress<LogCheckProgress>
    {
        public void Report(LogCheckProgress value) => told.Add(value);
    }

    // A log in memory with a checkpoint at every tenth entry and at the end.
    private sealed record SampleLog(byte[]?[] Held, byte[][] Hashes, byte[][] Checkpoints)
    {
        public byte[][] Entries
        {
            get => [.. Held.Select(e => e!)];
            init => Held = value;
        }

        public static SampleLog Of(int n) => Signed([.. Enumerable.Range(0, n).Select(i => Entry(i, $"AB/{i % 3 + 1}", i / 3 + 1))]);

        public static SampleLog Signed(byte[][] entries)
        {
            var frontier = new TreeFrontier();
            var checkpoints = new List<byte[]>();
            byte[][] hashes = [.. entries.Select(e => MerkleTree.LeafHash(e))];
            Publish();
            foreach (byte[] hash in hashes)
            {
                frontier.Append(hash);
                if (frontier.Size % 10 == 0 || frontier.Size == (ulong)entries.Length) Publish();
            }
            return new(entries, hashes, [.. checkpoints]);

            void Publish() => checkpoints.Add(Signer.SignNote(new Checkpoint(Signer.Name, frontier.Size, frontier.Root()).ToText()).ToBytes());
        }

        public SampleLog With(int index, byte[]? entry, bool andHash = false)
        {
            byte[]?[] held = [.. Held];
            byte[][] hashes = [.. Hashes];
            held[index] = entry;
            if (andHash) hashes[index] = MerkleTree.LeafHash(entry);
            return this with { Held = held, Hashes = hashes };
        }

        public LogReader Reader()
        {
            var nodes = MerkleTreeTests.Grow(Hashes).Nodes;
            return new()
            {
                Size = (ulong)Held.Length,
                Entry = i => i < (ulong)Held.Length ? Held[i] : null,
                LeafHash = i => i < (ulong)Hashes.Length ? Hashes[i] : null,
                Checkpoints = Checkpoints,
                Node = (level, index) => nodes.GetValueOrDefault((level, index)),
            };
        }

        public VerificationReport Check() => new LogCheck(Reader(), Signer.Key).Run();
    }
}
