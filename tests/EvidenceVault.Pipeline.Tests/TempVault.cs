using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Tests;

/// <summary>A vault in a folder of its own, checked whole when the test ends.</summary>
internal sealed class TempVault : IAsyncDisposable
{
    private bool _kept;

    private TempVault(string home, Vault vault) => (Home, Vault) = (home, vault);

    public string Home { get; }

    public Vault Vault { get; private set; }

    public string DatabaseFile => Path.Combine(Home, "vault.db");

    public static Task<TempVault> NewAsync(TimeProvider? clock = null) => AtAsync(Directory.CreateTempSubdirectory("evidencevault-vault-").FullName, clock);

    public static async Task<TempVault> AtAsync(string home, TimeProvider? clock = null) => new(home, await Vault.OpenAsync(home, clock ?? TimeProvider.System));

    /// <summary>Closes and opens it again, as a new process would.</summary>
    public async Task ReopenAsync()
    {
        await Vault.DisposeAsync();
        Vault = await Vault.OpenAsync(Home, TimeProvider.System);
    }

    public VerificationReport Check() => Vault.CheckLog(null, CancellationToken.None);

    public void MustHold()
    {
        VerificationReport report = Check();
        Assert.True(report.Holds, string.Join('\n', report.Findings.Where(f => !f.Holds).Select(f => f.Sentence)));
    }

    public IReadOnlyList<CustodyEntry> Entries(string? exhibit = null) =>
    [
        .. Vault.Log.Entries(exhibit is null ? null : ExhibitReference.Parse(exhibit)).Select(e =>
            CustodyEntry.TryParse(e.Bytes, out CustodyEntry? entry, out string problem) ? entry : throw new FormatException(problem)),
    ];

    public static CustodyAct Act(string? exhibit = null) => new(Acts.Viewed, "tester") { Exhibit = exhibit is null ? null : ExhibitReference.Parse(exhibit), Reason = "a test" };

    /// <summary>Closes the vault and leaves its folder to whoever opens it next.</summary>
    public async Task DisposeKeepingAsync()
    {
        await Vault.DisposeAsync();
        _kept = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_kept) return;
        await Vault.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}
