using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

/// <summary>For whoever has no password here: shows once more who they are, and goes back to what they were at.</summary>
[OpenToSignedIn]
internal sealed class ConfirmModel(SigningIn signing, PortalOptions options) : FormPage
{
    public string To { get; private set; } = "/";

    /// <summary>What the provider of identities is called; null where there is none.</summary>
    public string? Provider => options.Provider?.Name;

    public async Task<IActionResult> OnGetAsync(string? to)
    {
        To = LocalOr(to, "/");
        return await signing.HowToConfirmAsync() == Confirming.Done ? LocalRedirect(To) : Page();
    }
}
