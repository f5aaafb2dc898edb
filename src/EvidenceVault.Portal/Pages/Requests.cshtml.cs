using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.CaseOfficer)]
internal sealed class RequestsModel(IMediator mediator) : FormPage
{
    [BindProperty(Name = "exhibit", SupportsGet = true)]
    public string? Exhibit { get; set; }

    [BindProperty(Name = "reason", SupportsGet = false)]
    public string? Reason { get; set; }

    /// <summary>Of which exhibit the officers were just asked.</summary>
    public string? AskedFor { get; private set; }

    /// <summary>The exhibit that was asked for, where the caller may see it already.</summary>
    public string? SeenAlready { get; private set; }

    public IReadOnlyList<ExhibitRequest> Mine { get; private set; } = [];

    public async Task OnGetAsync([FromQuery] long? before, CancellationToken cancel) => Mine = await mediator.Send(new ListMyRequests(before), cancel);

    public async Task OnPostAsync(CancellationToken cancel)
    {
        if (!ExhibitReference.TryParse(Exhibit?.Trim().ToUpperInvariant(), out ExhibitReference reference)) Wrong("exhibit", "Enter the exhibit’s whole reference, such as AB/1");
        if (string.IsNullOrWhiteSpace(Reason)) Wrong("reason", "Enter why you need it");
        if (Reason is { Length: > 2000 }) Wrong("reason", "The reason must be 2,000 characters or fewer");
        if (Errors.Count == 0)
        {
            try
            {
                if ((await mediator.Send(new AskForExhibit(reference, Reason!.Trim()), cancel)).Id is null) SeenAlready = reference.Text;
                else (AskedFor, Exhibit, Reason) = (reference.Text, null, null);
            }
            catch (RefusedException e) { Wrong("exhibit", $"{e.What} {e.Next}"); }
        }
        Mine = await mediator.Send(new ListMyRequests(null), cancel);
    }
}
