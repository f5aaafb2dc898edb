using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EvidenceVault.Pipeline.Words;
using UnreachableException = EvidenceVault.Pipeline.Words.UnreachableException;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Where the analysis program is and how it is run.</summary>
public sealed class FootageAnalysisOptions
{
    /// <summary>The program; as built it lies in <c>analysis/</c> beside the host.</summary>
    public string Program { get; set; } = Path.Combine(AppContext.BaseDirectory, "analysis", "EvidenceVault.Analysis.OpenCv");

    /// <summary>Where working folders go when no output folder is given.</summary>
    public string ScratchFolder { get; set; } = Path.Combine(Path.GetTempPath(), "evidencevault-analysis");
}

/// <summary>Runs the analysis program as a child and turns every way it can end into a report. The Master is only read.</summary>
internal sealed class FootageAnalyser(FootageAnalysisOptions options, TimeProvider time) : IFootageAnalyser
{
    internal const string ReportFile = "analysis.json", ProgressWord = "progress ";

    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);
    private const int ReportBytesMax = 64 << 20, ErrorCharactersKept = 4000, LineCharactersMax = 4096;

    public async Task<AnalysisReport> AnalyseAsync(string video, string? outputFolder, AnalysisSettings settings, IProgress<double>? progress, CancellationToken cancel)
    {
        if (!File.Exists(options.Program))
            throw new UnreachableException("The analysis program is not installed beside this one.", "The footage was not looked into; what is sealed stays sealed.", "Build the solution again, or set the program's place in the configuration.");
        foreach (string tool in (string[])["ffmpeg", "ffprobe", "prlimit"])
        {
            if (!ChildProgram.Installed(tool))
                throw new UnreachableException($"The program {tool} is not installed.", "The footage was not looked into; what is sealed stays sealed.", "Install it with: apt-get install ffmpeg util-linux");
        }
        using var scratch = Scratch.New(options.ScratchFolder);
        string folder = outputFolder ?? scratch.Path, settingsFile = Path.Combine(scratch.Path, "settings.json");
        await File.WriteAllTextAsync(settingsFile, JsonSerializer.Serialize(settings, AnalysisJson.Options), cancel);

        using var process = Start(video, folder, settingsFile, pictures: outputFolder is not null);
        var errors = new StringBuilder();
        var saying = Task.WhenAll(HearAsync(process.StandardOutput, progress), KeepAsync(process.StandardError, errors));
        string? limit;
        try { limit = await WatchAsync(process, folder, settings.Limits, cancel); }
        finally { await EndAsync(process); }
        await saying;

        if (limit is not null) return Failed(settings, $"The analysis was ended because {limit}.", "Raise the limit for this file, or look at it by hand.");
        if (process.ExitCode != 0) return Failed(settings, $"The analysis program ended {Ending(process.ExitCode)}. {LastWords(errors)}".TrimEnd(), "Try once more; if it ends so again, look at the file by hand and report the fault.");
        return ReadReport(Path.Combine(folder, ReportFile), settings);
    }

    private Process Start(string video, string folder, string settingsFile, bool pictures)
    {
        var start = new ProcessStartInfo(options.Program)
        {
            RedirectStandardInput = true, // held open: when this process dies, the child reads the end and stops
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        string[] arguments = ["analyse", Path.GetFullPath(video), "--out", Path.GetFullPath(folder), "--settings", settingsFile, "--parent", .. pictures ? [] : new[] { "--report-only" }];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0"; // a crash must not leave footage in a dump
        try { return Process.Start(start)!; }
        catch (Win32Exception cause)
        {
            throw new UnreachableException("The analysis program could not be started.", "The footage was not looked into; what is sealed stays sealed.", "Check that it may be executed, and build the solution again.", cause);
        }
    }

    /// <summary>Waits for the end; ends the process when a limit is passed and says which.</summary>
    private async Task<string?> WatchAsync(Process process, string folder, AnalysisLimits limits, CancellationToken cancel)
    {
        long began = time.GetTimestamp();
        var ended = process.WaitForExitAsync(cancel);
        for (int round = 0; ; round++)
        {
            if (await Task.WhenAny(ended, Task.Delay(WatchEvery, cancel)) == ended) { await ended; return null; }
            cancel.ThrowIfCancellationRequested();
            string? passed = time.GetElapsedTime(began) > limits.Time ? $"it took longer than {limits.Time:c}"
                : ProcessTree.ResidentBytes(process.Id) > limits.MemoryBytes ? $"it used more than {limits.MemoryBytes >> 20} MiB of memory"
                : round % 10 == 0 && Written(folder) > limits.OutputBytes ? $"it wrote more than {limits.OutputBytes} bytes"
                : null;
            if (passed is null) continue;
            await EndAsync(process);
            return passed;
        }
    }

    private static long Written(string folder)
    {
        try { return new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Exists ? f.Length : 0); }
        catch (IOException) { return 0; /* a file went while we counted; the next round counts again */ }
    }

    private static async Task HearAsync(StreamReader output, IProgress<double>? progress)
    {
        await foreach (string line in BoundedLines(output))
        {
            if (line.StartsWith(ProgressWord, StringComparison.Ordinal)
                && double.TryParse(line.AsSpan(ProgressWord.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double done) && done is >= 0 and <= 1)
                progress?.Report(done);
        }
    }

    private static async Task KeepAsync(StreamReader errors, StringBuilder kept)
    {
        await foreach (string line in BoundedLines(errors))
        {
            kept.Append(line).Append('\n');
            if (kept.Length > ErrorCharactersKept) kept.Remove(0, kept.Length - ErrorCharactersKept);
        }
    }

    // A line without end must not fill our memory: it is read in pieces.
    private static async IAsyncEnumerable<string> BoundedLines(StreamReader reader)
    {
        char[] buffer = new char[LineCharactersMax];
        var line = new StringBuilder();
        while (await reader.ReadAsync(buffer) is var got and > 0)
        {
            foreach (char c in buffer.AsMemory(0, got).ToArray())
            {
                if (c != '\n' && line.Length < LineCharactersMax) { line.Append(c); continue; }
                yield return line.ToString();
                line.Clear();
            }
        }
        if (line.Length > 0) yield return line.ToString();
    }

    private static AnalysisReport ReadReport(string path, AnalysisSettings settings)
    {
        const string next = "Try once more; if it ends so again, look at the file by hand and report the fault.";
        if (new FileInfo(path) is not { Exists: true } file) return Failed(settings, "The analysis program ended without a report.", next);
        if (file.Length > ReportBytesMax) return Failed(settings, "The analysis program's report is larger than any report can be.", next);
        try { return AnalysisJson.Read(File.ReadAllText(path)); }
        catch (JsonException) { return Failed(settings, "The analysis program's report cannot be read.", next); }
    }

    private static AnalysisReport Failed(AnalysisSettings settings, string what, string next) =>
        new() { Settings = settings, Problem = Problem(what, next) };

    /// <summary>A problem as it stands in a report: what happened, what it means, what to do next.</summary>
    internal static string Problem(string what, string next) => $"{what} The file was not analysed; the Master is whole and unaltered. {next}";

    // 128 + n is how a shell, and .NET, tell that signal n ended a process (signal(7)).
    private static string Ending(int code) => code switch
    {
        134 => "by itself in an assertion (SIGABRT)",
        137 => "because the system killed it (SIGKILL), most likely for want of memory",
        139 => "in a memory fault (SIGSEGV)",
        > 128 => $"by signal {code - 128}",
        _ => $"with exit code {code}",
    };

    private static string LastWords(StringBuilder errors)
    {
        string? last = errors.ToString().Split('\n').LastOrDefault(l => l.Trim().Length > 0);
        return last is null ? "" : $"Its last words: {Names.Printable(last.Trim())}.";
    }

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

/// <summary>What a process and its descendants hold in memory, from /proc (proc(5)).</summary>
internal static class ProcessTree
{
    public static long ResidentBytes(int root)
    {
        var parents = new Dictionary<int, int>();
        var resident = new Dictionary<int, long>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id)) continue;
            try
            {
                // The name in field 2 may hold spaces and brackets: fields are counted from its last bracket.
                string stat = File.ReadAllText($"/proc/{id}/stat");
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                parents[id] = int.Parse(fields[1], CultureInfo.InvariantCulture);
                resident[id] = long.Parse(fields[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
            }
            catch (IOException) { /* it ended while we looked */ }
            catch (UnauthorizedAccessException) { /* another user's: not a child of ours */ }
        }
        return resident.Where(p => Descends(p.Key)).Sum(p => p.Value);

        bool Descends(int id)
        {
            for (int depth = 0; depth < 32; depth++)
            {
                if (id == root) return true;
                if (!parents.TryGetValue(id, out id)) return false;
            }
            return false;
        }
    }
}
