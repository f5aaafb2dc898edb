using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Samples;
using EvidenceVault.Storage.Azure;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Portal.Tests;

/// <summary>Footage for the tests of watching, delivered and analysed for real when it is first asked for.</summary>
internal static class WatchedFootage
{
    /// <summary>When the footage of the drop with a clock says that it was recorded.</summary>
    public static readonly DateTimeOffset Stated = new(2026, 6, 1, 21, 30, 0, TimeSpan.Zero);

    /// <summary>Some 20 MB of H.264 in MP4, its index at its end, several of the store's regions long. Its picture is noise: no two parts of it are alike, and each reference has bytes of its own.</summary>
    public static Task<byte[]> BigAsync(PortalBench bench, string reference) => GivenAsync(bench, reference, "big.mp4", path => Ffmpeg(
        "-f", "lavfi", "-i", "nullsrc=s=320x240:r=25:d=10,geq=random(1)*255:128:128", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "14", "-g", "25", "-pix_fmt", "yuv420p", "-metadata", "comment=" + reference, path), analyse: false);

    /// <summary>What no browser plays: MPEG-4 part 2 in AVI.</summary>
    public static Task<byte[]> ForeignAsync(PortalBench bench, string reference) => GivenAsync(bench, reference, "foreign.avi", path => Ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=320x240:r=12.5:d=6", "-c:v", "mpeg4", "-q:v", "3", path), analyse: true);

    /// <summary>Two recordings of one camera whose clock was 90 seconds slow, give or take half a second, as a drop with its manifest: WC/1 and WC/2, an hour apart.</summary>
    public static async Task ClockedAsync(PortalBench bench)
    {
        if (bench.Vault.Exhibits.Find(ExhibitReference.Parse("WC/2")) is { State: ExhibitState.Analysed }) return;
        string landing = Directory.CreateTempSubdirectory("evidencevault-watched-").FullName, drop = Path.Combine(landing, PortalBench.Case, "CAM-W", "night-1");
        Directory.CreateDirectory(drop);
        string scene = Path.Combine(landing, "scene.mp4");
        SceneRenderer.Render(new() { Name = "dusk-field", Seed = 57, Seconds = 16, Width = 480, Height = 270 }, Codec.H264, scene);
        string[] files = ["a.mp4", "b.mp4"];
        for (int i = 0; i < files.Length; i++) Ffmpeg("-i", scene, "-c", "copy", "-metadata", $"creation_time={Stated.AddHours(i):yyyy-MM-dd'T'HH:mm:ss'Z'}", Path.Combine(drop, files[i]));
        string listed = string.Join(',', files.Select(f => $$"""{"name":"{{f}}","bytes":{{new FileInfo(Path.Combine(drop, f)).Length}},"sha256":"{{Sha256(Path.Combine(drop, f))}}"}"""));
        await File.WriteAllTextAsync(Path.Combine(drop, "drop.json"), $$"""
            {"version":"evidencevault/drop/1","case":"{{PortalBench.Case}}","camera":"CAM-W","exhibitPrefix":"WC","authorityUrn":"URN-1","technician":"technician","retrievedAt":"2026-06-02T08:00:00Z",
             "clock":{"cameraTime":"2026-06-02T07:58:30Z","referenceTime":"2026-06-02T08:00:00Z","uncertaintySeconds":0.5,"reference":"speaking clock"},"files":[{{listed}}]}
            """);
        await using ServiceProvider worker = Maker(bench, analyse: true).AddLandingFolder(landing).BuildServiceProvider();
        var rounds = new DropRounds(bench.Vault, worker.GetRequiredService<EvidenceFlow>(), [.. worker.GetServices<IDropSource>()], new(), TimeProvider.System, worker.GetRequiredService<ILogger<DropRounds>>());
        await rounds.RunAsync(once: true, TimeSpan.FromMinutes(3), null, TestContext.Current.CancellationToken);
        Assert.Equal(ExhibitState.Analysed, bench.Vault.Exhibits.Find(ExhibitReference.Parse("WC/2"))?.State);
        Directory.Delete(landing, recursive: true);
    }

    /// <summary>What is stored, exchanged behind the vault's back.</summary>
    public static async Task ExchangeAsync(PortalBench bench, string reference, Func<byte[], byte[]> change, IDictionary<string, string>? metadata = null)
    {
        BlobClient blob = Blob(bench, bench.Vault.Exhibits.Find(ExhibitReference.Parse(reference))!.Address!);
        BlobProperties facts = await blob.GetPropertiesAsync();
        byte[] stored = (await blob.DownloadContentAsync()).Value.Content.ToArray();
        await blob.UploadAsync(new BinaryData(change(stored)), new BlobUploadOptions { Metadata = metadata ?? facts.Metadata });
    }

    /// <summary>Other bytes in the place of an exhibit's, encrypted as the vault does: by somebody who has its keys.</summary>
    public static async Task ForgeAsync(PortalBench bench, string reference, byte[] content)
    {
        string id = Guid.NewGuid().ToString("N");
        var address = ContentAddress.Master(Convert.ToHexStringLower(SHA256.HashData(content)));
        await bench.Store.StageAsync(id, new MemoryStream(content), CancellationToken.None);
        await bench.Store.PlaceAsync(id, address, CancellationToken.None);
        BlobClient forged = Blob(bench, address.Path);
        byte[] bytes = (await forged.DownloadContentAsync()).Value.Content.ToArray();
        await ExchangeAsync(bench, reference, _ => bytes, (await forged.GetPropertiesAsync()).Value.Metadata);
    }

    /// <summary>Where the player on a page gets its parts.</summary>
    public static async Task<string> SourceAsync(HttpClient client, string reference)
    {
        string html = await client.GetStringAsync($"/watch/{reference}?show=original");
        return Regex.Match(html, "<video[^>]* src=\"([^\"#]+)").Groups[1].Value;
    }

    /// <summary>Runs ffmpeg.</summary>
    public static void Ffmpeg(params string[] arguments)
    {
        using Process run = Process.Start(new ProcessStartInfo("ffmpeg", ["-nostdin", "-hide_banner", "-loglevel", "error", .. arguments]) { RedirectStandardError = true })!;
        string error = run.StandardError.ReadToEnd();
        run.WaitForExit();
        Assert.True(run.ExitCode == 0, error);
    }

    private static BlobClient Blob(PortalBench bench, string address) =>
        new BlobServiceClient(bench.Azurite.ConnectionString).GetBlobContainerClient("evidence").GetBlobClient($"{bench.Vault.Keys.Log.Origin}/{address}");

    private static async Task<byte[]> GivenAsync(PortalBench bench, string reference, string name, Action<string> make, bool analyse)
    {
        if (bench.Vault.Exhibits.Find(ExhibitReference.Parse(reference)) is { State: ExhibitState.Analysed }) return [];
        string folder = Directory.CreateTempSubdirectory("evidencevault-watched-").FullName, file = Path.Combine(folder, name);
        make(file);
        await using ServiceProvider maker = Maker(bench, analyse).BuildServiceProvider();
        await maker.GetRequiredService<IMediator>().Send(new IngestFile(file, PortalBench.Case, "CAM-7", ExhibitReference.Parse(reference), null));
        byte[] content = await File.ReadAllBytesAsync(file);
        Directory.Delete(folder, recursive: true);
        return content;
    }

    private static IServiceCollection Maker(PortalBench bench, bool analyse) => new ServiceCollection().AddLogging()
        .AddEvidenceVault(bench.Vault, new() { Analyse = analyse }, new Caller(Environment.UserName)).AddAzureStorage(bench.Azurite.Options).AddFootageAnalysis(o => o.ScratchFolder = bench.Vault.ScratchRoot);

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
