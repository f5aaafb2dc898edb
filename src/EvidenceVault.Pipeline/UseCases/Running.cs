using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>How the vault runs: what is on its way, what wants a person, and what it stands on. Shows no evidence and no delivered name.</summary>
public sealed record LookAtHealth : IVaultRequest, IRequest<Health>
{
    /// <summary>Exhibits told of one by one, of each state.</summary>
    public const int Most = 50;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Administrator];

    /// <inheritdoc/>
    public string Action => Acts.Viewed;
}

/// <summary>How the vault runs.</summary>
/// <param name="Queue">Masters on their way, by state.</param>
/// <param name="Wanting">Exhibits that want a person, the oldest of each state.</param>
/// <param name="WantingInAll">How many there are.</param>
/// <param name="Parts">What the vault stands on.</param>
public sealed record Health(IReadOnlyList<StateCount> Queue, IReadOnlyList<WantingLine> Wanting, long WantingInAll, IReadOnlyList<HealthPart> Parts);

/// <summary>Something that the vault stands on.</summary>
/// <param name="Name">What.</param>
/// <param name="Ok">Whether it is as it should be.</param>
/// <param name="Found">How it is, a sentence.</param>
/// <param name="Mend">What to do where it is not.</param>
public sealed record HealthPart(string Name, bool Ok, string Found, string? Mend = null);

/// <summary>Cameras as they were placed for cases, and where drops come from.</summary>
/// <param name="Page">From 1.</param>
public sealed record ListDeployments(int Page) : IVaultRequest, IRequest<DeploymentsPage>
{
    /// <summary>Deployments on a page.</summary>
    public const int OnPage = 50;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Administrator];

    /// <inheritdoc/>
    public string Action => Acts.Viewed;
}

/// <summary>A page of deployments.</summary>
/// <param name="Lines">The newest first.</param>
/// <param name="Own">Settings that deployments have of their own; null where the file cannot be used.</param>
/// <param name="OwnProblem">Why it cannot.</param>
/// <param name="Sources">Where drops came from.</param>
/// <param name="Page">From 1.</param>
/// <param name="IsLast">True where no page follows.</param>
public sealed record DeploymentsPage(IReadOnlyList<DeploymentRow> Lines, IReadOnlyList<DeploymentSettings>? Own, string? OwnProblem, IReadOnlyList<SourceRow> Sources, int Page, bool IsLast);

internal sealed class ListDeploymentsHandler(Vault vault) : IRequestHandler<ListDeployments, DeploymentsPage>
{
    public async ValueTask<DeploymentsPage> Handle(ListDeployments request, CancellationToken cancellationToken)
    {
        int page = Math.Clamp(request.Page, 1, 10_000);
        IReadOnlyList<DeploymentRow> lines = vault.Exhibits.Deployments((page - 1) * ListDeployments.OnPage, ListDeployments.OnPage + 1);
        DeploymentsPage shown = new([.. lines.Take(ListDeployments.OnPage)], null, null, vault.Drops.Sources(), page, lines.Count <= ListDeployments.OnPage);
        try { return shown with { Own = (await vault.DeploymentsAsync().ConfigureAwait(false)).All }; }
        catch (UnreachableException e) { return shown with { OwnProblem = $"{e.What} {e.Next}" }; }
    }
}

internal sealed class LookAtHealthHandler(Vault vault, IEvidenceStore store, IServiceProvider services) : IRequestHandler<LookAtHealth, Health>
{
    private const long LeastFree = 5L << 30;

    private static readonly string[] OnTheirWay = [ExhibitState.Received, ExhibitState.Sealed, ExhibitState.Stored];

    public async ValueTask<Health> Handle(LookAtHealth request, CancellationToken cancellationToken)
    {
        IReadOnlyList<StateCount> counts = vault.Exhibits.Wanting();
        List<StateCount> wanting = [.. counts.Where(c => !OnTheirWay.Contains(c.State))];
        return new(
            [.. counts.Where(c => OnTheirWay.Contains(c.State))],
            [.. wanting.SelectMany(c => vault.Exhibits.Wanting(c.State, LookAtHealth.Most))], wanting.Sum(c => c.Exhibits),
            [await StoreAsync(cancellationToken).ConfigureAwait(false), Log(), Timestamps(), FreeSpace(), Versions()]);
    }

    private async Task<HealthPart> StoreAsync(CancellationToken cancel)
    {
        try { return new("Storage", true, await store.CheckAsync(cancel).ConfigureAwait(false)); }
        catch (VaultException e) { return new("Storage", false, e.What, e.Next); }
    }

    private HealthPart Log()
    {
        using LogSnapshot log = vault.Log.Snapshot();
        ulong cosigned = log.CosignedSize(HeadChoice.NameOf(vault.WitnessPolicy));
        string size = $"{log.Size} entries, {(cosigned == log.Size ? "all" : $"{cosigned} of them")} cosigned as the policy asks.";
        Dictionary<string, WitnessStanding> standings = vault.Log.Witnesses().ToDictionary(w => w.Witness);
        if (vault.WitnessPolicy.Witnesses.FirstOrDefault(w => standings.GetValueOrDefault(w.Key.ToString())?.Refusal is not null) is { } refusing)
        {
            return new("Custody log", false, $"{size} The witness {Names.Printable(refusing.Name)} refuses our log: {standings[refusing.Key.ToString()].Refusal}",
                "Keep the vault’s whole folder as it is for an expert, and compare with a backup and with checkpoints that others hold.");
        }
        return new("Custody log", true, vault.WitnessPolicy.Witnesses.Any(w => !w.IsDemonstration) ? size : $"{size} No outside witness is named in the file policy: nobody but this vault vouches for its history.");
    }

    private HealthPart Timestamps()
    {
        const string Name = "Time stamps";
        if (services.GetService<TimestampRounds>() is null) return new(Name, true, "No time-stamping authority is set: seals carry the vault’s own time only.");
        TimestampStanding standing = vault.Timestamps.Standing();
        return standing.Waiting == 0 ? new(Name, true, $"Every seal has one; the newest stamped checkpoint is of {standing.StampedSize} entries.")
            : new(Name, standing.Problem is null, $"{standing.Waiting} {(standing.Waiting == 1 ? "seal waits" : "seals wait")}, since {Plain.Moment(standing.Since)}. {standing.Problem}", "The worker asks by itself. ‘evidencevault timestamp’ shows what the authority answers.");
    }

    private HealthPart FreeSpace()
    {
        long free = new DriveInfo(vault.Home).AvailableFreeSpace;
        return new("Disk", free >= LeastFree, $"{Plain.Scale(free)} free for the vault’s folder.", "Free space: an analysis needs room for a whole Master and its clips beside it.");
    }

    private static HealthPart Versions() =>
        new("Versions", true, $"EvidenceVault {typeof(Vault).Assembly.GetName().Version}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}.");
}
