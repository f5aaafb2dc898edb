using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>A page of the custody log: the entries that are asked for and that the caller may see, the newest first. Each page that is shown is an entry.</summary>
/// <param name="Filter">What is asked.</param>
/// <param name="Before">Only before this place in the log.</param>
/// <param name="After">Only after this place; not with <paramref name="Before"/>.</param>
public sealed record ExploreLog(EntryFilter Filter, ulong? Before, ulong? After) : IEvidenceAccess, IRecordsItself, IRequest<LogPage>
{
    /// <summary>Entries on a page.</summary>
    public const int OnPage = 50;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => LogSight.Readers;

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public string? Case => Filter.Case;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        JsonObject place = [];
        if (Before is { } before) place["before"] = before.ToString(CultureInfo.InvariantCulture);
        if (After is { } after) place["after"] = after.ToString(CultureInfo.InvariantCulture);
        return LogSight.RecordAsync(vault, caller, "page", Filter, place);
    }
}

/// <summary>A page of the log.</summary>
/// <param name="Entries">The entries, the newest first.</param>
/// <param name="Older">What to ask for next, before this place; null where there is nothing older.</param>
/// <param name="Newer">Likewise after this place.</param>
/// <param name="IsCutShort">True where so many entries were looked through that it stopped; what is beyond was not looked at yet.</param>
/// <param name="Disagreeing">Entries that the index finds by something that they do not say: it was altered behind the vault's back.</param>
public sealed record LogPage(IReadOnlyList<EntryShown> Entries, ulong? Older, ulong? Newer, bool IsCutShort, IReadOnlyList<ulong> Disagreeing);

/// <summary>Some entries as the log holds them, for a file: all that are asked for and that the caller may see, the newest first. Recorded before the first of them is read.</summary>
/// <param name="Filter">What is asked.</param>
/// <param name="Form">What file: <c>csv</c> or <c>json</c>.</param>
public sealed record ExportEntries(EntryFilter Filter, string Form) : IEvidenceAccess, IRecordsItself, IRequest<IAsyncEnumerable<RecordedEntry>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => LogSight.Readers;

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public string? Case => Filter.Case;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller) => LogSight.RecordAsync(vault, caller, "export-" + Form, Filter, []);
}

/// <summary>One entry of the log with the proof that it is in it. Recorded.</summary>
/// <param name="Index">Its place, from 0.</param>
/// <param name="What">What is given out: <c>entry</c> for a page, <c>proof</c> or <c>json</c> for a file.</param>
public sealed record ShowEntry(ulong Index, string What) : IEvidenceAccess, IRecordsItself, IRequest<ProvedEntry>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => LogSight.Readers;

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    async Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        JsonObject detail = new() { ["what"] = What, ["index"] = Index.ToString(CultureInfo.InvariantCulture) };
        CustodyEntry? entry = vault.Log.FindEntry(Index) is { } recorded && CustodyEntry.TryParse(recorded.Bytes, out CustodyEntry? read, out _) ? read : null;
        // One that cannot be read says of no case: it is for whoever may see entries of none.
        if (Index < vault.Log.Size() && LogSight.Of(vault, caller).Allows(entry?.Case))
        {
            await vault.Sequencer.RecordAsync(new CustodyAct(Action, caller.Account) { Case = entry?.Case, Exhibit = entry?.Exhibit is { } text ? ExhibitReference.Parse(text) : null, Detail = detail }).ConfigureAwait(false);
            return;
        }
        detail["why"] = "no-right";
        await vault.Sequencer.RecordAsync(new CustodyAct(Action, caller.Account) { Outcome = Outcome.Refused, Detail = detail }).ConfigureAwait(false);
        throw new RefusedException($"There is no entry {Index} that the account '{caller.Account}' may see.", "Nothing was given out; the refusal is in the custody log.", "Ask the vault's administrator for the right if you need it.");
    }
}

/// <summary>An entry with its proof.</summary>
/// <param name="Entry">The entry, opened.</param>
/// <param name="Bytes">Its canonical JSON: what the log commits to.</param>
/// <param name="Proof">The proof, C2SP tlog-proof.</param>
/// <param name="Size">How many entries the checkpoint in the proof covers.</param>
/// <param name="Findings">What checking the proof found, by the vault's own policy. That the entry is in the log holds; whether witnesses vouch for the log may not.</param>
public sealed record ProvedEntry(EntryShown Entry, byte[] Bytes, byte[] Proof, ulong Size, IReadOnlyList<Finding> Findings);

/// <summary>Compares the whole index with the log. Reads no personal field out, so it leaves no entry of its own.</summary>
public sealed record CheckEntryIndex : IVaultRequest, IRequest<IndexCheck>
{
    /// <summary>How many entries are named at most.</summary>
    public const int MostNamed = 20;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Auditor];

    /// <inheritdoc/>
    public string Action => Acts.LogRead;
}

/// <summary>Who may see which entries, and how reading them is recorded.</summary>
internal static class LogSight
{
    /// <summary>Entries of a case are for these, in that case.</summary>
    public static readonly Role[] Readers = [Role.Auditor, Role.CpsReviewer, Role.CaseOfficer];

    /// <summary>What the caller may see. Entries of no case (sign-ins, accounts, keys) are for auditors: they are about people, not about evidence.</summary>
    public static EntrySight Of(Vault vault, Caller caller) => new(vault.Access.CasesOf(caller.Account, Readers), vault.Access.Allows(caller.Account, [Role.Auditor], null));

    /// <summary>Records that entries were read, with what was asked. Whom it was asked about is personal.</summary>
    public static Task RecordAsync(Vault vault, Caller caller, string what, EntryFilter filter, JsonObject more)
    {
        JsonObject detail = new() { ["what"] = what };
        if (filter.Action is { } action) detail["action"] = action;
        if (filter.Outcome is { } outcome) detail["outcome"] = outcome;
        if (filter.From is { } from) detail["from"] = from.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        if (filter.To is { } to) detail["to"] = to.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        if (filter.Outside is { } hours) detail["outside"] = $"{hours.From}-{hours.To}";
        foreach (var (name, value) in more.ToList()) detail[name] = value!.DeepClone();
        // Of an exhibit that the caller may not see, or that there is not, the entry is not about it.
        ExhibitReference? exhibit = ExhibitReference.TryParse(filter.Exhibit, out ExhibitReference asked) && vault.Exhibits.Find(asked) is { } row && Of(vault, caller).Allows(row.Case) ? asked : null;
        Require(filter);
        return EntryIndex.CatchUpAsync(vault.Sequencer, new CustodyAct(Acts.LogRead, caller.Account)
        {
            Case = filter.Case,
            Exhibit = exhibit,
            Detail = detail,
            Personal = [.. Asked("person", filter.Actor), .. exhibit is null ? Asked("asked", filter.Exhibit) : []],
        });

        static IEnumerable<PersonalField> Asked(string name, string? value) => value is null ? [] : [new(name, value)];
    }

    /// <summary>Holds what is asked to its forms, as what is not of them is in no entry and must come into none.</summary>
    /// <exception cref="RefusedException">It is not of its form.</exception>
    private static void Require(EntryFilter filter)
    {
        if (filter.Case is { } caseName && !Names.IsGood(caseName)) throw Bad("case");
        if (filter.Action is { } action && !Acts.All.Contains(action)) throw Bad("action");
        if (filter.Outcome is not (null or "done" or "refused" or "failed")) throw Bad("outcome");
        if (filter.Actor is { Length: > 256 } || filter.Exhibit is { Length: > 256 }) throw Bad("person or exhibit");

        static RefusedException Bad(string what) => new($"There is no such {what}.", "Nothing was looked for.", "Choose one of those that the page offers.");
    }
}

internal sealed class ExploreLogHandler(Vault vault, Caller caller) : IRequestHandler<ExploreLog, LogPage>
{
    public ValueTask<LogPage> Handle(ExploreLog request, CancellationToken cancellationToken)
    {
        EntrySight sight = LogSight.Of(vault, caller);
        FoundEntries found = vault.Index.Find(request.Filter, sight, request.Before, request.After, ExploreLog.OnPage);
        IReadOnlyList<RecordedEntry> entries = vault.Log.EntriesAt(found.Indices);
        // The index is not believed: what an entry is about, and so who may see it, the entry itself says.
        EntryShown[] seen = [.. entries.Select(EntryShown.Of).Where(e => sight.Allows(e.Case))];
        ulong[] disagreeing = [.. found.Indices.Except(entries.Select(e => e.Index)), .. vault.Index.Disagreeing(entries)];
        return ValueTask.FromResult(new LogPage(seen, found.Older, found.Newer, found.IsCutShort, disagreeing));
    }
}

internal sealed class ExportEntriesHandler(Vault vault, Caller caller) : IRequestHandler<ExportEntries, IAsyncEnumerable<RecordedEntry>>
{
    private const int AtOnce = 500;

    public ValueTask<IAsyncEnumerable<RecordedEntry>> Handle(ExportEntries request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Entries(request.Filter, LogSight.Of(vault, caller)).ToAsyncEnumerable());

    // A few hundred at a time, so that memory stays flat; what is appended meanwhile is not in it.
    private IEnumerable<RecordedEntry> Entries(EntryFilter filter, EntrySight sight)
    {
        ulong? before = vault.Log.Size();
        while (before is not null)
        {
            FoundEntries found = vault.Index.Find(filter, sight, before, null, AtOnce);
            foreach (RecordedEntry entry in vault.Log.EntriesAt(found.Indices).Where(e => sight.Allows(EntryShown.Of(e).Case))) yield return entry;
            before = found.Older;
        }
    }
}

internal sealed class ShowEntryHandler(Vault vault) : IRequestHandler<ShowEntry, ProvedEntry>
{
    public ValueTask<ProvedEntry> Handle(ShowEntry request, CancellationToken cancellationToken)
    {
        RecordedEntry entry = vault.Log.FindEntry(request.Index) ?? throw Lacking(request.Index, "It is not where it should be.");
        byte[] proof = Prove(request.Index);
        // Checked as a stranger would, from the bytes that are given out.
        if (!LogProof.TryParse(proof, out LogProof? read, out string problem)) throw Lacking(request.Index, problem);
        VerificationReport report = read.Verify(entry.Bytes, vault.WitnessPolicy);
        if (report.Findings.FirstOrDefault(f => f is { Claim: "entry-proof" or "checkpoint-signature", Holds: false }) is { } bad) throw Lacking(request.Index, bad.Sentence);
        Checkpoint.TryParse(read.Note.Text, out Checkpoint? checkpoint, out _);
        return ValueTask.FromResult(new ProvedEntry(EntryShown.Of(entry), entry.Bytes, proof, checkpoint!.Size, report.Findings));
    }

    // Against the newest checkpoint that witnesses vouch for, where it covers the entry, else the newest.
    private byte[] Prove(ulong index)
    {
        using LogSnapshot log = vault.Log.Snapshot();
        ulong cosigned = log.CosignedSize(HeadChoice.NameOf(vault.WitnessPolicy)), size = cosigned > index ? cosigned : log.Size;
        if (!SignedNote.TryParse(log.NoteAt(size), out SignedNote? note, out string problem)) throw Lacking(index, problem);
        return LogProof.Of(index, log.InclusionProof(index, size), note).ToBytes();
    }

    private static EvidenceException Lacking(ulong index, string problem) => new(
        $"Entry {index} cannot be shown to be in the custody log. {problem}", "The log was altered behind the vault's back; what is left of the entry is not shown as if it were whole.",
        "Run 'evidencevault log fsck' to name the damage and keep the whole folder as it is for an expert.");
}

internal sealed class CheckEntryIndexHandler(Vault vault) : IRequestHandler<CheckEntryIndex, IndexCheck>
{
    public async ValueTask<IndexCheck> Handle(CheckEntryIndex request, CancellationToken cancellationToken)
    {
        await EntryIndex.CatchUpAsync(vault.Sequencer, null).ConfigureAwait(false);
        return vault.Index.Check(CheckEntryIndex.MostNamed, cancellationToken);
    }
}
