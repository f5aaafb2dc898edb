using System.Diagnostics;
using System.Globalization;
using EvidenceVault.Testing;

namespace EvidenceVault.Benchmarks;

/// <summary>
/// How long the vault takes to ingest a file against a bare SDK upload of the same file to the same Azurite plus reading it back.
/// Both ways run by turns, each in a process of its own, after one small unmeasured run of each; the ratio is that of the totals,
/// so that a busy moment of the machine counts for both.
/// </summary>
internal static class IngestBenchmark
{
    private const long WarmUpBytes = 64 << 20;

    public static async Task<int> RunAsync(string[] args)
    {
        (long bytes, int rounds) = Read(args);
        string folder = Directory.CreateTempSubdirectory("evidencevault-bench-").FullName;
        try
        {
            await using AzuriteFixture azurite = new();
            await azurite.InitializeAsync();
            string file = Path.Combine(folder, "footage.bin");
            string small = Path.Combine(folder, "small.bin");
            await MakeAsync(small, WarmUpBytes, seed: 1);
            await MakeAsync(file, bytes, seed: 2);
            foreach (string what in (string[])["bare", "ingest"]) await MeasureAsync(what, small, azurite, folder);

            List<Measure> bare = [], ingest = [];
            for (int round = 0; round < rounds; round++)
            {
                // By turns, and each goes first as often as the other.
                foreach (string what in round % 2 == 0 ? (string[])["bare", "ingest"] : ["ingest", "bare"])
                {
                    // The vault keeps what it placed: a home and a file of other bytes each round, or the second would find it there.
                    if (what == "ingest" && round > 0) await StampAsync(file, round);
                    Measure measure = await MeasureAsync(what, file, azurite, folder);
                    (what == "bare" ? bare : ingest).Add(measure);
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{what,-6} {bytes / 1e6:F0} MB in {measure.Seconds:F2} s (written after {measure.Written:F2} s), {bytes / 1e6 / measure.Seconds:F0} MB/s, peak memory {measure.PeakBytes / 1e6:F0} MB, processor {measure.Processor:F1} s"));
                }
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ingest peak memory {ingest.Max(m => m.PeakBytes) / 1e6:F0} MB"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio ingest-vs-bare {ingest.Sum(m => m.Seconds) / bare.Sum(m => m.Seconds):F2}"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Measure> MeasureAsync(string what, string file, AzuriteFixture azurite, string folder)
    {
        // Azurite writes to the page cache: without this each measure would pay for the writing out of the one before it.
        using (Process sync = Process.Start("sync")) await sync.WaitForExitAsync();
        string self = Environment.ProcessPath!;
        using Process child = Process.Start(new ProcessStartInfo(self, ["measure", what, file, azurite.ConnectionString, Path.Combine(folder, "vault")])
        {
            RedirectStandardOutput = true,
        })!;
        string said = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        if (child.ExitCode != 0) throw new InvalidOperationException($"The measure '{what}' failed with exit code {child.ExitCode}.");
        string[] parts = said.Trim().Split(' ');
        double Seconds(int part) => double.Parse(parts[part], CultureInfo.InvariantCulture);
        return new(Seconds(0), Seconds(1), long.Parse(parts[2], CultureInfo.InvariantCulture), Seconds(3));
    }

    private static async Task MakeAsync(string path, long bytes, int seed)
    {
        await using FileStream file = new(path, FileMode.CreateNew);
        await new Footage(bytes, seed).CopyToAsync(file);
        file.Flush(flushToDisk: true);
    }

    private static async Task StampAsync(string path, int round)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Write);
        await file.WriteAsync(BitConverter.GetBytes(round));
    }

    private static (long Bytes, int Rounds) Read(string[] args)
    {
        long bytes = 512_000_000;
        int rounds = 2;
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
                default:
                    throw new FormatException($"There is no option '{args[i]}': ingest takes --size and --rounds.");
            }
        }
        return (bytes, rounds);
    }

    private sealed record Measure(double Seconds, double Written, long PeakBytes, double Processor);
}
