using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>
/// Rings when something in a folder may have changed: inotify where it works, a look at the polling interval always. inotify is a
/// hint, never relied on: it misses what other machines write, and its queue and watches are bounded.
/// </summary>
internal sealed partial class FolderBell(string root, TimeProvider time, TimeSpan pollingInterval, ILogger log) : IDisposable
{
    // A thousand files arriving ring once, not a thousand times.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<bool> _rung = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private FileSystemWatcher? _watcher;
    private bool _toldOfPolling;

    /// <summary>Returns after a change or the polling interval, whichever is first.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        Watch();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task change = _rung.Reader.WaitToReadAsync(either.Token).AsTask();
        Task interval = Task.Delay(pollingInterval, time, either.Token);
        if (await Task.WhenAny(change, interval) == change && !cancel.IsCancellationRequested)
            await Task.WhenAny(Task.Delay(Pause, time, either.Token), interval);
        await either.CancelAsync();
        _rung.Reader.TryRead(out _);
        cancel.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose() => _watcher?.Dispose();

    private void Watch()
    {
        if (_watcher is not null || !Directory.Exists(root)) return;
        FileSystemWatcher? watcher = null;
        try
        {
            // Names only: a growing file would ring at every write, and whether it has come to rest is found by looking.
            watcher = new FileSystemWatcher(root) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName };
            watcher.Created += (_, _) => Ring();
            watcher.Renamed += (_, _) => Ring();
            watcher.Error += (_, e) => OnError(e.GetException());
            watcher.EnableRaisingEvents = true;
            _watcher = watcher;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            watcher?.Dispose();
            OnError(e);
        }
    }

    private void Ring() => _rung.Writer.TryWrite(true);

    // Its queue ran over, its watches ran out, or the folder went away. Whatever was missed, the look at the
    // polling interval finds; ringing here would make a folder that cannot be watched be looked at without pause.
    private void OnError(Exception cause)
    {
        Interlocked.Exchange(ref _watcher, null)?.Dispose();
        if (!_toldOfPolling) PollingOnly(log, pollingInterval.TotalSeconds, cause);
        _toldOfPolling = true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Changes in a landing folder could not be watched for; it is looked at every {Seconds} s all the same.")]
    private static partial void PollingOnly(ILogger log, double seconds, Exception cause);
}
