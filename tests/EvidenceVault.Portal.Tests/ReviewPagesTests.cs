using System.Security.Cryptography;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>What reviewers do, in a real Chromium: files and bundles dropped, a bundle made, downloaded and served, by keyboard alone and without scripts.</summary>
public class ReviewPagesTests(PortalBench bench) : BrowserTest(bench)
{
    // What is sent anywhere while a page is open.
    private static List<IRequest> Listen(IPage page)
    {
        List<IRequest> sent = [];
        page.Context.Request += (_, request) => sent.Add(request);
        return sent;
    }

    // Nothing but a form of the page, with a hash in it, has a body; of a body that the browser streams from a file the length is not told, so that any other is one too many.
    private static void AssertNoFileIn(List<IRequest> sent, int forms)
    {
        Assert.All(sent, r => Assert.True(r.Method == "GET" ? r.Url.Length < 4_000 : r.Method == "POST" && r.IsNavigationRequest && r.PostDataBuffer is { Length: > 0 and < 1_000 }, $"{r.Method} {r.Url}"));
        Assert.Equal(forms, sent.Count(r => r.Method == "POST"));
    }

    private static async Task DropAsync(IPage page, string name, byte[] content)
    {
        // As a hand drops it: the browser makes the file, and the page's own handler gets it.
        IJSHandle transfer = await page.EvaluateHandleAsync(
            "({ name, content }) => { const t = new DataTransfer(); t.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name)); return t; }", new { name, content = Convert.ToBase64String(content) });
        await page.DispatchEventAsync("#drop", "drop", new { dataTransfer = transfer });
    }

    private static ILocator Title(IPage page, string title) => page.GetByRole(AriaRole.Heading, new() { Name = title, Exact = true, Level = 1 });

    [Fact]
    public async Task A_file_that_is_dropped_is_told_genuine_altered_or_not_known_and_not_a_byte_of_it_is_sent()
    {
        IPage page = await OpenAsync();
        await SignInAsync(page, "reviewer");
        await page.GetByRole(AriaRole.Link, new() { Name = "Check a file" }).ClickAsync();
        await Title(page, "Check a file or a bundle").WaitForAsync();
        await LookAsync(page, "verify");
        List<IRequest> sent = Listen(page);

        await DropAsync(page, "AB-1.mp4", Bench.Master);
        await Title(page, "Genuine and unchanged").WaitForAsync();
        await page.GetByText(Convert.ToHexStringLower(SHA256.HashData(Bench.Master))).First.WaitForAsync();
        await LookAsync(page, "verify-genuine");

        byte[] altered = [.. Bench.Master];
        altered[altered.Length / 3] ^= 4;
        await page.GotoAsync("/verify");
        await DropAsync(page, "AB-1 (2).mp4", altered);
        await Title(page, "Not AB/1 as it was sealed").WaitForAsync();
        await page.GetByText("It is exactly as long as the exhibit").WaitForAsync();
        await LookAsync(page, "verify-altered");

        await page.GotoAsync("/verify");
        string file = Path.Combine(Directory.CreateTempSubdirectory("evidencevault-review-").FullName, "holiday.mp4");
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(40 << 20));
        await page.SetInputFilesAsync("#file", file);
        await Title(page, "Not known").WaitForAsync();
        await LookAsync(page, "verify-not-known");

        AssertNoFileIn(sent, forms: 3);
        Assert.DoesNotContain(sent, r => r.Url.Contains("holiday", StringComparison.Ordinal) || r.PostData?.Contains("holiday", StringComparison.Ordinal) == true);
        NothingToComplainOf();
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task The_worker_that_reads_files_may_connect_to_nothing()
    {
        using HttpClient nobody = Bench.Client();
        HttpResponseMessage answer = await nobody.GetAsync(Assets.Address("review-worker.js"));
        Assert.Equal("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
    }

    [Fact]
    public async Task A_bundle_is_made_downloaded_accepted_by_the_verifier_checked_in_the_browser_and_served()
    {
        await Bench.DeliverAsync("RP/1", 12 << 20);
        IPage page = await OpenAsync();
        await SignInAsync(page, "reviewer");
        await page.GotoAsync("/exhibits/RP/1");
        await page.GetByRole(AriaRole.Link, new() { Name = "Make a disclosure bundle of it" }).ClickAsync();
        await Title(page, "Choose what to disclose").WaitForAsync();
        Assert.True(await page.GetByLabel("RP/1", new() { Exact = true }).IsCheckedAsync());
        await LookAsync(page, "disclose");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Title(page, "Make the disclosure bundle").WaitForAsync();
        await LookAsync(page, "disclose-review");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the bundle" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "disclose-with-errors");
        await page.GetByLabel("Why is it made?").FillAsync(Reviewing.Why);
        await page.GetByLabel("Your password again").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the bundle" }).ClickAsync();

        // The page follows it by itself.
        ILocator link = page.GetByRole(AriaRole.Button, new() { Name = "Download the bundle" });
        await link.WaitForAsync();
        await LookAsync(page, "disclosure-ready");
        IDownload download = await page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        Assert.Null(await download.FailureAsync());
        string zip = Path.Combine(Directory.CreateTempSubdirectory("evidencevault-review-").FullName, download.SuggestedFilename);
        await download.SaveAsAsync(zip);
        Assert.Matches(@"^OP-HERON-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.zip$", download.SuggestedFilename);
        (int code, string said) = await Reviewing.VerifyAsync(zip);
        Assert.True(code == 0, said);

        await page.GetByLabel("On whom was it served?").FillAsync("Solicitor for the first defendant");
        await page.GetByRole(AriaRole.Button, new() { Name = "Note it and make the receipt" }).ClickAsync();
        await Title(page, "Receipt of disclosure").WaitForAsync();
        await LookAsync(page, "receipt");
        await page.GetByRole(AriaRole.Button, new() { Name = "Record it" }).ClickAsync();
        await page.GetByText("By themselves, signed in as reviewer").WaitForAsync();
        await LookAsync(page, "receipt-acknowledged");
        await page.GotoAsync("/cases/OP-HERON/disclosures");
        await LookAsync(page, "disclosures");

        await page.GotoAsync("/verify");
        List<IRequest> sent = Listen(page);
        await page.SetInputFilesAsync("#file", zip);
        await Title(page, "This bundle holds").WaitForAsync();
        await page.GetByText("This vault made this bundle for case OP-HERON, with exactly this list of contents.").WaitForAsync();
        await page.GetByText("This browser has checked that for itself: the proof holds").WaitForAsync();
        await LookAsync(page, "verify-bundle");
        AssertNoFileIn(sent, forms: 0);

        // One flipped bit in the middle of it.
        byte[] bytes = await File.ReadAllBytesAsync(zip);
        bytes[bytes.Length / 2] ^= 1;
        string bad = zip.Replace(".zip", "-bad.zip", StringComparison.Ordinal);
        await File.WriteAllBytesAsync(bad, bytes);
        await page.GotoAsync("/verify");
        await page.SetInputFilesAsync("#file", bad);
        await Title(page, "This bundle does not hold").WaitForAsync();
        await LookAsync(page, "verify-bundle-bad");
        Directory.Delete(Path.GetDirectoryName(zip)!, recursive: true);
        NothingToComplainOf();
    }

    [Fact]
    public async Task Pages_of_reviewers_that_wait_fail_or_are_empty_keep_the_rules_too()
    {
        IPage page = await OpenAsync();
        await SignInAsync(page, "stranger-officer");
        await page.GotoAsync("/cases/OP-EGRET/disclosures");
        await LookAsync(page, "disclosures-none");
        IPage officer = await OpenAsync();
        await SignInAsync(officer, "officer");
        await officer.GotoAsync("/continuity/AB/1");
        await Title(officer, "Continuity report").WaitForAsync();
        await LookAsync(officer, "continuity");
        await officer.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.False(await officer.GetByRole(AriaRole.Button, new() { Name = "Download as PDF" }).IsVisibleAsync());
        await officer.EmulateMediaAsync(new() { Media = Media.Screen });
        IDownload pdf = await officer.RunAndWaitForDownloadAsync(() => officer.GetByRole(AriaRole.Button, new() { Name = "Download as PDF" }).ClickAsync());
        Assert.Equal("continuity-AB-1.pdf", pdf.SuggestedFilename);

        await officer.GotoAsync("/verify");
        await officer.GetByRole(AriaRole.Button, new() { Name = "Check", Exact = true }).ClickAsync();
        await officer.GetByText("There is a problem").WaitForAsync();
        await LookAsync(officer, "verify-with-errors");
        await officer.GetByLabel("Exhibit it should be").FillAsync("ab/1");
        await officer.GetByRole(AriaRole.Button, new() { Name = "Check", Exact = true }).ClickAsync();
        await Title(officer, "Exhibit AB/1 is known").WaitForAsync();
        await LookAsync(officer, "verify-record");
        await DropFolderThatIsNoneAsync(officer);

        await Bench.DeliverAsync("RP/2", 1 << 20);
        await Bench.HarmAsync("RP/2");
        using HttpClient client = await Bench.SignedInAsync("officer");
        await officer.GotoAsync(await Reviewing.MakeBundleAsync(client, "RP/2"));
        await officer.GetByText("The bundle was not made").WaitForAsync();
        await LookAsync(officer, "disclosure-failed");
        NothingToComplainOf();
    }

    private async Task DropFolderThatIsNoneAsync(IPage page)
    {
        string folder = Directory.CreateTempSubdirectory("evidencevault-review-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "no bundle");
        await page.GotoAsync("/verify");
        await page.SetInputFilesAsync("#folder", folder);
        await page.GetByText("is not a disclosure bundle").WaitForAsync();
        await LookAsync(page, "verify-not-a-bundle");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Without_scripts_a_hash_is_looked_up_continuity_read_and_a_bundle_made_and_fetched()
    {
        await Bench.DeliverAsync("RP/3", 5_000);
        IPage page = await OpenAsync(scripts: false);
        await SignInAsync(page, "reviewer");
        await page.GotoAsync("/verify");
        Assert.False(await page.Locator("#drop").IsVisibleAsync());
        await page.GetByLabel("Hash of the file").FillAsync(Convert.ToHexStringLower(SHA256.HashData(Bench.Master)));
        await page.GetByRole(AriaRole.Button, new() { Name = "Check", Exact = true }).ClickAsync();
        await Title(page, "Genuine and unchanged").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Continuity report of AB/1" }).ClickAsync();
        await Title(page, "Continuity report").WaitForAsync();
        await page.GotoAsync("/cases/OP-HERON/disclose");
        await page.GetByLabel("Or type references").FillAsync("RP/3");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByLabel("Why is it made?").FillAsync(Reviewing.Why);
        await page.GetByLabel("Your password again").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the bundle" }).ClickAsync();
        ILocator link = page.GetByRole(AriaRole.Button, new() { Name = "Download the bundle" });
        for (int tries = 0; tries < 100 && await link.CountAsync() == 0; tries++)
        {
            ILocator again = page.GetByRole(AriaRole.Link, new() { Name = "See how it stands now" });
            if (await again.CountAsync() > 0) await again.ClickAsync();
            await Task.Delay(200);
        }
        IDownload download = await page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        Assert.Null(await download.FailureAsync());
        NothingToComplainOf();
    }

    [Fact]
    public async Task With_the_keyboard_alone_a_hash_is_looked_up_and_a_bundle_asked_for()
    {
        await Bench.DeliverAsync("RP/4", 5_000);
        IPage page = await OpenAsync();
        await SignInAsync(page, "officer");
        await page.GotoAsync("/verify");
        await TabToAsync(page, "pick-file");
        await TabToAsync(page, "hash");
        await page.Keyboard.TypeAsync(Convert.ToHexStringLower(SHA256.HashData(Bench.Master)));
        await TabToAsync(page, "exhibit");
        await page.Keyboard.PressAsync("Enter");
        await Title(page, "Genuine and unchanged").WaitForAsync();
        await page.GotoAsync("/cases/OP-HERON/disclose");
        await TabToAsync(page, "typed");
        await page.Keyboard.TypeAsync("RP/4");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Title(page, "Make the disclosure bundle").WaitForAsync();
        await TabToAsync(page, "withhold-reason");
        await page.Keyboard.PressAsync("Space");
        await TabToAsync(page, "reason");
        await page.Keyboard.TypeAsync(Reviewing.Why);
        await TabToAsync(page, "password");
        await page.Keyboard.TypeAsync(PortalBench.Password);
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Download the bundle" }).WaitForAsync();
        NothingToComplainOf();
    }

    // Goes on with Tab until the element of this id has the focus, which must be seen.
    private static async Task TabToAsync(IPage page, string id)
    {
        for (int presses = 0; presses < 200; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<string>("document.activeElement.id") == id) return;
        }
        Assert.Fail($"{id} cannot be reached with Tab");
    }
}
