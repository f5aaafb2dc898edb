using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;

namespace EvidenceVault.Benchmarks;

/// <summary>
/// Delivers broken footage to a running worker with a real Azurite. The worker must live, every file must be sealed and come back byte for byte,
/// and whatever the analysis could not do must be recorded on its exhibit.
/// </summary>
internal static class AnalysisFuzz
{
    private const int Batch = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public static async Task<int> RunAsync(string[] args)
    {
        Asked asked = Asked.Read(args);
        string folder = Directory.CreateTempSubdirectory("evidencevault-fuzz-").FullName;
        try
        {
            await using AzuriteFixture azurite = new();
            await azurite.InitializeAsync();
            return await RunAsync(asked, folder, azurite);
        }
        finally
        {
            if (asked.Keep) Console.WriteLine($"kept in {folder}");
            else Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(Asked asked, string folder, AzuriteFixture azurite)
    {
        var whole = await RenderAsync(Directory.CreateDirectory(Path.Combine(folder, "whole")).FullName);
        Console.WriteLine($"seed {asked.Seed}; {whole.Count} kinds of footage: {string.Join(' ', whole.Select(w => Path.GetFileNameWithoutExtension(w.Name)))}");
        string drops = Path.Combine(folder, "drops"), vault = Path.Combine(folder, "vault"), log = Path.Combine(folder, "worker.log");
        Directory.CreateDirectory(Path.Combine(drops, "OP-HERON", "CAM-1"));
        using Process worker = StartWorker(asked, vault, drops, log, azurite.ConnectionString);
        var delivered = new Dictionary<string, string>(StringComparer.Ordinal);
        var began = Stopwatch.StartNew();
        var moved = Stopwatch.StartNew();
        int ended = 0;
        while (!worker.HasExited)
        {
            if (delivered.Count < asked.Files && delivered.Count - ended < Batch / 2 && (asked.Time is not { } most || began.Elapsed < most)) Deliver(asked, whole, drops, delivered);
            await Task.Delay(500);
            int now = Ended(vault);
            if (now != ended)
            {
                moved.Restart();
                if (now / 100 != ended / 100) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{now} files after {began.Elapsed.TotalSeconds:F0} s"));
                ended = now;
            }
            bool all = delivered.Count >= asked.Files || began.Elapsed >= asked.Time;
            if ((all && ended >= delivered.Count) || moved.Elapsed > Patience) break;
        }
        bool alive = !worker.HasExited;
        if (alive)
        {
            using (Process term = Process.Start("kill", ["-TERM", worker.Id.ToString(CultureInfo.InvariantCulture)])) await term.WaitForExitAsync();
            using var impatient = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            try { await worker.WaitForExitAsync(impatient.Token); }
            catch (OperationCanceledException) { worker.Kill(entireProcessTree: true); }
        }
        return await JudgeAsync(vault, delivered, azurite, alive, began.Elapsed, log);
    }

    private static async Task<int> JudgeAsync(string home, Dictionary<string, string> delivered, AzuriteFixture azurite, bool alive, TimeSpan took, string log)
    {
        var faults = new List<string>();
        int analysed = 0, partly = 0, not = 0, crashed = 0, late = 0, limited = 0, sealed_ = 0, derivatives = 0;
        await using Vault vault = await Vault.OpenAsync(home, TimeProvider.System);
        AzureEvidenceStore store = new(azurite.Options, vault.Keys.Wrapper, vault.Keys.Log.Origin, TimeProvider.System);
        var rows = vault.Exhibits.Masters().ToDictionary(r => r.RelativePath!, StringComparer.Ordinal);
        foreach ((string name, string sha256) in delivered.OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            if (!rows.TryGetValue(name, out ExhibitRow? row)) { faults.Add($"{name} is not in the catalogue"); continue; }
            if (row.Sha256 != sha256 || row.Seal is null || row.StoredAt is null) { faults.Add($"{name} ({row.Reference}, {row.State}) is not sealed and stored as delivered"); continue; }
            await using (Stream stored = await store.OpenReadAsync(ContentAddress.Parse(row.Address!), CancellationToken.None))
            {
                if ((await ReadBack.DigestAsync(stored, null, CancellationToken.None)).Sha256 != sha256) { faults.Add($"{name} ({row.Reference}) does not come back as delivered"); continue; }
            }
            sealed_++;
            if (row.State is not (ExhibitState.Analysed or ExhibitState.NotAnalysed)) { faults.Add($"{name} ({row.Reference}) stayed '{row.State}'"); continue; }
            if (row.State == ExhibitState.NotAnalysed && string.IsNullOrEmpty(row.Problem)) { faults.Add($"{name} ({row.Reference}) is not analysed and nothing says why"); continue; }
            derivatives += vault.Exhibits.Derivatives(row.Ref).Count;
            if (row.Problem is { } problem)
            {
                if (problem.Contains("took longer than", StringComparison.Ordinal)) late++;
                else if (problem.Contains("was ended because", StringComparison.Ordinal)) limited++;
                else if (problem.Contains("The analysis program", StringComparison.Ordinal)) { crashed++; Console.WriteLine($"  {name}: {Names.Printable(problem)}"); }
                else not++;
            }
            else if (AnalysisJson.Read(row.Analysis!).Skipped.Count > 0) partly++;
            else analysed++;
        }
        if (!vault.CheckLog(null, CancellationToken.None).Holds) faults.Add("the custody log does not hold");
        if (!alive) faults.Add($"the worker died: {File.ReadLines(log).LastOrDefault()}");
        Console.WriteLine(AnalysisProtection.Told);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"files {delivered.Count}, analysed {analysed}, partly {partly}, not analysed {not}, crashed {crashed}, timed out {late}, ended at a limit {limited}, derivatives {derivatives}, sealed and retrieved {sealed_}, worker {(alive ? "alive" : "dead")}, {took.TotalSeconds:F0} s"));
        foreach (string fault in faults) Console.WriteLine($"NOT AS IT SHOULD BE: {fault}");
        return faults.Count == 0 && delivered.Count > 0 ? 0 : 1;
    }

    private static void Deliver(Asked asked, IReadOnlyList<(string Name, byte[] Bytes)> whole, string drops, Dictionary<string, string> delivered)
    {
        string drop = Path.Combine(drops, "OP-HERON", "CAM-1", $"batch-{delivered.Count:00000}");
        Directory.CreateDirectory(drop);
        for (int n = Math.Min(Batch, asked.Files - delivered.Count); n > 0; n--)
        {
            int i = delivered.Count;
            (string kind, byte[] bytes) = whole[i % whole.Count];
            // Each file has random numbers of its own: file 17 of a seed is the same however many there are.
            byte[] broken = Mutation.Of(bytes, Path.GetExtension(kind), new Random(HashCode(asked.Seed, i)));
            string name = $"{i:00000}-{kind}";
            File.WriteAllBytes(Path.Combine(drop, name), broken);
            delivered.Add(name, Convert.ToHexStringLower(SHA256.HashData(broken)));
        }
        File.WriteAllText(Path.Combine(drop, ".done"), "");

        static int HashCode(int seed, int i) => unchecked((seed * 1_000_003) ^ (i * 7919));
    }

    private static int Ended(string home)
    {
        string database = Path.Combine(home, "vault.db");
        if (!File.Exists(database)) return 0;
        try
        {
            return new Exhibits(new(database)).Masters().Count(r => r.State is not (ExhibitState.Received or ExhibitState.Sealed or ExhibitState.Stored));
        }
        catch (Microsoft.Data.Sqlite.SqliteException) { return 0; /* the worker is still making it */ }
    }

    private static Process StartWorker(Asked asked, string vault, string drops, string log, string storage)
    {
        // Through sh, so that what it says goes to a file and no pipe of ours can hold it up.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >\"$LOG\" 2>&1 </dev/null", "sh", "dotnet", asked.Worker, "--vault", vault, "--source", $"folder:{drops}", "--quiet-period", "0.5", "--health-port", "0"]);
        start.Environment["LOG"] = log;
        start.Environment["EVIDENCEVAULT_STORAGE"] = storage;
        start.Environment[AnalysisEnvironment.SecondsVariable] = asked.AnalysisSeconds.ToString(CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

    /// <summary>A second of footage in every codec and container that ffmpeg can write here.</summary>
    private static async Task<IReadOnlyList<(string Name, byte[] Bytes)>> RenderAsync(string folder)
    {
        string encoders = (await FfmpegAsync("-hide_banner", "-encoders")).Said;
        (string Name, string Encoder, string[] More, string[] Extensions)[] kinds =
        [
            ("h264", "libx264", ["-g", "8"], [".mp4", ".mkv", ".avi", ".ts", ".h264"]),
            ("h265", "libx265", ["-g", "8", "-x265-params", "log-level=none"], [".mp4", ".mkv", ".ts", ".h265"]),
            ("mpeg4", "mpeg4", ["-g", "8"], [".mp4", ".mkv", ".avi", ".ts"]),
            ("mjpeg", "mjpeg", ["-pix_fmt", "yuvj420p"], [".avi", ".mkv", ".mp4", ".mjpeg"]),
            ("vp9", "libvpx-vp9", ["-g", "8", "-deadline", "realtime"], [".webm", ".mp4"]),
            ("av1", "libaom-av1", ["-g", "8", "-cpu-used", "8", "-usage", "realtime"], [".mkv", ".mp4"]),
        ];
        var made = new List<(string, byte[])>();
        foreach (var (name, encoder, more, extensions) in kinds)
        {
            if (!encoders.Contains($" {encoder} ", StringComparison.Ordinal)) { Console.WriteLine($"this ffmpeg has no {encoder}: no {name}"); continue; }
            foreach (string extension in extensions)
            {
                foreach (bool first in extension == ".mp4" ? (bool[])[false, true] : [false])
                {
                    string file = $"{name}{(first ? "-fast" : "")}{extension}", path = Path.Combine(folder, file);
                    (int code, string said) = await FfmpegAsync(
                        ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=12:duration=1.5", "-pix_fmt", "yuv420p", .. more, "-c:v", encoder, .. first ? ["-movflags", "+faststart"] : Array.Empty<string>(), path]);
                    if (code != 0) throw new InvalidOperationException($"ffmpeg could not make {file}: {said}");
                    made.Add((file, await File.ReadAllBytesAsync(path)));
                }
            }
        }
        return made;
    }

    private static async Task<(int Code, string Said)> FfmpegAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("ffmpeg", ["-nostdin", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private sealed record Asked(int Files, int Seed, string Worker, TimeSpan? Time, int AnalysisSeconds, bool Keep)
    {
        public static Asked Read(string[] args)
        {
            var asked = new Asked(2000, Random.Shared.Next(), "", null, 60, false);
            for (int i = 0; i < args.Length; i++)
            {
                if (args[i] == "--keep") { asked = asked with { Keep = true }; continue; }
                if (i + 1 == args.Length) throw new FormatException($"'{args[i]}' needs a value.");
                string value = args[++i];
                asked = args[i - 1] switch
                {
                    "--files" => asked with { Files = Number(value, 1, 1_000_000) },
                    "--seed" => asked with { Seed = Number(value, 0, int.MaxValue) },
                    "--minutes" => asked with { Time = TimeSpan.FromMinutes(Number(value, 1, 100_000)) },
                    "--analysis-seconds" => asked with { AnalysisSeconds = Number(value, 1, 86_400) },
                    "--worker" => asked with { Worker = value },
                    _ => throw new FormatException($"There is no option '{args[i - 1]}': fuzz-analysis takes --files, --seed, --minutes, --analysis-seconds, --worker and --keep."),
                };
            }
            return File.Exists(asked.Worker) ? asked : throw new FormatException("--worker names the built worker (EvidenceVault.Worker.dll).");
        }

        private static int Number(string text, int least, int most) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= least && n <= most
            ? n : throw new FormatException($"'{text}' is no whole number from {least} to {most}.");
    }
}
