using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EvidenceVault.Verify.Tests;

/// <summary>What the program did.</summary>
public sealed record Ran(int Code, string Out, string Error)
{
    public JsonNode Json => JsonNode.Parse(Out)!;
}

/// <summary>The program as whoever gets it has it: one file, compiled ahead of time. It is published once for all tests.</summary>
public sealed class VerifierProgram : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-verifier-").FullName;
    private string? _missing;

    public string Path => System.IO.Path.Combine(_folder, "evidencevault-verify");

    public async ValueTask InitializeAsync()
    {
        if (!HasToolchain())
        {
            _missing = "NOT CHECKED: neither clang nor gcc is on the PATH, so the program cannot be compiled ahead of time (Debian: apt-get install gcc libc6-dev zlib1g-dev).";
            return;
        }
        Ran published = await RunAsync("dotnet", "publish", System.IO.Path.Combine(Root, "src", "EvidenceVault.Verify"), "-c", "Release", "-o", _folder, "-v", "quiet", "--nologo", "-nodeReuse:false");
        if (published.Code != 0) throw new InvalidOperationException($"The verifier could not be published:\n{published.Out}\n{published.Error}");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs the program, or skips with the reason why it is not there.</summary>
    public Task<Ran> RunAsync(params string[] arguments)
    {
        if (_missing is not null) Assert.Skip(_missing);
        return RunAsync(Path, arguments);
    }

    private static async Task<Ran> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new(process.ExitCode, await output, await error);
    }

    private static bool HasToolchain() => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(System.IO.Path.Combine(folder, "clang")) || File.Exists(System.IO.Path.Combine(folder, "gcc")));

    /// <summary>The project's folder.</summary>
    public static string Root
    {
        get
        {
            for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                if (File.Exists(System.IO.Path.Combine(at.FullName, "EvidenceVault.sln"))) return at.FullName;
            }
            throw new InvalidOperationException("The folder with EvidenceVault.sln was not found above the test program.");
        }
    }
}
