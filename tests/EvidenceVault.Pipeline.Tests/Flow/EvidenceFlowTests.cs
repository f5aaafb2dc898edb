using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EvidenceVault.Pipeline.Tests.Flow;

/// <summary>The main line against a real Azurite and a real landing folder, with every write of the store failing both ways.</summary>
public sealed class EvidenceFlowTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncDisposable
{
    private readonly string _landing = Directory.CreateTempSubdirectory("evidencevault-landing-").FullName;
    private TempVault _temp = null!;

    private async Task<(EvidenceFlow Flow, DropRounds Rounds, IEvidenceStore Store)> NewAsync(Func<IEvidenceStore, IEvidenceStore>? wrap = null, bool moveAfter = false, IFootageAnalyser? analyser = null)
    {
        _temp ??= await TempVault.NewAsync();
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddSingleton(_temp.Vault.Keys.Wrapper).AddSingleton(_temp.Vault.Keys.Log).AddAzureStorage(azurite.Options).AddFootageAnalysis().BuildServiceProvider();
        IEvidenceStore store = services.GetRequiredService<IEvidenceStore>();
        await store.CheckAsync(CancellationToken.None);
        IEvidenceStore used = wrap?.Invoke(store) ?? store;
        var flow = new EvidenceFlow(_temp.Vault, used, analyser ?? services.GetRequiredService<IFootageAnalyser>(), new FlowOptions { Analyse = analyser is not null }, NullLogger<EvidenceFlow>.Instance);
        var folder = new LandingFolder(_landing, new LandingFolderOptions { Rest = RestRules.Of(TimeSpan.FromMilliseconds(200)), PollingInterval = TimeSpan.FromMilliseconds(100) }, TimeProvider.System, NullLogger<LandingFolder>.Instance);
        var rounds = new DropRounds(_temp.Vault, flow, [folder], new RoundOptions { RetryAfter = TimeSpan.FromMilliseconds(20), MoveAfter = moveAfter }, TimeProvider.System, new TestLog<DropRounds>());
        return (flow, rounds, used);
    }

    private string Drop(string name, byte[] content, string drop = "OP-HERON/CAM-1/day-1")
    {
        string path = Path.Combine(_landing, drop, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        File.WriteAllText(Path.Combine(_landing, drop, ".done"), "");
        return path;
    }

    // The tests share one Azurite and each has a vault with keys of its own: no two may seal the same bytes.
    private readonly int _salt = Random.Shared.Next();

    private byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(_salt + seed).NextBytes(bytes);
        return bytes;
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_drop_is_received_sealed_read_back_and_stored_with_an_entry_for_each()
    {
        var (_, rounds, store) = await NewAsync();
        byte[] content = Bytes(300_000, 1);
        Drop("a.mp4", content);
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);

        ExhibitRow row = _temp.Vault.Exhibits.Masters().Single(e => e.RelativePath == "a.mp4");
        Assert.Equal((ExhibitState.Stored, Sha256(content), 300_000L), (row.State, row.Sha256, row.Bytes));
        Assert.Equal(["received", "sealed", "read-back", "stored"], _temp.Entries(row.Reference).Select(e => e.Action));
        await using Stream stored = await store.OpenReadAsync(ContentAddress.Parse(row.Address!), CancellationToken.None);
        using var back = new MemoryStream();
        await stored.CopyToAsync(back);
        Assert.Equal(content, back.ToArray());
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(_landing, "OP-HERON/CAM-1/day-1/a.mp4")));
        _temp.MustHold();
    }

    [Fact]
    public async Task Run_again_it_finds_nothing_to_do()
    {
        var (_, rounds, _) = await NewAsync();
        Drop("a.mp4", Bytes(10, 1));
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);
        ulong size = _temp.Vault.Log.Size();
        await _temp.ReopenAsync();
        (_, rounds, _) = await NewAsync();
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);
        Assert.Equal(size, _temp.Vault.Log.Size());
        Assert.Single(_temp.Vault.Exhibits.Masters());
    }

    [Fact]
    public async Task The_same_bytes_again_are_a_new_exhibit_on_the_same_blob_with_its_own_history()
    {
        var (_, rounds, _) = await NewAsync();
        byte[] content = Bytes(5000, 2);
        Drop("a.mp4", content);
        Drop("b.mp4", content);
        Drop("c.mp4", content, "OP-HERON/CAM-2/day-1");
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);

        IReadOnlyList<ExhibitRow> rows = _temp.Vault.Exhibits.WithSha256(Sha256(content));
        Assert.Equal(3, rows.Count);
        Assert.Single(rows.Select(r => r.Address).Distinct());
        Assert.All(rows, r => Assert.Equal(4, _temp.Entries(r.Reference).Count));
        Assert.Equal(2, rows.Count(r => _temp.Entries(r.Reference)[1].Detail!["bytesAlreadyHeld"]!.GetValue<bool>()));
        _temp.MustHold();
    }

    [Fact]
    public async Task Every_write_of_the_store_that_fails_either_way_is_made_good_by_the_next_try()
    {
        FaultyEvidenceStore? faulty = null;
        var (_, rounds, _) = await NewAsync(inner => faulty = new FaultyEvidenceStore(inner));
        for (int i = 0; i < 4; i++) Drop($"f{i}.mp4", Bytes(70_000 + i, i));
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);

        Assert.True(faulty!.Failures >= 8, $"only {faulty.Failures} failures were injected");
        Assert.Equal(4, _temp.Vault.Exhibits.Masters().Count(e => e.State == ExhibitState.Stored));
        Assert.All(_temp.Vault.Exhibits.Masters(), r => Assert.Equal(["received", "sealed", "read-back", "stored"], _temp.Entries(r.Reference).Select(e => e.Action)));
        _temp.MustHold();
    }

    [Fact]
    public async Task A_file_that_does_not_match_its_manifest_is_sealed_as_it_is_and_the_receipt_says_so()
    {
        var (_, rounds, _) = await NewAsync();
        byte[] good = Bytes(100, 1), other = Bytes(100, 2);
        string drop = Path.Combine(_landing, "OP-HERON/CAM-3/day-1");
        Directory.CreateDirectory(drop);
        File.WriteAllBytes(Path.Combine(drop, "good.mp4"), good);
        File.WriteAllBytes(Path.Combine(drop, "other.mp4"), other);
        File.WriteAllText(Path.Combine(drop, "drop.json"), $$"""
            {"version":"evidencevault/drop/1","case":"OP-HERON","camera":"CAM-3","exhibitPrefix":"AB","authorityUrn":"URN-1","technician":"technician-2",
             "retrievedAt":"2026-03-15T10:00:00Z","clock":{"cameraTime":"2026-03-15T09:59:58Z","referenceTime":"2026-03-15T10:00:00Z","uncertaintySeconds":0.5,"reference":"NTP"},
             "files":[{"name":"good.mp4","bytes":100,"sha256":"{{Sha256(good)}}"},{"name":"other.mp4","bytes":100,"sha256":"{{Sha256(Bytes(100, 3))}}"}]}
            """);
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);

        Assert.Equal(["AB/1", "AB/2"], _temp.Vault.Exhibits.Masters().Select(e => e.Reference));
        Assert.Equal("no", _temp.Entries("AB/2")[1].Detail!["manifestAgrees"]!.GetValue<string>());
        Assert.Contains("The manifest says", _temp.Vault.Exhibits.Find(ExhibitReference.Parse("AB/2"))!.Problem);
        string receipt = File.ReadAllText(Directory.GetFiles(_temp.Vault.Receipts, "*.json").Single());
        Assert.Contains("\"hashMismatch\":1", receipt.Replace("hash-mismatch", "hashMismatch", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("receipt-issued", _temp.Entries().Select(e => e.Action));
        _temp.MustHold();
    }

    [Fact]
    public async Task A_file_is_moved_aside_only_after_read_back_and_only_when_asked_for()
    {
        var (_, rounds, _) = await NewAsync(moveAfter: true);
        string path = Drop("a.mp4", Bytes(10, 1));
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);
        Assert.False(File.Exists(path));
        Assert.Equal(Bytes(10, 1), File.ReadAllBytes(Path.Combine(_landing, ".taken/OP-HERON/CAM-1/day-1/a.mp4")));
        Assert.Equal(["received", "sealed", "read-back", "stored", "moved-aside"], _temp.Entries("EV/1").Select(e => e.Action));
        _temp.MustHold();
    }

    [Fact]
    public async Task A_drop_that_arrives_while_another_is_analysed_is_stored_beside_it()
    {
        var analyser = new HeldAnalyser();
        var (_, rounds, _) = await NewAsync(analyser: analyser);
        Drop("long.mp4", Bytes(10, 1));
        Task running = rounds.RunAsync(once: true, Patience, null, CancellationToken.None);
        await analyser.Begun.Task.WaitAsync(Patience);

        Drop("late.mp4", Bytes(10, 2), "OP-HERON/CAM-2/day-1");
        while (_temp.Vault.Exhibits.Masters().All(m => m.State != ExhibitState.Stored || m.Camera != "CAM-2"))
        {
            Assert.False(running.IsCompleted);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        analyser.Release.SetResult();
        await running.WaitAsync(Patience);

        Assert.All(_temp.Vault.Exhibits.Masters(), m => Assert.Equal(ExhibitState.NotAnalysed, m.State));
        _temp.MustHold();
    }

    [Fact]
    public async Task A_stop_during_an_analysis_ends_the_round()
    {
        var analyser = new HeldAnalyser();
        var (_, rounds, _) = await NewAsync(analyser: analyser);
        Drop("long.mp4", Bytes(10, 1));
        using CancellationTokenSource stop = new();
        Task running = rounds.RunAsync(once: true, Patience, null, stop.Token);
        await analyser.Begun.Task.WaitAsync(Patience);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
        Assert.Equal(ExhibitState.Stored, Assert.Single(_temp.Vault.Exhibits.Masters()).State);
        _temp.MustHold();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_made_is_sealed_only_where_it_is_what_the_record_says(bool asTold)
    {
        var (_, rounds, _) = await NewAsync(analyser: new DrawingAnalyser(Bytes(500, 7), asTold ? Bytes(500, 7) : Bytes(500, 8)));
        Drop("a.mp4", Bytes(10, 1));
        await rounds.RunAsync(once: true, Patience, null, CancellationToken.None);

        ExhibitRow row = Assert.Single(_temp.Vault.Exhibits.Masters());
        Assert.Equal(asTold ? ExhibitState.Analysed : ExhibitState.NotAnalysed, row.State);
        IReadOnlyList<ExhibitRow> derivatives = _temp.Vault.Exhibits.Derivatives(row.Ref);
        if (asTold) Assert.Equal(Sha256(Bytes(500, 7)), Assert.Single(derivatives).Sha256);
        else
        {
            Assert.Empty(derivatives);
            Assert.Contains($"has the SHA-256 {Sha256(Bytes(500, 7))}, where the record of what was made says {Sha256(Bytes(500, 8))}", row.Problem);
            Assert.Equal(("analysed", Proof.Outcome.Failed), (_temp.Entries(row.Reference)[^1].Action, _temp.Entries(row.Reference)[^1].Outcome));
        }
        _temp.MustHold();
    }

    /// <summary>An analysis that leaves one picture, and says of it what it is told to.</summary>
    private sealed class DrawingAnalyser(byte[] drawn, byte[] told) : IFootageAnalyser
    {
        public async Task<AnalysisReport> AnalyseAsync(string video, string? outputFolder, AnalysisSettings settings, IProgress<double>? progress, CancellationToken cancel)
        {
            await File.WriteAllBytesAsync(Path.Combine(outputFolder!, "contact-sheet.jpg"), drawn, cancel);
            return new() { Frames = 1, ContactSheet = new("contact-sheet.jpg", "contact-sheet", null, Sha256(told), told.Length, null) };
        }
    }

    /// <summary>An analysis that takes until it is let go, and then finds nothing that it can read.</summary>
    private sealed class HeldAnalyser : IFootageAnalyser
    {
        public TaskCompletionSource Begun { get; } = new();

        public TaskCompletionSource Release { get; } = new();

        public async Task<AnalysisReport> AnalyseAsync(string video, string? outputFolder, AnalysisSettings settings, IProgress<double>? progress, CancellationToken cancel)
        {
            Begun.TrySetResult();
            await Release.Task.WaitAsync(cancel);
            return new() { Problem = "There is no picture in it." };
        }
    }

    [Fact]
    public async Task A_custody_write_that_fails_stops_the_act()
    {
        var (_, rounds, _) = await NewAsync();
        Drop("a.mp4", Bytes(10, 1));
        // Without its table no checkpoint can be written, so no commit can succeed.
        using var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_temp.DatabaseFile}");
        other.Open();
        using (var begin = other.CreateCommand())
        {
            begin.CommandText = "DROP TABLE custody_checkpoint";
            begin.ExecuteNonQuery();
        }
        RoundResult round = await rounds.RoundAsync(null, CancellationToken.None);
        Assert.Contains("custody log could not be written", round.OutOfReach!.Message);
        Assert.Empty(_temp.Vault.Exhibits.Masters());
    }

    /// <summary>What the program logs belongs to the test's output: a test that fails then says why.</summary>
    private sealed class TestLog<T> : Microsoft.Extensions.Logging.ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            TestContext.Current.TestOutputHelper?.WriteLine($"{logLevel}: {formatter(state, exception)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_temp is not null) await _temp.DisposeAsync();
        Directory.Delete(_landing, recursive: true);
    }
}
