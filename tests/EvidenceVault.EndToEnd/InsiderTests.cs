using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Proof;
using EvidenceVault.Testing;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.EndToEnd;

/// <summary>
/// The insider: full rights on the database, on the blobs and on the log's key. They change one entry, hash everything after it again, sign
/// all checkpoints again and publish the result. Nothing inside the vault can tell. Whoever remembers can.
/// </summary>
public sealed class InsiderTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task History_rewritten_with_the_logs_own_key_passes_inside_and_is_refused_by_a_witness_and_by_whoever_remembers()
    {
        using var programs = new Programs(azurite.ConnectionString);
        await programs.MustRunAsync("ingest", programs.Noise("quay.avi", 1), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1", "--no-analysis");
        string vkey = (await programs.MustRunAsync("log", "vkey")).Out.Trim();
        await using WitnessServer witness = await WitnessServer.StartAsync(Path.Combine(programs.Folder, "cps"), "witness.cps.example/1", [VerifierKey.Parse(vkey)], new(IPAddress.Loopback, 0), TimeProvider.System);
        string policy = Path.Combine(programs.Vault, "policy");
        File.WriteAllText(policy, $"log {vkey}\nwitness cps {witness.VerifierKey} {witness.Address}\nquorum cps\n");

        // In good order: published, cosigned, and a checkpoint kept by somebody.
        Ran published = await programs.MustRunAsync("log", "publish", "--json");
        Assert.True(published.Json.GetProperty("outsideWitness").GetBoolean(), published.Out);
        string kept = Path.Combine(programs.Folder, "kept-by-the-defence");
        await File.WriteAllTextAsync(kept, published.Json.GetProperty("checkpoint").GetString());
        await programs.MustRunAsync("ingest", programs.Noise("lane.avi", 2), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/2", "--no-analysis");

        ulong changed = Rewrite(programs.Vault);

        // Without a witness it would have passed: the vault's own check finds a whole log, signed by the right key …
        Ran fsck = await programs.EvidenceVaultAsync("log", "fsck", "--json");
        Assert.True(fsck.Code == 0 && fsck.Json.GetProperty("holds").GetBoolean(), fsck.Out);
        // … and so does a stranger's who remembers nothing, of what the insider publishes in an empty place.
        await using (var forged = new SqliteConnection($"Data Source={Path.Combine(programs.Vault, "vault.db")}"))
        {
            forged.Execute("DELETE FROM cosigned_head; DELETE FROM witness_standing");
        }
        await new Azure.Storage.Blobs.BlobContainerClient(azurite.ConnectionString, "log").DeleteAsync();
        string forgery = Path.Combine(programs.Folder, "forgery");
        await programs.EvidenceVaultAsync("log", "export", forgery);
        Ran stranger = await programs.EvidenceVaultAsync("tlog", "fsck", forgery, "--vkey", vkey);
        Assert.True(stranger.Code == 0, stranger.Out + stranger.Error);

        // The witness does not cosign it, and the vault says so out loud.
        Ran refused = await programs.EvidenceVaultAsync("log", "publish");
        Assert.Equal(1, refused.Code);
        Assert.Contains("A witness refuses our log: cps", refused.Error, StringComparison.Ordinal);
        using (HttpClient http = new())
        {
            byte[] request = Request(programs.Vault, vkey, changed);
            using HttpResponseMessage answer = await http.PostAsync(witness.Address + "/add-checkpoint", new ByteArrayContent(request));
            Assert.True(answer.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity, answer.StatusCode.ToString());
        }
        Ran byWitness = await programs.EvidenceVaultAsync("tlog", "fsck", forgery, "--vkey", vkey, "--witness", witness.VerifierKey);
        Assert.Equal(1, byWitness.Code);

        // Whoever kept a checkpoint finds the fork, offline and without any witness.
        Ran remembered = await programs.EvidenceVaultAsync("tlog", "fsck", forgery, "--vkey", vkey, "--remembered", kept, "--json");
        Assert.Equal(1, remembered.Code);
        JsonElement fork = Assert.Single(remembered.Json.GetProperty("findings").EnumerateArray(), f => !f.GetProperty("holds").GetBoolean());
        Assert.Equal("remembered", fork.GetProperty("claim").GetString());
        Assert.Contains("rewritten", fork.GetProperty("sentence").GetString(), StringComparison.Ordinal);

        // So does whoever is served a bundle of the rewritten log. Without what was kept, and without a witness, it would have passed.
        File.WriteAllText(policy, $"log {vkey}\nquorum none\n");
        string bag = Path.Combine(programs.Folder, "served");
        await programs.MustRunAsync("export", "AB/2", "-o", bag, "--reason", "Served on the defence");
        Ran believed = await programs.EvidenceVaultAsync("verify", bag, "--json");
        Assert.True(believed.Code == 0, believed.Out + believed.Error);
        Ran told = await programs.EvidenceVaultAsync("verify", bag, "--remembered", kept, "--log", await ExportAsync(programs), "--json");
        Assert.Equal(1, told.Code);
        JsonElement rewritten = Assert.Single(told.Json.GetProperty("findings").EnumerateArray(), f => f.GetProperty("verdict").GetString() == "fails");
        Assert.Equal("remembered", rewritten.GetProperty("claim").GetString());
        Assert.Contains("rewritten", rewritten.GetProperty("sentence").GetString(), StringComparison.Ordinal);

        // The refusal is in the insider's own log.
        Assert.Contains((await programs.EvidenceVaultAsync("log", "show", "--json")).Json.EnumerateArray(), e => e.GetProperty("action").GetString() == "witness-refused");
    }

    [Fact]
    public async Task A_rewritten_log_is_not_published_over_the_true_one()
    {
        using var programs = new Programs(azurite.ConnectionString);
        await programs.MustRunAsync("ingest", programs.Noise("quay.avi", 3), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1", "--no-analysis");
        await programs.MustRunAsync("log", "publish");
        Rewrite(programs.Vault);
        Ran refused = await programs.EvidenceVaultAsync("log", "publish");
        Assert.Equal(1, refused.Code);
        Assert.Contains("forked", refused.Error, StringComparison.Ordinal);
        Ran worker = await programs.WorkerAsync();
        Assert.Equal(1, worker.Code);
        Assert.Contains("forked", worker.Error, StringComparison.Ordinal);
    }

    private static async Task<string> ExportAsync(Programs programs)
    {
        string folder = Path.Combine(programs.Folder, "served-log");
        await programs.MustRunAsync("log", "export", folder);
        return folder;
    }

    /// <summary>What the insider does, with the vault's own code and key. Gives the index of the entry that was changed.</summary>
    private static ulong Rewrite(string vault)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(vault, "vault.db")}");
        connection.Open();
        foreach (string trigger in connection.Query<string>("SELECT name FROM sqlite_master WHERE type = 'trigger'").ToList()) connection.Execute($"DROP TRIGGER {trigger}");
        KeyRingFile ring = KeyRingFile.FromJson(File.ReadAllBytes(Path.Combine(vault, "keys", "keyring.json")));
        NoteSigner signer = new(ring.LogKeys[^1].Origin, ring.LogKeys[^1].Seed);

        var entries = connection.Query<(long Index, byte[] Bytes)>("SELECT idx, entry FROM custody_entry ORDER BY idx").ToList();
        (long index, byte[] entry) = entries.First(e => Encoding.UTF8.GetString(e.Bytes).Contains("\"sealed\"", StringComparison.Ordinal));
        JsonObject json = JsonNode.Parse(entry)!.AsObject();
        json["sha256"] = Convert.ToHexStringLower(SHA256.HashData("other footage"u8));
        byte[] other = CanonicalJson.Serialize(json);
        connection.Execute("UPDATE custody_entry SET entry = @other, leaf_hash = @leaf WHERE idx = @index", new { other, leaf = MerkleTree.LeafHash(other), index });

        var leaves = connection.Query<byte[]>("SELECT leaf_hash FROM custody_entry ORDER BY idx").ToList();
        byte[] Node(int level, ulong i) => level == 0 ? leaves[(int)i] : MerkleTree.NodeHash(Node(level - 1, 2 * i), Node(level - 1, 2 * i + 1));
        foreach ((int level, long i) in connection.Query<(int, long)>("SELECT level, idx FROM custody_node").ToList())
            connection.Execute("UPDATE custody_node SET hash = @hash WHERE level = @level AND idx = @i", new { hash = Node(level, (ulong)i), level, i });
        foreach (long size in connection.Query<long>("SELECT size FROM custody_checkpoint WHERE size > @index", new { index }).ToList())
        {
            byte[] root = MerkleTree.Root((ulong)size, Node);
            byte[] note = signer.SignNote(new Checkpoint(signer.Name, (ulong)size, root).ToText()).ToBytes();
            connection.Execute("UPDATE custody_checkpoint SET root = @root, note = @note WHERE size = @size", new { root, note, size });
        }
        connection.Execute("DELETE FROM cosignature WHERE size > @index", new { index });
        SqliteConnection.ClearAllPools();
        return (ulong)index;
    }

    /// <summary>The best that the insider can send: the rewritten head with a consistency proof of the rewritten tree.</summary>
    private static byte[] Request(string vault, string vkey, ulong from)
    {
        var log = new Pipeline.Records.CustodyLog(new(Path.Combine(vault, "vault.db")));
        using Pipeline.Records.LogSnapshot snapshot = log.Snapshot();
        Assert.True(SignedNote.TryParse(snapshot.SignedAt(snapshot.Size), out SignedNote? note, out _) && note.Verify(VerifierKey.Parse(vkey)).Holds);
        return WitnessRequest.Of(from + 1, snapshot.ConsistencyProof(from + 1, snapshot.Size), note).ToBytes();
    }
}
