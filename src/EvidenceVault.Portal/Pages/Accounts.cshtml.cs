using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EvidenceVault.Portal.Pages;

/// <summary>A line of the list of accounts.</summary>
internal sealed record AccountLine(string Name, string Roles, string Cases, DateTimeOffset MadeAt, string SignsIn);

[OpenTo(Role.Administrator)]
internal sealed class AccountsModel(UserManager<Account> accounts, AccountsDatabase database, Invitations invitations, SecondFactor factor, Vault vault, TimeProvider clock) : FormPage
{
    private const int Most = 500;

    [BindProperty(Name = "account", SupportsGet = false)]
    public string? Account { get; set; }

    /// <summary>Whether codes and passkeys are taken away from an account that is there: its owner has lost them.</summary>
    [BindProperty(Name = "lost", SupportsGet = false)]
    public bool Lost { get; set; }

    public string? Link { get; private set; }

    public IReadOnlyList<AccountLine> People { get; private set; } = [];

    public Task OnGetAsync(CancellationToken cancel) => ListAsync(cancel);

    public async Task OnPostAsync(CancellationToken cancel)
    {
        Account = Account?.Trim();
        if (string.IsNullOrEmpty(Account)) Wrong("account", "Enter the account");
        else if (Account.Length > Invitations.MostLength) Wrong("account", $"The account must be {Invitations.MostLength} characters or fewer");
        else
        {
            try
            {
                Account account = await invitations.MakeAsync(Account, User.Identity!.Name!);
                if (Lost) await factor.TakeAwayAsync(account, User.Identity!.Name!);
                Link = $"{Request.Scheme}://{Request.Host}{await invitations.InviteAsync(account, User.Identity.Name!)}";
            }
            catch (RefusedException e) { Wrong("account", e.What); }
        }
        await ListAsync(cancel);
    }

    private async Task ListAsync(CancellationToken cancel)
    {
        DateTimeOffset now = clock.GetUtcNow();
        HashSet<string> atProvider = await database.UserLogins.Select(l => l.UserId).ToHashSetAsync(cancel);
        People =
        [
            .. (await accounts.Users.AsNoTracking().OrderBy(a => a.NormalizedUserName).Take(Most).ToListAsync(cancel)).Select(a =>
            {
                List<Grant> grants = [.. vault.Access.Of(a.UserName!)];
                return new AccountLine(
                    a.UserName!, grants.Count == 0 ? "none" : string.Join(", ", grants.SelectMany(g => g.Roles).Distinct()), string.Join(", ", grants.SelectMany(g => g.Cases).Distinct().Select(c => c == "*" ? "all" : c)),
                    a.MadeAt, atProvider.Contains(a.Id) ? "at the provider" : a.PasswordHash is null ? "not yet: no password chosen" : a.LockoutEnd > now ? "locked after wrong passwords" : a.TwoFactorEnabled ? "with a password and codes" : "with a password");
            }),
        ];
    }
}
