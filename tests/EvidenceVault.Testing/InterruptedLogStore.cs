using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Proof;

namespace EvidenceVault.Testing;

/// <summary>Where in a store's operation something happens to it.</summary>
public enum Interruption
{
    /// <summary>Nothing of it was done.</summary>
    Before,

    /// <summary>It was done, and nobody was told.</summary>
    After,
}

/// <summary>A store to which something happens at one of its operations: an exception, or the end of the process.</summary>
/// <param name="inner">The true store.</param>
/// <param name="operation">Which operation, from 0, of all reads and writes.</param>
/// <param name="moment">Before or after it.</param>
/// <param name="happens">What happens.</param>
public sealed class InterruptedLogStore(ILogStore inner, int operation, Interruption moment, Action happens) : ILogStore
{
    private int _operations;

    public string Place => inner.Place;

    /// <summary>How many operations there were.</summary>
    public int Operations => _operations;

    public Task<PublishedHead?> HeadAsync(CancellationToken cancel) => PassAsync(() => inner.HeadAsync(cancel));

    public Task<byte[]?> ReadAsync(TilePath tile, CancellationToken cancel) => PassAsync(() => inner.ReadAsync(tile, cancel));

    public Task CreateAsync(TilePath tile, byte[] content, CancellationToken cancel) => PassAsync(async () =>
    {
        await inner.CreateAsync(tile, content, cancel);
        return true;
    });

    public Task<bool> ReplaceHeadAsync(PublishedHead? seen, byte[] note, CancellationToken cancel) => PassAsync(() => inner.ReplaceHeadAsync(seen, note, cancel));

    private async Task<T> PassAsync<T>(Func<Task<T>> act)
    {
        bool mine = Interlocked.Increment(ref _operations) - 1 == operation;
        if (mine && moment == Interruption.Before) happens();
        T result = await act();
        if (mine && moment == Interruption.After) happens();
        return result;
    }
}
