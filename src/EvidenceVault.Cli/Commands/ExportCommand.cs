using System.CommandLine;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Makes a disclosure bundle.</summary>
internal static class ExportCommand
{
    public static Command Build()
    {
        var exhibits = new Argument<ExhibitReference[]>("EXHIBIT")
        {
            Description = "The exhibits' references, such as AB/1 AB/2: all of one case.",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = Arguments.ReadExhibits,
        };
        var output = new Option<string>("--output", "-o") { Description = "The folder to make, or the ZIP where the name ends in .zip; it must not be there yet.", HelpName = "DIR|FILE.zip", Required = true };
        // Not required by the parser: a request without a reason goes to the use case, which refuses and records it.
        var reason = new Option<string?>("--reason") { Description = "Why. The court will read it. Without one the request is refused, and that is recorded.", HelpName = "TEXT" };
        var derivatives = new Option<bool>("--with-derivatives") { Description = "Also what was made from the exhibits: keyframes, clips, contact sheets." };
        var redact = new Option<string[]>("--redact")
        {
            Description = "Withhold this personal field everywhere in the bundle (actor, reason, sourceName …). The entries still prove, and it can be shown later.",
            HelpName = "FIELD",
            AllowMultipleArgumentsPerToken = true,
        };
        var uncosigned = new Option<bool>("--uncosigned") { Description = "Make the bundle even where the witnesses that the policy asks for cannot be reached. It then fails its own check at 'witness-quorum'." };
        var command = new Command("export", "Make a disclosure bundle that proves itself: exhibits, seals, custody entries with proofs, a continuity report, an offline verifier. Recorded, with the reason, before the first byte.")
        {
            exhibits, output, reason, derivatives, redact, uncosigned, CommandTree.Json,
        };
        Examples.Of(command,
            "evidencevault export AB/1 AB/2 -o OP-HERON-bundle --reason \"Served on the defence\"",
            "evidencevault export AB/1 --with-derivatives -o OP-HERON.zip --reason \"Served on the defence\" --redact actor reason");
        command.SetAction((parsed, cancel) => RunAsync(
            CommandTree.Home(parsed),
            new ExportBundle(parsed.GetRequiredValue(exhibits), parsed.GetRequiredValue(output), parsed.GetValue(reason))
            {
                WithDerivatives = parsed.GetValue(derivatives),
                Redact = parsed.GetValue(redact) ?? [],
                Uncosigned = parsed.GetValue(uncosigned),
            },
            parsed.GetValue(CommandTree.Json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, ExportBundle request, bool json, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        ExportedBundle made = await Progressing.FractionAsync("writing the bundle", progress => host.SendAsync(request with { Progress = new Fractions(progress) }, cancel));
        if (json) Json.Print(BundleShown.Of(made, Path.GetFullPath(request.Output)));
        else Print(made, request.Output);
        return ExitCode.Done;
    }

    private static void Print(ExportedBundle made, string output)
    {
        Console.WriteLine($"The bundle of {string.Join(", ", made.Exhibits.Order())} is in {Names.Printable(output)}: {made.Files} files, {Plain.Scale(made.Bytes)}, {made.Entries} custody entries.");
        Console.WriteLine($"bundle.json  SHA-256 {made.BundleSha256}");
        if (made.Withheld.Count > 0) Console.WriteLine($"Withheld everywhere: {string.Join(", ", made.Withheld)}.");
        if (!made.QuorumHolds) Console.WriteLine("It lacks the cosignatures that the policy asks for: whoever checks it finds that 'witness-quorum' fails.");
        else if (!made.OutsideWitness) Console.WriteLine("No outside witness cosigned the log; its check says so, and holds.");
        Console.WriteLine("Hand it over whole. HOW-TO-VERIFY.txt in it says how anyone checks it.");
    }

    private sealed class Fractions(IProgress<double> progress) : IProgress<ExportStep>
    {
        public void Report(ExportStep value) => progress.Report(value.Total == 0 ? 1 : (double)value.Written / value.Total);
    }
}
