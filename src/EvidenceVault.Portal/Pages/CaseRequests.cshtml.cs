using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer)]
internal sealed class CaseRequestsModel(IMediator mediator) : PageModel
{
    public string Case { get; private set; } = "";

    public IReadOnlyList<ExhibitRequest> Requests { get; private set; } = [];

    public async Task OnGetAsync(string name, CancellationToken cancel) => (Requests, Case) = (await mediator.Send(new ListCaseRequests(name), cancel), name);
}
