using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Cuts a clip of a Master by hand and keeps it, with its packet proof, as a sealed sub-exhibit; gives out nothing. Who wants its bytes retrieves
/// that sub-exhibit. Recorded, with the reason and the bounds, before the Master is decrypted.</summary>
/// <param name="Reference">The Master.</param>
/// <param name="From">Start, PTS seconds of the Master.</param>
/// <param name="To">End, likewise.</param>
/// <param name="Why">The reason.</param>
/// <param name="Progress">Told of each step.</param>
public sealed record CutClip(ExhibitReference Reference, double From, double To, string? Why, IProgress<FlowStep>? Progress) : IEvidenceAccess, IRequest<KeptClip>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.ClipAsked;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;

    /// <inheritdoc/>
    public JsonObject? Detail => double.IsFinite(From) && double.IsFinite(To) ? new() { ["from"] = From, ["to"] = To } : null;
}

internal sealed class CutClipHandler(Vault vault, EvidenceFlow flow, IClipCutter cutter, Caller caller) : IRequestHandler<CutClip, KeptClip>
{
    public async ValueTask<KeptClip> Handle(CutClip request, CancellationToken cancellationToken)
    {
        try
        {
            return await flow.DeriveClipAsync(request.Reference, request.From, request.To, cutter, caller.Account, request.Why!, request.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (VaultException e) when (e is EvidenceException or RefusedException)
        {
            Outcome outcome = e is RefusedException ? Outcome.Refused : Outcome.Failed;
            await vault.Sequencer.RecordAsync(FailedAccess.Of(Acts.ClipAsked, vault.Exhibits.Find(request.Reference)!, caller, e.What, outcome)).ConfigureAwait(false);
            throw;
        }
    }
}
