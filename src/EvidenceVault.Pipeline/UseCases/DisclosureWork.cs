using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>
/// Makes the disclosure bundles that were asked for, one after the other, keeps each for a while in the vault's scratch, and removes it. What is under way when the process dies leaves its folder, which the
/// next start sweeps: from then on the disclosure counts as cut off, as its folder is gone. A stop in good order removes the folders itself.
/// </summary>
public sealed partial class DisclosureWork : IAsyncDisposable
{
    /// <summary>How long a bundle is kept: a working day to fetch it in. It holds evidence in clear.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(8);

    internal const string FileName = "bundle.zip";

    private readonly Vault _vault;
    private readonly BundleMaking _making;
    private readonly TimeProvider _clock;
    private readonly ILogger<DisclosureWork> _log;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, Job> _jobs = [];

    internal DisclosureWork(Vault vault, BundleMaking making, TimeProvider clock, ILogger<DisclosureWork> log) => (_vault, _making, _clock, _log) = (vault, making, clock, log);

    /// <summary>How far the making of one has come; null where it is not being made here, or has not begun.</summary>
    public ExportStep? Step(string id) => _jobs.GetValueOrDefault(id)?.Step;

    /// <summary>Takes over a disclosure whose entries are in the log, and its folder.</summary>
    internal void Begin(RecordedExport export, Scratch folder, string account)
    {
        var job = new Job(export, folder, account);
        _jobs[export.Id] = job;
        job.Run = Task.Run(() => RunAsync(job));
    }

    /// <summary>Ends what is under way and removes what is kept.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_jobs.Values.Select(j => j.Run)).ConfigureAwait(false);
        _turn.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync(Job job)
    {
        try
        {
            await MakeInTurnAsync(job).ConfigureAwait(false);
            await Task.Delay(Kept, _clock, _end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The end of the process in good order.
        }
        catch (VaultException e)
        {
            // It is in the log and beside the disclosure, where people are told; here it goes to whoever runs the vault.
            NotMade(_log, job.Export.Id, e.What);
        }
        catch (Exception e)
        {
            NotForeseen(_log, job.Export.Id, e);
        }
        finally
        {
            job.Folder.Dispose();
            _jobs.TryRemove(job.Export.Id, out _);
        }
    }

    private async Task MakeInTurnAsync(Job job)
    {
        try
        {
            await _turn.WaitAsync(_end.Token).ConfigureAwait(false);
            try { await MakeAsync(job).ConfigureAwait(false); }
            finally { _turn.Release(); }
        }
        catch (Exception e)
        {
            await _vault.Sequencer.CommitAsync(change =>
            {
                change.Record(BundleMaking.Failed(job.Export, job.Account, e));
                change.DisclosureFailed(job.Export.Id, BundleMaking.Problem(e));
            }).ConfigureAwait(false);
            throw;
        }
    }

    private async Task MakeAsync(Job job)
    {
        string file = Path.Combine(job.Folder.Path, FileName);
        ExportedBundle made = await _making.MakeAsync(job.Export, file, uncosigned: false, job, _end.Token).ConfigureAwait(false);
        string zipSha256;
        await using (FileStream zip = File.OpenRead(file)) zipSha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(zip, _end.Token).ConfigureAwait(false));
        await _vault.Sequencer.CommitAsync(change =>
        {
            change.Record(BundleMaking.Made(job.Export, job.Account) with { Sha256 = made.BundleSha256, Detail = new JsonObject { ["bundle"] = job.Export.Id, ["zipSha256"] = zipSha256 } });
            change.DisclosureReady(job.Export.Id, made.BundleSha256, zipSha256, new FileInfo(file).Length, change.Now + Kept);
        }).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Disclosure bundle {Id} was not made: {What}")]
    private static partial void NotMade(ILogger log, string id, string what);

    [LoggerMessage(Level = LogLevel.Error, Message = "Disclosure bundle {Id} was not made, for a reason that was not foreseen.")]
    private static partial void NotForeseen(ILogger log, string id, Exception cause);

    private sealed class Job(RecordedExport export, Scratch folder, string account) : IProgress<ExportStep>
    {
        public RecordedExport Export => export;
        public Scratch Folder => folder;
        public string Account => account;
        public Task Run { get; set; } = Task.CompletedTask;
        public ExportStep? Step { get; private set; }

        public void Report(ExportStep value) => Step = value;
    }
}
