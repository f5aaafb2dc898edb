using System.Globalization;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Show;

/// <summary>Custody entries as a table.</summary>
internal static class Entries
{
    public static void Show(Page page, IReadOnlyList<EntryShown> entries, bool ofOneExhibit)
    {
        Column[] columns =
        [
            new("Entry", Right: true), .. ofOneExhibit ? new Column[] { new("No.", Right: true) } : [new("Exhibit")],
            new("When", Wraps: true), new("What"), new("Outcome"), new("Who", Wraps: true), new("Reason and facts", Wraps: true),
        ];
        page.Table(columns, entries.Select(e => (IEnumerable<string?>)
        [
            e.Index.ToString(CultureInfo.InvariantCulture),
            ofOneExhibit ? e.Seq?.ToString(CultureInfo.InvariantCulture) : e.Exhibit is null ? "" : $"{e.Exhibit} no. {e.Seq}",
            Plain.Moment(e.Time), e.Action ?? "unreadable", e.Outcome, Page.Printable(e.Actor), About(e),
        ]));
    }

    private static string About(EntryShown entry)
    {
        IEnumerable<string?> parts =
        [
            entry.Reason is null ? null : $"“{Page.Printable(entry.Reason)}”",
            Plain.Detail(entry.Detail),
            Plain.Detail(entry.Personal),
            entry.Problem is null ? null : $"PROBLEM: {Page.Printable(entry.Problem)}",
        ];
        return string.Join("; ", parts.Where(p => !string.IsNullOrEmpty(p)));
    }
}
