using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;

namespace EvidenceVault.Portal.Apis;

/// <summary>How the vault runs, for the programs of whoever runs it.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder app) => app.MapGet("/api/health", async (IMediator mediator, CancellationToken cancel) => await mediator.Send(new LookAtHealth(), cancel))
        .WithName("GetHealth").WithSummary("What is on its way, what wants a person, and what the vault stands on.").Produces<Health>().ProducesProblem(StatusCodes.Status403Forbidden)
        .WithMetadata(new OpenToAttribute(Role.Administrator));
}
