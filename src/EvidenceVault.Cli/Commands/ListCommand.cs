using System.CommandLine;
using System.Globalization;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Lists exhibits.</summary>
internal static class ListCommand
{
    public static Command Build()
    {
        var caseName = new Option<string?>("--case") { Description = "Only this case.", HelpName = "CASE" };
        var command = new Command("list", "List the exhibits you may see.") { caseName, CommandTree.Json };
        Examples.Of(command, "evidencevault list --case OP-HERON", "evidencevault list --json");
        command.SetAction((parsed, cancel) => RunAsync(CommandTree.Home(parsed), parsed.GetValue(caseName), parsed.GetValue(CommandTree.Json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, string? caseName, bool json, CancellationToken cancel)
    {
        if (caseName is not null) Names.Require(caseName, "case");
        await using Host host = await Host.OpenAsync(home);
        IReadOnlyList<ListedExhibit> exhibits = await host.SendAsync(new ListExhibits(caseName), cancel);
        if (json)
        {
            Json.Print(exhibits.Select(ExhibitLine.Of));
            return ExitCode.Done;
        }
        var page = new Page();
        if (exhibits.Count == 0)
        {
            page.Line(caseName is null ? "There are no exhibits yet." : $"There are no exhibits of case {caseName} that you may see.");
            return ExitCode.Done;
        }
        page.Table(
            [new("Exhibit"), new("Case"), new("Camera"), new("State"), new("Size", Right: true), new("Segments", Right: true), new("Keyframes", Right: true), new("SHA-256", Wraps: true)],
            exhibits.Select(e => (IEnumerable<string?>)
            [
                e.Exhibit.Reference, e.Exhibit.Case, e.Exhibit.Camera, e.Exhibit.State, e.Exhibit.Bytes is { } bytes ? Plain.Scale(bytes) : "–",
                e.Segments.ToString(CultureInfo.InvariantCulture), e.Keyframes.ToString(CultureInfo.InvariantCulture), e.Exhibit.Sha256 ?? "–",
            ]));
        foreach (ListedExhibit e in exhibits.Where(e => e.Exhibit.Problem is not null))
            page.Line($"{e.Exhibit.Reference}: {Trouble.OneLine(e.Exhibit.Problem!)}");
        return ExitCode.Done;
    }
}
