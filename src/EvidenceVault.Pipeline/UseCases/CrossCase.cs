using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Asks the officers of another case for one of its exhibits. Whether there is such an exhibit is not told.</summary>
/// <param name="Reference">Which.</param>
/// <param name="Why">The reason.</param>
public sealed record AskForExhibit(ExhibitReference Reference, string? Why) : IVaultRequest, IRequest<AskedFor>
{
    /// <summary>So many may wait for an answer at once, of one person: else somebody could try all references.</summary>
    public const int MostOpen = 20;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.AccessAsked;

    /// <inheritdoc/>
    public string? Reason => Why;
}

/// <summary>What became of asking.</summary>
/// <param name="Id">The request's number; null where the caller may see the exhibit already.</param>
public sealed record AskedFor(long? Id);

/// <summary>What the caller asked for, the newest first.</summary>
/// <param name="Before">Only before this number.</param>
public sealed record ListMyRequests(long? Before) : IVaultRequest, IRequest<IReadOnlyList<ExhibitRequest>>
{
    /// <summary>Requests on a page.</summary>
    public const int OnPage = 50;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.AccessAsked;
}

/// <summary>What was asked for of a case, those that wait first.</summary>
/// <param name="CaseName">The case.</param>
public sealed record ListCaseRequests(string CaseName) : IVaultRequest, IRequest<IReadOnlyList<ExhibitRequest>>
{
    /// <summary>How many at most.</summary>
    public const int Most = 200;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.AccessAnswered;

    /// <inheritdoc/>
    public string? Case => CaseName;
}

/// <summary>One request, for whoever made it and for the officers of its case.</summary>
/// <param name="Id">Its number.</param>
public sealed record ShowRequest(long Id) : IVaultRequest, IRequest<ExhibitRequest>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.AccessAnswered;
}

/// <summary>Answers a request, as an officer of its case.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Approve">Yes or no.</param>
/// <param name="MayRetrieve">Whether they may have the bytes, and not only look.</param>
/// <param name="Days">For how many days, 1 to <see cref="MostDays"/>.</param>
/// <param name="Words">What is said to it; a no needs some.</param>
public sealed record AnswerRequest(long Id, bool Approve, bool MayRetrieve, int Days, string? Words) : IVaultRequest, IRequest<ExhibitRequest>
{
    /// <summary>The longest that an approval may hold, days.</summary>
    public const int MostDays = 90;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.AccessAnswered;

    /// <inheritdoc/>
    public string? Reason => Words;
}

/// <summary>Takes back a request, as whoever made it, or an approval, as an officer of its case. It holds from the next access on.</summary>
/// <param name="Id">Its number.</param>
public sealed record WithdrawRequest(long Id) : IVaultRequest, IRequest<ExhibitRequest>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.AccessWithdrawn;
}

/// <summary>What an approved request for an exhibit of another case can open.</summary>
public enum ByApproval
{
    /// <summary>Nothing: only members of the case.</summary>
    Nothing,

    /// <summary>Looking, with any approval.</summary>
    Looking,

    /// <summary>The bytes, with an approval that says so.</summary>
    Bytes,
}

/// <summary>Decides whether somebody may do something with an exhibit: as a member of its case, or by an approval that has not run out.</summary>
public static class ExhibitRight
{
    /// <summary>True where they may.</summary>
    /// <param name="vault">The vault.</param>
    /// <param name="account">Who.</param>
    /// <param name="request">What they ask.</param>
    /// <param name="exhibit">The exhibit.</param>
    /// <param name="caseName">Its case.</param>
    public static bool Allows(Vault vault, string account, IVaultRequest request, ExhibitReference exhibit, string caseName) =>
        vault.Access.Allows(account, request.OneOf, caseName)
        // Whoever holds the role in no case any more has lost what they were granted by it.
        || (request.ByApproval != ByApproval.Nothing && vault.Access.Allows(account, [Role.CaseOfficer], null) && request.OneOf.Contains(Role.CaseOfficer)
            && vault.Requests.Allows(account, exhibit, request.ByApproval == ByApproval.Bytes, vault.Clock.GetUtcNow()));
}

internal sealed class AskForExhibitHandler(Vault vault, Caller caller) : IRequestHandler<AskForExhibit, AskedFor>
{
    public async ValueTask<AskedFor> Handle(AskForExhibit request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(request.Why)) throw new RefusedException("No reason was given.", "Nobody was asked.", "Say why you need it: the officers of the case decide by it.");
        ExhibitRow? row = vault.Exhibits.Find(request.Reference);
        if (row is not null && ExhibitRight.Allows(vault, caller.Account, new ShowExhibit(request.Reference), request.Reference, row.Case)) return new(null);
        return new(await vault.Sequencer.CommitAsync(change =>
        {
            (long open, long? same) = change.Waiting(caller.Account, request.Reference.Text);
            if (same is { } asked) return asked;
            if (open >= AskForExhibit.MostOpen)
                throw new RefusedException($"{AskForExhibit.MostOpen} of your requests wait for an answer.", "Nobody was asked.", "Take back one that you no longer need, or wait for an answer.");
            change.Record(new CustodyAct(request.Action, caller.Account)
            {
                Case = row?.Case,
                Exhibit = row?.Ref,
                Reason = request.Why,
                Personal = row is null ? [new("asked", request.Reference.Text)] : [],
            });
            return change.Ask(caller.Account, request.Reference.Text, row?.Case, request.Why);
        }).ConfigureAwait(false));
    }
}

internal sealed class ListMyRequestsHandler(Vault vault, Caller caller) : IRequestHandler<ListMyRequests, IReadOnlyList<ExhibitRequest>>
{
    public ValueTask<IReadOnlyList<ExhibitRequest>> Handle(ListMyRequests request, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<ExhibitRequest>>([.. vault.Requests.OfAsker(caller.Account, request.Before, ListMyRequests.OnPage).Select(r => r with { Case = null })]);
}

internal sealed class ListCaseRequestsHandler(Vault vault) : IRequestHandler<ListCaseRequests, IReadOnlyList<ExhibitRequest>>
{
    public ValueTask<IReadOnlyList<ExhibitRequest>> Handle(ListCaseRequests request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Requests.OfCase(request.CaseName, ListCaseRequests.Most));
}

internal sealed class ShowRequestHandler(Vault vault, Caller caller) : IRequestHandler<ShowRequest, ExhibitRequest>
{
    public async ValueTask<ExhibitRequest> Handle(ShowRequest request, CancellationToken cancellationToken)
    {
        ExhibitRequest asked = await RequestSight.FindAsync(vault, caller, request, request.Id).ConfigureAwait(false);
        return RequestSight.IsOfficer(vault, caller, asked) ? asked : asked with { Case = null };
    }
}

internal sealed class AnswerRequestHandler(Vault vault, Caller caller) : IRequestHandler<AnswerRequest, ExhibitRequest>
{
    public async ValueTask<ExhibitRequest> Handle(AnswerRequest request, CancellationToken cancellationToken)
    {
        ExhibitRequest asked = await RequestSight.FindAsync(vault, caller, request, request.Id).ConfigureAwait(false);
        if (!RequestSight.IsOfficer(vault, caller, asked) || asked.Asker == caller.Account) throw await RequestSight.RefuseAsync(vault, caller, request, asked).ConfigureAwait(false);
        if (request.Approve && request.Days is < 1 or > AnswerRequest.MostDays) throw new RefusedException($"An approval holds for 1 to {AnswerRequest.MostDays} days.", "Nothing was granted.", "Choose a number of days.");
        if (!request.Approve && string.IsNullOrWhiteSpace(request.Words)) throw new RefusedException("No reason was given.", "The request waits as before.", "Say why not: they will read it.");
        DateTimeOffset? until = request.Approve ? vault.Clock.GetUtcNow().AddDays(request.Days) : null;
        await vault.Sequencer.CommitAsync(change =>
        {
            string state = request.Approve ? RequestState.Approved : RequestState.Declined;
            if (!change.Answer(asked.Id, state, caller.Account, request.Words, request.Approve && request.MayRetrieve, until))
                throw new RefusedException("The request was answered or taken back meanwhile.", "Your answer was not given.", "Look at the request again.");
            JsonObject detail = new() { ["answer"] = state };
            if (until is { } moment) (detail["until"], detail["retrieve"]) = (ExhibitChanges.Text(moment), request.MayRetrieve);
            change.Record(RequestSight.Act(request, caller, asked) with { Reason = request.Words, Detail = detail });
        }).ConfigureAwait(false);
        return vault.Requests.Find(asked.Id)!;
    }
}

internal sealed class WithdrawRequestHandler(Vault vault, Caller caller) : IRequestHandler<WithdrawRequest, ExhibitRequest>
{
    public async ValueTask<ExhibitRequest> Handle(WithdrawRequest request, CancellationToken cancellationToken)
    {
        ExhibitRequest asked = await RequestSight.FindAsync(vault, caller, request, request.Id).ConfigureAwait(false);
        await vault.Sequencer.CommitAsync(change =>
        {
            if (!change.Withdraw(asked.Id)) throw new RefusedException("There is nothing to take back any more.", "Nothing was changed.", "Look at the request again.");
            change.Record(RequestSight.Act(request, caller, asked));
        }).ConfigureAwait(false);
        return vault.Requests.Find(asked.Id)! with { Case = RequestSight.IsOfficer(vault, caller, asked) ? asked.Case : null };
    }
}

/// <summary>Whose requests somebody may see.</summary>
internal static class RequestSight
{
    public static bool IsOfficer(Vault vault, Caller caller, ExhibitRequest asked) => asked.Case is { } caseName && vault.Access.Allows(caller.Account, [Role.CaseOfficer], caseName);

    /// <summary>The request, for whoever made it and for officers of its case. To others there is none; that they tried is an entry.</summary>
    public static async Task<ExhibitRequest> FindAsync(Vault vault, Caller caller, IVaultRequest request, long id)
    {
        ExhibitRequest? asked = vault.Requests.Find(id);
        if (asked is not null && (asked.Asker == caller.Account || IsOfficer(vault, caller, asked))) return asked;
        throw await RefuseAsync(vault, caller, request, null).ConfigureAwait(false);
    }

    public static async Task<RefusedException> RefuseAsync(Vault vault, Caller caller, IVaultRequest request, ExhibitRequest? asked)
    {
        await vault.Sequencer.RecordAsync(Refusal.Of(request, null, asked?.Case, caller, "no-right")).ConfigureAwait(false);
        return new("There is no such request that you may answer.", "Nothing was changed; the refusal is in the custody log.", "The page of your case lists those that you may answer.");
    }

    public static CustodyAct Act(IVaultRequest request, Caller caller, ExhibitRequest asked) => new(request.Action, caller.Account)
    {
        Case = asked.Case,
        Exhibit = asked.Case is null ? null : ExhibitReference.Parse(asked.Exhibit),
        Personal = [new("for", asked.Asker)],
    };
}
