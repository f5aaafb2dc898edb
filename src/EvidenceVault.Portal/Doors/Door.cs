using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Portal.Doors;

/// <summary>Stands before every page and address: what does not say for whom it is, is for nobody. A refusal to somebody who is signed in is in the custody log before it is told. Whoever is not
/// signed in is sent to sign in, which leaves no entry: else anybody could fill the log.</summary>
internal sealed class Door(RequestDelegate next, Vault vault)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint)
        {
            // No page of this address: nothing stands behind it.
            await next(context);
            return;
        }
        IAudience? audience = endpoint.Metadata.GetMetadata<IAudience>();
        string? account = context.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : null;
        if (audience is { Anyone: true })
        {
            await next(context);
            return;
        }
        if (account is null)
        {
            if (HttpMethods.IsGet(context.Request.Method) && !Apis.ProblemDetails.IsApi(context)) context.Response.Redirect("/sign-in?to=" + Uri.EscapeDataString(context.Request.Path + context.Request.QueryString));
            else context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }
        if (audience is not null && (audience.OneOf.Count == 0 || vault.Access.Allows(account, audience.OneOf, null)))
        {
            await next(context);
            return;
        }
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.PageAsked, account)
        {
            Outcome = Proof.Outcome.Refused,
            Detail = new JsonObject { ["page"] = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "", ["why"] = audience is null ? "for-nobody" : "no-right" },
        });
        throw new RefusedException($"The account '{account}' may not see this page.", "Nothing was given out; the refusal is in the custody log.", "Ask the vault’s administrator for the right if you need it.");
    }
}
