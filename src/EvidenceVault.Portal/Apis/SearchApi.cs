using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Pages;
using Mediator;

namespace EvidenceVault.Portal.Apis;

/// <summary>The search as data.</summary>
internal static class SearchApi
{
    public static void MapSearchApi(this IEndpointRouteBuilder app) => app.MapGet("/api/exhibits", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
        {
            string? at(string name) => request.Query[name].FirstOrDefault();
            SearchAsked asked = new() { Reference = at("reference"), Case = at("case"), Camera = at("camera"), From = at("from"), To = at("to"), Name = at("name"), Hash = at("hash"), Motion = at("motion") };
            if (asked.Wrong() is [var (_, error), ..]) throw new RefusedException(error + ".", "Nothing was looked for.", "Mend what is asked.");
            ExhibitPlace? before = SearchAsked.Place(at("before"));
            return await mediator.Send(new SearchExhibits(asked.Query(), before, before is null ? SearchAsked.Place(at("after")) : null), cancel);
        })
        .WithName("SearchExhibits").WithSummary("Exhibits that the caller may see, the newest first; by reference, case, camera, from, to, name, hash, motion. The next page: before=RECEIVED~REFERENCE.")
        .Produces<FoundExhibits>().ProducesProblem(403).WithMetadata(new OpenToAttribute(Role.Technician, Role.CaseOfficer, Role.CpsReviewer, Role.Auditor));
}
