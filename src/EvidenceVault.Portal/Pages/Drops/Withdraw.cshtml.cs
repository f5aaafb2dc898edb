using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages.Drops;

[OpenTo(Role.Technician)]
internal sealed class WithdrawModel(IMediator mediator) : FormPage
{
    [BindProperty(Name = "reason")]
    public string? Reason { get; set; }

    public ShownUpload Drop { get; private set; } = null!;

    public async Task OnGetAsync(string id, CancellationToken cancel) => Drop = await mediator.Send(new ShowUpload(id), cancel);

    public async Task<IActionResult> OnPostAsync(string id, CancellationToken cancel)
    {
        Drop = await mediator.Send(new ShowUpload(id), cancel);
        if (string.IsNullOrWhiteSpace(Reason)) Wrong("reason", "Enter why you withdraw it");
        if (Reason is { Length: > 2000 }) Wrong("reason", "The reason must be 2,000 characters or fewer");
        if (Errors.Count > 0) return Page();
        await mediator.Send(new WithdrawDrop(id, Reason!.Trim()), cancel);
        return Redirect($"/drops/{Drop.Row.Id}");
    }
}
