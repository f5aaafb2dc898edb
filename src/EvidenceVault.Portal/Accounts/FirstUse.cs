using EvidenceVault.Pipeline;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace EvidenceVault.Portal.Accounts;

/// <summary>How the first person gets in: by a link that only whoever starts the program sees.</summary>
internal static class FirstUse
{
    /// <summary>A link for the account that made the vault, where nobody can sign in yet; null where somebody can, or where access.json does not name that account.</summary>
    public static async Task<(string Account, string Path)?> LinkAsync(IServiceProvider services, Vault vault)
    {
        await using AsyncServiceScope scope = services.CreateAsyncScope();
        if (await scope.ServiceProvider.GetRequiredService<UserManager<Account>>().Users.AnyAsync(a => a.PasswordHash != null)) return null;
        string maker = Environment.UserName;
        return vault.Access.People.Any(p => p.Account == maker) ? (maker, await InviteAsync(services, maker)) : null;
    }

    /// <summary>A link for an account, which is made if it is not there.</summary>
    public static async Task<string> InviteAsync(IServiceProvider services, string name)
    {
        await using AsyncServiceScope scope = services.CreateAsyncScope();
        var invitations = scope.ServiceProvider.GetRequiredService<Invitations>();
        return await invitations.InviteAsync(await invitations.MakeAsync(name, Environment.UserName), Environment.UserName);
    }
}
