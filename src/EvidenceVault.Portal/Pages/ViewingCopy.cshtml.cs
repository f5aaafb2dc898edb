using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>Asks for a viewing copy. Nothing of the exhibit is on the page, and making a copy gives nothing out: the case is asked for by the use case.</summary>
[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
internal sealed class ViewingCopyModel(Works works) : FormPage
{
    [BindProperty(Name = "reason", SupportsGet = false)]
    public string? Reason { get; set; }

    public ExhibitReference Reference { get; private set; }

    public IActionResult OnGet(string reference) => Take(reference) ? Page() : NotFound();

    public IActionResult OnPost(string reference)
    {
        if (!Take(reference)) return NotFound();
        if (string.IsNullOrWhiteSpace(Reason)) Wrong("reason", "Enter why you need it");
        if (Reason is { Length: > 2000 }) Wrong("reason", "The reason must be 2,000 characters or fewer");
        if (Errors.Count > 0) return Page();
        ExhibitReference asked = Reference;
        string why = Reason!.Trim();
        return Redirect("/works/" + works.Begin(User.Identity!.Name!, $"Making a viewing copy of exhibit {asked}", async (sender, progress, stop) =>
        {
            await sender.Send(new MakeViewingCopy(asked, why, progress), stop);
            return $"/watch/{asked}?show=copy";
        }));
    }

    private bool Take(string text)
    {
        bool good = ExhibitReference.TryParse(text, out ExhibitReference reference);
        if (good) Reference = reference;
        return good;
    }
}
