using CsCheck;
using Dapper;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.Records;

public class EntryIndexTests
{
    private static readonly string[] People = ["officer", "auditor", "reviewer"], Cases = ["OP-HERON", "OP-EGRET", "OP-BITTERN"], Actions = [Acts.Viewed, Acts.Retrieved, Acts.SignedIn];

    private static readonly DateTimeOffset Start = new(2026, 3, 27, 22, 0, 0, TimeSpan.Zero);

    private sealed record Seen(ulong Index, CustodyEntry Entry, string? Actor);

    // Many entries of all kinds over some weeks.
    private static async Task FillAsync(Vault vault, FakeTimeProvider clock, int entries, int seed)
    {
        var random = new Random(seed);
        T one<T>(T[] of) => of[random.Next(of.Length)];
        for (int i = 0; i < entries; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(random.Next(0, 240)));
            await vault.Sequencer.RecordAsync(new CustodyAct(one(Actions), one(People))
            {
                Outcome = random.Next(4) == 0 ? Outcome.Refused : Outcome.Done,
                Case = random.Next(3) == 0 ? null : one(Cases),
                Exhibit = random.Next(2) == 0 ? null : ExhibitReference.Parse($"AB/{random.Next(1, 4)}"),
            });
        }
    }

    private static EntryIndex Index(Vault vault)
    {
        EntryIndex.CatchUpAsync(vault.Sequencer, null).GetAwaiter().GetResult();
        return vault.Index;
    }

    private static List<Seen> Scan(Vault vault) =>
    [
        .. vault.Log.Entries(null).Select(e => new Seen(
            e.Index, CustodyEntry.TryParse(e.Bytes, out CustodyEntry? entry, out string problem) ? entry : throw new FormatException(problem), EvidenceVault.Pipeline.UseCases.EntryShown.Of(e).Actor)),
    ];

    private static bool Takes(Seen seen, EntryFilter filter, EntrySight sight) =>
        (seen.Entry.Case is null ? sight.OfNoCase : sight.Cases?.Contains(seen.Entry.Case) ?? true)
        && (filter.Actor ?? seen.Actor) == seen.Actor && (filter.Exhibit is null || filter.Exhibit == seen.Entry.Exhibit) && (filter.Case is null || filter.Case == seen.Entry.Case)
        && (filter.Action ?? seen.Entry.Action) == seen.Entry.Action && (filter.Outcome is null || filter.Outcome == seen.Entry.Outcome.ToString().ToLowerInvariant())
        && (filter.From is null || seen.Entry.Time >= filter.From) && (filter.To is null || seen.Entry.Time < filter.To)
        && (filter.Outside is null || seen.Entry.Time.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday || seen.Entry.Time.Hour < filter.Outside.From || seen.Entry.Time.Hour >= filter.Outside.To);

    private static List<ulong> AllPages(EntryIndex index, EntryFilter filter, EntrySight sight, int most, bool newestFirst)
    {
        var all = new List<ulong>();
        ulong? at = newestFirst ? null : 0;
        // From the first entry on: after the place before it cannot be said, so it is asked for by itself.
        if (!newestFirst && index.Find(filter, sight, 1, null, 1).Indices is [0]) all.Add(0);
        for (int pages = 0; pages < 1000; pages++)
        {
            FoundEntries page = index.Find(filter, sight, newestFirst ? at : null, newestFirst ? null : at, most);
            all.AddRange(newestFirst ? page.Indices : page.Indices.Reverse());
            at = newestFirst ? page.Older : page.Newer;
            if (at is null) return all;
        }
        throw new InvalidOperationException("The pages do not end.");
    }

    [Fact]
    public async Task What_the_index_finds_is_what_a_scan_of_the_log_finds_whatever_is_asked_in_pages_of_any_size_both_ways()
    {
        var clock = new FakeTimeProvider(Start);
        await using TempVault temp = await TempVault.NewAsync(clock);
        await FillAsync(temp.Vault, clock, 400, seed: 7);
        List<Seen> log = Scan(temp.Vault);
        static Gen<string?> Some(params string[] of) => Gen.Int[-1, of.Length - 1].Select(i => i < 0 ? null : of[i]);
        Gen<DateTimeOffset?> moment = Gen.Select(Gen.Bool, Gen.Int[0, 40 * 24 * 60], (none, minutes) => none ? (DateTimeOffset?)null : Start.AddMinutes(minutes));
        Gen<EntryFilter> filters = Gen.Select(
            Gen.Select(Some([.. People, "nobody"]), Some("AB/1", "AB/2", "AB/9"), Some(Cases)), Gen.Select(Some(Actions), Some("done", "refused", "failed")), moment, moment, Gen.Bool,
            (who, what, from, to, odd) => new EntryFilter { Actor = who.Item1, Exhibit = who.Item2, Case = who.Item3, Action = what.Item1, Outcome = what.Item2, From = from, To = to, Outside = odd ? new(7, 19, TimeZoneInfo.Utc) : null });
        Gen<EntrySight> sights = Gen.Select(Gen.Int[0, 4], Gen.Bool, (cases, none) => new EntrySight(cases == 4 ? null : Cases[..cases], none));
        Gen.Select(filters, sights, Gen.Int[1, 60], Gen.Bool).Sample((filter, sight, most, newestFirst) =>
        {
            var wanted = log.Where(s => Takes(s, filter, sight)).Select(s => s.Index);
            Assert.Equal(newestFirst ? wanted.Reverse() : wanted, AllPages(Index(temp.Vault), filter, sight, most, newestFirst));
        }, iter: 400);
        Assert.True(Index(temp.Vault).Check(10, CancellationToken.None).Holds);
    }

    [Fact]
    public async Task Paging_neither_skips_nor_repeats_while_entries_are_appended()
    {
        var clock = new FakeTimeProvider(Start);
        await using TempVault temp = await TempVault.NewAsync(clock);
        await FillAsync(temp.Vault, clock, 120, seed: 3);
        var filter = new EntryFilter { Actor = "officer" };
        var sight = new EntrySight(null, true);
        List<ulong> wanted = [.. Scan(temp.Vault).Where(s => s.Actor == "officer").Select(s => s.Index).Reverse()], got = [];
        FoundEntries page = Index(temp.Vault).Find(filter, sight, null, null, 7);
        got.AddRange(page.Indices);
        while (page.Older is { } older)
        {
            await FillAsync(temp.Vault, clock, 5, seed: got.Count);
            page = Index(temp.Vault).Find(filter, sight, older, null, 7);
            got.AddRange(page.Indices);
        }
        Assert.Equal(wanted, got);
    }

    [Fact]
    public async Task A_log_that_was_written_before_there_was_an_index_gets_it_when_the_vault_is_opened_and_carries_on_where_it_was_cut_off()
    {
        var clock = new FakeTimeProvider(Start);
        await using TempVault temp = await TempVault.NewAsync(clock);
        await FillAsync(temp.Vault, clock, 60, seed: 5);
        await temp.Vault.DisposeAsync();
        // As an older version leaves it, and as a crash in the middle of indexing does.
        foreach (string lost in (string[])["DELETE FROM entry_index; DELETE FROM entry_hour", "DELETE FROM entry_index WHERE idx > 30"])
        {
            using (var connection = new SqliteConnection($"Data Source={temp.DatabaseFile};Pooling=False")) connection.Execute(lost);
            await using Vault again = await Vault.OpenAsync(temp.Home, clock);
            Assert.True(Index(again).Check(10, CancellationToken.None).Holds);
            Assert.Equal(Scan(again).Where(s => s.Actor == "auditor").Select(s => s.Index).Reverse(), Index(again).Find(new() { Actor = "auditor" }, new(null, true), null, null, 1000).Indices);
        }
        await temp.ReopenAsync();
    }

    [Theory]
    [InlineData("UPDATE entry_index SET actor = 'somebody' WHERE idx = 20")]
    [InlineData("DELETE FROM entry_index WHERE idx = 20")]
    [InlineData("UPDATE entry_index SET at = NULL WHERE idx = 20")]
    [InlineData("DELETE FROM entry_hour WHERE hour = (SELECT at / 3600000 FROM entry_index WHERE idx = 20)")]
    public async Task A_forged_index_that_hides_an_entry_is_told_and_the_log_itself_still_holds(string forgery)
    {
        var clock = new FakeTimeProvider(Start);
        await using TempVault temp = await TempVault.NewAsync(clock);
        await FillAsync(temp.Vault, clock, 40, seed: 11);
        Assert.True(Index(temp.Vault).Check(10, CancellationToken.None).Holds);
        using (var connection = new SqliteConnection($"Data Source={temp.DatabaseFile};Pooling=False")) connection.Execute(forgery);
        IndexCheck check = Index(temp.Vault).Check(10, CancellationToken.None);
        Assert.False(check.Holds);
        if (!forgery.Contains("entry_hour", StringComparison.Ordinal)) Assert.Equal([20UL], check.Entries);
        temp.MustHold();
    }

    [Fact]
    public async Task A_time_that_ran_backwards_hides_nothing()
    {
        await using TempVault temp = await TempVault.NewAsync(new FakeTimeProvider(Start));
        await temp.Vault.DisposeAsync();
        // The clock is set back by two days for one run, and is right again in the next.
        foreach (int hours in (int[])[1, -48, 2])
        {
            await using Vault vault = await Vault.OpenAsync(temp.Home, new FakeTimeProvider(Start.AddHours(hours)));
            await vault.Sequencer.RecordAsync(new CustodyAct(Acts.Retrieved, "officer"));
        }
        await temp.ReopenAsync();
        FoundEntries found = Index(temp.Vault).Find(new() { Actor = "officer", From = Start.AddHours(-72), To = Start }, new(null, true), null, null, 10);
        ulong backwards = Assert.Single(found.Indices);
        Assert.Equal(Scan(temp.Vault).Single(s => s.Actor == "officer" && s.Entry.Time < Start).Index, backwards);
        Assert.Empty(temp.Vault.Index.Access(Start.AddDays(-400), Start.AddDays(-300), new(7, 19, TimeZoneInfo.Utc), new(null, true), "program"));
        Assert.Equal(2, Index(temp.Vault).Find(new() { Actor = "officer", From = Start }, new(null, true), null, null, 10).Indices.Count);
    }
}
