using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenToSignedIn]
internal sealed class IndexModel(IMediator mediator, Vault vault) : PageModel
{
    /// <summary>False for somebody who may read no case at all, such as an administrator.</summary>
    public bool Reads { get; private set; }

    public IReadOnlyList<CaseRow> Cases { get; private set; } = [];

    public async Task OnGetAsync(CancellationToken cancel)
    {
        Reads = vault.Access.Allows(User.Identity!.Name!, [Role.Technician, Role.CaseOfficer, Role.CpsReviewer, Role.Auditor], null);
        if (Reads) Cases = await mediator.Send(new ListCases(), cancel);
    }
}
