using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Watching;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

/// <summary>Playback as a player asks for it: parts by HTTP range, each held to the seal, under a ticket that is worth nothing to anybody else.</summary>
public class PlaybackTests(PortalBench bench)
{
    // Footage that was never looked into has no player of its own; its bytes are asked for under a ticket made as the page makes it.
    private async Task<(HttpClient Client, string Source, byte[] Content)> BigAsync(string reference)
    {
        byte[] content = await WatchedFootage.BigAsync(bench, reference);
        Assert.True(content.Length > 13 << 20, $"only {content.Length} bytes");
        HttpClient client = await bench.SignedInAsync("officer");
        return (client, Ticket("officer", reference), content);
    }

    private string Ticket(string account, string reference, TimeSpan? lifetime = null) => "/api/play/" + bench.App.Services.GetRequiredService<PlaybackTickets>().Issue(
        new(new ClaimsIdentity([new(ClaimTypes.Name, account), new("AspNet.Identity.SecurityStamp", Stamp(account))], "test")), ExhibitReference.Parse(reference), TicketFor.Bytes, "video/mp4", lifetime);

    private string Stamp(string account)
    {
        using var accounts = new SqliteConnection($"Data Source={Path.Combine(bench.Vault.Home, "portal", "accounts.db")};Pooling=False");
        accounts.Open();
        using SqliteCommand ask = accounts.CreateCommand();
        ask.CommandText = "SELECT SecurityStamp FROM AspNetUsers WHERE UserName = $name";
        ask.Parameters.AddWithValue("$name", account);
        return (string)ask.ExecuteScalar()!;
    }

    private static async Task<HttpResponseMessage> PartAsync(HttpClient client, string source, long? from, long? to)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, source) { Headers = { Range = new RangeHeaderValue(from, to) } };
        return await client.SendAsync(request, HttpCompletionOption.ResponseContentRead);
    }

    [Fact]
    public async Task Every_part_is_the_Masters_byte_for_byte_wherever_it_begins()
    {
        var (client, source, content) = await BigAsync("WB/1");
        int region = 4 << 20, last = content.Length - 1;
        (long? From, long? To, int Begin, int End)[] parts =
        [
            (0, 0, 0, 0), (0, 99, 0, 99), (region - 5, region + 5, region - 5, region + 5), (region, (2 * region) - 1, region, (2 * region) - 1), (100, (3 * region) + 7, 100, (3 * region) + 7),
            (last, null, last, last), (null, 1000, last - 999, last), (content.Length - 70_000, last + 5000, content.Length - 70_000, last), (0, null, 0, last),
        ];
        foreach (var (from, to, begin, end) in parts)
        {
            HttpResponseMessage answer = await PartAsync(client, source, from, to);
            Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
            Assert.Equal(new ContentRangeHeaderValue(begin, end, content.Length), answer.Content.Headers.ContentRange);
            Assert.Equal(content[begin..(end + 1)], await answer.Content.ReadAsByteArrayAsync());
        }
        HttpResponseMessage whole = await client.GetAsync(source);
        Assert.Equal((HttpStatusCode.OK, "video/mp4", "bytes"), (whole.StatusCode, whole.Content.Headers.ContentType!.MediaType!, whole.Headers.AcceptRanges.Single()));
        Assert.Equal(content, await whole.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task HEAD_tells_the_length_and_what_cannot_be_satisfied_is_416()
    {
        using HttpClient client = await bench.SignedInAsync("officer");
        string source = await WatchedFootage.SourceAsync(client, "AB/1");
        HttpResponseMessage head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, source));
        Assert.Equal((HttpStatusCode.OK, (long?)bench.Master.Length, "bytes"), (head.StatusCode, head.Content.Headers.ContentLength, head.Headers.AcceptRanges.Single()));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());

        HttpResponseMessage beyond = await PartAsync(client, source, bench.Master.Length, null);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        Assert.Equal(new ContentRangeHeaderValue(bench.Master.Length), beyond.Content.Headers.ContentRange);

        // RFC 9110 section 13.1.5: another version is wanted than there is, so all of this one is given.
        using var other = new HttpRequestMessage(HttpMethod.Get, source) { Headers = { Range = new RangeHeaderValue(0, 9), IfRange = new RangeConditionHeaderValue("\"another\"") } };
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(other)).StatusCode);
        using var same = new HttpRequestMessage(HttpMethod.Get, source) { Headers = { Range = new RangeHeaderValue(0, 9), IfRange = new RangeConditionHeaderValue(head.Headers.ETag!) } };
        Assert.Equal(bench.Master[..10], await (await client.SendAsync(same)).Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Opening_the_page_is_an_entry_before_a_byte_can_be_asked_for()
    {
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string source = await WatchedFootage.SourceAsync(reviewer, "AB/1");
        EntryShown entry = bench.Entries().Last(e => e.Action == "viewed" && e.Exhibit == "AB/1");
        Assert.Equal(("done", "reviewer", "playback", "AB/1"), (entry.Outcome, entry.Actor, (string?)entry.Detail!["what"], (string?)entry.Detail!["shown"]));
        ulong size = bench.Vault.Log.Size();
        Assert.Equal(bench.Master[..500], await (await PartAsync(reviewer, source, 0, 499)).Content.ReadAsByteArrayAsync());
        // The parts belong to that entry.
        Assert.Equal(size, bench.Vault.Log.Size());
    }

    [Fact]
    public async Task A_ticket_is_worth_nothing_to_anybody_else_nor_too_late_nor_after_signing_out_and_each_try_is_in_the_log()
    {
        using HttpClient officer = await bench.SignedInAsync("officer"), reviewer = await bench.SignedInAsync("reviewer"), stranger = await bench.SignedInAsync("stranger-officer"), nobody = bench.Client();
        string source = await WatchedFootage.SourceAsync(officer, "AB/1");
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync(source)).StatusCode);
        await RefusedAsync(reviewer, source, "reviewer", "not-yours");
        await RefusedAsync(stranger, source, "stranger-officer", "not-yours");
        await RefusedAsync(officer, source[..^4] + "AAAA", "officer", "no-ticket");
        await RefusedAsync(officer, Ticket("officer", "AB/1", TimeSpan.FromMilliseconds(-1)), "officer", "too-old");
        await RefusedAsync(officer, source + "/frames?at=0", "officer", "not-this-one");
        Assert.Equal(HttpStatusCode.OK, (await officer.GetAsync(source)).StatusCode);

        await PortalBench.PostSignOutAsync(officer);
        Assert.Equal(HttpStatusCode.Unauthorized, (await officer.GetAsync(source)).StatusCode);
        using HttpClient again = await bench.SignedInAsync("officer");
        await RefusedAsync(again, source, "officer", "not-yours");

        async Task RefusedAsync(HttpClient client, string address, string actor, string why)
        {
            HttpResponseMessage answer = await client.GetAsync(address);
            Assert.Equal((HttpStatusCode.Forbidden, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType!));
            EntryShown entry = bench.Entries()[^1];
            Assert.Equal(("viewed", "refused", actor, why), (entry.Action, entry.Outcome, entry.Actor, (string?)entry.Detail!["why"]));
        }
    }

    [Fact]
    public async Task A_ticket_of_a_case_that_one_has_no_part_in_any_more_opens_nothing()
    {
        using HttpClient stranger = await bench.SignedInAsync("stranger-officer");
        HttpResponseMessage answer = await stranger.GetAsync(Ticket("stranger-officer", "AB/1"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal(("viewed", "refused", "AB/1"), (bench.Entries()[^1].Action, bench.Entries()[^1].Outcome, bench.Entries()[^1].Exhibit));
    }

    [Fact]
    public async Task A_region_that_was_damaged_in_the_store_stops_the_stream_and_is_in_the_log_and_what_is_whole_still_plays()
    {
        var (client, source, content) = await BigAsync("WB/2");
        await WatchedFootage.ExchangeAsync(bench, "WB/2", stored =>
        {
            stored[5 << 20] ^= 1;
            return stored;
        });
        Assert.Equal(content[..4096], await (await PartAsync(client, source, 0, 4095)).Content.ReadAsByteArrayAsync());
        Assert.Equal(content[^100..], await (await PartAsync(client, source, null, 100)).Content.ReadAsByteArrayAsync());

        HttpResponseMessage told = await PartAsync(client, source, 5 << 20, (5 << 20) + 9);
        Assert.Equal((HttpStatusCode.InternalServerError, "application/problem+json"), (told.StatusCode, told.Content.Headers.ContentType!.MediaType!));
        EntryShown entry = bench.Entries().Last(e => e.Exhibit == "WB/2");
        Assert.Equal(("viewed", "failed", "officer"), (entry.Action, entry.Outcome, entry.Actor));

        // From the beginning: the first region, and then the connection is cut, short of the length that was told.
        Exception? cut = await Record.ExceptionAsync(() => client.GetByteArrayAsync(source));
        Assert.IsType<HttpRequestException>(cut);
    }

    [Fact]
    public async Task Other_bytes_that_were_encrypted_with_the_vaults_own_keys_are_not_given_out()
    {
        var (client, source, content) = await BigAsync("WB/3");
        byte[] forged = [.. content];
        forged[9 << 20] ^= 1;
        await WatchedFootage.ForgeAsync(bench, "WB/3", forged);
        Assert.Equal(content[..100], await (await PartAsync(client, source, 0, 99)).Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.InternalServerError, (await PartAsync(client, source, 9 << 20, (9 << 20) + 99)).StatusCode);
        Assert.Equal("failed", bench.Entries().Last(e => e.Exhibit == "WB/3").Outcome);
    }

    [Fact]
    public async Task What_was_stored_before_digests_of_blocks_were_kept_is_held_to_its_seal_beside_its_first_playback()
    {
        var (client, source, content) = await BigAsync("WB/4");
        Forget("WB/4");
        Assert.Equal(content[..100], await (await PartAsync(client, source, 0, 99)).Content.ReadAsByteArrayAsync());
        ExhibitRow row = bench.Vault.Exhibits.Find(ExhibitReference.Parse("WB/4"))!;
        await UntilAsync(() => Task.FromResult(bench.Vault.Recordings.Blocks(row.Sha256!, content.Length) is not null));

        // The same for one that was exchanged whole, which no region tells: it is found by then, and no more of it is given out.
        byte[] other = (await BigAsync("WB/5")).Content, forged = [.. other];
        forged[9 << 20] ^= 1;
        Forget("WB/5");
        await WatchedFootage.ForgeAsync(bench, "WB/5", forged);
        string second = Ticket("officer", "WB/5");
        await PartAsync(client, second, 0, 99);
        await UntilAsync(async () => (await PartAsync(client, second, 0, 99)).StatusCode == HttpStatusCode.InternalServerError);
        Assert.Contains("with SHA-256", bench.Entries(200).First(e => e.Exhibit == "WB/5" && e.Outcome == "failed").Personal["problem"]!.GetValue<string>());
    }

    [Fact]
    public async Task Where_the_custody_log_cannot_be_written_there_is_no_player_and_no_byte()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        await using var other = new SqliteConnection($"Data Source={bench.Vault.Database.Path};Pooling=False");
        await other.OpenAsync();
        await ExecuteAsync(other, "BEGIN EXCLUSIVE");
        HttpResponseMessage answer = await officer.GetAsync("/watch/AB/1");
        await ExecuteAsync(other, "ROLLBACK");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.DoesNotContain("/api/play/", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_part_from_the_middle_of_large_footage_is_there_within_a_second()
    {
        var (client, source, content) = await BigAsync("WB/6");
        var clock = Stopwatch.StartNew();
        await PartAsync(client, source, content.Length / 2, (content.Length / 2) + 1000);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
    }

    // As a vault was before there were any.
    private void Forget(string reference)
    {
        using var other = new SqliteConnection($"Data Source={bench.Vault.Database.Path};Pooling=False");
        other.Open();
        using SqliteCommand command = other.CreateCommand();
        command.CommandText = "DELETE FROM block_digest WHERE sha256 = $sha256";
        command.Parameters.AddWithValue("$sha256", bench.Vault.Exhibits.Find(ExhibitReference.Parse(reference))!.Sha256);
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var clock = Stopwatch.StartNew(); !await holds(); await Task.Delay(100, TestContext.Current.CancellationToken))
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "It did not come about within a minute.");
    }
}
