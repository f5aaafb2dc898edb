using System.Text.Json;

namespace EvidenceVault.VerifyPage.Tests;

/// <summary>Every sample bundle is judged in the browser as it is said to be judged.</summary>
public sealed class SampleBundleTests
{
    private static string Samples => Path.Combine(Repository.Root, "samples/bundles");

    private sealed record Expected(bool Holds, string? Claim, string? Subject);

    [Fact]
    public async Task Every_sample_is_judged_as_expected()
    {
        string[] all = [.. Directory.EnumerateFiles(Samples, "expected.json", SearchOption.AllDirectories).Select(p => Path.GetDirectoryName(p)!).Order(StringComparer.Ordinal)];
        Assert.True(all.Length > 80, $"{all.Length} samples");
        await using Browser browser = await Browser.OpenAsync();
        var wrong = new List<string>();
        foreach (string sample in all)
        {
            Expected expected = Read(Path.Combine(sample, "expected.json"));
            string bag = Path.Combine(sample, "bag"), zip = Path.Combine(sample, "bag.zip");
            PageReport report = Directory.Exists(bag) ? await browser.CheckFolderAsync(bag) : await browser.CheckFileAsync(zip);
            await browser.AgainAsync();
            if (report.Holds != expected.Holds || !IsNamed(expected, report, sample))
                wrong.Add($"{Path.GetRelativePath(Samples, sample)}: expected {expected}, and failing are {string.Join(", ", report.Failing.Select(f => $"{f.Claim} of {f.Subject}"))}");
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Empty(browser.Complaints);
    }

    // No browser tells a page that a file is a link: it hands over what the link leads to, or nothing. So the page refuses it as a changed or
    // missing file, under another claim.
    private static bool IsNamed(Expected expected, PageReport report, string sample) =>
        expected.Claim is null
        || report.Failing.Any(f => (f.Claim == expected.Claim || Path.GetFileName(sample) == "link-in-the-place-of-a-file") && (expected.Subject is null || f.Subject == expected.Subject));

    private static Expected Read(string path) => JsonSerializer.Deserialize<Expected>(File.ReadAllText(path), new JsonSerializerOptions(JsonSerializerDefaults.Web))!;
}
