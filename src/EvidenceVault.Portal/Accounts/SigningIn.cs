using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;

namespace EvidenceVault.Portal.Accounts;

/// <summary>What a try to sign in came to.</summary>
internal enum Entrance
{
    /// <summary>A session has begun.</summary>
    In,

    /// <summary>The password was right; the code of the account's app is asked for next.</summary>
    CodeNext,

    /// <summary>Refused: what was wrong is not told.</summary>
    Refused,
}

/// <summary>How somebody who is signed in shows once more who they are.</summary>
internal enum Confirming
{
    /// <summary>They did, minutes ago.</summary>
    Done,

    /// <summary>With their password.</summary>
    Password,

    /// <summary>They have none here: with a passkey, or at the provider of identities.</summary>
    Elsewhere,
}

/// <summary>Checks who somebody is. Every try at an account that there is, is an entry before it has an effect; of one that there is not, only that somebody tried, as people type passwords
/// into the wrong field.</summary>
internal sealed class SigningIn(SignInManager<Account> signIn, UserManager<Account> accounts, Vault vault, TimeProvider clock)
{
    /// <summary>The actor of a try at an account that there is not.</summary>
    public const string Nobody = "unknown";

    /// <summary>How long it counts that somebody has shown who they are without a password.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    // In the session's own properties, which the browser holds encrypted: when it began, and when its owner last showed who they are; Unix seconds.
    private const string BegunAt = "begun", ShownAt = "shown";

    /// <summary>Tries an account's password.</summary>
    public async Task<Entrance> SignInAsync(string name, string password)
    {
        Account? account = await accounts.FindByNameAsync(name);
        SignInResult result = account is null ? SignInResult.Failed : await signIn.CheckPasswordSignInAsync(account, password, lockoutOnFailure: true);
        if (!result.Succeeded) return await RefusedAsync(account, result.IsLockedOut ? "locked" : account is null ? "no-such-account" : "wrong-password");
        if (!await accounts.GetTwoFactorEnabledAsync(account!)) return await BeginAsync(account!, "password", shown: false);
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.AccountEvent, account!.UserName!) { Detail = new JsonObject { ["event"] = "code-asked" } });
        // Notes, in a cookie of its own, whose code is waited for. It checks the password once more, as nothing smaller is offered.
        await signIn.PasswordSignInAsync(account, password, isPersistent: false, lockoutOnFailure: true);
        return Entrance.CodeNext;
    }

    /// <summary>Tries the code of the app, or a recovery code, of the account whose password was right a moment ago.</summary>
    /// <param name="code">Six digits by RFC 6238, or a recovery code, which is good once.</param>
    public async Task<Entrance> SignInWithCodeAsync(string code)
    {
        if (await signIn.GetTwoFactorAuthenticationUserAsync() is not { } account) return await RefusedAsync(null, "no-password-before");
        if (await accounts.IsLockedOutAsync(account)) return await RefusedAsync(account, "locked");
        string plain = new([.. code.Where(char.IsLetterOrDigit)]);
        bool isApp = plain.Length == 6 && plain.All(char.IsAsciiDigit);
        bool good = isApp
            ? await accounts.VerifyTwoFactorTokenAsync(account, accounts.Options.Tokens.AuthenticatorTokenProvider, plain)
            : (await accounts.RedeemTwoFactorRecoveryCodeAsync(account, code.Trim().ToUpperInvariant())).Succeeded;
        if (!good)
        {
            await Carried.OutAsync(accounts.AccessFailedAsync(account));
            return await RefusedAsync(account, "wrong-code");
        }
        await Carried.OutAsync(accounts.ResetAccessFailedCountAsync(account));
        await signIn.Context.SignOutAsync(IdentityConstants.TwoFactorUserIdScheme);
        return await BeginAsync(account, isApp ? "password-and-code" : "password-and-recovery-code", shown: false);
    }

    /// <summary>Begins a session for whoever holds a passkey of an account.</summary>
    /// <param name="credential">What the browser says (WebAuthn level 3, PublicKeyCredential.toJSON).</param>
    public async Task<Entrance> SignInWithPasskeyAsync(string credential)
    {
        PasskeyAssertionResult<Account> said;
        // Without the question that it answers there is nothing to check it against.
        try { said = await signIn.PerformPasskeyAssertionAsync(credential); }
        catch (InvalidOperationException) { return await RefusedAsync(null, "no-question-before"); }
        if (!said.Succeeded) return await RefusedAsync(null, "wrong-passkey");
        if (await accounts.IsLockedOutAsync(said.User)) return await RefusedAsync(said.User, "locked");
        await Carried.OutAsync(accounts.AddOrUpdatePasskeyAsync(said.User, said.Passkey)); // its counter, by which a copy is told
        return await BeginAsync(said.User, "passkey", shown: true);
    }

    /// <summary>Begins a session for whoever the provider of identities vouches for.</summary>
    /// <param name="account">Their account here.</param>
    /// <param name="again">True where they were sent there to show once more who they are.</param>
    public Task<Entrance> SignInVouchedAsync(Account account, bool again) => BeginAsync(account, "provider", shown: again);

    /// <summary>How the account of this session shows once more who it is.</summary>
    public async Task<Confirming> HowToConfirmAsync()
    {
        if (await When(ShownAt) is { } shown && clock.GetUtcNow() - shown < Fresh) return Confirming.Done;
        return await accounts.GetUserAsync(signIn.Context.User) is { } account && await accounts.HasPasswordAsync(account) ? Confirming.Password : Confirming.Elsewhere;
    }

    /// <summary>True where somebody who is signed in has shown once more who they are: minutes ago with a passkey or at the provider, or with this password. A wrong one counts towards the lock as any other, and is recorded.</summary>
    public async Task<bool> ConfirmAsync(string name, string? password)
    {
        if (await HowToConfirmAsync() == Confirming.Done) return true;
        if (string.IsNullOrEmpty(password) || await accounts.FindByNameAsync(name) is not { } account) return false;
        SignInResult result = await signIn.CheckPasswordSignInAsync(account, password, lockoutOnFailure: true);
        if (result.Succeeded) return true;
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedIn, name) { Outcome = Proof.Outcome.Refused, Detail = new JsonObject { ["why"] = result.IsLockedOut ? "locked" : "wrong-password", ["again"] = true } });
        return false;
    }

    /// <summary>Ends all sessions of the account, wherever they are.</summary>
    public async Task SignOutAsync(string name)
    {
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedOut, name));
        if (await accounts.FindByNameAsync(name) is { } account) await Carried.OutAsync(accounts.UpdateSecurityStampAsync(account));
        await signIn.SignOutAsync();
    }

    /// <summary>True where a session is older than any may get.</summary>
    /// <param name="session">Its properties.</param>
    /// <param name="now">UTC.</param>
    public static bool IsTooOld(AuthenticationProperties session, DateTimeOffset now) => Moment(session, BegunAt) is not { } begun || now - begun > PortalApp.LongestSession;

    private async Task<Entrance> RefusedAsync(Account? account, string why)
    {
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedIn, account?.UserName ?? Nobody) { Outcome = Proof.Outcome.Refused, Detail = new JsonObject { ["why"] = why } });
        return Entrance.Refused;
    }

    private async Task<Entrance> BeginAsync(Account account, string with, bool shown)
    {
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.SignedIn, account.UserName!) { Detail = new JsonObject { ["with"] = with } });
        string now = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var session = new AuthenticationProperties { Items = { [BegunAt] = now } };
        if (shown) session.Items[ShownAt] = now;
        await signIn.SignInAsync(account, session);
        return Entrance.In;
    }

    private async Task<DateTimeOffset?> When(string what) => await signIn.Context.AuthenticateAsync(IdentityConstants.ApplicationScheme) is { Succeeded: true, Properties: { } session } ? Moment(session, what) : null;

    private static DateTimeOffset? Moment(AuthenticationProperties session, string what) =>
        session.Items.TryGetValue(what, out string? text) && long.TryParse(text, CultureInfo.InvariantCulture, out long seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
