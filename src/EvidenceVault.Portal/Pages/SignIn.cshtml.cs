using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

[OpenToAnyone]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed class SignInModel(SigningIn signing, PortalOptions options) : FormPage
{
    [BindProperty(Name = "account", SupportsGet = false)]
    public string? Account { get; set; }

    [BindProperty(Name = "password", SupportsGet = false)]
    public string? Password { get; set; }

    [BindProperty(Name = "to", SupportsGet = true)]
    public string? To { get; set; }

    /// <summary>What the provider of identities is called; null where there is none.</summary>
    public string? Provider => options.Provider?.Name;

    public IActionResult OnGet(string? provider)
    {
        if (User.Identity is { IsAuthenticated: true }) return LocalRedirect(LocalOr(To, "/"));
        if (provider == "failed") Wrong("account", "You were not signed in there, or it took too long. Try again");
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrWhiteSpace(Account)) Wrong("account", "Enter your account");
        if (string.IsNullOrEmpty(Password)) Wrong("password", "Enter your password");
        if (Errors.Count > 0) return Page();
        switch (await signing.SignInAsync(Account!.Trim(), Password!))
        {
            case Entrance.In: return LocalRedirect(LocalOr(To, "/"));
            case Entrance.CodeNext: return LocalRedirect("/sign-in/code?to=" + Uri.EscapeDataString(LocalOr(To, "/")));
            default:
                // The same words whatever was wrong: they must not tell who has an account.
                Wrong("account", "The account or the password is not right, or too many tries have locked the account for 15 minutes");
                return Page();
        }
    }
}
