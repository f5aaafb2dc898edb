using System.Text.Json;
using CsCheck;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Tests.Intake;

public sealed class DropReceiptTests
{
    private static readonly DateTimeOffset Sealed = new(2026, 3, 2, 9, 30, 0, 250, TimeSpan.FromHours(1));
    private static readonly string HashA = new('a', 64), HashB = new('b', 64);

    private static readonly DropManifest Manifest = new("OP-HERON", "CAM-7", "AB", "URN/1", "T. Example", null, null,
        [new("good.mp4", 5, HashA), new("gone.mp4", 6, HashA), new("hash.mp4", 7, HashA), new("size.mp4", 8, HashA), new("CAF\u00c9.mp4", 9, HashA)]);

    private static readonly ReceivedFile[] Received =
    [
        File("good.mp4", 5, HashA, 1), File("hash.mp4", 7, HashB, 2), File("size.mp4", 9, HashB, 3), File("more.mp4", 1, HashB, 4), File("cafe\u0301.mp4", 9, HashA, 5),
    ];

    private static readonly ReceiptFacts Facts = new()
    {
        Case = "OP-HERON",
        Camera = "CAM-7",
        Drop = "OP-HERON/CAM-7/d1",
        Manifest = Manifest,
        ManifestSha256 = HashB,
        Received = Received,
        Problems = [new("extra", "more.mp4", "The file is extra."), new("unreadable", "locked.mp4", "It cannot be read."), new("extra", "more.mp4", "The file is extra.")],
        IssuedAt = Sealed,
        Origin = "evidencevault.local/1f3a9c20",
        Checkpoint = "evidencevault.local/1f3a9c20\n12\nq83v\n\n— x y\n",
    };

    [Fact]
    public void Every_file_is_accounted_for()
    {
        Assert.Equal(
            [
                ("cafe\u0301.mp4", FileStanding.Present), ("gone.mp4", FileStanding.Missing), ("good.mp4", FileStanding.Present),
                ("hash.mp4", FileStanding.HashMismatch), ("more.mp4", FileStanding.Extra), ("size.mp4", FileStanding.SizeMismatch),
            ],
            DropReceipt.Account(Manifest, Received).Select(f => (f.Name, f.Standing)));
    }

    [Fact]
    public void Without_a_manifest_every_file_received_is_present()
    {
        Assert.All(DropReceipt.Account(null, Received), f => Assert.Equal(FileStanding.Present, f.Standing));
        Assert.Equal(5, DropReceipt.Account(null, Received).Count);
    }

    [Fact]
    public void A_file_received_twice_under_one_name_has_two_lines_and_is_not_missing()
    {
        ReceivedFile[] twice = [File("good.mp4", 4, HashB, 10), File("good.mp4", 5, HashA, 2)];
        Assert.Equal([("AB/2", FileStanding.Present), ("AB/10", FileStanding.SizeMismatch)],
            DropReceipt.Account(Manifest, twice).Where(f => f.Name == "good.mp4").Select(f => (f.Received!.Exhibit.Text, f.Standing)));
    }

    [Fact]
    public void A_receipt_is_canonical_JSON_and_states_what_was_received()
    {
        byte[] bytes = DropReceipt.Write(Facts);
        Assert.True(CanonicalJson.IsCanonical(bytes, out string problem), problem);
        using var receipt = JsonDocument.Parse(bytes);
        JsonElement root = receipt.RootElement;
        Assert.Equal("evidencevault/receipt/1", root.GetProperty("v").GetString());
        Assert.Equal("""{"extra":1,"hashMismatch":1,"missing":1,"present":2,"sizeMismatch":1}""", root.GetProperty("counts").GetRawText());
        Assert.Equal("2026-03-02T08:30:00.25Z", root.GetProperty("issuedAt").GetString());
        Assert.Equal(("T. Example", "URN/1", HashB), (root.GetProperty("technician").GetString(), root.GetProperty("authorityUrn").GetString(), root.GetProperty("manifestSha256").GetString()));
        Assert.Equal(Facts.Checkpoint, root.GetProperty("checkpoint").GetString());
        Assert.Equal(2, root.GetProperty("problems").GetArrayLength());
        JsonElement[] files = [.. root.GetProperty("files").EnumerateArray()];
        Assert.Equal($$$"""{"bytes":7,"declared":{"bytes":7,"sha256":"{{{HashA}}}"},"exhibit":"AB/2","name":"hash.mp4","sealedAt":"2026-03-02T08:30:00.25Z","sha256":"{{{HashB}}}","standing":"hashMismatch"}""", files[3].GetRawText());
        Assert.Equal($$$"""{"declared":{"bytes":6,"sha256":"{{{HashA}}}"},"name":"gone.mp4","standing":"missing"}""", files[1].GetRawText());
    }

    [Fact]
    public void The_same_facts_in_any_order_and_time_zone_give_the_same_bytes()
    {
        byte[] expected = DropReceipt.Write(Facts);
        Gen.Select(Gen.Shuffle(Received), Gen.Shuffle(Facts.Problems.ToArray()), Gen.Int[-14, 14]).Sample((received, problems, offset) =>
        {
            var zone = TimeSpan.FromHours(offset);
            ReceiptFacts same = Facts with
            {
                Received = [.. received.Select(r => r with { SealedAt = r.SealedAt.ToOffset(zone) })],
                Problems = problems,
                IssuedAt = Facts.IssuedAt.ToOffset(zone),
            };
            Assert.Equal(expected, DropReceipt.Write(same));
        }, iter: 500);
    }

    [Fact]
    public void Every_received_file_has_exactly_one_line_and_every_declared_one_at_least_one()
    {
        Gen<string> name = Gen.OneOf("a", "A", "é", "e\u0301", "E\u0301", "b", "c");
        Gen.Select(Gen.Select(name, Gen.Long[1, 2]).Array[0, 6], Gen.OneOf("a", "é", "b").Array[0, 3]).Sample((received, declared) =>
        {
            var manifest = Manifest with { Files = [.. declared.Distinct().Select(d => new ManifestFile(d, 1, HashA))] };
            ReceivedFile[] files = [.. received.Select((r, i) => File(r.Item1, r.Item2, HashA, i + 1))];
            IReadOnlyList<AccountedFile> account = DropReceipt.Account(manifest, files);
            Assert.Equal(files.OrderBy(f => f.Exhibit), account.Where(f => f.Received is not null).Select(f => f.Received!).OrderBy(f => f.Exhibit));
            Assert.All(manifest.Files, d => Assert.Contains(account, f => f.Declared == d));
            Assert.All(account, f => Assert.Equal(f.Standing == FileStanding.Missing, f.Received is null));
        }, iter: 5_000);
    }

    private static ReceivedFile File(string name, long bytes, string sha256, int number) => new(name, bytes, sha256, ExhibitReference.Of("AB", number), Sealed);
}
