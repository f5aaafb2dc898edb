using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Storage.Azure;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Cli.Commands;

/// <summary>Checks every dependency, key and store, each for itself, and says how to mend what is not ok.</summary>
internal static class DoctorCommand
{
    private const long LeastFree = 5L << 30;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>One thing checked. <see cref="OfEvidence"/> is true where a fault means that the evidence or its record is harmed.</summary>
    internal sealed record Result(string Check, bool Ok, string Found, string? Mend = null, bool OfEvidence = false);

    public static Command Build()
    {
        var command = new Command("doctor", "Check every program, key and store the vault needs, and say how to mend what is not ok.") { CommandTree.Json };
        Examples.Of(command, "evidencevault doctor");
        command.SetAction(async (parsed, cancel) =>
        {
            var results = new List<Result>();
            await foreach (Result result in CheckAsync(CommandTree.Home(parsed), cancel)) results.Add(result);
            if (parsed.GetValue(CommandTree.Json)) Json.Print(results.Select(r => new CheckedShown(r.Check, r.Ok, r.Found, r.Mend)));
            else Print(new Page(), results);
            return CodeOf(results);
        });
        return command;
    }

    /// <summary>Decides the exit code: harmed evidence outweighs what is out of reach.</summary>
    internal static int CodeOf(IReadOnlyCollection<Result> results) =>
        results.Any(r => !r.Ok && r.OfEvidence) ? ExitCode.NotAsItShouldBe : results.All(r => r.Ok) ? ExitCode.Done : ExitCode.Unreachable;

    private static void Print(Page page, IReadOnlyList<Result> results)
    {
        page.Table([new("Check"), new("Is"), new("Found", Wraps: true)], results.Select(r => (IEnumerable<string?>)[r.Check, r.Ok ? "ok" : "not ok", Trouble.OneLine(r.Found)]));
        foreach (Result bad in results.Where(r => !r.Ok)) page.Line($"{bad.Check}: {Trouble.OneLine(bad.Mend ?? "")}");
        if (results.All(r => r.Ok)) page.Line("All is well.");
    }

    private static async IAsyncEnumerable<Result> CheckAsync(string home, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        yield return new(".NET", true, RuntimeInformation.FrameworkDescription);
        Result ffmpeg = await VersionOfAsync("ffmpeg", cancel), ffprobe = await VersionOfAsync("ffprobe", cancel);
        yield return ffmpeg;
        yield return ffprobe;
        yield return ffmpeg.Ok && ffprobe.Ok ? await AnalysisAsync(cancel)
            : new("analysis", false, "It was not tried, because ffmpeg or ffprobe is missing.", "Mend those first, then run 'evidencevault doctor' again.");
        // Limits alone are no fault of the vault's, and are said.
        yield return new("analysis walls", true, AnalysisProtection.Told);
        yield return FreeSpace(home);
        if (!Directory.Exists(home))
            yield return new("vault folder", true, $"{Names.Printable(home)} is not there yet: the first 'evidencevault ingest' or 'evidencevault worker' makes it.");
        else
            foreach (Result result in Folder(home)) yield return result;
        if (Host.IsVault(home))
            await foreach (Result result in VaultAsync(home, cancel)) yield return result;
        yield return await StoreAsync(cancel);
    }

    private static async Task<Result> VersionOfAsync(string program, CancellationToken cancel)
    {
        Result missing = new(program, false, $"{program} cannot be started.", "Install it: sudo apt-get install ffmpeg");
        try
        {
            (int code, string said) = await SayAsync(program, ["-hide_banner", "-version"], cancel);
            return code == 0 ? new(program, true, said.Split('\n')[0]) : missing;
        }
        catch (Win32Exception)
        {
            return missing;
        }
    }

    /// <summary>Makes a second of footage and has it analysed: that starts the analysis program and loads OpenCV and what it needs.</summary>
    private static async Task<Result> AnalysisAsync(CancellationToken cancel)
    {
        const string mend = "Install what OpenCV needs (sudo apt-get install libgtk-3-0, on newer systems libgtk-3-0t64), or build the whole solution again.";
        using Scratch scratch = Scratch.New(Path.Combine(Path.GetTempPath(), $"evidencevault-{Environment.UserName}"));
        string scene = Path.Combine(scratch.Path, "scene.avi");
        (int code, string said) = await SayAsync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=duration=1:size=160x120:rate=10", "-c:v", "mjpeg", scene], cancel);
        if (code != 0) return new("analysis", false, $"ffmpeg could not make a test scene: {said}", "Install ffmpeg from your system's packages: sudo apt-get install ffmpeg");
        try
        {
            await using ServiceProvider services = Host.WithoutVault();
            AnalysisReport report = await services.GetRequiredService<IFootageAnalyser>().AnalyseAsync(scene, null, new() { Clips = false }, null, cancel);
            return report.Problem is { } problem ? new("analysis", false, problem, mend)
                : new("analysis", true, $"A test scene of {report.Frames} frames was decoded and looked at ({string.Join(", ", report.Versions.Select(v => $"{v.Key} {v.Value}"))}).");
        }
        catch (VaultException e)
        {
            return new("analysis", false, e.What, e.Next);
        }
    }

    private static Result FreeSpace(string home)
    {
        string at = home;
        while (!Directory.Exists(at)) at = Path.GetDirectoryName(at)!;
        long free = new DriveInfo(at).AvailableFreeSpace;
        return new("free space", free >= LeastFree, $"{Plain.Scale(free)} free for the vault's folder.", "Free space: an analysis needs room for a whole Master and its clips beside it.");
    }

    private static IEnumerable<Result> Folder(string home)
    {
        yield return ModeOf("vault folder", home);
        string ring = Path.Combine(home, "keys", "keyring.json");
        if (File.Exists(ring)) yield return ModeOf("key ring file", ring);
        else if (Host.IsVault(home))
        {
            yield return new("key ring file", false, $"There is no key ring at {Names.Printable(ring)}, but the vault holds records.",
                "Put it back from backup before anything else is run here (evidencevault keys restore FILE): without it nothing stored can be read.", OfEvidence: true);
        }
    }

    private static Result ModeOf(string check, string path)
    {
        UnixFileMode mode = File.GetUnixFileMode(path);
        return new(check, (mode & Others) == 0, $"{Names.Printable(path)}, mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}", $"Others can reach it. Find out who could read it, then run: chmod go= '{path}'");
    }

    private static async IAsyncEnumerable<Result> VaultAsync(string home, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        // Told above. Opening is refused where the log has recorded keys.
        if (!File.Exists(Path.Combine(home, "keys", "keyring.json"))) yield break;
        Host? host = null;
        Result? closed = null;
        try
        {
            host = await Host.OpenAsync(home);
        }
        catch (Exception e) when (e is VaultException or SqliteException)
        {
            Trouble trouble = Trouble.Of(e);
            closed = new("vault", false, trouble.What, trouble.Next, trouble.Code == ExitCode.NotAsItShouldBe);
        }
        if (host is null)
        {
            yield return closed!;
            yield break;
        }
        await using (host)
        {
            KeyRing keys = host.Vault.Keys;
            yield return new("keys", true, $"log {keys.Log.Origin}, {(keys.ValidLogKeys.Count == 1 ? "one key" : $"{keys.ValidLogKeys.Count} keys that overlap")}; seal certificate SHA-256 {keys.Seal.CertificateSha256}; content key {keys.Wrapper.CurrentKeyId}");
            yield return Database(host.Vault);
            yield return await LogAsync(host, cancel);
            yield return Witnesses(host.Vault);
            yield return Receipts(host.Vault);
            yield return await DeploymentsAsync(host.Vault);
            yield return TimestampsOf(host);
        }
    }

    private static Result Database(Vault vault)
    {
        const string mend = "Keep the whole folder as it is, and restore vault.db from backup beside it.";
        try
        {
            string found = vault.Database.QuickCheck();
            return new("database", found == "ok", found == "ok" ? $"{Names.Printable(vault.Database.Path)} is whole (PRAGMA quick_check)." : found, mend, OfEvidence: true);
        }
        catch (SqliteException e)
        {
            return new("database", false, e.Message, mend, OfEvidence: true);
        }
    }

    private static async Task<Result> LogAsync(Host host, CancellationToken cancel)
    {
        const string mend = "Run 'evidencevault log fsck', and keep the vault's whole folder as it is for an expert.";
        try
        {
            VerificationReport report = await LogCommand.CheckAsync(host, cancel);
            return new("custody log", report.Holds, report.Findings.FirstOrDefault(f => !f.Holds)?.Sentence ?? $"All {host.Vault.Log.Size()} entries are as they were recorded.", mend, OfEvidence: true);
        }
        catch (Exception e) when (e is VaultException or SqliteException)
        {
            Trouble trouble = Trouble.Of(e);
            return new("custody log", false, trouble.What, e is VaultException ? trouble.Next : mend, trouble.Code == ExitCode.NotAsItShouldBe);
        }
    }

    /// <summary>Who cosigns the log. That only the vault's own witness does is no fault, and is said.</summary>
    private static Result Witnesses(Vault vault)
    {
        Dictionary<string, WitnessStanding> standings = vault.Log.Witnesses().ToDictionary(w => w.Witness);
        var witnesses = vault.WitnessPolicy.Witnesses.Select(w => (Witness: w, Standing: standings.GetValueOrDefault(w.Key.ToString()))).ToList();
        if (witnesses.FirstOrDefault(w => w.Standing?.Refusal is not null) is { Standing.Refusal: { } refusal } refusing)
        {
            return new("witnesses", false, $"A witness refuses our log: {Names.Printable(refusing.Witness.Name)}. {refusal}",
                "Keep the vault's whole folder as it is for an expert, and compare with a backup and with checkpoints that others hold.", OfEvidence: true);
        }
        string told = string.Join("; ", witnesses.Select(w =>
            $"{Names.Printable(w.Witness.Name)}{(w.Witness.IsDemonstration ? " (the vault's own, for demonstration)" : "")}: {(w.Standing is { Size: > 0 and var size } ? $"cosigned {size} entries" : "has not cosigned yet")}"));
        string outside = witnesses.Any(w => !w.Witness.IsDemonstration) ? "" : $" No outside witness is named in {Names.Printable(Path.Combine(vault.Home, "policy"))}: nobody but this vault vouches for its history.";
        return new("witnesses", true, $"{(told.Length > 0 ? told : "The policy names none")}.{outside}");
    }

    private static async Task<Result> DeploymentsAsync(Vault vault)
    {
        try
        {
            IReadOnlyList<DeploymentSettings> own = (await vault.DeploymentsAsync()).All;
            return new("deployments", true, own.Count == 0 ? "None has settings of its own for the analysis." : $"With settings of their own for the analysis: {string.Join(", ", own.Select(d => $"{d.Case}/{d.Camera}"))}.");
        }
        catch (VaultException e)
        {
            return new("deployments", false, e.What, e.Next);
        }
    }

    private static Result Receipts(Vault vault)
    {
        string? newest = Directory.Exists(vault.Receipts) ? Directory.EnumerateFileSystemEntries(vault.Receipts).OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault() : null;
        return new("drop receipts", true, newest is null ? "None has been issued yet." : $"The newest is {Names.Printable(newest)}, of {Plain.Moment(new DateTimeOffset(File.GetLastWriteTimeUtc(newest)))}.");
    }

    // Longer than a worker that reaches its authority would leave anything.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    private static Result TimestampsOf(Host host)
    {
        const string check = "time stamps";
        if (host.TimestampRounds is null) return new(check, true, $"No time-stamping authority is set ({TimestampOptions.AddressVariable}): seals carry the vault's own time only.");
        TimestampStanding standing = host.Vault.Timestamps.Standing();
        if (standing.Since is not { } since) return new(check, true, $"Every seal has one; the newest stamped checkpoint is of {standing.StampedSize} entries.");
        bool late = TimeProvider.System.GetUtcNow() - DateTimeOffset.Parse(since, System.Globalization.CultureInfo.InvariantCulture) > LongestWait;
        return new(check, !late, $"{standing.Waiting} {(standing.Waiting == 1 ? "seal waits" : "seals wait")}, since {Plain.Moment(since)}.{(standing.Problem is { } problem ? $" Last: {problem}" : "")}",
            "Run 'evidencevault timestamp' to see what the authority answers; the worker asks by itself.");
    }

    private static async Task<Result> StoreAsync(CancellationToken cancel)
    {
        try
        {
            // No keys and no name: that the service answers is asked with nothing of the vault's.
            return new("store", true, await new AzureEvidenceStore(Host.Storage, new NoKeys(), "none", TimeProvider.System).CheckAsync(cancel));
        }
        catch (VaultException e)
        {
            return new("store", false, e.What, $"Start the blob service, or set {Host.StorageVariable} to the right one.");
        }
    }

    private static async Task<(int Code, string Said)> SayAsync(string program, string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancel), error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, await output + await error);
    }

    private sealed class NoKeys : IKeyWrapper
    {
        public string CurrentKeyId => "none";

        public byte[] Wrap(string keyId, ReadOnlySpan<byte> contentKey) => throw new NotSupportedException();

        public byte[] Unwrap(string keyId, ReadOnlySpan<byte> wrapped) => throw new NotSupportedException();
    }
}
