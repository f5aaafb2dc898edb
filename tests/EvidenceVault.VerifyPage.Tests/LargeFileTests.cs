using System.Globalization;

namespace EvidenceVault.VerifyPage.Tests;

/// <summary>Files larger than a browser may hold. <c>scripts/check-page-memory</c> runs the first of these at any size.</summary>
public sealed class LargeFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("evidencevault-large-").FullName;

    private static long Size => long.TryParse(Environment.GetEnvironmentVariable("EVIDENCEVAULT_PAGE_BYTES"), CultureInfo.InvariantCulture, out long bytes) ? bytes : 300_000_000;

    [Fact]
    public async Task A_large_bundle_is_read_in_flat_memory_while_the_progress_moves()
    {
        string bag = await MakeAsync(Size);
        await using Browser browser = await Browser.OpenAsync();
        await browser.Page.EvaluateAsync("""
            () => {
              window.seen = [];
              new MutationObserver(() => window.seen.push(document.getElementById('bar').value)).observe(document.getElementById('bar'), { attributes: true });
            }
            """);
        long before = browser.RendererBytes(), peak = before;
        Task<PageReport> checking = browser.CheckFolderAsync(bag);
        while (!checking.IsCompleted)
        {
            peak = Math.Max(peak, browser.RendererBytes());
            await Task.Delay(50);
        }
        PageReport report = await checking;
        Assert.Empty(report.Failing);
        double[] seen = await browser.Page.EvaluateAsync<double[]>("() => window.seen");
        Assert.Equal(seen.Order(), seen);
        Assert.True(seen.Distinct().Count() >= 4, $"the bar moved to {string.Join(", ", seen)}");
        Assert.Equal(1000, seen[^1]);
        TestContext.Current.TestOutputHelper!.WriteLine($"peak renderer memory {peak / 1e6:F0} MB ({before / 1e6:F0} MB before) for {Size / 1e6:F0} MB");
        // Whatever the size: pieces of 4 MiB, and those that the browser has not collected yet.
        Assert.True(peak - before < 256_000_000, $"{(peak - before) / 1e6:N0} MB more were held for {Size / 1e6:N0} MB of footage");
        Assert.Empty(browser.Complaints);
    }

    [Fact]
    public async Task Cancel_stops_at_once_and_leaves_no_report()
    {
        string bag = await MakeAsync(300_000_000);
        await using Browser browser = await Browser.OpenAsync();
        await browser.Page.SetInputFilesAsync("#folder", bag);
        await browser.Page.Locator("#cancel").ClickAsync();
        Assert.True(await browser.Page.Locator("#start").IsVisibleAsync());
        Assert.Contains("cancelled", await browser.Page.Locator("#trouble").TextContentAsync());
        Assert.True(await browser.Page.EvaluateAsync<bool>("() => window.evidenceVaultReport === null"));
        Assert.Empty(browser.Complaints);
    }

    private async Task<string> MakeAsync(long bytes)
    {
        await Repository.MakeBundlesAsync(folder, bytes.ToString(CultureInfo.InvariantCulture));
        return Path.Combine(folder, "large/bag");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
