using System.Diagnostics;
using System.Text;

namespace EvidenceVault.Worker.Tests;

/// <summary>The built worker as a process of its own, with what it says.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    // Machines that build and test at once are slow; a hang must still end.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly StringBuilder _out = new(), _err = new();

    private WorkerProcess(Process process) => _process = process;

    public string Out => Text(_out);

    public string Err => Text(_err);

    /// <summary>All it said, for a failing test's message.</summary>
    public string Said => $"stdout:\n{Out}\nstderr:\n{Err}";

    /// <summary>Starts it on a vault and a store, with a quiet period of half a second unless told otherwise.</summary>
    public static WorkerProcess Start(string vault, string storage, IEnumerable<string> args, params IEnumerable<(string Name, string Value)> environment)
    {
        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList = { Program(), "--vault", vault, "--quiet-period", "0.5" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (string arg in args) start.ArgumentList.Add(arg);
        foreach (string ours in (string[])["EVIDENCEVAULT_HOME", "EVIDENCEVAULT_SOURCES", "EVIDENCEVAULT_LOG", "OTEL_EXPORTER_OTLP_ENDPOINT"]) start.Environment.Remove(ours);
        start.Environment["EVIDENCEVAULT_STORAGE"] = storage;
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        var worker = new WorkerProcess(Process.Start(start)!);
        worker._process.OutputDataReceived += (_, line) => Add(worker._out, line.Data);
        worker._process.ErrorDataReceived += (_, line) => Add(worker._err, line.Data);
        worker._process.BeginOutputReadLine();
        worker._process.BeginErrorReadLine();
        return worker;
    }

    /// <summary>Waits until it ends; its exit code.</summary>
    public async Task<int> EndAsync()
    {
        using CancellationTokenSource late = new(Patience);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The worker did not end within {Patience.TotalMinutes} minutes. {Said}");
        }
        return _process.ExitCode;
    }

    /// <summary>Waits until what it says holds.</summary>
    public async Task UntilAsync(Func<WorkerProcess, bool> holds, string what)
    {
        for (Stopwatch waited = Stopwatch.StartNew(); !holds(this); await Task.Delay(20))
        {
            if (_process.HasExited && !holds(this)) throw new InvalidOperationException($"The worker ended ({_process.ExitCode}) before: {what}. {Said}");
            if (waited.Elapsed > Patience) throw new TimeoutException($"In vain waited for: {what}. {Said}");
        }
    }

    /// <summary>Asks it to stop (SIGTERM); its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (Process term = Process.Start("kill", ["-TERM", _process.Id.ToString()])) await term.WaitForExitAsync();
        return await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>The worker's own build, with the analysis program beside it, of the configuration that these tests were built in.</summary>
    private static string Program()
    {
        DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd('/'));
        for (DirectoryInfo? at = framework; at is not null; at = at.Parent)
        {
            if (!File.Exists(Path.Combine(at.FullName, "EvidenceVault.sln"))) continue;
            return Path.Combine(at.FullName, "src", "EvidenceVault.Worker", "bin", framework.Parent!.Name, framework.Name, "EvidenceVault.Worker.dll");
        }
        throw new InvalidOperationException("The folder with EvidenceVault.sln was not found above the test program.");
    }

    private static void Add(StringBuilder to, string? line)
    {
        if (line is null) return;
        lock (to) to.AppendLine(line);
    }

    private static string Text(StringBuilder from)
    {
        lock (from) return from.ToString();
    }
}
