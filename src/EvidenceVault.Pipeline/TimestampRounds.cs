using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline;

/// <summary>What a round came to.</summary>
/// <param name="Stamped">Time stamps that were got.</param>
/// <param name="Refused">Replies that did not hold.</param>
/// <param name="OutOfReach">Why the authority could not be asked; null where it answered.</param>
public sealed record TimestampRound(int Stamped, int Refused, UnreachableException? OutOfReach);

/// <summary>
/// Has every seal and, now and then, a checkpoint stamped by an outside authority. It runs beside the main line and is never waited for:
/// what waits is what the catalogue holds without a time stamp, so a crash loses nothing and the next round asks again. A token is
/// kept in one commit with its custody entry.
/// </summary>
public sealed partial class TimestampRounds(Vault vault, TimestampAuthority authority, TimestampOptions options, TimeProvider clock, ILogger<TimestampRounds> log)
{
    private const int MostInOneLook = 32;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>Goes round until it is stopped. An authority out of reach is asked again later and later, up to half an hour.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        TimeSpan wait = Look;
        int outOfReach = 0;
        try
        {
            while (true)
            {
                TimestampRound round = await WholeRoundAsync(cancel).ConfigureAwait(false);
                outOfReach = round.OutOfReach is null ? 0 : outOfReach + 1;
                if (round.OutOfReach is { } why && outOfReach == 1) LogOutOfReach(log, why.What);
                wait = outOfReach == 0 ? Look : BackOff(outOfReach);
                await Task.Delay(wait, clock, cancel).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Asked to stop: what waits is found by the next start.
        }
    }

    /// <summary>A round in which a disk or a database that fails is something out of reach, and never the end of the rounds.</summary>
    private async Task<TimestampRound> WholeRoundAsync(CancellationToken cancel)
    {
        try
        {
            return await RoundAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (DropRounds.IsOfTheMachine(e))
        {
            return new(0, 0, DropRounds.OfTheMachine(e));
        }
    }

    /// <summary>Asks for everything whose turn it is, until nothing is left or the authority is out of reach.</summary>
    public async Task<TimestampRound> RoundAsync(CancellationToken cancel)
    {
        int stamped = 0, refused = 0;
        UnreachableException? outOfReach = null;
        try
        {
            while (Due() is { Count: > 0 } due)
            {
                foreach (ToStamp what in due)
                {
                    cancel.ThrowIfCancellationRequested();
                    if (await StampAsync(what, cancel).ConfigureAwait(false)) stamped++;
                    else refused++;
                }
            }
        }
        catch (UnreachableException e)
        {
            outOfReach = e;
        }
        TimestampStanding standing = vault.Timestamps.Standing();
        Telemetry.TimestampsWaiting.Record(standing.Waiting);
        return new(stamped, refused, outOfReach);
    }

    private IReadOnlyList<ToStamp> Due()
    {
        DateTimeOffset now = clock.GetUtcNow();
        IReadOnlyList<ToStamp> seals = vault.Timestamps.Due(now, MostInOneLook);
        // Seals first: a checkpoint stamped after them covers the entries of their time stamps.
        return seals.Count == 0 && vault.Timestamps.DueCheckpoint(now, options.CheckpointEvery) is { } checkpoint ? [checkpoint] : seals;
    }

    private async Task<bool> StampAsync(ToStamp what, CancellationToken cancel)
    {
        TimestampToken token;
        try
        {
            token = await authority.StampAsync(what.Bytes, cancel).ConfigureAwait(false);
        }
        catch (WrongReplyException e)
        {
            // Of this one only: others may get theirs meanwhile. It is told, and tried again.
            DateTimeOffset next = clock.GetUtcNow() + BackOff(vault.Timestamps.Tries(what) + 1);
            await vault.Sequencer.CommitAsync(change => change.PutOffTimestamp(what, next, e.Message)).ConfigureAwait(false);
            LogWrongReply(log, what.Subject, e.Message);
            return false;
        }
        string sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(token.Token));
        var kept = new KeptTimestamp(token.Token, sha256, ExhibitChanges.Text(token.Time), token.Serial, token.CertificateSha256);
        ExhibitRow? row = what.Exhibit is { } exhibit ? vault.Exhibits.Find(exhibit) : null;
        await vault.Sequencer.CommitAsync(change =>
        {
            if (!change.KeepTimestamp(what, kept, change.Size)) return;
            change.Record(new(Acts.Timestamped, Vault.Program)
            {
                Exhibit = what.Exhibit,
                Case = row?.Case,
                Camera = row?.Camera,
                Sha256 = row?.Sha256,
                Detail = Detail(what, kept),
            });
        }).ConfigureAwait(false);
        return true;
    }

    private static JsonObject Detail(ToStamp what, KeptTimestamp kept)
    {
        var detail = new JsonObject
        {
            ["of"] = what.Exhibit is null ? "checkpoint" : "seal",
            ["time"] = kept.Time,
            ["serial"] = kept.Serial,
            ["tokenSha256"] = kept.Sha256,
            ["tsaSha256"] = kept.Tsa,
        };
        if (what.Exhibit is null) detail["size"] = what.Size;
        return detail;
    }

    private TimeSpan BackOff(int failures)
    {
        double seconds = options.RetryAfter.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 20));
        return TimeSpan.FromSeconds(Math.Min(seconds, options.RetryAtMost.TotalSeconds));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason} Sealing goes on; seals wait for their time stamps.")]
    private static partial void LogOutOfReach(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Subject}: the time-stamping authority's reply does not hold and was not kept; it is asked again later. {Problem}")]
    private static partial void LogWrongReply(ILogger logger, string subject, string problem);
}
