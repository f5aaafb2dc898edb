using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>Tests in a real Chromium. With EVIDENCEVAULT_SHOW_PAGES set to a folder, pictures of all pages that were looked at stay there, at three widths.</summary>
public abstract class BrowserTest(PortalBench bench) : IAsyncLifetime
{
    private static readonly int[] Widths = [1280, 768, 375];

    /// <summary>The portal.</summary>
    protected PortalBench Bench => bench;

    /// <summary>Another address that pages may ask, such as the portal's by another name; null where there is none.</summary>
    protected string? AlsoOurs { get; set; }

    /// <summary>The start of addresses of pages that are not ours, whose faults are not counted; null where there are none.</summary>
    protected string? Elsewhere { get; set; }

    private readonly List<string> _complaints = [];
    private readonly List<string> _violations = [];
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public virtual async ValueTask InitializeAsync()
    {
        string chromium = Environment.GetEnvironmentVariable("EVIDENCEVAULT_CHROMIUM") ?? "/usr/bin/chromium";
        Assert.True(File.Exists(chromium), $"Chromium is not at {chromium}: apt-get install chromium, or set EVIDENCEVAULT_CHROMIUM.");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    /// <summary>A new browser session. What its pages complain of, and every request to elsewhere, is kept.</summary>
    protected async Task<IPage> OpenAsync(bool scripts = true, string? address = null)
    {
        IBrowserContext context = await _browser.NewContextAsync(new() { BaseURL = address ?? bench.Address.AbsoluteUri, JavaScriptEnabled = scripts, AcceptDownloads = true, ViewportSize = new() { Width = 1280, Height = 900 } });
        // A loaded machine is slow, not wrong.
        context.SetDefaultTimeout(120_000);
        IPage page = await context.NewPageAsync();
        bool isElsewhere() => Elsewhere is { } start && page.Url.StartsWith(start, StringComparison.Ordinal);
        page.Console += (_, message) =>
        {
            if (isElsewhere()) return;
            if (message.Type is "error" or "warning" && !message.Text.Contains("the server responded with a status of 40", StringComparison.Ordinal)) _complaints.Add($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Add($"{page.Url}: {error}");
        page.Request += (_, request) =>
        {
            if (isElsewhere() || (Elsewhere is { } other && request.Url.StartsWith(other, StringComparison.Ordinal))) return;
            if (!request.Url.StartsWith(address ?? bench.Address.AbsoluteUri, StringComparison.Ordinal) && !(AlsoOurs is { } ours && request.Url.StartsWith(ours, StringComparison.Ordinal)) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) _complaints.Add($"{page.Url} asked for {request.Url}");
        };
        return page;
    }

    /// <summary>Signs in through the page for it.</summary>
    protected static async Task SignInAsync(IPage page, string account)
    {
        await page.GotoAsync("/sign-in");
        await page.GetByLabel("Account").FillAsync(account);
        await page.GetByLabel("Password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.GetByText($"Signed in as {account}").WaitForAsync();
    }

    /// <summary>A page in the state it is in: seen at three widths, and held to WCAG 2.2 A and AA by axe at each.</summary>
    protected async Task LookAsync(IPage page, string name)
    {
        string? show = Environment.GetEnvironmentVariable("EVIDENCEVAULT_SHOW_PAGES") is { Length: > 0 } named ? Directory.CreateDirectory(named).FullName : null;
        foreach (int width in Widths)
        {
            await page.SetViewportSizeAsync(width, 900);
            if (show is not null) await page.ScreenshotAsync(new() { Path = Path.Combine(show, $"{name}-{width}.png"), FullPage = true });
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{name} is wider than {width} pixels");
            AxeResult found = await page.RunAxe(new AxeRunOptions { RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] } });
            _violations.AddRange(found.Violations.Select(v => $"{name} at {width}: {v.Id}: {v.Help}: {string.Join("; ", v.Nodes.Select(n => n.Html))}"));
        }
        await page.SetViewportSizeAsync(1280, 900);
    }

    /// <summary>No page broke a rule, none complained, and nothing was asked for from elsewhere.</summary>
    protected void NothingToComplainOf()
    {
        Assert.Empty(_violations);
        Assert.Empty(_complaints);
    }
}
