using System.Diagnostics;
using System.Text.Json;

namespace EvidenceVault.EndToEnd;

/// <summary>What a program did.</summary>
internal sealed record Ran(int Code, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;
}

/// <summary>The built programs, run as processes on one vault of their own.</summary>
internal sealed class Programs(string storage) : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("evidencevault-end-").FullName;

    public string Vault => Path.Combine(Folder, "vault");

    public string Drops => Path.Combine(Folder, "drops");

    /// <summary>Runs the worker on the drops until they are empty.</summary>
    public Task<Ran> WorkerAsync() => EndedAsync(StartWorker());

    /// <summary>Starts the worker on the drops; it ends when they are empty.</summary>
    public Process StartWorker() => Start(Built("EvidenceVault.Worker", "EvidenceVault.Worker"), "--once", "--vault", Vault, "--source", $"folder:{Drops}", "--quiet-period", "0.5");

    /// <summary>Runs the command line.</summary>
    public Task<Ran> EvidenceVaultAsync(params string[] words) => RunAsync(Built("EvidenceVault.Cli", "evidencevault"), words);

    /// <summary>Runs the command line, which must succeed.</summary>
    public async Task<Ran> MustRunAsync(params string[] words)
    {
        Ran ran = await EvidenceVaultAsync(words);
        Assert.True(ran.Code == 0, $"{string.Join(' ', words)}: {ran.Out}{ran.Error}");
        return ran;
    }

    /// <summary>A file of bytes that are no footage, different for each seed and each call.</summary>
    public string Noise(string name, int seed)
    {
        byte[] bytes = new byte[50_000];
        new Random(seed).NextBytes(bytes);
        System.Security.Cryptography.RandomNumberGenerator.Fill(bytes.AsSpan(0, 16)); // no two vaults may seal the same bytes on one store
        File.WriteAllBytes(Path.Combine(Folder, name), bytes);
        return Path.Combine(Folder, name);
    }

    /// <summary>Runs any program in the folder.</summary>
    public Task<Ran> RunAsync(string program, params string[] words) => EndedAsync(Start(program, words));

    private Process Start(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Folder };
        start.Environment["EVIDENCEVAULT_HOME"] = Vault;
        start.Environment["EVIDENCEVAULT_STORAGE"] = storage;
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static async Task<Ran> EndedAsync(Process started)
    {
        using Process process = started;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>SHA-256 of each packet of a file as ffmpeg's stream copy sees them: stream number and hash.</summary>
    public async Task<IReadOnlyList<string>> PacketHashesAsync(string file)
    {
        Ran ran = await RunAsync("ffmpeg", "-v", "error", "-i", file, "-map", "0", "-c", "copy", "-f", "framehash", "-hash", "sha256", "-");
        Assert.True(ran.Code == 0, ran.Error);
        return [.. ran.Out.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(',')[^1].Trim())];
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string Built(string project, string program) =>
        Path.Combine(Root, "src", project, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", program);

    /// <summary>The worker, for a program that starts it itself.</summary>
    public static string WorkerProgram => Built("EvidenceVault.Worker", "EvidenceVault.Worker.dll");

    /// <summary>The program of scripts/publish-crash-test and scripts/fuzz-analysis.</summary>
    public static string BenchmarksProgram =>
        Path.Combine(Root, "tests", "EvidenceVault.Benchmarks", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "EvidenceVault.Benchmarks.dll");

    private static string Root
    {
        get
        {
            for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "EvidenceVault.sln"))) return at.FullName;
            }
            throw new InvalidOperationException("The folder with EvidenceVault.sln was not found above the test program.");
        }
    }
}
