using System.Security.Cryptography;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Testing;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace EvidenceVault.Storage.Azure.Tests;

public sealed class OutageTests : IAsyncLifetime
{
    private readonly AzuriteFixture azurite = new();
    private readonly string home = Directory.CreateTempSubdirectory("evidencevault-keys-").FullName;
    private readonly KeyRing ring;
    private readonly AzureEvidenceStore store;

    public OutageTests()
    {
        ring = KeyRing.OpenOrCreate(home, TimeProvider.System);
        store = new AzureEvidenceStore(azurite.Options, ring.Wrapper, ring.Log.Origin, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await azurite.StartAsync();
        await store.CheckAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await azurite.DisposeAsync();
        ring.Dispose();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task A_service_that_is_down_is_unreachable_and_said_so_soon_and_without_its_key()
    {
        await azurite.StopAsync();
        ContentAddress address = ContentAddress.Master(new string('a', 64));
        Stopwatch waited = Stopwatch.StartNew();
        foreach (Func<Task> use in (Func<Task>[])
        [
            () => store.CheckAsync(Cancel),
            () => store.StageAsync("item", new MemoryStream([1]), Cancel),
            () => store.StageAsync("item", new Footage(60 << 20, seed: 1), Cancel),
            () => store.PlaceAsync("item", address, Cancel),
            () => store.OpenReadAsync(address, Cancel),
            () => store.ExistsAsync(address, Cancel),
            () => store.ProtectAsync(address, Cancel),
            () => store.DiscardAsync("item", Cancel),
        ])
        {
            UnreachableException told = await Assert.ThrowsAsync<UnreachableException>(use);
            Assert.DoesNotContain("AccountKey", told.ToString());
        }
        Assert.True(waited.Elapsed < TimeSpan.FromMinutes(1), $"eight refusals took {waited.Elapsed}");
    }

    [Fact]
    public async Task A_service_that_dies_mid_upload_and_comes_back_takes_the_file_at_the_second_try()
    {
        bool killed = false;
        Footage interrupted = new(80 << 20, seed: 2, progress: passed =>
        {
            if (killed || passed < 40 << 20) return;
            killed = true;
            azurite.KillAsync().GetAwaiter().GetResult();
        });
        await Assert.ThrowsAsync<UnreachableException>(() => store.StageAsync("item", interrupted, Cancel));
        Assert.True(killed);

        await azurite.StartAsync();
        await store.CheckAsync(Cancel);
        await using MasterReading reading = new(new Footage(80 << 20, seed: 2));
        await store.StageAsync("item", reading, Cancel);
        ContentAddress address = ContentAddress.Master(reading.Digests.Sha256);
        await store.PlaceAsync("item", address, Cancel);
        await using Stream stored = await store.OpenReadAsync(address, Cancel);
        Assert.Equal(reading.Digests, await ReadBack.DigestAsync(stored, null, Cancel));
    }

    [Fact]
    public async Task A_service_that_dies_while_evidence_is_read_is_unreachable_and_not_a_finding()
    {
        await using MasterReading reading = new(new Footage(80 << 20, seed: 3));
        await store.StageAsync("item", reading, Cancel);
        ContentAddress address = ContentAddress.Master(reading.Digests.Sha256);
        await store.PlaceAsync("item", address, Cancel);

        await using Stream stored = await store.OpenReadAsync(address, Cancel);
        await stored.ReadExactlyAsync(new byte[1 << 20], Cancel);
        await azurite.KillAsync();
        await Assert.ThrowsAsync<UnreachableException>(() => stored.CopyToAsync(Stream.Null, Cancel));
    }

    [Fact]
    public async Task What_was_placed_outlives_an_orderly_restart_of_the_service()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(100_000);
        ContentAddress address = ContentAddress.Master(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        await store.StageAsync("item", new MemoryStream(bytes), Cancel);
        await store.PlaceAsync("item", address, Cancel);
        await azurite.StopAsync();
        await azurite.StartAsync();

        await using Stream stored = await store.OpenReadAsync(address, Cancel);
        Assert.Equal(address, ContentAddress.Master((await ReadBack.DigestAsync(stored, null, Cancel)).Sha256));
    }

    [Fact]
    public async Task Every_write_failing_twice_ends_with_the_evidence_stored_once()
    {
        FaultyEvidenceStore faulty = new(store);
        byte[] bytes = RandomNumberGenerator.GetBytes(100_000);
        ContentAddress address = ContentAddress.Master(Convert.ToHexStringLower(SHA256.HashData(bytes)));

        await PersistAsync(async () => { await faulty.StageAsync("item", new MemoryStream(bytes), Cancel); return true; });
        await PersistAsync(() => faulty.PlaceAsync("item", address, Cancel));
        await PersistAsync(() => faulty.ProtectAsync(address, Cancel));

        Assert.Equal(6, faulty.Failures);
        await using Stream stored = await faulty.OpenReadAsync(address, Cancel);
        Assert.Equal(address, ContentAddress.Master((await ReadBack.DigestAsync(stored, null, Cancel)).Sha256));
    }

    [Fact]
    public void Settings_that_name_no_service_are_refused_without_quoting_them()
    {
        RefusedException refused = Assert.Throws<RefusedException>(() => AzureBlobService.Create(new() { ConnectionString = "AccountKey=c2VjcmV0" }));
        Assert.DoesNotContain("c2VjcmV0", refused.ToString());
        Assert.DoesNotContain("c2VjcmV0", new AzureStorageOptions { ConnectionString = "AccountKey=c2VjcmV0" }.ToString());
        Assert.DoesNotContain("c2VjcmV0", new AzureStorageOptions { ServiceUri = new("https://store.example/?sig=c2VjcmV0") }.ToString());
        Assert.Throws<RefusedException>(() => AzureBlobService.Create(new()));
    }

    private static async Task<T> PersistAsync<T>(Func<Task<T>> write)
    {
        while (true)
        {
            try
            {
                return await write();
            }
            catch (UnreachableException)
            {
                // as the worker does: the same step again
            }
        }
    }
}
