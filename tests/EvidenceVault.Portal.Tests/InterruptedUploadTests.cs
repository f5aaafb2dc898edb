using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using EvidenceVault.Pipeline.Records;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>A large file, whose sending is cut off twice: the network goes, and then the browser is killed. EVIDENCEVAULT_UPLOAD_BYTES says how large, 1 GiB unless told.</summary>
public sealed class InterruptedUploadTests(PortalBench bench) : IAsyncLifetime
{
    private const int BlockBytes = 8 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-large-").FullName;
    private readonly List<Process> _browsers = [];
    private IPlaywright _playwright = null!;

    private static long Bytes => long.TryParse(Environment.GetEnvironmentVariable("EVIDENCEVAULT_UPLOAD_BYTES"), out long bytes) ? bytes : 1L << 30;

    public async ValueTask InitializeAsync() => _playwright = await Playwright.CreateAsync();

    public ValueTask DisposeAsync()
    {
        _playwright.Dispose();
        foreach (Process browser in _browsers)
        {
            if (!browser.HasExited) browser.Kill(entireProcessTree: true);
            browser.WaitForExit();
            browser.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    // A process of its own, that can be killed as a machine that loses power kills it.
    private async Task<(Process, IBrowser)> StartBrowserAsync()
    {
        using TcpListener free = new(System.Net.IPAddress.Loopback, 0);
        free.Start();
        int port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        Process process = Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("EVIDENCEVAULT_CHROMIUM") ?? "/usr/bin/chromium",
            ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", $"--user-data-dir={Path.Combine(_folder, $"profile-{_browsers.Count}")}", $"--remote-debugging-port={port}", "about:blank"])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _browsers.Add(process);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        for (Stopwatch waited = Stopwatch.StartNew(); ; await Task.Delay(200))
        {
            try { return (process, await _playwright.Chromium.ConnectOverCDPAsync($"http://127.0.0.1:{port}")); }
            catch (PlaywrightException) when (waited.Elapsed < TimeSpan.FromSeconds(60)) { /* not listening yet */ }
        }
    }

    private async Task<IPage> SignedInAsync(IBrowser browser)
    {
        IBrowserContext context = await browser.NewContextAsync(new() { BaseURL = bench.Address.AbsoluteUri });
        context.SetDefaultTimeout(300_000);
        IPage page = await context.NewPageAsync();
        await page.GotoAsync("/sign-in");
        await page.GetByLabel("Account").FillAsync("technician");
        await page.GetByLabel("Password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.GetByText("Signed in as technician").WaitForAsync();
        return page;
    }

    // By its path: the file is far too large to be handed over.
    private static async Task ChooseAndSendAsync(IPage page, string path)
    {
        await page.Locator("#needs-script").WaitForAsync();
        ICDPSession devtools = await page.Context.NewCDPSessionAsync(page);
        int root = (await devtools.SendAsync("DOM.getDocument"))!.Value.GetProperty("root").GetProperty("nodeId").GetInt32();
        int field = (await devtools.SendAsync("DOM.querySelector", new() { ["nodeId"] = root, ["selector"] = "#files" }))!.Value.GetProperty("nodeId").GetInt32();
        await devtools.SendAsync("DOM.setFileInputFiles", new() { ["nodeId"] = field, ["files"] = new[] { path } });
        await page.GetByText("1 file,").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send", Exact = true }).ClickAsync();
    }

    private static Task UntilSentAsync(IPage page, double part) => page.WaitForFunctionAsync("part => document.getElementById('all').value >= part", part);

    private string MakeFile(out string sha256)
    {
        string path = Path.Combine(_folder, "long night.mov");
        using FileStream file = new(path, FileMode.CreateNew);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[1 << 20];
        new Random(5).NextBytes(block);
        for (long at = 0; at < Bytes; at += block.Length)
        {
            // No two alike: blocks that were mixed up would be found out.
            BitConverter.TryWriteBytes(block, at);
            Span<byte> part = block.AsSpan(0, (int)Math.Min(block.Length, Bytes - at));
            file.Write(part);
            hash.AppendData(part);
        }
        sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        return path;
    }

    [Fact]
    public async Task A_large_file_that_is_cut_off_twice_goes_on_where_it_was_and_is_sealed_with_the_hash_that_it_has_on_the_card()
    {
        string path = MakeFile(out string sha256);
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync("CAM-LARGE");

        (Process process, IBrowser browser) = await StartBrowserAsync();
        IPage page = await SignedInAsync(browser);
        await page.GotoAsync($"/drops/{drop}");
        await ChooseAndSendAsync(page, path);
        await UntilSentAsync(page, 0.2);
        // First: the network goes, and comes back.
        await page.Context.SetOfflineAsync(true);
        await page.GetByText("The network or the store is out of reach.").WaitForAsync();
        await page.Context.SetOfflineAsync(false);
        await page.WaitForFunctionAsync("() => document.getElementById('waiting').textContent === ''");
        await UntilSentAsync(page, 0.5);
        // Second: the browser is killed.
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();

        (_, IBrowser again) = await StartBrowserAsync();
        page = await SignedInAsync(again);
        int sent = 0;
        page.Request += (_, request) =>
        {
            if (request.Method == "PUT" && request.Url.Contains("comp=block", StringComparison.Ordinal)) Interlocked.Increment(ref sent);
        };
        await page.GotoAsync("/drops");
        await page.Locator($"a[href='/drops/{drop}']").ClickAsync();
        await page.GetByText("0 of 1 files").WaitForAsync();
        await ChooseAndSendAsync(page, path);
        await page.GetByText("1 file sent").WaitForAsync();
        // What was there was not sent again.
        long blocks = (Bytes + BlockBytes - 1) / BlockBytes;
        Assert.InRange(sent, 1, (blocks / 2) + 1);

        await DropBench.WorkAsync(bench, analyse: false);
        UploadRow row = bench.Vault.Uploads.Find(drop)!;
        ExhibitRow exhibit = Assert.Single(bench.Vault.Exhibits.OfDrop(bench.Vault.Drops.Find(row.Source, row.Folder)!.Id));
        Assert.Equal((ExhibitState.Stored, sha256, sha256, Bytes), (exhibit.State, exhibit.Sha256, exhibit.ExpectedSha256, exhibit.Bytes));
    }
}
