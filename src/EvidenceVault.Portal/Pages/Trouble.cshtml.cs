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
    public Trouble Trouble { get; private set; } = Trouble.Of(StatusCodes.Status404NotFound);

    public void OnGet() => Tell();

    public void OnPost() => Tell();

    private void Tell()
    {
        Trouble = HttpContext.Features.Get<IExceptionHandlerFeature>()?.Error is { } error ? Trouble.Of(error)
            : Trouble.Of(HttpContext.Features.Get<IStatusCodeReExecuteFeature>()?.OriginalStatusCode ?? StatusCodes.Status404NotFound);
        Response.StatusCode = Trouble.Status;
    }
}
