using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages.Drops;

[OpenTo(Role.Technician)]
internal sealed class IndexModel(IMediator mediator) : PageModel
{
    public UploadPage List { get; private set; } = new([], 1, 1, 0);

    public async Task OnGetAsync([FromQuery] int page, CancellationToken cancel) => List = await mediator.Send(new ListUploads(page), cancel);
}
