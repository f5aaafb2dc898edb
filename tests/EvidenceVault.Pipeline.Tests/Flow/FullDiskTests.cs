using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EvidenceVault.Pipeline.Tests.Flow;

/// <summary>Disks that are really full: the store's while a file is staged, and the vault's own.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private const int Mebibyte = 1 << 20;

    private readonly AzuriteFixture _azurite = new();
    private readonly string _landing = Directory.CreateTempSubdirectory("evidencevault-landing-").FullName;
    private readonly string _disk = Directory.CreateTempSubdirectory("evidencevault-disk-").FullName;
    private readonly byte[] _footage = new byte[24 * Mebibyte];
    private TempVault _temp = null!;

    public ValueTask InitializeAsync()
    {
        Random.Shared.NextBytes(_footage);
        Directory.CreateDirectory(Path.Combine(_landing, "OP-HERON/CAM-1/day-1"));
        File.WriteAllBytes(Path.Combine(_landing, "OP-HERON/CAM-1/day-1/a.mp4"), _footage);
        File.WriteAllText(Path.Combine(_landing, "OP-HERON/CAM-1/day-1/.done"), "");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_landing, recursive: true);
        Directory.Delete(_disk, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_store_whose_disk_fills_up_while_a_file_is_staged_has_it_whole_once_there_is_space()
    {
        using (SmallDisk disk = SmallDisk.Over(_azurite.Folder, 12))
        {
            await _azurite.StartAsync();
            _temp = await TempVault.NewAsync();
            DropRounds rounds = await RoundsAsync();

            RoundResult full = await rounds.RoundAsync(null, TestContext.Current.CancellationToken);

            Assert.NotNull(full.OutOfReach);
            Assert.Equal(ExhibitState.Received, Assert.Single(_temp.Vault.Exhibits.Masters()).State);
            Assert.Equal(_footage, File.ReadAllBytes(Path.Combine(_landing, "OP-HERON/CAM-1/day-1/a.mp4")));

            disk.Resize(200);
            if (_azurite.ProcessId is null) await _azurite.StartAsync();
            await MustEndStoredAsync(rounds);
            await _temp.DisposeAsync();
            await _azurite.KillAsync();
        }
        await _azurite.DisposeAsync();
    }

    [Fact]
    public async Task A_vault_whose_disk_is_full_records_nothing_and_goes_on_once_there_is_space()
    {
        await _azurite.StartAsync();
        await using (_azurite)
        {
            using SmallDisk disk = SmallDisk.Over(_disk, 4);
            _temp = await TempVault.AtAsync(Path.Combine(_disk, "vault"));
            DropRounds rounds = await RoundsAsync();
            string filler = Path.Combine(_disk, "filler");
            Assert.Throws<IOException>(() => File.WriteAllBytes(filler, new byte[4 * Mebibyte]));

            RoundResult full = await rounds.RoundAsync(null, TestContext.Current.CancellationToken);

            Assert.NotNull(full.OutOfReach);
            Assert.DoesNotContain(_temp.Vault.Exhibits.Masters(), m => m.State != ExhibitState.Received);

            File.Delete(filler);
            await MustEndStoredAsync(rounds);
            await _temp.DisposeAsync();
        }
    }

    private async Task MustEndStoredAsync(DropRounds rounds)
    {
        await rounds.RunAsync(once: true, TimeSpan.FromSeconds(60), null, TestContext.Current.CancellationToken);
        ExhibitRow row = Assert.Single(_temp.Vault.Exhibits.Masters());
        Assert.Equal((ExhibitState.Stored, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(_footage))), (row.State, row.Sha256));
        Assert.Equal(["received", "sealed", "read-back", "stored"], _temp.Entries(row.Reference).Select(e => e.Action));
        _temp.MustHold();
    }

    private async Task<DropRounds> RoundsAsync()
    {
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddSingleton(_temp.Vault.Keys.Wrapper).AddSingleton(_temp.Vault.Keys.Log).AddAzureStorage(_azurite.Options).AddFootageAnalysis().BuildServiceProvider();
        var store = services.GetRequiredService<IEvidenceStore>();
        await store.CheckAsync(TestContext.Current.CancellationToken);
        var flow = new EvidenceFlow(_temp.Vault, store, services.GetRequiredService<IFootageAnalyser>(), new FlowOptions { Analyse = false }, NullLogger<EvidenceFlow>.Instance);
        var folder = new LandingFolder(_landing, new LandingFolderOptions { PollingInterval = TimeSpan.FromMilliseconds(100) }, TimeProvider.System, NullLogger<LandingFolder>.Instance);
        return new DropRounds(_temp.Vault, flow, [folder], new RoundOptions { RetryAfter = TimeSpan.FromMilliseconds(20) }, TimeProvider.System, NullLogger<DropRounds>.Instance);
    }
}
