using System.CommandLine;
using System.Globalization;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Shows all that is recorded of an exhibit.</summary>
internal static class ShowCommand
{
    public static Command Build()
    {
        var exhibit = Arguments.Exhibit();
        var command = new Command("show", "Show an exhibit: hashes, state, segments, derivatives and custody. The viewing is recorded.") { exhibit, CommandTree.Json };
        Examples.Of(command, "evidencevault show AB/1", "evidencevault show AB/1 --json | jq -r .sha256");
        command.SetAction((parsed, cancel) => RunAsync(CommandTree.Home(parsed), parsed.GetRequiredValue(exhibit), parsed.GetValue(CommandTree.Json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, ExhibitReference reference, bool json, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        ExhibitShown shown = ExhibitShown.Of(await host.SendAsync(new ShowExhibit(reference), cancel), host.TimestampRounds is not null);
        if (json) Json.Print(shown);
        else Print(new Page(), shown);
        return ExitCode.Done;
    }

    internal static void Print(Page page, ExhibitShown e)
    {
        page.Facts(
            ("Exhibit", e.Exhibit), ("Case", e.Case), ("Camera", e.Camera), ("State", e.State),
            ("Problem", e.Problem is null ? null : Trouble.OneLine(e.Problem)),
            (e.Parent is null ? "Delivered as" : "File", Page.Printable(e.OriginalName)), ("Made from", e.Parent), ("Is a", e.Role), ("Looked at in", e.Series), ("Stills, in order", string.Join(", ", e.Stills)),
            ("Size", e.Bytes is { } bytes ? Plain.Bytes(bytes) : "not sealed yet"), ("SHA-256", e.Sha256), ("SHA-512", e.Sha512), ("Stored at", e.Address),
            ("Received", Plain.Moment(e.ReceivedAt)), ("Sealed", Plain.Moment(e.SealedAt)), ("Read back", Plain.Moment(e.StoredAt)),
            ("Time stamp", e.Timestamp is { } t ? $"{Plain.Moment(t.Time)}, serial {t.Serial}" : e.TimestampWaits ? "waiting for the time-stamping authority" : null),
            ("Local times", TimeZoneInfo.Local.Id));
        if (e.Segments.Count > 0)
        {
            page.Heading(e.Stills.Count > 0 ? "Events, in time since the first still by the camera's clock" : "Segments of motion, by the footage's own time");
            page.Table(
                [new("No.", Right: true), new("From", Right: true), new("To", Right: true), new("Most motion at", Right: true), new("Opened because", Wraps: true), new("Closed because", Wraps: true)],
                e.Segments.Select(s => (IEnumerable<string?>)
                    [s.Number.ToString(CultureInfo.InvariantCulture), Plain.Pts(s.Start), Plain.Pts(s.End), Plain.Pts(s.Peak), s.OpenedBecause, s.ClosedBecause]));
        }
        if (e.Derivatives.Count > 0)
        {
            page.Heading("Made from it");
            page.Table(
                [new("Exhibit"), new("What"), new("Segment", Right: true), new("At", Right: true), new("Size", Right: true), new("SHA-256", Wraps: true)],
                e.Derivatives.Select(d => (IEnumerable<string?>)
                    [d.Exhibit, d.Role, d.Segment?.ToString(CultureInfo.InvariantCulture), At(d), d.Bytes is { } size ? Plain.Scale(size) : "", d.Sha256]));
        }
        page.Heading("Custody");
        Entries.Show(page, e.Custody, ofOneExhibit: true);
    }

    private static string At(DerivativeShown d) => d switch
    {
        { Start: { } start, End: { } end } => $"{Plain.Pts(start)} to {Plain.Pts(end)}",
        { Pts: { } pts } => Plain.Pts(pts),
        _ => "",
    };
}
