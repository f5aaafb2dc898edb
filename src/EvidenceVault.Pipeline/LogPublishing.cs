using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline;

/// <summary>How patient publishing is.</summary>
public sealed record PublishingOptions
{
    /// <summary>Between two rounds.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a witness may take to answer.</summary>
    public TimeSpan WitnessPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long publishing waits for a quorum before it publishes what has none.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>How publishing and cosigning stand. What a crash took with it is found again by the next round.</summary>
/// <param name="PublishedSize">The size of what this process last saw published; null where it has not looked yet.</param>
/// <param name="PublishedAt">When it last published or found nothing to publish.</param>
/// <param name="UncosignedFor">How long there have been entries that no checkpoint with a quorum covers; null where there are none.</param>
/// <param name="Witnesses">The policy's witnesses.</param>
/// <param name="HasOutsideWitness">True where one of them that is not the vault's own has cosigned.</param>
/// <param name="Alarm">What makes the log doubtful, a sentence: it forked, was put back, or a witness refuses it.</param>
/// <param name="Problem">What put publishing off, a sentence; it is tried again.</param>
public sealed record PublishingState(
    ulong? PublishedSize, DateTimeOffset? PublishedAt, TimeSpan? UncosignedFor, IReadOnlyList<WitnessState> Witnesses, bool HasOutsideWitness, string? Alarm, string? Problem);

/// <summary>
/// Rounds of cosigning and publishing, beside everything else: no append ever waits for one. Each round asks the witnesses for the
/// newest checkpoint, chooses what to publish and publishes it.
/// </summary>
public sealed class LogPublishing
{
    private readonly Vault _vault;
    private readonly ILogStore _store;
    private readonly Cosigning _cosigning;
    private readonly PublishingOptions _options;
    private readonly TimeProvider _clock;
    private readonly LogPublisher _publisher;
    private readonly SemaphoreSlim _one = new(1);
    private (ulong Size, DateTimeOffset At)? _published;
    private EvidenceException? _alarm;
    private string? _problem;

    /// <param name="vault">Whose log.</param>
    /// <param name="store">Where it is published.</param>
    /// <param name="cosigning">Asks the witnesses.</param>
    /// <param name="options">How patient.</param>
    /// <param name="clock">The time.</param>
    public LogPublishing(Vault vault, ILogStore store, Cosigning cosigning, PublishingOptions options, TimeProvider clock)
    {
        (_vault, _store, _cosigning, _options, _clock) = (vault, store, cosigning, options, clock);
        _publisher = new(vault.Log, store, vault.LogKeys);
        Telemetry.Publishing = this;
    }

    /// <summary>Where it publishes.</summary>
    public ILogStore Store => _store;

    /// <summary>Compares what is published with the log, before anything is done with it.</summary>
    /// <exception cref="EvidenceException">The published log is ahead of this one or differs from it: whoever starts on it must not.</exception>
    /// <exception cref="UnreachableException">The store does not answer.</exception>
    public Task CheckAsync(CancellationToken cancel) => _publisher.CheckAsync(cancel);

    /// <summary>One round.</summary>
    /// <param name="evenUncosigned">Publishes the newest checkpoint whether or not it has its quorum.</param>
    /// <param name="cancel">Stops it between two steps.</param>
    /// <exception cref="EvidenceException">The published log is ahead of this one or differs from it.</exception>
    /// <exception cref="UnreachableException">The store or the database does not answer.</exception>
    public async Task<Publication> RoundAsync(bool evenUncosigned, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await _cosigning.RoundAsync(cancel).ConfigureAwait(false);
            Publication done = await _publisher.PublishAsync(log => evenUncosigned ? log.Note : Choice(log).Note, cancel).ConfigureAwait(false);
            (_published, _alarm, _problem) = ((done.Size, _clock.GetUtcNow()), null, null);
            return done;
        }
        catch (EvidenceException e)
        {
            _alarm = e;
            throw;
        }
        catch (UnreachableException e)
        {
            _problem = e.What;
            throw;
        }
        catch (Exception e) when (DropRounds.IsOfTheMachine(e))
        {
            // Told and tried again like anything out of reach: else publishing would end here, and nobody would hear of it until the worker stops.
            UnreachableException away = DropRounds.OfTheMachine(e);
            _problem = away.What;
            throw away;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Rounds at the options' interval until it is stopped. A round that fails is told and tried again.</summary>
    /// <param name="told">Is given each new trouble once.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(Action<VaultException> told, CancellationToken stop)
    {
        string? last = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(evenUncosigned: false, stop).ConfigureAwait(false);
                last = null;
            }
            catch (VaultException e)
            {
                if (e.What != last) told(e);
                last = e.What;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            await Task.Delay(_options.Interval, _clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>How it stands now.</summary>
    public PublishingState State()
    {
        TimeSpan? uncosigned;
        using (LogSnapshot log = _vault.Log.Snapshot()) uncosigned = Choice(log).UncosignedFor;
        IReadOnlyList<WitnessState> witnesses = _cosigning.States();
        WitnessState? refusing = witnesses.FirstOrDefault(w => w.Refusal is not null);
        string? alarm = _alarm is { } e ? $"{e.What} {e.Meaning}" : refusing is not null ? $"A witness refuses our log: {Names.Printable(refusing.Name)}. {refusing.Refusal}" : null;
        return new(_published?.Size, _published?.At, uncosigned, witnesses, witnesses.Any(w => !w.IsDemonstration && w.Size > 0 && w.Refusal is null), alarm, _problem);
    }

    private HeadChoice Choice(LogSnapshot log) => HeadChoice.Of(log, _vault.WitnessPolicy, _options.Grace, _clock.GetUtcNow());
}
