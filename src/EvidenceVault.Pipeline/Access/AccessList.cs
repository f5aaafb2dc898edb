using System.Text.Json;
using System.Text.Json.Serialization;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Access;

/// <summary>What a person may be for a case.</summary>
public enum Role
{
    /// <summary>Brings footage in.</summary>
    Technician,

    /// <summary>Looks at footage and retrieves exhibits.</summary>
    CaseOfficer,

    /// <summary>Verifies hashes and continuity.</summary>
    CpsReviewer,

    /// <summary>Reads the custody log.</summary>
    Auditor,

    /// <summary>Runs the vault; sees no evidence.</summary>
    Administrator,
}

/// <summary>A person's rights.</summary>
/// <param name="Account">The operating system's account name.</param>
/// <param name="Roles">What they may be.</param>
/// <param name="Cases">In which cases; <c>*</c> is all.</param>
public sealed record Grant(string Account, IReadOnlyList<Role> Roles, IReadOnlyList<string> Cases);

/// <summary>
/// Who may do what, from <c>access.json</c> in the vault's folder. Nobody may do anything that a grant does not name. The account
/// that makes the vault is granted all roles in all cases, so that one person at a desk can start; the file is theirs to narrow.
/// </summary>
public sealed class AccessList(IReadOnlyList<Grant> people)
{
    // What an outside provider of identities vouched for, by account. Whole lists are exchanged, so that nobody sees half of one.
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, IReadOnlyList<Grant>> _vouched = new(StringComparer.Ordinal);

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter<Role>(allowIntegerValues: false) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The grants of the file.</summary>
    public IReadOnlyList<Grant> People { get; } = people;

    /// <summary>Decides: true where some grant of the account holds one of the roles in the case. A null case asks for the role in any
    /// case; a list of roles that is empty is held by nobody.</summary>
    public bool Allows(string account, IReadOnlyCollection<Role> oneOf, string? caseName) => Of(account).Any(p =>
        p.Roles.Any(oneOf.Contains)
        && (caseName is null || p.Cases.Contains("*") || p.Cases.Contains(caseName)));

    /// <summary>All grants of an account: those of the file, and those that were vouched for.</summary>
    public IEnumerable<Grant> Of(string account) => People.Where(p => p.Account == account).Concat(_vouched.GetValueOrDefault(account) ?? []);

    /// <summary>Takes what a provider of identities says that an account may be, in place of what it said before. It holds in this process.</summary>
    /// <param name="account">The account.</param>
    /// <param name="says">Words of the form <c>CaseOfficer</c>, which hold in the cases that the file names for the account, or <c>CaseOfficer@OP-HERON</c>; others mean nothing to us.</param>
    public void Vouch(string account, IEnumerable<string> says)
    {
        string[] own = [.. People.Where(p => p.Account == account).SelectMany(p => p.Cases).Distinct(StringComparer.Ordinal)];
        _vouched[account] =
        [
            .. from word in says
               let parts = word.Split('@', 2)
               where Enum.GetNames<Role>().Contains(parts[0], StringComparer.Ordinal)
               select new Grant(account, [Enum.Parse<Role>(parts[0])], parts.Length == 2 ? [parts[1]] : own),
        ];
    }

    /// <summary>The list a new vault starts with.</summary>
    public static AccessList ForMaker(string account) => new([new(account, Enum.GetValues<Role>(), ["*"])]);

    /// <summary>Reads the file.</summary>
    /// <exception cref="UnreachableException">It cannot be read or understood: until it can, nobody may do anything.</exception>
    public static AccessList Read(string path)
    {
        try
        {
            return new(JsonSerializer.Deserialize<AccessFile>(File.ReadAllBytes(path), Form)!.People);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UnreachableException($"The access list {path} cannot be read ({e.Message}).", "Nobody may do anything until it can: the evidence is untouched.", "Mend the file or restore it from backup.", e);
        }
    }

    /// <summary>The file's content.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new AccessFile(People), Form);

    private sealed record AccessFile(IReadOnlyList<Grant> People);
}
