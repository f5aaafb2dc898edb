using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>The log explorer, the search and the requests in a real Chromium: how they look, by keyboard, without scripts, and with what hostile people write.</summary>
public class ExplorerPagesTests(PortalBench bench) : BrowserTest(bench)
{
    // What people write who want a script to run in somebody else's browser.
    private static readonly string[] Hostile =
    [
        "<script>alert(1)</script>", "</textarea><script>alert(2)</script>", "\"><img src=x onerror=alert(3)>", "' onmouseover='alert(4)' x='", "<svg/onload=alert(5)>", "javascript:alert(6)", "</title><script>alert(7)</script>",
        "{{constructor.constructor('alert(8)')()}}", "&lt;script&gt;alert(9)&lt;/script&gt;", "<iframe srcdoc='<script>alert(10)</script>'>", "\u202Egnp.exe<b>bold</b>", "<style>*{display:none}</style>", "]]><!--<script>alert(11)//-->",
        "<a href=javascript:alert(12)>click</a>", "<math><mi//xlink:href=\"data:x,<script>alert(13)</script>\">", "%3Cscript%3Ealert(14)%3C/script%3E", "\u0000<script>alert(15)</script>", "${alert(16)}",
    ];

    [Fact]
    public async Task An_auditor_finds_an_entry_sees_its_proof_downloads_it_and_compares_checkpoints()
    {
        IPage page = await OpenAsync();
        await SignInAsync(page, "auditor");
        await page.GetByRole(AriaRole.Link, new() { Name = "Custody log" }).ClickAsync();
        await LookAsync(page, "log");
        await page.GetByLabel("Exhibit", new() { Exact = true }).FillAsync("AB/1");
        await page.GetByLabel("Outcome").SelectOptionAsync("done");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show entries" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Custody log" }).WaitForAsync();
        await LookAsync(page, "log-of-exhibit");
        await page.Locator("table a[href^='/log/']").Last.ClickAsync();
        await page.GetByText("These bytes are entry").WaitForAsync();
        await LookAsync(page, "log-entry");
        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "The proof" }).ClickAsync());
        Assert.True(LogProof.TryParse(await File.ReadAllBytesAsync(await download.PathAsync()), out _, out string problem), problem);

        await page.GotoAsync("/log?person=nobody-of-this-name");
        await page.GetByText("No entry that you may see is like this").WaitForAsync();
        await LookAsync(page, "log-empty");
        await page.GotoAsync("/log?case=%3Cb%3E&from=x");
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "log-with-errors");
        await page.GotoAsync("/log/consistency?old=2");
        await page.GetByText("They belong together").WaitForAsync();
        await LookAsync(page, "log-consistency");
        string origin = Bench.Vault.Keys.Log.Origin, text = new Checkpoint(origin, 2, new byte[32]).ToText();
        await page.GetByLabel("The checkpoint, all lines of it").FillAsync(System.Text.Encoding.UTF8.GetString(
            SignedNote.Create(text).WithSignature(VerifierKey.Parse(Bench.Vault.Keys.Log.VerifierKey), Bench.Vault.Keys.Log.Sign(System.Text.Encoding.UTF8.GetBytes(text))).ToBytes()));
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare with the newest" }).ClickAsync();
        await page.GetByText("They do not belong together").WaitForAsync();
        await LookAsync(page, "log-forked");
        await page.GotoAsync("/log/unusual?many=1");
        await LookAsync(page, "log-unusual");
        await page.GotoAsync("/log/unusual?from=2020-01-01&to=2020-01-02");
        await page.GetByText("Nobody did anything in this time").WaitForAsync();
        await LookAsync(page, "log-unusual-empty");
        await page.GotoAsync("/log/check");
        await page.GetByRole(AriaRole.Button, new() { Name = "Check now" }).ClickAsync();
        await page.GetByText("They agree").WaitForAsync();
        await LookAsync(page, "log-check");
        NothingToComplainOf();
    }

    [Fact]
    public async Task Without_scripts_and_by_keyboard_alone_an_officer_searches_asks_and_answers()
    {
        IPage asker = await OpenAsync(scripts: false);
        await SignInAsync(asker, "stranger-officer");
        await asker.GetByRole(AriaRole.Link, new() { Name = "Other cases" }).ClickAsync();
        await asker.GetByLabel("Exhibit", new() { Exact = true }).FillAsync("ab/1");
        await asker.GetByLabel("Why do you need it?").FillAsync("The same lorry");
        await asker.GetByRole(AriaRole.Button, new() { Name = "Ask for it" }).ClickAsync();
        await asker.GetByText("You have asked for AB/1").WaitForAsync();

        IPage page = await OpenAsync();
        await SignInAsync(page, "officer");
        await page.GotoAsync("/search");
        await LookAsync(page, "search");
        await page.GetByLabel("Exhibit", new() { Exact = true }).FocusAsync();
        await page.Keyboard.TypeAsync("AB/1");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Link, new() { Name = "AB/1", Exact = true }).WaitForAsync();
        await LookAsync(page, "search-found");
        await page.GotoAsync("/search?reference=QQ");
        await LookAsync(page, "search-empty");
        await page.GotoAsync("/search?hash=zz");
        await LookAsync(page, "search-with-errors");

        await page.GotoAsync("/cases/OP-HERON");
        await LookAsync(page, "case-with-requests");
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("for exhibits of this case") }).ClickAsync();
        await LookAsync(page, "case-requests");
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new("^Request ") }).First.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Your answer" }).WaitForAsync();
        await LookAsync(page, "request");
        await page.GetByRole(AriaRole.Button, new() { Name = "Answer" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "request-with-errors");
        await page.Locator("#answer").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("May look").WaitForAsync();
        await LookAsync(page, "request-approved");

        await asker.GotoAsync("/exhibits/AB/1");
        await asker.GetByRole(AriaRole.Heading, new() { Name = "Exhibit AB/1", Exact = true }).WaitForAsync();
        Assert.Equal(0, await asker.GetByRole(AriaRole.Button, new() { Name = "Retrieve this exhibit" }).CountAsync());
        await asker.GotoAsync("/requests");
        await asker.GetByRole(AriaRole.Link, new() { NameRegex = new("^Request ") }).First.ClickAsync();
        await asker.GetByRole(AriaRole.Button, new() { Name = "Take the approval back" }).ClickAsync();
        await asker.GetByText("Taken back").WaitForAsync();
        await page.GotoAsync("/requests");
        await LookAsync(page, "requests");
        NothingToComplainOf();
    }

    [Fact]
    public async Task What_hostile_people_write_is_shown_as_text_on_every_page_and_no_script_of_theirs_runs()
    {
        foreach (string text in Hostile)
        {
            await Bench.Vault.Sequencer.RecordAsync(new CustodyAct(Acts.Viewed, text)
            {
                Case = PortalBench.Case,
                Exhibit = ExhibitReference.Parse("AB/1"),
                Reason = text,
                Personal = [new(text.Length > 60 ? "path" : text, text)],
                Detail = new() { ["note"] = text },
            });
        }
        ulong last = Bench.Vault.Log.Size() - 1;
        // Of an exhibit that no other test asks for: who asks twice for one is shown the first request.
        string id = await Bench.RequestAsync("stranger-officer", Bench.Vault.Exhibits.Derivatives(ExhibitReference.Parse("AB/1")).First(d => d.Role == "packet-index").Reference, string.Join('\n', Hostile).Replace("\u0000", "", StringComparison.Ordinal)); // a form with that one is refused whole

        IPage page = await OpenAsync();
        var dialogs = new List<string>();
        page.Dialog += async (_, dialog) =>
        {
            dialogs.Add(dialog.Message);
            await dialog.DismissAsync();
        };
        await SignInAsync(page, "officer");
        List<string> addresses = ["/log", "/log?exhibit=AB/1", "/exhibits/AB/1", "/cases/OP-HERON/requests", $"/requests/{id}", "/search?name=script", "/cases/OP-HERON"];
        addresses.AddRange(Enumerable.Range(0, Hostile.Length).Select(i => $"/log/{last - (ulong)i}"));
        foreach (string hostile in Hostile)
        {
            string typed = Uri.EscapeDataString(hostile.Replace("\u0000", "", StringComparison.Ordinal));
            addresses.AddRange(new[] { "person", "case", "exhibit", "action", "from", "outside" }.Select(f => $"/log?{f}={typed}"));
            addresses.AddRange(new[] { "name", "reference", "hash", "camera" }.Select(f => $"/search?{f}={typed}"));
            addresses.Add($"/requests?exhibit={typed}");
        }
        foreach (string address in addresses)
        {
            await page.GotoAsync(address);
            // Nothing in the page but what the portal itself put there.
            Assert.Equal(0, await page.Locator("main script, main iframe, main style, main svg:not(.govuk-pagination__icon), main math, main [onerror], main [onload], main [onmouseover], main a[href^='javascript:']").CountAsync());
            Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.body).display"));
        }
        await page.GotoAsync($"/log/{last}");
        Assert.Contains(Hostile[^1], await page.InnerTextAsync("main"), StringComparison.Ordinal);
        await page.GotoAsync("/log");
        Assert.Contains("<script>alert(1)</script>", await page.InnerTextAsync("main"), StringComparison.Ordinal);
        await LookAsync(page, "log-hostile");
        Assert.Empty(dialogs);
        NothingToComplainOf();
    }
}
