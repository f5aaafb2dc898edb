using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;

namespace EvidenceVault.Portal.Pages;

/// <summary>What somebody sees of their own account, and how it is signed in to.</summary>
[OpenToSignedIn]
[EnableRateLimiting(PortalApp.Tries)]
internal sealed class AccountModel(UserManager<Account> accounts, SigningIn signing, SecondFactor factor, Vault vault) : FormPage
{
    [BindProperty(Name = "password", SupportsGet = false)]
    public string? Password { get; set; }

    [BindProperty(Name = "code", SupportsGet = false)]
    public string? Code { get; set; }

    public IReadOnlyList<Grant> Grants { get; private set; } = [];

    public IReadOnlyList<UserPasskeyInfo> Passkeys { get; private set; } = [];

    public bool HasPassword { get; private set; }

    public bool AsksForCodes { get; private set; }

    /// <summary>The key for an app that is being set up.</summary>
    public string? Key { get; private set; }

    /// <summary>Shown once.</summary>
    public IReadOnlyList<string> RecoveryCodes { get; private set; } = [];

    private string Name => User.Identity!.Name!;

    public Task OnGetAsync() => ShowAsync();

    /// <summary>Shows the key that an app must be told.</summary>
    public async Task OnPostSetUpAsync()
    {
        Account account = await MineAsync();
        if (await NotConfirmedAsync(signing, Password) is { } why) Wrong("password", why);
        else if (!await accounts.GetTwoFactorEnabledAsync(account)) Key = await factor.KeyAsync(account);
        await ShowAsync();
    }

    public async Task OnPostTurnOnAsync()
    {
        Account account = await MineAsync();
        if (string.IsNullOrWhiteSpace(Code)) Wrong("code", "Enter the code that the app shows");
        if (await NotConfirmedAsync(signing, Password) is { } why) Wrong("password", why);
        if (Errors.Count == 0)
        {
            if (await factor.TurnOnAsync(account, Code!) is { } codes) RecoveryCodes = codes;
            else Wrong("code", "The code is not right, or has run out. Enter the one that the app shows now");
        }
        if (Errors.Count > 0) Key = await factor.KeyAsync(account);
        await ShowAsync();
    }

    public async Task OnPostTurnOffAsync()
    {
        if (await NotConfirmedAsync(signing, Password) is { } why) Wrong("password", why);
        else await factor.TurnOffAsync(await MineAsync());
        await ShowAsync();
    }

    public async Task OnPostRemoveAsync(string? passkey)
    {
        byte[] id = new byte[1023]; // WebAuthn level 3 section 4: no credential ID is longer
        if (await NotConfirmedAsync(signing, Password) is { } why) Wrong("password", why);
        else if (Convert.TryFromBase64String(passkey ?? "", id, out int bytes)) await factor.RemovePasskeyAsync(await MineAsync(), id[..bytes]);
        await ShowAsync();
    }

    private async Task<Account> MineAsync() => (await accounts.GetUserAsync(User))!;

    private async Task ShowAsync()
    {
        Account account = await MineAsync();
        Grants = [.. vault.Access.Of(Name)];
        (HasPassword, AsksForCodes) = (await accounts.HasPasswordAsync(account), await accounts.GetTwoFactorEnabledAsync(account));
        Passkeys = [.. (await accounts.GetPasskeysAsync(account)).OrderBy(p => p.CreatedAt)];
    }
}
