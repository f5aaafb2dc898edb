using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Disclosure.Report;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

/// <summary>The continuity report of an exhibit, and of others <c>with</c> it: the blocks that its PDF draws too.</summary>
[OpenTo(Role.CaseOfficer, Role.CpsReviewer, Role.Auditor)]
internal sealed class ContinuityModel(IMediator mediator) : PageModel
{
    public ReportPage Report { get; private set; } = null!;

    /// <summary>The exhibits that were asked for.</summary>
    public IReadOnlyList<ExhibitReference> Of { get; private set; } = [];

    /// <summary>The address of the same as a PDF.</summary>
    public string Pdf => "/api/continuity?" + string.Join('&', Of.Select(e => "exhibit=" + Uri.EscapeDataString(e.Text)));

    public async Task<IActionResult> OnGetAsync(string reference, [FromQuery(Name = "with")] string[]? with, CancellationToken cancel)
    {
        List<ExhibitReference> asked = [];
        foreach (string text in new[] { reference }.Concat(with ?? []))
        {
            if (!ExhibitReference.TryParse(text, out ExhibitReference one)) return NotFound();
            asked.Add(one);
        }
        Of = asked;
        Report = await mediator.Send(new MakeContinuityReport(asked), cancel);
        return Page();
    }
}
