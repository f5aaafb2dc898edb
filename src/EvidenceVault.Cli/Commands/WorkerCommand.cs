using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using UnreachableException = EvidenceVault.Pipeline.Words.UnreachableException;

namespace EvidenceVault.Cli.Commands;

/// <summary>Starts the worker program as a child: its terminal, its signals and its exit code are ours.</summary>
internal static class WorkerCommand
{
    private static readonly PosixSignal[] s_passedOn = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    public static Command Build()
    {
        // Only for the help: ArgumentsIn takes the call before it is parsed.
        var command = new Command("worker", "Watch the drops and carry every file on to its final state. 'evidencevault worker --help' is the worker's own help.")
        {
            new Argument<string[]>("ARGUMENTS") { Description = "Passed to the worker as they are.", Arity = ArgumentArity.ZeroOrMore, CaptureRemainingTokens = true },
        };
        return command;
    }

    /// <summary>What follows the word <c>worker</c>, where the call is to it; the vault named before it goes into the child's environment.</summary>
    public static (string? Vault, string[] Arguments)? ArgumentsIn(string[] args) => args switch
    {
        ["worker", .. var rest] => (null, rest),
        ["--vault", var vault, "worker", .. var rest] => (vault, rest),
        [var one, "worker", .. var rest] when one.StartsWith("--vault=", StringComparison.Ordinal) => (one["--vault=".Length..], rest),
        _ => null,
    };

    public static async Task<int> RunAsync((string? Vault, string[] Arguments) call)
    {
        try
        {
            var start = new ProcessStartInfo(Program());
            foreach (string argument in call.Arguments) start.ArgumentList.Add(argument);
            start.Environment[Host.HomeVariable] = Path.GetFullPath(call.Vault ?? Host.DefaultHome);
            return await PassOnAsync(start);
        }
        catch (Exception e)
        {
            return Trouble.Of(e).Tell(e);
        }
    }

    private static async Task<int> PassOnAsync(ProcessStartInfo start)
    {
        using Process worker = Process.Start(start) ?? throw Missing(start.FileName);
        // A terminal sends Ctrl-C to both of us; a supervisor sends SIGTERM to us alone. Passing on covers both: twice is once to the worker.
        var registrations = s_passedOn.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _ = Kill(worker.Id, Number(signal));
        })).ToList();
        await worker.WaitForExitAsync();
        registrations.ForEach(r => r.Dispose());
        return worker.ExitCode;
    }

    private static string Program()
    {
        string here = AppContext.BaseDirectory;
        string framework = Path.GetFileName(Path.TrimEndingDirectorySeparator(here));
        string configuration = Path.GetFileName(Path.GetFullPath(Path.Combine(here, ".."))) ?? "";
        string[] places =
        [
            Path.Combine(here, "worker", "EvidenceVault.Worker"),
            Path.GetFullPath(Path.Combine(here, "..", "..", "..", "..", "EvidenceVault.Worker", "bin", configuration, framework, "EvidenceVault.Worker")),
        ];
        return places.FirstOrDefault(File.Exists) ?? throw Missing(places[0]);
    }

    private static UnreachableException Missing(string place) => new(
        "The worker program is not installed beside this one.", "No drop is being watched.", $"Build the whole solution again; it is looked for at '{place}'.");

    // signal(7), the numbers that are the same on every Linux architecture.
    private static int Number(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    };

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int pid, int signal);
}
