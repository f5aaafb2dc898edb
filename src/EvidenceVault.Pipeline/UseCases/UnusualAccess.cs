using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>What each person did in a time, with what is unusual about it, those with most of that first. Of the cases that the caller may see. Recorded.</summary>
/// <param name="From">Not before.</param>
/// <param name="To">Before; at most <see cref="MostDays"/> days later.</param>
/// <param name="ManyExhibits">So many exhibits, and more, are many.</param>
/// <param name="Hours">When people are at work.</param>
public sealed record UnusualAccess(DateTimeOffset From, DateTimeOffset To, int ManyExhibits, WorkingHours Hours) : IEvidenceAccess, IRequest<IReadOnlyList<PersonsAccess>>
{
    /// <summary>The longest time that is asked for at once, days.</summary>
    public const int MostDays = 31;

    /// <summary>So many refusals, or failed sign-ins, and more, are many.</summary>
    public const int ManyRefusals = 3;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Auditor];

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    /// <inheritdoc/>
    public JsonObject? Detail => new()
    {
        ["what"] = "unusual-access",
        ["from"] = From.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        ["to"] = To.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
    };
}

/// <summary>What a person did in a time.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Exhibits">How many different exhibits.</param>
/// <param name="OddHours">Entries outside of working hours.</param>
/// <param name="Refusals">Refusals, but for sign-ins.</param>
/// <param name="FailedSignIns">Sign-ins that failed.</param>
/// <param name="Entries">All entries.</param>
/// <param name="Unusual">How many of these are more than usual.</param>
public sealed record PersonsAccess(string Actor, long Exhibits, long OddHours, long Refusals, long FailedSignIns, long Entries, int Unusual);

internal sealed class UnusualAccessHandler(Vault vault, Caller caller) : IRequestHandler<UnusualAccess, IReadOnlyList<PersonsAccess>>
{
    public async ValueTask<IReadOnlyList<PersonsAccess>> Handle(UnusualAccess request, CancellationToken cancellationToken)
    {
        await EntryIndex.CatchUpAsync(vault.Sequencer, null).ConfigureAwait(false);
        return
        [
            .. vault.Index.Access(request.From, request.To, request.Hours, LogSight.Of(vault, caller), Vault.Program).Select(p => Of(p, request))
                .OrderByDescending(p => p.Unusual).ThenByDescending(p => p.Entries).ThenBy(p => p.Actor, StringComparer.Ordinal),
        ];
    }

    private static PersonsAccess Of(PersonCounted did, UnusualAccess asked) => new(did.Actor, did.Exhibits, did.OddHours, did.Refusals, did.FailedSignIns, did.Entries,
        new[] { did.Exhibits >= asked.ManyExhibits, did.OddHours > 0, did.Refusals >= UnusualAccess.ManyRefusals, did.FailedSignIns >= UnusualAccess.ManyRefusals }.Count(u => u));
}
