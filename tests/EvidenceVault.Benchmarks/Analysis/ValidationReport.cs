using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace EvidenceVault.Benchmarks.Analysis;

/// <summary>What a forensic quality manager needs of a validation: the method, the versions, and for each condition what was found, missed and
/// falsely told, how far the bounds are off and how long it took; every scene with its truth beside what was found. HTML with plots, and JSON.</summary>
internal static class ValidationReport
{
    private const string Method = """
        Each scene is rendered from a seed by EvidenceVault's own scene renderer, which writes down in which frames each mover altered pixels: that is the
        truth. Scenes with the seeds of this corpus were not used to tune the analysis. Each is analysed twice by the program that the vault runs: gated (key frames,
        and in full only the stretches that could hold a beginning or an end) and exhaustively (every frame). An event of the truth lasts a second or
        more; those closer together than 1.5 s are one. It is found where a segment overlaps it. A segment that comes no nearer than 1 s to any is a false alarm.
        Walkers of 16 pixels' height on 1080 lines (10 wide) are smaller than what the analysis is made to find (16 wide): they are told by themselves and are not in the total.
        """;

    private static readonly string[] Limits =
    [
        "Rendered scenes are simpler than the world: foliage, water, rain and insects are drawn by rule. Real footage of known truth is measured beside them where it is at hand.",
        "Somebody of 16 pixels on a 1080-line picture is found on a scene in which little else stands out; where they stand still, they can be lost.",
        "Streaks of rain that follow one another, insects near the lens and grass in a gale can be taken for something that moves.",
        "What does not go anywhere (an arm that waves from behind cover) does not open an event.",
    ];

    public static void Write(string folder, IReadOnlyDictionary<string, List<ValidateAnalysis.Result>> results)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "validation.json"), Json(results));
        File.WriteAllText(Path.Combine(folder, "validation.html"), Html(results));
    }

    private static string Json(IReadOnlyDictionary<string, List<ValidateAnalysis.Result>> results) => JsonSerializer.Serialize(new
    {
        version = "evidencevault/validation/1",
        versions = results.Values.First()[0].Report.Versions,
        ways = results.ToDictionary(r => r.Key, r => new
        {
            total = Measures.Of(r.Value),
            conditions = r.Value.GroupBy(x => x.Scene.Condition).ToDictionary(g => g.Key, g => Measures.Of([.. g])),
            scenes = r.Value.Select(x => new
            {
                file = x.Scene.File,
                seed = x.Scene.Scene.Seed,
                truth = x.Truth.Segments.Select(s => new[] { s.Start, s.End }),
                found = x.Report.Segments.Select(s => new[] { s.Start, s.End }),
                seconds = Math.Round(x.Seconds, 2),
            }),
        }),
        agreement = Agreement(results) is { } apart ? new { gatedAndExhaustiveWorstApartSeconds = apart.Worst, scenesThatDiffer = apart.Differ } : null,
    }, new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" }) + "\n";

    /// <summary>How far gated and exhaustive events are apart at most, and the scenes in which they are not the same number.</summary>
    public static (double Worst, IReadOnlyList<string> Differ)? Agreement(IReadOnlyDictionary<string, List<ValidateAnalysis.Result>> results)
    {
        if (!results.TryGetValue("gated", out var gated) || !results.TryGetValue("exhaustive", out var exhaustive)) return null;
        double worst = 0;
        var differ = new List<string>();
        foreach (var (g, e) in gated.Zip(exhaustive))
        {
            if (g.Report.Segments.Count != e.Report.Segments.Count) differ.Add(g.Scene.File);
            else foreach (var (a, b) in g.Report.Segments.Zip(e.Report.Segments)) worst = Math.Max(worst, Math.Max(Math.Abs(a.Start - b.Start), Math.Abs(a.End - b.End)));
        }
        return (Math.Round(worst, 3), differ);
    }

    private static string Html(IReadOnlyDictionary<string, List<ValidateAnalysis.Result>> results)
    {
        var page = new StringBuilder("""
            <!doctype html><html lang="en-GB"><meta charset="utf-8"><title>Validation of the motion analysis</title>
            <style>body{font:16px/1.5 Arial,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#0b0c0c}table{border-collapse:collapse;width:100%;margin:1em 0}
            th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid #b1b4b6}td.n,th.n{text-align:right}caption{text-align:left;font-weight:bold}svg{display:block;margin:.2em 0}</style>
            <h1>Validation of the motion analysis</h1>
            """);
        page.Append(CultureInfo.InvariantCulture, $"<h2>Method</h2><p>{Text(Method)}</p><h2>Versions</h2><ul>");
        foreach (var (name, version) in results.Values.First()[0].Report.Versions) page.Append(CultureInfo.InvariantCulture, $"<li>{Text(name)} {Text(version)}</li>");
        page.Append("</ul>");
        foreach (var (way, all) in results)
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{(way == "gated" ? "Gated" : "Exhaustive")}</h2>{Table(all)}");
        }
        if (Agreement(results) is { } apart)
            page.Append(CultureInfo.InvariantCulture, $"<p>Gated and exhaustive give the same number of events in all scenes but {apart.Differ.Count}; where they do, their bounds are at most {apart.Worst:F2} s apart.</p>");
        page.Append("<h2>Scenes</h2><p>Grey: what is there. Blue: what the exhaustive run found. Green: what the gated run found. Seconds from left to right.</p>");
        foreach (var group in results.Values.First().Select((r, i) => (Result: r, Index: i)).GroupBy(r => r.Result.Scene.Condition))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h3>{Text(group.Key)}</h3>");
            foreach (var (_, index) in group) page.Append(Timeline(results, index));
        }
        page.Append("<h2>Known limits</h2><ul>");
        foreach (string limit in Limits) page.Append(CultureInfo.InvariantCulture, $"<li>{Text(limit)}</li>");
        return page.Append("</ul></html>\n").ToString();
    }

    private static string Table(List<ValidateAnalysis.Result> all)
    {
        var table = new StringBuilder("<table><caption>By condition</caption><tr><th>Condition<th class=n>Scenes<th class=n>Events<th class=n>Found<th class=n>False alarms<th class=n>Quiet minutes<th class=n>False alarms an hour<th class=n>Median bound error, s<th class=n>Worst, s<th class=n>Seconds a minute of footage</tr>");
        foreach (var (name, of) in all.GroupBy(r => r.Scene.Condition).Select(g => (g.Key, Measures.Of([.. g]))).Append(("All", Measures.Of(all))))
        {
            table.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{Text(name)}<td class=n>{of.Scenes}<td class=n>{of.Events}<td class=n>{of.Events - of.Missed}<td class=n>{of.FalseAlarms}<td class=n>{of.QuietSeconds / 60:F1}<td class=n>{of.FalseAlarmsAnHour:F1}<td class=n>{of.MedianBoundaryError:F2}<td class=n>{of.WorstBoundaryError:F2}<td class=n>{of.SecondsAMinute:F1}</tr>");
        }
        return table.Append("</table>").ToString();
    }

    private static string Timeline(IReadOnlyDictionary<string, List<ValidateAnalysis.Result>> results, int index)
    {
        ValidateAnalysis.Result one = results.Values.First()[index];
        double length = one.Truth.Frames / one.Truth.Fps;
        string Bars(IEnumerable<(double Start, double End)> spans, int y, string colour) => string.Concat(spans.Select(s => string.Create(CultureInfo.InvariantCulture,
            $"<rect x=\"{s.Start / length * 900:F1}\" y=\"{y}\" width=\"{Math.Max(1, (s.End - s.Start) / length * 900):F1}\" height=\"7\" fill=\"{colour}\"/>")));
        string found = results.TryGetValue("exhaustive", out var e) ? Bars(e[index].Report.Segments.Select(s => (s.Start, s.End)), 12, "#1d70b8") : "";
        string gated = results.TryGetValue("gated", out var g) ? Bars(g[index].Report.Segments.Select(s => (s.Start, s.End)), 20, "#00703c") : "";
        return $"<svg width=\"900\" height=\"30\" role=\"img\" aria-label=\"{Text(one.Scene.File)}\"><rect width=\"900\" height=\"29\" fill=\"#f3f2f1\"/>{Bars(one.Truth.Segments.Select(s => (s.Start, s.End)), 2, "#505a5f")}{found}{gated}</svg>";
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>The measures of some scenes together.</summary>
internal sealed record Measures(int Scenes, int Events, int Missed, double Recall, int FalseAlarms, double QuietSeconds, double FalseAlarmsAnHour, double MedianBoundaryError, double WorstBoundaryError, double SecondsAMinute)
{
    /// <summary>Of some scenes. Events in scenes that are beyond what is asked count only where there are no others; false alarms count everywhere.</summary>
    public static Measures Of(List<ValidateAnalysis.Result> results)
    {
        List<ValidateAnalysis.Result> asked = results.TrueForAll(r => r.Scene.IsBeyond) ? results : [.. results.Where(r => !r.Scene.IsBeyond)];
        int events = asked.Sum(r => r.Judgement.Events.Count), missed = asked.Sum(r => r.Judgement.Missed.Count), alarms = results.Sum(r => r.Judgement.FalseAlarms.Count);
        double quiet = results.Sum(r => r.Judgement.QuietSeconds);
        double[] errors = [.. asked.SelectMany(r => r.Judgement.BoundaryErrors).Order()];
        double minutes = results.Sum(r => r.Truth.Frames / r.Truth.Fps) / 60;
        return new(results.Count, events, missed, events == 0 ? 1 : Math.Round(1 - (missed / (double)events), 4), alarms, Math.Round(quiet, 1), Math.Round(alarms / Math.Max(1, quiet) * 3600, 2),
            errors.Length == 0 ? 0 : Math.Round(errors[errors.Length / 2], 3), errors.Length == 0 ? 0 : Math.Round(errors[^1], 3), Math.Round(results.Sum(r => r.Seconds) / minutes, 2));
    }
}
