using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Cli.Commands;

/// <summary>A witness of our own (C2SP tlog-witness), for somebody outside the vault to run: it needs no vault and no store.</summary>
internal static class WitnessCommand
{
    private static readonly PosixSignal[] s_stops = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];

    public static Command Build()
    {
        var folder = new Option<string>("--data") { Description = "The witness's folder: its key and what it remembers. Back it up; never put an old copy back.", HelpName = "DIR", Required = true };
        var listen = new Option<string>("--listen") { Description = "Where it listens, on this machine alone; put a web server with TLS before it.", HelpName = "127.0.0.1:PORT", DefaultValueFactory = _ => "127.0.0.1:7380" };
        var name = new Option<string?>("--name") { Description = "Its name, part of its key: needed the first time.", HelpName = "NAME" };
        var logs = new Option<string[]>("--log") { Description = "The verifier key of a log that it cosigns ('evidencevault log vkey'). May be given several times.", HelpName = "VKEY" };
        var key = new Option<bool>("--vkey") { Description = "Print the witness's verifier key and exit." };
        var command = new Command("witness", "Run a witness: it remembers the checkpoints of logs and cosigns only what continues them (C2SP tlog-witness). Run it outside the vault, such as at CPS.") { folder, listen, name, logs, key };
        Examples.Of(command,
            "evidencevault witness --data witness --name witness.cps.example/1 --vkey",
            "evidencevault witness --data witness --listen 127.0.0.1:7380 --log \"$(cat log.vkey)\"");
        command.SetAction(async (parsed, cancel) =>
        {
            string at = parsed.GetRequiredValue(folder);
            if (parsed.GetValue(key))
            {
                // With a name it may be made now; without one the folder is only looked at, so that this works beside a running witness.
                if (parsed.GetValue(name) is { } given && !WitnessFolder.HasKey(at)) WitnessFolder.Open(at, given).Dispose();
                Console.WriteLine(WitnessFolder.VerifierKeyOf(at));
                return ExitCode.Done;
            }
            VerifierKey[] known = [.. (parsed.GetValue(logs) ?? []).Select(LogKey)];
            await RunAsync(at, parsed.GetValue(name), known, Listen(parsed.GetRequiredValue(listen)), cancel);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task RunAsync(string folder, string? name, IReadOnlyList<VerifierKey> logs, IPEndPoint listen, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var registrations = s_stops.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        })).ToList();
        await using WitnessServer server = await WitnessServer.StartAsync(folder, name, logs, listen, TimeProvider.System);
        Console.WriteLine(server.VerifierKey);
        await Console.Error.WriteLineAsync($"Listening on {server.Address}/add-checkpoint; it knows {logs.Count} {(logs.Count == 1 ? "log" : "logs")}. Ctrl-C stops it.");
        await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        registrations.ForEach(r => r.Dispose());
    }

    private static VerifierKey LogKey(string text) => VerifierKey.TryParse(text.Trim(), out VerifierKey? key, out string problem)
        ? key.Kind == KeyKind.Note ? key : throw new FormatException($"--log {Names.Printable(text)}: it is a witness's key, not a log's.")
        : throw new FormatException($"--log {Names.Printable(text)}: {problem}");

    private static IPEndPoint Listen(string text) => IPEndPoint.TryParse(text, out IPEndPoint? at) && text.Contains(':', StringComparison.Ordinal)
        ? at
        : throw new FormatException($"--listen {Names.Printable(text)}: give an address and a port, such as 127.0.0.1:7380.");
}
