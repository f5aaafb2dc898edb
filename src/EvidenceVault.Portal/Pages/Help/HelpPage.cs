using EvidenceVault.Pipeline.Access;

namespace EvidenceVault.Portal.Pages.Help;

/// <summary>The page of help for a role.</summary>
/// <param name="Role">Whose work it goes through.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Whom">Whom it is for, in words that follow “help for”.</param>
/// <param name="About">What it goes through, in a few words.</param>
internal sealed record HelpPage(Role Role, string Address, string Whom, string About)
{
    /// <summary>One for each role.</summary>
    public static readonly IReadOnlyList<HelpPage> All =
    [
        new(Role.Technician, "/help/technician", "technicians", "Bring footage in from a camera’s card, get a receipt, print labels"),
        new(Role.CaseOfficer, "/help/case-officer", "case officers", "Find, watch, cut, note and retrieve exhibits, and ask for those of other cases"),
        new(Role.CpsReviewer, "/help/reviewer", "CPS reviewers", "Check a file, read its continuity, make and serve a disclosure bundle"),
        new(Role.Auditor, "/help/auditor", "auditors", "Read the custody log, prove an entry, compare checkpoints, see unusual access"),
        new(Role.Administrator, "/help/administrator", "administrators", "Accounts, who may do what, cameras, and the state of the system"),
    ];
}
