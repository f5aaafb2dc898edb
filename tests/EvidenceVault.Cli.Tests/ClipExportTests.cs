using System.Text.Json;
using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>Clips on their own. A store of its own, as another vault's derivatives of the same footage are the same bytes under keys that this one lacks.</summary>
public sealed class ClipExportTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly Workplace work = new() { Storage = azurite.ConnectionString };

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task A_clip_exported_alone_is_proved_without_its_master_and_the_index_is_there_where_nothing_can_be_seen()
    {
        string video = Workplace.Footage("dvrscan_traffic_camera.mp4");
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
}
