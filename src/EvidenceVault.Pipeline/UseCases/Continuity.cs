using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Disclosure;
using EvidenceVault.Pipeline.Disclosure.Report;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Makes the continuity report of exhibits of one case from the record: what a disclosure bundle says of them, without their bytes. Recorded for each exhibit before it is made.</summary>
/// <param name="Of">The exhibits.</param>
public sealed record MakeContinuityReport(IReadOnlyList<ExhibitReference> Of) : IEvidenceAccess, IRecordsItself, IRequest<ReportPage>
{
    /// <summary>Exhibits of one report at most.</summary>
    public const int MostExhibits = 50;

    /// <summary>Entries of one report at most: what a person can read. More are in a disclosure bundle.</summary>
    public const int MostEntries = 5_000;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer, Role.Auditor];

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public IReadOnlyList<ExhibitReference> Exhibits => Of;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    async Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        List<ExhibitRow> rows = [.. Of.Distinct().Select(e => vault.Exhibits.Find(e)!)];
        if (rows.Count is 0 or > MostExhibits) throw new RefusedException($"A continuity report is of 1 to {MostExhibits} exhibits.", "Nothing was given out.", "Name fewer of them, or make a disclosure bundle.");
        if (rows.Exists(r => r.Case != rows[0].Case)) throw new RefusedException("The exhibits are of several cases.", "Nothing was given out.", "Make a report for each case.");
        if (rows.Find(r => r.Seal is null) is { } unsealed) throw new RefusedException($"Exhibit {unsealed.Reference} is not sealed yet.", "Nothing was given out.", "Its page says how it stands; try again once it is sealed.");
        if (rows.Sum(r => vault.Log.CountOf(r.Ref)) > MostEntries) throw new RefusedException($"These exhibits have more than {MostEntries:N0} entries.", "Nothing was given out: a part of the record would be no record.", "Make a disclosure bundle of them: it holds all entries.");
        await vault.Sequencer.RecordAsync([.. rows.Select(r => new CustodyAct(Action, caller.Account) { Case = r.Case, Camera = r.Camera, Exhibit = r.Ref, Sha256 = r.Sha256, Detail = new JsonObject { ["what"] = "continuity" } })]).ConfigureAwait(false);
    }
}

internal sealed class MakeContinuityReportHandler(Vault vault, Cosigning cosigning, TimeProvider clock) : IRequestHandler<MakeContinuityReport, ReportPage>
{
    public async ValueTask<ReportPage> Handle(MakeContinuityReport request, CancellationToken cancellationToken)
    {
        // The report's own entries are new, so no witness has cosigned them yet.
        await cosigning.RoundAsync(cancellationToken).ConfigureAwait(false);
        List<ExhibitRow> rows = [.. request.Of.Distinct().Select(e => vault.Exhibits.Find(e)!).OrderBy(r => r.Reference, StringComparer.Ordinal)];
        List<RecordedEntry> entries = [.. rows.SelectMany(r => vault.Log.Entries(r.Ref)).OrderBy(e => e.Index)];
        return ContinuityReport.Of(new ContinuityFacts
        {
            Case = rows[0].Case,
            MadeAt = clock.GetUtcNow(),
            Exhibits = [.. rows.Select(Of)],
            Entries = [.. entries.Select(Of)],
            Checkpoint = vault.CheckpointCovering(entries[^1].Index),
            Policy = vault.WitnessPolicy.Content.ToArray(),
            Zone = clock.LocalTimeZone,
        });
    }

    private DisclosedExhibit Of(ExhibitRow row) => new()
    {
        Reference = row.Ref,
        DeliveredName = row.RelativePath,
        Seal = row.Seal!,
        SealCms = row.SealCms!,
        TimeStamp = vault.Timestamps.Of(row.Ref)?.Token,
        Segments = [.. vault.Exhibits.Segments(row.Ref).Select(s => new DisclosedSegment(s.Number, s.Start, s.End))],
        OpenAsync = _ => throw new InvalidOperationException("A continuity report gives out no exhibit's bytes."),
    };

    // Nobody checks a report after us as they check a bundle: what the entry does not commit to is not shown.
    private static DisclosedEntry Of(RecordedEntry recorded)
    {
        var bare = new DisclosedEntry(recorded.Index, recorded.Bytes, [], [], []);
        CustodyEntry entry = bare.Entry;
        List<Proof.Disclosure> proved = [.. recorded.Disclosures.Where(d => d.CheckAgainst(entry).Holds)];
        return bare with { Shown = proved, Withheld = [.. recorded.Disclosures.Except(proved).Select(d => d.Name), .. Enumerable.Repeat("", Math.Max(0, entry.Commitments.Count - recorded.Disclosures.Count))] };
    }
}
