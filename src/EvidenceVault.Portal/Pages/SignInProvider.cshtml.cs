using System.Security.Claims;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

/// <summary>Sends somebody to the provider of identities, and takes them in when they come back. The session's cookie is for our own pages alone, so a browser that was sent here by another
/// does not bring it along: the page that begins the session goes on to where one wanted to go by itself.</summary>
[OpenToAnyone]
internal sealed class SignInProviderModel(SignInManager<Account> signIn, SigningIn signing, Provider accounts, PortalOptions options, TimeProvider clock) : PageModel
{
    private const string Again = "again", By = "by";

    public string To { get; private set; } = "/";

    public IActionResult OnGet(string? to, bool again)
    {
        if (options.Provider is null) return NotFound();
        string back = "/sign-in/provider/back?to=" + Uri.EscapeDataString(Url.IsLocalUrl(to) ? to : "/");
        AuthenticationProperties asked = signIn.ConfigureExternalAuthenticationProperties(Provider.Scheme, back);
        if (!again || User.Identity is not { IsAuthenticated: true, Name: { } name }) return Challenge(asked, Provider.Scheme);
        // OpenID Connect Core 1.0 section 3.1.2.1: asks for the password however lately it was given, and says when that was.
        var anew = new OpenIdConnectChallengeProperties(asked.Items) { Prompt = "login", MaxAge = TimeSpan.Zero };
        (anew.Items[Again], anew.Items[By]) = ("true", name);
        return Challenge(anew, Provider.Scheme);
    }

    public async Task<IActionResult> OnGetBackAsync(string? to)
    {
        if (options.Provider is not { } provider) return NotFound();
        if (await signIn.GetExternalLoginInfoAsync() is not { } said) return LocalRedirect("/sign-in?provider=failed");
        await HttpContext.SignOutAsync(IdentityConstants.ExternalScheme);
        Account account = await accounts.AccountOfAsync(said, provider);
        IDictionary<string, string?> asked = said.AuthenticationProperties?.Items ?? new Dictionary<string, string?>();
        // Whoever was to show that they are still themselves, and came back as somebody else, is signed in as who they are, and has confirmed nothing. Nor has whoever took the question out of the address on the way: the provider says
        // when it was last shown who they are, and that must be now.
        bool again = asked.ContainsKey(Again) && asked[By] == account.UserName && long.TryParse(said.Principal.FindFirstValue("auth_time"), out long shown) && clock.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(shown) < SigningIn.Fresh;
        if (await signing.SignInVouchedAsync(account, again) != Entrance.In) return LocalRedirect("/sign-in?provider=failed");
        To = Url.IsLocalUrl(to) ? to : "/";
        return Page();
    }
}
