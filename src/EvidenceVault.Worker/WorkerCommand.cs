using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Worker;

/// <summary>The worker's command line, its signals and its exit codes: 0 done, 1 evidence not as it should be, 2 wrong use, 3 something
/// needed is out of reach.</summary>
internal static class WorkerCommand
{
    public const int Done = 0, NotAsItShouldBe = 1, WrongUse = 2, OutOfReach = 3;

    private static readonly Option<string[]> Source = new("--source")
    {
        Description = "Where drops land: folder:PATH or container:NAME. May be given several times. [EVIDENCEVAULT_SOURCES]",
        HelpName = "folder:PATH | container:NAME",
    };

    private static readonly Option<string?> VaultFolder = new("--vault") { Description = "The vault's home folder. [EVIDENCEVAULT_HOME]", HelpName = "DIR" };

    private static readonly Option<bool> Once = new("--once") { Description = "Stop when the drops are empty, print a summary table, and exit." };

    private static readonly Option<bool> MoveAfter = new("--move-after") { Description = "Move each delivered file below its source's .taken/ once its stored copy was read back." };

    private static readonly Option<double> QuietPeriod = Number("--quiet-period", "SECONDS", "How long a file must go unchanged before it is taken.", 10, 0.1, 86_400);

    private static readonly Option<string> Prefix = new("--prefix") { Description = "Initials for exhibits whose manifest names none.", HelpName = "INITIALS", DefaultValueFactory = _ => "EV" };

    private static readonly Option<int> Parallel = new("--parallel") { Description = "How many exhibits are under way at once.", HelpName = "N", DefaultValueFactory = _ => 2 };

    private static readonly Option<int?> HealthPort = new("--health-port")
    {
        Description = $"Port of /health/live, /health/ready and the published log (/log/checkpoint) on 127.0.0.1; 0 for any free one. {WorkerOptions.DefaultHealthPort} unless told; none with --once.",
        HelpName = "N",
    };

    private static readonly Option<double> PublishEvery = Number("--publish-every", "SECONDS", "How often the custody log is cosigned by its witnesses and published.", 10, 0.1, 86_400);

    private static readonly Option<bool> NoAnalysis = new("--no-analysis") { Description = "Seal and store only; look into the footage later." };

    private static readonly Option<double> Patience = Number("--patience", "SECONDS", "With --once: how long something may stay out of reach before the worker gives up.", 60, 0, 86_400);

    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = new("Watches camera drops: seals, stores and analyses what arrives, and keeps the custody log.")
        {
            Source, VaultFolder, Once, MoveAfter, QuietPeriod, Prefix, Parallel, HealthPort, PublishEvery, NoAnalysis, Patience,
        };
        Checked(Source, sources => sources.ToList().ForEach(s => SourceAddress.Parse(s)));
        Checked(Prefix, prefix => ExhibitReference.Of(prefix, 1));
        Checked(Parallel, n => InRange(n, 1, 64));
        Checked(HealthPort, n => InRange(n ?? 0, 0, 65_535));
        root.SetAction((result, _) => RunAsync(result));
        ParseResult asked = root.Parse(args);
        // System.CommandLine exits with 1 on wrong use, which here means damaged evidence.
        int code = await asked.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }).ConfigureAwait(false);
        return asked.Errors.Count > 0 ? WrongUse : code;
    }

    private static async Task<int> RunAsync(ParseResult asked)
    {
        using CancellationTokenSource stop = new();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true; // not the default end: the worker stops in good order
            stop.Cancel();
        }
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            return await WorkerRun.RunAsync(Options(asked), TimeProvider.System, stop.Token).ConfigureAwait(false);
        }
        catch (VaultException e)
        {
            await Console.Error.WriteLineAsync($"{e.What}\n  {e.Meaning}\n  {e.Next}").ConfigureAwait(false);
            return e switch { EvidenceException => NotAsItShouldBe, RefusedException => WrongUse, _ => OutOfReach };
        }
    }

    private static WorkerOptions Options(ParseResult asked)
    {
        bool once = asked.GetValue(Once);
        string[] sources = asked.GetValue(Source) is { Length: > 0 } named ? named : [.. WorkerOptions.SplitSources(Environment.GetEnvironmentVariable("EVIDENCEVAULT_SOURCES"))];
        try
        {
            return new()
            {
                // The same source twice would be looked at twice.
                Sources = [.. sources.Select(SourceAddress.Parse).Distinct()],
                Vault = asked.GetValue(VaultFolder) ?? Set("EVIDENCEVAULT_HOME") ?? WorkerOptions.DefaultVault,
                Storage = Set("EVIDENCEVAULT_STORAGE") ?? "UseDevelopmentStorage=true",
                Once = once,
                MoveAfter = asked.GetValue(MoveAfter),
                QuietPeriod = TimeSpan.FromSeconds(asked.GetValue(QuietPeriod)),
                Prefix = asked.GetValue(Prefix)!,
                Parallel = asked.GetValue(Parallel),
                HealthPort = asked.GetValue(HealthPort) ?? (once ? null : WorkerOptions.DefaultHealthPort),
                PublishEvery = TimeSpan.FromSeconds(asked.GetValue(PublishEvery)),
                Analyse = !asked.GetValue(NoAnalysis),
                Timestamps = TimestampOptions.From(Set(TimestampOptions.AddressVariable), Set(TimestampOptions.CertificateVariable)),
                Patience = TimeSpan.FromSeconds(asked.GetValue(Patience)),
            };
        }
        catch (FormatException e)
        {
            throw new RefusedException($"EVIDENCEVAULT_SOURCES: {e.Message}", "The worker did not start.", "Correct the variable, or name the sources with --source.", e);
        }

        static string? Set(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
    }

    private static Option<double> Number(string name, string unit, string description, double usual, double least, double most)
    {
        Option<double> option = new(name)
        {
            Description = description,
            HelpName = unit,
            DefaultValueFactory = _ => usual,
            CustomParser = given => double.TryParse(given.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) ? value : double.NaN,
        };
        Checked(option, value => InRange(value, least, most));
        return option;
    }

    private static void InRange(double value, double least, double most)
    {
        if (!(value >= least && value <= most)) throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"It must be a number from {least} to {most}."));
    }

    private static void Checked<T>(Option<T> option, Action<T> check) => option.Validators.Add(result =>
    {
        try
        {
            if (result.GetValueOrDefault<T>() is { } value) check(value);
        }
        catch (FormatException e)
        {
            result.AddError($"{option.Name}: {e.Message}");
        }
    });
}
