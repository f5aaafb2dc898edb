using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Retrieval;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Lists the cases that the caller may see.</summary>
public sealed record ListCases : IVaultRequest, IRequest<IReadOnlyList<CaseRow>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => ListExhibits.AnyReader;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;
}

/// <summary>Some of a case's Masters and series of stills, the newest first.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Page">From 1.</param>
public sealed record ListCase(string CaseName, int Page) : IVaultRequest, IRequest<CasePage>
{
    /// <summary>Exhibits on a page.</summary>
    public const int OnPage = 50;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => ListExhibits.AnyReader;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public string? Case => CaseName;
}

/// <summary>A page of a case's list.</summary>
/// <param name="Case">The case; null where there is none of this name.</param>
/// <param name="Lines">The page's exhibits.</param>
/// <param name="Page">Which page, from 1.</param>
/// <param name="Pages">How many there are.</param>
public sealed record CasePage(CaseRow? Case, IReadOnlyList<CaseLine> Lines, int Page, int Pages);

/// <summary>Gives an exhibit's bytes out as they are read, decrypted and held to the seal. Recorded, with the reason, before the first byte.</summary>
/// <param name="Reference">Which.</param>
/// <param name="Why">The reason.</param>
public sealed record OpenExhibit(ExhibitReference Reference, string? Why) : IEvidenceAccess, IRequest<OpenedExhibit>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.Retrieved;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public ByApproval ByApproval => ByApproval.Bytes;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;
}

/// <summary>Shows a picture that was made from an exhibit: a contact sheet, a plot, a keyframe. Recorded as viewed before the first byte.</summary>
/// <param name="Reference">Which.</param>
public sealed record SeePicture(ExhibitReference Reference) : IEvidenceAccess, IRequest<OpenedExhibit>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public ByApproval ByApproval => ByApproval.Looking;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    /// <inheritdoc/>
    public JsonObject? Detail => new() { ["what"] = "picture" };

    /// <summary>True where an exhibit is a picture that the analysis made.</summary>
    public static bool IsPicture(ExhibitRow row) => row.Role is "keyframe" or "contact-sheet" or "heat-map" or "activity-curve";
}

/// <summary>An exhibit that is being given out.</summary>
/// <param name="Exhibit">Its record.</param>
/// <param name="Content">Its bytes, forward only. Reading throws an <see cref="EvidenceException"/> before the last of them if they are not those that were sealed; that is in the log by then.</param>
public sealed record OpenedExhibit(ExhibitRow Exhibit, Stream Content) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}

internal sealed class ListCasesHandler(Vault vault, Caller caller) : IRequestHandler<ListCases, IReadOnlyList<CaseRow>>
{
    public ValueTask<IReadOnlyList<CaseRow>> Handle(ListCases request, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<CaseRow>>([.. vault.Exhibits.Cases().Where(c => vault.Access.Allows(caller.Account, request.OneOf, c.Name))]);
}

internal sealed class ListCaseHandler(Vault vault) : IRequestHandler<ListCase, CasePage>
{
    public ValueTask<CasePage> Handle(ListCase request, CancellationToken cancellationToken)
    {
        CaseRow? row = vault.Exhibits.FindCase(request.CaseName);
        int pages = Math.Max(1, (int)(((row?.Exhibits ?? 0) + ListCase.OnPage - 1) / ListCase.OnPage)), page = Math.Clamp(request.Page, 1, pages);
        return ValueTask.FromResult(new CasePage(row, row is null ? [] : vault.Exhibits.OfCase(row.Name, (page - 1) * ListCase.OnPage, ListCase.OnPage), page, pages));
    }
}

internal sealed class OpenExhibitHandler(GivingOut giving) : IRequestHandler<OpenExhibit, OpenedExhibit>
{
    public ValueTask<OpenedExhibit> Handle(OpenExhibit request, CancellationToken cancellationToken) => giving.OpenAsync(request.Reference, request.Action, cancellationToken);
}

internal sealed class SeePictureHandler(GivingOut giving, Vault vault) : IRequestHandler<SeePicture, OpenedExhibit>
{
    public ValueTask<OpenedExhibit> Handle(SeePicture request, CancellationToken cancellationToken) =>
        SeePicture.IsPicture(vault.Exhibits.Find(request.Reference)!)
            ? giving.OpenAsync(request.Reference, request.Action, cancellationToken)
            : throw new RefusedException($"{request.Reference} is no picture.", "Nothing of it was given out.", "Retrieve the exhibit with a reason if you need its bytes.");
}

/// <summary>Opens what is stored, held to its seal; a failure is an entry before it is told.</summary>
internal sealed class GivingOut(Vault vault, IEvidenceStore store, Caller caller)
{
    public async ValueTask<OpenedExhibit> OpenAsync(ExhibitReference reference, string action, CancellationToken cancel)
    {
        ExhibitRow row = vault.Exhibits.Find(reference)!;
        try
        {
            if (row.StoredAt is null || row.State == ExhibitState.Damaged)
                throw new EvidenceException($"Exhibit {row.Reference} is '{row.State}' and cannot be given out.", row.Problem ?? "It is not stored yet.", "Its page says how it stands.");
            Stream stored = await store.OpenReadAsync(ContentAddress.Parse(row.Address!), cancel).ConfigureAwait(false);
            return new(row, new VerifiedStream(stored, new(row.Sha256!, row.Sha512!, row.Bytes!.Value), FailedAsync));
        }
        catch (EvidenceException e)
        {
            await FailedAsync(e).ConfigureAwait(false);
            throw;
        }

        Task FailedAsync(EvidenceException cause) => vault.Sequencer.RecordAsync(FailedAccess.Of(action, row, caller, cause.What));
    }
}
