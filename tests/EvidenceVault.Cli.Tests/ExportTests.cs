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

    // Each test has a vault of its own on one store: bytes that another vault placed there it could not read. A free box (ISO 14496-12 section 8.1.2) alters nothing.
    private string OfItsOwn(string video) => work.Write(Path.GetFileName(video), [.. File.ReadAllBytes(video), 0, 0, 0, 24, .. "free"u8, .. RandomNumberGenerator.GetBytes(16)]);

    private async Task IngestAsync(string reference, int bytes = 200_000)
    {
        string file = work.Write($"{reference.Replace('/', '-')}.avi", RandomNumberGenerator.GetBytes(bytes));
        Ran ran = await work.RunAsync("ingest", file, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", reference, "--no-analysis");
        Assert.True(ran.Code == 0, ran.Error);
    }

    [Fact]
    public async Task Footage_is_exported_with_what_was_made_from_it_and_the_bundle_holds()
    {
        string video = OfItsOwn(Workplace.Footage("dvrscan_traffic_camera.mp4"));
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
    public async Task A_clip_exported_alone_is_proved_without_its_master_and_the_index_is_there_where_nothing_can_be_seen()
    {
        string video = OfItsOwn(Workplace.Footage("dvrscan_traffic_camera.mp4"));
        Ran ran = await work.RunAsync("ingest", video, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1");
        Assert.True(ran.Code == 0, ran.Error);
        JsonElement[] made = [.. (await work.RunAsync("show", "AB/1", "--json")).Json.GetProperty("derivatives").EnumerateArray()];
        Assert.Single(made, d => d.GetProperty("role").GetString() == "packet-index");
        string clip = made.First(d => d.GetProperty("role").GetString() == "clip").GetProperty("exhibit").GetString()!;

        // In a bundle: the proof goes with the clip, and neither Master nor index.
        ran = await work.RunAsync("export", clip, "-o", "bundle", "--reason", "Served on the defence", "--json");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Equal([clip, clip + "/1"], ran.Json.GetProperty("exhibits").EnumerateArray().Select(e => e.GetString()));
        ran = await work.RunAsync("verify", "bundle", "--json");
        Assert.True(ran.Code == 0, ran.Out);
        Assert.Equal("holds", Verdict(ran, "clip-packets"));
        Assert.Equal("holds", Verdict(ran, "clip-playback"));

        // By itself.
        Assert.Equal(0, (await work.RunAsync("retrieve", clip, "-o", "clip.mp4", "--reason", "to check it")).Code);
        Assert.Equal(0, (await work.RunAsync("retrieve", clip + "/1", "-o", "clip.proof", "--reason", "to check it")).Code);
        Assert.Equal(0, (await work.RunAsync("seal", clip, "-o", "seal")).Code);
        string[] verify = ["verify", "clip.mp4", "--seal", "seal/manifest.json", "--signature", "seal/seal.p7s", "--ca", "seal/ca.pem", "--json"];
        ran = await work.RunAsync([.. verify, "--packet-proof", "clip.proof"]);
        Assert.True(ran.Code == 0, ran.Out);
        Assert.Equal(("holds", "holds"), (Verdict(ran, "clip-packets"), Verdict(ran, "clip-playback")));
        ran = await work.RunAsync(verify);
        Assert.Equal((0, "note"), (ran.Code, Verdict(ran, "clip-packets")));
        byte[] bytes = File.ReadAllBytes(work.File("clip.mp4"));
        bytes[bytes.Length / 2] ^= 1;
        work.Write("clip.mp4", bytes);
        ran = await work.RunAsync([.. verify, "--packet-proof", "clip.proof"]);
        Assert.Equal((1, "fails"), (ran.Code, Verdict(ran, "clip-packets")));
        Assert.Contains("1 of ", Sentence(ran, "clip-packets"));

        // Sound alone: nothing can be looked into, and its packets are listed all the same.
        Assert.Equal(0, (await work.RunProgramAsync("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-metadata", $"comment={Guid.NewGuid()}", "-c:a", "aac", "sound.mp4")).Code);
        ran = await work.RunAsync("ingest", "sound.mp4", "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/2", "--json");
        ran = await work.RunAsync("show", "AB/2", "--json");
        Assert.Equal("not-analysed", ran.Json.GetProperty("state").GetString());
        Assert.Equal(["packet-index"], ran.Json.GetProperty("derivatives").EnumerateArray().Select(d => d.GetProperty("role").GetString()));
        Assert.Equal(0, (await work.RunAsync("log", "fsck")).Code);

        static JsonElement Of(Ran ran, string claim) => ran.Json.GetProperty("findings").EnumerateArray().First(f => f.GetProperty("claim").GetString() == claim);
        static string? Verdict(Ran ran, string claim) => Of(ran, claim).GetProperty("verdict").GetString();
        static string? Sentence(Ran ran, string claim) => Of(ran, claim).GetProperty("sentence").GetString();
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
