using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Storage.Azure.Drops;
using EvidenceVault.Worker.Showing;
using Spectre.Console;

namespace EvidenceVault.Worker;

/// <summary>
/// One run of the worker, from opening the vault to its last entry. A crash at any point leaves a <c>started</c> entry without its
/// <c>stopped</c>, which is how the log tells a crash from a stop; the next run carries every exhibit on from its recorded state.
/// </summary>
internal static class WorkerRun
{
    private static readonly TimeSpan PublishingPatience = TimeSpan.FromSeconds(30);

    private static readonly string Version = typeof(WorkerRun).Assembly.GetName().Version!.ToString(3);

    /// <exception cref="VaultException">The run could not start, or could not go on.</exception>
    public static async Task<int> RunAsync(WorkerOptions options, TimeProvider clock, CancellationToken stop)
    {
        if (options.Sources.Count == 0 && !options.Once)
            throw new RefusedException("No source was named.", "The worker did not start.", "Name one with --source folder:PATH or --source container:NAME, or set EVIDENCEVAULT_SOURCES.");

        await using Vault vault = await Vault.OpenAsync(options.Vault, clock).ConfigureAwait(false);
        await using WorkShow show = WorkShow.For(AnsiConsole.Console);
        show.Counts = row => CountsOf(vault, row);
        await using ServiceProvider services = Services(options, vault, clock, show);
        Diagnostics.StartTelemetry(services);
        ILoggerFactory logs = services.GetRequiredService<ILoggerFactory>();
        EvidenceFlow flow = services.GetRequiredService<EvidenceFlow>();
        DropRounds rounds = new(
            vault, flow, [.. services.GetServices<IDropSource>()],
            new() { ExhibitPrefix = options.Prefix, Parallel = options.Parallel, MoveAfter = options.MoveAfter }, clock, logs.CreateLogger<DropRounds>());
        RoundWatch watch = new(options, show, clock);
        rounds.RoundEnded += watch.OnRoundEnded;
        rounds.ProblemFound += told => show.Line(StepText.Problem(told));

        LogPublishing publishing = services.GetRequiredService<LogPublishing>();
        await MustContinueWhatIsPublishedAsync(publishing, show, stop).ConfigureAwait(false);
        if (options.Analyse) show.Line($"Analysis: {AnalysisProtection.Told}");
        await vault.Sequencer.RecordAsync(Started(options)).ConfigureAwait(false);
        using StoreReach reach = new(flow, clock);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task published = publishing.RunAsync(e => show.Line(StepText.Problem(e)), ended.Token);
        await using HealthServer? health = options.HealthPort is { } port
            ? await HealthServer.TryStartAsync(port, vault, reach, publishing, () => watch.LastRound, options.Timestamps is not null, clock, logs).ConfigureAwait(false) : null;

        TimestampRounds? timestamps = services.GetService<TimestampRounds>();
        using CancellationTokenSource stamped = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task stamping = timestamps?.RunAsync(stamped.Token) ?? Task.CompletedTask;
        (string why, UnreachableException? gaveUp) = await UntilItEndsAsync(rounds, options, show, stop).ConfigureAwait(false);
        await stamped.CancelAsync().ConfigureAwait(false);
        await stamping.ConfigureAwait(false);
        // What was sealed last gets its time stamp too. One that cannot be had now is waited for by the next run.
        if (timestamps is not null && !stop.IsCancellationRequested) await timestamps.RoundAsync(stop).ConfigureAwait(false);
        await vault.Sequencer.RecordAsync(Stopped(why)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await published.ConfigureAwait(false);
        if (!stop.IsCancellationRequested) await PublishLastAsync(publishing, show, stop).ConfigureAwait(false);
        await show.DisposeAsync().ConfigureAwait(false);
        if (gaveUp is not null) throw gaveUp;
        if (stop.IsCancellationRequested)
        {
            show.Line("Stopped. What was under way is carried on by the next start.");
            return WorkerCommand.Done;
        }
        return Summarise(vault, publishing, show);
    }

    /// <summary>Nothing is done on a log that contradicts what is published. A store that does not answer holds nobody up: publishing itself
    /// compares again before it writes.</summary>
    private static Task MustContinueWhatIsPublishedAsync(LogPublishing publishing, WorkShow show, CancellationToken stop) => ForAWhileAsync(publishing.CheckAsync, show, stop);

    /// <summary>What was recorded at the end goes out too. Where it cannot, the next start does it; where the log is doubtful, the summary says it.</summary>
    private static async Task PublishLastAsync(LogPublishing publishing, WorkShow show, CancellationToken stop)
    {
        try
        {
            await ForAWhileAsync(cancel => publishing.RoundAsync(evenUncosigned: false, cancel), show, stop).ConfigureAwait(false);
        }
        catch (EvidenceException e)
        {
            show.Line(StepText.Problem(e));
        }
    }

    private static async Task ForAWhileAsync(Func<CancellationToken, Task> act, WorkShow show, CancellationToken stop)
    {
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(stop);
        impatient.CancelAfter(PublishingPatience);
        try
        {
            await act(impatient.Token).ConfigureAwait(false);
        }
        catch (UnreachableException e)
        {
            show.Line(StepText.Problem(e));
        }
        catch (OperationCanceledException)
        {
            if (stop.IsCancellationRequested) return; // whoever called sees it too
            show.Line($"Publishing the log: its store did not answer within {PublishingPatience.TotalSeconds} seconds; it is tried again.");
        }
    }

    private static async Task<(string Why, UnreachableException? GaveUp)> UntilItEndsAsync(DropRounds rounds, WorkerOptions options, WorkShow show, CancellationToken stop)
    {
        try
        {
            await rounds.RunAsync(options.Once, options.Patience, show, stop).ConfigureAwait(false);
            return (stop.IsCancellationRequested ? "signal" : "drops-empty", null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ("signal", null);
        }
        catch (UnreachableException e)
        {
            return ("out-of-reach", e);
        }
    }

    private static ServiceProvider Services(WorkerOptions options, Vault vault, TimeProvider clock, WorkShow show)
    {
        ServiceCollection services = new();
        services.AddSingleton(clock)
            .AddWorkerLogs(show is LiveShow ? show.Line : Console.Error.WriteLine, clock)
            .AddWorkerTelemetry(Version)
            .AddAzureStorage(new AzureStorageOptions { ConnectionString = options.Storage })
            .AddSingleton(new PublishingOptions { Interval = options.PublishEvery })
            .AddFootageAnalysis()
            .AddEvidenceVault(vault, new() { Analyse = options.Analyse, Analysis = AnalysisEnvironment.Settings(), Timestamps = options.Timestamps }, new Caller(Environment.UserName))
            // So that an 'evidencevault ingest' that was interrupted is carried on.
            .AddSingleton<IDropSource>(s => s.GetRequiredService<GivenFiles>());
        RestRules rest = RestRules.Of(options.QuietPeriod);
        foreach (SourceAddress source in options.Sources)
        {
            if (source.Kind == SourceAddress.Folder) services.AddLandingFolder(source.Place, new() { Rest = rest });
            else services.AddDropContainer(new() { Container = source.Place, Rest = rest });
        }
        return services.BuildServiceProvider();
    }

    private static CustodyAct Started(WorkerOptions options) => new(Acts.Started, Vault.Program)
    {
        Detail = new JsonObject
        {
            ["version"] = Version,
            ["sources"] = options.Sources.Count,
            ["once"] = options.Once,
            ["moveAfter"] = options.MoveAfter,
            ["quietMilliseconds"] = (long)options.QuietPeriod.TotalMilliseconds,
            ["prefix"] = options.Prefix,
            ["parallel"] = options.Parallel,
            ["analysis"] = options.Analyse,
            ["analysisWalls"] = options.Analyse && AnalysisProtection.Walled,
        },
    };

    private static CustodyAct Stopped(string why) => new(Acts.Stopped, Vault.Program) { Detail = new JsonObject { ["version"] = Version, ["why"] = why } };

    /// <summary>Prints what the vault holds; the exit code that it deserves.</summary>
    private static int Summarise(Vault vault, LogPublishing publishing, WorkShow show)
    {
        IReadOnlyList<ExhibitRow> masters = vault.Exhibits.Listed();
        var counts = vault.Exhibits.Counts();
        show.Line("");
        foreach (string line in SummaryTable.Lines(masters.Select(m => SummaryRow.Of(m, counts[m.Reference])), show.Width)) show.Line(line);
        if (masters.Count == 0) show.Line("(no exhibits yet)");
        show.Line("");
        foreach (ExhibitRow wrong in masters.Where(m => m.Problem is not null)) show.Line($"{wrong.Reference}  {Names.Printable(wrong.RelativePath ?? "")}: {Names.Printable(wrong.Problem!)}");
        foreach (string line in LogLines(vault.Log.NewestCheckpoint())) show.Line(line);
        PublishingState log = publishing.State();
        foreach (string line in LogLines(publishing.Store.Place, log)) show.Line(line);
        if (log.Alarm is not null) return WorkerCommand.NotAsItShouldBe;
        return masters.Any(m => m.State is ExhibitState.Damaged or ExhibitState.Failed) ? WorkerCommand.NotAsItShouldBe : WorkerCommand.Done;
    }

    private static IEnumerable<string> LogLines(byte[]? note)
    {
        string problem = "there is none";
        if (note is null || !SignedNote.TryParse(note, out SignedNote? signed, out problem) || !Checkpoint.TryParse(signed.Text, out Checkpoint? head, out problem))
            throw new EvidenceException($"The newest checkpoint of the custody log cannot be read: {problem}", "The log may have been altered behind the vault's back.", "Run 'evidencevault log fsck' to name the damage.");
        return [$"log size    {head.Size}", $"log root    {Convert.ToBase64String(head.Root)}", $"log origin  {head.Origin}"];
    }

    private static IEnumerable<string> LogLines(string place, PublishingState log)
    {
        yield return log.PublishedSize is { } size ? $"published   {size} entries in {place}" : $"published   not yet: {Names.Printable(log.Problem ?? "nothing has been looked at")}";
        foreach (WitnessState witness in log.Witnesses)
        {
            string seen = witness.Refusal ?? witness.Trouble ?? (witness.Size > 0 ? $"cosigned {witness.Size} entries" : "has not cosigned yet");
            yield return $"witness     {Names.Printable(witness.Name)}: {seen}{(witness.IsDemonstration ? " (the vault's own, for demonstration: no outside witness)" : "")}";
        }
        if (!log.HasOutsideWitness) yield return "            No outside witness has cosigned: nobody but this vault vouches for its history.";
        if (log.Alarm is { } alarm) yield return $"ALARM       {Names.Printable(alarm)}";
    }

    private static (int Segments, int Keyframes) CountsOf(Vault vault, ExhibitRow row) =>
        row.State == ExhibitState.Analysed && vault.Exhibits.Counts().TryGetValue(row.Reference, out var counts) ? counts : (0, 0);

    /// <summary>Remembers when the last round ended, and tells once that there is nothing to do.</summary>
    private sealed class RoundWatch(WorkerOptions options, WorkShow show, TimeProvider clock)
    {
        private long _endedTicks;
        private bool _toldIdle;

        public DateTimeOffset? LastRound => Volatile.Read(ref _endedTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

        public void OnRoundEnded(RoundResult round)
        {
            Volatile.Write(ref _endedTicks, clock.GetUtcNow().UtcTicks);
            if (options.Once) return;
            bool idle = round is { Idle: true, OutOfReach: null };
            if (idle && !_toldIdle) show.Line(StepText.Idle(options.Sources.Count));
            _toldIdle = idle;
        }
    }
}
