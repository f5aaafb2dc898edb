using System.Globalization;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Auditor, Role.CpsReviewer, Role.CaseOfficer)]
internal sealed class LogConsistencyModel(IMediator mediator) : FormPage
{
    [BindProperty(Name = "old", SupportsGet = true)]
    public string? Old { get; set; }

    [BindProperty(Name = "new", SupportsGet = true)]
    public string? New { get; set; }

    [BindProperty(Name = "kept", SupportsGet = false)]
    public string? Kept { get; set; }

    public ComparedCheckpoints? Compared { get; private set; }

    public IReadOnlyList<ulong> Sizes { get; private set; } = [];

    public async Task OnGetAsync(CancellationToken cancel)
    {
        ulong? old = Size("old", Old), newer = Size("new", New);
        if (Errors.Count == 0 && old is not null) await CompareAsync(new(old, newer, null), "old", cancel);
        Sizes = await mediator.Send(new ListCheckpoints(), cancel);
    }

    public async Task OnPostAsync(CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(Kept)) Wrong("kept", "Paste the checkpoint that was kept");
        else if (Kept.Length > 20_000) Wrong("kept", "A checkpoint is much shorter than this");
        else await CompareAsync(new(null, null, Kept), "kept", cancel);
        Sizes = await mediator.Send(new ListCheckpoints(), cancel);
    }

    private async Task CompareAsync(CompareCheckpoints asked, string field, CancellationToken cancel)
    {
        try { Compared = await mediator.Send(asked, cancel); }
        catch (RefusedException e) { Wrong(field, $"{e.What} {e.Next}"); }
    }

    private ulong? Size(string field, string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        if (ulong.TryParse(text.Replace(",", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out ulong size) && size > 0) return size;
        Wrong(field, "A size is a number of entries, such as 1200");
        return null;
    }
}
