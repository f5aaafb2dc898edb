using System.CommandLine;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Commands;

/// <summary>Asks the time-stamping authority now for what waits.</summary>
internal static class TimestampCommand
{
    public static Command Build()
    {
        var command = new Command("timestamp", "Ask the time-stamping authority (EVIDENCEVAULT_TSA) now for the time stamps that seals wait for. The worker does it by itself. Each one is recorded.");
        Examples.Of(command, "evidencevault timestamp");
        command.SetAction((parsed, cancel) => RunAsync(CommandTree.Home(parsed), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string home, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        TimestampRounds rounds = host.TimestampRounds
            ?? throw new RefusedException("No time-stamping authority is set.", "Nothing was asked for.", $"Set {TimestampOptions.AddressVariable} and {TimestampOptions.CertificateVariable}.");
        TimestampRound round = await rounds.RoundAsync(cancel);
        if (round.OutOfReach is { } why) throw why;
        TimestampStanding standing = host.Vault.Timestamps.Standing();
        Console.WriteLine($"{round.Stamped} time stamps were got and kept; {standing.Waiting} seals wait.");
        if (standing.Waiting == 0) return ExitCode.Done;
        return new Trouble(ExitCode.Unreachable, standing.Problem ?? "It is not their turn yet.", "The seals stand; they have no time stamp yet.", "Check the authority and its certificate; it is asked again later by itself.").Tell();
    }
}
