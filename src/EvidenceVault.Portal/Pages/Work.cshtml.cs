using EvidenceVault.Pipeline.Access;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

/// <summary>How something stands that takes its time. Others’ works are not told apart from those that there are not.</summary>
[OpenTo(Role.CaseOfficer, Role.CpsReviewer)]
internal sealed class WorkModel(Works works) : PageModel
{
    public string Id { get; private set; } = "";

    public WorkShown Work { get; private set; } = WorkShown.Unknown;

    public void OnGet(string id) => (Id, Work) = (id, works.Find(id, User.Identity!.Name!));
}
