using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Words;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace EvidenceVault.Portal;

/// <summary>Once the portal listens, lets its own pages send files to the blob service. Where the service is away, it is tried again beside everything else.</summary>
internal sealed partial class UploadsAtStart(IUploadPlace place, PortalOptions options, IServer server, TimeProvider clock, ILogger<UploadsAtStart> log) : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        _listening.SetResult();
        // Whoever waits for the start finds it done, where the service answers at once.
        if (ExecuteTask is { } work) await Task.WhenAny(work, Task.Delay(Again, clock, cancellationToken));
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _listening.Task.WaitAsync(stoppingToken);
        string origin = (options.Origin ?? server.Features.Get<IServerAddressesFeature>()!.Addresses.First()).TrimEnd('/');
        while (true)
        {
            try
            {
                await place.ReadyAsync(origin, stoppingToken);
                return;
            }
            catch (RefusedException e)
            {
                // Nothing changes by trying again: somebody must do something.
                LogNotReady(log, e.Message);
                return;
            }
            catch (UnreachableException e)
            {
                LogNotReady(log, e.Message);
                await Task.Delay(Again, clock, stoppingToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Files cannot be sent from browsers yet. {Reason}")]
    private static partial void LogNotReady(ILogger logger, string reason);
}
