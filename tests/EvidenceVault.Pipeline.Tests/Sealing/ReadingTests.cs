using System.Security.Cryptography;
using CsCheck;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Testing;

namespace EvidenceVault.Pipeline.Tests.Sealing;

/// <summary>Alone in the process: one of them looks at the memory in use.</summary>
[CollectionDefinition(nameof(ReadingTests), DisableParallelization = true)]
[Collection(nameof(ReadingTests))]
public class ReadingTests
{
    [Fact]
    public async Task Whoever_pulls_gets_the_files_bytes_and_the_digests_are_theirs_for_any_length_and_any_piece() =>
        await Gen.Select(Gen.Int[0, 5_000_000], Gen.Int[1, 3_000_000], Gen.Int).SampleAsync(async (length, piece, seed) =>
        {
            byte[] bytes = new byte[length];
            new Random(seed).NextBytes(bytes);
            await using MasterReading reading = new(new MemoryStream(bytes));
            using MemoryStream pulled = new();
            byte[] buffer = new byte[piece];
            while (await reading.ReadAsync(buffer) is var got and > 0) pulled.Write(buffer, 0, got);

            return pulled.ToArray().AsSpan().SequenceEqual(bytes)
                && reading.Digests == DigestsOf(bytes)
                && await ReadBack.DigestAsync(new MemoryStream(bytes), null, CancellationToken.None) == DigestsOf(bytes);
        }, iter: 60);

    [Fact]
    public async Task There_are_no_digests_before_the_end()
    {
        await using MasterReading reading = new(new MemoryStream(new byte[3 << 20]));
        Assert.Throws<InvalidOperationException>(() => reading.Digests);
        await reading.ReadExactlyAsync(new byte[3 << 20]);
        Assert.Throws<InvalidOperationException>(() => reading.Digests); // all bytes passed, and yet more might come
        Assert.Equal(0, await reading.ReadAsync(new byte[1]));
        Assert.Equal(3 << 20, reading.Digests.Bytes);
        Assert.Equal(0, await reading.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_file_that_fails_gives_no_digests()
    {
        await using MasterReading reading = new(new Footage(9 << 20, seed: 1, failAt: 5 << 20));
        await Assert.ThrowsAsync<IOException>(() => reading.CopyToAsync(Stream.Null));
        Assert.Throws<InvalidOperationException>(() => reading.Digests);
    }

    [Fact]
    public async Task Progress_ends_at_the_files_length_and_never_goes_back()
    {
        Told told = new();
        await using MasterReading reading = new(new Footage(4_500_000, seed: 2), told);
        await reading.CopyToAsync(Stream.Null);
        Assert.Equal(4_500_000, told.Bytes[^1]);
        Assert.Equal(told.Bytes.Order(), told.Bytes);
    }

    [Fact]
    public async Task A_reader_that_is_slow_or_stops_does_not_make_memory_grow()
    {
        await using MasterReading reading = new(new Footage(long.MaxValue, seed: 3));
        byte[] buffer = new byte[1 << 20];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 300; i++) await reading.ReadExactlyAsync(buffer);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
    }

    private static FileDigests DigestsOf(byte[] bytes) =>
        new(Convert.ToHexStringLower(SHA256.HashData(bytes)), Convert.ToHexStringLower(SHA512.HashData(bytes)), bytes.Length);

    private sealed class Told : IProgress<long>
    {
        public List<long> Bytes { get; } = [];

        public void Report(long value) => Bytes.Add(value);
    }
}
