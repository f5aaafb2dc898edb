using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using UnreachableException = EvidenceVault.Pipeline.Words.UnreachableException;

[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("EvidenceVault.Analysis.OpenCv")]
[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("EvidenceVault.Analysis.OpenCv.Tests")]

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A call of another program: no shell, every argument its own.</summary>
/// <param name="Program">Name on the path, or a full path.</param>
/// <param name="Arguments">Arguments as they are; nothing is quoted or expanded.</param>
/// <param name="Time">Wall time after which it is ended.</param>
internal sealed record ProgramCall(string Program, IReadOnlyList<string> Arguments, TimeSpan Time)
{
    /// <summary>Address space the program may map, bytes: what a hostile header cannot talk it out of.</summary>
    public long AddressSpaceBytes { get; init; } = 4L << 30;

    /// <summary>Largest file it may write, bytes.</summary>
    public long FileBytes { get; init; } = 64L << 30;

    /// <summary>Bytes of standard output kept; a program that says more is ended.</summary>
    public long OutputBytes { get; init; } = 1L << 30;
}

/// <summary>What became of a call.</summary>
/// <param name="ExitCode">The program's exit code; 128 + n where signal n ended it.</param>
/// <param name="Errors">The last lines it wrote to standard error.</param>
/// <param name="TimedOut">Ended because its time was up.</param>
/// <param name="SaidTooMuch">Ended because its output passed the limit.</param>
internal sealed record ProgramResult(int ExitCode, string Errors, bool TimedOut, bool SaidTooMuch)
{
    public bool Good => ExitCode == 0 && !TimedOut && !SaidTooMuch;

    /// <summary>Why it failed, in a few words.</summary>
    public string Reason => TimedOut ? "it did not end in its time"
        : SaidTooMuch ? "it wrote more than it may"
        : Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } last
            ? $"exit {ExitCode}: {last}" : $"exit {ExitCode}";
}

/// <summary>The one place that starts other programs (ffmpeg, ffprobe). Limits are set by prlimit before the program's first
/// instruction; a cancelled or overdue program is ended with all its children.</summary>
internal static class ChildProgram
{
    private const int ErrorLinesKept = 40;

    /// <summary>Runs to the end, handing each line of standard output to <paramref name="line"/>.</summary>
    /// <exception cref="UnreachableException">The program is not installed.</exception>
    public static Task<ProgramResult> LinesAsync(ProgramCall call, Action<string>? line, CancellationToken cancel) =>
        RunAsync(call, async (output, token) =>
        {
            using var reader = new StreamReader(output, Encoding.UTF8);
            long said = 0;
            while (await reader.ReadLineAsync(token) is { } text)
            {
                if ((said += text.Length + 1) > call.OutputBytes) return false;
                line?.Invoke(text);
            }
            return true;
        }, null, cancel);

    /// <summary>Runs to the end and gives all of standard output.</summary>
    /// <exception cref="UnreachableException">The program is not installed.</exception>
    public static async Task<(ProgramResult Result, byte[] Output)> BytesAsync(ProgramCall call, CancellationToken cancel)
    {
        var kept = new MemoryStream();
        var result = await RunAsync(call, async (output, token) =>
        {
            byte[] buffer = new byte[1 << 16];
            while (await output.ReadAsync(buffer, token) is var got and > 0)
            {
                if (kept.Length + got > call.OutputBytes) return false;
                kept.Write(buffer, 0, got);
            }
            return true;
        }, null, cancel);
        return (result, kept.ToArray());
    }

    /// <summary>Runs to the end while <paramref name="read"/> takes standard output and <paramref name="error"/> each line of
    /// standard error. When <paramref name="read"/> says false, or throws, the program is ended.</summary>
    /// <exception cref="UnreachableException">The program is not installed.</exception>
    public static async Task<ProgramResult> RunAsync(
        ProgramCall call, Func<Stream, CancellationToken, Task<bool>> read, Action<string>? error, CancellationToken cancel)
    {
        using var overdue = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var process = Start(call);
        overdue.CancelAfter(call.Time);
        var errors = new Queue<string>();
        Task reading = Task.CompletedTask, erring = Task.CompletedTask;
        bool wanted = true;
        try
        {
            erring = Task.Run(async () =>
            {
                while (await process.StandardError.ReadLineAsync(overdue.Token) is { } text)
                {
                    error?.Invoke(text);
                    if (error is not null && text.Contains("showinfo")) continue;
                    errors.Enqueue(text);
                    if (errors.Count > ErrorLinesKept) errors.Dequeue();
                }
            }, CancellationToken.None);
            wanted = await read(process.StandardOutput.BaseStream, overdue.Token);
            if (!wanted) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(overdue.Token);
            await erring;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            await EndAsync(process);
            return new(137, string.Join('\n', errors), TimedOut: true, SaidTooMuch: false);
        }
        finally
        {
            await EndAsync(process);
        }
        return new(process.ExitCode, string.Join('\n', errors), TimedOut: false, SaidTooMuch: !wanted);
    }

    private static Process Start(ProgramCall call)
    {
        var start = new ProcessStartInfo("prlimit")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        string[] limits = ["--core=0", $"--as={call.AddressSpaceBytes}", $"--fsize={call.FileBytes}", "--", call.Program];
        foreach (string argument in limits.Concat(call.Arguments)) start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment.Remove("FFREPORT"); // would make ffmpeg write a log file where the caller's variable says
        if (!Installed(call.Program)) throw Missing(call.Program, null);
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception cause) { throw Missing("prlimit", cause); }
    }

    /// <summary>Whether a program can be found.</summary>
    public static bool Installed(string program) => program.Contains('/')
        ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));

    private static UnreachableException Missing(string program, Exception? cause) => new(
        $"The program {program} is not installed.",
        "The footage cannot be looked into here; what is sealed stays sealed.",
        program == "prlimit" ? "Install it with: apt-get install util-linux" : "Install it with: apt-get install ffmpeg", cause);

    private static async Task EndAsync(Process process)
    {
        try
        {
            if (process.HasExited) return;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        catch (InvalidOperationException) { /* it ended between the question and the kill: what was wanted */ }
    }
}
