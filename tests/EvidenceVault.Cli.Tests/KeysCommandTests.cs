using System.Security.Cryptography;
using System.Text.Json;
using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>Keys from a terminal, with a real vault on a real Azurite.</summary>
public sealed class KeysCommandTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly Workplace work = new() { Storage = azurite.ConnectionString };

    public void Dispose() => work.Dispose();

    private async Task<Ran> MustAsync(int code, params string[] words)
    {
        Ran ran = await work.RunAsync(words);
        Assert.True(ran.Code == code, $"{string.Join(' ', words)}: {ran.Code} {ran.Out} {ran.Error}");
        return ran;
    }

    [Fact]
    public async Task Keys_are_rotated_backed_up_lost_and_restored_and_the_exhibit_comes_back()
    {
        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        await MustAsync(0, "ingest", work.Write("quay.bin", content), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1", "--no-analysis");
        Assert.Contains("reason", (await MustAsync(2, "keys", "rotate", "log")).Error);
        await MustAsync(2, "keys", "rotate", "everything", "--reason", "a test");
        await MustAsync(2, "keys", "rotate", "log", "--new-ca", "--reason", "a test");
        foreach (string use in new[] { "log", "seal", "content" }) await MustAsync(0, "keys", "rotate", use, "--reason", "a test");
        JsonElement[] keys = [.. (await MustAsync(0, "keys", "list", "--json")).Json.EnumerateArray()];
        Assert.Equal(["log overlap", "log current", "seal retired", "seal current", "content retired", "content current"], keys.Select(k => $"{k.GetProperty("kind")} {k.GetProperty("state")}"));
        Assert.Equal(2, (await MustAsync(0, "log", "vkey")).Out.TrimEnd().Split('\n').Length);
        await MustAsync(0, "keys", "retire", "log", keys[0].GetProperty("id").GetString()!, "--reason", "a test");
        await MustAsync(2, "keys", "retire", "seal", keys[2].GetProperty("id").GetString()!, "--reason", "a test");

        work.Write("passphrase", "five words of a word list\n"u8.ToArray());
        string[] backup = ["keys", "backup", "-o", "vault.evbackup", "--with-database", "--reason", "weekly"];
        Assert.Contains("--passphrase-file", (await MustAsync(2, backup)).Error);
        Ran made = await MustAsync(0, [.. backup, "--passphrase-file", "passphrase", "--json"]);
        work.Write("kept", System.Text.Encoding.UTF8.GetBytes((await MustAsync(0, "log", "checkpoint")).Out));
        Directory.Move(work.Vault, work.File("lost"));

        await MustAsync(2, "list");
        Ran restored = await MustAsync(0, "keys", "restore", "vault.evbackup", "--passphrase-file", "passphrase", "--remembered", "kept", "--reason", "the disk was lost", "--json");
        Assert.True(restored.Json.GetProperty("holds").GetBoolean());
        Assert.Equal(made.Json.GetProperty("logSize").GetInt64(), restored.Json.GetProperty("size").GetInt64());
        await MustAsync(0, "retrieve", "AB/1", "-o", "out.bin", "--reason", "after the loss");
        Assert.Equal(content, await File.ReadAllBytesAsync(work.File("out.bin")));
        await MustAsync(0, "log", "fsck");
        await MustAsync(2, "keys", "restore", "vault.evbackup", "--passphrase-file", "passphrase");
    }
}
