using System.Security.Cryptography;
using EvidenceVault.Pipeline.Disclosure;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline.Tests.Disclosure;

/// <summary>A vault on a real store that exhibits are put into and bundles are made from, through the use cases and their behaviours.</summary>
internal sealed class ExportBench : IAsyncDisposable
{
    private readonly TempVault _temp;
    private readonly ServiceProvider _services;

    private ExportBench(TempVault temp, ServiceProvider services) => (_temp, _services) = (temp, services);

    public string Folder { get; } = Directory.CreateTempSubdirectory("evidencevault-export-").FullName;

    public Vault Vault => _temp.Vault;

    public TempVault Temp => _temp;

    public static async Task<ExportBench> NewAsync(AzuriteFixture azurite, string? account = null, Func<IEvidenceStore, IEvidenceStore>? wrap = null)
    {
        TempVault temp = await TempVault.NewAsync();
        IServiceCollection services = new ServiceCollection()
            .AddLogging(l => l.SetMinimumLevel(LogLevel.None))
            // In the place of the page, which a build step of its own makes: what is tested here is that the bundle carries what it is given.
            .AddSingleton(new VerifierPage("<!doctype html><title>A stand-in for the verifier page, for tests</title>\n"u8.ToArray()))
            .AddEvidenceVault(temp.Vault, new FlowOptions { Analyse = false }, new Caller(account ?? Environment.UserName))
            .AddAzureStorage(azurite.Options)
            .AddFootageAnalysis();
        if (wrap is not null)
        {
            IEvidenceStore inner = services.BuildServiceProvider().GetRequiredService<IEvidenceStore>();
            services.AddSingleton(wrap(inner));
        }
        var bench = new ExportBench(temp, services.BuildServiceProvider());
        await bench._services.GetRequiredService<IEvidenceStore>().CheckAsync(CancellationToken.None);
        return bench;
    }

    public string At(string name) => Path.Combine(Folder, name);

    public async Task<byte[]> IngestAsync(string reference, string caseName = "OP-HERON", string? name = null, int bytes = 40_000)
    {
        // No two vaults may seal the same bytes on one store.
        byte[] content = RandomNumberGenerator.GetBytes(bytes);
        string file = At(name ?? $"{reference.Replace('/', '-')}.avi");
        await File.WriteAllBytesAsync(file, content);
        await SendAsync(new IngestFile(file, caseName, "CAM-7", ExhibitReference.Parse(reference), null));
        return content;
    }

    public Task<ExportedBundle> ExportAsync(string output, params string[] exhibits) => ExportAsync(Asked(output, exhibits));

    public ExportBundle Asked(string output, params string[] exhibits) => new([.. exhibits.Select(ExhibitReference.Parse)], At(output), "Served on the defence");

    public Task<ExportedBundle> ExportAsync(ExportBundle request) => SendAsync(request);

    public async Task<T> SendAsync<T>(IRequest<T> request) => await _services.GetRequiredService<IMediator>().Send(request);

    public IReadOnlyList<string> FilesOf(string bundle) =>
        [.. Directory.EnumerateFiles(At(bundle), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(At(bundle), f)).Order(StringComparer.Ordinal)];

    public BundleManifest ManifestOf(string bundle) =>
        BundleManifest.TryParse(File.ReadAllBytes(Path.Combine(At(bundle), BundlePath.Manifest)), out BundleManifest? manifest, out string problem) ? manifest : throw new FormatException(problem);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _temp.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
