using System.Security.Cryptography;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using Xunit;

namespace EvidenceVault.Testing;

/// <summary>What every driver of <see cref="IEvidenceStore"/> must do. A driver's tests inherit it.</summary>
public abstract class EvidenceStoreCompliance
{
    /// <summary>A store whose containers are there.</summary>
    protected abstract Task<IEvidenceStore> StoreAsync();

    /// <summary>Changes one stored byte behind the store's back, keeping all else.</summary>
    protected abstract Task FlipStoredByteAsync(ContentAddress address, long offset);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((4 << 20) - 1)]
    [InlineData(4 << 20)]
    [InlineData((4 << 20) + 1)]
    [InlineData(40_000_003)]
    public async Task Stored_bytes_read_back_equal_whatever_their_length(int length)
    {
        IEvidenceStore store = await StoreAsync();
        (FileDigests sealing, ContentAddress address, Placement placement) = await StoreAsync(store, new Footage(length, seed: length));

        await using Stream stored = await store.OpenReadAsync(address, Cancel);
        Assert.Equal(sealing, await ReadBack.DigestAsync(stored, null, Cancel));
        Assert.Equal(length, sealing.Bytes);
        Assert.Equal(Placement.Created, placement);
        Assert.True(await store.ExistsAsync(address, Cancel));
    }

    [Fact]
    public async Task Placing_again_after_a_crash_changes_nothing_and_succeeds()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = RandomNumberGenerator.GetBytes(100_000);
        ContentAddress address = AddressOf(bytes);
        string id = NewId();
        await store.StageAsync(id, new MemoryStream(bytes), Cancel);

        await store.PlaceAsync(id, address, Cancel);
        await store.PlaceAsync(id, address, Cancel); // the first call's success was not recorded before the crash

        Assert.Equal(bytes, await ReadAsync(store, address));
    }

    [Fact]
    public async Task A_taken_address_keeps_its_bytes()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] first = RandomNumberGenerator.GetBytes(50_000);
        ContentAddress address = AddressOf(first);
        string id = NewId();
        await store.StageAsync(id, new MemoryStream(first), Cancel);
        await store.PlaceAsync(id, address, Cancel);

        string other = NewId();
        await store.StageAsync(other, new MemoryStream(RandomNumberGenerator.GetBytes(50_000)), Cancel);

        Assert.Equal(Placement.AlreadyThere, await store.PlaceAsync(other, address, Cancel));
        Assert.Equal(first, await ReadAsync(store, address));
    }

    [Fact]
    public async Task Many_placing_the_same_bytes_at_once_end_with_one_copy_that_reads_back()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = RandomNumberGenerator.GetBytes(200_000);
        ContentAddress address = AddressOf(bytes);
        string[] ids = [.. Enumerable.Range(0, 8).Select(_ => NewId())];
        await Task.WhenAll(ids.Select(id => store.StageAsync(id, new MemoryStream(bytes), Cancel)));

        Placement[] placements = await Task.WhenAll(ids.Select(id => store.PlaceAsync(id, address, Cancel)));

        Assert.Single(placements, Placement.Created);
        Assert.Equal(bytes, await ReadAsync(store, address));
    }

    [Fact]
    public async Task The_same_item_placed_by_two_workers_at_once_is_placed_once()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = RandomNumberGenerator.GetBytes(200_000);
        ContentAddress address = AddressOf(bytes);
        string id = NewId();
        await store.StageAsync(id, new MemoryStream(bytes), Cancel);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => store.PlaceAsync(id, address, Cancel)));

        Assert.Equal(bytes, await ReadAsync(store, address));
    }

    [Fact]
    public async Task Staging_the_same_id_again_replaces_what_a_crash_left()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = RandomNumberGenerator.GetBytes(9 << 20);
        string id = NewId();
        await store.StageAsync(id, new MemoryStream(RandomNumberGenerator.GetBytes(20 << 20)), Cancel);
        await store.StageAsync(id, new MemoryStream(bytes), Cancel);
        await store.PlaceAsync(id, AddressOf(bytes), Cancel);

        Assert.Equal(bytes, await ReadAsync(store, AddressOf(bytes)));
    }

    [Theory]
    [InlineData(0)]          // the nonce of the first region
    [InlineData(12)]         // its first byte of ciphertext
    [InlineData(5 << 20)]    // somewhere in the second
    [InlineData(-1)]         // the last byte of the last tag
    public async Task One_flipped_byte_in_the_store_is_found_by_reading(long offset)
    {
        IEvidenceStore store = await StoreAsync();
        (_, ContentAddress address, _) = await StoreAsync(store, new Footage(10 << 20, seed: 77 + (int)offset));
        await FlipStoredByteAsync(address, offset);

        await Assert.ThrowsAsync<EvidenceException>(async () =>
        {
            await using Stream stored = await store.OpenReadAsync(address, Cancel);
            await stored.CopyToAsync(Stream.Null, Cancel);
        });
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 9_000_001)]                  // all of it
    [InlineData(17, 100)]
    [InlineData((4 << 20) - 3, 7)]              // over the edge of a region
    [InlineData(4 << 20, 4 << 20)]              // a region, exactly
    [InlineData((4 << 20) + 1, (4 << 20) + 5)]  // the end of one and the beginning of the next
    [InlineData(9_000_000, 1)]                  // the last byte
    [InlineData(8_999_990, 500)]                // more than there is
    public async Task A_part_of_stored_bytes_reads_back_equal(int offset, int length)
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = RandomNumberGenerator.GetBytes(9_000_001);
        string id = NewId();
        await store.StageAsync(id, new MemoryStream(bytes), Cancel);
        await store.PlaceAsync(id, AddressOf(bytes), Cancel);

        await using Stream part = await store.OpenReadAsync(AddressOf(bytes), offset, length, Cancel);
        MemoryStream got = new();
        await part.CopyToAsync(got, Cancel);
        Assert.Equal(bytes[offset..Math.Min(offset + length, bytes.Length)], got.ToArray());
    }

    [Fact]
    public async Task A_part_is_authenticated_and_damage_elsewhere_does_not_keep_it_back()
    {
        IEvidenceStore store = await StoreAsync();
        (_, ContentAddress address, _) = await StoreAsync(store, new Footage(12 << 20, seed: 4711));
        await FlipStoredByteAsync(address, 5 << 20);

        await ReadPartAsync(0, 4 << 20);
        await ReadPartAsync(8 << 20, 4 << 20);
        await Assert.ThrowsAsync<EvidenceException>(() => ReadPartAsync(4 << 20, 10));

        async Task ReadPartAsync(long offset, long length)
        {
            await using Stream part = await store.OpenReadAsync(address, offset, length, Cancel);
            await part.CopyToAsync(Stream.Null, Cancel);
        }
    }

    [Fact]
    public async Task A_part_beyond_what_is_stored_or_of_what_is_not_is_missing_evidence()
    {
        IEvidenceStore store = await StoreAsync();
        (_, ContentAddress address, _) = await StoreAsync(store, new Footage(1000, seed: 12));

        await Assert.ThrowsAsync<EvidenceException>(() => store.OpenReadAsync(address, 40 << 20, 10, Cancel));
        await Assert.ThrowsAsync<EvidenceException>(() => store.OpenReadAsync(AddressOf(RandomNumberGenerator.GetBytes(10)), 0, 10, Cancel));
    }

    [Fact]
    public async Task Bytes_that_are_not_there_are_missing_evidence()
    {
        IEvidenceStore store = await StoreAsync();
        ContentAddress nowhere = AddressOf(RandomNumberGenerator.GetBytes(10));

        await Assert.ThrowsAsync<EvidenceException>(() => store.OpenReadAsync(nowhere, Cancel));
        Assert.False(await store.ExistsAsync(nowhere, Cancel));
    }

    [Fact]
    public async Task Placing_what_was_never_staged_is_said_plainly()
    {
        IEvidenceStore store = await StoreAsync();
        await Assert.ThrowsAsync<EvidenceException>(() => store.PlaceAsync(NewId(), AddressOf(RandomNumberGenerator.GetBytes(10)), Cancel));
    }

    [Fact]
    public async Task Discarding_takes_staged_bytes_and_never_placed_ones()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = RandomNumberGenerator.GetBytes(1000);
        ContentAddress address = AddressOf(bytes);
        string id = NewId();
        await store.StageAsync(id, new MemoryStream(bytes), Cancel);
        await store.DiscardAsync(id, Cancel);
        await store.DiscardAsync(id, Cancel); // and again, as after a crash
        await Assert.ThrowsAsync<EvidenceException>(() => store.PlaceAsync(id, address, Cancel));

        await store.StageAsync(id, new MemoryStream(bytes), Cancel);
        await store.PlaceAsync(id, address, Cancel);
        await store.DiscardAsync(id, Cancel);
        Assert.Equal(bytes, await ReadAsync(store, address));
    }

    [Fact]
    public async Task A_file_that_fails_while_it_is_read_fails_as_itself_and_stores_nothing()
    {
        IEvidenceStore store = await StoreAsync();
        string id = NewId();
        Footage broken = new(30 << 20, seed: 5, failAt: 21 << 20);

        IOException told = await Assert.ThrowsAsync<IOException>(() => store.StageAsync(id, broken, Cancel));

        Assert.Equal(Footage.FailureText, told.Message);
        await Assert.ThrowsAsync<EvidenceException>(() => store.PlaceAsync(id, AddressOf([9]), Cancel));
    }

    [Fact]
    public async Task Cancelled_staging_stops_and_leaves_nothing_to_place()
    {
        IEvidenceStore store = await StoreAsync();
        string id = NewId();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Footage endless = new(long.MaxValue, seed: 6, progress: passed => { if (passed > 30 << 20) stop.Cancel(); });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.StageAsync(id, endless, stop.Token));
        await Assert.ThrowsAsync<EvidenceException>(() => store.PlaceAsync(id, AddressOf([9]), Cancel));
    }

    [Fact]
    public async Task Protection_says_who_guards_the_blob_and_why()
    {
        IEvidenceStore store = await StoreAsync();
        (_, ContentAddress address, _) = await StoreAsync(store, new Footage(1000, seed: 8));

        Protection protection = await store.ProtectAsync(address, Cancel);

        Assert.Contains(protection.Immutability, (string[])["service", "application"]);
        Assert.Contains(protection.LegalHold, (string[])["service", "application"]);
        Assert.NotEmpty(protection.Note);
    }

    protected static string NewId() => Guid.NewGuid().ToString("N");

    protected static ContentAddress AddressOf(byte[] bytes) => ContentAddress.Master(Convert.ToHexStringLower(SHA256.HashData(bytes)));

    protected static async Task<byte[]> ReadAsync(IEvidenceStore store, ContentAddress address)
    {
        await using Stream stored = await store.OpenReadAsync(address, Cancel);
        MemoryStream bytes = new();
        await stored.CopyToAsync(bytes, Cancel);
        return bytes.ToArray();
    }

    protected static async Task<(FileDigests Digests, ContentAddress Address, Placement Placement)> StoreAsync(IEvidenceStore store, Stream footage)
    {
        string id = NewId();
        await using MasterReading reading = new(footage);
        await store.StageAsync(id, reading, Cancel);
        ContentAddress address = ContentAddress.Master(reading.Digests.Sha256);
        return (reading.Digests, address, await store.PlaceAsync(id, address, Cancel));
    }
}
