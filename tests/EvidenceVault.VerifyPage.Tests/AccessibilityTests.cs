using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace EvidenceVault.VerifyPage.Tests;

/// <summary>WCAG 2.2 AA, as far as axe can ask it, in every state of the page; and that it fits on small and printed pages.</summary>
public sealed class AccessibilityTests(PageFixture bundles) : IClassFixture<PageFixture>
{
    private static readonly AxeRunOptions Rules = new() { RunOnly = RunOnlyOptions.Tags("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice") };

    [Fact]
    public async Task Axe_finds_nothing_in_any_state()
    {
        await using Browser browser = await Browser.OpenAsync();
        await NoViolationsAsync(browser, "empty");
        await browser.Page.EvaluateAsync("() => document.querySelectorAll('details').forEach(d => { d.open = true; })");
        await NoViolationsAsync(browser, "empty, opened");

        // Working: a file that never ends to arrive is not to be had, so the page is stopped in the middle of its own work.
        await browser.Page.EvaluateAsync("() => { window.Worker = class { postMessage() { this.onmessage({ data: { kind: 'progress', done: 3, total: 10, path: 'data/exhibits/AB-1/AB-1.mp4' } }); } terminate() {} }; }");
        await browser.Page.SetInputFilesAsync("#folder", bundles.Holds);
        await Assertions.Expect(browser.Page.Locator("#working")).ToBeVisibleAsync();
        await NoViolationsAsync(browser, "working");
        await browser.Page.ReloadAsync();

        await browser.CheckFolderAsync(bundles.Holds);
        await NoViolationsAsync(browser, "holds");
        await browser.AgainAsync();
        await browser.CheckFolderAsync(bundles.Fails);
        await NoViolationsAsync(browser, "fails");
        await browser.AgainAsync();
        await browser.CheckFileAsync(Path.Combine(bundles.Holds, "bagit.txt"));
        await NoViolationsAsync(browser, "single file");
        Assert.Empty(browser.Complaints);
    }

    [Theory]
    [InlineData(320)] // WCAG 2.2, 1.4.10 Reflow
    [InlineData(550)] // 1100 pixels at 200 %
    public async Task Nothing_is_cut_off_on_a_narrow_page(int width)
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.Page.SetViewportSizeAsync(width, 800);
        await FitsAsync("empty");
        await browser.CheckFolderAsync(bundles.Fails);
        await FitsAsync("fails");
        await browser.AgainAsync();
        await browser.CheckFileAsync(Path.Combine(bundles.Holds, "bagit.txt"));
        await FitsAsync("single file");

        async Task FitsAsync(string state)
        {
            int wide = await browser.Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('.unseen') && !e.closest('thead')).map(e => Math.ceil(e.getBoundingClientRect().right)))");
            Assert.True(wide <= width, $"{state}: {wide} of {width} pixels");
        }
    }

    [Fact]
    public async Task The_report_prints_with_its_answer_and_without_its_buttons()
    {
        await using Browser browser = await Browser.OpenAsync();
        await browser.CheckFolderAsync(bundles.Holds);
        await browser.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Assertions.Expect(browser.Page.Locator("#answer")).ToBeVisibleAsync();
        await Assertions.Expect(browser.Page.GetByText("Every check", new() { Exact = true })).ToBeVisibleAsync();
        Assert.Equal(0, await browser.Page.Locator("button:visible").CountAsync());
        Assert.NotEmpty(await browser.Page.PdfAsync(new() { Format = "A4" }));
    }

    private static async Task NoViolationsAsync(Browser browser, string state)
    {
        AxeResult result = await browser.Page.RunAxe(Rules);
        Assert.NotEmpty(result.Passes);
        Assert.True(result.Violations.Length == 0, $"{state}: " + string.Join("; ", result.Violations.Select(v => $"{v.Id}: {v.Help} ({string.Join(", ", v.Nodes.Select(n => n.Target))})")));
    }
}
