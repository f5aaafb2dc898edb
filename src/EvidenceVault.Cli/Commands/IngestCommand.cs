using System.CommandLine;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Takes files in.</summary>
internal static class IngestCommand
{
    public static Command Build()
    {
        var files = new Argument<string[]>("PATH") { Description = "Files to take in. They are read and never altered.", Arity = ArgumentArity.OneOrMore };
        var caseName = new Option<string>("--case") { Description = "The case, such as OP-HERON.", HelpName = "CASE", Required = true };
        var camera = new Option<string>("--camera") { Description = "The camera, such as CAM-7.", HelpName = "CAMERA", Required = true };
        var exhibit = new Option<ExhibitReference>("--exhibit") { Description = "The reference of the first file, such as AB/1; the next files get the next numbers.", HelpName = "EXHIBIT", Required = true, CustomParser = Arguments.ReadExhibit };
        var noAnalysis = new Option<bool>("--no-analysis") { Description = "Seal and store, and leave the analysis to the worker." };
        var command = new Command("ingest", "Seal files, store them encrypted, read them back and analyse them.") { files, caseName, camera, exhibit, noAnalysis };
        Examples.Of(command,
            "evidencevault ingest card/MOV001.MP4 --case OP-HERON --camera CAM-7 --exhibit AB/1",
            "evidencevault ingest card/*.MP4 --case OP-HERON --camera CAM-7 --exhibit AB/10 --no-analysis");
        command.SetAction((parsed, cancel) => RunAsync(
            CommandTree.Home(parsed), parsed.GetRequiredValue(files), parsed.GetRequiredValue(caseName), parsed.GetRequiredValue(camera),
            parsed.GetRequiredValue(exhibit), new FlowOptions { Analyse = !parsed.GetValue(noAnalysis) }, cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, string[] files, string caseName, string camera, ExhibitReference first, FlowOptions options, CancellationToken cancel)
    {
        // Before a vault is made for it: a name that no case or exhibit can have.
        Names.Require(caseName, "case");
        Names.Require(camera, "camera");
        if (first.IsSubExhibit)
            throw new RefusedException($"{first} is a sub-exhibit's reference.", "Nothing was taken.", "Give the file a reference of its own, such as AB/1.");

        await using Host host = await Host.OpenOrMakeAsync(home, options);
        await host.PrepareStoreAsync(cancel);
        int code = ExitCode.Done;
        int number = int.Parse(first.Text.Split('/')[1], System.Globalization.CultureInfo.InvariantCulture);
        foreach (string file in files)
        {
            ExhibitReference asked = ExhibitReference.Of(first.Prefix, number++);
            try
            {
                ExhibitRow row = await Progressing.RunAsync(report => host.SendAsync(new IngestFile(file, caseName, camera, asked, report), cancel));
                Tell(row);
                if (row.State is ExhibitState.Damaged or ExhibitState.Failed) code = ExitCode.NotAsItShouldBe;
            }
            catch (VaultException e) when (e is not UnreachableException && files.Length > 1)
            {
                // One file of many: the others are still taken. Evidence that is wrong outweighs a file refused.
                int one = Trouble.Of(e).Tell(e);
                code = code == ExitCode.NotAsItShouldBe ? code : one;
            }
        }
        return code;
    }

    private static void Tell(ExhibitRow row)
    {
        Console.WriteLine($"{row.Reference}  {row.State}  {(row.Bytes is { } bytes ? Plain.Bytes(bytes) : "no bytes")}  {(row.Sha256 is { } hash ? $"SHA-256 {hash}" : "not sealed")}");
        if (row.Problem is { } problem) Console.Error.WriteLine($"  {row.Reference}: {Trouble.OneLine(problem)}");
        if (row.State == ExhibitState.NotAnalysed) Console.Error.WriteLine($"  {row.Reference} is sealed and stored all the same.");
    }
}
