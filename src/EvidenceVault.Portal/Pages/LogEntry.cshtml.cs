using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Auditor, Role.CpsReviewer, Role.CaseOfficer)]
internal sealed class LogEntryModel(IMediator mediator) : PageModel
{
    // What is shown is encoded by the page; here, only so that it can be read.
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public ProvedEntry Proved { get; private set; } = null!;

    /// <summary>The entry's JSON, in lines.</summary>
    public string Json { get; private set; } = "";

    /// <summary>What the personal fields hold, by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Personal { get; private set; } = [];

    public async Task OnGetAsync(ulong index, CancellationToken cancel)
    {
        Proved = await mediator.Send(new ShowEntry(index, "entry"), cancel);
        Json = JsonNode.Parse(Proved.Bytes)!.ToJsonString(Readable);
        Personal = [.. Proved.Entry.Personal.Select(p => (p.Key, p.Value is JsonValue value && value.TryGetValue(out string? text) ? text : p.Value?.ToJsonString(Readable) ?? ""))];
    }
}
