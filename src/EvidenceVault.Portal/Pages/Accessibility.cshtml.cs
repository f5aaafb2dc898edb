using EvidenceVault.Portal.Doors;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenToAnyone]
internal sealed class AccessibilityModel : PageModel;
