using System.Diagnostics;
using System.Security.Cryptography;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Samples;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>A technician's whole way in a real Chromium: from a camera's card to what the vault made of it; by keyboard; and as far as it goes without scripts.</summary>
public class UploadTests : BrowserTest
{
    // Files go straight to the store.
    public UploadTests(PortalBench bench) : base(bench) => AlsoOurs = $"http://127.0.0.1:{bench.Azurite.Port}/devstoreaccount1/drops-incoming/";

    private static Task PressAsync(IPage page, string button) => page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    private static Task HeadingAsync(IPage page, string text) => page.GetByRole(AriaRole.Heading, new() { Name = text, Exact = true }).WaitForAsync();

    private static string DropOf(IPage page) => new Uri(page.Url).AbsolutePath.Split('/')[^1];

    [Fact]
    public async Task A_technician_brings_a_card_in_sees_it_sealed_and_analysed_and_prints_receipt_and_labels()
    {
        string card = Directory.CreateTempSubdirectory("evidencevault-card-").FullName, film = Path.Combine(card, "DCIM", "100TRAIL", "clip é.mp4");
        Directory.CreateDirectory(Path.GetDirectoryName(film)!);
        SceneRenderer.Render(new() { Name = "dusk-field", Seed = 77, Seconds = 12, Width = 480, Height = 270 }, Codec.H264, film);
        await File.WriteAllTextAsync(Path.Combine(card, "DCIM", "settings.txt"), "interval 5");

        IPage page = await OpenAsync();
        await SignInAsync(page, "technician");
        await page.GetByRole(AriaRole.Link, new() { Name = "Drops", Exact = true }).ClickAsync();
        await HeadingAsync(page, "Drops");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start a drop" }).ClickAsync();
        await FillFormsAsync(page);

        await HeadingAsync(page, "Files");
        string drop = DropOf(page);
        await LookAsync(page, "drop-files");
        await PressAsync(page, "Continue");
        await page.GetByText("Choose at least one file.").WaitForAsync();
        await LookAsync(page, "drop-files-with-errors");
        await page.GetByLabel("A folder, with all that is in it").SetInputFilesAsync(Path.Combine(card, "DCIM"));
        await page.GetByText("2 files").WaitForAsync();
        await page.GetByText("DCIM/100TRAIL/clip é.mp4").WaitForAsync();
        await LookAsync(page, "drop-files-chosen");
        await PressAsync(page, "Continue");
        await HeadingAsync(page, "Review and send");
        await page.GetByText("The camera’s clock was 42 seconds slow").WaitForAsync();
        await LookAsync(page, "drop-review");
        await PressAsync(page, "Send");

        await HeadingAsync(page, $"Drop {drop}");
        await page.GetByText("2 files sent").WaitForAsync();
        await LookAsync(page, "drop-sent");
        // The page follows what the worker does, without being loaded again.
        await page.EvaluateAsync("window.notLoadedAgain = true");
        await DropBench.WorkAsync(Bench, analyse: true);
        await page.GetByText("Nothing more is to be done.").WaitForAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.notLoadedAgain"));
        Assert.Equal("Analysed", await page.Locator("tr", new() { HasText = "clip é.mp4" }).Locator("strong").InnerTextAsync());
        await LookAsync(page, "drop-analysed");

        UploadRow row = Bench.Vault.Uploads.Find(drop)!;
        ExhibitRow exhibit = Bench.Vault.Exhibits.OfDrop(Bench.Vault.Drops.Find(row.Source, row.Folder)!.Id).Single(e => e.RelativePath == "DCIM/100TRAIL/clip é.mp4");
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(film)));
        Assert.Equal((ExhibitState.Analysed, sha256, sha256), (exhibit.State, exhibit.Sha256, exhibit.ExpectedSha256));
        Assert.NotEmpty(Bench.Vault.Exhibits.Segments(Pipeline.Words.ExhibitReference.Parse(exhibit.Reference)));

        await page.GetByRole(AriaRole.Link, new() { Name = "Receipt, to print and keep" }).ClickAsync();
        await page.GetByText(sha256).WaitForAsync();
        await page.GetByText("Received as declared").First.WaitForAsync();
        await LookAsync(page, "drop-receipt");
        await CheckSignatureAsync(page, drop);
        await page.GotoAsync($"/drops/{drop}/labels");
        await page.GetByText(exhibit.Reference, new() { Exact = true }).WaitForAsync();
        await LookAsync(page, "drop-labels");
        await page.GotoAsync("/drops");
        await LookAsync(page, "drops");

        // Whoever looks after the vault sees how the camera stands.
        IPage administrator = await OpenAsync();
        await SignInAsync(administrator, "administrator");
        await administrator.GotoAsync("/deployments");
        await administrator.Locator("tr", new() { HasText = "CAM-12" }).GetByText("42 s behind (± 1 s)").First.WaitForAsync();
        await LookAsync(administrator, "deployments-after-drop");
        Directory.Delete(card, recursive: true);
        NothingToComplainOf();
    }

    private async Task FillFormsAsync(IPage page)
    {
        await HeadingAsync(page, "Case and camera");
        await LookAsync(page, "drop-new");
        await PressAsync(page, "Continue");
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "drop-new-with-errors");
        await page.GetByLabel("OP-HERON").CheckAsync();
        await page.GetByLabel("Which camera are the files from?").FillAsync("CAM-12");
        await page.GetByLabel("Your initials for the exhibits (optional)").FillAsync("TC");
        await PressAsync(page, "Continue");
        await HeadingAsync(page, "Clock and authority");
        await LookAsync(page, "drop-clock");
        await page.GetByLabel("The camera shows (optional)").FillAsync("yesterday");
        await PressAsync(page, "Continue");
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "drop-clock-with-errors");
        await page.GetByLabel("The camera shows (optional)").FillAsync("2026-03-01 20:00:00");
        await page.GetByLabel("The reference shows at that moment (optional)").FillAsync("2026-03-01 20:00:42");
        await PressAsync(page, "Work out how far it is out");
        await page.GetByText("The camera’s clock was 42 seconds slow, give or take 1 second.").WaitForAsync();
        await page.GetByText("Add a second reading").ClickAsync();
        await LookAsync(page, "drop-clock-with-offset");
        await page.GetByLabel("Reference number (URN) of the authority (optional)").FillAsync("URN/2026/17");
        await PressAsync(page, "Continue");
    }

    // As the receipt's page says one can, on any computer.
    private async Task CheckSignatureAsync(IPage page, string drop)
    {
        string folder = Directory.CreateTempSubdirectory("evidencevault-receipt-").FullName;
        foreach (string name in (string[])["receipt.json", "receipt.p7s"])
            await File.WriteAllBytesAsync(Path.Combine(folder, name), await (await page.APIRequest.GetAsync($"/api/drops/{drop}/{name}")).BodyAsync());
        using Process openssl = Process.Start(new ProcessStartInfo("openssl", ["cms", "-verify", "-binary", "-inform", "DER", "-in", "receipt.p7s", "-content", "receipt.json", "-CAfile", Bench.Vault.CaFile, "-out", "/dev/null"]) { WorkingDirectory = folder, RedirectStandardError = true })!;
        string said = await openssl.StandardError.ReadToEndAsync();
        await openssl.WaitForExitAsync();
        Assert.True(openssl.ExitCode == 0, said);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Drops_that_are_empty_unfinished_and_withdrawn_say_what_to_do()
    {
        IPage stranger = await OpenAsync();
        await SignInAsync(stranger, "stranger-technician");
        await stranger.GotoAsync("/drops");
        await stranger.GetByText("Nothing has been sent through the portal for your cases yet.").WaitForAsync();
        await LookAsync(stranger, "drops-none");

        IPage page = await OpenAsync();
        await SignInAsync(page, "technician");
        DropBench technician = await DropBench.SignedInAsync(Bench);
        string drop = await technician.BeginAsync();
        await technician.ListAsync(drop, ("a.mov", [1, 2, 3]), ("b.mov", [1]));
        await technician.SendAsync(drop, 1, [1, 2, 3]);
        await page.GotoAsync($"/drops/{drop}");
        await page.GetByText("1 of 2 files").WaitForAsync();
        await LookAsync(page, "drop-unfinished");
        await page.GotoAsync($"/drops/{drop}/receipt");
        await page.GetByText("There is no receipt yet").WaitForAsync();
        await LookAsync(page, "drop-receipt-none");
        await page.GotoAsync($"/drops/{drop}/labels");
        await page.GetByText("There are no exhibits yet").WaitForAsync();
        await LookAsync(page, "drop-labels-none");
        await page.GotoAsync($"/drops/{drop}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Withdraw this drop" }).ClickAsync();
        await LookAsync(page, "drop-withdraw");
        await PressAsync(page, "Withdraw");
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "drop-withdraw-with-errors");
        await page.GetByLabel("Why do you withdraw it?").FillAsync("The wrong card");
        await PressAsync(page, "Withdraw");
        await HeadingAsync(page, $"Drop {drop} was withdrawn");
        await LookAsync(page, "drop-withdrawn");
        NothingToComplainOf();
    }

    [Fact]
    public async Task Without_scripts_a_drop_is_begun_and_the_page_says_what_needs_them_and_what_else_can_be_done()
    {
        IPage page = await OpenAsync(scripts: false);
        await SignInAsync(page, "technician");
        await page.GotoAsync("/drops/new");
        await page.GetByLabel("Which camera are the files from?").FillAsync("CAM-13");
        await page.GetByLabel("OP-HERON").CheckAsync();
        await PressAsync(page, "Continue");
        await PressAsync(page, "Continue");
        await page.GetByText("copy the files to a landing folder instead").WaitForAsync();
        Assert.Equal(UploadState.Begun, Bench.Vault.Uploads.Find(DropOf(page))!.State);
        Assert.False(await page.GetByLabel("Or files").IsVisibleAsync());
    }

    [Fact]
    public async Task By_keyboard_alone_a_drop_is_begun_chosen_and_sent()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("evidencevault-card-").FullName, "key.bin");
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(100_000));
        IPage page = await OpenAsync();
        // Listened for from the beginning: the browser must know that there is somebody who answers before it is asked for a file.
        TaskCompletionSource<IFileChooser> choosing = new();
        page.FileChooser += (_, chooser) => choosing.TrySetResult(chooser);
        await SignInAsync(page, "technician");
        await TabToAsync(page, "Drops");
        await page.Keyboard.PressAsync("Enter");
        await HeadingAsync(page, "Drops");
        await TabToAsync(page, "Start a drop");
        await page.Keyboard.PressAsync("Enter");
        await HeadingAsync(page, "Case and camera");
        await TabToAsync(page, "case");
        await page.Keyboard.PressAsync("Space");
        await TabToAsync(page, "camera");
        await page.Keyboard.TypeAsync("CAM-14");
        await page.Keyboard.PressAsync("Enter");
        await HeadingAsync(page, "Clock and authority");
        await TabToAsync(page, "urn");
        await page.Keyboard.TypeAsync("URN/2026/18");
        await TabToAsync(page, "Continue");
        await page.Keyboard.PressAsync("Enter");
        await HeadingAsync(page, "Files");
        await TabToAsync(page, "files");
        await page.Keyboard.PressAsync("Enter");
        IFileChooser chooser = await choosing.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await chooser.SetFilesAsync(file);
        await page.GetByText("1 file, 100.0 kB.").WaitForAsync();
        await TabToAsync(page, "Continue");
        await page.Keyboard.PressAsync("Enter");
        await HeadingAsync(page, "Review and send");
        Assert.Equal("review-title", await page.EvaluateAsync<string>("document.activeElement.id"));
        await TabToAsync(page, "Send");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("1 file sent").WaitForAsync();
        UploadRow row = Bench.Vault.Uploads.Find(DropOf(page))!;
        Assert.Equal((UploadState.Sent, "CAM-14"), (row.State, row.Camera));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        NothingToComplainOf();
    }

    private static async Task TabToAsync(IPage page, string wanted)
    {
        for (int i = 0; i < 60; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (!await page.EvaluateAsync<bool>("wanted => document.activeElement.id === wanted || document.activeElement.textContent.trim() === wanted", wanted)) continue;
            Assert.True(await page.EvaluateAsync<bool>("(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' || s.boxShadow !== 'none'; })()"), $"{wanted} has the focus, and nothing shows it");
            return;
        }
        Assert.Fail($"Tab does not lead to {wanted}.");
    }
}
