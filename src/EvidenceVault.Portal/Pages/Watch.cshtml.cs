using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
internal sealed class WatchModel(IMediator mediator, Vault vault, PlaybackTickets tickets) : PageModel
{
    /// <summary>Intervals of motion that are shown; an exhibit's own page has all of them.</summary>
    public const int MostSegments = 300;

    public Playback Shown { get; private set; } = null!;

    /// <summary>Where the player gets its parts.</summary>
    public string? Source { get; private set; }

    /// <summary>Where the times of frames are asked for; null where they are not known.</summary>
    public string? Frames { get; private set; }

    /// <summary>Names and addresses of the storyboard's files.</summary>
    public IReadOnlyList<(string Name, string Address)> Storyboard { get; private set; } = [];

    /// <summary>The time to begin at, PTS seconds; null for the beginning.</summary>
    public double? At { get; private set; }

    public bool MayNote { get; private set; }

    public IEnumerable<SegmentRow> Segments => Shown.Segments.Take(MostSegments);

    public async Task<IActionResult> OnGetAsync(string reference, [FromQuery] string? t, [FromQuery] string? show, CancellationToken cancel)
    {
        if (!ExhibitReference.TryParse(reference, out ExhibitReference asked)) return NotFound();
        if (PtsText.TryRead(t, out double at)) At = at;
        Shown = await mediator.Send(new PlayExhibit(asked, show switch { "original" => Showing.Original, "copy" => Showing.Copy, _ => Showing.Fitting }), cancel);
        MayNote = vault.Access.Allows(User.Identity!.Name!, new WriteNote(asked, null, null, "").OneOf, Shown.Asked.Case);
        if (Shown.Played is not { } played) return Page();
        Source = TicketTo(played, Shown.MediaType);
        if (Shown.Asked.Parent is null) Frames = "/api/play/" + tickets.Issue(User, asked, TicketFor.Frames, "application/json") + "/frames";
        Storyboard = [.. Shown.Storyboard.Select(f => (f.RelativePath ?? "", TicketTo(f, Path.GetExtension(f.RelativePath) == ".vtt" ? "text/vtt" : "image/jpeg")))];
        return Page();
    }

    /// <summary>The player's own time of a PTS.</summary>
    public double Time(double pts) => Math.Max(0, pts - Shown.PtsAtZero);

    private string TicketTo(ExhibitRow row, string mediaType) => "/api/play/" + tickets.Issue(User, ExhibitReference.Parse(row.Reference), TicketFor.Bytes, mediaType);
}
