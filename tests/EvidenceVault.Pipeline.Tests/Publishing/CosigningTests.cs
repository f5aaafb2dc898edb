using System.Net;
using System.Net.Sockets;
using Dapper;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.Publishing;

public sealed class CosigningTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("evidencevault-cosigning-").FullName;

    [Fact]
    public async Task A_witness_outside_cosigns_and_its_line_is_kept_with_the_checkpoint()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await using WitnessServer witness = await StartAsync(temp, "a");
        using Cosigning cosigning = Of(temp, PolicyOf(temp, "any", ("cps", witness)));
        foreach (int more in new[] { 1, 300, 1 })
        {
            await GrowAsync(temp, more);
            await cosigning.RoundAsync(CancellationToken.None);
            MustHold(temp, PolicyOf(temp, "all", ("cps", witness)));
        }
        WitnessState state = Assert.Single(cosigning.States());
        Assert.Equal((temp.Vault.Log.Size(), null, null, false), (state.Size, state.Refusal, state.Trouble, state.IsDemonstration));
        temp.MustHold();
    }

    [Fact]
    public async Task A_witness_that_remembers_another_size_is_asked_again_from_there()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await using WitnessServer witness = await StartAsync(temp, "a");
        await GrowAsync(temp, 20);
        using (Cosigning first = Of(temp, PolicyOf(temp, "any", ("cps", witness)))) await first.RoundAsync(CancellationToken.None);
        // What the vault knew of the witness is lost.
        Execute(temp, "DELETE FROM witness_standing");
        await GrowAsync(temp, 20);
        using Cosigning cosigning = Of(temp, PolicyOf(temp, "any", ("cps", witness)));
        await cosigning.RoundAsync(CancellationToken.None);
        MustHold(temp, PolicyOf(temp, "any", ("cps", witness)));
    }

    [Fact]
    public async Task A_quorum_of_two_in_three_is_met_though_one_is_away()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await using WitnessServer a = await StartAsync(temp, "a"), b = await StartAsync(temp, "b");
        WitnessServer gone = await StartAsync(temp, "c");
        LogPolicy policy = PolicyOf(temp, "2", ("a", a), ("b", b), ("c", gone));
        await gone.DisposeAsync();
        using Cosigning cosigning = Of(temp, policy);
        await cosigning.RoundAsync(CancellationToken.None);
        MustHold(temp, policy);
        Assert.Contains("does not answer", cosigning.States().Single(s => s.Name == "c").Trouble, StringComparison.Ordinal);
        using LogSnapshot log = temp.Vault.Log.Snapshot();
        Assert.Equal(log.Size, log.CosignedSize(HeadChoice.NameOf(policy)));
    }

    [Fact]
    public async Task Cosignatures_of_other_keys_are_not_kept()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await using WitnessServer real = await StartAsync(temp, "a"), impostor = await StartAsync(temp, "b");
        LogPolicy policy = Parse($"log {temp.Vault.Keys.Log.VerifierKey}\nwitness cps {real.VerifierKey} {impostor.Address}\nquorum cps\n");
        using Cosigning cosigning = Of(temp, policy);
        await cosigning.RoundAsync(CancellationToken.None);
        Assert.Contains("no good cosignature", Assert.Single(cosigning.States()).Trouble, StringComparison.Ordinal);
        Assert.Empty(SignaturesOf(temp).Skip(1));
    }

    [Fact]
    public async Task A_silent_witness_is_left_alone_for_longer_each_time()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow());
        await using TempVault temp = await TempVault.NewAsync(clock);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int asked = 0;
        using CancellationTokenSource stop = new();
        Task answering = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                Interlocked.Increment(ref asked); // and closed without an answer
            }
        });
        await using WitnessServer named = await StartAsync(temp, "a");
        using Cosigning cosigning = Of(temp, Parse($"log {temp.Vault.Keys.Log.VerifierKey}\nwitness cps {named.VerifierKey} http://{listener.LocalEndpoint}\nquorum cps\n"), clock: clock);
        int[] counts = new int[4];
        for (int i = 0; i < 4; i++)
        {
            await cosigning.RoundAsync(CancellationToken.None);
            await cosigning.RoundAsync(CancellationToken.None);
            counts[i] = Volatile.Read(ref asked);
            clock.Advance(TimeSpan.FromSeconds(5.5));
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);
        Assert.Equal(counts[1], counts[2]); // after the second silence it waits ten seconds
        Assert.True(counts[0] < counts[1] && counts[2] < counts[3], string.Join(' ', counts));
        Assert.NotNull(Assert.Single(cosigning.States()).Trouble);
    }

    [Fact]
    public async Task An_append_never_waits_for_a_witness()
    {
        await using TempVault temp = await TempVault.NewAsync();
        using TcpListener mute = new(IPAddress.Loopback, 0);
        mute.Start();
        await using WitnessServer named = await StartAsync(temp, "a");
        using Cosigning cosigning = Of(temp, Parse($"log {temp.Vault.Keys.Log.VerifierKey}\nwitness cps {named.VerifierKey} http://{mute.LocalEndpoint}\nquorum cps\n"));
        using CancellationTokenSource stop = new();
        Task round = cosigning.RoundAsync(stop.Token);
        await GrowAsync(temp, 50);
        Assert.False(round.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => round);
    }

    [Fact]
    public async Task A_refusal_is_recorded_once_and_told_until_the_witness_cosigns_again()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await GrowAsync(temp, 5);
        await using WitnessServer witness = await StartAsync(temp, "a");
        LogPolicy policy = PolicyOf(temp, "any", ("cps", witness));
        // The witness has seen another history of this log: a copy of the vault that went another way.
        string copy = Path.Combine(_root, "copy");
        Directory.CreateDirectory(copy);
        Execute(temp, $"VACUUM INTO '{Path.Combine(copy, "vault.db")}'");
        foreach (string folder in new[] { "keys", "witness" })
        {
            Directory.CreateDirectory(Path.Combine(copy, folder), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (string file in Directory.EnumerateFiles(Path.Combine(temp.Home, folder))) File.Copy(file, Path.Combine(copy, folder, Path.GetFileName(file)));
        }
        foreach (string file in new[] { "policy", "access.json" }) File.Copy(Path.Combine(temp.Home, file), Path.Combine(copy, file));
        await using (Vault other = await Vault.OpenAsync(copy, TimeProvider.System))
        {
            for (int i = 0; i < 9; i++) await other.Sequencer.RecordAsync(TempVault.Act());
            using Cosigning elsewhere = new(other.Log, other.Sequencer, policy, TimeSpan.FromSeconds(30), null, TimeProvider.System);
            await elsewhere.RoundAsync(CancellationToken.None);
            Assert.Null(Assert.Single(elsewhere.States()).Refusal);
        }

        using (Cosigning behind = Of(temp, policy)) await behind.RoundAsync(CancellationToken.None);
        Assert.Contains("older copy of the database", Of(temp, policy).States()[0].Refusal, StringComparison.Ordinal);
        await GrowAsync(temp, 30);
        using Cosigning cosigning = Of(temp, policy);
        await cosigning.RoundAsync(CancellationToken.None);
        Assert.NotNull(cosigning.States()[0].Refusal);
        Assert.Single(temp.Entries(), e => e.Action == "witness-refused");

        LogPublishing publishing = new(temp.Vault, new FolderLogStore(Path.Combine(_root, "log")), cosigning, new(), TimeProvider.System);
        Assert.Contains("A witness refuses our log", publishing.State().Alarm, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishing_waits_for_the_quorum_and_after_the_grace_period_no_longer()
    {
        // Entries hold milliseconds.
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()));
        await using TempVault temp = await TempVault.NewAsync(clock);
        int port;
        await using (WitnessServer first = await StartAsync(temp, "a")) port = new Uri(first.Address).Port;
        WitnessServer witness = await StartAsync(temp, "a", port);
        LogPolicy policy = PolicyOf(temp, "any", ("cps", witness));
        await File.WriteAllBytesAsync(Path.Combine(temp.Home, "policy"), policy.Content.ToArray());
        await temp.DisposeKeepingAsync();
        await using TempVault again = await TempVault.AtAsync(temp.Home, clock);
        using Cosigning cosigning = Of(again, again.Vault.WitnessPolicy, clock: clock);
        FolderLogStore store = new(Path.Combine(_root, "log"));
        LogPublishing publishing = new(again.Vault, store, cosigning, new() { Grace = TimeSpan.FromMinutes(5) }, clock);

        await publishing.RoundAsync(false, CancellationToken.None);
        ulong cosigned = again.Vault.Log.Size();
        Assert.Equal((cosigned, null), (publishing.State().PublishedSize, publishing.State().UncosignedFor));
        Assert.True(publishing.State().HasOutsideWitness);

        await witness.DisposeAsync();
        await GrowAsync(again, 3);
        clock.Advance(TimeSpan.FromMinutes(2));
        await publishing.RoundAsync(false, CancellationToken.None);
        Assert.Equal(cosigned, publishing.State().PublishedSize);
        Assert.Equal(TimeSpan.FromMinutes(2), publishing.State().UncosignedFor);

        clock.Advance(TimeSpan.FromMinutes(4));
        await publishing.RoundAsync(false, CancellationToken.None);
        Assert.Equal(cosigned + 3, publishing.State().PublishedSize);
        Assert.Equal(TimeSpan.FromMinutes(6), publishing.State().UncosignedFor);

        // Back again, it cosigns what was published meanwhile, and the published checkpoint gets its line.
        await using WitnessServer back = await StartAsync(again, "a", port);
        clock.Advance(TimeSpan.FromMinutes(10));
        await publishing.RoundAsync(false, CancellationToken.None);
        Assert.Null(publishing.State().UncosignedFor);
        Assert.True(SignedNote.TryParse((await store.HeadAsync(CancellationToken.None))!.Note, out SignedNote? note, out _) && policy.Evaluate(note).Holds);
    }

    [Fact]
    public async Task A_new_vault_has_a_demonstration_witness_that_is_named_as_no_outside_witness()
    {
        await using TempVault temp = await TempVault.NewAsync();
        LogPolicy policy = temp.Vault.WitnessPolicy;
        Assert.True(Assert.Single(policy.Witnesses).IsDemonstration);
        using Cosigning cosigning = new(temp.Vault.Log, temp.Vault.Sequencer, policy, TimeSpan.FromSeconds(30), new DemonstrationWitness(temp.Vault.WitnessFolder, temp.Vault.LogKeys, TimeProvider.System), TimeProvider.System);
        LogPublishing publishing = new(temp.Vault, new FolderLogStore(Path.Combine(_root, "log")), cosigning, new(), TimeProvider.System);
        await publishing.RoundAsync(false, CancellationToken.None);
        PublishingState state = publishing.State();
        Assert.Equal((temp.Vault.Log.Size(), null, false, null), (state.PublishedSize, state.UncosignedFor, state.HasOutsideWitness, state.Alarm));
        Assert.True(Assert.Single(state.Witnesses).IsDemonstration);
        PolicyVerdict verdict = policy.Evaluate(NoteOf(temp));
        Assert.True(verdict.Holds && !verdict.HasOutsideWitness);
        Assert.Contains(temp.Entries(), e => e.Action == "configuration-changed" && (string?)e.Detail?["what"] == "witness-policy");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static Cosigning Of(TempVault temp, LogPolicy policy, TimeProvider? clock = null) =>
        new(temp.Vault.Log, temp.Vault.Sequencer, policy, TimeSpan.FromSeconds(30), null, clock ?? TimeProvider.System);

    private Task<WitnessServer> StartAsync(TempVault temp, string name, int port = 0) =>
        WitnessServer.StartAsync(Path.Combine(_root, name), $"{name}.example/1", [VerifierKey.Parse(temp.Vault.Keys.Log.VerifierKey)], new(IPAddress.Loopback, port), TimeProvider.System);

    private static LogPolicy PolicyOf(TempVault temp, string needed, params (string Name, WitnessServer Witness)[] witnesses) => Parse(
        $"log {temp.Vault.Keys.Log.VerifierKey}\n{string.Concat(witnesses.Select(w => $"witness {w.Name} {w.Witness.VerifierKey} {w.Witness.Address}/\n"))}group g {needed} {string.Join(' ', witnesses.Select(w => w.Name))}\nquorum g\n");

    private static LogPolicy Parse(string text) => LogPolicy.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out LogPolicy? policy, out string problem) ? policy : throw new FormatException(problem);

    private static SignedNote NoteOf(TempVault temp) => SignedNote.TryParse(temp.Vault.Log.NewestCheckpoint(), out SignedNote? note, out string problem) ? note : throw new FormatException(problem);

    private static IReadOnlyList<NoteSignature> SignaturesOf(TempVault temp) => NoteOf(temp).Signatures;

    private static void MustHold(TempVault temp, LogPolicy policy)
    {
        PolicyVerdict verdict = policy.Evaluate(NoteOf(temp));
        Assert.True(verdict.Holds, string.Join(' ', verdict.Findings.Select(f => f.Sentence)));
    }

    private static void Execute(TempVault temp, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={temp.DatabaseFile}");
        connection.Open();
        connection.Execute(sql);
    }

    private static Task GrowAsync(TempVault temp, int entries) =>
        Task.WhenAll(Enumerable.Range(0, entries).Select(_ => temp.Vault.Sequencer.RecordAsync(TempVault.Act())));
}
