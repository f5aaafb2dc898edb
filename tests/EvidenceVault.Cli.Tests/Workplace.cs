using System.Diagnostics;
using System.Text.Json;

namespace EvidenceVault.Cli.Tests;

/// <summary>What the program did.</summary>
public sealed record Ran(int Code, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;
}

/// <summary>The program as built, run as a process with a vault and a working folder of its own.</summary>
public sealed class Workplace : IDisposable
{
    // Where nothing listens: the discard port.
    public const string NoStore = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:9/devstoreaccount1;";

    public string Folder { get; } = Directory.CreateTempSubdirectory("evidencevault-cli-").FullName;

    public string Vault => Path.Combine(Folder, "vault");

    public string Storage { get; init; } = NoStore;

    public string File(string name) => Path.Combine(Folder, name);

    public string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File(name), bytes);
        return File(name);
    }

    /// <summary>Runs <c>evidencevault</c> with these arguments.</summary>
    public Task<Ran> RunAsync(params string[] arguments) => RunProgramAsync(Built, arguments);

    /// <summary>Starts any program in the working folder.</summary>
    public Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["EVIDENCEVAULT_HOME"] = Vault;
        start.Environment["EVIDENCEVAULT_STORAGE"] = Storage;
        start.Environment.Remove("EVIDENCEVAULT_DEBUG");
        start.Environment["USER"] = start.Environment["LOGNAME"] = start.Environment["SUDO_USER"] = "somebody-else";
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Runs any program in the working folder.</summary>
    public async Task<Ran> RunProgramAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new(process.ExitCode, await output, await error);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The program in its own build folder, where the analysis program lies beside it.</summary>
    public static string Built
    {
        get
        {
            string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
            return Path.Combine(Root, "src", "EvidenceVault.Cli", "bin", configuration, "net10.0", "evidencevault");
        }
    }

    /// <summary>A real video of the shared footage, or a skip that says so.</summary>
    public static string Footage(string name) => Shared("footage", name);

    /// <summary>A file or folder of the folder shared/ beside the repository, or a skip that says so.</summary>
    public static string Shared(params string[] parts)
    {
        string path = Path.GetFullPath(Path.Combine([Root, "..", "shared", .. parts]));
        if (!Path.Exists(path)) Assert.Skip($"NOT CHECKED: ../shared/{string.Join('/', parts)} is not here.");
        return path;
    }

    public static string Root
    {
        get
        {
            for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                if (System.IO.File.Exists(Path.Combine(at.FullName, "EvidenceVault.sln"))) return at.FullName;
            }
            throw new InvalidOperationException("The folder with EvidenceVault.sln was not found above the test program.");
        }
    }
}
