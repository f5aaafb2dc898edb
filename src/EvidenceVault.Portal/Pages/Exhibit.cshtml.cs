using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Technician, Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class ExhibitModel(IMediator mediator, Vault vault) : PageModel
{
    private const int EntriesMost = 20;

    public ShownExhibit Shown { get; private set; } = null!;

    /// <summary>The newest entries, the newest first.</summary>
    public IReadOnlyList<EntryShown> Continuity { get; private set; } = [];

    /// <summary>True where the caller may have its bytes.</summary>
    public bool MayRetrieve { get; private set; }

    /// <summary>True where the caller may see pictures of it.</summary>
    public bool MaySeePictures { get; private set; }

    /// <summary>True where the caller may read the entries in the log explorer.</summary>
    public bool MayReadLog { get; private set; }

    /// <summary>True where the caller may ask for its continuity.</summary>
    public bool MayReview { get; private set; }

    /// <summary>True for what there may be a player for.</summary>
    public bool IsFootage => Shown.Exhibit is { Parent: null, State: ExhibitState.Analysed or ExhibitState.NotAnalysed } or { Role: "clip" or "viewing-copy" };

    public bool MayReadNotes { get; private set; }

    public bool MayNote { get; private set; }

    public bool IsPicture => SeePicture.IsPicture(Shown.Exhibit);

    public string WhatItIs => Shown.Exhibit.Parent is null ? "Master: the file as delivered" : Told(Shown.Exhibit);

    /// <summary>Pictures of the whole Master.</summary>
    public IEnumerable<ExhibitRow> Overviews => Shown.Derivatives.Where(d => d.Segment is null && d.StoredAt is not null && SeePicture.IsPicture(d));

    public async Task<IActionResult> OnGetAsync(string reference, CancellationToken cancel)
    {
        if (!ExhibitReference.TryParse(reference, out ExhibitReference asked)) return NotFound();
        Shown = await mediator.Send(new ShowExhibit(asked) { MostEntries = EntriesMost }, cancel);
        MayRetrieve = ExhibitRight.Allows(vault, User.Identity!.Name!, new OpenExhibit(asked, null), asked, Shown.Exhibit.Case);
        MaySeePictures = ExhibitRight.Allows(vault, User.Identity!.Name!, new SeePicture(asked), asked, Shown.Exhibit.Case);
        MayReadLog = vault.Access.Allows(User.Identity!.Name!, new ExploreLog(new(), null, null).OneOf, Shown.Exhibit.Case);
        Continuity = [.. Shown.Custody.Reverse().Select(EntryShown.Of)];
        MayReview = vault.Access.Allows(User.Identity!.Name!, new LookUp(null, asked).OneOf, Shown.Exhibit.Case);
        MayReadNotes = vault.Access.Allows(User.Identity!.Name!, ShowNote.Readers, Shown.Exhibit.Case);
        MayNote = vault.Access.Allows(User.Identity!.Name!, new WriteNote(asked, null, null, "").OneOf, Shown.Exhibit.Case);
        return Page();
    }

    /// <summary>What a derivative is, in words.</summary>
    public static string Told(ExhibitRow row) => row.Role switch
    {
        "clip" => "Clip: the Master’s own frames, never re-encoded",
        "keyframe" => "Keyframe: a picture of the video",
        "contact-sheet" => "Contact sheet",
        "activity-curve" => "Activity over time",
        "activity-data" => "Activity over time, as numbers",
        "heat-map" => "Where in the picture something moved",
        "viewing-copy" => "Viewing copy: re-encoded for a browser, not the evidence",
        "storyboard" => "Storyboard for finding a moment",
        "packet-index" => "Packet index: every encoded frame with its hash",
        "packet-proof" => "Packet proof: shows that a clip’s frames are the Master’s",
        "still-series" => "Series of stills that were looked at together",
        { } other => other,
        null => "Master: the file as delivered",
    };
}
