using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A file or folder that a walled program sees, and where it sees it.</summary>
internal readonly record struct Shown(string From, string To)
{
    public static Shown AsItIs(string path) => new(path, path);
}

/// <summary>What the kernel keeps a program to (setrlimit(2)); what is null is left as it is inherited.</summary>
internal sealed record KernelLimits
{
    /// <summary>RLIMIT_AS: address space, bytes. Never for a .NET program, whose collector reserves far more than it uses.</summary>
    public long? AddressSpaceBytes { get; init; }

    /// <summary>RLIMIT_DATA: private writable memory, bytes. What is only reserved does not count (getrlimit(2)).</summary>
    public long? PrivateBytes { get; init; }

    /// <summary>RLIMIT_FSIZE: the largest file it may write, bytes.</summary>
    public long? FileBytes { get; init; }

    /// <summary>RLIMIT_CPU: processor time of one process.</summary>
    public TimeSpan? Processor { get; init; }

    /// <summary>Tasks (processes and threads) beside those that the account has already: RLIMIT_NPROC. The kernel does not hold root to it.</summary>
    public int? Tasks { get; init; }
}

/// <summary>A program to be started on footage: no shell, every argument its own.</summary>
internal sealed record WalledProgram(string Program, IReadOnlyList<string> Arguments)
{
    public IReadOnlyList<Shown> Reads { get; init; } = [];

    public IReadOnlyList<Shown> Writes { get; init; } = [];

    /// <summary>Its working folder, as it sees it.</summary>
    public string? Folder { get; init; }

    public KernelLimits Limits { get; init; } = new();

    /// <summary>Whether bubblewrap tells, first on standard error, which process is the first inside: Sandbox.FirstInside.</summary>
    public bool TellsFirst { get; init; }

    /// <summary>All that is in its environment beside PATH, HOME, LC_ALL and TZ.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// What decoders of hostile footage run in. Where bubblewrap is installed and works: a view of the file system with only system libraries,
/// the footage (read-only) and one folder to write to; no network; processes, users and IPC of their own; no capabilities. Everywhere: limits of
/// the kernel, an empty environment, no core dumps. Which of the two is in force is tested once, by doing it. See docs/decisions/0014.
/// </summary>
internal sealed class Sandbox
{
    // Private memory for what a decoder or runtime keeps in files for itself. It counts as nobody's resident memory, so it is small.
    private const string TemporaryBytes = "67108864", SharedBytes = "1048576";

    private static readonly ConcurrentDictionary<string, Lazy<Sandbox>> s_tested = new(StringComparer.Ordinal);

    private readonly string? _bubblewrap;
    private readonly string[] _namespaces;

    private Sandbox(string? bubblewrap, string[] namespaces, string told) => (_bubblewrap, _namespaces, Told) = (bubblewrap, namespaces, told);

    /// <summary>True in a program that a sandbox was already built around: what it starts inherits walls and limits.</summary>
    public static bool Inside { get; set; }

    /// <summary>True where bubblewrap works here; else there are only limits.</summary>
    public bool Walled => _bubblewrap is not null;

    /// <summary>Which protection is in force, for the log and for <c>doctor</c>.</summary>
    public string Told { get; }

    /// <summary>The sandbox of this machine, tested at the first call; within another one, where no more walls are built, limits alone.</summary>
    public static Sandbox Here => Of(Inside ? "" : "bwrap");

    /// <summary>The sandbox with bubblewrap under this name; an empty name asks for limits alone.</summary>
    public static Sandbox Of(string bubblewrap) => s_tested.GetOrAdd(bubblewrap, name => new(() => Test(name))).Value;

    /// <summary>How to start a program inside.</summary>
    public ProcessStartInfo Start(WalledProgram program)
    {
        string prlimit = Find("prlimit") ?? "prlimit";
        var start = new ProcessStartInfo(prlimit);
        if (_bubblewrap is not null && !Inside)
        {
            start.FileName = _bubblewrap;
            if (program.TellsFirst)
            {
                start.FileName = "/bin/sh";
                Add(start, ["-c", "exec \"$@\" 3>&2", "sh", _bubblewrap, "--info-fd", "3"]);
            }
            Add(start, [.. _namespaces, .. Apart, .. SystemFolders()]);
            foreach (string folder in ProgramFolders(program.Program).Where(f => !IsOfTheSystem(f))) Add(start, ["--ro-bind", folder, folder]);
            foreach (var shown in program.Writes) Add(start, ["--bind", shown.From, shown.To]);
            // -try: a file that is not there is the program's to tell, in its own words.
            foreach (var shown in program.Reads) Add(start, ["--ro-bind-try", shown.From, shown.To]);
            if (program.Folder is not null) Add(start, ["--chdir", program.Folder]);
            Add(start, ["--remount-ro", "/", "--", prlimit]);
        }
        else if (program.Folder is not null) start.WorkingDirectory = program.Folder;
        Add(start, [.. Limits(program.Limits), "--", Find(program.Program) ?? program.Program, .. program.Arguments]);
        start.Environment.Clear(); // no connection strings, passphrases, or variables that make a program write where the caller says
        start.Environment["PATH"] = string.Join(':', ProgramFolders("ffmpeg").Concat(ProgramFolders("prlimit")).Append("/usr/bin").Append("/bin").Distinct());
        start.Environment["HOME"] = "/tmp";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
        foreach ((string name, string value) in program.Environment) start.Environment[name] = value;
        return start;
    }

    /// <summary>The full path of a program, or null where it is not installed.</summary>
    public static string? Find(string program) => program.Contains('/')
        ? File.Exists(program) ? program : null
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => folder.StartsWith('/'))
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Where the .NET runtime of this process lies: the analysis program runs on the same.</summary>
    public static string? RuntimeRoot
    {
        get
        {
            string root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
            return Directory.Exists(Path.Combine(root, "host", "fxr")) ? root : null;
        }
    }

    /// <summary>The first process of the inside, from a line of what bubblewrap tells; null for any other line.</summary>
    public static int? FirstInside(string line)
    {
        string[] parts = line.Split(':', 2, StringSplitOptions.TrimEntries);
        return parts is ["\"child-pid\"", var number] && int.TryParse(number.TrimEnd(','), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : null;
    }

    // bubblewrap(1). A new session keeps it from the caller's terminal (CVE-2017-5226); it dies with whoever started it.
    private static readonly string[] Apart =
    [
        "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL", "--die-with-parent", "--new-session",
    ];

    private static IEnumerable<string> SystemFolders()
    {
        yield return "--ro-bind"; yield return "/usr"; yield return "/usr";
        foreach (string name in (string[])["/bin", "/sbin", "/lib", "/lib32", "/lib64"])
        {
            var folder = new DirectoryInfo(name);
            if (!folder.Exists) continue;
            string[] shown = folder.LinkTarget is { } target ? ["--symlink", target, name] : ["--ro-bind", name, name];
            foreach (string word in shown) yield return word;
        }
        // What the dynamic linker needs to find libraries; nothing else of /etc.
        foreach (string file in (string[])["/etc/ld.so.cache", "/etc/alternatives"])
        {
            yield return "--ro-bind-try"; yield return file; yield return file;
        }
        string[] rest = ["--proc", "/proc", "--dev", "/dev", "--size", SharedBytes, "--tmpfs", "/dev/shm", "--remount-ro", "/dev", "--size", TemporaryBytes, "--tmpfs", "/tmp"];
        foreach (string word in rest) yield return word;
    }

    private static IEnumerable<string> Limits(KernelLimits limits)
    {
        yield return "--core=0"; // a crash must not leave footage in a dump
        if (limits.AddressSpaceBytes is { } space) yield return Say("--as", space);
        if (limits.PrivateBytes is { } data) yield return Say("--data", data);
        if (limits.FileBytes is { } file) yield return Say("--fsize", file);
        if (limits.Processor is { } time) yield return Say("--cpu", Math.Max(1, (long)Math.Ceiling(time.TotalSeconds)));
        if (limits.Tasks is { } tasks) yield return Say("--nproc", tasks);

        static string Say(string name, long value) => $"{name}={value.ToString(CultureInfo.InvariantCulture)}";
    }

    private static bool IsOfTheSystem(string folder) => ((string[])["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"]).Any(s => folder == s || folder.StartsWith(s + "/", StringComparison.Ordinal));

    private static IEnumerable<string> ProgramFolders(string program) => Find(program) is { } path ? [Path.GetDirectoryName(Path.GetFullPath(path))!] : [];

    private static void Add(ProcessStartInfo start, IEnumerable<string> words)
    {
        foreach (string word in words) start.ArgumentList.Add(word);
    }

    private static Sandbox Test(string name)
    {
        const string only = "Limits only, no walls: the analysis runs as this account and can reach what the account can reach";
        if (name.Length == 0) return new(null, [], $"{only} (bubblewrap was not asked for).");
        if (Find(name) is not { } bubblewrap) return new(null, [], $"{only}. bubblewrap is not installed: apt-get install bubblewrap.");
        string why = "";
        // The first also forbids user namespaces inside, from which most holes of kernels are reached; the second is for kernels and releases
        // that lack that, and for root where there are no user namespaces.
        foreach (string[] namespaces in (string[][])[["--unshare-user", "--disable-userns"], ["--unshare-user-try"]])
        {
            var sandbox = new Sandbox(bubblewrap, namespaces, $"bubblewrap ({bubblewrap}): no network, no file but the footage (read-only) and one folder to write to, no environment; and limits on memory, processor time, processes and output.");
            if (Try(sandbox, out why)) return sandbox;
        }
        return new(null, [], $"{only}. bubblewrap does not work here ({why}); user namespaces may be switched off.");
    }

    private static bool Try(Sandbox sandbox, out string why)
    {
        why = "";
        var start = sandbox.Start(new("true", []));
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var said = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(20)))
            {
                process.Kill(entireProcessTree: true);
                why = "it did not end";
                return false;
            }
            why = process.ExitCode == 0 ? "" : $"exit {process.ExitCode}: {Words.Names.Printable(said.GetAwaiter().GetResult().Trim())}";
            return process.ExitCode == 0;
        }
        catch (Win32Exception cause)
        {
            why = cause.Message;
            return false;
        }
    }
}

/// <summary>
/// A started program and the thread that started it. bubblewrap dies with its parent, and for the kernel the parent is the thread, not the
/// process (PR_SET_PDEATHSIG, prctl(2)): one of the pool might end, of idleness, hours before the program. So a thread is kept for it.
/// </summary>
internal sealed class OwnedProcess : IDisposable
{
    private readonly ManualResetEventSlim _over = new();

    private readonly bool _walled;

    private OwnedProcess(ProcessStartInfo start)
    {
        _walled = start.ArgumentList.Contains("--die-with-parent");
        var started = new TaskCompletionSource<Process>();
        new Thread(() =>
        {
            try { started.SetResult(Process.Start(start)!); }
            catch (Exception cause) { started.SetException(cause); return; }
            _over.Wait();
            _over.Dispose();
        })
        { IsBackground = true, Name = "parent of a walled program" }.Start();
        Process = started.Task.GetAwaiter().GetResult();
    }

    public Process Process { get; }

    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static OwnedProcess Start(ProcessStartInfo start) => new(start);

    /// <summary>Ends it with all its children, and waits until it has ended.</summary>
    public async Task EndAsync()
    {
        End();
        await Process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Ends it with all its children.</summary>
    public void End()
    {
        try
        {
            if (Process.HasExited) return;
            // Of a walled program the outermost process is killed and the kernel ends all that is inside, however many: to look for them one by
            // one would lose a race against a program that forks for ever.
            Process.Kill(entireProcessTree: !_walled);
        }
        catch (InvalidOperationException) { /* it ended between the question and the kill: what was wanted */ }
    }

    /// <summary>Waits until nothing of a walled program's inside is left: bubblewrap itself ends a moment before it.</summary>
    /// <param name="first">The first process inside.</param>
    /// <param name="patience">How long to wait.</param>
    /// <returns>False where it is still there.</returns>
    public static async Task<bool> GoneAsync(int first, TimeSpan patience)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < patience; await Task.Delay(5))
        {
            try
            {
                // The first process of a namespace becomes a zombie only when all others have ended (pid_namespaces(7)).
                string stat = await File.ReadAllTextAsync($"/proc/{first}/stat");
                if (stat[(stat.LastIndexOf(')') + 2)..][0] is 'Z' or 'X') return true;
            }
            catch (IOException) { return true; /* it has ended */ }
        }
        return false;
    }

    public void Dispose()
    {
        Process.Dispose();
        _over.Set();
    }
}
