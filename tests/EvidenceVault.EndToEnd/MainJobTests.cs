using System.Security.Cryptography;
using System.Text.Json;
using EvidenceVault.Samples;
using EvidenceVault.Testing;

namespace EvidenceVault.EndToEnd;

/// <summary>The main job with the programs as they ship: a camera drop becomes sealed, stored, analysed evidence, and strangers'
/// tools (ffmpeg, openssl) agree with what it says. Each test ends with the verifier.</summary>
public sealed class MainJobTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task A_drop_becomes_evidence_that_openssl_ffmpeg_and_the_verifier_accept()
    {
        using var programs = new Programs(azurite.ConnectionString);
        string drop = Path.Combine(programs.Drops, "OP-HERON", "CAM-1", "day-1");
        Directory.CreateDirectory(drop);
        Truth truth = SceneRenderer.Render(new Scene { Name = "dusk-field", Seed = 11, Seconds = 24 }, Codec.H264, Path.Combine(drop, "field.mp4"), wind: true);
        SceneRenderer.Render(new Scene { Name = "ir-lane", Seed = 12, Seconds = 20 }, Codec.Mjpeg, Path.Combine(drop, "lane.avi"));
        File.WriteAllBytes(Path.Combine(drop, "not-footage.mp4"), "this is no video"u8.ToArray());
        File.WriteAllText(Path.Combine(drop, ".done"), "");

        Ran worker = await programs.WorkerAsync();
        Assert.True(worker.Code == 0, worker.Error);

        JsonElement[] listed = [.. (await programs.EvidenceVaultAsync("list", "--json")).Json.EnumerateArray()];
        Assert.Equal(3, listed.Length);
        foreach (JsonElement line in listed) await MustAgreeAsync(programs, drop, line.GetProperty("exhibit").GetString()!);

        JsonElement field = (await programs.EvidenceVaultAsync("show", "EV/1", "--json")).Json;
        double[] starts = [.. field.GetProperty("segments").EnumerateArray().Select(s => s.GetProperty("start").GetDouble())];
        Assert.NotEmpty(starts);
        Assert.All(starts, s => Assert.Contains(truth.Segments, t => s > t.Start - 2 && s < t.End + 2));

        Ran fsck = await programs.EvidenceVaultAsync("log", "fsck", "--json");
        Assert.True(fsck.Code == 0 && fsck.Json.GetProperty("holds").GetBoolean(), fsck.Out);
    }

    [Fact]
    public async Task Run_again_the_worker_finds_nothing_to_do()
    {
        using var programs = new Programs(azurite.ConnectionString);
        string drop = Path.Combine(programs.Drops, "OP-HERON", "CAM-1", "day-1");
        Directory.CreateDirectory(drop);
        SceneRenderer.Render(new Scene { Name = "empty", Seed = 13, Seconds = 4 }, Codec.H264, Path.Combine(drop, "empty.mp4"));
        File.WriteAllText(Path.Combine(drop, ".done"), "");
        Assert.Equal(0, (await programs.WorkerAsync()).Code);
        string before = (await programs.EvidenceVaultAsync("list", "--json")).Out;
        Assert.Equal(0, (await programs.WorkerAsync()).Code);
        Assert.Equal(before, (await programs.EvidenceVaultAsync("list", "--json")).Out);
        Assert.Equal(0, (await programs.EvidenceVaultAsync("log", "fsck")).Code);
    }

    /// <summary>An exhibit's hashes are its file's, its seal is openssl's to accept, and its clips play and hold only the Master's packets.</summary>
    private static async Task MustAgreeAsync(Programs programs, string drop, string exhibit)
    {
        JsonElement shown = (await programs.EvidenceVaultAsync("show", exhibit, "--json")).Json;
        string master = Path.Combine(drop, shown.GetProperty("originalName").GetString()!);
        byte[] bytes = File.ReadAllBytes(master);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), shown.GetProperty("sha256").GetString());
        Assert.Equal(Convert.ToHexStringLower(SHA512.HashData(bytes)), shown.GetProperty("sha512").GetString());
        await MustVerifyAsync(programs, exhibit);

        JsonElement[] derivatives = [.. shown.GetProperty("derivatives").EnumerateArray()];
        JsonElement[] clips = [.. derivatives.Where(d => d.GetProperty("role").GetString() == "clip")];
        Assert.Equal(shown.GetProperty("segments").GetArrayLength(), clips.Length);
        if (clips.Length == 0) return;
        HashSet<string> packets = [.. await programs.PacketHashesAsync(master)];
        foreach (JsonElement clip in clips)
        {
            string reference = clip.GetProperty("exhibit").GetString()!;
            string file = Path.Combine(programs.Folder, reference.Replace('/', '-') + Path.GetExtension(master));
            Ran retrieved = await programs.EvidenceVaultAsync("retrieve", reference, "-o", file, "--reason", "to check the clip");
            Assert.True(retrieved.Code == 0, retrieved.Error);
            Ran played = await programs.RunAsync("ffmpeg", "-v", "error", "-xerror", "-i", file, "-map", "0:v", "-f", "null", "-");
            Assert.True(played.Code == 0 && played.Error.Length == 0, played.Error);
            IReadOnlyList<string> ofClip = await programs.PacketHashesAsync(file);
            Assert.NotEmpty(ofClip);
            Assert.DoesNotContain(ofClip, p => !packets.Contains(p));
            await MustVerifyAsync(programs, reference);
        }
    }

    private static async Task MustVerifyAsync(Programs programs, string exhibit)
    {
        string folder = Path.Combine(programs.Folder, "seal-" + exhibit.Replace('/', '-'));
        Ran seal = await programs.EvidenceVaultAsync("seal", exhibit, "-o", folder);
        Assert.True(seal.Code == 0, seal.Error);
        string manifest = Path.Combine(folder, "manifest.json");
        string[] verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", Path.Combine(folder, "seal.p7s"), "-content", manifest, "-CAfile", Path.Combine(folder, "ca.pem"), "-out", "/dev/null"];
        Ran good = await programs.RunAsync("openssl", verify);
        Assert.True(good.Code == 0, good.Error);
        byte[] bytes = File.ReadAllBytes(manifest);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(manifest, bytes);
        Assert.NotEqual(0, (await programs.RunAsync("openssl", verify)).Code);
    }
}
