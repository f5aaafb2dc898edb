using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Testing;

namespace EvidenceVault.Storage.Azure.Tests;

// Alone in the process: what others hold meanwhile would be counted too.
[CollectionDefinition(nameof(FlatMemoryTests), DisableParallelization = true)]
[Collection(nameof(FlatMemoryTests))]
public sealed class FlatMemoryTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private const int Mebibyte = 1 << 20;

    private readonly string home = Directory.CreateTempSubdirectory("evidencevault-keys-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Two_hundred_megabytes_pass_through_flat_memory()
    {
        using KeyRing ring = KeyRing.OpenOrCreate(home, TimeProvider.System);
        AzureEvidenceStore store = new(azurite.Options, ring.Wrapper, ring.Log.Origin, TimeProvider.System);
        await store.CheckAsync(TestContext.Current.CancellationToken);
        Held held = new();

        await using MasterReading reading = new(new Footage(200 * Mebibyte, seed: 11, progress: held.Weigh));
        await store.StageAsync("flat", reading, TestContext.Current.CancellationToken);
        ContentAddress address = ContentAddress.Master(reading.Digests.Sha256);
        await store.PlaceAsync("flat", address, TestContext.Current.CancellationToken);
        held.Begin();
        await using Stream stored = await store.OpenReadAsync(address, TestContext.Current.CancellationToken);
        Assert.Equal(reading.Digests, await ReadBack.DigestAsync(stored, held, TestContext.Current.CancellationToken));

        Assert.True(held.Times >= 12, $"weighed only {held.Times} times");
        Assert.True(held.Most < 150 * Mebibyte, $"{held.Most / Mebibyte} MiB were held on the way");
    }

    // What is still held after a collection: garbage that waits for one says nothing about the code.
    private sealed class Held : IProgress<long>
    {
        private readonly long atFirst = GC.GetTotalMemory(forceFullCollection: true);
        private long next = 25 * Mebibyte;

        public long Most { get; private set; }

        public int Times { get; private set; }

        public void Begin() => next = 25 * Mebibyte;

        public void Weigh(long passed)
        {
            if (passed < next) return;
            next += 25 * Mebibyte;
            Times++;
            Most = Math.Max(Most, GC.GetTotalMemory(forceFullCollection: true) - atFirst);
        }

        public void Report(long value) => Weigh(value);
    }
}
