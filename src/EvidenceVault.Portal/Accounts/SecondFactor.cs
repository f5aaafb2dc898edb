using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using Microsoft.AspNetCore.Identity;
using QRCoder;

namespace EvidenceVault.Portal.Accounts;

/// <summary>What an account has besides its password: codes of an app (TOTP, RFC 6238), and passkeys (WebAuthn). Each change is an entry before it is made, and ends the account's other sessions.</summary>
internal sealed class SecondFactor(UserManager<Account> accounts, SignInManager<Account> signIn, Vault vault)
{
    /// <summary>How many recovery codes are given at once.</summary>
    public const int RecoveryCodes = 10;

    /// <summary>Most passkeys that an account may have.</summary>
    public const int MostPasskeys = 10;

    /// <summary>The key that the app must be told, in groups of four letters; made where there is none. It is worth nothing until <see cref="TurnOnAsync"/>.</summary>
    public async Task<string> KeyAsync(Account account)
    {
        if (await accounts.GetAuthenticatorKeyAsync(account) is null)
        {
            await Carried.OutAsync(accounts.ResetAuthenticatorKeyAsync(account));
            await signIn.RefreshSignInAsync(account); // a new key ends all sessions, and this is one of them
        }
        return string.Join(' ', (await accounts.GetAuthenticatorKeyAsync(account))!.Chunk(4).Select(group => new string(group)));
    }

    /// <summary>The same as a picture for the app's camera: SVG.</summary>
    public static string Picture(string account, string key)
    {
        string uri = $"otpauth://totp/EvidenceVault:{Uri.EscapeDataString(account)}?secret={key.Replace(" ", "", StringComparison.Ordinal)}&issuer=EvidenceVault&digits=6";
        using var generator = new QRCodeGenerator();
        using QRCodeData data = generator.CreateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var picture = new SvgQRCode(data);
        return picture.GetGraphic(4);
    }

    /// <summary>Asks for the app's codes from now on, if this is one.</summary>
    /// <returns>The recovery codes, told this once; null where the code is wrong.</returns>
    public async Task<IReadOnlyList<string>?> TurnOnAsync(Account account, string code)
    {
        if (!await accounts.VerifyTwoFactorTokenAsync(account, accounts.Options.Tokens.AuthenticatorTokenProvider, new([.. code.Where(char.IsAsciiDigit)]))) return null;
        await RecordAsync(account, "codes-on");
        await Carried.OutAsync(accounts.SetTwoFactorEnabledAsync(account, true));
        string[] recovery = [.. (await accounts.GenerateNewTwoFactorRecoveryCodesAsync(account, RecoveryCodes))!];
        await signIn.RefreshSignInAsync(account);
        return recovery;
    }

    /// <summary>Asks for no codes any more; the app's key is void.</summary>
    public async Task TurnOffAsync(Account account)
    {
        await RecordAsync(account, "codes-off");
        await Carried.OutAsync(accounts.SetTwoFactorEnabledAsync(account, false));
        await Carried.OutAsync(accounts.ResetAuthenticatorKeyAsync(account));
        await signIn.RefreshSignInAsync(account);
    }

    /// <summary>Keeps a passkey that the browser has made as it was asked to.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="name">What its owner calls it.</param>
    /// <param name="credential">What the browser says.</param>
    /// <returns>False where it is not what was asked for, or one too many.</returns>
    public async Task<bool> AddPasskeyAsync(Account account, string name, string credential)
    {
        if ((await accounts.GetPasskeysAsync(account)).Count >= MostPasskeys) return false;
        PasskeyAttestationResult said;
        try { said = await signIn.PerformPasskeyAttestationAsync(credential); }
        catch (InvalidOperationException) { return false; } // nothing was asked for, or its time is over
        if (!said.Succeeded || said.UserEntity.Id != account.Id) return false;
        said.Passkey.Name = name;
        await RecordAsync(account, "passkey-added");
        return (await accounts.AddOrUpdatePasskeyAsync(account, said.Passkey)).Succeeded;
    }

    /// <summary>Takes a passkey away.</summary>
    public async Task RemovePasskeyAsync(Account account, byte[] id)
    {
        await RecordAsync(account, "passkey-removed");
        await Carried.OutAsync(accounts.RemovePasskeyAsync(account, id));
    }

    /// <summary>Takes away the codes and the passkeys of somebody who has lost what they come from. Whoever does it has made sure of who asks.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="by">Who does it.</param>
    public async Task TakeAwayAsync(Account account, string by)
    {
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.AccountEvent, by) { Detail = new JsonObject { ["event"] = "second-factors-taken-away" }, Personal = [new("account", account.UserName!)] });
        await Carried.OutAsync(accounts.SetTwoFactorEnabledAsync(account, false));
        await Carried.OutAsync(accounts.ResetAuthenticatorKeyAsync(account)); // and with it all sessions
        foreach (UserPasskeyInfo passkey in await accounts.GetPasskeysAsync(account)) await Carried.OutAsync(accounts.RemovePasskeyAsync(account, passkey.CredentialId));
    }

    private Task RecordAsync(Account account, string what) => vault.Sequencer.RecordAsync(new CustodyAct(Acts.AccountEvent, account.UserName!) { Detail = new JsonObject { ["event"] = what } });
}
