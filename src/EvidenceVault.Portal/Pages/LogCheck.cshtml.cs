using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Auditor)]
internal sealed class LogCheckModel(IMediator mediator) : PageModel
{
    public IndexCheck? Check { get; private set; }

    public void OnGet()
    {
    }

    public async Task OnPostAsync(CancellationToken cancel) => Check = await mediator.Send(new CheckEntryIndex(), cancel);
}
