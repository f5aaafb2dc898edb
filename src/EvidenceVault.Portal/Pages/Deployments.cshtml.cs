using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace EvidenceVault.Portal.Pages;

[OpenTo(Role.Administrator)]
internal sealed class DeploymentsModel(IMediator mediator) : PageModel
{
    public DeploymentsPage Shown { get; private set; } = null!;

    public async Task OnGetAsync([FromQuery] int? page, CancellationToken cancel) => Shown = await mediator.Send(new ListDeployments(page ?? 1), cancel);

    /// <summary>For example <c>2.5 s behind (± 1 s), against GPS</c>.</summary>
    public static string Clock(DeploymentRow row) => row.OffsetSeconds is not { } offset ? "not compared"
        : FormattableString.Invariant($"{Math.Abs(offset):0.###} s {(offset > 0 ? "behind" : "ahead")}{(row.UncertaintySeconds is { } unsure ? $" (± {unsure:0.###} s)" : "")}{(row.Reference is { } reference ? $", against {Pipeline.Words.Names.Printable(reference)}" : "")}");

    /// <summary>What a deployment has of its own, in a line.</summary>
    public static string Own(DeploymentSettings own) => System.Text.Json.JsonSerializer.Serialize(own, Form);

    private static readonly System.Text.Json.JsonSerializerOptions Form = new(System.Text.Json.JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
}
