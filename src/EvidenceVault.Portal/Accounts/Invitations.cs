using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;

namespace EvidenceVault.Portal.Accounts;

/// <summary>Makes accounts and the links by which their owners choose a password. Nobody ever knows the password of somebody else.</summary>
internal sealed class Invitations(UserManager<Account> accounts, Vault vault, TimeProvider clock)
{
    /// <summary>Longest an account's name may be, characters.</summary>
    public const int MostLength = 64;

    /// <summary>Makes an account that is not there yet. Recorded before it is there; a crash between leaves an entry for an account that is then made by the next try.</summary>
    /// <param name="name">Its name, as in access.json.</param>
    /// <param name="by">Who makes it.</param>
    /// <exception cref="RefusedException">The name cannot be had.</exception>
    public async Task<Account> MakeAsync(string name, string by)
    {
        if (await accounts.FindByNameAsync(name) is { } there) return there;
        var account = new Account { UserName = name, MadeAt = clock.GetUtcNow() };
        foreach (IUserValidator<Account> validator in accounts.UserValidators)
        {
            IdentityResult verdict = await validator.ValidateAsync(accounts, account);
            if (!verdict.Succeeded) throw Refused(verdict);
        }
        await RecordAsync(by, "made", name);
        IdentityResult made = await accounts.CreateAsync(account);
        return made.Succeeded ? account : throw Refused(made);

        static RefusedException Refused(IdentityResult why) => new(
            $"The account was not made. {string.Join(" ", why.Errors.Select(e => e.Description))}", "Nothing was changed.", "Choose a name of letters, digits and the signs - . _ @ +.");
    }

    /// <summary>A path that lets whoever has it choose the account's password, once, within a day. Recorded before it is told. What was there of older links is void from the moment it is used.</summary>
    public async Task<string> InviteAsync(Account account, string by)
    {
        await RecordAsync(by, "invited", account.UserName!);
        string code = WebEncoders.Base64UrlEncode(System.Text.Encoding.UTF8.GetBytes(await accounts.GeneratePasswordResetTokenAsync(account)));
        return $"/set-password?account={Uri.EscapeDataString(account.UserName!)}&code={code}";
    }

    /// <summary>Sets the password that somebody chose who has a link.</summary>
    /// <returns>What is wrong, or none.</returns>
    public async Task<IReadOnlyList<string>> AcceptAsync(string name, string code, string password)
    {
        const string Void = "This link is not valid any more. Ask the vault’s administrator for a new one";
        if (await accounts.FindByNameAsync(name) is not { } account) return [Void];
        string token;
        try { token = System.Text.Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(code)); }
        catch (FormatException) { return [Void]; }
        if (!await accounts.VerifyUserTokenAsync(account, accounts.Options.Tokens.PasswordResetTokenProvider, UserManager<Account>.ResetPasswordTokenPurpose, token)) return [Void];
        if (PasswordRules.WhyNot(password, name) is { } why) return [why];
        await RecordAsync(name, "password-set", name);
        IdentityResult set = await accounts.ResetPasswordAsync(account, token, password);
        if (!set.Succeeded) return [.. set.Errors.Select(e => e.Description)];
        await Carried.OutAsync(accounts.SetLockoutEndDateAsync(account, null));
        return [];
    }

    private Task RecordAsync(string by, string what, string name) =>
        vault.Sequencer.RecordAsync(new CustodyAct(Acts.AccountEvent, by) { Detail = new JsonObject { ["event"] = what }, Personal = [new("account", name)] });
}
