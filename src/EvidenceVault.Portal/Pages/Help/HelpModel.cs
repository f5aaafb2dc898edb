using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages.Help;

/// <summary>Pages of help. Nothing of a vault is in them, so that they can be read before anybody has signed in.</summary>
[OpenToAnyone]
internal sealed class HelpModel : PageModel;
