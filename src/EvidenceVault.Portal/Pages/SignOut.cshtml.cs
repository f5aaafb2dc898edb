using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenToSignedIn]
internal sealed class SignOutModel(SigningIn signing) : PageModel
{
    public IActionResult OnGet() => LocalRedirect("/");

    public async Task<IActionResult> OnPostAsync()
    {
        await signing.SignOutAsync(User.Identity!.Name!);
        return LocalRedirect("/sign-in");
    }
}
