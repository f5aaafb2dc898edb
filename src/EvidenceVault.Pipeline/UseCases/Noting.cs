using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Writes a note about an exhibit, or another version of one; nothing that was written is ever changed. The note and its entry, which commits to its text, are one commit.</summary>
/// <param name="Reference">The exhibit.</param>
/// <param name="Number">The note that this is another version of; null for a new one.</param>
/// <param name="Pts">The time it is about, PTS seconds; null where it is about the whole.</param>
/// <param name="Text">What it says, <see cref="MostCharacters"/> at most.</param>
public sealed record WriteNote(ExhibitReference Reference, long? Number, double? Pts, string Text) : IVaultRequest, IRequest<NoteRow>
{
    /// <summary>The longest note.</summary>
    public const int MostCharacters = 4000;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.Noted;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;
}

/// <summary>All versions of a note. Recorded as viewed.</summary>
/// <param name="Reference">The exhibit.</param>
/// <param name="Number">The note.</param>
public sealed record ShowNote(ExhibitReference Reference, long Number) : IEvidenceAccess, IRequest<IReadOnlyList<NoteRow>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => Readers;

    /// <summary>Notes that are shown beside an exhibit.</summary>
    public const int MostShown = 200;

    /// <summary>Who may read notes: an officer's thoughts are not for whoever brought the footage in.</summary>
    public static IReadOnlyCollection<Role> Readers { get; } = [Role.CaseOfficer, Role.CpsReviewer, Role.Auditor];

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    /// <inheritdoc/>
    public JsonObject? Detail => new() { ["what"] = "note", ["note"] = Number };
}

internal sealed class WriteNoteHandler(Vault vault, Caller caller) : IRequestHandler<WriteNote, NoteRow>
{
    public async ValueTask<NoteRow> Handle(WriteNote request, CancellationToken cancellationToken)
    {
        string text = request.Text.Trim();
        if (text.Length is 0 or > WriteNote.MostCharacters) throw Refused($"A note has 1 to {WriteNote.MostCharacters:N0} characters.");
        if (request.Pts is { } pts && !double.IsFinite(pts)) throw Refused("The time that a note is about is a number of seconds.");
        ExhibitRow row = vault.Exhibits.Find(request.Reference) ?? throw Refused($"There is no exhibit {request.Reference}.");
        return await vault.Sequencer.CommitAsync(change =>
        {
            NoteRow written = Notes.Write(change, request.Reference, request.Number, request.Pts, caller.Account, text) ?? throw Refused($"Exhibit {request.Reference} has no note {request.Number}.");
            var detail = new JsonObject { ["note"] = written.Number, ["version"] = written.Version };
            if (written.Pts is { } at) detail["pts"] = at;
            change.Record(new(Acts.Noted, caller.Account) { Case = row.Case, Camera = row.Camera, Exhibit = row.Ref, Sha256 = row.Sha256, Detail = detail, Personal = [new PersonalField("text", text)] });
            return written;
        }).ConfigureAwait(false);
    }

    private static RefusedException Refused(string what) => new(what, "Nothing was written.", "Change the note and send it again.");
}

internal sealed class ShowNoteHandler(Vault vault) : IRequestHandler<ShowNote, IReadOnlyList<NoteRow>>
{
    public ValueTask<IReadOnlyList<NoteRow>> Handle(ShowNote request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Notes.Versions(request.Reference, request.Number));
}
