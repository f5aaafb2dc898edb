using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using EvidenceVault.Cli.Commands;

namespace EvidenceVault.Cli;

/// <summary>The commands, and how every one of them ends.</summary>
internal static class CommandTree
{
    public static readonly Option<string> Vault = new("--vault")
    {
        Description = $"The vault's folder. Default: ${Host.HomeVariable}, else ~/.evidencevault/vault.",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON, and nothing else, on standard output (docs/command-line.md)." };

    public static string Home(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(Vault) is { Length: > 0 } named ? named : Host.DefaultHome);

    public static RootCommand Build()
    {
        var root = new RootCommand("EvidenceVault: seals covert-camera footage, finds the moments worth watching, and keeps a custody log that anyone can check.")
        {
            Vault,
            IngestCommand.Build(),
            WorkerCommand.Build(),
            ListCommand.Build(),
            ShowCommand.Build(),
            RetrieveCommand.Build(),
            SealCommand.Build(),
            ExportCommand.Build(),
            AnalyseCommand.Build(),
            ReproduceCommand.Build(),
            ClipCommand.Build(),
            ViewingCopyCommand.Build(),
            LogCommand.Build(),
            WitnessCommand.Build(),
            TlogCommand.Build(),
            VerifyCommand.Build(),
            KeysCommand.Build(),
            TimestampCommand.Build(),
            DoctorCommand.Build(),
        };
        Examples.Of(root,
            "evidencevault ingest card/MOV001.MP4 --case OP-HERON --camera CAM-7 --exhibit AB/1",
            "evidencevault show AB/1",
            "evidencevault retrieve AB/1 -o AB-1.mp4 --reason \"Viewing for the charging decision\"",
            "evidencevault export AB/1 -o bundle --reason \"Served on the defence\"",
            "evidencevault log fsck");
        foreach (HelpOption help in root.Options.OfType<HelpOption>()) help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Parses, runs, and turns every way to end into an exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        // No response files: an argument that begins with '@' is a name like any other.
        ParseResult parsed = Build().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            string command = string.Join(' ', WordsTo(parsed.CommandResult.Command).Reverse());
            return new Trouble(ExitCode.WrongUse, parsed.Errors[0].Message, "Nothing was done.", $"See '{command} --help'.").Tell();
        }
        try
        {
            // Ours is the say on exceptions; a command has ten seconds to end in good order after Ctrl-C.
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("evidencevault: stopped. What was recorded stands; the same command carries on from there.");
            return ExitCode.Interrupted;
        }
        catch (Exception e)
        {
            return Trouble.Of(e).Tell(e);
        }
    }

    private static IEnumerable<string> WordsTo(Command command)
    {
        for (Command? at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault())
            yield return at is RootCommand ? "evidencevault" : at.Name;
    }
}

/// <summary>Examples, shown at the end of a command's help.</summary>
internal static class Examples
{
    private static readonly Dictionary<Command, string[]> s_of = [];

    public static void Of(Command command, params string[] lines) => s_of[command] = lines;

    public static string[] Of(Command command) => s_of.GetValueOrDefault(command, []);
}

internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        help.Invoke(parseResult);
        string[] examples = Examples.Of(parseResult.CommandResult.Command);
        if (examples.Length == 0) return ExitCode.Done;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
        foreach (string line in examples) output.WriteLine($"  {line}");
        output.WriteLine();
        return ExitCode.Done;
    }
}
