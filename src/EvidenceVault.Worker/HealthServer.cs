using System.Net;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Worker;

/// <summary>What <c>/health/ready</c> answers: 200 where <see cref="Reason"/> is null, else 503.</summary>
/// <param name="Status"><c>ready</c> or <c>not-ready</c>.</param>
/// <param name="Reason">Why it is not ready, a sentence.</param>
/// <param name="StoreAskedAt">When the store was last asked whether it answers.</param>
/// <param name="LastRoundAt">When the last round over the sources ended; null before the first.</param>
/// <param name="LogSize">Entries in the custody log.</param>
/// <param name="CheckpointAgeSeconds">How old the newest checkpoint is; it is signed with the newest entry.</param>
/// <param name="PublishedSize">The size of the published checkpoint; null before the first look at it.</param>
/// <param name="PublishedAt">When publishing last went through.</param>
/// <param name="UncosignedSeconds">How long there have been entries without the quorum of witnesses; null where there are none.</param>
/// <param name="Uncosigned">The same as a sentence, once it is a minute.</param>
/// <param name="OutsideWitness">False where nobody but the vault's own demonstration witness has cosigned.</param>
/// <param name="Witnesses">How it stands with each witness.</param>
/// <param name="PublishingProblem">What put publishing off; it is tried again.</param>
/// <param name="TimestampsWaiting">Seals that wait for their time stamp; null where no time-stamping authority is set.</param>
/// <param name="TimestampsWaitingSince">When the one that waits longest was sealed.</param>
/// <param name="TimestampProblem">What went wrong last.</param>
internal sealed record Readiness(
    string Status, string? Reason, DateTimeOffset StoreAskedAt, DateTimeOffset? LastRoundAt, ulong LogSize, double? CheckpointAgeSeconds,
    ulong? PublishedSize, DateTimeOffset? PublishedAt, double? UncosignedSeconds, string? Uncosigned, bool OutsideWitness, IReadOnlyList<WitnessHealth> Witnesses, string? PublishingProblem,
    long? TimestampsWaiting, string? TimestampsWaitingSince, string? TimestampProblem);

/// <summary>How it stands with a witness.</summary>
/// <param name="Name">Its name in the policy.</param>
/// <param name="Kind"><c>witness</c>, or <c>demonstration: no outside witness</c> for the vault's own.</param>
/// <param name="CosignedSize">The largest size that it cosigned.</param>
/// <param name="CosignedAt">When it last did.</param>
/// <param name="Trouble">Why it refuses, or why it could not be asked.</param>
internal sealed record WitnessHealth(string Name, string Kind, ulong CosignedSize, string? CosignedAt, string? Trouble);

/// <summary>The health endpoints and the published log, on 127.0.0.1 and nowhere else. They name no case, camera, exhibit or file.</summary>
internal sealed partial class HealthServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HealthServer(WebApplication app) => _app = app;

    /// <summary>Starts it. Null where the port is taken: the worker says so and goes on without.</summary>
    public static async Task<HealthServer?> TryStartAsync(int port, Vault vault, StoreReach store, LogPublishing publishing, Func<DateTimeOffset?> lastRound, bool timestamps, TimeProvider clock, ILoggerFactory logs)
    {
        ILogger log = logs.CreateLogger<HealthServer>();
        // The empty builder reads no environment and no settings file: nothing outside can make it listen elsewhere.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore().AddProblemDetails().AddSingleton(logs);
        WebApplication app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions { StatusCodeSelector = e => e is UnreachableException or IOException ? 503 : 500, SuppressDiagnosticsCallback = _ => false });
        app.UseStatusCodePages();
        app.UseRouting();
        app.MapGet("/health/live", () => Results.Json(new { status = "live" }));
        app.MapGet("/health/ready", async (CancellationToken cancel) =>
        {
            (DateTimeOffset at, string? problem) = await store.AskAsync(cancel).ConfigureAwait(false);
            double? age = vault.Log.Entries(null, 1) is [var newest] && CustodyEntry.TryParse(newest.Bytes, out CustodyEntry? entry, out _)
                ? Math.Round((clock.GetUtcNow() - entry.Time).TotalSeconds, 3) : null;
            TimestampStanding? stamps = timestamps ? vault.Timestamps.Standing() : null;
            PublishingState log = publishing.State();
            string? reason = problem ?? log.Alarm;
            return Results.Json(
                new Readiness(reason is null ? "ready" : "not-ready", reason, at, lastRound(), vault.Log.Size(), age,
                    log.PublishedSize, log.PublishedAt, log.UncosignedFor is { } since ? Math.Round(since.TotalSeconds, 3) : null, Uncosigned(log.UncosignedFor), log.HasOutsideWitness,
                    [.. log.Witnesses.Select(w => new WitnessHealth(w.Name, w.IsDemonstration ? "demonstration: no outside witness" : "witness", w.Size, w.At, w.Refusal ?? w.Trouble))], log.Problem,
                    stamps?.Waiting, stamps?.Since, stamps?.Problem),
                statusCode: reason is null ? 200 : 503);
        });
        app.MapLog(publishing.Store);
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            LogPortTaken(log, port, e.Message);
            await app.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        LogListening(log, app.Urls.First());
        return new(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>"uncosigned for N minutes": told once it is a minute, since every entry is without a cosignature for some seconds.</summary>
    private static string? Uncosigned(TimeSpan? since) => since is { TotalMinutes: >= 1 and var minutes } ? $"uncosigned for {(long)minutes} {((long)minutes == 1 ? "minute" : "minutes")}" : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "Health: {Address}/health/live and {Address}/health/ready; the published log: {Address}/log/checkpoint")]
    private static partial void LogListening(ILogger logger, string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The health endpoints cannot listen on 127.0.0.1:{Port} ({Reason}). The worker goes on without them; give another port with --health-port.")]
    private static partial void LogPortTaken(ILogger logger, int port, string reason);
}
