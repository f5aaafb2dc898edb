using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Who asks: set by the host, for each scope, before anything is sent.</summary>
/// <param name="Account">The account name, as in access.json.</param>
public sealed record Caller(string Account);

/// <summary>A request of a use case: every one says which roles may make it and what it is about.</summary>
public interface IVaultRequest
{
    /// <summary>Roles that may make it; holding one is enough.</summary>
    IReadOnlyCollection<Role> OneOf { get; }

    /// <summary>The action, one of <see cref="Acts"/>: what a refusal is recorded under.</summary>
    string Action { get; }

    /// <summary>The case it is about; null where it is about an exhibit's case or no single one.</summary>
    string? Case => null;

    /// <summary>The drop sent through the portal that it is about: its case is then asked for.</summary>
    string? Upload => null;

    /// <summary>The exhibit it is about.</summary>
    ExhibitReference? Exhibit => null;

    /// <summary>All exhibits it is about.</summary>
    IReadOnlyList<ExhibitReference> Exhibits => Exhibit is { } one ? [one] : [];

    /// <summary>Why, in the caller's words.</summary>
    string? Reason => null;

    /// <summary>What opens it to a case officer who is no member of the exhibit's case.</summary>
    ByApproval ByApproval => ByApproval.Nothing;
}

/// <summary>A request that gives out evidence or its record: it has a custody entry before its handler runs.</summary>
public interface IEvidenceAccess : IVaultRequest
{
    /// <summary>True where it must not go on without a reason.</summary>
    bool NeedsReason { get; }

    /// <summary>What is asked, where the exhibit alone does not say it; nothing personal.</summary>
    JsonObject? Detail => null;
}

/// <summary>An access whose entries say more than that it was asked for. It refuses, or commits them, before its handler runs.</summary>
internal interface IRecordsItself
{
    Task RecordAsync(Vault vault, Caller caller);
}

/// <summary>First behaviour: nobody does anything that access.json does not allow. Refusals are recorded.</summary>
internal sealed class AuthorisationBehaviour<TMessage, TResponse>(Vault vault, Caller caller) : IPipelineBehavior<TMessage, TResponse>
    where TMessage : notnull, IMessage
{
    // No case has this name: Names asks for at least one letter.
    private const string NoCase = "";

    public async ValueTask<TResponse> Handle(TMessage message, MessageHandlerDelegate<TMessage, TResponse> next, CancellationToken cancellationToken)
    {
        // Deny by default: a message that does not say who may send it is sent by nobody.
        if (message is not IVaultRequest request) throw new InvalidOperationException($"{typeof(TMessage).Name} does not say who may send it.");
        // Every exhibit's own case is asked for; what names none is asked by the request's.
        List<(ExhibitReference? Exhibit, string? Case)> about = [.. request.Exhibits.Select(e => vault.Exhibits.Find(e) is { } row ? (e, row.Case) : ((ExhibitReference?)null, request.Case))];
        // Of a drop that there is not, no case can be granted but by whoever may do it in all: others cannot tell it from one of another case.
        if (about.Count == 0) about.Add((null, request.Upload is { } upload ? vault.Uploads.CaseOf(upload) ?? NoCase : request.Case));
        foreach ((ExhibitReference? exhibit, string? caseName) in about)
        {
            if (exhibit is { } one ? ExhibitRight.Allows(vault, caller.Account, request, one, caseName!) : vault.Access.Allows(caller.Account, request.OneOf, caseName)) continue;
            await vault.Sequencer.RecordAsync(Refusal.Of(request, exhibit, caseName == NoCase ? null : caseName, caller, "no-right")).ConfigureAwait(false);
            throw exhibit is { } refused ? Refusal.OfExhibit(refused, caller) : new RefusedException(
                $"The account '{caller.Account}' may not do this{(caseName is null || request.Upload is not null ? "" : $" in case {caseName}")}.",
                "Nothing was given out; the refusal is in the custody log.",
                "Ask the vault's administrator for the right if you need it (access.json).");
        }
        return await next(message, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>Second behaviour: no access without a custody entry. The entry is durable before the handler starts, so a crash between
/// the two leaves an entry for bytes that never left, and never bytes that left without an entry.</summary>
internal sealed class CustodyBehaviour<TMessage, TResponse>(Vault vault, Caller caller) : IPipelineBehavior<TMessage, TResponse>
    where TMessage : notnull, IMessage
{
    public async ValueTask<TResponse> Handle(TMessage message, MessageHandlerDelegate<TMessage, TResponse> next, CancellationToken cancellationToken)
    {
        if (message is IEvidenceAccess access) await EnterAsync(access).ConfigureAwait(false);
        return await next(message, cancellationToken).ConfigureAwait(false);
    }

    private async Task EnterAsync(IEvidenceAccess access)
    {
        List<(ExhibitReference Reference, ExhibitRow? Row)> about = [.. access.Exhibits.Select(e => (e, vault.Exhibits.Find(e)))];
        ExhibitRow? row = about.Count > 0 ? about[0].Row : null;
        if (access.NeedsReason && string.IsNullOrWhiteSpace(access.Reason))
        {
            await vault.Sequencer.RecordAsync(Refusal.Of(access, row?.Ref, row?.Case, caller, "no-reason")).ConfigureAwait(false);
            throw new RefusedException(
                "No reason was given.", "Nothing was given out; the refusal is in the custody log.", "Say why you need it with --reason \"…\": the court will read it.");
        }
        if (about.Exists(a => a.Row is null))
        {
            ExhibitReference asked = about.Find(a => a.Row is null).Reference;
            await vault.Sequencer.RecordAsync(Refusal.Of(access, null, null, caller, "no-such-exhibit") with { Personal = [new("asked", asked.Text)] }).ConfigureAwait(false);
            // Only whoever may do it in all cases is told that there is none: to others it is as one that they may not see.
            if (vault.Access.CasesOf(caller.Account, access.OneOf) is not null) throw Refusal.OfExhibit(asked, caller);
            throw new RefusedException($"There is no exhibit {asked}.", "Nothing was given out; the refusal is in the custody log.", "See 'evidencevault list' for those there are.");
        }
        if (access is IRecordsItself own)
        {
            await own.RecordAsync(vault, caller).ConfigureAwait(false);
            return;
        }
        await vault.Sequencer.RecordAsync(new CustodyAct(access.Action, caller.Account)
        {
            Case = row?.Case,
            Camera = row?.Camera,
            Exhibit = access.Exhibit,
            Sha256 = row?.Sha256,
            Reason = access.Reason,
            Detail = access.Detail,
        }).ConfigureAwait(false);
    }
}

/// <summary>An access that was recorded, begun, and came to nothing because of what the evidence is.</summary>
internal static class FailedAccess
{
    public static CustodyAct Of(string action, ExhibitRow row, Caller caller, string problem, Outcome outcome = Outcome.Failed) => new(action, caller.Account)
    {
        Outcome = outcome,
        Case = row.Case,
        Camera = row.Camera,
        Exhibit = row.Ref,
        Sha256 = row.Sha256,
        Personal = [new("problem", problem)],
    };
}

internal static class Refusal
{
    /// <summary>The same words for an exhibit of another case and for one that there is not.</summary>
    public static RefusedException OfExhibit(ExhibitReference exhibit, Caller caller) => new(
        $"The account '{caller.Account}' may not do this with exhibit {exhibit}, or there is no such exhibit.", "Nothing was given out; the refusal is in the custody log.",
        "Ask the vault's administrator for the right if you need it (access.json), or the officers of its case for this one exhibit.");

    public static CustodyAct Of(IVaultRequest request, ExhibitReference? exhibit, string? caseName, Caller caller, string why) => new(request.Action, caller.Account)
    {
        Outcome = Outcome.Refused,
        Case = caseName,
        Exhibit = exhibit,
        Reason = request.Reason,
        Detail = new JsonObject { ["why"] = why },
    };
}
