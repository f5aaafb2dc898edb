using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace EvidenceVault.VerifyPage.Tests;

/// <summary>The page in a real Chromium, from disk, with the network off.</summary>
public sealed class PageTests(PageFixture bundles) : IClassFixture<PageFixture>
{
    [Fact]
    public void The_page_in_the_program_is_the_page_that_was_built()
    {
        using Stream built = Assembly.Load("EvidenceVault.Pipeline").GetManifestResourceStream("verify.html")!;
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(Repository.Page)), SHA256.HashData(built));
    }

    [Fact]
    public void The_page_allows_no_connection_and_only_its_own_script_and_style()
    {
        string page = File.ReadAllText(Repository.Page);
        string policy = Regex.Match(page, "http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\"").Groups[1].Value;
        Assert.StartsWith("default-src 'none'; script-src 'sha256-", policy);
        Assert.DoesNotContain("unsafe-inline", policy);
        Assert.DoesNotContain("'unsafe-eval'", policy);
        foreach (string allows in new[] { "connect-src", "img-src", "http:", "https:", "data:", "*" }) Assert.DoesNotContain(allows, policy);
        string hash = Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Regex.Match(page, "<script>(.*)</script>", RegexOptions.Singleline).Groups[1].Value)));
        Assert.Contains($"'sha256-{hash}'", policy);
        Assert.DoesNotContain("innerHTML", page);
        Assert.DoesNotMatch(@"\beval\(|new Function\(", page);
    }

    [Fact]
    public async Task A_folder_that_is_dropped_holds()
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.DropAsync("#drop", bundles.Holds);
        PageReport report = await browser.ReportAsync();
        Assert.Empty(report.Failing);
        Assert.True(report.Holds);
        Assert.Equal("This bundle holds", await browser.Page.Locator("#answer").TextContentAsync());
        Assert.True(await browser.Page.EvaluateAsync<bool>("() => document.activeElement.id === 'answer'"), "the answer has the focus");
        Assert.StartsWith("Holds", await browser.Page.TitleAsync());
        Assert.Contains("no outside witness", await browser.Page.Locator("#result").TextContentAsync());
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task The_files_of_a_bag_dropped_side_by_side_hold_as_well()
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.DropAsync("#drop", [.. Directory.EnumerateFileSystemEntries(bundles.Holds)]);
        Assert.True((await browser.ReportAsync()).Holds);
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task A_folder_a_zip_of_the_vault_and_a_zip_of_another_program_hold()
    {
        await using Browser browser = await Browser.OpenAsync();
        Assert.True((await browser.CheckFolderAsync(bundles.Holds)).Holds);
        await browser.AgainAsync();
        PageReport ours = await browser.CheckFileAsync(Path.Combine(bundles.Folder, "holds.zip"));
        Assert.True(ours.Holds);
        Assert.Equal("holds", ours.Findings.Single(f => f.Claim == "container-form").Verdict);
        await browser.AgainAsync();
        await browser.DropAsync("#drop", Path.Combine(bundles.Folder, "packed.zip"));
        PageReport packed = await browser.ReportAsync();
        Assert.True(packed.Holds);
        Assert.Equal("note", packed.Findings.Single(f => f.Claim == "container-form").Verdict);
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task A_changed_byte_and_a_hostile_name_are_told_as_plain_text()
    {
        await using Browser browser = await Browser.OpenAsync();
        PageReport report = await browser.CheckFolderAsync(bundles.Fails);
        Assert.False(report.Holds);
        Assert.Contains(report.Failing, f => f is { Claim: "bag-payload", Subject: "data/exhibits/AB-1/AB-1.mp4" });
        Assert.Contains(report.Failing, f => f is { Claim: "seal-binds", Subject: "AB/1" });
        Assert.Contains(report.Failing, f => f.Claim == "bag-complete" && f.Subject.StartsWith("data/<img", StringComparison.Ordinal));
        string shown = (await browser.Page.Locator(".faults").TextContentAsync())!;
        Assert.Contains("data/<img src=x onerror=alert(1)>\\u{202e}gpj.exe", shown);
        Assert.Equal(0, await browser.Page.Locator("img").CountAsync());
        Assert.Equal("This bundle does not hold", await browser.Page.Locator("#answer").TextContentAsync());
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task The_report_that_is_downloaded_is_the_report()
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.CheckFolderAsync(bundles.Holds);
        IDownload download = await browser.Page.RunAndWaitForDownloadAsync(() => browser.Page.GetByRole(AriaRole.Button, new() { Name = "Download the report" }).ClickAsync());
        using JsonDocument report = JsonDocument.Parse(await File.ReadAllTextAsync((await download.PathAsync())!));
        Assert.Equal("verification-report.json", download.SuggestedFilename);
        Assert.Equal(["holds", "answer", "findings"], report.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["claim", "verdict", "subject", "sentence", "entry"], report.RootElement.GetProperty("findings")[0].EnumerateObject().Select(p => p.Name));
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task Keys_given_from_outside_decide()
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.Page.Locator("#given summary").ClickAsync();
        await browser.Page.SetInputFilesAsync("#given-policy", Path.Combine(bundles.Holds, "data/keys/policy"));
        await browser.Page.SetInputFilesAsync("#given-ca", Path.Combine(bundles.Holds, "data/keys/ca.pem"));
        await browser.Page.SetInputFilesAsync("#given-tsa", Path.Combine(bundles.Holds, "data/keys/tsa.pem"));
        await browser.Page.SetInputFilesAsync("#given-remembered", Path.Combine(bundles.Holds, "data/log/checkpoint"));
        PageReport own = await browser.CheckFolderAsync(bundles.Holds);
        Assert.True(own.Holds);
        Assert.Equal(2, own.Findings.Count(f => f is { Claim: "trust-anchors", Verdict: "holds" }));
        Assert.Contains(own.Findings, f => f is { Claim: "remembered", Verdict: "holds" });

        await browser.AgainAsync();
        await browser.Page.SetInputFilesAsync("#given-ca", Path.Combine(bundles.Holds, "data/keys/tsa.pem"));
        PageReport foreign = await browser.CheckFolderAsync(bundles.Holds);
        Assert.False(foreign.Holds);
        Assert.Contains(foreign.Failing, f => f is { Claim: "seal-chain", Subject: "AB/1" });
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task A_single_file_shows_its_fingerprints_and_compares_them()
    {
        string file = Path.Combine(bundles.Holds, "data/exhibits/AB-1/AB-1.mp4");
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))), sha512 = Convert.ToHexStringLower(SHA512.HashData(File.ReadAllBytes(file)));
        await using Browser browser = await Browser.OpenAsync();
        Assert.Null((await browser.CheckFileAsync(file)).Holds);
        Assert.Equal(sha256, (await browser.Page.Locator("#sha256").TextContentAsync())!.Replace(" ", ""));
        Assert.Equal(sha512, (await browser.Page.Locator("#sha512").TextContentAsync())!.Replace(" ", ""));

        async Task<bool?> PasteAsync(string text)
        {
            await browser.Page.Locator("#pasted").FillAsync(text);
            return (await browser.ReportAsync()).Holds;
        }
        Assert.True(await PasteAsync($" {sha256.ToUpperInvariant()}\n"));
        Assert.False(await PasteAsync(sha256[..^1] + (sha256[^1] == '0' ? '1' : '0')));
        Assert.True(await PasteAsync(sha512));
        Assert.Null(await PasteAsync("abc"));
        await browser.Page.SetInputFilesAsync("#seal", Path.Combine(bundles.Holds, "data/seals/AB-1/seal.json"));
        await browser.Page.WaitForFunctionAsync("() => window.evidenceVaultReport.holds === true");
        await browser.Page.SetInputFilesAsync("#seal", Path.Combine(bundles.Holds, "data/seals/AB-1-1/seal.json"));
        await browser.Page.WaitForFunctionAsync("() => window.evidenceVaultReport.holds === false");
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task What_is_no_bundle_is_told_and_can_be_tried_again()
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.Page.SetInputFilesAsync("#folder", Path.Combine(bundles.Holds, "data/report"));
        await Assertions.Expect(browser.Page.Locator("#trouble")).ToContainTextAsync("is not a disclosure bundle");
        Assert.True((await browser.CheckFolderAsync(bundles.Holds)).Holds);
        await Assertions.Expect(browser.Page.Locator("#trouble")).ToBeHiddenAsync();
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task Everything_is_done_with_the_keyboard_alone()
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to main content", await FocusedAsync());
        await browser.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Choose a folder", await FocusedAsync());
        IFileChooser chooser = await browser.Page.RunAndWaitForFileChooserAsync(() => browser.Page.Keyboard.PressAsync("Enter"));
        await chooser.SetFilesAsync(bundles.Holds);
        Assert.True((await browser.ReportAsync()).Holds);
        await browser.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Print this report", await FocusedAsync());
        await browser.Page.Keyboard.PressAsync("Tab");
        await browser.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Check something else", await FocusedAsync());
        await browser.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("Choose a folder", await FocusedAsync());
        Assert.Empty(browser.Complaints);

        Task<string?> FocusedAsync() => browser.Page.EvaluateAsync<string?>("() => document.activeElement.textContent");
    }
}
