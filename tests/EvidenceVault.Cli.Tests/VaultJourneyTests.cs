using System.Security.Cryptography;
using System.Text.Json;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>The program as a process, with a real vault on a real Azurite.</summary>
public sealed class VaultJourneyTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly Workplace work = new() { Storage = azurite.ConnectionString };

    public void Dispose() => work.Dispose();

    private static string Account => Environment.UserName;

    private async Task<byte[]> IngestAsync(string reference = "AB/1", int bytes = 300_000)
    {
        byte[] content = RandomNumberGenerator.GetBytes(bytes);
        string file = work.Write($"{reference.Replace('/', '-')}.bin", content);
        Ran ran = await work.RunAsync("ingest", file, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", reference, "--no-analysis");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Contains(reference, ran.Out);
        return content;
    }

    [Fact]
    public async Task An_ingested_file_is_shown_with_the_hash_of_its_bytes_and_its_custody()
    {
        byte[] content = await IngestAsync();
        Ran ran = await work.RunAsync("show", "AB/1", "--json");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), ran.Json.GetProperty("sha256").GetString());
        Assert.Equal(Convert.ToHexStringLower(SHA512.HashData(content)), ran.Json.GetProperty("sha512").GetString());
        Assert.Equal(content.Length, ran.Json.GetProperty("bytes").GetInt64());
        Assert.Equal("stored", ran.Json.GetProperty("state").GetString());
        Assert.Equal("OP-HERON", ran.Json.GetProperty("case").GetString());
        Assert.Equal("AB-1.bin", ran.Json.GetProperty("originalName").GetString());
        JsonElement[] custody = [.. ran.Json.GetProperty("custody").EnumerateArray()];
        Assert.Equal(["received", "sealed", "read-back", "stored", "viewed"], custody.Select(e => e.GetProperty("action").GetString()));
        Assert.Equal([1, 2, 3, 4, 5], custody.Select(e => e.GetProperty("seq").GetInt32()));
        Assert.All(custody, e => Assert.Equal(Account, e.GetProperty("actor").GetString()));
        Assert.All(custody, e => Assert.Equal(JsonValueKind.Null, e.GetProperty("problem").ValueKind));

        JsonElement line = Assert.Single((await work.RunAsync("list", "--json")).Json.EnumerateArray());
        Assert.Equal("AB/1", line.GetProperty("exhibit").GetString());
        Assert.Contains("OP-HERON", (await work.RunAsync("list", "--case", "OP-HERON")).Out);
        Assert.Empty((await work.RunAsync("list", "--case", "OP-WREN", "--json")).Json.EnumerateArray());
        Assert.Contains("SHA-512", (await work.RunAsync("show", "AB/1")).Out);
    }

    [Fact]
    public async Task The_same_file_under_another_reference_is_another_exhibit_and_under_the_same_one_changes_nothing()
    {
        byte[] content = await IngestAsync();
        string[] words = ["ingest", work.File("AB-1.bin"), "--case", "OP-HERON", "--camera", "CAM-7", "--no-analysis", "--exhibit"];
        Assert.Equal(0, (await work.RunAsync([.. words, "AB/2"])).Code);
        Assert.Equal(0, (await work.RunAsync([.. words, "AB/2"])).Code);
        JsonElement[] listed = [.. (await work.RunAsync("list", "--json")).Json.EnumerateArray()];
        Assert.Equal(["AB/1", "AB/2"], listed.Select(l => l.GetProperty("exhibit").GetString()));
        Assert.All(listed, l => Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), l.GetProperty("sha256").GetString()));
        Assert.Equal(2, (await work.RunAsync("ingest", work.Write("other.bin", [1]), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1")).Code);
        Assert.Equal(0, (await work.RunAsync("log", "fsck")).Code);
    }

    [Fact]
    public async Task Bytes_are_given_out_only_for_a_reason_and_both_are_logged()
    {
        byte[] content = await IngestAsync();
        Ran refused = await work.RunAsync("retrieve", "AB/1", "-o", "out.bin");
        Assert.Equal(2, refused.Code);
        Assert.Equal(3, refused.Error.TrimEnd().Split('\n').Length);
        Assert.False(File.Exists(work.File("out.bin")));

        Ran given = await work.RunAsync("retrieve", "AB/1", "-o", "out.bin", "--reason", "Charging decision [bold]");
        Assert.True(given.Code == 0, given.Error);
        Assert.Equal(content, await File.ReadAllBytesAsync(work.File("out.bin")));

        Ran again = await work.RunAsync("retrieve", "AB/1", "-o", "out.bin", "--reason", "Once more");
        Assert.Equal(2, again.Code);

        JsonElement[] log = [.. (await work.RunAsync("log", "show", "AB/1", "--json")).Json.EnumerateArray().Where(e => e.GetProperty("action").GetString() == "retrieved")];
        Assert.Equal("refused", log[0].GetProperty("outcome").GetString());
        Assert.Equal("done", log[1].GetProperty("outcome").GetString());
        Assert.Equal("Charging decision [bold]", log[1].GetProperty("reason").GetString());
        Assert.Equal(Account, log[1].GetProperty("actor").GetString());
        Assert.Contains("Charging decision [bold]", (await work.RunAsync("log", "show", "AB/1")).Out);
    }

    [Fact]
    public async Task Openssl_accepts_a_seal_and_rejects_it_with_one_byte_changed()
    {
        byte[] content = await IngestAsync();
        Ran ran = await work.RunAsync("seal", "AB/1", "-o", "seal");
        Assert.True(ran.Code == 0, ran.Error);
        string[] check = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "seal/seal.p7s", "-content", "seal/manifest.json", "-CAfile", "seal/ca.pem", "-out", "/dev/null"];
        Assert.Contains("openssl cms -verify -binary -inform DER -in seal.p7s -content manifest.json -CAfile ca.pem", ran.Out);
        Ran good = await work.RunProgramAsync("openssl", check);
        Assert.True(good.Code == 0, good.Error);

        byte[] manifest = await File.ReadAllBytesAsync(work.File("seal/manifest.json"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), SealManifest.Parse(manifest).Sha256);
        manifest[manifest.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(work.File("seal/manifest.json"), manifest);
        Assert.NotEqual(0, (await work.RunProgramAsync("openssl", check)).Code);
        Assert.Equal(2, (await work.RunAsync("seal", "AB/1", "-o", "seal")).Code); // never over what is there
    }

    [Fact]
    public async Task An_exported_log_proves_itself_to_a_reader_with_the_key()
    {
        await IngestAsync();
        Ran ran = await work.RunAsync("log", "export", "log");
        Assert.True(ran.Code == 0, ran.Error);
        VerifierKey key = VerifierKey.Parse((await work.RunAsync("log", "vkey")).Out.Trim());
        byte[] note = await File.ReadAllBytesAsync(work.File("log/checkpoint"));
        Assert.True(SignedNote.TryParse(note, out SignedNote? signed, out _) && signed.Verify(key).Holds);
        Assert.True(Checkpoint.TryParse(signed.Text, out Checkpoint? checkpoint, out _));

        int size = (int)checkpoint.Size;
        Assert.InRange(size, 6, 255);
        byte[] bundle = await File.ReadAllBytesAsync(work.File($"log/{new TilePath(null, 0, size)}"));
        Assert.True(EntryBundle.TryDecode(bundle, size, out IReadOnlyList<byte[]>? entries, out string problem), problem);
        byte[] tile = await File.ReadAllBytesAsync(work.File($"log/{new TilePath(0, 0, size)}"));
        VerificationReport report = new LogCheck(new()
        {
            Size = checkpoint.Size,
            Entry = i => entries[(int)i],
            LeafHash = i => tile.AsSpan((int)i * 32, 32).ToArray(),
            Checkpoints = [note],
        }, key).Run();
        Assert.True(report.Holds, string.Join('\n', report.Findings));
        Assert.Equal(2, (await work.RunAsync("log", "export", "log")).Code);
    }

    [Fact]
    public async Task A_byte_of_an_entry_changed_behind_the_vaults_back_is_named_by_fsck()
    {
        await IngestAsync();
        Ran good = await work.RunAsync("log", "fsck", "--json");
        Assert.True(good.Code == 0, good.Error);
        Assert.True(good.Json.GetProperty("holds").GetBoolean());
        Ran checkpoint = await work.RunAsync("log", "checkpoint", "--json");
        Assert.Equal(good.Json.GetProperty("size").GetUInt64(), checkpoint.Json.GetProperty("size").GetUInt64());
        Assert.Equal((await work.RunAsync("log", "checkpoint")).Out, checkpoint.Json.GetProperty("note").GetString());

        Ran change = await work.RunProgramAsync("sqlite3", "vault/vault.db",
            "DROP TRIGGER custody_entry_no_update; UPDATE custody_entry SET entry = CAST(REPLACE(CAST(entry AS TEXT), 'CAM-7', 'CAM-8') AS BLOB) WHERE idx = 3; SELECT changes();");
        Assert.Equal("1", change.Out.Trim());
        Ran bad = await work.RunAsync("log", "fsck", "--json");
        Assert.Equal(1, bad.Code);
        Assert.False(bad.Json.GetProperty("holds").GetBoolean());
        Assert.Contains(bad.Json.GetProperty("findings").EnumerateArray(), f => !f.GetProperty("holds").GetBoolean() && f.GetProperty("entry").ValueKind == JsonValueKind.Number && f.GetProperty("entry").GetInt32() == 3);
        Assert.Contains("Entry 3", bad.Error);
        Ran plain = await work.RunAsync("log", "fsck");
        Assert.Equal(1, plain.Code);
        Assert.Contains("NOT ok", plain.Out);
        Assert.Equal(1, (await work.RunAsync("doctor")).Code);
    }

    [Fact]
    public async Task A_reason_swapped_behind_the_vaults_back_is_not_shown_as_the_reason()
    {
        await IngestAsync();
        Assert.Equal(0, (await work.RunAsync("retrieve", "AB/1", "-o", "out.bin", "--reason", "The true reason")).Code);
        string forged = Disclosure.Create("reason", "A better reason").Encoded;
        Ran change = await work.RunProgramAsync("sqlite3", "vault/vault.db",
            $"DROP TRIGGER custody_disclosure_no_update; UPDATE custody_disclosure SET disclosure = '{forged}' WHERE ordinal = 1 AND idx = (SELECT MAX(idx) FROM custody_entry); SELECT changes();");
        Assert.Equal("1", change.Out.Trim());
        JsonElement entry = (await work.RunAsync("log", "show", "AB/1", "--json")).Json.EnumerateArray().Single(e => e.GetProperty("action").GetString() == "retrieved");
        Assert.Equal(JsonValueKind.Null, entry.GetProperty("reason").ValueKind);
        Assert.Contains("reason", entry.GetProperty("problem").GetString());
    }

    [Fact]
    public async Task An_exhibit_that_is_not_there_is_refused_and_the_asking_logged()
    {
        await IngestAsync();
        Ran ran = await work.RunAsync("show", "ZZ/9", "--json");
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Equal(3, ran.Error.TrimEnd().Split('\n').Length);
        JsonElement last = (await work.RunAsync("log", "show", "--last", "2", "--json")).Json.EnumerateArray().First();
        Assert.Equal("refused", last.GetProperty("outcome").GetString());
        Assert.Equal("ZZ/9", last.GetProperty("personal").GetProperty("asked").GetString());
    }

    [Fact]
    public async Task Hostile_names_are_taken_and_never_reach_the_terminal_as_they_are()
    {
        string[] names = ["new\nline \u001b[31mred.bin", "🦆 [bold]duck [x.bin", "-rf.bin", new string('x', 251) + ".bin"];
        for (int i = 0; i < names.Length; i++)
        {
            string file = work.Write(names[i], [1, 2, 3, (byte)i]);
            Ran ran = await work.RunAsync("ingest", file, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", $"AB/{i + 1}", "--no-analysis");
            Assert.True(ran.Code == 0, ran.Error);
            Ran shown = await work.RunAsync("show", $"AB/{i + 1}");
            Assert.DoesNotContain("\u001b", ran.Out + ran.Error + shown.Out + shown.Error);
            Assert.Equal(names[i], (await work.RunAsync("show", $"AB/{i + 1}", "--json")).Json.GetProperty("originalName").GetString());
        }
        Ran missing = await work.RunAsync("ingest", "../../no\u001b[2J\nwhere", "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/9");
        Assert.Equal(2, missing.Code);
        Assert.DoesNotContain("\u001b", missing.Error);
        Assert.Equal(3, missing.Error.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task A_file_that_is_no_footage_is_sealed_all_the_same_and_the_reason_said()
    {
        string file = work.Write("notes.mp4", "These are notes and no film."u8.ToArray());
        Ran ran = await work.RunAsync("ingest", file, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Contains("not-analysed", ran.Out);
        Assert.Contains("sealed and stored all the same", ran.Error);
        JsonElement shown = (await work.RunAsync("show", "AB/1", "--json")).Json;
        Assert.False(string.IsNullOrEmpty(shown.GetProperty("problem").GetString()));
        Ran given = await work.RunAsync("retrieve", "AB/1", "-o", "back.mp4", "--reason", "To look at it");
        Assert.True(given.Code == 0, given.Error);
        Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync(work.File("back.mp4")));
    }

    [Fact]
    public async Task One_file_refused_of_several_does_not_stop_the_others()
    {
        string one = work.Write("one.bin", [1]), two = work.Write("two.bin", [2]);
        Ran ran = await work.RunAsync("ingest", one, work.File("gone.bin"), two, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1", "--no-analysis");
        Assert.Equal(2, ran.Code);
        Assert.Equal(["AB/1", "AB/3"], (await work.RunAsync("list", "--json")).Json.EnumerateArray().Select(e => e.GetProperty("exhibit").GetString()));
    }

    [Fact]
    public async Task The_log_is_published_cosigned_and_the_demonstration_witness_is_called_no_outside_witness()
    {
        await IngestAsync();
        Ran published = await work.RunAsync("log", "publish", "--json");
        Assert.True(published.Code == 0, published.Error);
        Assert.False(published.Json.GetProperty("outsideWitness").GetBoolean());
        JsonElement witness = Assert.Single(published.Json.GetProperty("witnesses").EnumerateArray());
        Assert.Equal((true, published.Json.GetProperty("size").GetUInt64()), (witness.GetProperty("isDemonstration").GetBoolean(), witness.GetProperty("cosignedSize").GetUInt64()));
        Assert.Contains("nobody outside has vouched", (await work.RunAsync("log", "publish")).Out, StringComparison.Ordinal);
        Ran checkpoint = await work.RunAsync("log", "checkpoint");
        Assert.Equal(published.Json.GetProperty("checkpoint").GetString(), checkpoint.Out);
        Assert.Contains("Only a demonstration witness cosigned", checkpoint.Error, StringComparison.Ordinal);
        Assert.Contains("No outside witness", (await work.RunAsync("doctor", "--json")).Json.EnumerateArray().Single(c => c.GetProperty("check").GetString() == "witnesses").GetProperty("found").GetString(), StringComparison.Ordinal);

        // What is exported is what a stranger accepts, cosignature and all.
        string vkey = (await work.RunAsync("log", "vkey")).Out.Trim();
        Assert.Equal(0, (await work.RunAsync("log", "export", work.File("exported"))).Code);
        string demonstration = System.Text.RegularExpressions.Regex.Match(File.ReadAllText(work.File("vault/policy")), @"^witness demonstration (\S+)", System.Text.RegularExpressions.RegexOptions.Multiline).Groups[1].Value;
        Ran stranger = await work.RunAsync("tlog", "fsck", work.File("exported"), "--vkey", vkey, "--witness", demonstration);
        Assert.True(stranger.Code == 0, stranger.Out + stranger.Error);
        Assert.Equal(["checkpoint", "tile"], Directory.EnumerateFileSystemEntries(work.File("exported")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_doctor_finds_all_well_and_names_a_key_ring_that_others_can_read()
    {
        await IngestAsync();
        Ran well = await work.RunAsync("doctor", "--json");
        Assert.True(well.Code == 0, well.Out + well.Error);
        Assert.All(well.Json.EnumerateArray(), c => Assert.True(c.GetProperty("ok").GetBoolean()));
        Assert.Contains(well.Json.EnumerateArray(), c => c.GetProperty("check").GetString() == "analysis" && c.GetProperty("found").GetString()!.Contains("opencv"));

        File.SetUnixFileMode(work.File("vault/keys/keyring.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Ran open = await work.RunAsync("doctor");
        Assert.Equal(3, open.Code);
        Assert.Contains("chmod go=", open.Out);
        Assert.Equal(2, (await work.RunAsync("list")).Code);
    }
}
