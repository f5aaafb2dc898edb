using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Technician, Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class CaseModel(IMediator mediator, Vault vault) : PageModel
{
    /// <summary>True where the caller may see what the cameras recorded.</summary>
    public bool MayWatch { get; private set; }

    public CasePage List { get; private set; } = new(null, [], 1, 1);

    public bool MaySeeDisclosures { get; private set; }

    public async Task<IActionResult> OnGetAsync(string name, [FromQuery] int page, CancellationToken cancel)
    {
        List = await mediator.Send(new ListCase(name, page), cancel);
        MaySeeDisclosures = vault.Access.Allows(User.Identity!.Name!, new ListDisclosures(name, 1).OneOf, name);
        MayWatch = vault.Access.Allows(User.Identity!.Name!, new ShowTimeline(name, null, null, 1).OneOf, name);
        return List.Case is null ? NotFound() : Page();
    }
}
