using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Who may do what with disclosures.</summary>
internal static class DisclosingRoles
{
    /// <summary>Who may make one, serve it and note its acknowledgement.</summary>
    public static readonly Role[] Make = [Role.CaseOfficer, Role.CpsReviewer];

    /// <summary>Who may see how it stands.</summary>
    public static readonly Role[] See = [Role.CaseOfficer, Role.CpsReviewer, Role.Auditor];
}

/// <summary>Asks for a disclosure bundle, which is then made behind the caller's back and kept for a while. Recorded, with the reason, before the first byte: gives its id.</summary>
/// <param name="CaseName">The case that all exhibits are of.</param>
/// <param name="Of">The exhibits.</param>
/// <param name="Why">The reason.</param>
public sealed record AskDisclosure(string CaseName, IReadOnlyList<ExhibitReference> Of, string? Why) : IEvidenceAccess, IRecordsItself, IRequest<string>
{
    /// <summary>Whether what was made from the exhibits goes with them.</summary>
    public bool WithDerivatives { get; init; }

    /// <summary>Personal fields to withhold everywhere.</summary>
    public IReadOnlyList<string> Redact { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => DisclosingRoles.Make;

    /// <inheritdoc/>
    public string Action => Acts.Exported;

    /// <inheritdoc/>
    public string? Case => CaseName;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;

    /// <summary>What was recorded, once it was, and the folder that it is made in.</summary>
    internal (RecordedExport Export, Scratch Folder)? Recorded { get; private set; }

    async Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        // The right was asked for this case, so each exhibit must be of it. What is of another case is answered as what there is not.
        foreach (ExhibitReference other in Of.Where(e => vault.Exhibits.Find(e)?.Case != CaseName).Take(1))
        {
            await vault.Sequencer.RecordAsync(Refusal.Of(this, null, CaseName, caller, "no-such-exhibit") with { Personal = [new("asked", other.Text)] }).ConfigureAwait(false);
            throw new RefusedException($"There is no exhibit {other} in this case.", "Nothing was given out; the refusal is in the custody log.", "Leave it out, or make a bundle for each case.");
        }
        Scratch folder = Scratch.New(vault.ScratchRoot);
        try
        {
            var export = new ExportBundle(Of, Path.Combine(folder.Path, DisclosureWork.FileName), Why) { WithDerivatives = WithDerivatives, Redact = Redact };
            Recorded = (await RecordedExport.CommitAsync(vault, export, caller,
                (change, made) => change.BeginDisclosure(made.Id, made.Case, made.ExportEntry, made.Rows.Count, Path.GetFileName(folder.Path))).ConfigureAwait(false), folder);
        }
        finally
        {
            if (Recorded is null) folder.Dispose();
        }
    }
}

/// <summary>How a disclosure stands.</summary>
public enum DisclosureState
{
    /// <summary>It waits, or is being made.</summary>
    Making,

    /// <summary>It can be fetched.</summary>
    Ready,

    /// <summary>It could not be made.</summary>
    Failed,

    /// <summary>The portal stopped while it was being made.</summary>
    CutOff,

    /// <summary>It was made, and is not kept any more.</summary>
    Removed,
}

/// <summary>A disclosure and how it stands.</summary>
/// <param name="Row">As catalogued.</param>
/// <param name="State">How it stands now.</param>
/// <param name="Step">How far its making has come.</param>
public sealed record DisclosureStanding(DisclosureRow Row, DisclosureState State, ExportStep? Step);

/// <summary>A page of a case's disclosures.</summary>
/// <param name="Lines">The newest first.</param>
/// <param name="Page">Which page, from 1.</param>
/// <param name="Pages">How many there are.</param>
public sealed record DisclosurePage(IReadOnlyList<DisclosureStanding> Lines, int Page, int Pages);

/// <summary>A disclosure with its exhibits and on whom it was served.</summary>
/// <param name="Standing">How it stands.</param>
/// <param name="Exhibits">References of its exhibits, from the entry that records the export.</param>
/// <param name="Services">Services, oldest first.</param>
public sealed record ShownDisclosure(DisclosureStanding Standing, IReadOnlyList<string> Exhibits, IReadOnlyList<ServiceRow> Services);

/// <summary>Lists a case's disclosures: nothing personal, so it leaves no entry.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Page">From 1.</param>
public sealed record ListDisclosures(string CaseName, int Page) : IVaultRequest, IRequest<DisclosurePage>
{
    internal const int OnPage = 50;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => DisclosingRoles.See;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public string? Case => CaseName;
}

/// <summary>Shows how a disclosure stands: nothing personal, so it leaves no entry. Null where the case has none of this id.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Id">The bundle's id.</param>
public sealed record ShowDisclosure(string CaseName, string Id) : IVaultRequest, IRequest<ShownDisclosure?>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => DisclosingRoles.See;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public string? Case => CaseName;
}

/// <summary>Gives out a bundle that is ready, or the rest of it. Recorded before the first byte.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Id">The bundle's id.</param>
/// <param name="From">The first byte that is wanted: above 0 where a download that broke off goes on.</param>
public sealed record FetchDisclosure(string CaseName, string Id, long From) : IEvidenceAccess, IRecordsItself, IRequest<FetchedDisclosure>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => DisclosingRoles.Make;

    /// <inheritdoc/>
    public string Action => Acts.BundleFetched;

    /// <inheritdoc/>
    public string? Case => CaseName;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    async Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        DisclosureRow? row = vault.Disclosures.Find(CaseName, Id);
        if (row is not null && Standings.Of(vault, row) == DisclosureState.Ready)
        {
            await vault.Sequencer.RecordAsync(new CustodyAct(Action, caller.Account) { Case = CaseName, Sha256 = row.BundleSha256, Detail = new JsonObject { ["bundle"] = row.Id, ["from"] = From } }).ConfigureAwait(false);
            return;
        }
        await vault.Sequencer.RecordAsync(Refusal.Of(this, null, CaseName, caller, row is null ? "no-such-bundle" : "not-ready")).ConfigureAwait(false);
        throw new RefusedException(
            row is null ? "This case has no such bundle." : "The bundle is not there to be fetched: it is not made yet, was cut off, or is not kept any more.",
            "Nothing was given out; the refusal is in the custody log.", "See the list of the case’s disclosures, and ask for the bundle again.");
    }
}

/// <summary>A bundle that is being given out.</summary>
/// <param name="Row">As catalogued.</param>
/// <param name="File">Where it lies.</param>
public sealed record FetchedDisclosure(DisclosureRow Row, string File);

/// <summary>Notes that a bundle was served on somebody: gives the number of that.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Id">The bundle's id.</param>
/// <param name="On">On whom, in words; personal.</param>
/// <param name="How">By what way, in words; personal, as it may name people.</param>
/// <param name="Day">When.</param>
public sealed record ServeDisclosure(string CaseName, string Id, string On, string? How, DateOnly Day) : IVaultRequest, IRequest<long>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => DisclosingRoles.Make;

    /// <inheritdoc/>
    public string Action => Acts.BundleServed;

    /// <inheritdoc/>
    public string? Case => CaseName;
}

/// <summary>Notes that somebody on whom a bundle was served acknowledged it.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Id">The bundle's id.</param>
/// <param name="Number">Which service.</param>
/// <param name="By">Who, in words; null where the caller acknowledges it.</param>
/// <param name="Day">When.</param>
public sealed record AcknowledgeDisclosure(string CaseName, string Id, long Number, string? By, DateOnly Day) : IVaultRequest, IRequest
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => DisclosingRoles.Make;

    /// <inheritdoc/>
    public string Action => Acts.BundleAcknowledged;

    /// <inheritdoc/>
    public string? Case => CaseName;
}

/// <summary>Shows the receipt of a disclosure, with who it names. Recorded. Null where there is none.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Id">The bundle's id.</param>
/// <param name="Number">Which service.</param>
public sealed record ShowReceipt(string CaseName, string Id, long Number) : IEvidenceAccess, IRecordsItself, IRequest<DisclosureReceipt?>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => DisclosingRoles.See;

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public string? Case => CaseName;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller) => vault.Sequencer.RecordAsync(new CustodyAct(Action, caller.Account)
    {
        Case = CaseName,
        Detail = new JsonObject { ["what"] = "disclosure-receipt", ["bundle"] = vault.Disclosures.Find(CaseName, Id)?.Id ?? "unknown" },
    });
}

/// <summary>The receipt of a disclosure.</summary>
/// <param name="Row">The disclosure.</param>
/// <param name="Service">The service.</param>
/// <param name="Exhibits">References of its exhibits.</param>
/// <param name="Export">The entry that records the export.</param>
/// <param name="Served">The entry that records the service.</param>
/// <param name="Acknowledged">The entry that records the acknowledgement; null where there is none.</param>
public sealed record DisclosureReceipt(DisclosureRow Row, ServiceRow Service, IReadOnlyList<string> Exhibits, EntryShown Export, EntryShown Served, EntryShown? Acknowledged);

/// <summary>How disclosures stand: what was noted, and whether the folder is still there.</summary>
internal static class Standings
{
    public static string FileOf(Vault vault, DisclosureRow row) => Path.Combine(vault.ScratchRoot, Path.GetFileName(row.Folder), DisclosureWork.FileName);

    public static DisclosureState Of(Vault vault, DisclosureRow row) => row.State switch
    {
        "making" => Directory.Exists(Path.GetDirectoryName(FileOf(vault, row))) ? DisclosureState.Making : DisclosureState.CutOff,
        "ready" => File.Exists(FileOf(vault, row)) ? DisclosureState.Ready : DisclosureState.Removed,
        _ => DisclosureState.Failed,
    };

    public static DisclosureStanding Whole(Vault vault, DisclosureWork work, DisclosureRow row) => new(row, Of(vault, row), work.Step(row.Id));

    /// <summary>The exhibits of a bundle, as the entry of its export names them.</summary>
    public static IReadOnlyList<string> ExhibitsOf(EntryShown export) => [.. (export.Detail?["exhibits"] as JsonArray ?? []).Select(e => e!.GetValue<string>())];

    /// <summary>A day as entries have it.</summary>
    public static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static RefusedException NotMade() => new("There is no such bundle that was made.", "Nothing was noted.", "See the list of the case’s disclosures.");
}

internal sealed class AskDisclosureHandler(DisclosureWork work, Caller caller) : IRequestHandler<AskDisclosure, string>
{
    public ValueTask<string> Handle(AskDisclosure request, CancellationToken cancellationToken)
    {
        (RecordedExport export, Scratch folder) = request.Recorded ?? throw new InvalidOperationException("An export was not recorded before it was carried out.");
        work.Begin(export, folder, caller.Account);
        return ValueTask.FromResult(export.Id);
    }
}

internal sealed class ListDisclosuresHandler(Vault vault, DisclosureWork work) : IRequestHandler<ListDisclosures, DisclosurePage>
{
    public ValueTask<DisclosurePage> Handle(ListDisclosures request, CancellationToken cancellationToken)
    {
        int pages = Math.Max(1, (int)((vault.Disclosures.Count(request.CaseName) + ListDisclosures.OnPage - 1) / ListDisclosures.OnPage)), page = Math.Clamp(request.Page, 1, pages);
        return ValueTask.FromResult(new DisclosurePage(
            [.. vault.Disclosures.OfCase(request.CaseName, (page - 1) * ListDisclosures.OnPage, ListDisclosures.OnPage).Select(r => Standings.Whole(vault, work, r))], page, pages));
    }
}

internal sealed class ShowDisclosureHandler(Vault vault, DisclosureWork work) : IRequestHandler<ShowDisclosure, ShownDisclosure?>
{
    public ValueTask<ShownDisclosure?> Handle(ShowDisclosure request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Disclosures.Find(request.CaseName, request.Id) is { } row
        ? new ShownDisclosure(Standings.Whole(vault, work, row), Standings.ExhibitsOf(EntryShown.Of(vault.Log.Entry((ulong)row.ExportEntry))), vault.Disclosures.Services(row.Id))
        : null);
}

internal sealed class FetchDisclosureHandler(Vault vault) : IRequestHandler<FetchDisclosure, FetchedDisclosure>
{
    public ValueTask<FetchedDisclosure> Handle(FetchDisclosure request, CancellationToken cancellationToken)
    {
        DisclosureRow row = vault.Disclosures.Find(request.CaseName, request.Id)!;
        return ValueTask.FromResult(new FetchedDisclosure(row, Standings.FileOf(vault, row)));
    }
}

internal sealed class ServeDisclosureHandler(Vault vault, Caller caller) : IRequestHandler<ServeDisclosure, long>
{
    public async ValueTask<long> Handle(ServeDisclosure request, CancellationToken cancellationToken)
    {
        if (vault.Disclosures.Find(request.CaseName, request.Id) is not { BundleSha256: { } sha256 } row) throw Standings.NotMade();
        List<PersonalField> who = [new("servedOn", request.On)];
        if (!string.IsNullOrWhiteSpace(request.How)) who.Add(new("how", request.How));
        string day = Standings.Text(request.Day);
        return await vault.Sequencer.CommitAsync(change =>
        {
            ulong entry = change.Record(new(Acts.BundleServed, caller.Account)
            {
                Case = row.Case,
                Sha256 = sha256,
                Detail = new JsonObject { ["bundle"] = row.Id, ["zipSha256"] = row.ZipSha256, ["day"] = day },
                Personal = who,
            }).Index;
            return change.Serve(row.Id, entry, day);
        }).ConfigureAwait(false);
    }
}

internal sealed class AcknowledgeDisclosureHandler(Vault vault, Caller caller) : IRequestHandler<AcknowledgeDisclosure>
{
    public async ValueTask<Unit> Handle(AcknowledgeDisclosure request, CancellationToken cancellationToken)
    {
        if (vault.Disclosures.Find(request.CaseName, request.Id) is not { BundleSha256: { } sha256 } row
            || vault.Disclosures.Services(row.Id).FirstOrDefault(s => s.Number == request.Number) is not { } service) throw Standings.NotMade();
        await vault.Sequencer.CommitAsync(change =>
        {
            ulong entry = change.Record(new(Acts.BundleAcknowledged, caller.Account)
            {
                Case = row.Case,
                Sha256 = sha256,
                Detail = new JsonObject { ["bundle"] = row.Id, ["served"] = service.Entry, ["day"] = Standings.Text(request.Day), ["noted"] = request.By is not null },
                Personal = [new("acknowledgedBy", request.By ?? caller.Account)],
            }).Index;
            // Undone with its entry: two that acknowledge at once make one acknowledgement.
            if (!change.Acknowledge(row.Id, service.Number, entry, Standings.Text(request.Day)))
                throw new RefusedException("It was acknowledged already.", "The first acknowledgement stands; nothing was noted.", "See the receipt.");
        }).ConfigureAwait(false);
        return Unit.Value;
    }
}

internal sealed class ShowReceiptHandler(Vault vault) : IRequestHandler<ShowReceipt, DisclosureReceipt?>
{
    public ValueTask<DisclosureReceipt?> Handle(ShowReceipt request, CancellationToken cancellationToken)
    {
        if (vault.Disclosures.Find(request.CaseName, request.Id) is not { } row || vault.Disclosures.Services(row.Id).FirstOrDefault(s => s.Number == request.Number) is not { } service) return ValueTask.FromResult<DisclosureReceipt?>(null);
        EntryShown export = Shown(row.ExportEntry);
        return ValueTask.FromResult<DisclosureReceipt?>(new(row, service, Standings.ExhibitsOf(export), export, Shown(service.Entry), service.AcknowledgedEntry is { } entry ? Shown(entry) : null));

        EntryShown Shown(long index) => EntryShown.Of(vault.Log.Entry((ulong)index));
    }
}
