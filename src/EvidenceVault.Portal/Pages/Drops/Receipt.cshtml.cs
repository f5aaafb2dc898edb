using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages.Drops;

[OpenTo(Role.Technician)]
internal sealed class ReceiptModel(IMediator mediator) : PageModel
{
    public ShownReceipt Shown { get; private set; } = null!;

    public ShownUpload Drop { get; private set; } = null!;

    /// <summary>How each exhibit stands against what was declared, in words.</summary>
    public IReadOnlyDictionary<string, string> Standing { get; private set; } = new Dictionary<string, string>();

    /// <summary>Files that were declared and never came.</summary>
    public IReadOnlyList<string> Missing { get; private set; } = [];

    public IEnumerable<JsonObject> Problems => Shown.Facts?["problems"]?.AsArray().OfType<JsonObject>() ?? [];

    public async Task OnGetAsync(string id, [FromQuery] int page, CancellationToken cancel)
    {
        Shown = await mediator.Send(new ShowDropReceipt(id, Math.Max(1, page)), cancel);
        Drop = await mediator.Send(new ShowUpload(id), cancel);
        JsonObject[] files = [.. Shown.Facts?["files"]?.AsArray().OfType<JsonObject>() ?? []];
        Standing = files.Where(f => f["exhibit"] is not null).ToDictionary(f => (string)f["exhibit"]!, f => DropWords.Standing((string?)f["standing"]));
        Missing = [.. files.Where(f => f["exhibit"] is null).Select(f => (string)f["name"]!)];
    }
}
