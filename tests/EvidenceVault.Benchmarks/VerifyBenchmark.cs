using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using EvidenceVault.Testing;

namespace EvidenceVault.Benchmarks;

/// <summary>
/// How long <c>evidencevault-verify</c> takes for a bundle against <c>sha256sum -c</c> of its two lists, by turns on the same files after one
/// unmeasured run of each. The bundle is a case of footage: one large Master, one of half its size, and clips.
/// </summary>
internal static class VerifyBenchmark
{
    private const int Clips = 8;

    public static async Task<int> RunAsync(string[] args)
    {
        (long bytes, int rounds, string verifier) = Read(args);
        string folder = Directory.CreateTempSubdirectory("evidencevault-bench-").FullName;
        try
        {
            Make(folder, bytes);
            List<Measure> sums = [], verifies = [];
            for (int round = -1; round < rounds; round++)
            {
                // By turns, and each goes first as often as the other.
                foreach (string what in round % 2 == 0 ? (string[])["sha256sum", "verify"] : ["verify", "sha256sum"])
                {
                    Measure measure = what == "verify"
                        ? await MeasureAsync(folder, verifier, folder, "--json")
                        : await MeasureAsync(folder, "sha256sum", "-c", "--quiet", "--strict", "manifest-sha256.txt", "tagmanifest-sha256.txt");
                    if (round < 0) continue;
                    (what == "verify" ? verifies : sums).Add(measure);
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{what,-9} {bytes / 1e6:F0} MB in {measure.Seconds:F2} s, {bytes / 1e6 / measure.Seconds:F0} MB/s, peak memory {measure.PeakBytes / 1e6:F0} MB, processor {measure.Processor:F1} s"));
                }
            }
            double sum = Median(sums), verify = Median(verifies);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median sha256sum {sum:F2} s, evidencevault-verify {verify:F2} s"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"verify peak memory {verifies.Max(m => m.PeakBytes) / 1e6:F0} MB"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio verify-vs-sha256sum {verify / sum:F2}"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // In this process's memory and then on disk; the programs measured are processes of their own.
    private static void Make(string folder, long bytes)
    {
        var made = new BundleMaker();
        made.Add("AB/1", RandomNumberGenerator.GetBytes(checked((int)(bytes / 2))), "mp4");
        made.Add("AB/2", RandomNumberGenerator.GetBytes((int)(bytes / 4)), "mp4");
        for (int clip = 1; clip <= Clips; clip++) made.Add($"AB/1/{clip}", RandomNumberGenerator.GetBytes((int)(bytes / 4 / Clips)), "mp4", parent: "AB/1");
        made.Seal().Sign().List().WriteFolder(folder);
    }

    private static async Task<Measure> MeasureAsync(string folder, string program, params string[] arguments)
    {
        // What was written before must not be paid for now.
        using (Process sync = Process.Start("sync")) await sync.WaitForExitAsync();
        long began = Stopwatch.GetTimestamp();
        using Process child = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        Task<string> said = child.StandardOutput.ReadToEndAsync();
        long peak = 0;
        TimeSpan processor = TimeSpan.Zero;
        Task ended = child.WaitForExitAsync();
        // The kernel keeps the high-water mark, so that a look now and then sees the peak but for the last moments.
        while (!ended.IsCompleted)
        {
            peak = Math.Max(peak, PeakOf(child.Id));
            processor = ProcessorOf(child) ?? processor;
            await Task.WhenAny(ended, Task.Delay(10));
        }
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return child.ExitCode == 0
            ? new(seconds, peak, processor.TotalSeconds)
            : throw new InvalidOperationException($"{program} ended with {child.ExitCode}: {await said}");
    }

    private static TimeSpan? ProcessorOf(Process child)
    {
        try
        {
            return child.TotalProcessorTime;
        }
        catch (InvalidOperationException)
        {
            // It ended while it was looked at; earlier looks stand.
            return null;
        }
    }

    // VmHWM of proc(5), in kB.
    private static long PeakOf(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended while it was looked at; earlier looks stand.
            return 0;
        }
    }

    private static double Median(List<Measure> measures)
    {
        double[] sorted = [.. measures.Select(m => m.Seconds).Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static (long Bytes, int Rounds, string Verifier) Read(string[] args)
    {
        long bytes = 2_000_000_000;
        int rounds = 5;
        string? verifier = null;
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length) throw new FormatException($"'{args[i]}' needs a value.");
            switch (args[i])
            {
                case "--size":
                    bytes = Size.Of(args[i + 1]);
                    break;
                case "--rounds":
                    rounds = int.TryParse(args[i + 1], out int n) && n > 0 ? n : throw new FormatException("--rounds takes a number from 1.");
                    break;
                case "--verifier":
                    verifier = Path.GetFullPath(args[i + 1]);
                    break;
                default:
                    throw new FormatException($"There is no option '{args[i]}': verify takes --size, --rounds and --verifier.");
            }
        }
        if (bytes > 4_000_000_000) throw new FormatException("--size is at most 4GB.");
        return (bytes, rounds, verifier ?? throw new FormatException("--verifier names the program to measure."));
    }

    private sealed record Measure(double Seconds, long PeakBytes, double Processor);
}
