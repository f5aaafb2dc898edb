using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Proof;
using Microsoft.AspNetCore.Builder;
using UglyToad.PdfPig;

namespace EvidenceVault.Portal.Tests;

/// <summary>What reviewers do, asked for as a browser without scripts does: looking up, continuity, disclosure, receipts.</summary>
public class ReviewTests(PortalBench bench)
{
    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static async Task<string> LookUpAsync(HttpClient client, string hash = "", string exhibit = "") => WebUtility.HtmlDecode(await (await PortalBench.PostAsync(client, "/verify", ("hash", hash), ("exhibit", exhibit))).Content.ReadAsStringAsync());

    private EntryShown Newest(string action) => bench.Entries(200).Last(e => e.Action == action);

    [Theory]
    [InlineData("{0}")]
    [InlineData("SHA-256: {0}")]
    [InlineData("{0}  AB-1.mp4")]
    public async Task A_file_with_a_sealed_hash_is_told_to_be_genuine_with_who_handled_it_what_was_checked_and_how_to_check_it_elsewhere(string typed)
    {
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string page = await LookUpAsync(reviewer, string.Format(System.Globalization.CultureInfo.InvariantCulture, typed, Sha256(bench.Master).ToUpperInvariant()));
        foreach (string told in (string[])["Genuine and unchanged", "exhibit AB/1 as it was sealed", "Hashed, encrypted and sealed", "The hash is the one in the seal of AB/1", "recorded this very seal", "signed record of", "Seal signed by", "sha256sum FILE", "openssl cms -verify", "c2sp.org/tlog-proof"])
            Assert.Contains(told, page, StringComparison.Ordinal);
        EntryShown entry = Newest("looked-up");
        Assert.Equal(("done", "reviewer", "AB/1", "OP-HERON", "same"), (entry.Outcome, entry.Actor, entry.Exhibit, entry.Case, (string?)entry.Detail!["answer"]));
    }

    [Fact]
    public async Task Either_hash_a_reference_alone_and_the_two_together_are_each_answered()
    {
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        string sha512 = Convert.ToHexStringLower(SHA512.HashData(bench.Master));
        Assert.Contains("Genuine and unchanged", await LookUpAsync(auditor, sha512), StringComparison.Ordinal);
        Assert.Contains("Genuine and unchanged", await LookUpAsync(auditor, sha512, "ab/1"), StringComparison.Ordinal);
        Assert.Contains("Exhibit AB/1 is known", await LookUpAsync(auditor, exhibit: "AB/1"), StringComparison.Ordinal);
        await bench.DeliverAsync("RV/1", 500);
        string another = await LookUpAsync(auditor, sha512, "RV/1");
        Assert.Contains("Genuine, but another exhibit", another, StringComparison.Ordinal);
        Assert.Contains("exhibit AB/1 as it was sealed", another, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_flipped_bit_is_not_the_exhibit_that_it_should_be_and_without_that_simply_not_known()
    {
        byte[] altered = [.. bench.Master];
        altered[altered.Length / 2] ^= 1;
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string page = WebUtility.HtmlDecode(await (await PortalBench.PostAsync(reviewer, "/verify", ("hash", Sha256(altered)), ("exhibit", "AB/1"), ("bytes", $"{altered.Length}"))).Content.ReadAsStringAsync());
        Assert.Contains("Not AB/1 as it was sealed", page, StringComparison.Ordinal);
        Assert.Contains("exactly as long as the exhibit: its content was changed", page, StringComparison.Ordinal);
        Assert.Equal("other", (string?)Newest("looked-up").Detail!["answer"]);
        Assert.Contains("Not known", await LookUpAsync(reviewer, Sha256(altered)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_of_another_case_is_answered_word_for_word_as_what_there_is_not_and_the_refusal_is_in_the_log()
    {
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string other = Sha256([1, 2, 3]), none = Sha256([9, 9, 9]);
        string ofOther = Main(await LookUpAsync(reviewer, other)), ofNone = Main(await LookUpAsync(reviewer, none));
        Assert.Contains("Not known", ofNone, StringComparison.Ordinal);
        Assert.Equal(ofNone, ofOther.Replace(other, none, StringComparison.Ordinal));
        Assert.Equal(Main(await LookUpAsync(reviewer, exhibit: "XY/2")), Main(await LookUpAsync(reviewer, exhibit: "XY/1")).Replace("XY/1", "XY/2", StringComparison.Ordinal));
        EntryShown entry = Newest("looked-up");
        Assert.Equal(("refused", "XY/1", "reviewer"), (entry.Outcome, entry.Exhibit, entry.Actor));

        static string Main(string page) => System.Text.RegularExpressions.Regex.Replace(page[page.IndexOf("<main", StringComparison.Ordinal)..page.IndexOf("</main>", StringComparison.Ordinal)], "value=\"CfDJ[^\"]*\"", "");
    }

    [Theory]
    [InlineData("", "", "Enter a hash or an exhibit reference")]
    [InlineData("abc", "", "A SHA-256 has 64 characters")]
    [InlineData("", "AB", "An exhibit reference is initials")]
    public async Task What_is_neither_a_hash_nor_a_reference_is_told_beside_the_field_and_leaves_no_entry(string hash, string exhibit, string told)
    {
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        int before = bench.Entries(500).Count(e => e.Action == "looked-up");
        Assert.Contains(told, await LookUpAsync(reviewer, hash, exhibit), StringComparison.Ordinal);
        Assert.Equal(before, bench.Entries(500).Count(e => e.Action == "looked-up"));
    }

    [Fact]
    public async Task A_catalogue_that_says_something_else_than_the_seal_makes_nothing_genuine()
    {
        byte[] content = await bench.DeliverAsync("RV/2", 700);
        string forged = Sha256([.. content, 1]);
        await using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={bench.Vault.Database.Path};Pooling=False"))
        {
            await database.OpenAsync();
            await using var change = database.CreateCommand();
            change.CommandText = $"UPDATE exhibit SET sha256 = '{forged}' WHERE reference = 'RV/2'";
            await change.ExecuteNonQueryAsync();
        }
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string page = await LookUpAsync(reviewer, forged);
        Assert.Contains("The vault’s record does not hold", page, StringComparison.Ordinal);
        Assert.Contains("it was altered behind the vault’s back", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_continuity_report_is_a_page_and_a_PDF_that_say_the_same_and_each_making_is_an_entry_before_it()
    {
        await bench.DeliverAsync("RV/3", 600);
        await bench.DeliverAsync("RV/4", 600);
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string page = WebUtility.HtmlDecode(await reviewer.GetStringAsync("/continuity/RV/3?with=RV/4"));
        foreach (string told in (string[])["Continuity report", "Exhibit RV/3", "Exhibit RV/4", "Hashed, encrypted and sealed", "Continuity report made", "numbered from 1 without a gap", "sha256sum FILE"]) Assert.Contains(told, page, StringComparison.Ordinal);
        Assert.DoesNotContain("This bundle", page, StringComparison.Ordinal);
        EntryShown entry = Newest("log-read");
        Assert.Equal(("RV/4", "reviewer", "continuity"), (entry.Exhibit, entry.Actor, (string?)entry.Detail!["what"]));

        HttpResponseMessage answer = await reviewer.GetAsync("/api/continuity?exhibit=RV/3&exhibit=RV/4");
        Assert.Equal(("application/pdf", "continuity-RV-3.pdf"), (answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentDisposition!.FileName));
        using PdfDocument pdf = PdfDocument.Open(await answer.Content.ReadAsByteArrayAsync());
        string text = string.Concat(pdf.GetPages().Select(p => p.Text));
        foreach (string told in (string[])["Exhibit RV/3", "Exhibit RV/4", "Hashed, encrypted and sealed", "without a gap"]) Assert.Contains(told.Replace(" ", "", StringComparison.Ordinal), text.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Forbidden, (await reviewer.GetAsync("/continuity/RV/3?with=XY/1")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await reviewer.GetAsync("/api/continuity?exhibit=../x")).StatusCode);
    }

    [Fact]
    public async Task A_bundle_is_made_downloaded_and_accepted_by_the_verifier_and_whether_it_was_made_here_is_told()
    {
        byte[] content = await bench.DeliverAsync("RV/5", 3 << 20);
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string page = await Reviewing.MakeBundleAsync(reviewer, "RV/5", ("withhold", "reason"));
        string told = await reviewer.GetStringAsync(page);
        Assert.Contains("Ready", told, StringComparison.Ordinal);
        byte[] zip = await reviewer.GetByteArrayAsync("/api" + page + "/bundle");
        Assert.Contains(Sha256(zip), told, StringComparison.Ordinal);
        EntryShown fetched = Newest("bundle-fetched");
        Assert.Equal(("reviewer", "OP-HERON", 0L), (fetched.Actor, fetched.Case, (long)fetched.Detail!["from"]!));
        Assert.Equal(Sha256(zip), (string?)Newest("bundle-made").Detail!["zipSha256"]);

        string folder = Directory.CreateTempSubdirectory("evidencevault-review-").FullName, file = Path.Combine(folder, "bundle.zip");
        await File.WriteAllBytesAsync(file, zip);
        (int code, string said) = await Reviewing.VerifyAsync(file);
        Assert.True(code == 0, said);
        string unpacked = Path.Combine(folder, "bag");
        await System.IO.Compression.ZipFile.ExtractToDirectoryAsync(file, unpacked);
        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(unpacked, "data/exhibits/RV-5/RV-5.mov")));
        Assert.DoesNotContain(Reviewing.Why, await File.ReadAllTextAsync(Path.Combine(unpacked, "data/report/continuity.html")), StringComparison.Ordinal);

        // Compared with the vault.
        byte[] bundleJson = await File.ReadAllBytesAsync(Path.Combine(unpacked, "data/bundle.json"));
        var bundle = JsonNode.Parse(bundleJson)!;
        string checkpoint = await File.ReadAllTextAsync(Path.Combine(unpacked, "data/log/checkpoint"));
        JsonNode compared = await CompareAsync(reviewer, Sha256(bundleJson), checkpoint);
        Assert.True((bool)compared["isKnown"]! && (bool)compared["isSame"]! && (bool)compared["isContinued"]!, compared.ToJsonString());
        Assert.False((bool)(await CompareAsync(reviewer, Sha256([1]), checkpoint))["isSame"]!);
        string[] lines = checkpoint.Split('\n');
        lines[2] = Convert.ToBase64String(SHA256.HashData([7]));
        Assert.False((bool)(await CompareAsync(reviewer, Sha256(bundleJson), string.Join('\n', lines)))["isContinued"]!);
        using HttpClient stranger = await bench.SignedInAsync("stranger-reviewer");
        Assert.False((bool)(await CompareAsync(stranger, Sha256(bundleJson), checkpoint))["isKnown"]!);
        Assert.Equal("refused", Newest("looked-up").Outcome);
        Directory.Delete(folder, recursive: true);

        async Task<JsonNode> CompareAsync(HttpClient client, string sha256, string note) => (await client.GetFromJsonAsync<JsonNode>(
            $"/api/verify/bundle?id={bundle["id"]}&exportEntry={bundle["exportEntry"]}&bundleSha256={sha256}&checkpoint={Uri.EscapeDataString(note)}"))!;
    }

    [Fact]
    public async Task A_download_that_broke_off_goes_on_from_there_with_an_entry_that_says_so()
    {
        await bench.DeliverAsync("RV/6", 1 << 20);
        using HttpClient officer = await bench.SignedInAsync("officer");
        string address = "/api" + await Reviewing.MakeBundleAsync(officer, "RV/6") + "/bundle";
        HttpResponseMessage whole = await officer.GetAsync(address);
        byte[] zip = await whole.Content.ReadAsByteArrayAsync();
        using HttpRequestMessage rest = new(HttpMethod.Get, address) { Headers = { Range = new RangeHeaderValue(700_000, null), IfRange = new RangeConditionHeaderValue(whole.Headers.ETag!) } };
        HttpResponseMessage answer = await officer.SendAsync(rest);
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal(zip[700_000..], await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(700_000L, (long)Newest("bundle-fetched").Detail!["from"]!);
    }

    [Fact]
    public async Task Of_an_exhibit_that_was_damaged_in_the_store_no_bundle_is_made_and_nothing_can_be_fetched()
    {
        await bench.DeliverAsync("RV/7", 2 << 20);
        await bench.HarmAsync("RV/7");
        using HttpClient officer = await bench.SignedInAsync("officer");
        string page = await Reviewing.MakeBundleAsync(officer, "RV/7");
        Assert.Contains("The bundle was not made", await officer.GetStringAsync(page), StringComparison.Ordinal);
        EntryShown entry = Newest("bundle-made");
        Assert.Equal(("failed", "officer"), (entry.Outcome, entry.Actor));
        HttpResponseMessage answer = await officer.GetAsync("/api" + page + "/bundle");
        Assert.Equal(("application/problem+json", HttpStatusCode.Forbidden), (answer.Content.Headers.ContentType!.MediaType, answer.StatusCode));
        Assert.Equal(("refused", "not-ready"), (Newest("bundle-fetched").Outcome, (string?)Newest("bundle-fetched").Detail!["why"]));
        Assert.Contains("event: end", await officer.GetStringAsync("/api" + page + "/progress"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_reason_or_the_password_or_of_another_case_no_bundle_is_asked_for()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        int before = bench.Entries(1000).Count(e => e.Action == "exported");
        Assert.Contains("The password is not right", await (await Reviewing.AskBundleAsync(officer, "AB/1", "wrong wrong wrong")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("Enter why the bundle is made", await (await Reviewing.AskBundleAsync(officer, "AB/1", why: "  ")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(before, bench.Entries(1000).Count(e => e.Action == "exported"));
        foreach (string other in (string[])["XY/1", "XY/7"]) // of another case, and not there at all
            Assert.Contains($"There is no exhibit {other} in this case.", await (await Reviewing.AskBundleAsync(officer, other)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("refused", Newest("exported").Outcome);
        Assert.Contains("no exhibit reference", await (await PortalBench.PostAsync(officer, "/cases/OP-HERON/disclose", ("typed", "AB/1 <b>x</b>"), ("go", "review"))).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_chosen_on_one_page_is_kept_on_the_next()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        string page = await (await PortalBench.PostAsync(officer, "/cases/OP-HERON/disclose", ("chosen", "ZZ/1 ZZ/2"), ("exhibit", "AB/1"), ("go", "1"))).Content.ReadAsStringAsync();
        Assert.Contains("Chosen so far: 3", page, StringComparison.Ordinal);
        Assert.Contains("ZZ/1 ZZ/2", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bundle_that_was_under_way_when_the_portal_stopped_says_so_and_one_that_was_kept_is_gone()
    {
        await bench.DeliverAsync("RV/8", 1000);
        string ready;
        await using (WebApplication app = await bench.StartAsync(triesAMinute: 1000))
        {
            using HttpClient there = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new(app.Urls.First()) };
            await PortalBench.PostAsync(there, "/sign-in", ("account", "officer"), ("password", PortalBench.Password));
            ready = await Reviewing.MakeBundleAsync(there, "RV/8");
            Assert.Contains("Ready", await there.GetStringAsync(ready), StringComparison.Ordinal);
        }
        using HttpClient officer = await bench.SignedInAsync("officer");
        Assert.Contains("Not kept any more", await officer.GetStringAsync(ready), StringComparison.Ordinal);
        // What a kill leaves: noted as being made, and its folder swept.
        string id = ready.Split('/')[^1];
        await using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={bench.Vault.Database.Path};Pooling=False"))
        {
            await database.OpenAsync();
            await using var change = database.CreateCommand();
            change.CommandText = $"UPDATE disclosure SET state = 'making' WHERE id = '{id}'";
            await change.ExecuteNonQueryAsync();
        }
        Assert.Contains("Cut off", await officer.GetStringAsync(ready), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await officer.GetAsync("/api" + ready + "/bundle")).StatusCode);
    }

    [Fact]
    public async Task A_receipt_says_on_whom_a_bundle_was_served_and_that_they_acknowledged_it_with_entries_that_hide_who_that_is()
    {
        await bench.DeliverAsync("RV/9", 1000);
        using HttpClient reviewer = await bench.SignedInAsync("reviewer");
        string page = await Reviewing.MakeBundleAsync(reviewer, "RV/9");
        HttpResponseMessage wrong = await PortalBench.PostAsync(reviewer, page, ("on", ""), ("day", "31"), ("month", "2"), ("year", "2026"));
        string told = await wrong.Content.ReadAsStringAsync();
        Assert.Contains("Enter on whom it was served", told, StringComparison.Ordinal);
        Assert.Contains("Enter a real day", told, StringComparison.Ordinal);
        HttpResponseMessage served = await PortalBench.PostAsync(reviewer, page, ("on", "Solicitor <b>for</b> the first defendant"), ("how", "By hand"), ("day", "1"), ("month", "3"), ("year", "2026"));
        string receipt = served.Headers.Location!.ToString();
        Assert.EndsWith("/receipts/1", receipt, StringComparison.Ordinal);
        EntryShown entry = Newest("bundle-served");
        Assert.Equal(("reviewer", "OP-HERON", "2026-03-01", "Solicitor <b>for</b> the first defendant"), (entry.Actor, entry.Case, (string?)entry.Detail!["day"], (string?)entry.Personal["servedOn"]));
        Assert.DoesNotContain("Solicitor", System.Text.Encoding.UTF8.GetString(bench.Vault.Log.Entry(entry.Index).Bytes), StringComparison.Ordinal);

        string paper = await reviewer.GetStringAsync(receipt);
        Assert.Contains("Solicitor &lt;b&gt;for&lt;/b&gt; the first defendant", paper, StringComparison.Ordinal);
        Assert.Contains("Not acknowledged yet", paper, StringComparison.Ordinal);
        Assert.Equal("disclosure-receipt", (string?)Newest("log-read").Detail!["what"]);
        Assert.Equal(HttpStatusCode.Redirect, (await PortalBench.PostAsync(reviewer, receipt, ("by", "Clerk of the solicitor"), ("day", "2"), ("month", "3"), ("year", "2026"))).StatusCode);
        Assert.Contains("Clerk of the solicitor", await reviewer.GetStringAsync(receipt), StringComparison.Ordinal);
        Assert.Equal(((long)entry.Index, "Clerk of the solicitor"), ((long)Newest("bundle-acknowledged").Detail!["served"]!, (string?)Newest("bundle-acknowledged").Personal["acknowledgedBy"]));
        // Once is enough: the second is refused and leaves no entry.
        int acknowledged = bench.Entries(1000).Count(e => e.Action == "bundle-acknowledged");
        var again = Reviewing.Hidden(await reviewer.GetStringAsync(page)).Concat([new("by", "Somebody else"), new("day", "2"), new("month", "3"), new("year", "2026")]);
        Assert.Equal(HttpStatusCode.Forbidden, (await reviewer.PostAsync(receipt, new FormUrlEncodedContent(again))).StatusCode);
        Assert.Equal(acknowledged, bench.Entries(1000).Count(e => e.Action == "bundle-acknowledged"));
        Assert.Contains("2 March 2026", await reviewer.GetStringAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disclosures_of_another_case_are_not_there_for_anybody_else_by_whatever_address()
    {
        await bench.DeliverAsync("RV/10", 1000);
        using HttpClient officer = await bench.SignedInAsync("officer");
        string page = await Reviewing.MakeBundleAsync(officer, "RV/10");
        using HttpClient stranger = await bench.SignedInAsync("stranger-officer");
        string theirs = page.Replace(PortalBench.Case, PortalBench.OtherCase, StringComparison.Ordinal);
        foreach (string address in (string[])[page, "/api" + page + "/bundle", "/api" + page + "/progress", "/api" + theirs + "/bundle"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await stranger.GetAsync(address)).StatusCode);
            Assert.Equal(Outcome.Refused, bench.Newest().Outcome);
        }
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(theirs)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await officer.GetAsync("/cases/OP-HERON/disclosures/..%2f..%2fetc")).StatusCode);
        using HttpClient auditor = await bench.SignedInAsync("auditor");
        Assert.Equal(HttpStatusCode.OK, (await auditor.GetAsync(page)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await auditor.GetAsync("/api" + page + "/bundle")).StatusCode);
    }
}
