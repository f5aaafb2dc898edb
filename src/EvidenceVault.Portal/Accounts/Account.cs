using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace EvidenceVault.Portal.Accounts;

/// <summary>Somebody who signs in at the portal. What they may do is not kept here: <c>access.json</c> says it of the account's name.</summary>
public sealed class Account : IdentityUser
{
    /// <summary>When the account was made, UTC.</summary>
    public DateTimeOffset MadeAt { get; set; }
}

/// <summary>The accounts of the portal, in a database of their own (<c>portal/accounts.db</c> in the vault's folder): the password hashes of people and the record of evidence are not one
/// thing to back up or to hand over.</summary>
public sealed class AccountsDatabase(DbContextOptions<AccountsDatabase> options) : IdentityUserContext<Account>(options);
