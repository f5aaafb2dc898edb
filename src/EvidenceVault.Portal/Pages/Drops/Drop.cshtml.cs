using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages.Drops;

/// <summary>A drop: steps 3 and 4 while it is begun (its files, and to review and send it), and how it stands once it was sent.</summary>
[OpenTo(Role.Technician)]
internal sealed class DropModel(IMediator mediator) : PageModel
{
    public ShownUpload Drop { get; private set; } = null!;

    public DropStanding Standing { get; private set; } = null!;

    public long After { get; private set; }

    public string Id => Drop.Row.Id;

    public async Task OnGetAsync(string id, [FromQuery] long after, CancellationToken cancel)
    {
        Drop = await mediator.Send(new ShowUpload(id), cancel);
        Standing = await mediator.Send(new WatchDrop(id, After = Math.Max(0, after)), cancel);
        // Only this page, and only while there is something to send, may reach beyond the portal.
        if (Drop.Row.State == UploadState.Begun) HttpContext.MayConnectTo(Drop.Place);
    }

    /// <summary>Goes on with a completion that was cut off.</summary>
    public async Task<IActionResult> OnPostAsync(string id, CancellationToken cancel)
    {
        await mediator.Send(new CompleteDrop(id), cancel);
        return Redirect($"/drops/{Uri.EscapeDataString(id)}");
    }
}
