using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Looks for exhibits of the cases that the caller may see. Recorded, what was asked as a commitment: it can name people.</summary>
/// <param name="Query">What is looked for.</param>
/// <param name="Before">Only older than this place.</param>
/// <param name="After">Only newer than this place; not with <paramref name="Before"/>.</param>
public sealed record SearchExhibits(ExhibitQuery Query, ExhibitPlace? Before, ExhibitPlace? After) : IEvidenceAccess, IRecordsItself, IRequest<FoundExhibits>
{
    /// <summary>Exhibits on a page.</summary>
    public const int OnPage = 50;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => ListExhibits.AnyReader;

    /// <inheritdoc/>
    public string Action => Acts.Searched;

    /// <inheritdoc/>
    public string? Case => Query.Case;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller) => vault.Sequencer.RecordAsync(new CustodyAct(Action, caller.Account)
    {
        Case = Query.Case,
        Detail = Query.Motion is { } motion ? new JsonObject { ["motion"] = motion } : null,
        Personal = [.. new (string Name, string? Value)[] { ("camera", Query.Camera), ("reference", Query.Reference), ("hash", Query.Hash), ("name", Query.Name) }.Where(p => p.Value is not null).Select(p => new PersonalField("asked-" + p.Name, p.Value))],
    });
}

internal sealed class SearchExhibitsHandler(Vault vault, Caller caller) : IRequestHandler<SearchExhibits, FoundExhibits>
{
    public ValueTask<FoundExhibits> Handle(SearchExhibits request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(vault.Search.Find(request.Query, vault.Access.CasesOf(caller.Account, request.OneOf), request.Before, request.After, SearchExhibits.OnPage));
}
