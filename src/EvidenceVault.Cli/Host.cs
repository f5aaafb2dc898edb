using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Storage.Azure;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Cli;

/// <summary>The one place where a vault and what it needs are put together for the command line.</summary>
internal sealed class Host : IAsyncDisposable
{
    public const string HomeVariable = "EVIDENCEVAULT_HOME", StorageVariable = "EVIDENCEVAULT_STORAGE";

    private readonly ServiceProvider _services;

    private Host(Vault vault, ServiceProvider services) => (Vault, _services) = (vault, services);

    public Vault Vault { get; }

    /// <summary>Where the vault is unless --vault says otherwise.</summary>
    public static string DefaultHome => Environment.GetEnvironmentVariable(HomeVariable) is { Length: > 0 } home
        ? home
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".evidencevault", "vault");

    /// <summary>The account that entries name: the one this process runs under, as the operating system has it. USER and SUDO_USER are
    /// not asked, because whoever calls can set them.</summary>
    public static Caller Caller => new(Environment.UserName);

    /// <summary>The store's options. The connection string is a secret, so it comes from the environment and never from the command
    /// line, where every user of the machine could read it.</summary>
    public static AzureStorageOptions Storage => new()
    {
        ConnectionString = Environment.GetEnvironmentVariable(StorageVariable) is { Length: > 0 } storage ? storage : "UseDevelopmentStorage=true",
    };

    /// <summary>The time-stamping authority, or null where none is set.</summary>
    /// <exception cref="RefusedException">It is set so that it cannot be used.</exception>
    public static TimestampOptions? Timestamps => TimestampOptions.From(
        Environment.GetEnvironmentVariable(TimestampOptions.AddressVariable), Environment.GetEnvironmentVariable(TimestampOptions.CertificateVariable));

    /// <summary>True where a vault has been made at this folder.</summary>
    public static bool IsVault(string home) => File.Exists(Path.Combine(home, "vault.db"));

    /// <summary>Opens a vault that is there: a folder mistyped must not become an empty vault in which nothing is ever found.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public static Task<Host> OpenAsync(string home) => IsVault(home)
        ? OpenOrMakeAsync(home, new())
        : throw new RefusedException(
            $"There is no vault at '{Names.Printable(home)}'.", "Nothing was read or made.",
            $"Name the vault with --vault or {HomeVariable}; the first 'evidencevault ingest' or 'evidencevault worker' makes one.");

    public static async Task<Host> OpenOrMakeAsync(string home, FlowOptions options)
    {
        options = options with { Timestamps = Timestamps, Analysis = AnalysisEnvironment.Settings() };
        Vault vault = await Vault.OpenAsync(home, TimeProvider.System);
        var services = new ServiceCollection()
            .AddLogging(ToStandardError)
            .AddEvidenceVault(vault, options, Caller)
            .AddAzureStorage(Storage)
            .AddFootageAnalysis(o => o.ScratchFolder = vault.ScratchRoot);
        return new(vault, services.BuildServiceProvider());
    }

    /// <summary>What looks into footage, without a vault and without storage.</summary>
    public static ServiceProvider WithoutVault() => new ServiceCollection()
        .AddLogging(ToStandardError)
        // A folder for each account: the first of several users must not own the one that all need.
        .AddFootageAnalysis(o => o.ScratchFolder = Path.Combine(Path.GetTempPath(), $"evidencevault-{Environment.UserName}"))
        .BuildServiceProvider();

    /// <summary>Sends a use case through its two behaviours.</summary>
    public async Task<T> SendAsync<T>(IRequest<T> request, CancellationToken cancel)
    {
        await using AsyncServiceScope scope = _services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, cancel);
    }

    /// <summary>The rounds that get time stamps, or null where no authority is set.</summary>
    public TimestampRounds? TimestampRounds => _services.GetService<TimestampRounds>();

    /// <summary>Makes sure that the store answers and has its containers, before anything is put there.</summary>
    /// <exception cref="UnreachableException">It does not answer.</exception>
    public Task PrepareStoreAsync(CancellationToken cancel) => _services.GetRequiredService<IEvidenceStore>().CheckAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Vault.DisposeAsync();
    }

    private static void ToStandardError(ILoggingBuilder logging) => logging
        .SetMinimumLevel(LogLevel.Warning)
        .AddSimpleConsole(o => o.SingleLine = true)
        .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
}
