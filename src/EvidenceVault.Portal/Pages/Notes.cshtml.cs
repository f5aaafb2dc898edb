using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>Notes as the part of a page that shows them.</summary>
/// <param name="Exhibit">What they are about.</param>
/// <param name="Notes">As they now read.</param>
/// <param name="MayWrite">True where who looks may write one.</param>
/// <param name="Plays">True where a time can be gone to.</param>
public sealed record NotesShown(string Exhibit, IReadOnlyList<NoteRow> Notes, bool MayWrite, bool Plays);

[OpenTo(Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class NotesModel(IMediator mediator, Vault vault) : FormPage
{
    [BindProperty(Name = "text", SupportsGet = false)]
    public string? Text { get; set; }

    [BindProperty(Name = "at", SupportsGet = false)]
    public string? At { get; set; }

    public ExhibitReference Reference { get; private set; }

    /// <summary>The note that another version is written of; null for a new one.</summary>
    public long? Number { get; private set; }

    public IReadOnlyList<NoteRow> Versions { get; private set; } = [];

    public bool MayWrite => vault.Access.Allows(User.Identity!.Name!, [Role.CaseOfficer], null);

    public async Task<IActionResult> OnGetAsync(string reference, [FromQuery] long? number, [FromQuery] string? t, CancellationToken cancel)
    {
        if (!await TakeAsync(reference, number, cancel)) return NotFound();
        (Text, At) = Versions.Count == 0 ? (null, PtsText.TryRead(t, out double at) ? Plain.Pts(at) : null) : (Versions[0].Body, Versions[0].Pts is { } pts ? Plain.Pts(pts) : null);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string reference, [FromQuery] long? number, CancellationToken cancel)
    {
        if (!await TakeAsync(reference, number, cancel)) return NotFound();
        if (string.IsNullOrWhiteSpace(Text)) Wrong("text", "Enter what you want to note");
        else if (Text.Trim().Length > WriteNote.MostCharacters) Wrong("text", $"The note must be {WriteNote.MostCharacters:N0} characters or fewer");
        double at = 0;
        bool timed = !string.IsNullOrWhiteSpace(At);
        if (timed && !PtsText.TryRead(At, out at)) Wrong("at", "Enter a time within the footage, such as 1:23.4, or leave it empty");
        if (Errors.Count > 0) return Page();
        await mediator.Send(new WriteNote(Reference, Number, timed ? at : null, Text!), cancel);
        return Redirect($"/exhibits/{Reference}#notes");
    }

    private async Task<bool> TakeAsync(string text, long? number, CancellationToken cancel)
    {
        if (!ExhibitReference.TryParse(text, out ExhibitReference reference)) return false;
        (Reference, Number) = (reference, number);
        if (number is { } asked) Versions = await mediator.Send(new ShowNote(reference, asked), cancel);
        return number is null || Versions.Count > 0;
    }
}
