using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>The command that makes disclosure bundles, as a process on a real vault and a real store.</summary>
public sealed class ExportTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly Workplace work = new() { Storage = azurite.ConnectionString };

    public void Dispose() => work.Dispose();

    private async Task IngestAsync(string reference, int bytes = 200_000)
    {
        string file = work.Write($"{reference.Replace('/', '-')}.avi", RandomNumberGenerator.GetBytes(bytes));
        Ran ran = await work.RunAsync("ingest", file, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", reference, "--no-analysis");
        Assert.True(ran.Code == 0, ran.Error);
    }

    [Fact]
    public async Task Footage_is_exported_with_what_was_made_from_it_and_the_bundle_holds()
    {
        string video = Workplace.Footage("dvrscan_traffic_camera.mp4");
        Ran ingest = await work.RunAsync("ingest", video, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1");
        Assert.True(ingest.Code == 0, ingest.Error);
        Ran ran = await work.RunAsync("export", "AB/1", "--with-derivatives", "-o", "bundle.zip", "--reason", "Served on the defence", "--redact", "sourceName", "source", "--json");
        Assert.True(ran.Code == 0, ran.Error);

        string[] exhibits = [.. ran.Json.GetProperty("exhibits").EnumerateArray().Select(e => e.GetString()!)];
        Assert.True(exhibits.Length > 1, "nothing was made from the footage");
        using ZipBag bag = BagSource.Zip(work.File("bundle.zip"));
        VerificationReport report = await BundleCheck.RunAsync(bag, new GivenTrust(), TimeProvider.System.GetUtcNow());
        Assert.True(report.Holds, string.Join('\n', report.Findings.Where(f => !f.Holds).Select(f => f.Sentence)));
        Assert.Equal(exhibits.Length - 1, report.Findings.Count(f => f is { Claim: "derivation", Verdict: Verdict.Holds }));
        Assert.Contains(bag.Files, f => f.Path == "verify.html" && f.Bytes > 10_000);

        await work.RunProgramAsync("unzip", "-q", "bundle.zip", "-d", "unpacked");
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(video)), SHA256.HashData(File.ReadAllBytes(work.File("unpacked/data/exhibits/AB-1/AB-1.mp4"))));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(work.File("unpacked/data/bundle.json")))), ran.Json.GetProperty("bundleSha256").GetString());
        string html = File.ReadAllText(work.File("unpacked/data/report/continuity.html"));
        Assert.Contains("Segments of motion in AB/1", html);
        Assert.DoesNotContain("dvrscan", html);
        Assert.Equal(0, (await work.RunAsync("log", "fsck")).Code);
    }

    [Fact]
    public async Task What_is_refused_is_told_in_three_lines_and_leaves_nothing()
    {
        await IngestAsync("AB/1");
        string[][] refused =
        [
            ["export", "AB/1", "-o", "out"],
            ["export", "AB/1", "-o", "out", "--reason", "x", "--redact", "salary"],
            ["export", "AB/1", "nonsense", "-o", "out", "--reason", "x"],
            ["export", "AB/1", "-o", "no/such/folder/out", "--reason", "x"],
            ["export", "-o", "out", "--reason", "x"],
        ];
        foreach (string[] words in refused)
        {
            Ran ran = await work.RunAsync(words);
            Assert.Equal((2, ""), (ran.Code, ran.Out));
            Assert.Equal(3, ran.Error.TrimEnd().Split('\n').Length);
        }
        Assert.False(Path.Exists(work.File("out")));
    }

    [Theory]
    [InlineData("bundle")]
    [InlineData("bundle.zip")]
    public async Task Killed_half_way_it_leaves_nothing_that_looks_like_a_bundle_and_the_next_one_is_whole(string output)
    {
        await IngestAsync("AB/1", 90_000_000);
        string[] words = ["export", "AB/1", "-o", output, "--reason", "Served on the defence"];
        using Process process = work.Start(Workplace.Built, words);
        Task<string> said = process.StandardError.ReadToEndAsync();
        var patience = Stopwatch.StartNew();
        while (DraftBytes() < 8_000_000)
        {
            Assert.False(process.HasExited || patience.Elapsed > TimeSpan.FromMinutes(2), "the export ended before it could be killed");
            await Task.Delay(2);
        }
        process.Kill();
        await process.WaitForExitAsync();
        await said;

        Assert.False(Path.Exists(work.File(output)));
        string part = Path.Combine(Draft()!, "part");
        using var zip = File.Exists(part) ? BagSource.Zip(part) : null;
        VerificationReport report = await BundleCheck.RunAsync(zip ?? BagSource.Folder(part), new GivenTrust(), TimeProvider.System.GetUtcNow());
        Assert.False(report.Holds);
        JsonElement[] log = [.. (await work.RunAsync("log", "show", "--json")).Json.EnumerateArray()];
        Assert.Equal(2, log.Count(e => e.GetProperty("action").GetString() == "exported"));
        Assert.DoesNotContain(log, e => e.GetProperty("action").GetString() == "bundle-made");

        Ran again = await work.RunAsync(words);
        Assert.True(again.Code == 0, again.Error);
        using var whole = output.EndsWith(".zip", StringComparison.Ordinal) ? BagSource.Zip(work.File(output)) : null;
        Assert.True((await BundleCheck.RunAsync(whole ?? BagSource.Folder(work.File(output)), new GivenTrust(), TimeProvider.System.GetUtcNow())).Holds);
    }

    private string? Draft() => Directory.EnumerateDirectories(work.Folder, ".evidencevault-draft-*").FirstOrDefault();

    private long DraftBytes() => Draft() is not { } draft ? 0
        : new DirectoryInfo(draft).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Exists ? f.Length : 0);
}
