using Microsoft.AspNetCore.Identity;

namespace EvidenceVault.Portal.Accounts;

/// <summary>Identity answers with a result where it could not change an account, as when somebody else changed it at the same moment. What has been recorded, or is told to people as done, must not have come to nothing in silence.</summary>
internal static class Carried
{
    /// <summary>Goes on only where the change was made.</summary>
    /// <exception cref="InvalidOperationException">It was not; the message has Identity's own words for why.</exception>
    public static async Task OutAsync(Task<IdentityResult> change)
    {
        IdentityResult result = await change;
        if (!result.Succeeded) throw new InvalidOperationException($"The account was not changed: {string.Join(" ", result.Errors.Select(e => e.Code))}");
    }
}
