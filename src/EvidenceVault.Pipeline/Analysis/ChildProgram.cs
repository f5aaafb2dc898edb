using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using UnreachableException = EvidenceVault.Pipeline.Words.UnreachableException;

[assembly: InternalsVisibleTo("EvidenceVault.Analysis.OpenCv")]
[assembly: InternalsVisibleTo("EvidenceVault.Analysis.OpenCv.Tests")]

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
    /// <summary>Lines in which ffmpeg complained of the file, where it was asked to say how grave each line is.</summary>
    public long Complaints { get; init; }

    public bool Good => ExitCode == 0 && !TimedOut && !SaidTooMuch;

    /// <summary>Why it failed, in a few words.</summary>
    public string Reason => TimedOut ? "it did not end in its time"
        : SaidTooMuch ? "it wrote more than it may"
        : Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() is { } last
            ? $"exit {ExitCode}: {last}" : $"exit {ExitCode}";
}

/// <summary>The one place that starts ffmpeg and ffprobe: inside the <see cref="Sandbox"/>, where they see the files named in their arguments as
/// <c>file:</c> and no others. A cancelled or overdue program is ended with all its children.</summary>
internal static partial class ChildProgram
{
    // Tasks beside those that the account has: decoders start a few threads for each processor.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(2);
    private const int ErrorLinesKept = 40, LineCharactersMax = 64 << 10, Tasks = 1024;

    /// <summary>Runs to the end, handing each line of standard output to <paramref name="line"/>.</summary>
    /// <exception cref="UnreachableException">The program is not installed.</exception>
    public static Task<ProgramResult> LinesAsync(ProgramCall call, Action<string>? line, CancellationToken cancel) =>
        RunAsync(call, async (output, token) =>
        {
            using var reader = new StreamReader(output, Encoding.UTF8);
            long said = 0;
            await foreach (string text in BoundedLines(reader, LineCharactersMax, token))
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
    /// standard error, and <paramref name="silent"/> is told when no line of it comes any more. When <paramref name="read"/> says false, or throws, the program is ended.</summary>
    /// <exception cref="UnreachableException">The program is not installed.</exception>
    public static async Task<ProgramResult> RunAsync(
        ProgramCall call, Func<Stream, CancellationToken, Task<bool>> read, Action<string>? error, CancellationToken cancel, Action? silent = null)
    {
        using var overdue = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var owned = Start(call);
        var process = owned.Process;
        overdue.CancelAfter(call.Time);
        var errors = new Queue<string>();
        bool wanted = true;
        long complaints = 0;
        using var ending = overdue.Token.Register(owned.End); // whoever waits for its output sees the end of it
        try
        {
            // On threads of their own, which wait in the kernel: to be woken through the pool for every piece would cost more than the pieces.
            Task erring = Task.Factory.StartNew(() =>
            {
                try
                {
                    foreach (string text in BoundedLines(process.StandardError, LineCharactersMax, error is null ? default : Breath))
                    {
                        error?.Invoke(text);
                        if (error is not null && text.Contains("showinfo")) continue;
                        if (IsComplaint(text)) complaints++;
                        lock (errors)
                        {
                            errors.Enqueue(Plain(text, call));
                            if (errors.Count > ErrorLinesKept) errors.Dequeue();
                        }
                    }
                }
                finally { silent?.Invoke(); }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            // Without walls, something that it started and that got away may hold its output open: then its time ends the waiting.
            wanted = await read(process.StandardOutput.BaseStream, overdue.Token).WaitAsync(overdue.Token);
            if (!wanted) owned.End();
            await process.WaitForExitAsync(overdue.Token);
            await erring.WaitAsync(overdue.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            await owned.EndAsync();
            return new(137, Said(), TimedOut: true, SaidTooMuch: false);
        }
        finally
        {
            await owned.EndAsync();
        }
        return new(process.ExitCode, Said(), TimedOut: false, SaidTooMuch: !wanted) { Complaints = complaints };

        string Said()
        {
            lock (errors) return string.Join('\n', errors);
        }
    }

    private static OwnedProcess Start(ProgramCall call)
    {
        if (!Installed(call.Program)) throw Missing(call.Program, null);
        var start = Sandbox.Here.Start(new(call.Program, call.Arguments)
        {
            Reads = [.. Files(call, read: true).Select(Shown.AsItIs)],
            Writes = [.. Files(call, read: false).Select(f => Shown.AsItIs(Path.GetDirectoryName(f)!)).Distinct()],
            Limits = new()
            {
                AddressSpaceBytes = call.AddressSpaceBytes,
                // Inside the analysis program these are inherited, and a limit cannot be raised again.
                FileBytes = Sandbox.Inside ? null : call.FileBytes,
                Tasks = Sandbox.Inside || !Sandbox.Here.Walled ? null : Tasks,
            },
        });
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.StandardErrorEncoding = Encoding.UTF8;
        try
        {
            var owned = OwnedProcess.Start(start);
            owned.Process.StandardInput.Close();
            return owned;
        }
        catch (Win32Exception cause) { throw Missing("prlimit", cause); }
    }

    // Ffmpeg.Name writes every file so; an input stands behind -i.
    private static IEnumerable<string> Files(ProgramCall call, bool read) => call.Arguments
        .Where((a, i) => a.StartsWith("file:", StringComparison.Ordinal) && (i > 0 && call.Arguments[i - 1] == "-i") == read)
        .Select(a => a["file:".Length..]);

    /// <summary>Lines, each cut into pieces of at most <paramref name="most"/> characters: one without end must not fill our memory.</summary>
    internal static async IAsyncEnumerable<string> BoundedLines(StreamReader reader, int most, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        char[] buffer = new char[4096];
        var line = new StringBuilder();
        while (await reader.ReadAsync(buffer, cancel) is var got and > 0)
            foreach (string text in Cut(line, buffer, got, most)) yield return text;
        if (line.Length > 0) yield return line.ToString();
    }

    /// <summary>The same, on the thread that asks.</summary>
    /// <param name="reader">What is read.</param>
    /// <param name="most">Longest line.</param>
    /// <param name="breath">How long to wait before reading again: ffmpeg writes a line in many pieces.</param>
    private static IEnumerable<string> BoundedLines(StreamReader reader, int most, TimeSpan breath)
    {
        char[] buffer = new char[8192];
        var line = new StringBuilder();
        while (reader.Read(buffer) is var got and > 0)
        {
            foreach (string text in Cut(line, buffer, got, most)) yield return text;
            if (breath > TimeSpan.Zero) Thread.Sleep(breath);
        }
        if (line.Length > 0) yield return line.ToString();
    }

    private static IEnumerable<string> Cut(StringBuilder line, char[] buffer, int got, int most)
    {
        for (int i = 0; i < got; i++)
        {
            if (buffer[i] != '\n' && line.Length < most) { line.Append(buffer[i]); continue; }
            yield return line.ToString();
            line.Clear();
            if (buffer[i] != '\n') line.Append(buffer[i]);
        }
    }

    // With -v level+info, ffmpeg says of each line how grave it is.
    private static bool IsComplaint(string line) => line.Contains("[error]") || line.Contains("[fatal]") || (line.Contains("[warning]") && Broken().IsMatch(line));

    /// <summary>A line without what differs from run to run and from vault to vault: addresses in memory, and where the file lies.</summary>
    private static string Plain(string line, ProgramCall call)
    {
        foreach (string file in call.Arguments.Where(a => a.StartsWith("file:", StringComparison.Ordinal)))
            line = line.Replace(file + ": ", "", StringComparison.Ordinal).Replace(file, "the file", StringComparison.Ordinal);
        return Gravity().Replace(Address().Replace(line, ""), "");
    }

    [GeneratedRegex(" @ 0x[0-9a-fA-F]+", RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(@"\[(info|warning|error|fatal|panic)\] ", RegexOptions.CultureInvariant)]
    private static partial Regex Gravity();

    [GeneratedRegex("corrupt|partial|invalid|truncat|damaged", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Broken();

    /// <summary>Whether a program can be found.</summary>
    public static bool Installed(string program) => Sandbox.Find(program) is not null;

    private static UnreachableException Missing(string program, Exception? cause) => new(
        $"The program {program} is not installed.",
        "The footage cannot be looked into here; what is sealed stays sealed.",
        program == "prlimit" ? "Install it with: apt-get install util-linux" : "Install it with: apt-get install ffmpeg", cause);
}
