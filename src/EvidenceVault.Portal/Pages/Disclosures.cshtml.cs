using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class DisclosuresModel(IMediator mediator, Vault vault) : PageModel
{
    public string CaseName { get; private set; } = "";

    public bool MayMake { get; private set; }

    public DisclosurePage List { get; private set; } = new([], 1, 1);

    public async Task OnGetAsync(string name, [FromQuery] int page, CancellationToken cancel)
    {
        List = await mediator.Send(new ListDisclosures(name, page), cancel);
        CaseName = name;
        MayMake = vault.Access.Allows(User.Identity!.Name!, [Role.CaseOfficer, Role.CpsReviewer], name);
    }

    /// <summary>How a disclosure stands, in words, with the colour of its tag.</summary>
    public static (string Colour, string Word) Told(DisclosureState state) => state switch
    {
        DisclosureState.Making => ("blue", "Being made"),
        DisclosureState.Ready => ("green", "Ready"),
        DisclosureState.Failed => ("red", "Not made"),
        DisclosureState.CutOff => ("orange", "Cut off"),
        _ => ("grey", "Not kept any more"),
    };
}
