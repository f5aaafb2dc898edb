using Microsoft.AspNetCore.Identity;

namespace EvidenceVault.Portal.Accounts;

/// <summary>What a password must be, by the guidance of the National Cyber Security Centre: long enough, not one that everybody tries first, and otherwise as people like it: no digits or
/// signs are demanded, and none expires.</summary>
internal sealed class PasswordRules : IPasswordValidator<Account>
{
    public const int LeastLength = 12, MostLength = 256;

    // Words that guesses begin with. What is left of a password without them must be long enough by itself.
    private static readonly string[] GuessedFirst =
        ["password", "passw0rd", "evidencevault", "evidence", "vault", "welcome", "letmein", "qwertyuiop", "qwerty", "administrator", "admin", "123456789", "12345", "abc123", "iloveyou", "football", "monkey", "dragon", "changeme", "secret", "summer", "winter", "spring", "autumn"];

    public Task<IdentityResult> ValidateAsync(UserManager<Account> manager, Account user, string? password) =>
        Task.FromResult(WhyNot(password ?? "", user.UserName ?? "") is { } why ? IdentityResult.Failed(new IdentityError { Code = "Password", Description = why }) : IdentityResult.Success);

    /// <summary>Why a password will not do, or null where it does. Pure.</summary>
    public static string? WhyNot(string password, string account)
    {
        if (password.Length < LeastLength) return $"Password must be {LeastLength} characters or more. Three random words are easy to remember and hard to guess";
        if (password.Length > MostLength) return $"Password must be {MostLength} characters or fewer";
        if (password.Distinct().Count() < 5) return "Password must have at least 5 different characters";
        string left = GuessedFirst.Append(account).Where(word => word.Length > 2).OrderByDescending(word => word.Length)
            .Aggregate(password, (rest, word) => rest.Replace(word, "", StringComparison.OrdinalIgnoreCase));
        return left.Length < LeastLength / 2 ? "Password must not be made of words that are guessed first, or of your account’s name" : null;
    }
}
