using System.CommandLine;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Writes an exhibit's seal for a stranger to check.</summary>
internal static class SealCommand
{
    public static Command Build()
    {
        var exhibit = Arguments.Exhibit();
        var output = new Option<string>("--output", "-o") { Description = "A new or empty folder.", HelpName = "DIR", Required = true };
        var command = new Command("seal", "Write an exhibit's seal (manifest.json, seal.p7s, ca.pem, and seal.tst where it has a time stamp) and say how openssl checks it. Recorded as viewed.") { exhibit, output };
        Examples.Of(command, "evidencevault seal AB/1 -o AB-1-seal");
        command.SetAction((parsed, cancel) => RunAsync(CommandTree.Home(parsed), parsed.GetRequiredValue(exhibit), parsed.GetRequiredValue(output), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, ExhibitReference reference, string output, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        (var row, _, _, _, KeptTimestamp? timestamp) = await host.SendAsync(new ShowExhibit(reference), cancel);
        if (row is not { Seal: { } manifest, SealCms: { } signature })
            throw new EvidenceException($"Exhibit {reference} is '{row.State}' and has no seal.", row.Problem ?? "It has not been sealed yet.", $"See 'evidencevault show {reference}'.");
        string folder = Arguments.NewFolder(output);
        await File.WriteAllBytesAsync(Path.Combine(folder, "manifest.json"), manifest, cancel);
        await File.WriteAllBytesAsync(Path.Combine(folder, "seal.p7s"), signature, cancel);
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), host.Vault.Keys.Seal.CaPem, cancel);
        Console.WriteLine($"The seal of {reference} is in {Names.Printable(folder)}. In that folder, this checks it:");
        Console.WriteLine("  openssl cms -verify -binary -inform DER -in seal.p7s -content manifest.json -CAfile ca.pem -out /dev/null");
        if (timestamp is not null)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "seal.tst"), timestamp.Token, cancel);
            Console.WriteLine("and this its time stamp, with the certificate of the time-stamping authority:");
            Console.WriteLine("  openssl ts -verify -data seal.p7s -in seal.tst -token_in -CAfile tsa.pem");
        }
        Console.WriteLine($"and sha256sum of the exhibit must be {row.Sha256}, as manifest.json says.");
        return ExitCode.Done;
    }
}
