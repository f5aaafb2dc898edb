using System.CommandLine;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Gives out an exhibit's bytes.</summary>
internal static class RetrieveCommand
{
    public static Command Build()
    {
        var exhibit = Arguments.Exhibit();
        var output = new Option<string>("--output", "-o") { Description = "The file to write; it must not be there yet.", HelpName = "FILE", Required = true };
        // Not required by the parser: a request without a reason goes to the use case, which refuses and records it.
        var reason = new Option<string?>("--reason") { Description = "Why you need it. The court will read it. Without one the request is refused, and that is recorded.", HelpName = "TEXT" };
        var command = new Command("retrieve", "Write an exhibit to a file, decrypted and held to its seal. Recorded, with the reason, before the first byte.") { exhibit, output, reason };
        Examples.Of(command, "evidencevault retrieve AB/1 -o AB-1.mp4 --reason \"Viewing for the charging decision\"");
        command.SetAction((parsed, cancel) => RunAsync(CommandTree.Home(parsed), parsed.GetRequiredValue(exhibit), parsed.GetRequiredValue(output), parsed.GetValue(reason), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, ExhibitReference reference, string output, string? reason, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        ExhibitRow row = await Progressing.BytesAsync($"{reference} writing", report => host.SendAsync(new RetrieveExhibit(reference, output, reason, report), cancel));
        Console.WriteLine($"{row.Reference}  {Plain.Bytes(row.Bytes!.Value)}  SHA-256 {row.Sha256}  {Names.Printable(output)}");
        return ExitCode.Done;
    }
}
