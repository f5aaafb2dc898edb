using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using EvidenceVault.Proof;

namespace EvidenceVault.Cli.Tests;

/// <summary><c>tlog</c>, the program run on logs of other people's and of ours.</summary>
public sealed class TlogTests : IDisposable
{
    private const string TesseraKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    private static readonly NoteSigner s_log = new("example.com/log", Enumerable.Repeat((byte)7, 32).ToArray());
    private static readonly CosignatureSigner s_witness = new("witness.example/w", Enumerable.Repeat((byte)8, 32).ToArray(), TimeProvider.System);

    private readonly Workplace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task The_Tessera_log_holds_with_all_16_checkpoints_from_a_folder_and_over_HTTP()
    {
        string folder = Tessera();
        using var server = new StaticServer(folder);
        foreach (string place in new[] { folder, server.Url, server.Url + "/" })
        {
            Ran ran = await work.RunAsync(["tlog", "fsck", place, "--vkey", TesseraKey, .. Remembered(folder), "--json"]);
            Assert.True(ran.Code == 0, ran.Error + ran.Out);
            JsonElement json = ran.Json;
            Assert.True(json.GetProperty("holds").GetBoolean());
            Assert.Equal(("example.com/log/testdata", 15UL), (json.GetProperty("origin").GetString(), json.GetProperty("size").GetUInt64()));
            Assert.Contains(Findings(json), f => f.Claim == "remembered" && f.Sentence.Contains("16 remembered checkpoints"));
        }
        Assert.Contains("/tile/entries/000.p/15", server.Asked);
        Assert.False(Directory.Exists(work.Vault));
    }

    [Fact]
    public async Task A_flipped_byte_in_any_tile_or_bundle_of_that_log_exits_1_and_is_named()
    {
        string folder = Copy(Tessera());
        foreach (string name in new[] { "tile/0/000.p/15", "tile/entries/000.p/15", "tile/0/000.p/7", "tile/entries/000.p/3" })
        {
            string path = Path.Combine(folder, name);
            byte[] good = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), bad = [.. good];
            bad[^1] ^= 1;
            await File.WriteAllBytesAsync(path, bad, TestContext.Current.CancellationToken);
            Ran ran = await work.RunAsync(["tlog", "fsck", folder, "--vkey", TesseraKey, .. Remembered(folder)]);
            Assert.Equal(1, ran.Code);
            Assert.Contains(name, ran.Out);
            Assert.Contains("NOT ok", ran.Out);
            Assert.Equal(3, ran.Error.Split('\n').Count(line => line.StartsWith("evidencevault: ", StringComparison.Ordinal) || line.StartsWith("  ", StringComparison.Ordinal)));
            await File.WriteAllBytesAsync(path, good, TestContext.Current.CancellationToken);
        }
        File.Delete(Path.Combine(folder, "checkpoint"));
        Assert.Equal(1, (await work.RunAsync("tlog", "fsck", folder, "--vkey", TesseraKey)).Code);
    }

    [Fact]
    public async Task A_log_that_was_cut_passes_alone_and_fails_against_what_somebody_remembers()
    {
        string folder = Copy(Tessera());
        File.Copy(Path.Combine(folder, "checkpoint.9"), Path.Combine(folder, "checkpoint"), overwrite: true);
        Assert.Equal(0, (await work.RunAsync("tlog", "fsck", folder, "--vkey", TesseraKey)).Code);
        Ran ran = await work.RunAsync("tlog", "fsck", folder, "--vkey", TesseraKey, "--remembered", Path.Combine(folder, "checkpoint.12"));
        Assert.Equal(1, ran.Code);
        Assert.Contains("its end was cut off", ran.Error);
    }

    [Fact]
    public async Task A_witness_that_was_asked_for_must_have_cosigned_and_keys_may_come_from_files()
    {
        string folder = Copy(Tessera());
        string log = work.Write("log.vkey", Encoding.UTF8.GetBytes(TesseraKey + "\n")), witness = work.Write("witness.vkey", Encoding.UTF8.GetBytes(s_witness.Key + "\n"));
        Ran none = await work.RunAsync("tlog", "fsck", folder, "--vkey", log, "--witness", witness, "--json");
        Assert.Equal(1, none.Code);
        Assert.Equal(["witness-quorum"], Findings(none.Json).Where(f => !f.Holds).Select(f => f.Claim));

        string path = Path.Combine(folder, "checkpoint");
        Assert.True(SignedNote.TryParse(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), out SignedNote? note, out _));
        await File.WriteAllBytesAsync(path, note.WithSignatures(s_witness.Cosign(note.Text)).ToBytes(), TestContext.Current.CancellationToken);
        Assert.Equal(0, (await work.RunAsync("tlog", "fsck", folder, "--vkey", log, "--witness", witness)).Code);
    }

    [Fact]
    public async Task A_server_that_fails_exits_3_and_one_that_sends_without_end_or_compressed_is_read_within_limits()
    {
        string folder = Copy(Tessera());
        using var server = new StaticServer(folder);
        Assert.Equal(3, (await work.RunAsync("tlog", "fsck", "http://127.0.0.1:9/", "--vkey", TesseraKey)).Code);
        server.Answer["/tile/0/000.p/15"] = context => context.Response.StatusCode = 503;
        Ran failing = await work.RunAsync("tlog", "fsck", server.Url, "--vkey", TesseraKey);
        Assert.Equal(3, failing.Code);
        Assert.Contains("503", failing.Error);
        Assert.Equal(3, server.Asked.Count(p => p == "/tile/0/000.p/15"));

        server.Answer["/tile/0/000.p/15"] = context =>
        {
            byte[] noise = new byte[1 << 16];
            context.Response.SendChunked = true;
            // Ends when the reader has had enough and hangs up.
            try { for (int i = 0; i < 16_384; i++) context.Response.OutputStream.Write(noise); }
            catch (Exception e) when (e is HttpListenerException or IOException) { }
        };
        Ran endless = await work.RunAsync("tlog", "fsck", server.Url, "--vkey", TesseraKey);
        Assert.Equal(1, endless.Code);
        Assert.Contains("tile/0/000.p/15 is not 15 hashes", endless.Out);

        server.Answer.Remove("/tile/0/000.p/15");
        server.Answer["/tile/entries/000.p/15"] = context =>
        {
            context.Response.AddHeader("Content-Encoding", "gzip");
            using var packed = new GZipStream(context.Response.OutputStream, CompressionLevel.Fastest);
            packed.Write(File.ReadAllBytes(Path.Combine(folder, "tile/entries/000.p/15")));
        };
        Assert.Equal(0, (await work.RunAsync("tlog", "fsck", server.Url, "--vkey", TesseraKey)).Code);
    }

    [Fact]
    public async Task A_proof_of_an_entry_holds_by_a_policy_and_by_keys_and_by_no_other()
    {
        (string entry, string proof) = WriteProof();
        string policy = work.Write("policy", Encoding.UTF8.GetBytes($"log {s_log.Key}\nwitness demonstration {s_witness.Key}\nquorum demonstration\n"));
        string stranger = new NoteSigner(s_log.Name, Enumerable.Repeat((byte)9, 32).ToArray()).VerifierKey;

        Ran byPolicy = await work.RunAsync("tlog", "verify-proof", "--entry", entry, "--proof", proof, "--policy", policy, "--json");
        Assert.True(byPolicy.Code == 0, byPolicy.Error + byPolicy.Out);
        Assert.Equal((2UL, 5UL), (byPolicy.Json.GetProperty("index").GetUInt64(), byPolicy.Json.GetProperty("size").GetUInt64()));
        Assert.Contains(Findings(byPolicy.Json), f => f.Claim == "outside-witness" && f.Sentence.Contains("belongs to the vault itself"));
        Assert.Equal(0, (await work.RunAsync("tlog", "verify-proof", "--entry", entry, "--proof", proof, "--vkey", s_log.VerifierKey, "--witness", s_witness.Key.ToString())).Code);

        Ran other = await work.RunAsync("tlog", "verify-proof", "--entry", entry, "--proof", proof, "--vkey", stranger, "--json");
        Assert.Equal(1, other.Code);
        Assert.Equal(JsonValueKind.Null, other.Json.GetProperty("origin").ValueKind);
        Assert.Equal(1, (await work.RunAsync("tlog", "verify-proof", "--entry", work.Write("other", [1]), "--proof", proof, "--policy", policy)).Code);
        Ran unread = await work.RunAsync("tlog", "verify-proof", "--entry", entry, "--proof", entry, "--policy", policy);
        Assert.Equal(1, unread.Code);
        Assert.Contains("cannot be read", unread.Out);
    }

    [Fact]
    public async Task Wrong_use_exits_2_and_says_why()
    {
        (string entry, string proof) = WriteProof();
        string key = s_log.VerifierKey, witness = s_witness.Key.ToString();
        (string Says, string[] Call)[] wrong =
        [
            ("Required", []),
            ("no verifier key", ["--vkey", "nonsense"]),
            ("asks for the log's", ["--vkey", witness]),
            ("asks for a witness's", ["--vkey", key, "--witness", key]),
            ("there twice", ["--vkey", key, "--vkey", key]),
            ("no file 'nowhere'", ["--vkey", key, "--remembered", "nowhere"]),
            ("no folder", ["--vkey", key]),
        ];
        foreach ((string says, string[] call) in wrong)
        {
            Ran ran = await work.RunAsync(["tlog", "fsck", "missing-folder", .. call]);
            Assert.True(ran.Code == 2, ran.Error);
            Assert.Contains(says, ran.Error, StringComparison.OrdinalIgnoreCase);
        }
        string[] these = ["tlog", "verify-proof", "--entry", entry, "--proof", proof];
        string policy = work.Write("policy", "nonsense\n"u8.ToArray());
        Assert.Contains("whom to trust", (await work.RunAsync(these)).Error);
        Assert.Equal(2, (await work.RunAsync([.. these, "--policy", policy, "--vkey", key])).Code);
        Assert.Equal(2, (await work.RunAsync([.. these, "--policy", policy, "--witness", witness])).Code);
        Ran unreadable = await work.RunAsync([.. these, "--policy", policy]);
        Assert.Equal(2, unreadable.Code);
        Assert.Contains("Line 1", unreadable.Error);
    }

    // Entry 2 of 5.
    private (string Entry, string Proof) WriteProof()
    {
        var frontier = new TreeFrontier();
        byte[][] entries = [.. Enumerable.Range(0, 5).Select(i => Encoding.UTF8.GetBytes($"entry {i}"))];
        var nodes = entries.SelectMany(e => frontier.Append(MerkleTree.LeafHash(e))).ToDictionary(n => (n.Level, n.Index), n => n.Hash);
        string text = new Checkpoint(s_log.Name, 5, frontier.Root()).ToText();
        var proof = LogProof.Of(2, MerkleTree.InclusionProof(2, 5, (level, index) => nodes[(level, index)]), s_log.SignNote(text).WithSignatures(s_witness.Cosign(text)));
        return (work.Write("2.json", entries[2]), work.Write("2.tlog-proof", proof.ToBytes()));
    }

    private static string Tessera() => Workplace.Shared("vectors", "tessera", "testdata", "log");

    private static string[] Remembered(string folder) => [.. Enumerable.Range(0, 16).SelectMany(n => new[] { "--remembered", Path.Combine(folder, $"checkpoint.{n}") })];

    private static List<(string Claim, bool Holds, string Sentence)> Findings(JsonElement json) =>
        [.. json.GetProperty("findings").EnumerateArray().Select(f => (f.GetProperty("claim").GetString()!, f.GetProperty("holds").GetBoolean(), f.GetProperty("sentence").GetString()!))];

    private string Copy(string folder)
    {
        string copy = work.File("log");
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.WriteAllBytes(to, File.ReadAllBytes(file));
        }
        return copy;
    }

    /// <summary>A folder over HTTP on loopback, with answers of its own where a test wants them.</summary>
    private sealed class StaticServer : IDisposable
    {
        private readonly HttpListener listener = new();
        private readonly string folder;

        public StaticServer(string folder)
        {
            this.folder = folder;
            using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
            }
            listener.Prefixes.Add(Url + "/");
            listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public string Url { get; }

        public System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = [];

        public Dictionary<string, Action<HttpListenerContext>> Answer { get; } = [];

        public void Dispose() => listener.Close();

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext context = await listener.GetContextAsync();
                    _ = Task.Run(() => Serve(context));
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // Closed at the test's end.
            }
        }

        private void Serve(HttpListenerContext context)
        {
            string path = context.Request.Url!.AbsolutePath, file = Path.Combine(folder, path[1..]);
            Asked.Enqueue(path);
            try
            {
                if (Answer.TryGetValue(path, out Action<HttpListenerContext>? own)) own(context);
                else if (File.Exists(file)) context.Response.OutputStream.Write(File.ReadAllBytes(file));
                else context.Response.StatusCode = 404;
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The reader hung up, which some tests want.
                context.Response.Abort();
            }
        }
    }
}
