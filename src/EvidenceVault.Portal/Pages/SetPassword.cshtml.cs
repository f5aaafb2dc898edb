using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

[OpenToAnyone]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed class SetPasswordModel(Invitations invitations) : FormPage
{
    [BindProperty(Name = "account", SupportsGet = true)]
    public string? Account { get; set; }

    [BindProperty(Name = "code", SupportsGet = true)]
    public string? Code { get; set; }

    [BindProperty(Name = "password", SupportsGet = false)]
    public string? Password { get; set; }

    [BindProperty(Name = "again", SupportsGet = false)]
    public string? Again { get; set; }

    public bool IsDone { get; private set; }

    public async Task OnPostAsync()
    {
        if (Password != Again) Wrong("again", "The two passwords are not the same");
        if (Errors.Count > 0) return;
        foreach (string error in await invitations.AcceptAsync(Account ?? "", Code ?? "", Password ?? "")) Wrong("password", error);
        IsDone = Errors.Count == 0;
    }
}
