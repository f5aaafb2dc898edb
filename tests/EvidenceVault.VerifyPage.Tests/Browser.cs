using System.Diagnostics;
using System.Text.Json;
using Microsoft.Playwright;

namespace EvidenceVault.VerifyPage.Tests;

/// <summary>A finding as the page reports it.</summary>
public sealed record PageFinding(string Claim, string Verdict, string Subject, string Sentence, ulong? Entry);

/// <summary>The page's report, in the form that the vault's own verifiers write.</summary>
public sealed record PageReport(bool? Holds, string Answer, IReadOnlyList<PageFinding> Findings)
{
    public IEnumerable<PageFinding> Failing => Findings.Where(f => f.Verdict == "fails");
}

/// <summary>verify.html, opened from disk in a real Chromium with the network off. Whatever the page asks of a network, logs or throws
/// is kept in <see cref="Complaints"/>, and every test ends by asking that there is none.</summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private readonly IPlaywright playwright;
    private readonly IBrowserContext context;
    private readonly string profile;

    private Browser(IPlaywright playwright, IBrowserContext context, IPage page, string profile)
    {
        (this.playwright, this.context, this.profile) = (playwright, context, profile);
        Page = page;
    }

    public IPage Page { get; }

    public List<string> Complaints { get; } = [];

    public static async Task<Browser> OpenAsync()
    {
        string chromium = Environment.GetEnvironmentVariable("EVIDENCEVAULT_CHROMIUM") ?? "/usr/bin/chromium";
        Assert.True(File.Exists(chromium), $"Chromium is not at {chromium}: apt-get install chromium, or set EVIDENCEVAULT_CHROMIUM.");
        IPlaywright playwright = await Playwright.CreateAsync();
        string profile = Directory.CreateTempSubdirectory("evidencevault-page-").FullName;
        IBrowserContext context = await playwright.Chromium.LaunchPersistentContextAsync(profile, new()
        {
            ExecutablePath = chromium,
            Headless = true,
            Offline = true,
            AcceptDownloads = true,
            ViewportSize = new() { Width = 1100, Height = 900 },
            Args =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
        // A loaded machine is slow, not wrong.
        context.SetDefaultTimeout(300_000);
        Assertions.SetDefaultExpectTimeout(300_000);
        var browser = new Browser(playwright, context, context.Pages[0], profile);
        await browser.WatchAsync();
        await browser.Page.GotoAsync(new Uri(Repository.Page).AbsoluteUri);
        return browser;
    }

    private async Task WatchAsync()
    {
        // The page itself, and the worker that it makes of its own script. Nothing else has an address here.
        string page = new Uri(Repository.Page).AbsoluteUri;
        await context.RouteAsync("**/*", async route =>
        {
            if (route.Request.Url == page) await route.ContinueAsync();
            else await route.AbortAsync();
        });
        Page.Request += (_, request) =>
        {
            if (request.Url != page && !request.Url.StartsWith("blob:null/", StringComparison.Ordinal)) Complain($"asked for {request.Url}");
        };
        Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") Complain($"{message.Type}: {message.Text}");
        };
        Page.PageError += (_, error) => Complain($"threw {error}");
        Page.Dialog += (_, dialog) => Complain($"opened a dialog: {dialog.Message}");
    }

    private void Complain(string what)
    {
        lock (Complaints) Complaints.Add(what);
    }

    /// <summary>Picks a folder with the button's input, and waits for the report.</summary>
    public async Task<PageReport> CheckFolderAsync(string folder)
    {
        await Page.SetInputFilesAsync("#folder", folder);
        return await ReportAsync();
    }

    public async Task<PageReport> CheckFileAsync(string file)
    {
        await Page.SetInputFilesAsync("#file", file);
        return await ReportAsync();
    }

    /// <summary>Drags real files or folders from the desktop onto an element, as a person does.</summary>
    public async Task DropAsync(string selector, params string[] paths)
    {
        LocatorBoundingBoxResult box = (await Page.Locator(selector).BoundingBoxAsync())!;
        ICDPSession session = await context.NewCDPSessionAsync(Page);
        var files = new { items = Array.Empty<object>(), files = paths, dragOperationsMask = 1 };
        foreach (string type in new[] { "dragEnter", "dragOver", "drop" })
        {
            await session.SendAsync("Input.dispatchDragEvent", new Dictionary<string, object>
            {
                ["type"] = type,
                ["x"] = box.X + box.Width / 2,
                ["y"] = box.Y + box.Height / 2,
                ["data"] = files,
            });
        }
        await session.DetachAsync();
    }

    public async Task<PageReport> ReportAsync()
    {
        await Page.WaitForFunctionAsync(
            "() => window.evidenceVaultReport !== null || !document.getElementById('trouble').hidden", null, new() { Timeout = 600_000 });
        string json = await Page.EvaluateAsync<string>("() => JSON.stringify(window.evidenceVaultReport)");
        Assert.True(json != "null", $"the page gave no report: {await Page.Locator("#trouble").TextContentAsync()}");
        return JsonSerializer.Deserialize<PageReport>(json, Web)!;
    }

    public Task AgainAsync() => Page.GetByRole(AriaRole.Button, new() { Name = "Check something else" }).ClickAsync();

    /// <summary>The resident memory of the browser's renderers, in bytes.</summary>
    public long RendererBytes()
    {
        var parents = new Dictionary<int, int>();
        var commands = new Dictionary<int, string>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id)) continue;
            try
            {
                commands[id] = File.ReadAllText($"{folder}/cmdline");
                string stat = File.ReadAllText($"{folder}/stat");
                parents[id] = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while it was looked at.
                commands.Remove(id);
            }
        }
        int root = commands.Single(c => c.Value.Contains($"--user-data-dir={profile}") && !c.Value.Contains("--type=")).Key;
        bool isBelow(int id) => id == root || (parents.TryGetValue(id, out int parent) && parent > 1 && isBelow(parent));
        return commands.Where(c => c.Value.Contains("--type=renderer") && isBelow(c.Key)).Sum(c => Resident(c.Key));
    }

    private static long Resident(int id)
    {
        try
        {
            return long.Parse(File.ReadAllText($"/proc/{id}/statm").Split(' ')[1]) * Environment.SystemPageSize;
        }
        catch (IOException)
        {
            return 0; // ended
        }
    }

    public async ValueTask DisposeAsync()
    {
        await context.CloseAsync();
        playwright.Dispose();
        Directory.Delete(profile, recursive: true);
    }
}

/// <summary>Where things of the checkout lie.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The page as the build of Pipeline made it.</summary>
    public static string Page => Path.Combine(Root, "src/EvidenceVault.VerifyPage/dist/verify.html");

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "EvidenceVault.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("The tests do not run inside the checkout.");
    }

    /// <summary>Runs the maker of test bundles (VerifyPage/tests/make-bundles.mjs).</summary>
    public static async Task MakeBundlesAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(Root, "src/EvidenceVault.VerifyPage/tests/make-bundles.mjs"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
    }
}

/// <summary>Bundles that hold and that do not, made once, and a browser for all tests of a class.</summary>
public sealed class PageFixture : IAsyncLifetime
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("evidencevault-bundles-").FullName;

    public string Holds => Path.Combine(Folder, "holds/bag");

    public string Fails => Path.Combine(Folder, "fails/bag");

    public async ValueTask InitializeAsync() => await Repository.MakeBundlesAsync(Folder);

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
