using System.Security.Claims;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace EvidenceVault.Portal.Accounts;

/// <summary>A provider of identities outside of the vault (OpenID Connect Core 1.0), where one is set.</summary>
internal sealed record ProviderOptions
{
    /// <summary>Its issuer, an address.</summary>
    public required string Authority { get; init; }

    /// <summary>Who we are to it.</summary>
    public required string ClientId { get; init; }

    /// <summary>The file with our secret there; null where there is none, as for a public client.</summary>
    public string? SecretFile { get; init; }

    /// <summary>What people call it, on the button.</summary>
    public string Name { get; init; } = "your organisation’s account";

    /// <summary>The claim with the account's name.</summary>
    public string NameClaim { get; init; } = "preferred_username";

    /// <summary>The claim with the account's roles.</summary>
    public string RolesClaim { get; init; } = "roles";

    /// <summary>As the environment says; null where it names none.</summary>
    /// <param name="get">Gets a variable.</param>
    /// <exception cref="RefusedException">Half of it is missing, or passwords would travel in the open.</exception>
    public static ProviderOptions? From(Func<string, string?> get)
    {
        if (get("EVIDENCEVAULT_OIDC_AUTHORITY") is not { } authority) return null;
        if (get("EVIDENCEVAULT_OIDC_CLIENT") is not { } client) throw Bad("EVIDENCEVAULT_OIDC_AUTHORITY is set and EVIDENCEVAULT_OIDC_CLIENT is not.");
        if (!Uri.TryCreate(authority, UriKind.Absolute, out Uri? uri) || (uri.Scheme != Uri.UriSchemeHttps && !uri.IsLoopback)) throw Bad("EVIDENCEVAULT_OIDC_AUTHORITY is no https:// address.");
        ProviderOptions plain = new() { Authority = authority, ClientId = client, SecretFile = get("EVIDENCEVAULT_OIDC_SECRET_FILE") };
        return plain with
        {
            Name = get("EVIDENCEVAULT_OIDC_NAME") ?? plain.Name,
            NameClaim = get("EVIDENCEVAULT_OIDC_NAME_CLAIM") ?? plain.NameClaim,
            RolesClaim = get("EVIDENCEVAULT_OIDC_ROLES_CLAIM") ?? plain.RolesClaim,
        };

        static RefusedException Bad(string what) => new(what, "The portal did not start.", "Set both, or neither, as the README says.");
    }
}

/// <summary>Who comes from the provider of identities. An account here belongs to one identity there (issuer and subject) for good: whoever is given the name of somebody else there does not become them here.</summary>
internal sealed class Provider(UserManager<Account> accounts, AccountsDatabase database, Vault vault, Invitations invitations)
{
    /// <summary>The name of the scheme.</summary>
    public const string Scheme = "provider";

    /// <summary>Where the provider sends people back to.</summary>
    public const string CallbackPath = "/signed-in-at-provider";

    private const string RolesOf = "evidencevault:vouched";

    /// <summary>Sets the scheme up.</summary>
    public static void Configure(OpenIdConnectOptions o, ProviderOptions provider)
    {
        (o.Authority, o.ClientId, o.CallbackPath) = (provider.Authority, provider.ClientId, CallbackPath);
        o.ClientSecret = provider.SecretFile is null ? null : File.ReadAllText(provider.SecretFile).Trim();
        o.SignInScheme = IdentityConstants.ExternalScheme;
        // The code flow with PKCE (RFC 7636): nothing but a code passes through the browser, and it comes back by GET, so that cookies need not be open to other sites' forms.
        (o.ResponseType, o.ResponseMode, o.UsePkce) = (OpenIdConnectResponseType.Code, OpenIdConnectResponseMode.Query, true);
        (o.CorrelationCookie.SameSite, o.NonceCookie.SameSite) = (SameSiteMode.Lax, SameSiteMode.Lax);
        (o.MapInboundClaims, o.GetClaimsFromUserInfoEndpoint, o.SaveTokens) = (false, true, false);
        o.RequireHttpsMetadata = !new Uri(provider.Authority).IsLoopback;
        o.DisableTelemetry = true;
        (o.TokenValidationParameters.NameClaimType, o.TokenValidationParameters.RoleClaimType) = (provider.NameClaim, provider.RolesClaim);
        o.Scope.Add(provider.RolesClaim);
        // What the provider says of them may come as a list.
        o.ClaimActions.MapJsonKey(provider.RolesClaim, provider.RolesClaim);
        o.ClaimActions.MapJsonKey(provider.NameClaim, provider.NameClaim);
        o.Events = new()
        {
            OnRemoteFailure = failed =>
            {
                failed.HandleResponse();
                failed.Response.Redirect("/sign-in?provider=failed");
                return Task.CompletedTask;
            },
        };
    }

    /// <summary>The account of somebody for whom the provider vouches, made where there is none. What the provider says of roles holds from now on.</summary>
    /// <exception cref="RefusedException">The name cannot be had, or is somebody else's.</exception>
    public async Task<Account> AccountOfAsync(ExternalLoginInfo said, ProviderOptions provider)
    {
        Account account = await accounts.FindByLoginAsync(said.LoginProvider, said.ProviderKey) ?? await MakeAsync(said, provider);
        string[] roles = [.. said.Principal.FindAll(provider.RolesClaim).SelectMany(c => Words(c.Value)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        IList<Claim> kept = await accounts.GetClaimsAsync(account);
        if (!roles.SequenceEqual(kept.Where(c => c.Type == RolesOf).Select(c => c.Value).Order(StringComparer.Ordinal)))
        {
            await vault.Sequencer.RecordAsync(new CustodyAct(Acts.AccountEvent, account.UserName!) { Detail = new JsonObject { ["event"] = "roles-vouched", ["roles"] = new JsonArray([.. roles.Select(r => JsonValue.Create(r))]) } });
            await Carried.OutAsync(accounts.RemoveClaimsAsync(account, kept.Where(c => c.Type == RolesOf)));
            await Carried.OutAsync(accounts.AddClaimsAsync(account, roles.Select(r => new Claim(RolesOf, r))));
        }
        vault.Access.Vouch(account.UserName!, roles);
        return account;
    }

    /// <summary>What the provider said before the portal was last started: sessions outlive a restart.</summary>
    public static async Task RememberAsync(AccountsDatabase database, Vault vault)
    {
        var said = await (from claim in database.UserClaims where claim.ClaimType == RolesOf join account in database.Users on claim.UserId equals account.Id select new { account.UserName, claim.ClaimValue }).ToListAsync();
        foreach (var one in said.GroupBy(s => s.UserName)) vault.Access.Vouch(one.Key!, one.Select(s => s.ClaimValue!));
    }

    /// <summary>The words of a claim: a plain word, or a JSON list of them.</summary>
    internal static IEnumerable<string> Words(string claim)
    {
        if (!claim.StartsWith('[')) return [claim];
        try { return System.Text.Json.JsonSerializer.Deserialize<string[]>(claim) ?? []; }
        catch (System.Text.Json.JsonException) { return []; }
    }

    private async Task<Account> MakeAsync(ExternalLoginInfo said, ProviderOptions provider)
    {
        string name = said.Principal.FindFirstValue(provider.NameClaim) is { Length: > 0 } claimed ? claimed
            : throw new RefusedException("Your organisation’s account has no name that the portal could use.", "No session was begun.", $"Ask whoever runs it to send the claim '{provider.NameClaim}'.");
        // Whoever has an account here already does not lose it to somebody of the same name there.
        if (name.Length > Invitations.MostLength || await accounts.FindByNameAsync(name) is not null)
            throw new RefusedException($"The account '{Names.Printable(name)}' cannot be linked to your organisation’s account: it is there already, or its name is too long.", "No session was begun.", "Ask the vault’s administrator.");
        // Both or neither: an account without its identity would be nobody's, and its name taken.
        await using var both = await database.Database.BeginTransactionAsync();
        Account account = await invitations.MakeAsync(name, name);
        IdentityResult linked = await accounts.AddLoginAsync(account, said);
        if (!linked.Succeeded) throw new InvalidOperationException($"The account could not be linked: {string.Join(" ", linked.Errors.Select(e => e.Code))}");
        await both.CommitAsync();
        return account;
    }
}
