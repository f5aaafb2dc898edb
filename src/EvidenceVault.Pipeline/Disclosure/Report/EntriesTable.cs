using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>The bundle's entries for spreadsheets and programs (docs/disclosure-bundle.md).</summary>
internal static class EntriesTable
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe.</summary>
    public static string Csv(BundleContents contents)
    {
        var csv = new StringBuilder();
        Line(csv, ["index", "exhibit", "seq", "time_utc", "time_local", "action", "outcome", "actor", "reason", "other_fields", "withheld", "sha256", "detail"]);
        foreach (DisclosedEntry entry in contents.Entries)
        {
            CustodyEntry read = entry.Entry;
            Line(csv,
            [
                entry.Index.ToString(CultureInfo.InvariantCulture), read.Exhibit, read.Seq?.ToString(CultureInfo.InvariantCulture), ReportText.Rfc3339(read.Time), ReportText.Local(read.Time, contents.Zone),
                read.Action, OutcomeOf(read), entry.Field("actor"), entry.Field("reason"),
                string.Join("; ", entry.Shown.Where(d => d.Name is not ("actor" or "reason")).Select(d => $"{d.Name}: {ReportText.Of(d.Value)}")),
                string.Join(' ', entry.Withheld), read.Sha256, read.Detail?.ToJsonString(),
            ]);
        }
        return csv.ToString();
    }

    public static string Json(BundleContents contents) => new JsonObject
    {
        ["v"] = "evidencevault/bundle-entries/1",
        ["bundle"] = contents.Id,
        ["case"] = contents.Case,
        ["entries"] = new JsonArray([.. contents.Entries.Select(e => new JsonObject
        {
            ["index"] = e.Index,
            ["entry"] = JsonNode.Parse(e.Bytes),
            ["fields"] = new JsonObject(e.Shown.Select(d => KeyValuePair.Create(d.Name, d.Value?.DeepClone()))),
            ["withheld"] = new JsonArray([.. e.Withheld.Select(w => JsonValue.Create(w))]),
        })]),
    }.ToJsonString(Readable) + "\n";

    internal static string OutcomeOf(CustodyEntry entry) => entry.Outcome switch { Outcome.Done => "done", Outcome.Refused => "refused", _ => "failed" };

    // RFC 4180 section 2, rules 1, 5, 6 and 7.
    private static void Line(StringBuilder csv, IReadOnlyList<string?> cells) => csv.AppendJoin(',', cells.Select(Cell)).Append("\r\n");

    internal static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        // What a spreadsheet runs: a cell that begins with one of these, also behind blanks or full-width forms.
        if (text.TrimStart() is ['=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..] || text[0] is '\t' or '\r' or '\n') text = $"'{text}";
        return text.AsSpan().IndexOfAny(",\"\r\n;") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
