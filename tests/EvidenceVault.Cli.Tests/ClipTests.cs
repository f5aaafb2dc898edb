using System.Diagnostics;
using System.Text.Json;
using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>Clips cut by hand: of a file without a vault, and of an exhibit with a real vault on a real Azurite, to the verifier's word.</summary>
public sealed class ClipTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly Workplace work = new() { Storage = azurite.ConnectionString };

    public void Dispose() => work.Dispose();

    // No two tests may seal the same bytes: they share the store, and each has keys of its own.
    private async Task MakeAsync(string name, int seconds = 8)
    {
        Ran made = await work.RunProgramAsync("ffmpeg", "-v", "error", "-f", "lavfi", "-i", $"testsrc2=size=320x240:rate=25:duration={seconds},noise=alls=8:all_seed={Random.Shared.Next(1, 1_000_000)}", "-f", "lavfi", "-i", $"sine=frequency=440:duration={seconds}",
            "-c:v", "libx264", "-g", "25", "-c:a", "aac", work.File(name));
        Assert.True(made.Code == 0, made.Error);
    }

    private async Task TakeAsync(string name, string exhibit)
    {
        Ran ran = await work.RunAsync("ingest", work.File(name), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", exhibit);
        Assert.True(ran.Code == 0, ran.Error);
    }

    private async Task<JsonElement[]> LogAsync(string action) =>
        [.. (await work.RunAsync("log", "show", "--json")).Json.EnumerateArray().Where(e => e.GetProperty("action").GetString() == action)];

    private async Task<JsonElement[]> DerivativesAsync(string exhibit) => [.. (await work.RunAsync("show", exhibit, "--json")).Json.GetProperty("derivatives").EnumerateArray()];

    private static string Verdict(Ran ran, string claim) => ran.Json.GetProperty("findings").EnumerateArray().First(f => f.GetProperty("claim").GetString() == claim).GetProperty("verdict").GetString()!;

    [Fact]
    public async Task A_clip_of_a_file_has_its_proof_beside_it_and_neither_is_written_over_anything()
    {
        await MakeAsync("quay.mp4");
        Ran ran = await work.RunAsync("clip", "quay.mp4", "--from", "2.5", "--to", "4.2", "-o", "lorry.mp4", "--json");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Equal("lorry.mp4.proof", ran.Json.GetProperty("proof").GetString());
        string[] proof = File.ReadAllLines(work.File("lorry.mp4.proof"));
        Assert.Equal(["evidencevault/packet-proof/1", $"clip {ran.Json.GetProperty("sha256").GetString()} {ran.Json.GetProperty("bytes").GetInt64()}", $"master {Sha256("quay.mp4")}"], proof[..3]);
        Assert.Equal(2, proof.Count(l => l.StartsWith("stream ", StringComparison.Ordinal)));
        Assert.Equal(["lorry.mp4", "lorry.mp4.proof", "quay.mp4"], Directory.GetFileSystemEntries(work.Folder).Select(Path.GetFileName).Order());

        Assert.Equal(2, (await work.RunAsync("clip", "quay.mp4", "--from", "2.5", "--to", "4.2", "-o", "lorry.mp4")).Code);
        File.Delete(work.File("lorry.mp4"));
        Assert.Equal(2, (await work.RunAsync("clip", "quay.mp4", "--from", "2.5", "--to", "4.2", "-o", "lorry.mp4")).Code);
        Assert.False(File.Exists(work.File("lorry.mp4")));
        Assert.Equal(2, (await work.RunAsync("clip", "quay.mp4", "--from", "2.5", "--to", "4.2")).Code);
        Assert.False(Directory.Exists(work.Vault));
    }

    [Fact]
    public async Task A_clip_cut_by_hand_is_sealed_with_its_proof_recorded_with_its_bounds_and_holds_in_a_bundle_without_its_Master()
    {
        await MakeAsync("quay.mp4");
        await TakeAsync("quay.mp4", "AB/1");
        int before = (await DerivativesAsync("AB/1")).Length;

        // A reason and bounds in the footage, or a refusal that is in the log.
        Assert.Equal(2, (await work.RunAsync("clip", "AB/1", "--from", "2.5", "--to", "4.2")).Code);
        Assert.Equal(2, (await work.RunAsync("clip", "AB/1", "--from", "40", "--to", "41", "--reason", "Nothing is there")).Code);
        Assert.Equal(["refused", "done", "refused"], (await LogAsync("clip-asked")).Select(e => e.GetProperty("outcome").GetString()));
        Assert.Equal(before, (await DerivativesAsync("AB/1")).Length);

        Ran made = await work.RunAsync("clip", "AB/1", "--from", "2.5", "--to", "4.2", "--reason", "The lorry, for the interview", "-o", "lorry.mp4", "--json");
        Assert.True(made.Code == 0, made.Error);
        string clip = made.Json.GetProperty("exhibit").GetString()!, proof = made.Json.GetProperty("proof").GetString()!;
        Assert.Equal(clip + "/1", proof);
        Assert.Equal((2.5, 4.2, 2.0), (made.Json.GetProperty("askedStart").GetDouble(), made.Json.GetProperty("askedEnd").GetDouble(), made.Json.GetProperty("gotStart").GetDouble()));
        Assert.InRange(made.Json.GetProperty("gotEnd").GetDouble(), 4.2, 4.4);
        Assert.Empty(made.Json.GetProperty("notes").EnumerateArray());
        Assert.Equal((made.Json.GetProperty("sha256").GetString(), made.Json.GetProperty("proofSha256").GetString()), (Sha256("lorry.mp4"), Sha256("lorry.mp4.proof")));

        // The record: what was asked, who made what, and each giving out.
        JsonElement asked = (await LogAsync("clip-asked"))[^1];
        Assert.Equal((2.5, 4.2), (asked.GetProperty("detail").GetProperty("from").GetDouble(), asked.GetProperty("detail").GetProperty("to").GetDouble()));
        JsonElement[] derived = [.. (await LogAsync("derived")).Where(e => e.GetProperty("reason").ValueKind == JsonValueKind.String)];
        Assert.Equal([clip, proof], derived.Select(e => e.GetProperty("exhibit").GetString()));
        Assert.All(derived, e => Assert.Equal("The lorry, for the interview", e.GetProperty("reason").GetString()));
        Assert.Equal([clip, proof], (await LogAsync("retrieved")).Select(e => e.GetProperty("exhibit").GetString()));
        Assert.Equal(0, (await work.RunAsync("seal", clip, "-o", "seal")).Code);
        using (JsonDocument manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(work.File("seal/manifest.json"))))
        {
            JsonElement settings = manifest.RootElement.GetProperty("settings");
            Assert.Equal(("AB/1", "clip"), (manifest.RootElement.GetProperty("parent").GetString(), manifest.RootElement.GetProperty("role").GetString()));
            Assert.Equal((2.5, 2.0), (settings.GetProperty("askedStart").GetDouble(), settings.GetProperty("gotStart").GetDouble()));
            Assert.Equal(Sha256("lorry.mp4.proof"), settings.GetProperty("packetProof").GetProperty("sha256").GetString());
            Assert.Matches(@"^0\.1\.0\+build\.[0-9a-f]{12}$", manifest.RootElement.GetProperty("versions").GetProperty("evidencevault").GetString());
        }
        Assert.Contains("0:02.000 to 0:04.", (await work.RunAsync("show", "AB/1")).Out);
        Assert.Equal(before + 1, (await DerivativesAsync("AB/1")).Length);

        // Asked again it is the same one; other bounds are another; a clip of a clip is refused.
        Assert.Equal(clip, (await work.RunAsync("clip", "AB/1", "--from", "2.5", "--to", "4.2", "--reason", "Once more", "--json")).Json.GetProperty("exhibit").GetString());
        Assert.NotEqual(clip, (await work.RunAsync("clip", "AB/1", "--from", "2.5", "--to", "5", "--reason", "Longer", "--json")).Json.GetProperty("exhibit").GetString());
        Assert.Equal(2, (await work.RunAsync("clip", clip, "--from", "2.5", "--to", "3", "--reason", "A clip of a clip")).Code);

        // Without the Master: by itself, and in a bundle, where a packet put elsewhere is found.
        Ran verified = await work.RunAsync("verify", "lorry.mp4", "--seal", "seal/manifest.json", "--signature", "seal/seal.p7s", "--ca", "seal/ca.pem", "--packet-proof", "lorry.mp4.proof", "--json");
        Assert.True(verified.Code == 0, verified.Out);
        Ran exported = await work.RunAsync("export", clip, "-o", "bundle", "--reason", "Served on the defence", "--json");
        Assert.True(exported.Code == 0, exported.Error);
        Assert.Equal([clip, proof], exported.Json.GetProperty("exhibits").EnumerateArray().Select(e => e.GetString()));
        verified = await work.RunAsync("verify", "bundle", "--json");
        Assert.True(verified.Code == 0, verified.Out);
        Assert.Equal(("holds", "holds"), (Verdict(verified, "clip-packets"), Verdict(verified, "clip-playback")));
        string held = Directory.GetFiles(work.File($"bundle/data/exhibits/{clip.Replace('/', '-')}")).Single();
        byte[] bytes = File.ReadAllBytes(held);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(held, bytes);
        verified = await work.RunAsync("verify", "bundle", "--json");
        Assert.Equal((1, "fails"), (verified.Code, Verdict(verified, "clip-packets")));

        // With the index, the proof leads to it; and the analysis is what it was.
        Assert.Equal(0, (await work.RunAsync("export", "AB/1", "--with-derivatives", "-o", "all.zip", "--reason", "Served on the defence")).Code);
        verified = await work.RunAsync("verify", "all.zip", "--json");
        Assert.True(verified.Code == 0, verified.Out);
        Assert.Equal("holds", Verdict(verified, "packet-index"));
        Assert.Equal(0, (await work.RunAsync("reproduce", "AB/1")).Code);
        Assert.Equal(0, (await work.RunAsync("log", "fsck")).Code);
    }

    [Fact]
    public async Task A_Master_without_a_packet_index_gets_one_with_its_first_clip()
    {
        await MakeAsync("quay.mp4");
        await TakeAsync("quay.mp4", "AB/1");
        // As where it was analysed before there were indexes.
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(work.Vault, "vault.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE exhibit SET role = 'other' WHERE role = 'packet-index'";
            Assert.Equal(1, command.ExecuteNonQuery());
        }
        foreach (string end in (string[])["4", "5"])
        {
            Ran ran = await work.RunAsync("clip", "AB/1", "--from", "2", "--to", end, "--reason", "To show it");
            Assert.True(ran.Code == 0, ran.Error);
        }
        JsonElement[] made = await DerivativesAsync("AB/1");
        string[] clips = [.. made.Where(d => d.GetProperty("role").GetString() == "clip").Select(d => d.GetProperty("exhibit").GetString()!)];
        string index = Assert.Single(made, d => d.GetProperty("role").GetString() == "packet-index").GetProperty("exhibit").GetString()!;
        Ran exported = await work.RunAsync(["export", .. clips, index, "-o", "bundle", "--reason", "Served on the defence"]);
        Assert.True(exported.Code == 0, exported.Error);
        Ran verified = await work.RunAsync("verify", "bundle", "--json");
        Assert.True(verified.Code == 0, verified.Out);
        Assert.Equal(("holds", "holds"), (Verdict(verified, "packet-index"), Verdict(verified, "clip-packets")));
    }

    [Fact]
    public async Task Who_may_not_retrieve_may_not_have_a_clip_cut_and_a_still_has_none()
    {
        Assert.Equal(0, (await work.RunProgramAsync("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v", "1", "-metadata", $"comment={Guid.NewGuid()}", "-update", "1", "still.jpg")).Code);
        await TakeAsync("still.jpg", "AB/1");
        Ran refused = await work.RunAsync("clip", "AB/1", "--from", "0", "--to", "1", "--reason", "A still");
        Assert.True(refused.Code == 2, refused.Error);
        Assert.Contains("A still has no length", refused.Error);
        string access = Path.Combine(work.Vault, "access.json"), whole = await File.ReadAllTextAsync(access);
        await File.WriteAllTextAsync(access, whole.Replace("\"CaseOfficer\"", "\"Auditor\"", StringComparison.Ordinal).Replace("\"CpsReviewer\"", "\"Auditor\"", StringComparison.Ordinal));
        refused = await work.RunAsync("clip", "AB/1", "--from", "0", "--to", "1", "--reason", "Curious");
        Assert.True(refused.Code == 2, refused.Error);
        Assert.Contains("may not do this", refused.Error);
        Assert.Equal(["done", "refused", "refused"], (await LogAsync("clip-asked")).Select(e => e.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task Killed_at_any_moment_and_asked_again_it_gives_the_same_clip_once()
    {
        await MakeAsync("long.mp4", 30);
        await TakeAsync("long.mp4", "AB/1");
        string[] asked = ["clip", "AB/1", "--from", "3", "--to", "27", "--reason", "The whole of it", "--json"];
        int before = (await DerivativesAsync("AB/1")).Length, killed = 0;
        for (int wait = 300; wait < 4000; wait += 350)
        {
            using Process process = work.Start(Workplace.Built, asked);
            await Task.Delay(wait, TestContext.Current.CancellationToken);
            if (process.HasExited) break;
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            killed++;
            JsonElement[] made = await DerivativesAsync("AB/1");
            Assert.True(made.Length == before || made.Length == before + 1);
            // A clip that is there has its proof: they are of one commit.
            if (made.Length > before) Assert.Equal("packet-proof", Assert.Single(await DerivativesAsync(made[^1].GetProperty("exhibit").GetString()!)).GetProperty("role").GetString());
        }
        Assert.True(killed > 2, $"killed {killed} times");
        Ran ran = await work.RunAsync(asked);
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Equal(before + 1, (await DerivativesAsync("AB/1")).Length);
        // What was cut is what a run that nobody kills cuts.
        Assert.Equal(0, (await work.RunAsync("clip", "long.mp4", "--from", "3", "--to", "27", "-o", "alone.mp4")).Code);
        Assert.Equal((Sha256("alone.mp4"), Sha256("alone.mp4.proof")), (ran.Json.GetProperty("sha256").GetString(), ran.Json.GetProperty("proofSha256").GetString()));
        Assert.Equal(0, (await work.RunAsync("export", ran.Json.GetProperty("exhibit").GetString()!, "-o", "bundle", "--reason", "To check it")).Code);
        Assert.Equal(0, (await work.RunAsync("verify", "bundle")).Code);
        Assert.Equal(0, (await work.RunAsync("log", "fsck")).Code);
    }

    private string Sha256(string name) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(work.File(name))));
}
