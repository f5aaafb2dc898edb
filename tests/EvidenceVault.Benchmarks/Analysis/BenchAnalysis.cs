using System.Diagnostics;
using System.Globalization;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Samples;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Benchmarks.Analysis;

/// <summary>
/// The analysis beside nothing but decoding: <c>ffmpeg -f null</c> with two threads, the exhaustive and the gated run, by turns, on footage that is
/// rendered first: ten minutes of 1080p H.264, mostly still, with six visits and two far walkers, and two minutes of 4K H.265 with one of each. Ratios are of medians.
/// </summary>
internal static class BenchAnalysis
{
    private sealed record Footage(string Name, Scene Scene, Codec Codec);

    private static readonly Footage[] All =
    [
        new("1080p", new() { Name = "watch", Seed = 11, Seconds = 600, Width = 1920, Height = 1080, Fps = 25, Noise = 5, Wind = 0, Kbps = 4000 }, Codec.H264),
        new("4k", new() { Name = "watch", Seed = 12, Seconds = 120, Width = 3840, Height = 2160, Fps = 25, Noise = 4, Wind = 0, Kbps = 8000 }, Codec.H265),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        (string folder, int rounds, string? only) = Read(args);
        Directory.CreateDirectory(folder);
        await using ServiceProvider services = new ServiceCollection().AddFootageAnalysis().BuildServiceProvider();
        IFootageAnalyser analyser = services.GetRequiredService<IFootageAnalyser>();
        var ratios = new List<string>();
        foreach (Footage footage in All.Where(f => only is null || f.Name == only))
        {
            (string file, Truth truth) = Rendered(footage, folder);
            await DecodeAsync(file, seconds: 10); // once unmeasured, so that the file is in memory for all
            var times = new Dictionary<string, List<double>> { ["decode"] = [], ["exhaustive"] = [], ["gated"] = [] };
            long peak = 0;
            var reports = new Dictionary<string, AnalysisReport>();
            for (int round = 0; round < rounds; round++)
            {
                times["decode"].Add(await TimeAsync(() => DecodeAsync(file, null)));
                foreach (bool exhaustive in (bool[])[true, false])
                {
                    string way = exhaustive ? "exhaustive" : "gated";
                    using var watch = new PeakMemory();
                    times[way].Add(await TimeAsync(async () =>
                        reports[way] = await analyser.AnalyseAsync(file, null, new() { Clips = false, Exhaustive = exhaustive }, null, CancellationToken.None)));
                    peak = Math.Max(peak, watch.Stop());
                }
            }
            foreach (var (way, report) in reports) Console.WriteLine(Found(footage.Name, way, truth, report));
            foreach (var (way, seconds) in times) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{footage.Name} {way,-10} median {Median(seconds):F2} s of {string.Join(' ', seconds.Select(s => s.ToString("F2", CultureInfo.InvariantCulture)))}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{footage.Name} peak memory of all processes of the analysis {peak / 1e6:F0} MB"));
            foreach (string way in (string[])["exhaustive", "gated"]) ratios.Add(string.Create(CultureInfo.InvariantCulture, $"ratio {way}-{footage.Name} {Median(times[way]) / Median(times["decode"]):F2}"));
        }
        foreach (string ratio in ratios) Console.WriteLine(ratio);
        return 0;
    }

    private static string Found(string name, string way, Truth truth, AnalysisReport report)
    {
        if (report.Problem is { } problem) throw new InvalidOperationException($"{way} on {name}: {problem} The measure is void.");
        Judgement judgement = Judgement.Of(truth, report.Segments);
        string missed = judgement.Missed.Count == 0 ? "" : $"; missed {string.Join(", ", judgement.Missed.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Start:F1}-{m.End:F1} s")))}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{name} {way,-10} {judgement.Events.Count - judgement.Missed.Count} of {judgement.Events.Count} visits found{missed}; {judgement.FalseAlarms.Count} false alarms; worst bound {judgement.BoundaryErrors.DefaultIfEmpty().Max():F2} s");
    }

    private static (string File, Truth Truth) Rendered(Footage footage, string folder)
    {
        string file = Path.Combine(folder, $"{footage.Name}.mp4"), told = Path.ChangeExtension(file, ".json");
        if (File.Exists(file) && File.Exists(told)) return (file, Truth.FromJson(File.ReadAllText(told)));
        Console.WriteLine($"rendering {footage.Name}: {footage.Scene.FrameCount} frames (minutes)");
        Truth truth = SceneRenderer.Render(footage.Scene, footage.Codec, file);
        File.WriteAllText(told, truth.ToJson());
        return (file, truth);
    }

    private static async Task DecodeAsync(string file, int? seconds)
    {
        ProcessStartInfo start = new("ffmpeg") { RedirectStandardError = true };
        foreach (string argument in (string[])["-v", "error", "-nostdin", "-threads", "2", .. seconds is { } s ? new[] { "-t", $"{s}" } : [], "-i", "file:" + file, "-f", "null", "-"]) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"ffmpeg could not decode what was rendered: {errors}");
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        long began = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static (string Folder, int Rounds, string? Only) Read(string[] args)
    {
        (string folder, int rounds, string? only) = (Path.Combine(Path.GetTempPath(), "evidencevault-bench-analysis"), 3, null);
        for (int i = 0; i < args.Length; i++)
        {
            string value() => ++i < args.Length ? args[i] : throw new FormatException($"'{args[i - 1]}' needs a value.");
            switch (args[i])
            {
                case "--footage": folder = value(); break;
                case "--rounds": rounds = int.TryParse(value(), NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0 ? n : throw new FormatException("--rounds takes a number from 1."); break;
                case "--only": only = value(); break;
                default: throw new FormatException($"There is no option '{args[i]}': bench-analysis takes --footage DIR, --rounds N, --only 1080p|4k.");
            }
        }
        return (folder, rounds, only);
    }

    /// <summary>Watches what all processes below this one hold in memory, ten times a second: their proportional share of each page (PSS, proc_pid_smaps(5)), as
    /// the libraries that they share are there once.</summary>
    private sealed class PeakMemory : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task<long> _watching;

        public PeakMemory() => _watching = Task.Run(async () =>
        {
            long peak = 0;
            while (!_stop.IsCancellationRequested)
            {
                peak = Math.Max(peak, ProcessTree.DescendantsOf(Environment.ProcessId).Sum(Share));
                await Task.Delay(100, CancellationToken.None);
            }
            return peak;
        });

        private static long Share(int process)
        {
            try
            {
                string? line = File.ReadLines($"/proc/{process}/smaps_rollup").FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal));
                return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
            }
            catch (Exception cause) when (cause is IOException or UnauthorizedAccessException) { return 0; /* it ended while we looked */ }
        }

        public long Stop()
        {
            _stop.Cancel();
            return _watching.GetAwaiter().GetResult();
        }

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
        }
    }
}
