using CsCheck;
using Dapper;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.Records;

public class ExhibitSearchTests
{
    private static readonly string[] Cases = ["OP-HERON", "OP-EGRET", "OP-BITTERN"], Cameras = ["CAM-7", "CAM-9"];

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private sealed record Row(string Reference, string Case, string Camera, string State, string RelativePath, string? Sha256, string? Parent, string? Role, string ReceivedAt, long Segments);

    private static async Task FillAsync(TempVault temp, FakeTimeProvider clock, int exhibits)
    {
        var random = new Random(5);
        for (int i = 1; i <= exhibits; i++)
        {
            // Several at one moment: the order must not hang on the time alone.
            if (random.Next(3) == 0) clock.Advance(TimeSpan.FromHours(random.Next(1, 30)));
            string name = random.Next(4) switch { 0 => $"DCIM/100%_CAM/IMG_{i}.JPG", 1 => $"quay [{i}]'\"<b>.mp4", 2 => $"Ünï/{i}.MOV", _ => $"dcim/{i}.avi" };
            await temp.Vault.Sequencer.CommitAsync(change => change.Receive(new(
                "given", $"/in/{i}", name, i, "1", Cases[random.Next(3)], Cameras[random.Next(2)], "AB", ExhibitReference.Parse($"{(i % 5 == 0 ? "XY" : "AB")}/{i}"), null, null, null)));
        }
        using var connection = new SqliteConnection($"Data Source={temp.DatabaseFile};Pooling=False");
        connection.Execute("UPDATE exhibit SET sha256 = lower(hex(randomblob(32))), sha512 = lower(hex(randomblob(64))), state = CASE number % 7 WHEN 0 THEN 'damaged' ELSE 'analysed' END WHERE number % 3 <> 0");
        connection.Execute("INSERT INTO segment SELECT reference, n.value, 0, 1, 0, 0.5, '[]', 'x', 'y' FROM exhibit, json_each('[1,2]') n WHERE number % 4 = 0");
        connection.Execute(
            """
            INSERT INTO exhibit (reference, prefix, case_name, camera, state, parent, role, staging_id, sha256, received_at)
            SELECT reference || '/1', prefix, case_name, camera, 'stored', reference, 'keyframe', 'x', lower(hex(randomblob(32))), received_at FROM exhibit WHERE number % 2 = 0
            """);
    }

    private static List<Row> Scan(TempVault temp)
    {
        using var connection = new SqliteConnection($"Data Source={temp.DatabaseFile};Pooling=False");
        return
        [
            .. connection.Query<Row>(
                "SELECT reference AS Reference, case_name AS \"Case\", camera AS Camera, state AS State, relative_path AS RelativePath, sha256 AS Sha256, parent AS Parent, role AS Role, received_at AS ReceivedAt, (SELECT COUNT(*) FROM segment s WHERE s.exhibit = reference) AS Segments FROM exhibit")
                .OrderByDescending(r => r.ReceivedAt, StringComparer.Ordinal).ThenByDescending(r => r.Reference, StringComparer.Ordinal),
        ];
    }

    private static bool Takes(Row row, ExhibitQuery q, string[]? cases) =>
        (cases?.Contains(row.Case) ?? true) && (q.Case ?? row.Case) == row.Case && (q.Camera ?? row.Camera) == row.Camera && row.Reference.StartsWith(q.Reference ?? "", StringComparison.Ordinal)
        && (q.Hash is null || row.Sha256?.StartsWith(q.Hash, StringComparison.Ordinal) == true) && (q.Name is null || row.RelativePath?.Contains(q.Name, StringComparison.OrdinalIgnoreCase) == true)
        && (q.Motion is null || q.Motion == (row.Segments > 0)) && (q.From is null || string.CompareOrdinal(row.ReceivedAt, ExhibitChanges.Text(q.From.Value)) >= 0)
        && (q.To is null || string.CompareOrdinal(row.ReceivedAt, ExhibitChanges.Text(q.To.Value)) < 0)
        && (row.Parent is null || q.Hash is not null || q.Reference?.Count(c => c == '/') > 1);

    [Fact]
    public async Task What_is_found_is_what_a_scan_of_the_catalogue_finds_in_pages_of_any_size_both_ways_and_of_no_other_case()
    {
        var clock = new FakeTimeProvider(Start);
        await using TempVault temp = await TempVault.NewAsync(clock);
        await FillAsync(temp, clock, 200);
        List<Row> all = Scan(temp);
        string[] hashes = [.. all.Select(r => r.Sha256).OfType<string>().Take(20)];
        static Gen<string?> Some(params string[] of) => Gen.Int[-1, of.Length - 1].Select(i => i < 0 ? null : of[i]);
        Gen<DateTimeOffset?> moment = Gen.Select(Gen.Bool, Gen.Int[0, 60 * 24], (none, hours) => none ? (DateTimeOffset?)null : Start.AddHours(hours));
        Gen<ExhibitQuery> queries = Gen.Select(
            Gen.Select(Some(Cases), Some(Cameras), Some("AB", "AB/1", "XY/1", "AB/12/", "ZZ")), Gen.Select(Gen.Int[-160, hashes.Length - 1].Select(i => i < 0 ? null : hashes[i][..12]), Some("dcim", "%_", "'\"<b>", "Ünï", "no such")), Gen.Int[0, 2], moment, moment,
            (what, text, motion, from, to) => new ExhibitQuery { Case = what.Item1, Camera = what.Item2, Reference = what.Item3, Hash = text.Item1, Name = text.Item2, Motion = motion == 0 ? null : motion == 1, From = from, To = to });
        Gen.Select(queries, Gen.Int[0, 4], Gen.Int[1, 40], Gen.Bool).Sample((query, seen, most, newestFirst) =>
        {
            string[]? cases = seen == 4 ? null : Cases[..seen];
            List<string> wanted = [.. all.Where(r => Takes(r, query, cases)).Select(r => r.Reference)], got = [];
            ExhibitPlace? at = newestFirst ? null : new("0", "0");
            for (int pages = 0; pages == 0 || at is not null; pages++)
            {
                FoundExhibits page = temp.Vault.Search.Find(query, cases, newestFirst ? at : null, newestFirst ? null : at, most);
                got.AddRange(newestFirst ? page.Exhibits.Select(e => e.Reference) : page.Exhibits.Select(e => e.Reference).Reverse());
                Assert.All(page.Exhibits, e => Assert.Equal(all.Single(r => r.Reference == e.Reference).Segments, e.Segments));
                at = newestFirst ? page.Older : page.Newer;
            }
            if (!newestFirst) got.Reverse();
            Assert.Equal(wanted, got);
        }, iter: 300);
    }

    [Fact]
    public async Task The_kept_counts_of_a_case_are_what_counting_gives_through_every_change()
    {
        var clock = new FakeTimeProvider(Start);
        await using TempVault temp = await TempVault.NewAsync(clock);
        await FillAsync(temp, clock, 120);
        await temp.Vault.Sequencer.CommitAsync(change => change.Fail(ExhibitReference.Parse("AB/3"), ExhibitState.Received, ExhibitState.Failed, "gone"));
        List<Row> all = Scan(temp);
        foreach (CaseRow row in temp.Vault.Exhibits.Cases())
        {
            Assert.Equal(all.Count(r => r.Case == row.Name && r.Parent is null), row.Exhibits);
            Assert.Equal(all.Count(r => r.Case == row.Name && r.Parent is null && r.State is "failed" or "damaged" && r.Case == row.Name), row.InTrouble);
            Assert.Equal(row, temp.Vault.Exhibits.FindCase(row.Name));
        }
        Assert.True(temp.Vault.Exhibits.Cases().Sum(c => c.InTrouble) > 1);
        Assert.Null(temp.Vault.Exhibits.FindCase("OP-NONE"));
        Assert.Empty(temp.Vault.Exhibits.OfCase("OP-NONE", 0, 10));
    }

    [Theory]
    [InlineData("SELECT reference FROM exhibit INDEXED BY exhibit_to_search WHERE (parent IS NULL OR role = 'still-series') AND relative_path LIKE '%x%' ORDER BY received_at DESC, reference DESC LIMIT 51")]
    [InlineData("SELECT idx FROM entry_index i INDEXED BY entry_index_by_actor WHERE i.actor = 'x' AND i.idx BETWEEN 1 AND 9 ORDER BY i.idx DESC")]
    [InlineData("SELECT idx FROM entry_index i INDEXED BY entry_index_in_trouble WHERE i.outcome <> 'done' AND i.outcome = 'refused' AND i.idx BETWEEN 1 AND 9 ORDER BY i.idx DESC")]
    public async Task Pages_are_read_in_the_order_of_an_index_and_nothing_is_sorted(string query)
    {
        await using TempVault temp = await TempVault.NewAsync();
        using var connection = new SqliteConnection($"Data Source={temp.DatabaseFile};Pooling=False");
        string plan = string.Join('\n', connection.Query("EXPLAIN QUERY PLAN " + query).Select(r => (string)r.detail));
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }
}
