using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Worker.Tests;

/// <summary>The built worker, as a process, on a real Azurite and real small videos.</summary>
public sealed partial class WorkerTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task Two_drops_become_sealed_analysed_exhibits_and_a_second_run_adds_none()
    {
        using Bench bench = new();
        string first = Path.Combine(bench.Drop("OP-HERON/CAM-1/night"), "quay.mp4");
        await Bench.FilmAsync(first, 1);
        string second = Path.Combine(bench.Drop("card"), "yard.mp4");
        await Bench.FilmAsync(second, 2);
        WriteManifest("card", bench, "CD", ("yard.mp4", new FileInfo(second).Length, Bench.Sha256(second)));

        await using WorkerProcess worker = Start(bench, "--once");
        Assert.True(await worker.EndAsync() == 0, worker.Said);

        (IReadOnlyList<ExhibitRow> masters, IReadOnlyList<CustodyEntry> entries) = await bench.LookAsync();
        Assert.Equal(["CD/1", "EV/1"], masters.Select(m => m.Reference));
        Bench.SealedOnce([first, second], masters);
        Assert.All(masters, m => Assert.Equal(ExhibitState.Analysed, m.State));
        Assert.Single(entries, e => e.Action == "started");
        Assert.Equal("stopped", entries[^1].Action);
        MustBeTheTable(worker.Out, masters, entries.Count);
        Assert.Matches(@"EV/1  quay\.mp4  sealing …", worker.Out);
        Assert.Matches(@"EV/1  quay\.mp4  sealed [0-9.]+ kB", worker.Out);
        Assert.Matches(@"EV/1  quay\.mp4  analysed: 1 segment, [1-9]", worker.Out);

        string[] receipts = [.. Directory.GetFiles(bench.Receipts, "*.json").Order()];
        Assert.Equal(2, receipts.Length);
        foreach (string receipt in receipts) await MustBeSignedAsync(bench, receipt);

        await using WorkerProcess again = Start(bench, "--once");
        Assert.True(await again.EndAsync() == 0, again.Said);
        (IReadOnlyList<ExhibitRow> later, IReadOnlyList<CustodyEntry> more) = await bench.LookAsync();
        Assert.Equal(masters.Select(m => m.Reference), later.Select(m => m.Reference));
        Assert.Equal(["started", "stopped"], more.Skip(entries.Count).Select(e => e.Action));
        Assert.DoesNotContain("sealing", again.Out);
        MustBeTheTable(again.Out, later, more.Count);
    }

    [Fact]
    public async Task A_deployment_is_analysed_by_its_own_settings_a_change_of_them_is_logged_and_a_mistake_in_them_holds_up_no_evidence()
    {
        using Bench bench = new();
        string list = Path.Combine(Directory.CreateDirectory(bench.Vault, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName, "deployments.json");
        byte[] own = """{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-2", "ignore": [[0, 40, 160, 60]], "preRoll": 1 } ] }"""u8.ToArray();
        File.WriteAllBytes(list, own);
        string[] films = [.. ((string[])["CAM-1", "CAM-2"]).Select(camera => Path.Combine(bench.Drop($"OP-HERON/{camera}/night"), "quay.mp4"))];
        for (int i = 0; i < films.Length; i++) await Bench.FilmAsync(films[i], 40 + i);
        await using (WorkerProcess worker = Start(bench, "--once")) Assert.True(await worker.EndAsync() == 0, worker.Said);

        (IReadOnlyList<ExhibitRow> masters, IReadOnlyList<CustodyEntry> entries) = await bench.LookAsync();
        AnalysisReport usual = AnalysisOf(masters, "CAM-1"), asked = AnalysisOf(masters, "CAM-2");
        Assert.Single(usual.Segments);
        Assert.Empty(asked.Segments);
        Assert.Null(usual.Settings.Deployment);
        Assert.Equal(("OP-HERON/CAM-2", 1, 2), (asked.Settings.Deployment, asked.Settings.PreRoll, usual.Settings.PreRoll));
        Assert.Equal([0, 40, 160, 60], Assert.Single(asked.Settings.Ignore));
        CustodyEntry told = Assert.Single(entries, IsOfDeployments);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(own)), (string?)told.Detail!["sha256"]);
        Assert.True(told.Time <= entries.First(e => e.Action == "analysed").Time);

        File.WriteAllText(list, """{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-2", "ignore": [[0, 40, 160]] } ] }""");
        string third = Path.Combine(bench.Drop("OP-HERON/CAM-2/later"), "quay.mp4");
        await Bench.FilmAsync(third, 42);
        await using (WorkerProcess worker = Start(bench, "--once", "--patience", "1"))
        {
            Assert.True(await worker.EndAsync() == 3, worker.Said);
            Assert.Contains("OP-HERON/CAM-2: A box to ignore is not x,y,width,height", worker.Said);
        }
        (masters, entries) = await bench.LookAsync();
        Bench.SealedOnce([.. films, third], masters);
        Assert.Equal(ExhibitState.Stored, masters.Single(m => m.State != ExhibitState.Analysed).State);
        Assert.Single(entries, IsOfDeployments);

        File.Delete(list);
        await using (WorkerProcess worker = Start(bench, "--once")) Assert.True(await worker.EndAsync() == 0, worker.Said);
        (masters, entries) = await bench.LookAsync();
        Assert.Equal([0, 1, 1], masters.Select(m => AnalysisJson.Read(m.Analysis!).Segments.Count).Order());
        Assert.Equal("none", (string?)entries.Last(IsOfDeployments).Detail!["sha256"]);

        static bool IsOfDeployments(CustodyEntry entry) => entry.Action == "configuration-changed" && (string?)entry.Detail!["what"] == "deployments";
        static AnalysisReport AnalysisOf(IReadOnlyList<ExhibitRow> masters, string camera) => AnalysisJson.Read(masters.Single(m => m.Camera == camera).Analysis!);
    }

    [Fact]
    public async Task Two_workers_on_one_drop_make_one_exhibit_of_each_file()
    {
        using Bench bench = new();
        string drop = bench.Drop("OP-HERON/CAM-2/d1");
        string[] files = [.. Enumerable.Range(0, 6).Select(i => Path.Combine(drop, $"clip{i}.bin"))];
        for (int i = 0; i < files.Length; i++) Bench.Noise(files[i], 400_000, 100 + i);

        await using WorkerProcess one = Start(bench, "--once", "--no-analysis"), two = Start(bench, "--once", "--no-analysis");
        Assert.True(await one.EndAsync() == 0, one.Said);
        Assert.True(await two.EndAsync() == 0, two.Said);

        (IReadOnlyList<ExhibitRow> masters, _) = await bench.LookAsync();
        Bench.SealedOnce(files, masters);
        Assert.All(masters, m => Assert.Equal(ExhibitState.Stored, m.State));
    }

    [Fact]
    public async Task Sources_of_both_kinds_are_watched_at_once_and_files_moved_aside_only_where_asked()
    {
        using Bench bench = new();
        string container = $"drops-{Guid.NewGuid():N}", film = Path.Combine(bench.Drop("OP-HERON/CAM-2/d2"), "a.bin");
        Bench.Noise(film, 5_000, 20);
        BlobContainerClient landing = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient(container);
        await landing.CreateAsync();
        byte[] uploaded = [1, 2, 3];
        await landing.UploadBlobAsync("OP-HERON/CAM-3/d1/b.bin", new BinaryData(uploaded));
        string before = Bench.Sha256(film);

        await using WorkerProcess worker = WorkerProcess.Start(bench.Vault, azurite.ConnectionString, ["--once", "--no-analysis", "--move-after"],
            ("EVIDENCEVAULT_SOURCES", $"folder:{bench.Drops};container:{container}"));
        Assert.True(await worker.EndAsync() == 0, worker.Said);

        (IReadOnlyList<ExhibitRow> masters, IReadOnlyList<CustodyEntry> entries) = await bench.LookAsync();
        Assert.Equal([$"container:{container}", $"folder:{bench.Drops}"], masters.Select(m => m.Source).Order());
        Assert.Equal(["OP-HERON/CAM-3/d1/b.bin"], masters.Where(m => m.Sha256 == Convert.ToHexStringLower(SHA256.HashData(uploaded))).Select(m => m.Path));
        Assert.False(File.Exists(film));
        Assert.Equal(before, Bench.Sha256(Path.Combine(bench.Drops, ".taken", "OP-HERON/CAM-2/d2/a.bin")));
        Assert.False(await landing.GetBlobClient("OP-HERON/CAM-3/d1/b.bin").ExistsAsync());
        Assert.Equal(2, entries.Count(e => e.Action == "moved-aside"));
    }

    [Fact]
    public async Task A_worker_that_starts_before_its_store_waits_for_it()
    {
        using Bench bench = new();
        await using AzuriteFixture own = new();
        string file = Path.Combine(bench.Drop("OP-HERON/CAM-3/d1"), "a.bin");
        Bench.Noise(file, 200_000, 3);

        await using WorkerProcess worker = WorkerProcess.Start(bench.Vault, own.ConnectionString, bench.Args("--once", "--no-analysis"));
        await worker.UntilAsync(w => w.Err.Contains("Trying again", StringComparison.Ordinal), "the store told as out of reach");
        await own.StartAsync();

        Assert.True(await worker.EndAsync() == 0, worker.Said);
        Bench.SealedOnce([file], (await bench.LookAsync()).Masters);
    }

    [Fact]
    public async Task Once_gives_up_with_3_when_the_store_stays_away_and_nothing_is_lost()
    {
        using Bench bench = new();
        await using AzuriteFixture never = new();
        Bench.Noise(Path.Combine(bench.Drop("OP-HERON/CAM-3/d1"), "a.bin"), 1000, 4);

        await using WorkerProcess worker = WorkerProcess.Start(bench.Vault, never.ConnectionString, bench.Args("--once", "--no-analysis", "--patience", "1"));
        Assert.True(await worker.EndAsync() == 3, worker.Said);

        (IReadOnlyList<ExhibitRow> masters, IReadOnlyList<CustodyEntry> entries) = await bench.LookAsync();
        Assert.Equal(ExhibitState.Received, Assert.Single(masters).State);
        Assert.Equal("out-of-reach", (string?)entries[^1].Detail!["why"]);
    }

    [Fact]
    public async Task A_store_killed_in_the_middle_of_an_upload_and_back_again_loses_nothing()
    {
        using Bench bench = new();
        await using AzuriteFixture own = new();
        await own.StartAsync();
        string file = Path.Combine(bench.Drop("OP-HERON/CAM-4/d1"), "long.bin");
        Bench.Noise(file, 60_000_000, 5);

        await using WorkerProcess worker = WorkerProcess.Start(bench.Vault, own.ConnectionString, bench.Args("--once", "--no-analysis", "--patience", "120"));
        await worker.UntilAsync(w => w.Out.Contains("sealing", StringComparison.Ordinal), "the upload to begin");
        await own.KillAsync();
        await worker.UntilAsync(w => w.Err.Contains("Trying again", StringComparison.Ordinal), "the store told as out of reach");
        await own.StartAsync();

        Assert.True(await worker.EndAsync() == 0, worker.Said);
        Bench.SealedOnce([file], (await bench.LookAsync()).Masters);
    }

    [Fact]
    public async Task A_stop_in_the_middle_ends_in_good_order_and_the_next_run_completes()
    {
        using Bench bench = new();
        string drop = bench.Drop("OP-HERON/CAM-5/d1");
        string[] files = [Path.Combine(drop, "a.bin"), Path.Combine(drop, "b.bin"), Path.Combine(drop, "c.bin")];
        for (int i = 0; i < files.Length; i++) Bench.Noise(files[i], 30_000_000, 50 + i);

        await using (WorkerProcess worker = Start(bench, "--no-analysis", "--parallel", "1", "--health-port", "0"))
        {
            await worker.UntilAsync(w => w.Out.Contains("sealing", StringComparison.Ordinal), "the first upload to begin");
            Assert.True(await worker.StopAsync() == 0, worker.Said);
        }
        (IReadOnlyList<ExhibitRow> unfinished, IReadOnlyList<CustodyEntry> entries) = await bench.LookAsync();
        Assert.Contains(unfinished, m => m.State != ExhibitState.Stored);
        Assert.Equal(("stopped", "signal"), (entries[^1].Action, (string?)entries[^1].Detail!["why"]));

        await using WorkerProcess next = Start(bench, "--once", "--no-analysis");
        Assert.True(await next.EndAsync() == 0, next.Said);
        (IReadOnlyList<ExhibitRow> masters, _) = await bench.LookAsync();
        Bench.SealedOnce(files, masters);
        Assert.All(masters, m => Assert.Equal(ExhibitState.Stored, m.State));
    }

    [Fact]
    public async Task A_hostile_drop_is_sealed_file_by_file_and_its_problems_are_told()
    {
        using Bench bench = new();
        string drop = bench.Drop("OP-HERON/CAM-6/hostile");
        string outside = bench.Drop("OP-HERON/CAM-6/outside");
        string[] real =
        [
            Path.Combine(drop, "empty.mp4"), Path.Combine(drop, "text.mp4"), Path.Combine(drop, "📹 night.bin"),
            Path.Combine(drop, "line\nbreak [red]bold[].bin"), Path.Combine(outside, "kept.bin"),
        ];
        File.WriteAllBytes(real[0], []);
        File.WriteAllText(real[1], "This is no film.");
        for (int i = 2; i < real.Length; i++) Bench.Noise(real[i], 5_000, i);
        File.CreateSymbolicLink(Path.Combine(drop, "link.mp4"), "/etc/passwd");
        File.WriteAllText(Path.Combine(drop, "drop.json"), "{ this is not JSON");
        WriteManifest("OP-HERON/CAM-6/outside", bench, "EV", ("../../etc/passwd", 10, new string('a', 64)));

        await using WorkerProcess worker = Start(bench, "--once");
        Assert.True(await worker.EndAsync() == 0, worker.Said);

        (IReadOnlyList<ExhibitRow> masters, IReadOnlyList<CustodyEntry> entries) = await bench.LookAsync();
        Bench.SealedOnce(real, masters);
        Assert.All(masters, m => Assert.Equal(ExhibitState.NotAnalysed, m.State));
        Assert.Contains("📹 night.bin", worker.Out);
        Assert.Contains(@"line\u000abreak [red]bold[].bin", worker.Out);
        Assert.Contains("link.mp4", worker.Out);
        string[] kinds = [.. entries.Where(e => e.Action == "drop-problem").Select(e => (string)e.Detail!["kind"]!)];
        Assert.Contains("manifest-not-json", kinds);
        Assert.Contains("link-not-followed", kinds);
        Assert.Contains(kinds, k => k.StartsWith("manifest-", StringComparison.Ordinal) && k != "manifest-not-json");
        Assert.Equal(kinds.Length, LinesOf(worker.Out).Count(l => l.StartsWith("Problem in drop ", StringComparison.Ordinal)));
        MustBeTheTable(worker.Out, masters, entries.Count);
    }

    [Fact]
    public async Task A_derivative_s_address_that_holds_other_bytes_stops_neither_the_worker_nor_the_Master()
    {
        using Bench mine = new(), other = new();
        await Bench.FilmAsync(Path.Combine(mine.Drop("OP-HERON/CAM-1/d1"), "a.mp4"), 9);
        foreach (Bench bench in (Bench[])[mine, other])
        {
            await using WorkerProcess first = Start(bench, "--once");
            Assert.True(await first.EndAsync() == 0, first.Said);
        }
        // An insider puts the derivatives, under a key that the second vault has not, where it will want to put its own of another file with the same pictures.
        BlobContainerClient evidence = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("evidence");
        string from = Origin(mine), to = Origin(other);
        int put = 0;
        await foreach (BlobItem blob in evidence.GetBlobsAsync(BlobTraits.None, BlobStates.None, from + "/derivatives/", CancellationToken.None))
        {
            await (await evidence.GetBlobClient(to + blob.Name[from.Length..]).StartCopyFromUriAsync(evidence.GetBlobClient(blob.Name).Uri)).WaitForCompletionAsync();
            put++;
        }
        Assert.NotEqual(0, put);
        string film = Path.Combine(other.Drop("OP-HERON/CAM-1/d1"), "a.mp4");
        await Bench.FilmAsync(film, 9);
        File.AppendAllText(film, "the end");

        await using WorkerProcess worker = Start(other, "--once");
        Assert.True(await worker.EndAsync() == 0, worker.Said);

        (IReadOnlyList<ExhibitRow> masters, IReadOnlyList<CustodyEntry> entries) = await other.LookAsync();
        ExhibitRow master = Assert.Single(masters);
        Assert.Equal(ExhibitState.NotAnalysed, master.State);
        Assert.NotNull(master.StoredAt);
        Assert.Contains("cannot be stored", master.Problem);
        Assert.Contains(entries, e => e.Action == "analysed" && e.Outcome == Outcome.Failed);
    }

    // A verifier key begins with the log's origin (C2SP signed-note, "Verifier keys").
    private static string Origin(Bench bench) => File.ReadAllText(Path.Combine(bench.Vault, "log.vkey")).Split('+')[0];

    [Fact]
    public async Task Health_answers_on_loopback_and_says_why_it_is_not_ready()
    {
        using Bench bench = new();
        await using AzuriteFixture own = new();
        await own.StartAsync();
        await using WorkerProcess worker = WorkerProcess.Start(bench.Vault, own.ConnectionString, bench.Args("--health-port", "0"));
        await worker.UntilAsync(w => HealthAddress().IsMatch(w.Err) && w.Out.Contains("Watching 1 source; nothing to do", StringComparison.Ordinal), "health endpoints, and idleness told");
        using HttpClient http = new() { BaseAddress = new(HealthAddress().Match(worker.Err).Value) };

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live")).StatusCode);
        using (HttpResponseMessage ready = await http.GetAsync("/health/ready"))
        {
            JsonNode said = JsonNode.Parse(await ready.Content.ReadAsStringAsync())!;
            Assert.Equal((HttpStatusCode.OK, "ready"), (ready.StatusCode, (string?)said["status"]));
            Assert.True((long)said["logSize"]! >= 2);
            Assert.InRange((double)said["checkpointAgeSeconds"]!, 0, 600);
            Assert.NotNull((string?)said["lastRoundAt"]);
        }
        using (HttpResponseMessage none = await http.GetAsync("/nothing/here"))
        {
            Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (none.StatusCode, none.Content.Headers.ContentType?.MediaType));
        }
        await own.KillAsync();
        await UntilAsync(async () =>
        {
            using HttpResponseMessage ready = await http.GetAsync("/health/ready");
            if (ready.StatusCode != HttpStatusCode.ServiceUnavailable) return false;
            JsonNode said = JsonNode.Parse(await ready.Content.ReadAsStringAsync())!;
            return (string?)said["status"] == "not-ready" && ((string?)said["reason"])?.Length > 0;
        });
        Assert.Equal(0, await worker.StopAsync());
        Assert.Single(LinesOf(worker.Out), l => l.StartsWith("Watching ", StringComparison.Ordinal));
        await bench.LookAsync();
    }

    [Fact]
    public async Task The_published_log_is_served_as_static_files_and_nothing_else_is()
    {
        using Bench bench = new();
        await using WorkerProcess worker = Start(bench, "--no-analysis", "--health-port", "0", "--publish-every", "0.2");
        await worker.UntilAsync(w => HealthAddress().IsMatch(w.Err), "health endpoints");
        using HttpClient http = new() { BaseAddress = new(HealthAddress().Match(worker.Err).Value) };
        byte[] note = [];
        await UntilAsync(async () =>
        {
            using HttpResponseMessage head = await http.GetAsync("/log/checkpoint");
            if (!head.IsSuccessStatusCode) return false;
            Assert.Equal(("text/plain; charset=utf-8", "no-cache"), (head.Content.Headers.ContentType?.ToString(), head.Headers.CacheControl?.ToString()));
            note = await head.Content.ReadAsByteArrayAsync();
            return true;
        });
        VerifierKey key = VerifierKey.Parse((await File.ReadAllTextAsync(Path.Combine(bench.Vault, "log.vkey"))).Trim());
        Assert.True(SignedNote.TryParse(note, out SignedNote? signed, out _) && signed.Verify(key).Holds);
        Assert.True(Checkpoint.TryParse(signed.Text, out Checkpoint? checkpoint, out _));

        int width = (int)checkpoint.Size;
        using (HttpResponseMessage tile = await http.GetAsync($"/log/tile/0/000.p/{width}"))
        {
            Assert.Equal(("application/octet-stream", 32 * width), (tile.Content.Headers.ContentType?.ToString(), (await tile.Content.ReadAsByteArrayAsync()).Length));
            Assert.Equal(TimeSpan.FromSeconds(60), tile.Headers.CacheControl?.MaxAge);
        }
        byte[] bundle = await http.GetByteArrayAsync($"/log/tile/entries/000.p/{width}");
        Assert.True(EntryBundle.TryDecode(bundle, width, out IReadOnlyList<byte[]>? entries, out string problem), problem);
        TreeFrontier tree = new();
        foreach (byte[] entry in entries) tree.Append(MerkleTree.LeafHash(entry));
        Assert.Equal(checkpoint.Root, tree.Root());

        using (HttpResponseMessage head = await http.SendAsync(new(HttpMethod.Head, "/log/checkpoint")))
            Assert.Equal((HttpStatusCode.OK, true), (head.StatusCode, head.Content.Headers.ContentLength > 0));
        foreach (HttpMethod other in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete })
            Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.SendAsync(new(other, "/log/checkpoint"))).StatusCode);
        foreach (string hostile in new[]
        {
            "/log", "/log/", "/log/checkpoint/", "/log/tile/0/001", "/log/tile/0/000.p/0", "/log/tile/0/000.p/256", $"/log/tile/0/000.p/0{width}", "/log/tile/64/000", "/log/tile/0/0", "/log/tile/00/000",
            $"/log/tile/0/%30%30%30.p/{width}", "/log/tile/0/../../checkpoint", "/log/tile/..%2f..%2fcheckpoint", "/log/tile/%2e%2e/%2e%2e/vault.db", "/log//tile/0/000", "/log/tile/0/x000/000", "/log/tile/0/99999999999999999999999/000",
            "/log/../vault.db", "/log/%2e%2e/keys/keyring.json",
        })
        {
            Assert.True(await StatusOfAsync(http.BaseAddress!, hostile) == 404, hostile);
        }

        JsonNode said = JsonNode.Parse(await http.GetStringAsync("/health/ready"))!;
        Assert.Equal("demonstration: no outside witness", (string?)Assert.Single(said["witnesses"]!.AsArray())!["kind"]);
        Assert.False((bool)said["outsideWitness"]!);
        Assert.True((long)said["publishedSize"]! >= 1);
        Assert.Equal(0, await worker.StopAsync());
    }

    [Fact]
    public async Task A_worker_does_not_start_on_an_old_database_once_newer_entries_were_published()
    {
        using Bench bench = new();
        string old = Path.Combine(bench.Vault, "..", "old");
        await using (WorkerProcess first = Start(bench, "--once", "--no-analysis")) Assert.Equal(0, await first.EndAsync());
        Directory.CreateDirectory(old);
        foreach (string file in Directory.EnumerateFiles(bench.Vault, "vault.db*")) File.Copy(file, Path.Combine(old, Path.GetFileName(file)));
        await using (WorkerProcess second = Start(bench, "--once", "--no-analysis")) Assert.Equal(0, await second.EndAsync());
        foreach (string file in Directory.EnumerateFiles(bench.Vault, "vault.db*")) File.Delete(file);
        foreach (string file in Directory.EnumerateFiles(old)) File.Copy(file, Path.Combine(bench.Vault, Path.GetFileName(file)));

        await using WorkerProcess third = Start(bench, "--once", "--no-analysis");
        Assert.Equal(1, await third.EndAsync());
        Assert.Contains("older copy of the database was put back", third.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_health_port_does_not_stop_the_worker()
    {
        using Bench bench = new();
        using System.Net.Sockets.TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        string port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        string file = Path.Combine(bench.Drop("OP-HERON/CAM-7/d1"), "a.bin");
        Bench.Noise(file, 1000, 7);

        await using WorkerProcess worker = Start(bench, "--once", "--no-analysis", "--health-port", port);
        Assert.True(await worker.EndAsync() == 0, worker.Said);
        Assert.Contains($"127.0.0.1:{port}", worker.Err);
        Bench.SealedOnce([file], (await bench.LookAsync()).Masters);
    }

    [Fact]
    public async Task Structured_logs_are_JSON_and_hold_neither_file_names_nor_keys()
    {
        using Bench bench = new();
        string drop = bench.Drop("OP-HERON/CAM-8/d1");
        Bench.Noise(Path.Combine(drop, "secret-name.bin"), 1000, 8);
        File.CreateSymbolicLink(Path.Combine(drop, "secret-link.bin"), "/etc/passwd");

        await using WorkerProcess worker = WorkerProcess.Start(bench.Vault, azurite.ConnectionString, bench.Args("--once"), ("EVIDENCEVAULT_LOG", "json"));
        Assert.True(await worker.EndAsync() == 0, worker.Said);

        string[] lines = LinesOf(worker.Err);
        Assert.NotEmpty(lines);
        Assert.All(lines, l => Assert.NotNull(JsonNode.Parse(l)!["LogLevel"]));
        Assert.DoesNotContain("secret-", worker.Err);
        Assert.DoesNotContain("AccountKey", worker.Said);
    }

    [Theory]
    [InlineData("--source", "ftp:there")]
    [InlineData("--patience", "-1")]
    [InlineData("--prefix", "ev")]
    [InlineData("--parallel", "0")]
    [InlineData("--health-port", "70000")]
    [InlineData("--no-such-option", "1")]
    public async Task Wrong_use_ends_with_2_before_a_vault_is_made(string option, string value)
    {
        using Bench bench = new();
        await using WorkerProcess worker = Start(bench, "--once", option, value);
        Assert.True(await worker.EndAsync() == 2, worker.Said);
        Assert.False(Directory.Exists(bench.Vault));
    }

    [Fact]
    public async Task A_watch_without_a_source_ends_with_2()
    {
        using Bench bench = new();
        await using WorkerProcess worker = WorkerProcess.Start(bench.Vault, azurite.ConnectionString, []);
        Assert.True(await worker.EndAsync() == 2, worker.Said);
        Assert.Contains("--source", worker.Err);
    }

    private WorkerProcess Start(Bench bench, params string[] args) => WorkerProcess.Start(bench.Vault, azurite.ConnectionString, bench.Args(args));

    private static void WriteManifest(string drop, Bench bench, string prefix, params (string Name, long Bytes, string Sha256)[] files) =>
        File.WriteAllText(Path.Combine(bench.Drop(drop), "drop.json"), new JsonObject
        {
            ["version"] = "evidencevault/drop/1",
            ["case"] = "OP-HERON",
            ["camera"] = "CAM-9",
            ["exhibitPrefix"] = prefix,
            ["files"] = new JsonArray([.. files.Select(f => new JsonObject { ["name"] = f.Name, ["bytes"] = f.Bytes, ["sha256"] = f.Sha256 })]),
        }.ToJsonString());

    /// <summary>The table at the end of what was printed, against what the vault holds.</summary>
    private static void MustBeTheTable(string printed, IReadOnlyList<ExhibitRow> masters, int logSize)
    {
        string[] lines = LinesOf(printed);
        int titles = Array.FindIndex(lines, l => l.StartsWith("exhibit ", StringComparison.Ordinal));
        Assert.True(titles >= 0, printed);
        Assert.Equal(["exhibit", "camera", "size", "SHA-256", "segments", "keyframes", "state"], Cells(lines[titles]));
        for (int i = 0; i < masters.Count; i++)
        {
            ExhibitRow master = masters[i];
            string[] cells = Cells(lines[titles + 1 + i]);
            JsonNode? analysis = master.Analysis is null ? null : JsonNode.Parse(master.Analysis);
            Assert.Equal([master.Reference, master.Camera], cells[..2]);
            Assert.Equal([master.Sha256!, (analysis?["segments"]?.AsArray().Count ?? 0).ToString(CultureInfo.InvariantCulture)], cells[3..5]);
            Assert.Equal((analysis?["keyframes"]?.AsArray().Count ?? 0).ToString(CultureInfo.InvariantCulture), cells[5]);
            Assert.Equal(master.State, cells[6]);
        }
        Assert.Contains(lines, l => Cells(l) is ["log size", var size] && size == logSize.ToString(CultureInfo.InvariantCulture));
        Assert.Contains(lines, l => Cells(l) is ["log root", var root] && Convert.FromBase64String(root).Length == 32);
        Assert.Contains(lines, l => Cells(l) is ["log origin", { Length: > 0 }]);

        static string[] Cells(string line) => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static async Task MustBeSignedAsync(Bench bench, string receipt)
    {
        using Process openssl = Process.Start(new ProcessStartInfo("openssl",
            ["cms", "-verify", "-binary", "-inform", "DER", "-in", receipt + ".p7s", "-content", receipt, "-CAfile", Path.Combine(bench.Vault, "ca.pem"), "-out", "/dev/null"])
        { RedirectStandardError = true })!;
        string said = await openssl.StandardError.ReadToEndAsync();
        await openssl.WaitForExitAsync();
        Assert.True(openssl.ExitCode == 0, said);
    }

    private static string[] LinesOf(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The status of a path sent as it is: HttpClient would tidy it first.</summary>
    private static async Task<int> StatusOfAsync(Uri at, string path)
    {
        using System.Net.Sockets.TcpClient client = new();
        await client.ConnectAsync(at.Host, at.Port);
        await using System.Net.Sockets.NetworkStream stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {at.Authority}\r\nConnection: close\r\n\r\n"));
        using StreamReader reader = new(stream);
        return int.Parse((await reader.ReadToEndAsync()).Split(' ')[1]);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (Stopwatch waited = Stopwatch.StartNew(); !await holds(); await Task.Delay(100)) Assert.True(waited.Elapsed < TimeSpan.FromMinutes(2), "It never came about.");
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex HealthAddress();
}
