using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages.Drops;

/// <summary>Step 1: the case and the camera. Nothing is kept of it before step 2 is sent.</summary>
[OpenTo(Role.Technician)]
internal sealed class NewModel(Vault vault) : FormPage
{
    [BindProperty(Name = "case", SupportsGet = true)]
    public string? Case { get; set; }

    [BindProperty(Name = "camera", SupportsGet = true)]
    public string? Camera { get; set; }

    [BindProperty(Name = "initials", SupportsGet = true)]
    public string? Initials { get; set; }

    /// <summary>The cases that the account brings footage into; for one that may in all, those that there are.</summary>
    public IReadOnlyList<string> Cases { get; private set; } = [];

    /// <summary>True where a case may be new.</summary>
    public bool AnyCase { get; private set; }

    public void OnGet() => Look();

    public IActionResult OnPost()
    {
        Look();
        (Case, Camera, Initials) = (Case?.Trim(), Camera?.Trim(), Initials?.Trim());
        if (string.IsNullOrEmpty(Case)) Wrong("case", "Enter the case");
        else if (!Names.IsGood(Case)) Wrong("case", "The case must be 1 to 64 letters, digits, dots, hyphens or underscores");
        else if (!AnyCase && !Cases.Contains(Case)) Wrong("case", "You are not a technician of this case");
        if (string.IsNullOrEmpty(Camera)) Wrong("camera", "Enter the camera");
        else if (!Names.IsGood(Camera)) Wrong("camera", "The camera must be 1 to 64 letters, digits, dots, hyphens or underscores");
        if (!string.IsNullOrEmpty(Initials) && !ExhibitReference.TryParse(Initials + "/1", out _)) Wrong("initials", "The initials must be 1 to 12 capital letters and digits, starting with a letter");
        return Errors.Count > 0 ? Page() : Redirect($"/drops/new/clock?case={Uri.EscapeDataString(Case!)}&camera={Uri.EscapeDataString(Camera!)}&initials={Uri.EscapeDataString(Initials ?? "")}");
    }

    private void Look()
    {
        HashSet<string> granted = [.. vault.Access.People.Where(p => p.Account == User.Identity!.Name && p.Roles.Contains(Role.Technician)).SelectMany(p => p.Cases)];
        AnyCase = granted.Contains("*");
        Cases = [.. (AnyCase ? vault.Exhibits.Cases().Select(c => c.Name) : granted).Order(StringComparer.Ordinal)];
    }
}
