using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Antiforgery;

namespace EvidenceVault.Portal.Apis;

/// <summary>What every address below <c>/api</c> has in common: what goes wrong is told as problem details (RFC 9457), and what changes something must bring the token of a page of ours, as a form does.</summary>
internal static class ProblemDetails
{
    /// <summary>The header of a request that brings the token; the page has it in <c>meta name="form-token"</c>.</summary>
    public const string TokenHeader = "X-Form-Token";

    /// <summary>True for a request to an API.</summary>
    public static bool IsApi(HttpContext context) => context.Request.Path.StartsWithSegments("/api");

    /// <summary>Tells what went wrong below this point of the line, for APIs.</summary>
    public static IApplicationBuilder UseProblemDetails(this IApplicationBuilder app) => app.UseWhen(IsApi, api => api.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (e is Pipeline.Words.VaultException or BadHttpRequestException && !context.Response.HasStarted)
        {
            await TellAsync(context, Trouble.Of(e));
            return;
        }
        catch (Exception e) when (e is not OperationCanceledException && !context.Response.HasStarted)
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ProblemDetails).FullName!).LogError(e, "Not foreseen");
            await TellAsync(context, Trouble.Of(e));
            return;
        }
        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null }) await TellAsync(context, Trouble.Of(context.Response.StatusCode));
    }));

    /// <summary>Refuses what would change something and brings no token: the request was not made by a page of ours.</summary>
    public static IApplicationBuilder UseFormTokens(this IApplicationBuilder app) => app.UseWhen(IsApi, api => api.Use(async (context, next) =>
    {
        bool reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (reads || await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context)) await next(context);
        else context.Response.StatusCode = StatusCodes.Status400BadRequest;
    }));

    private static Task TellAsync(HttpContext context, Trouble trouble)
    {
        context.Response.Clear();
        // RFC 9457 section 3.1: the type about:blank says no more than the status; section 3.2: members of our own.
        return Results.Problem(trouble.What, title: trouble.Title, statusCode: trouble.Status, extensions: new Dictionary<string, object?> { ["meaning"] = trouble.Meaning, ["next"] = trouble.Next }).ExecuteAsync(context);
    }
}
