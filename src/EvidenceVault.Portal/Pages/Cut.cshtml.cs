using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed class CutModel(IMediator mediator, SigningIn signing, Works works) : FormPage
{
    [BindProperty(Name = "from", SupportsGet = true)]
    public string? From { get; set; }

    [BindProperty(Name = "to", SupportsGet = true)]
    public string? To { get; set; }

    [BindProperty(Name = "reason", SupportsGet = false)]
    public string? Reason { get; set; }

    [BindProperty(Name = "password", SupportsGet = false)]
    public string? Password { get; set; }

    public ExhibitReference Reference { get; private set; }

    /// <summary>The bounds asked for, PTS seconds; null where they are none.</summary>
    public (double From, double To)? Asked { get; private set; }

    public ClipOutlook Outlook { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string reference, CancellationToken cancel)
    {
        if (!ExhibitReference.TryParse(reference, out ExhibitReference asked)) return NotFound();
        Reference = asked;
        if (!string.IsNullOrWhiteSpace(From) || !string.IsNullOrWhiteSpace(To)) ReadBounds();
        await ForeseeAsync(cancel);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string reference, CancellationToken cancel)
    {
        if (!ExhibitReference.TryParse(reference, out ExhibitReference asked)) return NotFound();
        Reference = asked;
        ReadBounds();
        if (string.IsNullOrWhiteSpace(Reason)) Wrong("reason", "Enter why you need the clip");
        if (Reason is { Length: > 2000 }) Wrong("reason", "The reason must be 2,000 characters or fewer");
        if (await NotConfirmedAsync(signing, Password) is { } unsure) Wrong("password", unsure);
        await ForeseeAsync(cancel);
        if (Errors.Count > 0 || Asked is not { } bounds) return Page();
        string why = Reason!.Trim();
        return Redirect("/works/" + works.Begin(User.Identity!.Name!, $"Cutting a clip of exhibit {Reference}", async (sender, progress, stop) =>
            "/exhibits/" + (await sender.Send(new CutClip(asked, bounds.From, bounds.To, why, progress), stop)).Clip.Reference));
    }

    private void ReadBounds()
    {
        bool from = PtsText.TryRead(From, out double start), to = PtsText.TryRead(To, out double end);
        if (!from) Wrong("from", "Enter where the clip should start, such as 1:23.4");
        if (!to) Wrong("to", "Enter where the clip should end, such as 1:30");
        if (from && to && end <= start) Wrong("to", "The end must be later than the start");
        if (Errors.Count == 0) Asked = (start, end);
    }

    private async Task ForeseeAsync(CancellationToken cancel)
    {
        Outlook = await mediator.Send(new ForeseeClip(Reference, Asked?.From, Asked?.To), cancel);
        if (Asked is null || Outlook.Clip is not null || !Outlook.TimesKnown) return;
        Wrong("from", "The footage has nothing between these times");
        Asked = null;
    }
}
