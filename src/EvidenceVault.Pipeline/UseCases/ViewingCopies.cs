using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Makes a viewing copy of a whole Master and keeps it as a sub-exhibit, sealed; gives out nothing. Who wants its bytes retrieves that
/// sub-exhibit. Recorded, with the reason, before the Master is decrypted.</summary>
/// <param name="Reference">The Master.</param>
/// <param name="Why">The reason.</param>
/// <param name="Progress">Told of each step.</param>
public sealed record MakeViewingCopy(ExhibitReference Reference, string? Why, IProgress<FlowStep>? Progress) : IEvidenceAccess, IRequest<ExhibitRow>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.CopyAsked;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;
}

internal sealed class MakeViewingCopyHandler(Vault vault, EvidenceFlow flow, IViewingCopyMaker maker, Caller caller) : IRequestHandler<MakeViewingCopy, ExhibitRow>
{
    public async ValueTask<ExhibitRow> Handle(MakeViewingCopy request, CancellationToken cancellationToken)
    {
        try
        {
            return await flow.DeriveViewingCopyAsync(request.Reference, maker, caller.Account, request.Why!, request.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (VaultException e) when (e is EvidenceException or RefusedException)
        {
            Outcome outcome = e is RefusedException ? Outcome.Refused : Outcome.Failed;
            await vault.Sequencer.RecordAsync(FailedAccess.Of(Acts.CopyAsked, vault.Exhibits.Find(request.Reference)!, caller, e.What, outcome)).ConfigureAwait(false);
            throw;
        }
    }
}
