using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

/// <summary>Says what happened, what it means for the evidence, and what to do next. Reached only from within, for whatever method was asked.</summary>
[OpenToAnyone]
[IgnoreAntiforgeryToken]
internal sealed class TroubleModel : PageModel
{
    public string Title { get; private set; } = "Page not found";

    public IReadOnlyList<string> Sentences { get; private set; } = [];

    public void OnGet() => Tell();

    public void OnPost() => Tell();

    private void Tell()
    {
        if (HttpContext.Features.Get<IExceptionHandlerFeature>()?.Error is { } error)
        {
            (Response.StatusCode, Title, Sentences) = error switch
            {
                RefusedException e => (StatusCodes.Status403Forbidden, "You cannot do this", [e.What, e.Meaning, e.Next]),
                EvidenceException e => (StatusCodes.Status500InternalServerError, "The evidence is not as it should be", [e.What, e.Meaning, e.Next]),
                UnreachableException e => (StatusCodes.Status503ServiceUnavailable, "Something needed is out of reach", [e.What, e.Meaning, e.Next]),
                _ => (StatusCodes.Status500InternalServerError, "Sorry, there is a problem with the portal",
                    (IReadOnlyList<string>)["Something went wrong that was not foreseen.", "Nothing that is stored was changed; what you asked for was not given out.", "Try again. If it happens again, tell the vault’s administrator when it was: the portal’s own log says more."]),
            };
            return;
        }
        if (HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is not { } given)
        {
            Response.StatusCode = StatusCodes.Status404NotFound;
            Sentences = ["There is no page at this address.", "Nothing was changed."];
            return;
        }
        (Title, Sentences) = given.OriginalStatusCode switch
        {
            StatusCodes.Status404NotFound => ("Page not found", ["There is no page at this address. If you typed it, check that it is right."]),
            StatusCodes.Status429TooManyRequests => ("Too many tries", ["There were too many tries from where you are.", "Nothing was changed.", "Wait for a minute and try again."]),
            StatusCodes.Status401Unauthorized => ("You are not signed in", ["Your session has ended, or there was none.", "Nothing was changed.", "Sign in and do it again."]),
            StatusCodes.Status400BadRequest => ("The form cannot be used", ["The form was sent twice, was too old, or did not come from this page.", "Nothing was changed.", "Go back, load the page again and fill it in anew."]),
            _ => ("This cannot be done", (IReadOnlyList<string>)[$"The portal answered with status {given.OriginalStatusCode}.", "Nothing was changed."]),
        };
    }
}
