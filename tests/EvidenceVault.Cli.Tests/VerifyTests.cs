using System.Text.Json;

namespace EvidenceVault.Cli.Tests;

public sealed class VerifyTests
{
    [Fact]
    public async Task Every_sample_bundle_is_judged_as_it_says_and_what_was_done_is_named()
    {
        string[] samples = [.. Directory.EnumerateFiles(Samples, "expected.json", SearchOption.AllDirectories).Select(p => Path.GetDirectoryName(p)!)];
        Assert.True(samples.Length > 80, $"{samples.Length} samples");
        using Workplace work = new();
        await Parallel.ForEachAsync(samples, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (sample, _) =>
        {
            JsonElement expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(sample, "expected.json"))).RootElement;
            bool holds = expected.GetProperty("holds").GetBoolean();
            Ran ran = await work.RunAsync("verify", Directory.Exists(Path.Combine(sample, "bag")) ? Path.Combine(sample, "bag") : Path.Combine(sample, "bag.zip"), "--json");
            Assert.True(ran.Code == (holds ? 0 : 1), $"{sample}: {ran.Code}\n{ran.Out}{ran.Error}");
            string? claim = expected.GetProperty("claim").GetString(), subject = expected.GetProperty("subject").GetString();
            Assert.True(holds || ran.Json.GetProperty("findings").EnumerateArray().Any(f => f.GetProperty("verdict").GetString() == "fails" && f.GetProperty("claim").GetString() == claim && (subject is null || f.GetProperty("subject").GetString() == subject)),
                $"{sample}: nothing fails {claim} of {subject}\n{ran.Out}");
        });
        Assert.False(Directory.Exists(work.Vault));
    }

    [Fact]
    public async Task The_answer_comes_first_and_wrong_use_is_told()
    {
        using Workplace work = new();
        Ran holds = await work.RunAsync("verify", Path.Combine(Samples, "valid", "one-exhibit", "bag"));
        Assert.Equal((0, "IT HOLDS"), (holds.Code, holds.Out.Split('\n')[0].Trim()));
        Ran nothing = await work.RunAsync("verify", work.File("nowhere"));
        Assert.Equal(2, nothing.Code);
        Assert.Contains("nowhere", nothing.Error);
    }

    private static string Samples
    {
        get
        {
            for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "EvidenceVault.sln"))) return Path.Combine(at.FullName, "samples", "bundles");
            }
            throw new InvalidOperationException("The folder with EvidenceVault.sln was not found above the test program.");
        }
    }
}
