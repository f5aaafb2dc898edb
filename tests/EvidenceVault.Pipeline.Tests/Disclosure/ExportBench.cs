using System.Security.Cryptography;
using EvidenceVault.Pipeline.Access;
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
    private readonly AzuriteFixture _azurite;
    private readonly ServiceProvider _services;

    private ExportBench(TempVault temp, AzuriteFixture azurite, ServiceProvider services) => (Temp, _azurite, _services) = (temp, azurite, services);

    public string Folder { get; } = Directory.CreateTempSubdirectory("evidencevault-export-").FullName;

    public TempVault Temp { get; }

    public Vault Vault => Temp.Vault;

    public IEvidenceStore Store => _services.GetRequiredService<IEvidenceStore>();

    /// <param name="azurite">The store.</param>
    /// <param name="wrap">Put around the store.</param>
    /// <param name="accessFor">The cases that the caller may see; all where it is null.</param>
    /// <param name="policy">What the vault's policy is to say.</param>
    public static async Task<ExportBench> NewAsync(AzuriteFixture azurite, Func<IEvidenceStore, IEvidenceStore>? wrap = null, string[]? accessFor = null, Func<Vault, string>? policy = null)
    {
        TempVault temp = await TempVault.NewAsync();
        if (policy is not null)
        {
            File.WriteAllText(Path.Combine(temp.Home, "policy"), policy(temp.Vault));
            await temp.ReopenAsync();
        }
        if (accessFor is not null)
        {
            File.WriteAllBytes(Path.Combine(temp.Home, "access.json"), new AccessList(
            [
                new("somebody", [Role.Technician, Role.CaseOfficer], accessFor),
                new(Environment.UserName, Enum.GetValues<Role>(), ["*"]),
            ]).ToJson());
            await temp.ReopenAsync();
        }
        return new(temp, azurite, Services(temp, azurite, accessFor is null ? Environment.UserName : "somebody", wrap));
    }

    private static ServiceProvider Services(TempVault temp, AzuriteFixture azurite, string account, Func<IEvidenceStore, IEvidenceStore>? wrap)
    {
        IServiceCollection services = new ServiceCollection()
            .AddLogging(l => l.SetMinimumLevel(LogLevel.None))
            // In the place of the page, which a build step of its own makes: what is tested here is that the bundle carries what it is given.
            .AddSingleton(new VerifierPage("<!doctype html><title>A stand-in for the verifier page, for tests</title>\n"u8.ToArray()))
            .AddEvidenceVault(temp.Vault, new FlowOptions { Analyse = false }, new Caller(account))
            .AddAzureStorage(azurite.Options)
            .AddFootageAnalysis();
        if (wrap is not null)
        {
            ServiceDescriptor plain = services.Last(s => s.ServiceType == typeof(IEvidenceStore));
            services.AddSingleton(s => wrap((IEvidenceStore)(plain.ImplementationFactory?.Invoke(s) ?? ActivatorUtilities.CreateInstance(s, plain.ImplementationType!))));
        }
        return services.BuildServiceProvider();
    }

    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>Takes a file of random bytes in: no two vaults may seal the same bytes on one store.</summary>
    public async Task<byte[]> IngestAsync(string reference, string caseName = "OP-HERON", string? name = null, int bytes = 40_000, bool asMaker = false)
    {
        byte[] content = RandomNumberGenerator.GetBytes(bytes);
        string file = At(name ?? $"{reference.Replace('/', '-')}.avi");
        await File.WriteAllBytesAsync(file, content);
        await Store.CheckAsync(CancellationToken.None);
        var ingest = new IngestFile(file, caseName, "CAM-7", ExhibitReference.Parse(reference), null);
        if (asMaker)
        {
            await using ServiceProvider maker = Services(Temp, _azurite, Environment.UserName, null);
            await maker.GetRequiredService<IMediator>().Send(ingest);
        }
        else
        {
            await SendAsync(ingest);
        }
        return content;
    }

    public Task<ExportedBundle> ExportAsync(string output, params string[] exhibits) => ExportAsync(Asked(output, exhibits));

    public ExportBundle Asked(string output, params string[] exhibits) => new([.. exhibits.Select(ExhibitReference.Parse)], At(output), "Served on the defence");

    public Task<ExportedBundle> ExportAsync(ExportBundle request) => SendAsync(request);

    public async Task<T> SendAsync<T>(IRequest<T> request, CancellationToken cancel = default) => await _services.GetRequiredService<IMediator>().Send(request, cancel);

    public IReadOnlyList<string> FilesOf(string bundle) =>
        [.. Directory.EnumerateFiles(At(bundle), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(At(bundle), f)).Order(StringComparer.Ordinal)];

    public BundleManifest ManifestOf(string bundle) =>
        BundleManifest.TryParse(File.ReadAllBytes(Path.Combine(At(bundle), BundlePath.Manifest)), out BundleManifest? manifest, out string problem) ? manifest : throw new FormatException(problem);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Temp.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
