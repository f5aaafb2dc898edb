using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Apis;
using EvidenceVault.Proof;

namespace EvidenceVault.Portal.Tests;

/// <summary>The log explorer as a browser without scripts sees it, against the log itself.</summary>
public class ExplorerTests(PortalBench bench)
{
    private static string Text(ulong index) => index.ToString(CultureInfo.InvariantCulture);

    // The entries that a page shows, in its order.
    private static List<ulong> Shown(string html) => [.. Regex.Matches(html, "href=\"/log/([0-9]+)\"").Select(m => ulong.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Distinct()];

    private static string? Next(string html, string rel) => Regex.Match(html, $"href=\"([^\"]+)\" rel=\"{rel}\"") is { Success: true } m ? WebUtility.HtmlDecode(m.Groups[1].Value) : null;

    // What an account may see, by a plain scan of the log.
    private List<EntryShown> Scan(string ofCase, bool auditor) => [.. bench.Vault.Log.Entries(null).Select(EntryShown.Of).Where(e => e.Case is null ? auditor : e.Case == ofCase).Reverse()];

    [Fact]
    public async Task Each_page_shows_what_a_scan_of_the_log_finds_and_the_pages_together_all_of_it_while_each_is_recorded()
    {
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        List<ulong> wanted = [.. Scan(PortalBench.Case, auditor: true).Select(e => e.Index)], got = [];
        ulong size = bench.Vault.Log.Size();
        int pages = 0;
        for (string? at = "/log"; at is not null; pages++)
        {
            string html = await auditor.GetStringAsync(at);
            got.AddRange(Shown(html));
            at = Next(html, "next");
            EntryShown reading = bench.Entries(1)[0];
            Assert.Equal((Acts.LogRead, "auditor", "page"), (reading.Action, reading.Actor, reading.Detail!["what"]!.GetValue<string>()));
        }
        Assert.True(pages >= 2, "There is only one page.");
        // The first page's own entry is the newest of them; nothing is there twice, and nothing is missing.
        Assert.Equal([size, .. wanted], got);
        Assert.Equal(size + (ulong)pages, bench.Vault.Log.Size());

        string older = Next(await auditor.GetStringAsync("/log"), "next")!, back = Next(await auditor.GetStringAsync(older), "prev")!;
        Assert.Empty(Shown(await auditor.GetStringAsync(back)).Intersect(Shown(await auditor.GetStringAsync(older))));
    }

    [Theory]
    [InlineData("exhibit=AB/1")]
    [InlineData("case=OP-HERON&action=derived")]
    [InlineData("person=evidencevault")]
    [InlineData("outcome=refused")]
    [InlineData("action=signed-in&outcome=done&person=officer")]
    [InlineData("from=2020-01-01&to=2020-01-02")]
    [InlineData("person=nobody-of-this-name")]
    public async Task A_filter_shows_what_a_scan_finds(string query)
    {
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        Dictionary<string, string> asked = query.Split('&').Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1]);
        bool takes(EntryShown e) => (!asked.TryGetValue("exhibit", out string? exhibit) || e.Exhibit == exhibit) && (!asked.TryGetValue("case", out string? of) || e.Case == of)
            && (!asked.TryGetValue("action", out string? action) || e.Action == action) && (!asked.TryGetValue("outcome", out string? outcome) || e.Outcome == outcome)
            && (!asked.TryGetValue("person", out string? person) || e.Actor == person) && !asked.ContainsKey("from");
        using JsonDocument page = JsonDocument.Parse(await auditor.GetStringAsync("/api/log?" + query));
        IEnumerable<ulong> got = page.RootElement.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("index").GetUInt64());
        // The reading itself is an entry, of the exhibit that was asked for; it is scanned like any other.
        Assert.Equal(Scan(PortalBench.Case, auditor: true).Where(takes).Take(ExploreLog.OnPage).Select(e => e.Index), got);
        Assert.Empty(page.RootElement.GetProperty("disagreeing").EnumerateArray());
        if (asked.TryGetValue("person", out string? who)) Assert.Equal(who, bench.Entries(1)[0].Personal["person"]!.GetValue<string>());
    }

    [Fact]
    public async Task Entries_of_another_case_and_for_all_but_auditors_those_of_no_case_are_shown_nowhere()
    {
        ulong theirs = bench.Vault.Log.Entries(ExhibitReference.Parse("XY/1"))[0].Index, ofNone = Scan("", auditor: true).First(e => e.Action == Acts.SignedIn).Index;
        using HttpClient officer = await bench.SignedInAsync("officer"), auditor = await bench.SignedInAsync("auditor");
        for (string? at = "/log"; at is not null;)
        {
            string html = await officer.GetStringAsync(at);
            Assert.All(Shown(html), i => Assert.Equal(PortalBench.Case, EntryShown.Of(bench.Vault.Log.Entry(i)).Case));
            at = Next(html, "next");
        }
        foreach (HttpClient client in (HttpClient[])[officer, auditor])
        {
            Assert.DoesNotContain("XY/1", await client.GetStringAsync("/api/log/export.json"));
            Assert.Empty(Shown(await client.GetStringAsync("/log?exhibit=XY/1")));
            Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/log?case=OP-EGRET")).StatusCode);
            // An entry that one may not see and one that there is not are told in the same words.
            string[] told = [.. await Task.WhenAll(((ulong[])[theirs, 99_999_999]).Select(async i => (await (await client.GetAsync($"/api/log/{Text(i)}/proof")).Content.ReadAsStringAsync()).Replace(Text(i), "N", StringComparison.Ordinal)))];
            Assert.Equal(Regex.Replace(told[0], "\"traceId\":\"[^\"]*\"", ""), Regex.Replace(told[1], "\"traceId\":\"[^\"]*\"", ""));
            Assert.Equal(Outcome.Refused, bench.Newest().Outcome);
        }
        Assert.Equal(HttpStatusCode.Forbidden, (await officer.GetAsync($"/log/{Text(ofNone)}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await auditor.GetAsync($"/log/{Text(ofNone)}")).StatusCode);
    }

    [Fact]
    public async Task A_proof_that_was_downloaded_is_accepted_by_the_verifier_and_an_altered_one_is_not()
    {
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        foreach (ulong index in (ulong[])[.. bench.Vault.Log.Entries(ExhibitReference.Parse("AB/1")).Take(3).Select(e => e.Index)])
        {
            byte[] proof = await reviewer.GetByteArrayAsync($"/api/log/{Text(index)}/proof"), entry = await reviewer.GetByteArrayAsync($"/api/log/{Text(index)}/entry");
            LogPolicy policy = LogPolicy.Requiring([.. bench.Vault.Keys.ValidLogKeys.Select(VerifierKey.Parse)]);
            Assert.True(LogProof.TryParse(proof, out LogProof? read, out string problem), problem);
            Assert.True(read.Verify(entry, policy).Holds, read.Verify(entry, policy).Answer);
            Assert.False(read.Verify([.. Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(entry).Replace("AB/1", "AB/2", StringComparison.Ordinal))], policy).Holds);
            string[] lines = Encoding.UTF8.GetString(proof).Split('\n');
            lines[2] = Convert.ToBase64String(new byte[32]);
            Assert.True(LogProof.TryParse(Encoding.UTF8.GetBytes(string.Join('\n', lines)), out LogProof? altered, out problem), problem);
            Assert.False(altered.Verify(entry, policy).Holds);

            string html = WebUtility.HtmlDecode(await reviewer.GetStringAsync($"/log/{Text(index)}"));
            Assert.Contains($"These bytes are entry {Text(index)} of the log", html, StringComparison.Ordinal);
            Assert.Contains("\"exhibit\": \"AB/1\"", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Any_two_checkpoints_are_compared_with_a_proof_that_holds_elsewhere()
    {
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        byte[] kept = bench.Vault.Log.NewestCheckpoint()!;
        Assert.True(SignedNote.TryParse(kept, out SignedNote? note, out string problem) && Checkpoint.TryParse(note.Text, out _, out problem), problem);
        Checkpoint.TryParse(note!.Text, out Checkpoint? remembered, out _);
        await auditor.GetStringAsync("/log"); // the log grows
        await auditor.GetStringAsync("/log");

        byte[] download = await auditor.GetByteArrayAsync($"/api/log/consistency?old={Text(remembered!.Size)}");
        Assert.True(WitnessRequest.TryParse(download, out WitnessRequest? proof, out problem), problem);
        // A witness that remembers the older one accepts the newer by this very file.
        VerifierKey[] keys = [.. bench.Vault.Keys.ValidLogKeys.Select(VerifierKey.Parse)];
        Assert.Equal(200, proof.Decide(keys, new(remembered.Size, remembered.Root)).Status);
        byte[] other = [.. remembered.Root];
        other[0] ^= 1;
        Assert.Equal(422, proof.Decide(keys, new(remembered.Size, other)).Status);

        HttpResponseMessage answer = await PostKeptAsync(auditor, Encoding.UTF8.GetString(kept).Replace("\n", "\r\n", StringComparison.Ordinal));
        Assert.Contains("They belong together", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("unchanged", await auditor.GetStringAsync($"/log/consistency?old=1&new={Text(remembered.Size)}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_of_another_history_of_a_longer_log_or_of_nobody_is_refused_or_raises_the_alarm()
    {
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        string origin = bench.Vault.Keys.Log.Origin;
        string signed(ulong size, byte[] root)
        {
            string text = new Checkpoint(origin, size, root).ToText();
            return Encoding.UTF8.GetString(SignedNote.Create(text).WithSignature(VerifierKey.Parse(bench.Vault.Keys.Log.VerifierKey), bench.Vault.Keys.Log.Sign(Encoding.UTF8.GetBytes(text))).ToBytes());
        }
        foreach (var (kept, words) in ((string, string)[])[(signed(3, new byte[32]), "contradict each other"), (signed(9_000_000, new byte[32]), "shorter than the checkpoint that was kept")])
        {
            string html = await (await PostKeptAsync(auditor, kept)).Content.ReadAsStringAsync();
            Assert.Contains("They do not belong together", html, StringComparison.Ordinal);
            Assert.Contains(words, html, StringComparison.Ordinal);
            EntryShown alarm = bench.Entries(1)[0];
            Assert.Equal((Acts.LogRead, "failed", "consistency"), (alarm.Action, alarm.Outcome, alarm.Detail!["what"]!.GetValue<string>()));
        }
        NoteSigner stranger = new(origin, new byte[32]);
        foreach (string kept in (string[])[Encoding.UTF8.GetString(stranger.SignNote(new Checkpoint(origin, 3, new byte[32]).ToText()).ToBytes()), "no checkpoint at all", "<script>alert(1)</script>"])
        {
            ulong size = bench.Vault.Log.Size();
            string html = await (await PostKeptAsync(auditor, kept)).Content.ReadAsStringAsync();
            Assert.Contains("There is a problem", html, StringComparison.Ordinal);
            Assert.DoesNotContain("They do not belong together", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
            Assert.Equal(size, bench.Vault.Log.Size());
        }
    }

    private static Task<HttpResponseMessage> PostKeptAsync(HttpClient client, string kept) => PortalBench.PostAsync(client, "/log/consistency", ("kept", kept));

    [Fact]
    public async Task An_export_holds_all_that_was_asked_for_and_its_formulas_are_inert()
    {
        string[] formulas = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "a,\"b\"\r\nc"];
        foreach (string formula in formulas) await bench.Vault.Sequencer.RecordAsync(new CustodyAct(Acts.Viewed, "calculating") { Case = PortalBench.Case, Reason = formula });
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        HttpResponseMessage answer = await auditor.GetAsync("/api/log/export.csv?person=calculating");
        string csv = await answer.Content.ReadAsStringAsync();
        Assert.Equal("custody-log.csv", answer.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
        foreach (string formula in formulas[..6]) Assert.Contains($",\"'{formula}\",", csv, StringComparison.Ordinal);
        Assert.Contains(",\"a,\"\"b\"\"\r\nc\",", csv, StringComparison.Ordinal);
        Assert.Equal(("export-csv", "calculating"), (bench.Entries(1)[0].Detail!["what"]!.GetValue<string>(), bench.Entries(1)[0].Personal["person"]!.GetValue<string>()));
        Assert.Equal("\"\"", LogApi.Cell(null));

        // The whole log, more than is read at once, each entry as the log holds it.
        for (int i = 0; i < 600; i += 100) await bench.Vault.Sequencer.RecordAsync([.. Enumerable.Range(i, 100).Select(n => new CustodyAct(Acts.Viewed, "many") { Case = PortalBench.Case })]);
        using JsonDocument json = JsonDocument.Parse(await auditor.GetStringAsync("/api/log/export.json"));
        List<EntryShown> wanted = Scan(PortalBench.Case, auditor: true);
        JsonElement[] got = [.. json.RootElement.EnumerateArray()];
        Assert.Equal(wanted.Select(e => e.Index), got.Select(e => e.GetProperty("index").GetUInt64()));
        JsonElement one = got[^1];
        Assert.Equal(bench.Vault.Log.Entry(one.GetProperty("index").GetUInt64()).Bytes, Encoding.UTF8.GetBytes(one.GetProperty("entry").GetRawText()));
    }

    [Fact]
    public async Task The_report_counts_what_is_unusual_and_each_number_leads_to_the_entries_behind_it()
    {
        for (int i = 1; i <= 5; i++) await bench.Vault.Sequencer.RecordAsync(new CustodyAct(Acts.Retrieved, "nightowl") { Case = PortalBench.Case, Exhibit = ExhibitReference.Parse($"ZZ/{i}") });
        for (int i = 0; i < 4; i++) await bench.Vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedIn, "nightowl") { Outcome = Outcome.Refused }, new CustodyAct(Acts.Retrieved, "nightowl") { Case = PortalBench.Case, Outcome = Outcome.Refused });
        // What they did in a case that this auditor may not see is not counted.
        await bench.Vault.Sequencer.RecordAsync(new CustodyAct(Acts.Retrieved, "nightowl") { Case = PortalBench.OtherCase });
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        // No hour is a working hour but one that it is not now.
        int away = (TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, TimeZoneInfo.Local).Hour + 12) % 24;
        string html = await auditor.GetStringAsync($"/log/unusual?many=5&hours={away}-{away + 1}");
        string row = WebUtility.HtmlDecode(Regex.Match(html, "<tr[^>]*>\\s*<th[^>]*>nightowl</th>.*?</tr>", RegexOptions.Singleline).Value);
        (string Count, string Entries)[] numbers = [.. Regex.Matches(row, "href=\"([^\"]+)\">([0-9]+)</a>").Select(m => (m.Groups[2].Value, m.Groups[1].Value))];
        Assert.Equal(["5", "13", "4", "4", "13"], numbers.Select(n => n.Count));
        Assert.Equal(4, Regex.Count(row, ">unusual<"));
        foreach (var (count, entries) in numbers.Skip(1))
        {
            // Of the refusals, those of sign-ins have a column of their own.
            int found = Shown(await auditor.GetStringAsync(entries)).Count;
            Assert.Equal(entries.Contains("outcome=refused", StringComparison.Ordinal) && !entries.Contains("signed-in", StringComparison.Ordinal) ? 8 : int.Parse(count, CultureInfo.InvariantCulture), found);
        }
        Assert.Equal("unusual-access", bench.Entries(30).Last(e => e.Detail?["what"]?.ToString() == "unusual-access").Detail!["what"]!.ToString());
    }

    [Fact]
    public async Task The_list_is_compared_with_the_log_when_an_auditor_asks()
    {
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        Assert.Contains("They agree", await (await PortalBench.PostAsync(auditor, "/log/check")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("from=yesterday")]
    [InlineData("case=<script>")]
    [InlineData("exhibit=../../etc")]
    [InlineData("action=nothing-such")]
    [InlineData("from=2026-02-02&to=2026-02-01")]
    public async Task What_cannot_be_asked_is_told_and_nothing_is_read(string query)
    {
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        ulong size = bench.Vault.Log.Size();
        Assert.Contains("There is a problem", await auditor.GetStringAsync("/log?" + query), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await auditor.GetAsync("/api/log/export.csv?" + query)).StatusCode);
        Assert.Equal(size, bench.Vault.Log.Size());
    }
}
