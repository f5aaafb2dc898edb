using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline;

/// <summary>How the worker goes round its sources.</summary>
public sealed record RoundOptions
{
    /// <summary>Initials for exhibits whose manifest names none.</summary>
    public string ExhibitPrefix { get; init; } = "EV";

    /// <summary>Exhibits under way at once.</summary>
    public int Parallel { get; init; } = 2;

    /// <summary>Whether a delivered file is moved aside after its read-back.</summary>
    public bool MoveAfter { get; init; }

    /// <summary>Wait before something out of reach is tried again, at first; it doubles up to 30 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>What one round came to.</summary>
/// <param name="Finished">Exhibits that reached a final state in it.</param>
/// <param name="Waiting">Exhibits put off because something was out of reach.</param>
/// <param name="StillArriving">Files that have not come to rest.</param>
/// <param name="OutOfReach">What was out of reach, if anything was.</param>
public sealed record RoundResult(int Finished, int Waiting, int StillArriving, UnreachableException? OutOfReach)
{
    /// <summary>True where nothing is left to do until something new arrives.</summary>
    public bool Idle => Finished == 0 && Waiting == 0 && StillArriving == 0;
}

/// <summary>A problem of a drop, just recorded. The names in it are as hostile as they came.</summary>
/// <param name="DropId">The drop's number in the catalogue.</param>
/// <param name="Drop">The drop's name in its source.</param>
/// <param name="Problem">What is wrong.</param>
public sealed record ToldProblem(long DropId, string Drop, DropProblemRow Problem);

/// <summary>The worker's loop: looks at each source, takes what is ready, carries every unfinished exhibit on, issues receipts.</summary>
public sealed partial class DropRounds(
    Vault vault, EvidenceFlow flow, IReadOnlyList<IDropSource> sources, RoundOptions options, TimeProvider clock, ILogger<DropRounds> log)
{
    /// <summary>Raised when a round has ended, with what it came to; also one that something out of reach cut short.</summary>
    public event Action<RoundResult>? RoundEnded;

    /// <summary>Raised when a problem of a drop has been recorded, once for each.</summary>
    public event Action<ToldProblem>? ProblemFound;

    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(30);

    // True while the store has answered, its containers there, and nothing has failed since. They are made where they are not.
    private volatile bool _storeIsReady;

    // Files that could not be taken: when each may be tried again. In memory only: a restart tries at once.
    private readonly ConcurrentDictionary<(string Source, string Path), (DateTimeOffset Until, TimeSpan Wait)> _putOff = new();

    // Drops of which files were still arriving when they were last looked at.
    private readonly ConcurrentDictionary<long, bool> _arriving = new();

    // Stills that no series could be recorded of: not tried again before a restart.
    private readonly HashSet<ExhibitReference> _notKept = [];

    // Stills of one series: more would need more time and space than one analysis should.
    private const int MostStills = 2000;

    /// <summary>Goes round until cancelled; or, with <paramref name="once"/>, until there is nothing left to do.
    /// Something out of reach is told and tried again, for ever: a worker never dies of it. With <paramref name="once"/> it gives up after
    /// <paramref name="patience"/> without progress.</summary>
    /// <exception cref="UnreachableException">With once: what stayed out of reach.</exception>
    public async Task RunAsync(bool once, TimeSpan patience, IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        TimeSpan wait = options.RetryAfter;
        long? stuckSince = null;
        while (!cancel.IsCancellationRequested)
        {
            RoundResult round = await WholeRoundAsync(progress, cancel).ConfigureAwait(false);
            RoundEnded?.Invoke(round);
            if (round.Finished > 0 || round.OutOfReach is null) (wait, stuckSince) = (options.RetryAfter, null);
            if (round.OutOfReach is { } trouble)
            {
                stuckSince ??= clock.GetTimestamp();
                TimeSpan left = patience - clock.GetElapsedTime(stuckSince.Value);
                if (once && left <= TimeSpan.Zero) throw trouble;
                TimeSpan pause = once && left < wait ? left : wait;
                LogOutOfReach(log, trouble.Message, Math.Round(pause.TotalSeconds, 1));
                Telemetry.Retries.Add(1);
                await Task.Delay(pause, clock, cancel).ConfigureAwait(false);
                wait = wait * 2 < MostWait ? wait * 2 : MostWait;
                continue;
            }
            if (round.Finished > 0) continue;
            if (once && round.Idle) return;
            await WaitForChangeAsync(round.StillArriving > 0 || round.Waiting > 0, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>A round in which a database, a disk or a store that fails in any of its steps is something out of reach, and never the
    /// worker's end. What is no longer as it was sealed or logged (<see cref="EvidenceException"/>) goes through: nothing may be added to it.</summary>
    private async Task<RoundResult> WholeRoundAsync(IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        try
        {
            RoundResult round = await RoundAsync(progress, cancel).ConfigureAwait(false);
            // So that whoever looks something up in the log does not wait for all that was recorded since somebody last did.
            if (vault.Index.IsBehind()) await EntryIndex.CatchUpAsync(vault.Sequencer, null).ConfigureAwait(false);
            return round;
        }
        catch (UnreachableException e)
        {
            return new(0, 0, 0, e);
        }
        catch (Exception e) when (IsOfTheMachine(e))
        {
            return new(0, 0, 0, OfTheMachine(e));
        }
    }

    internal static bool IsOfTheMachine(Exception e) => e is IOException or UnauthorizedAccessException || VaultDatabase.IsOfTheDatabase(e);

    internal static UnreachableException OfTheMachine(Exception e) => new(
        $"The vault's folder could not be read or written ({e.Message})",
        "Nothing is lost: every exhibit stands where its last entry says.",
        "Check the disk that holds the vault's folder (space, permissions); the worker tries again by itself.", e);

    /// <summary>One try at every unfinished exhibit, and looks at the sources for as long as that takes: what arrives while something long is
    /// analysed is sealed and stored beside it.</summary>
    public async Task<RoundResult> RoundAsync(IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        RoundResult round = await LookAndStoreAsync(progress, cancel).ConfigureAwait(false);
        // What stays 'stored' because this worker does not analyse is finished for it.
        if (!flow.Analyses || round.OutOfReach is not null) return round;

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<Carried> analysis = AnalyseAllAsync(progress, stop.Token);
        try
        {
            while (await ChangeBeforeAsync(analysis, round, stop.Token).ConfigureAwait(false))
            {
                RoundResult beside = await LookAndStoreAsync(progress, stop.Token).ConfigureAwait(false);
                round = beside with { Finished = round.Finished + beside.Finished };
            }
        }
        catch
        {
            // The look failed for good (or the worker is stopped): no analysis goes on behind its back.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)analysis).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        Carried analysed = await analysis.ConfigureAwait(false);
        return round with { Finished = round.Finished + analysed.Finished, Waiting = round.Waiting + analysed.Waiting, OutOfReach = round.OutOfReach ?? analysed.Trouble };
    }

    /// <summary>One look at every source; then everything is sealed and stored, and told of: never held up by an analysis.</summary>
    private async Task<RoundResult> LookAndStoreAsync(IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        UnreachableException? trouble = null;
        int arriving = 0;
        foreach (IDropSource source in sources)
        {
            try
            {
                foreach (DropSighting sighting in await source.ScanAsync(cancel).ConfigureAwait(false))
                {
                    arriving += sighting.StillArriving;
                    await TakeAsync(source, sighting).ConfigureAwait(false);
                }
            }
            catch (UnreachableException e)
            {
                trouble = e;
            }
        }
        Carried stored = await StoreAllAsync(progress, cancel).ConfigureAwait(false);
        await IssueReceiptsAsync().ConfigureAwait(false);
        if (options.MoveAfter) await MoveAsideAsync(cancel).ConfigureAwait(false);
        return new(stored.Finished, stored.Waiting, arriving, trouble ?? stored.Trouble);
    }

    /// <summary>Waits until a look is worth while: true; or until the analysis has ended: false.</summary>
    private async Task<bool> ChangeBeforeAsync(Task analysis, RoundResult lastLook, CancellationToken cancel)
    {
        if (analysis.IsCompleted) return false;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task change = lastLook.OutOfReach is null
            ? WaitForChangeAsync(lastLook.StillArriving > 0 || lastLook.Waiting > 0, stop.Token)
            : Task.Delay(MostWait, clock, stop.Token);
        await Task.WhenAny(analysis, change).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return !analysis.IsCompleted;
    }

    /// <summary>Null once the store answers; what is wrong with it until then.</summary>
    private async Task<UnreachableException?> ReadyTheStoreAsync(CancellationToken cancel)
    {
        if (_storeIsReady) return null;
        try
        {
            await flow.ReadyTheStoreAsync(cancel).ConfigureAwait(false);
            _storeIsReady = true;
            return null;
        }
        catch (UnreachableException e)
        {
            return e;
        }
    }

    private async Task TakeAsync(IDropSource source, DropSighting sighting)
    {
        long drop = await NoteDropAsync(source, sighting).ConfigureAwait(false);
        _arriving[drop] = sighting.StillArriving > 0;
        string prefix = sighting.Manifest?.ExhibitPrefix ?? options.ExhibitPrefix;
        foreach (DropFile file in sighting.Ready.OrderBy(f => f.RelativePath, StringComparer.Ordinal))
        {
            if (_putOff.TryGetValue((source.Id, file.Path), out var put) && put.Until > clock.GetUtcNow()) continue;
            if (vault.Exhibits.OfDelivery(source.Id, file.Path, file.Version.Bytes, file.Version.Stamp) is { State: not ExhibitState.Failed }) continue;
            await flow.ReceiveAsync(
                new(source.Id, file.Path, file.RelativePath, file.Version.Bytes, file.Version.Stamp, sighting.Case, sighting.Camera,
                    prefix, null, drop, file.Expected?.Bytes, file.Expected?.Sha256),
                Vault.Program).ConfigureAwait(false);
        }
    }

    private async Task<long> NoteDropAsync(IDropSource source, DropSighting sighting)
    {
        ClockOffset? offset = sighting.Manifest?.Clock is { } observed ? ClockOffset.From(observed, sighting.Manifest.ClockAgain) : null;
        var facts = new DropFacts(
            source.Id, sighting.Name, Known(sighting.Case), Known(sighting.Camera),
            sighting.Manifest is null ? null : JsonSerializer.Serialize(sighting.Manifest), sighting.ManifestSha256, sighting.Manifest?.Technician,
            sighting.Missing.Count == 0 ? null : JsonSerializer.Serialize(sighting.Missing),
            sighting.Manifest?.AuthorityUrn, offset?.Seconds, offset?.UncertaintySeconds, sighting.Manifest?.Clock?.Reference);
        var problems = sighting.Problems.Select(p => new DropProblemRow(p.Kind, p.RelativePath, p.Sentence))
            .Concat(sighting.Missing.Select(m => new DropProblemRow("missing", m.Name, $"The manifest names {Names.Printable(m.Name)} ({m.Bytes} bytes), which never arrived. Ask whoever delivered the drop for it.")))
            .ToList();
        DropRow? known = vault.Drops.Find(source.Id, sighting.Name);
        HashSet<(string, string)> before = known is null ? [] : [.. vault.Drops.Problems(known.Id).Select(p => (p.Kind, p.RelativePath))];
        if (known is not null && known.ManifestSha256 == facts.ManifestSha256 && known.Missing == facts.Missing && problems.All(p => before.Contains((p.Kind, p.RelativePath))))
            return known.Id;
        List<ToldProblem> fresh = [];
        long noted = await vault.Sequencer.CommitAsync(change =>
        {
            long id = Drops.Note(change, facts);
            foreach (DropProblemRow problem in problems)
            {
                if (!Drops.NoteProblem(change, id, problem)) continue;
                change.Record(new(Acts.DropProblem, Vault.Program)
                {
                    Outcome = Outcome.Failed,
                    Case = facts.Case,
                    Camera = facts.Camera,
                    Detail = new JsonObject { ["kind"] = problem.Kind },
                    Personal = [new("drop", sighting.Name), new("sourceName", problem.RelativePath), new("problem", problem.Sentence)],
                });
                fresh.Add(new(id, sighting.Name, problem));
            }
            return id;
        }).ConfigureAwait(false);
        // Told only now: before the commit nothing has been recorded. The log takes no names, they are personal.
        foreach (ToldProblem told in fresh)
        {
            LogProblem(log, told.DropId, told.Problem.Kind);
            ProblemFound?.Invoke(told);
        }
        return noted;

        static string? Known(string name) => name.Length > 0 ? name : null;
    }

    private async Task<Carried> StoreAllAsync(IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        if (vault.Exhibits.Unfinished() is { Count: > 0 } unfinished && await ReadyTheStoreAsync(cancel).ConfigureAwait(false) is { } away) return new(0, unfinished.Count, away);
        return await CarryEachOnAsync([.. vault.Exhibits.Unfinished().Where(r => r.State != ExhibitState.Stored)], analyse: false, progress, cancel).ConfigureAwait(false);
    }

    private readonly record struct Carried(int Finished, int Waiting, UnreachableException? Trouble);

    private async Task<Carried> CarryEachOnAsync(IReadOnlyList<ExhibitRow> rows, bool analyse, IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        int finished = 0, waiting = 0;
        UnreachableException? trouble = null;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancel };
        await Parallel.ForEachAsync(rows, parallel, async (row, stop) =>
        {
            if (SourceOf(row) is not { } source) return;
            // Once one exhibit has found the store out of reach, the others wait with it.
            if (Volatile.Read(ref trouble) is not null)
            {
                Interlocked.Increment(ref waiting);
                return;
            }
            try
            {
                ExhibitRow? now = await flow.CarryOnAsync(row.Ref, source, Vault.Program, analyse, progress, stop).ConfigureAwait(false);
                if (now is null) Interlocked.Increment(ref waiting);
                else if (now.State != row.State) Interlocked.Increment(ref finished);
                if (now is { State: ExhibitState.Failed }) PutOff(row);
                if (now is not null && now.State != row.State) Telemetry.Finished.Add(1, new KeyValuePair<string, object?>("state", now.State));
            }
            catch (UnreachableException e)
            {
                Interlocked.Increment(ref waiting);
                Volatile.Write(ref trouble, e);
            }
            catch (Exception e) when (IsOfTheMachine(e))
            {
                Interlocked.Increment(ref waiting);
                Volatile.Write(ref trouble, OfTheMachine(e));
            }
        }).ConfigureAwait(false);
        // A store that was away may have come back without what it had (Azurite writes its index late): look again at the next round.
        if (trouble is not null) _storeIsReady = false;
        return new(finished, waiting, trouble);
    }

    /// <summary>Analyses what is stored, then the stills of each drop that is complete, folder by folder, as series.</summary>
    private async Task<Carried> AnalyseAllAsync(IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        Carried each = await CarryEachOnAsync([.. vault.Exhibits.Unfinished().Where(r => r.State == ExhibitState.Stored)], analyse: true, progress, cancel).ConfigureAwait(false);
        if (each.Trouble is not null) return each;
        int finished = each.Finished, waiting = each.Waiting;
        // A camera begins a new folder when its counter begins anew: names are in order only within one.
        foreach (var folder in vault.Stills.Waiting().GroupBy(s => (s.DropId, Folder: Path.GetDirectoryName(s.RelativePath))))
        {
            if (_arriving.GetValueOrDefault(folder.Key.DropId)) continue;
            foreach (WaitingStill[] stills in StillSeries.InNameOrder(folder, s => Path.GetFileName(s.RelativePath)).Chunk(MostStills))
            {
                ExhibitReference[] series = [.. stills.Select(s => ExhibitReference.Parse(s.Exhibit))];
                // One still is no series; it waits for more to come.
                if (series.Length < 2 || _notKept.Contains(series[0]) || SourceOf(vault.Exhibits.Find(series[0])!) is null) continue;
                try
                {
                    if (await flow.DeriveSeriesAsync(series, Vault.Program, progress, cancel).ConfigureAwait(false) is null) waiting++;
                    else finished++;
                }
                catch (EvidenceException e)
                {
                    LogNoSeries(log, series[0].Text, e.Message);
                    _notKept.Add(series[0]);
                }
                catch (UnreachableException e)
                {
                    return new(finished, waiting + 1, e);
                }
                catch (Exception e) when (IsOfTheMachine(e))
                {
                    return new(finished, waiting + 1, OfTheMachine(e));
                }
            }
        }
        return new(finished, waiting, null);
    }

    /// <summary>A receipt for each drop that has nothing under way and whose account has changed since its last receipt.</summary>
    private async Task IssueReceiptsAsync()
    {
        foreach (DropRow drop in vault.Drops.All())
        {
            if (drop.Case is null || drop.Camera is null || sources.All(s => s.Id != drop.Source)) continue;
            IReadOnlyList<ExhibitRow> rows = vault.Exhibits.OfDrop(drop.Id);
            if (rows.Any(r => r.State is ExhibitState.Received or ExhibitState.Sealed) || (rows.Count == 0 && drop.Missing is null)) continue;
            IReadOnlyList<DropProblemRow> problems = vault.Drops.Problems(drop.Id);
            string facts = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new
            {
                drop.ManifestSha256,
                drop.Missing,
                Files = rows.Select(r => new { r.Reference, r.Sha256 }),
                Problems = problems.Select(p => new { p.Kind, p.RelativePath }),
            })));
            ReceiptRow? newest = vault.Drops.NewestReceipt(drop.Id);
            if (newest?.Facts != facts) newest = await IssueReceiptAsync(drop, rows, problems, facts, (newest?.Number ?? 0) + 1).ConfigureAwait(false);
            HandOver(drop, newest);
        }
    }

    private Task<ReceiptRow> IssueReceiptAsync(DropRow drop, IReadOnlyList<ExhibitRow> rows, IReadOnlyList<DropProblemRow> problems, string facts, long number)
    {
        var account = new ReceiptFacts
        {
            Case = drop.Case!,
            Camera = drop.Camera!,
            Drop = drop.Name,
            Manifest = drop.Manifest is null ? null : JsonSerializer.Deserialize<DropManifest>(drop.Manifest),
            ManifestSha256 = drop.ManifestSha256,
            Received = [.. rows.Where(r => r.Sha256 is not null).Select(r => new ReceivedFile(r.RelativePath!, r.Bytes!.Value, r.Sha256!, r.Ref, DateTimeOffset.Parse(r.SealedAt!, System.Globalization.CultureInfo.InvariantCulture)))],
            Problems = [.. problems.Where(p => p.Kind != "missing").Select(p => new DropProblem(p.Kind, p.RelativePath, p.Sentence))],
            IssuedAt = clock.GetUtcNow(),
            Origin = vault.Keys.Log.Origin,
            Checkpoint = vault.Log.NewestCheckpoint() is { } note ? System.Text.Encoding.UTF8.GetString(note) : null,
        };
        byte[] receipt = DropReceipt.Write(account);
        var row = new ReceiptRow(drop.Id, number, facts, receipt, vault.Keys.Seal.SignDetached(receipt));
        return vault.Sequencer.CommitAsync(change =>
        {
            // Two workers may come to the same receipt at once: the second finds the first one's and hands that over.
            if (!Drops.AddReceipt(change, row)) return Drops.NewestReceipt(change, drop.Id);
            change.Record(new(Acts.ReceiptIssued, Vault.Program)
            {
                Case = drop.Case,
                Camera = drop.Camera,
                Sha256 = Convert.ToHexStringLower(SHA256.HashData(receipt)),
                Detail = new JsonObject { ["number"] = number, ["files"] = account.Received.Count },
                Personal = [new("drop", drop.Name)],
            });
            return row;
        });
    }

    /// <summary>Puts a receipt where the technician finds it. The database holds it already: a crash here is mended by the next round.</summary>
    private void HandOver(DropRow drop, ReceiptRow receipt)
    {
        string name = $"{drop.Case}_{drop.Camera}_{drop.Id}_receipt-{receipt.Number}.json";
        string path = Path.Combine(vault.Receipts, name);
        if (File.Exists(path + ".p7s")) return;
        Directory.CreateDirectory(vault.Receipts);
        Vault.WriteOnce(path, receipt.Receipt);
        Vault.WriteOnce(path + ".p7s", receipt.Signature);
        LogReceipt(log, drop.Id, name);
    }

    private async Task MoveAsideAsync(CancellationToken cancel)
    {
        foreach (ExhibitRow row in vault.Exhibits.Masters())
        {
            if (row.MovedAside || row.StoredAt is null || SourceOf(row) is not { } source) continue;
            try
            {
                await source.MoveAsideAsync(EvidenceFlow.FileOf(row), cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is DropFileException or UnreachableException)
            {
                // The evidence is stored; only the tidying of the source is left, and the next round tries again.
                LogNotMoved(log, row.Reference, e.Message);
                continue;
            }
            await vault.Sequencer.CommitAsync(change =>
            {
                // Of two workers only the first records it.
                if (!change.SetMovedAside(row.Ref)) return;
                change.Record(new(Acts.MovedAside, Vault.Program) { Case = row.Case, Camera = row.Camera, Exhibit = row.Ref, Sha256 = row.Sha256 });
            }).ConfigureAwait(false);
        }
    }

    private IDropSource? SourceOf(ExhibitRow row) => sources.FirstOrDefault(s => s.Id == row.Source);

    private void PutOff(ExhibitRow row) => _putOff.AddOrUpdate((row.Source!, row.Path!),
        _ => (clock.GetUtcNow() + TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)),
        (_, old) => (clock.GetUtcNow() + old.Wait * 2, old.Wait * 2));

    private async Task WaitForChangeAsync(bool soon, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        IEnumerable<Task> signs = sources.Select(s => s.WaitForChangeAsync(stop.Token));
        if (soon) signs = signs.Append(Task.Delay(TimeSpan.FromMilliseconds(500), clock, stop.Token));
        await Task.WhenAny(signs).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Trouble} Trying again in {Seconds} s.")]
    private static partial void LogOutOfReach(ILogger logger, string trouble, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drop {Drop}: problem {Kind}")]
    private static partial void LogProblem(ILogger logger, long drop, string kind);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Exhibit} and the stills after it: no series. {Reason}")]
    private static partial void LogNoSeries(ILogger logger, string exhibit, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Drop {Drop}: receipt {Receipt} issued")]
    private static partial void LogReceipt(ILogger logger, long drop, string receipt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Exhibit}: not moved aside yet. {Reason}")]
    private static partial void LogNotMoved(ILogger logger, string exhibit, string reason);
}
