using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Administrator)]
internal sealed class HealthModel(IMediator mediator) : PageModel
{
    public Health Health { get; private set; } = null!;

    public async Task OnGetAsync(CancellationToken cancel) => Health = await mediator.Send(new LookAtHealth(), cancel);

    /// <summary>What to do with an exhibit that wants a person.</summary>
    public static string WayOut(string state) => state switch
    {
        ExhibitState.Failed => "Nothing is sealed yet. Put the file back where it was delivered, or deliver it again: the worker takes it up at its next look.",
        ExhibitState.Damaged => "Keep the store as it is. Restore the blob from backup; the seal says which bytes are right.",
        ExhibitState.NotAnalysed => "The Master is sealed and safe. Somebody must watch it from beginning to end.",
        _ => "See the exhibit’s page.",
    };
}
