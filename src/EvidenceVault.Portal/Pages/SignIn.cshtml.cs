using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

[OpenToAnyone]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed class SignInModel(SigningIn signing) : FormPage
{
    [BindProperty(Name = "account", SupportsGet = false)]
    public string? Account { get; set; }

    [BindProperty(Name = "password", SupportsGet = false)]
    public string? Password { get; set; }

    [BindProperty(Name = "to", SupportsGet = true)]
    public string? To { get; set; }

    public IActionResult OnGet() => User.Identity is { IsAuthenticated: true } ? LocalRedirect(Safe()) : Page();

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrWhiteSpace(Account)) Wrong("account", "Enter your account");
        if (string.IsNullOrEmpty(Password)) Wrong("password", "Enter your password");
        if (Errors.Count > 0) return Page();
        if (await signing.SignInAsync(Account!.Trim(), Password!)) return LocalRedirect(Safe());
        // The same words whatever was wrong: they must not tell who has an account.
        Wrong("account", "The account or the password is not right, or too many tries have locked the account for 15 minutes");
        return Page();
    }

    private string Safe() => Url.IsLocalUrl(To) ? To! : "/";
}
