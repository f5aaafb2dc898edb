using System.Diagnostics;
using System.Globalization;
using System.Text;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Samples;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Benchmarks.Analysis;

/// <summary>Renders the corpus (what is not there yet), analyses each scene, gated and exhaustively, and judges what was found by the exact truth.</summary>
internal static class ValidateAnalysis
{
    public sealed record Result(CorpusScene Scene, Truth Truth, AnalysisReport Report, Judgement Judgement, double Seconds);

    public static async Task<int> RunAsync(string[] args)
    {
        (string folder, string? report, bool tuning, string? only, string[] ways) = Read(args);
        Directory.CreateDirectory(folder);
        await using ServiceProvider services = new ServiceCollection().AddFootageAnalysis().BuildServiceProvider();
        IFootageAnalyser analyser = services.GetRequiredService<IFootageAnalyser>();
        var scenes = (tuning ? Corpus.Tuning() : Corpus.Judging()).Where(s => only is null || s.Condition.Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
        var results = ways.ToDictionary(w => w, _ => new List<Result>());
        foreach (CorpusScene scene in scenes)
        {
            Truth truth = Rendered(scene, folder);
            foreach (string way in ways)
            {
                long began = Stopwatch.GetTimestamp();
                AnalysisReport found = await analyser.AnalyseAsync(Path.Combine(folder, scene.File), null, new() { Clips = false, Exhaustive = way == "exhaustive" }, null, CancellationToken.None);
                Result result = new(scene, truth, found, Judgement.Of(truth, found.Segments), Stopwatch.GetElapsedTime(began).TotalSeconds);
                results[way].Add(result);
                Console.WriteLine(Line(way, result));
            }
        }
        foreach (string way in ways) Console.WriteLine(Summary(way, results[way]));
        if (ValidationReport.Agreement(results) is { } apart)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gated and exhaustive: other numbers of events in {apart.Differ.Count} scenes{(apart.Differ.Count == 0 ? "" : $" ({string.Join(", ", apart.Differ)})")}; elsewhere bounds at most {apart.Worst:F2} s apart"));
        if (report is not null)
        {
            ValidationReport.Write(report, results);
            Console.WriteLine($"report: {Path.Combine(report, "validation.html")}");
        }
        return results.Values.SelectMany(r => r).All(r => r.Report.Problem is null) ? 0 : 1;
    }

    private static Truth Rendered(CorpusScene scene, string folder)
    {
        string file = Path.Combine(folder, scene.File), told = Path.ChangeExtension(file, ".json");
        if (File.Exists(file) && File.Exists(told)) return Truth.FromJson(File.ReadAllText(told));
        Truth truth = SceneRenderer.Render(scene.Scene, scene.Codec, file);
        File.WriteAllText(told, truth.ToJson());
        return truth;
    }

    private static string Line(string way, Result r)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{way,-10} {r.Scene.File,-40} {r.Judgement.Events.Count} events, {r.Judgement.Missed.Count} missed, {r.Judgement.FalseAlarms.Count} false, worst bound {r.Judgement.BoundaryErrors.DefaultIfEmpty().Max():F2} s, {r.Seconds:F1} s");
        foreach (TruthSpan missed in r.Judgement.Missed) line.Append(CultureInfo.InvariantCulture, $"\n             missed {missed.Start:F1}-{missed.End:F1} {missed.What}");
        foreach (SegmentReport alarm in r.Judgement.FalseAlarms) line.Append(CultureInfo.InvariantCulture, $"\n             false  {alarm.Start:F1}-{alarm.End:F1} at {string.Join(",", alarm.Box)}: {alarm.OpenedBecause}");
        if (r.Report.Problem is { } problem) line.Append("\n             ").Append(problem);
        if (r.Judgement.BoundaryErrors.DefaultIfEmpty().Max() > 1)
            line.Append(CultureInfo.InvariantCulture, $"\n             truth {string.Join(' ', r.Judgement.Events.Select(e => $"{e.Start:F1}-{e.End:F1}"))}; found {string.Join(' ', r.Report.Segments.Select(e => $"{e.Start:F1}-{e.End:F1}"))}");
        return line.ToString();
    }

    private static string Summary(string way, List<Result> results)
    {
        Measures all = Measures.Of(results);
        List<Result> beyond = [.. results.Where(r => r.Scene.IsBeyond)];
        string smaller = beyond.Count is 0 || beyond.Count == results.Count ? "" : string.Create(CultureInfo.InvariantCulture,
            $"; of those smaller than is asked, which are not counted, {Measures.Of(beyond).Events - Measures.Of(beyond).Missed} of {Measures.Of(beyond).Events} found");
        return string.Create(CultureInfo.InvariantCulture,
            $"{way}: {all.Scenes} scenes, recall {all.Recall:F3} of {all.Events} events, {all.FalseAlarms} false alarms in {all.QuietSeconds / 3600:F2} quiet hours, median boundary error {all.MedianBoundaryError:F2} s{smaller}");
    }

    private static (string Folder, string? Report, bool Tuning, string? Only, string[] Ways) Read(string[] args)
    {
        (string folder, string? report, bool tuning, string? only, string[] ways) = (Path.Combine(Path.GetTempPath(), "evidencevault-corpus"), null, false, null, ["gated", "exhaustive"]);
        for (int i = 0; i < args.Length; i++)
        {
            string value() => ++i < args.Length ? args[i] : throw new FormatException($"'{args[i - 1]}' needs a value.");
            switch (args[i])
            {
                case "--corpus": folder = value(); break;
                case "--report": report = value(); break;
                case "--tuning": tuning = true; break;
                case "--only": only = value(); break;
                case "--way": ways = [value()]; break;
                default: throw new FormatException($"There is no option '{args[i]}': validate-analysis takes --corpus DIR, --report DIR, --tuning, --only CONDITION, --way gated|exhaustive.");
            }
        }
        return (folder, report, tuning, only, ways);
    }
}
