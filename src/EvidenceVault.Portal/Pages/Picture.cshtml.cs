using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
internal sealed class PictureModel(IMediator mediator) : PageModel
{
    public async Task<IActionResult> OnGetAsync(string reference, CancellationToken cancel) =>
        ExhibitReference.TryParse(reference, out ExhibitReference asked) ? new OpenedResult(await mediator.Send(new SeePicture(asked), cancel), asPicture: true) : NotFound();
}
