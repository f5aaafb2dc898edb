using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

[OpenToAnyone]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed class SignInCodeModel(SigningIn signing) : FormPage
{
    [BindProperty(Name = "code", SupportsGet = false)]
    public string? Code { get; set; }

    [BindProperty(Name = "to", SupportsGet = true)]
    public string? To { get; set; }

    public IActionResult OnGet() => Page();

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrWhiteSpace(Code)) Wrong("code", "Enter the code");
        else if (Code.Length > 64 || await signing.SignInWithCodeAsync(Code) != Entrance.In) Wrong("code", "The code is not right, has run out, or too many tries have locked the account for 15 minutes");
        else return LocalRedirect(LocalOr(To, "/"));
        return Page();
    }
}
