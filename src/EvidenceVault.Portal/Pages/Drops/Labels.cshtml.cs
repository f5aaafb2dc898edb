using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages.Drops;

[OpenTo(Role.Technician)]
internal sealed class LabelsModel(IMediator mediator) : PageModel
{
    public ShownReceipt Shown { get; private set; } = null!;

    public async Task OnGetAsync(string id, [FromQuery] int page, CancellationToken cancel) => Shown = await mediator.Send(new ShowDropReceipt(id, Math.Max(1, page)), cancel);
}
