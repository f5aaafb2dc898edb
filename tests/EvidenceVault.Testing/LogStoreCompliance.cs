using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Xunit;

namespace EvidenceVault.Testing;

/// <summary>What every driver of <see cref="ILogStore"/> must do.</summary>
public abstract class LogStoreCompliance
{
    private static readonly TilePath Full = new(0, 1234067, 256), Partial = new(null, 0, 7);

    /// <summary>An empty store.</summary>
    protected abstract Task<ILogStore> StoreAsync();

    /// <summary>Another client of the same store, as another process has.</summary>
    protected abstract ILogStore Again(ILogStore store);

    /// <summary>Puts other bytes at a name behind the store's back.</summary>
    protected abstract Task AlterAsync(ILogStore store, string name, byte[] content);

    [Fact]
    public async Task An_empty_store_has_no_head_and_no_tile()
    {
        ILogStore store = await StoreAsync();
        Assert.Null(await store.HeadAsync(CancellationToken.None));
        Assert.Null(await store.ReadAsync(Full, CancellationToken.None));
    }

    [Fact]
    public async Task What_is_put_is_what_is_read_by_anybody()
    {
        ILogStore store = await StoreAsync();
        await store.CreateAsync(Full, new byte[8192], CancellationToken.None);
        await store.CreateAsync(Partial, [1, 2, 3], CancellationToken.None);
        Assert.True(await store.ReplaceHeadAsync(null, "one\n"u8.ToArray(), CancellationToken.None));
        ILogStore again = Again(store);
        Assert.Equal(new byte[8192], await again.ReadAsync(Full, CancellationToken.None));
        Assert.Equal([1, 2, 3], (await again.ReadAsync(Partial, CancellationToken.None))!);
        Assert.Equal("one\n"u8.ToArray(), (await again.HeadAsync(CancellationToken.None))!.Note);
    }

    [Fact]
    public async Task A_tile_put_again_is_the_same_one_and_another_one_is_refused()
    {
        ILogStore store = await StoreAsync();
        await store.CreateAsync(Partial, [1, 2, 3], CancellationToken.None);
        await Again(store).CreateAsync(Partial, [1, 2, 3], CancellationToken.None);
        EvidenceException told = await Assert.ThrowsAsync<EvidenceException>(() => store.CreateAsync(Partial, [1, 2, 4], CancellationToken.None));
        Assert.Contains("tile/entries/000.p/7", told.What, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], (await store.ReadAsync(Partial, CancellationToken.None))!);
    }

    [Fact]
    public async Task A_tile_altered_behind_its_back_is_named_and_left_for_an_expert()
    {
        ILogStore store = await StoreAsync();
        await store.CreateAsync(Partial, [1, 2, 3], CancellationToken.None);
        await AlterAsync(store, Partial.ToString(), [9, 9, 9]);
        await Assert.ThrowsAsync<EvidenceException>(() => store.CreateAsync(Partial, [1, 2, 3], CancellationToken.None));
        Assert.Equal([9, 9, 9], (await store.ReadAsync(Partial, CancellationToken.None))!);
    }

    [Fact]
    public async Task Only_whoever_has_seen_the_head_replaces_it()
    {
        ILogStore store = await StoreAsync(), other = Again(store);
        Assert.True(await store.ReplaceHeadAsync(null, "one\n"u8.ToArray(), CancellationToken.None));
        Assert.False(await other.ReplaceHeadAsync(null, "two\n"u8.ToArray(), CancellationToken.None));
        PublishedHead seen = (await other.HeadAsync(CancellationToken.None))!;
        Assert.True(await store.ReplaceHeadAsync(await store.HeadAsync(CancellationToken.None), "three\n"u8.ToArray(), CancellationToken.None));
        Assert.False(await other.ReplaceHeadAsync(seen, "four\n"u8.ToArray(), CancellationToken.None));
        Assert.Equal("three\n"u8.ToArray(), (await other.HeadAsync(CancellationToken.None))!.Note);
    }

    [Fact]
    public async Task A_replacement_whose_answer_was_lost_counts_as_done()
    {
        ILogStore store = await StoreAsync();
        Assert.True(await store.ReplaceHeadAsync(null, "one\n"u8.ToArray(), CancellationToken.None));
        Assert.True(await store.ReplaceHeadAsync(null, "one\n"u8.ToArray(), CancellationToken.None));
        PublishedHead seen = (await store.HeadAsync(CancellationToken.None))!;
        Assert.True(await store.ReplaceHeadAsync(seen, "two\n"u8.ToArray(), CancellationToken.None));
        Assert.True(await store.ReplaceHeadAsync(seen, "two\n"u8.ToArray(), CancellationToken.None));
    }

    [Fact]
    public async Task Of_many_who_replace_one_head_at_once_one_does()
    {
        ILogStore store = await StoreAsync();
        await store.ReplaceHeadAsync(null, "one\n"u8.ToArray(), CancellationToken.None);
        PublishedHead seen = (await store.HeadAsync(CancellationToken.None))!;
        bool[] done = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            Task.Run(() => Again(store).ReplaceHeadAsync(seen, System.Text.Encoding.ASCII.GetBytes($"by {i}\n"), CancellationToken.None))));
        Assert.Single(done, d => d);
    }
}
