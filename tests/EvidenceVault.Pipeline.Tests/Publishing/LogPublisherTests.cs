using Dapper;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Testing;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Tests.Publishing;

public sealed class LogPublisherTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("evidencevault-published-").FullName;

    private string Folder => Path.Combine(_root, "log");

    [Fact]
    public async Task What_is_published_is_the_whole_log_and_grows_with_it()
    {
        await using TempVault temp = await TempVault.NewAsync();
        FolderLogStore store = new(Folder);
        var seen = new List<Checkpoint>();
        // Past a full tile, onto a full one, and past 256 full ones' worth of one level up is left to the bench.
        foreach (int more in new[] { 0, 1, 250, 3, 1, 300 })
        {
            await GrowAsync(temp, more);
            Publication done = await PublishAsync(temp, store);
            Assert.Equal(temp.Vault.Log.Size(), done.Size);
            seen.Add((await PublishedLog.HeadAsync(store, KeyOf(temp)))!);
            Assert.Empty(await PublishedLog.FaultsAsync(store, KeyOf(temp), [.. seen]));
        }
        Assert.Equal(0, (await PublishAsync(temp, store)).Tiles);
    }

    [Fact]
    public async Task Publishing_that_broke_off_at_any_step_is_carried_on_and_what_was_seen_stays_true()
    {
        await using TempVault temp = await TempVault.NewAsync();
        FolderLogStore store = new(Folder);
        var seen = new List<Checkpoint>();
        int rounds = 0;
        foreach (Interruption moment in Enum.GetValues<Interruption>())
        {
            // Until a round goes through without its operation being reached: then every step was broken off once.
            for (int operation = 0; ; operation++, rounds++)
            {
                await GrowAsync(temp, operation % 2 == 0 ? 1 : 130);
                InterruptedLogStore broken = new(store, operation, moment, () => throw new IOException("the power went"));
                try
                {
                    await PublishAsync(temp, broken);
                    break;
                }
                catch (IOException)
                {
                    // What a client could read at this very moment must be whole.
                    if (await PublishedLog.HeadAsync(store, KeyOf(temp)) is { } head) seen.Add(head);
                    Assert.Empty(await PublishedLog.FaultsAsync(store, KeyOf(temp), [.. seen]));
                }
                if (operation % 3 == 2) await PublishAsync(temp, store);
            }
        }
        Assert.InRange(rounds, 10, 1000);
        await PublishAsync(temp, store);
        Assert.Equal(temp.Vault.Log.Size(), (await PublishedLog.HeadAsync(store, KeyOf(temp)))!.Size);
        Assert.Empty(await PublishedLog.FaultsAsync(store, KeyOf(temp), [.. seen]));
    }

    [Fact]
    public async Task A_published_log_that_is_behind_is_caught_up_with()
    {
        await using TempVault temp = await TempVault.NewAsync();
        FolderLogStore store = new(Folder);
        await PublishAsync(temp, store);
        byte[] old = (await store.HeadAsync(CancellationToken.None))!.Note;
        await GrowAsync(temp, 300);
        await PublishAsync(temp, store);
        await File.WriteAllBytesAsync(Path.Combine(Folder, "checkpoint"), old);

        await Publisher(temp, store).CheckAsync(CancellationToken.None);
        await PublishAsync(temp, store);
        Assert.Equal(temp.Vault.Log.Size(), (await PublishedLog.HeadAsync(store, KeyOf(temp)))!.Size);
    }

    [Fact]
    public async Task An_old_database_put_back_is_refused_and_the_error_says_what_it_means()
    {
        await using TempVault temp = await TempVault.NewAsync();
        FolderLogStore store = new(Folder);
        await GrowAsync(temp, 5);
        using (var connection = new SqliteConnection($"Data Source={temp.DatabaseFile}"))
        {
            connection.Open();
            connection.Execute($"VACUUM INTO '{Path.Combine(_root, "old.db")}'");
        }
        await GrowAsync(temp, 5);
        await PublishAsync(temp, store);
        await temp.Vault.DisposeAsync();
        SqliteConnection.ClearAllPools();
        foreach (string file in Directory.EnumerateFiles(temp.Home, "vault.db*")) File.Delete(file);
        File.Copy(Path.Combine(_root, "old.db"), temp.DatabaseFile);
        await temp.ReopenAsync();

        EvidenceException told = await Assert.ThrowsAsync<EvidenceException>(() => Publisher(temp, store).CheckAsync(CancellationToken.None));
        Assert.Contains("older copy of the database was put back", told.Meaning, StringComparison.Ordinal);
        await Assert.ThrowsAsync<EvidenceException>(() => PublishAsync(temp, store));
        // Even once it has grown past the published size: it is another history then.
        await GrowAsync(temp, 20);
        told = await Assert.ThrowsAsync<EvidenceException>(() => PublishAsync(temp, store));
        Assert.Contains("forked", told.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_vaults_log_is_never_published_over()
    {
        await using TempVault temp = await TempVault.NewAsync(), other = await TempVault.NewAsync();
        FolderLogStore store = new(Folder);
        await PublishAsync(other, store);
        await GrowAsync(temp, 20);
        await Assert.ThrowsAsync<EvidenceException>(() => PublishAsync(temp, store));
        Assert.Equal(other.Vault.Keys.Log.Origin, (await PublishedLog.HeadAsync(store, KeyOf(other)))!.Origin);
    }

    [Fact]
    public async Task Several_processes_publish_one_log_and_it_never_goes_back()
    {
        await using TempVault temp = await TempVault.NewAsync();
        ulong last = 0;
        using CancellationTokenSource stop = new();
        Task publishing = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await PublishAsync(temp, new FolderLogStore(Folder));
        })));
        for (int i = 0; i < 40; i++)
        {
            await GrowAsync(temp, 10);
            if (await PublishedLog.HeadAsync(new FolderLogStore(Folder), KeyOf(temp)) is not { } head) continue;
            Assert.True(head.Size >= last);
            last = head.Size;
        }
        await stop.CancelAsync();
        await publishing;
        await PublishAsync(temp, new FolderLogStore(Folder));
        Assert.Empty(await PublishedLog.FaultsAsync(new FolderLogStore(Folder), KeyOf(temp)));
    }

    [Fact]
    public void The_tiles_of_a_log_of_70000_are_those_of_the_standards_example()
    {
        // C2SP tlog-tiles, "Partial Tiles".
        TilePath[] tiles = [.. LogPublisher.Tiles(0, 70_000)];
        Assert.Equal(273, tiles.Count(t => t is { Level: 0, Width: 256 }));
        Assert.Equal([112, 17, 1], tiles.Where(t => t.Level is not null && t.Width < 256).Select(t => t.Width));
        Assert.Equal(1, tiles.Count(t => t is { Level: 1, Width: 256 }));
        Assert.Equal(274, tiles.Count(t => t.Level is null));
        Assert.Empty(LogPublisher.Tiles(70_000, 70_000));
        Assert.Equal(["tile/0/273.p/113", "tile/entries/273.p/113"], LogPublisher.Tiles(70_000, 70_001).Select(t => t.ToString()));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static VerifierKey KeyOf(TempVault temp) => VerifierKey.Parse(temp.Vault.Keys.Log.VerifierKey);

    private static LogPublisher Publisher(TempVault temp, ILogStore store) => new(temp.Vault.Log, store, [KeyOf(temp)]);

    private static Task<Publication> PublishAsync(TempVault temp, ILogStore store) => Publisher(temp, store).PublishAsync(log => log.Note, CancellationToken.None);

    private static Task GrowAsync(TempVault temp, int entries) =>
        Task.WhenAll(Enumerable.Range(0, entries).Select(_ => temp.Vault.Sequencer.RecordAsync(TempVault.Act())));
}
