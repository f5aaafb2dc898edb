using EvidenceVault.Pipeline;
using EvidenceVault.Portal.Doors;

namespace EvidenceVault.Portal.Apis;

/// <summary>Who somebody is to the vault, and what they may be in which case.</summary>
/// <param name="Account">The account's name.</param>
/// <param name="Grants">What it may be.</param>
internal sealed record Me(string Account, IReadOnlyList<MyGrant> Grants);

/// <summary>Roles in cases.</summary>
/// <param name="Roles">The roles.</param>
/// <param name="Cases">In which cases; <c>*</c> is all.</param>
internal sealed record MyGrant(IReadOnlyList<string> Roles, IReadOnlyList<string> Cases);

/// <summary>The document that describes the APIs (OpenAPI 3.1), and who is asking.</summary>
internal static class AboutMe
{
    public static void MapAboutMe(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi("/api/openapi.json").WithMetadata(new OpenToSignedInAttribute());
        app.MapGet("/api/me", (HttpContext context, Vault vault) =>
            {
                string account = context.User.Identity!.Name!;
                return new Me(account, [.. vault.Access.Of(account).Select(p => new MyGrant([.. p.Roles.Select(r => r.ToString())], p.Cases))]);
            })
            .WithName("GetMe").WithSummary("Who is signed in, and what they may be in which case.").Produces<Me>().ProducesProblem(StatusCodes.Status401Unauthorized)
            .WithMetadata(new OpenToSignedInAttribute());
    }
}
