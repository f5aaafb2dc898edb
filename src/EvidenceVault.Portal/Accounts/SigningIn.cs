using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using Microsoft.AspNetCore.Identity;

namespace EvidenceVault.Portal.Accounts;

/// <summary>Checks who somebody is. Every try at an account that there is, is an entry before it has an effect; of one that there is not, only that somebody tried, as people type passwords
/// into the wrong field.</summary>
internal sealed class SigningIn(SignInManager<Account> signIn, UserManager<Account> accounts, Vault vault)
{
    /// <summary>The actor of a try at an account that there is not.</summary>
    public const string Nobody = "unknown";

    /// <summary>True where the password was right and a session has begun.</summary>
    public async Task<bool> SignInAsync(string name, string password)
    {
        Account? account = await accounts.FindByNameAsync(name);
        SignInResult result = account is null ? SignInResult.Failed : await signIn.CheckPasswordSignInAsync(account, password, lockoutOnFailure: true);
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedIn, account?.UserName ?? Nobody)
        {
            Outcome = result.Succeeded ? Proof.Outcome.Done : Proof.Outcome.Refused,
            Detail = result.Succeeded ? null : new JsonObject { ["why"] = result.IsLockedOut ? "locked" : account is null ? "no-such-account" : "wrong-password" },
        });
        if (!result.Succeeded) return false;
        await signIn.SignInAsync(account!, isPersistent: false);
        return true;
    }

    /// <summary>True where somebody who is signed in has given their password once more. A wrong one counts towards the lock as any other, and is recorded.</summary>
    public async Task<bool> ConfirmAsync(string name, string password)
    {
        if (await accounts.FindByNameAsync(name) is not { } account) return false;
        SignInResult result = await signIn.CheckPasswordSignInAsync(account, password, lockoutOnFailure: true);
        if (result.Succeeded) return true;
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedIn, name) { Outcome = Proof.Outcome.Refused, Detail = new JsonObject { ["why"] = result.IsLockedOut ? "locked" : "wrong-password", ["again"] = true } });
        return false;
    }

    /// <summary>Ends all sessions of the account, wherever they are.</summary>
    public async Task SignOutAsync(string name)
    {
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedOut, name));
        if (await accounts.FindByNameAsync(name) is { } account) await accounts.UpdateSecurityStampAsync(account);
        await signIn.SignOutAsync();
    }
}
