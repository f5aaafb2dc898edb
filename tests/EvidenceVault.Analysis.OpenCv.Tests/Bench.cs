using System.Diagnostics;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>A scratch folder, real footage where it is, and the analysis as a host gets it.</summary>
internal sealed class Bench : IDisposable
{
    private readonly Scratch _scratch = Scratch.New(Path.Combine(Path.GetTempPath(), "evidencevault-tests"));
    private readonly ServiceProvider _services;

    public Bench(Action<FootageAnalysisOptions>? configure = null) =>
        _services = new ServiceCollection().AddFootageAnalysis(configure).BuildServiceProvider();

    public string Folder => _scratch.Path;

    public IFootageAnalyser Analyser => _services.GetRequiredService<IFootageAnalyser>();
    public IFootageProbe Probe => _services.GetRequiredService<IFootageProbe>();
    public IClipCutter Cutter => _services.GetRequiredService<IClipCutter>();

    public IViewingCopyMaker Viewing => _services.GetRequiredService<IViewingCopyMaker>();

    public string File(string name) => Path.Combine(Folder, name);

    public string Output(string name = "out") => Directory.CreateDirectory(File(name)).FullName;

    public static string Footage(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!System.IO.File.Exists(Path.Combine(folder.FullName, "EvidenceVault.sln"))) continue;
            string file = Path.Combine(folder.FullName, "..", "shared", "footage", name);
            if (System.IO.File.Exists(file)) return Path.GetFullPath(file);
        }
        Assert.Skip($"The shared footage {name} is not here; this test needs it.");
        return "";
    }

    public string Make(string name, params string[] arguments)
    {
        string file = File(name);
        var start = new ProcessStartInfo("ffmpeg") { RedirectStandardError = true };
        foreach (string argument in (string[])["-v", "error", "-y", .. arguments, "file:" + file]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
        return file;
    }

    public void Dispose()
    {
        _services.Dispose();
        _scratch.Dispose();
    }
}
