using System.Diagnostics;
using System.Security.Cryptography;

namespace EvidenceVault.Samples.Tests;

/// <summary>A folder of one test, and the programs it asks.</summary>
internal sealed class Workbench : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("ev-samples-").FullName;

    public string At(params string[] parts) => Path.Combine([Folder, .. parts]);

    public static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    public static (int Exit, string Output, string Errors) Run(string program, string[] arguments, string? path = null)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (path is not null) start.Environment["PATH"] = path;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Trim(), errors.GetAwaiter().GetResult().Trim());
    }

    /// <summary>What ffprobe prints, one value a line; the test fails when it complains.</summary>
    public static string[] Probe(string file, params string[] what)
    {
        (int exit, string output, string errors) = Run("ffprobe", ["-v", "error", .. what, "-of", "csv=p=0", file]);
        Assert.True(exit == 0 && errors.Length == 0, $"ffprobe: {errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
