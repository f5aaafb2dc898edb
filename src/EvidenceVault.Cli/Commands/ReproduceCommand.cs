using System.CommandLine;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Does an analysis again and says whether it gives what was sealed.</summary>
internal static class ReproduceCommand
{
    public static Command Build()
    {
        var exhibit = Arguments.Exhibit();
        var reason = new Option<string?>("--reason") { Description = "Why. The court will read it.", HelpName = "TEXT" };
        var command = new Command("reproduce", "Analyse a Master again with the recorded settings, and compare analysis.json and every derivative with what was sealed. Recorded before the Master is decrypted.") { exhibit, reason, CommandTree.Json };
        Examples.Of(command, "evidencevault reproduce AB/1 --reason \"Asked by the defence's expert\"");
        command.SetAction((parsed, cancel) => RunAsync(CommandTree.Home(parsed), parsed.GetRequiredValue(exhibit), parsed.GetValue(reason), parsed.GetValue(CommandTree.Json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, ExhibitReference reference, string? reason, bool json, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        ReproducedAnalysis found = await Progressing.FractionAsync("analysing again", progress => host.SendAsync(new ReproduceAnalysis(reference, reason, progress), cancel));
        if (json) Json.Print(ReproducedShown.Of(found));
        else
        {
            foreach (string line in Lines(found)) Console.WriteLine(Trouble.OneLine(line));
        }
        return found.Same ? ExitCode.Done : ExitCode.NotAsItShouldBe;
    }

    private static IEnumerable<string> Lines(ReproducedAnalysis found)
    {
        string files = found.Files switch { 0 => "no derivative was made of it", 1 => "its one derivative is the same", var n => $"its {n} derivatives are the same" };
        yield return found.Same
            ? $"{found.Exhibit}: analysed again with the recorded settings, analysis.json is the same byte for byte, and {files}."
            : $"{found.Exhibit}: analysed again with the recorded settings, it does not give what was sealed.";
        foreach (string difference in found.Differences) yield return $"  {difference}";
        if (found.Series is { } series) yield return $"  It is one of the stills of {series}. What was found between them is compared by: evidencevault reproduce {series}";
        foreach (ChangedVersion v in found.Versions) yield return $"  {v.Program} was {v.Recorded ?? "not recorded"} then and is {v.Now ?? "not there"} now.";
        if (found.Same) yield break;
        yield return found.Versions.Count > 0
            ? "  Programs have changed since, so a difference does not show that anything was altered. To compare like with like, run this with the versions that were recorded."
            : "  The programs are the same versions. Compare the machines (processor, libraries), and have an expert look at the derivatives named.";
    }
}
