using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Worker;

/// <summary>Whether the store answers, asked at most every few seconds however often readiness is asked for.</summary>
internal sealed class StoreReach(EvidenceFlow flow, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _one = new(1);
    private (DateTimeOffset At, string? Problem)? _known;

    /// <summary>When the store was last asked, and what was wrong; null where it answered.</summary>
    public async Task<(DateTimeOffset At, string? Problem)> AskAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_known is { } known && clock.GetUtcNow() - known.At < GoodFor) return known;
            string? problem = await ProblemAsync(cancel).ConfigureAwait(false);
            _known = (clock.GetUtcNow(), problem);
            return _known.Value;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<string?> ProblemAsync(CancellationToken cancel)
    {
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        impatient.CancelAfter(Patience);
        try
        {
            await flow.ReadyTheStoreAsync(impatient.Token).ConfigureAwait(false);
            return null;
        }
        catch (UnreachableException e)
        {
            return e.What;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"The store did not answer within {Patience.TotalSeconds} seconds.";
        }
    }
}
