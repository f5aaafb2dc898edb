using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Retrieval;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Takes one file in, carries it to its final state and returns it. The same call after a crash carries on.</summary>
/// <param name="File">Path of a plain file.</param>
/// <param name="CaseName">The case.</param>
/// <param name="Camera">The camera.</param>
/// <param name="Reference">The reference it is to have.</param>
/// <param name="Progress">Told of each step.</param>
public sealed record IngestFile(string File, string CaseName, string Camera, ExhibitReference Reference, IProgress<FlowStep>? Progress) : IVaultRequest, IRequest<ExhibitRow>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Technician];

    /// <inheritdoc/>
    public string Action => Acts.Received;

    /// <inheritdoc/>
    public string? Case => CaseName;
}

/// <summary>Lists Masters, and series of stills, that the caller may see, of one case or of all.</summary>
public sealed record ListExhibits(string? CaseName) : IVaultRequest, IRequest<IReadOnlyList<ListedExhibit>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => AnyReader;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public string? Case => CaseName;

    internal static readonly Role[] AnyReader = [Role.Technician, Role.CaseOfficer, Role.CpsReviewer, Role.Auditor];
}

/// <summary>A line of a list.</summary>
public sealed record ListedExhibit(ExhibitRow Exhibit, int Segments, int Keyframes);

/// <summary>Shows all that is recorded of an exhibit. Recorded as viewed.</summary>
public sealed record ShowExhibit(ExhibitReference Reference) : IEvidenceAccess, IRequest<ShownExhibit>
{
    /// <summary>How many of its custody entries at most, the newest.</summary>
    public int MostEntries { get; init; } = int.MaxValue;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => ListExhibits.AnyReader;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public ByApproval ByApproval => ByApproval.Looking;

    /// <inheritdoc/>
    public bool NeedsReason => false;
}

/// <summary>An exhibit with its segments, derivatives, custody entries and the time stamp of its seal, if it has one.</summary>
public sealed record ShownExhibit(ExhibitRow Exhibit, IReadOnlyList<SegmentRow> Segments, IReadOnlyList<ExhibitRow> Derivatives, IReadOnlyList<RecordedEntry> Custody, KeptTimestamp? Timestamp)
{
    /// <summary>Of a still: the series that it was looked at in.</summary>
    public string? Series { get; init; }

    /// <summary>How many custody entries it has in all.</summary>
    public long Entries { get; init; }

    /// <summary>What people noted about it; empty for whoever may not read notes.</summary>
    public IReadOnlyList<NoteRow> Notes { get; init; } = [];

    /// <summary>Of a series: its stills, in its order.</summary>
    public IReadOnlyList<string> Stills { get; init; } = [];
}

/// <summary>Writes an exhibit's bytes to a file, decrypted and held to the seal. Recorded, with the reason, before the first byte.</summary>
/// <param name="Reference">Which.</param>
/// <param name="Output">The file to make; it must not be there yet.</param>
/// <param name="Why">The reason.</param>
/// <param name="Progress">Bytes written.</param>
public sealed record RetrieveExhibit(ExhibitReference Reference, string Output, string? Why, IProgress<long>? Progress) : IEvidenceAccess, IRequest<ExhibitRow>
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

internal sealed class IngestFileHandler(EvidenceFlow flow, GivenFiles given, Caller caller) : IRequestHandler<IngestFile, ExhibitRow>
{
    public async ValueTask<ExhibitRow> Handle(IngestFile request, CancellationToken cancellationToken)
    {
        Names.Require(request.CaseName, "case");
        Names.Require(request.Camera, "camera");
        if (request.Reference.IsSubExhibit)
            throw new RefusedException($"{request.Reference} is a sub-exhibit's reference.", "Nothing was taken.", "Give the file a reference of its own, such as AB/1.");
        DropFile file = GivenFiles.Look(request.File);
        // Path and reference together: the same file may be taken again under another reference, with its own custody history.
        ExhibitReference reference = await flow.ReceiveAsync(
            new(GivenFiles.SourceId, file.Path, file.RelativePath, file.Version.Bytes, file.Version.Stamp, request.CaseName, request.Camera,
                request.Reference.Prefix, request.Reference, null, null, null), caller.Account).ConfigureAwait(false);
        return await flow.CarryOnAsync(reference, given, caller.Account, analyse: true, request.Progress, cancellationToken).ConfigureAwait(false)
            ?? throw new UnreachableException($"Exhibit {reference} is being carried on by another process.", "Nothing is lost: that process finishes it.", $"See how it stands with 'evidencevault show {reference}'.");
    }
}

internal sealed class ListExhibitsHandler(Vault vault, Caller caller) : IRequestHandler<ListExhibits, IReadOnlyList<ListedExhibit>>
{
    public ValueTask<IReadOnlyList<ListedExhibit>> Handle(ListExhibits request, CancellationToken cancellationToken)
    {
        var counts = vault.Exhibits.Counts();
        IReadOnlyList<ListedExhibit> mine =
        [
            .. vault.Exhibits.Listed(request.CaseName)
                .Where(e => vault.Access.Allows(caller.Account, request.OneOf, e.Case))
                .Select(e => new ListedExhibit(e, counts[e.Reference].Segments, counts[e.Reference].Keyframes)),
        ];
        return ValueTask.FromResult(mine);
    }
}

internal sealed class ShowExhibitHandler(Vault vault, Caller caller) : IRequestHandler<ShowExhibit, ShownExhibit>
{
    public ValueTask<ShownExhibit> Handle(ShowExhibit request, CancellationToken cancellationToken) => ValueTask.FromResult(new ShownExhibit(
        vault.Exhibits.Find(request.Reference)!, vault.Exhibits.Segments(request.Reference), vault.Exhibits.Derivatives(request.Reference), vault.Log.Entries(request.Reference, request.MostEntries), vault.Timestamps.Of(request.Reference))
    {
        Entries = vault.Log.CountOf(request.Reference),
        Series = vault.Stills.Of(request.Reference),
        Stills = vault.Stills.In(request.Reference),
        Notes = vault.Access.Allows(caller.Account, ShowNote.Readers, vault.Exhibits.Find(request.Reference)!.Case) ? vault.Notes.Of(request.Reference, ShowNote.MostShown) : [],
    });
}

internal sealed class RetrieveExhibitHandler(Vault vault, IEvidenceStore store, Caller caller) : IRequestHandler<RetrieveExhibit, ExhibitRow>
{
    public async ValueTask<ExhibitRow> Handle(RetrieveExhibit request, CancellationToken cancellationToken)
    {
        ExhibitRow row = vault.Exhibits.Find(request.Reference)!;
        try
        {
            if (row.StoredAt is null || row.State == ExhibitState.Damaged)
                throw new EvidenceException($"Exhibit {row.Reference} is '{row.State}' and cannot be given out.", row.Problem ?? "It is not stored yet.", $"See 'evidencevault show {row.Reference}'.");
            await using Stream stored = await store.OpenReadAsync(ContentAddress.Parse(row.Address!), cancellationToken).ConfigureAwait(false);
            await VerifiedCopy.WriteAsync(stored, new(row.Sha256!, row.Sha512!, row.Bytes!.Value), request.Output, request.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (EvidenceException e)
        {
            await vault.Sequencer.RecordAsync(FailedAccess.Of(Acts.Retrieved, row, caller, e.What)).ConfigureAwait(false);
            throw;
        }
        return row;
    }
}
