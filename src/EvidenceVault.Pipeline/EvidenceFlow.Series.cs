using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline;

public sealed partial class EvidenceFlow
{
    /// <summary>Looks at stills of one camera as a series and commits what comes of it at once: the list of the stills, sealed as a sub-exhibit of the first; the
    /// analysis of all of them, with its events; the pictures made, sealed as sub-exhibits of the list; and an entry for each still. A crash before the commit
    /// leaves a scratch folder (swept) and perhaps blobs that no record names: the stills still wait, and the next try makes the same.</summary>
    /// <param name="stills">The stills, at least two, in the order of their names, all analysed.</param>
    /// <param name="actor">Who.</param>
    /// <param name="progress">Told of each step.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <returns>The series; null where another process is at it.</returns>
    /// <exception cref="UnreachableException">Something needed is out of reach: try again later.</exception>
    /// <exception cref="EvidenceException">The address of the list holds other bytes; nothing is recorded.</exception>
    internal async Task<ExhibitRow?> DeriveSeriesAsync(IReadOnlyList<ExhibitReference> stills, string actor, IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        ExhibitReference home = stills[0];
        using ExhibitLock? mine = ExhibitLock.TryTake(vault.Home, home);
        if (mine is null) return null;
        List<ExhibitRow> rows = [.. stills.Select(s => vault.Exhibits.Find(s)!)];
        AnalysisSettings settings = await SettingsForAsync(rows[0]).ConfigureAwait(false);
        ExhibitReference reference = home.Child(NextNumber(vault.Exhibits.Derivatives(home)));
        var list = new StillList([.. rows.Select(r => new ListedStill(r.Reference, r.Sha256!, r.Bytes!.Value))]);

        using Scratch scratch = Scratch.New(vault.ScratchRoot);
        string folder = Path.Combine(scratch.Path, "stills"), output = Path.Combine(scratch.Path, "out");
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(output);
        byte[] bytes = list.ToBytes();
        await File.WriteAllBytesAsync(Path.Combine(scratch.Path, StillList.FileName), bytes, cancel).ConfigureAwait(false);
        var made = new MadeFile(StillList.FileName, StillList.Role, "application/json", null, null, new JsonObject { ["format"] = StillList.Version, ["stills"] = stills.Count }) { Sha256 = Hex(bytes) };
        StoredDerivative stored = await StoreDerivativeAsync(rows[0], reference, made, scratch.Path, cancel).ConfigureAwait(false);

        var step = new StepProgress(reference, stored.Row, progress);
        AnalysisReport report = await WorkingCopy.StillsAsync(vault, store, list, folder, step.Fraction("fetching"), cancel).ConfigureAwait(false) is { } damage
            ? NotLookedAt(settings, damage, "Compare the store with its backup and report it as a finding.")
            : await analyser.AnalyseAsync(folder, output, settings with { Label = ViewingLabel.Of(reference.Text, Hex(bytes)) }, step.Fraction("analysing"), cancel).ConfigureAwait(false);
        (report, List<ExhibitReference> order) = Ordered(settings, report, list);
        var pictures = new List<StoredDerivative>();
        try
        {
            foreach (MadeFile picture in DerivativePlan.Of(report, null, [.. order.Select(o => o.Text)]))
                pictures.Add(await StoreDerivativeAsync(stored.Row, reference.Child(pictures.Count + 1), picture, output, cancel).ConfigureAwait(false));
        }
        catch (EvidenceException e)
        {
            LogNotKept(log, reference.Text, e.What);
            pictures.Clear();
            report = NotLookedAt(settings, e.What, "What was made of them cannot be stored: report it as a finding.");
        }

        string json = AnalysisJson.Write(report);
        stored = stored with { Row = stored.Row with { State = report.Problem is null ? ExhibitState.Analysed : ExhibitState.NotAnalysed, Analysis = json, Problem = report.Problem } };
        var versions = new Dictionary<string, string> { ["evidencevault"] = OwnBuild.Of(typeof(EvidenceFlow).Module) };
        try
        {
            await vault.Sequencer.CommitAsync(change =>
            {
                CommitDerivative(change, stored, versions, actor, null);
                SeriesOfStills.Put(change, reference, order);
                RecordAnalysis(change, stored.Row, actor, report, json, pictures);
                foreach (ExhibitRow row in rows) change.Record(ActOn(row, Acts.InSeries, actor) with { Sha256 = row.Sha256, Detail = new JsonObject { ["series"] = reference.Text } });
            }).ConfigureAwait(false);
        }
        catch (StateMovedException e)
        {
            LogMoved(log, e.Message);
            return null;
        }
        step.Reached(stored.Row);
        return stored.Row;
    }

    private static AnalysisReport NotLookedAt(AnalysisSettings settings, string what, string next) => new() { Settings = settings, Problem = $"{what} The stills have no analysis as a series; each has its own. {next}" };

    /// <summary>The stills in the order in which they were looked at, which the analysis tells; a report that tells of others is not believed.</summary>
    private static (AnalysisReport Report, List<ExhibitReference> Order) Ordered(AnalysisSettings settings, AnalysisReport report, StillList list)
    {
        List<ExhibitReference> asListed = [.. list.Stills.Select(s => ExhibitReference.Parse(s.Exhibit))];
        if (report.Stills is not { } seen) return (report, asListed);
        Dictionary<string, ExhibitReference> names = asListed.Index().ToDictionary(s => list.NameOf(s.Index), s => s.Item);
        // A file that is none any more for the program that looks at stills is left out by it: it comes last.
        List<ExhibitReference> order = [.. seen.Where(s => names.ContainsKey(s.File)).Select(s => names[s.File]).Distinct()];
        return order.Count == seen.Count
            ? (report, [.. order, .. asListed.Except(order)])
            : (NotLookedAt(settings, "The analysis program's report is not to be believed: it tells of stills that it was not given.", "Look at the stills by hand and report the fault."), asListed);
    }
}
