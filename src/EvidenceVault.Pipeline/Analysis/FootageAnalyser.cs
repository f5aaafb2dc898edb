using System.ComponentModel;
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

    /// <summary>bubblewrap's name or path; empty for limits alone.</summary>
    public string Bubblewrap { get; set; } = "bwrap";
}

/// <summary>Which protection stands between footage and the vault on this machine: for the log and for <c>doctor</c>.</summary>
public static class AnalysisProtection
{
    /// <summary>True where bubblewrap works, tested by starting a program in it; false where there are limits alone.</summary>
    public static bool Walled => Sandbox.Here.Walled;

    /// <summary>The same in a sentence, with the reason where there are no walls.</summary>
    public static string Told => Sandbox.Here.Told;
}

/// <summary>Runs the analysis program as a child and turns every way it can end into a report. The Master is only read.</summary>
internal sealed class FootageAnalyser(FootageAnalysisOptions options, TimeProvider time) : IFootageAnalyser
{
    internal const string ReportFile = "analysis.json", ProgressWord = "progress ";

    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastWordsPatience = TimeSpan.FromSeconds(5);
    private const int ReportBytesMax = 64 << 20, ErrorCharactersKept = 4000, LineCharactersMax = 4096;

    // Measured: the .NET program has some 160 MB of private memory beside what is resident. The kernel's limit stands behind the watch, which looks only
    // ten times a second.
    private const long PrivateBytesBeside = 1L << 30;
    private const int TasksOfProcess = 16;
    private static readonly TimeSpan Backstop = TimeSpan.FromSeconds(30);

    public async Task<AnalysisReport> AnalyseAsync(string video, string? outputFolder, AnalysisSettings settings, IProgress<double>? progress, CancellationToken cancel)
    {
        SettingsCheck.Require(settings);
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

        using var owned = Start(video, folder, settingsFile, settings, pictures: outputFolder is not null);
        var process = owned.Process;
        var errors = new Kept();
        var saying = Task.WhenAll(HearAsync(process.StandardOutput, progress), errors.KeepAsync(process.StandardError));
        string? limit;
        try { limit = await WatchAsync(owned, folder, settings.Limits, cancel); }
        finally { await owned.EndAsync(); }
        // Without walls, something that it started and that got away may hold its output open for ever.
        await Task.WhenAny(saying, Task.Delay(LastWordsPatience, CancellationToken.None));

        // What still runs could change the folder between our look and our opening.
        bool gone = errors.FirstInside is not { } first || await OwnedProcess.GoneAsync(first, LastWordsPatience);

        if (limit is not null) return Failed(settings, $"The analysis was ended because {limit}.", "Raise the limit for this file, or look at it by hand.");
        if (process.ExitCode != 0) return Failed(settings, $"The analysis program ended {Ending(process.ExitCode)}. {errors.LastWords()}".TrimEnd(), "Try once more; if it ends so again, look at the file by hand and report the fault.");
        if (!gone) return Failed(settings, "Something that the analysis program started did not end.", "Look at the file by hand and report the fault.");
        return MadeFolder.Read(folder, settings, ReportBytesMax);
    }

    private OwnedProcess Start(string video, string folder, string settingsFile, AnalysisSettings settings, bool pictures)
    {
        var sandbox = Sandbox.Of(options.Bubblewrap);
        // The name it was delivered under is not the decoder's to know; its extension is, because ffmpeg goes by it.
        Shown footage = new(Path.GetFullPath(video), sandbox.Walled ? "/footage/footage" + Extension(video) : Path.GetFullPath(video));
        Shown output = new(Path.GetFullPath(folder), sandbox.Walled ? "/made" : Path.GetFullPath(folder));
        Shown asked = new(settingsFile, sandbox.Walled ? "/footage/settings.json" : settingsFile);
        string[] arguments =
        [
            "analyse", footage.To, "--out", output.To, "--settings", asked.To, "--parent", "--limited",
            .. pictures ? [] : new[] { "--report-only" }, .. settings.Threads > 0 ? ["--threads", settings.Threads.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
        ];
        string? runtime = Sandbox.RuntimeRoot;
        var start = sandbox.Start(new(options.Program, arguments)
        {
            Reads = [footage, asked, .. runtime is not null && !runtime.StartsWith("/usr/", StringComparison.Ordinal) ? [Shown.AsItIs(runtime)] : Array.Empty<Shown>()],
            Writes = [output],
            Folder = output.To,
            TellsFirst = true,
            Limits = new()
            {
                PrivateBytes = settings.Limits.MemoryBytes + PrivateBytesBeside,
                FileBytes = settings.Limits.OutputBytes + 1, // one more, so that the watch sees it passed and can say so
                Processor = settings.Limits.Processor + Backstop,
                // In a user namespace of its own only its own tasks count; else all of the account's do.
                Tasks = (settings.Limits.Processes * TasksOfProcess) + (sandbox.Walled ? 0 : ProcessTree.TasksOfAccount()),
            },
            Environment = new Dictionary<string, string>
            {
                ["DOTNET_DbgEnableMiniDump"] = "0", // a crash must not leave footage in a dump
                ["DOTNET_EnableDiagnostics"] = "0", // no socket to attach to
                ["DOTNET_ROOT"] = runtime ?? "",
            }.Where(v => v.Value.Length > 0).ToDictionary(),
        });
        start.RedirectStandardInput = true; // held open: when this process dies, the child reads the end and stops
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try { return OwnedProcess.Start(start); }
        catch (Win32Exception cause)
        {
            throw new UnreachableException("The analysis program could not be started.", "The footage was not looked into; what is sealed stays sealed.", "Check that it may be executed, and build the solution again.", cause);
        }
    }

    private static string Extension(string path)
    {
        string extension = Path.GetExtension(path);
        return extension.Length is > 1 and <= 8 && extension.Skip(1).All(char.IsAsciiLetterOrDigit) ? extension : "";
    }

    /// <summary>Waits for the end; ends the process when a limit is passed and says which.</summary>
    private async Task<string?> WatchAsync(OwnedProcess owned, string folder, AnalysisLimits limits, CancellationToken cancel)
    {
        long began = time.GetTimestamp();
        var ended = owned.Process.WaitForExitAsync(cancel);
        for (int round = 0; ; round++)
        {
            if (await Task.WhenAny(ended, Task.Delay(WatchEvery, cancel)) == ended) { await ended; return null; }
            cancel.ThrowIfCancellationRequested();
            var used = ProcessTree.Of(owned.Process.Id);
            string? passed = time.GetElapsedTime(began) > limits.Time ? $"it took longer than {limits.Time:c}"
                : used.ResidentBytes > limits.MemoryBytes ? $"it used more than {limits.MemoryBytes >> 20} MiB of memory"
                : used.Processes > limits.Processes ? $"it started more than {limits.Processes} processes"
                : used.Processor > limits.Processor ? $"it used more than {limits.Processor:c} of processor time"
                : round % 10 == 0 && Written(folder) > limits.OutputBytes ? $"it wrote more than {limits.OutputBytes} bytes"
                : null;
            if (passed is null) continue;
            await owned.EndAsync();
            return passed;
        }
    }

    private static long Written(string folder)
    {
        try
        {
            // Links are not followed: they may lead anywhere, also to themselves.
            return new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
                .Sum(f => f.Exists ? f.Length : 0);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException) { return 0; /* a file went while we counted; the next round counts again */ }
    }

    private static async Task HearAsync(StreamReader output, IProgress<double>? progress)
    {
        await foreach (string line in ChildProgram.BoundedLines(output, LineCharactersMax))
        {
            if (line.StartsWith(ProgressWord, StringComparison.Ordinal)
                && double.TryParse(line.AsSpan(ProgressWord.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double done) && done is >= 0 and <= 1)
                progress?.Report(done);
        }
    }

    internal static AnalysisReport Failed(AnalysisSettings settings, string what, string next) =>
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

    /// <summary>The end of what the program said on standard error, after what bubblewrap told on it.</summary>
    private sealed class Kept
    {
        private readonly StringBuilder _said = new();
        private bool _preamble;

        /// <summary>The first process inside the walls.</summary>
        public int? FirstInside { get; private set; }

        public async Task KeepAsync(StreamReader errors)
        {
            bool begun = false;
            await foreach (string line in ChildProgram.BoundedLines(errors, LineCharactersMax))
            {
                lock (_said)
                {
                    if (!begun && line == "{") _preamble = true;
                    begun = true;
                    if (_preamble)
                    {
                        FirstInside ??= Sandbox.FirstInside(line);
                        _preamble = line != "}";
                        continue;
                    }
                    _said.Append(line).Append('\n');
                    if (_said.Length > ErrorCharactersKept) _said.Remove(0, _said.Length - ErrorCharactersKept);
                }
            }
        }

        public string LastWords()
        {
            lock (_said)
            {
                string? last = _said.ToString().Split('\n').LastOrDefault(l => l.Trim().Length > 0);
                return last is null ? "" : $"Its last words: {Names.Printable(last.Trim())}.";
            }
        }
    }
}

/// <summary>What a process and its descendants use, from /proc (proc(5)).</summary>
/// <param name="ResidentBytes">Memory they hold.</param>
/// <param name="Processor">Processor time of them and of their children that have ended.</param>
/// <param name="Processes">How many they are.</param>
internal sealed record ProcessTree(long ResidentBytes, TimeSpan Processor, int Processes)
{
    // Clock ticks of /proc are hundredths of a second on Linux, whatever the kernel's own (sysconf(3), _SC_CLK_TCK).
    private const long TicksOfClock = TimeSpan.TicksPerSecond / 100;

    public static ProcessTree Of(int root)
    {
        var tree = Read(root).Values;
        return new(tree.Sum(p => p.Resident), TimeSpan.FromTicks(tree.Sum(p => p.Clock) * TicksOfClock), tree.Count);
    }

    /// <summary>The processes that descend from one.</summary>
    public static IEnumerable<int> DescendantsOf(int root) => Read(root).Keys.Where(id => id != root);

    private static Dictionary<int, (int Parent, long Resident, long Clock)> Read(int root)
    {
        var found = new Dictionary<int, (int Parent, long Resident, long Clock)>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id)) continue;
            try
            {
                // The name in field 2 may hold spaces and brackets: fields are counted from its last bracket.
                string stat = File.ReadAllText($"/proc/{id}/stat");
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                found[id] = ((int)Number(fields[1]), Number(fields[21]) * Environment.SystemPageSize, Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]));
            }
            catch (IOException) { /* it ended while we looked */ }
            catch (UnauthorizedAccessException) { /* another user's: not a child of ours */ }
        }
        return found.Where(p => Descends(p.Key)).ToDictionary();

        bool Descends(int id)
        {
            for (int depth = 0; depth < 32; depth++)
            {
                if (id == root) return true;
                if (!found.TryGetValue(id, out var process)) return false;
                id = process.Parent;
            }
            return false;
        }

        static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);
    }

    /// <summary>Processes and threads of the account that this process runs under.</summary>
    public static int TasksOfAccount()
    {
        string? mine = Account("self");
        return Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _) && Account(n!) == mine).Sum(n =>
        {
            try { return Directory.EnumerateDirectories($"/proc/{n}/task").Count(); }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException) { return 0; /* it ended while we looked */ }
        });

        static string? Account(string id)
        {
            try { return File.ReadLines($"/proc/{id}/status").FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal)); }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException) { return null; }
        }
    }
}
