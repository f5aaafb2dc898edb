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
        string[] bags = Directory.Exists(Samples) ? [.. Directory.EnumerateDirectories(Samples, "bag", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];
        if (bags.Length == 0) Assert.Skip("samples/bundles is not here; this test needs it.");
        await using Browser browser = await Browser.OpenAsync();
        var wrong = new List<string>();
        foreach (string bag in bags)
        {
            Expected expected = Read(Path.Combine(Path.GetDirectoryName(bag)!, "expected.json"));
            PageReport report = await browser.CheckFolderAsync(bag);
            await browser.AgainAsync();
            bool named = expected.Claim is null || report.Failing.Any(f => f.Claim == expected.Claim && (expected.Subject is null || f.Subject == expected.Subject));
            if (report.Holds != expected.Holds || (!expected.Holds && !named))
                wrong.Add($"{Path.GetRelativePath(Samples, bag)}: expected {expected}, and failing are {string.Join(", ", report.Failing.Select(f => $"{f.Claim} of {f.Subject}"))}");
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Empty(browser.Complaints);
    }

    private static Expected Read(string path) => JsonSerializer.Deserialize<Expected>(File.ReadAllText(path), new JsonSerializerOptions(JsonSerializerDefaults.Web))!;
}
