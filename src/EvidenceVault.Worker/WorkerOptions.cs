using EvidenceVault.Pipeline.Timestamps;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Worker;

/// <summary>Where drops land: <c>folder:/srv/drops</c> or <c>container:drops</c>.</summary>
internal sealed record SourceAddress(string Kind, string Place)
{
    public const string Folder = "folder", Container = "container";

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is of no known kind.</exception>
    public static SourceAddress Parse(string text) => text.Split(':', 2) switch
    {
        [Folder, { Length: > 0 } path] => new(Folder, Path.GetFullPath(path)),
        [Container, { Length: > 0 } name] => new(Container, Names.Require(name, "container")),
        _ => throw new FormatException($"'{Names.Printable(text)}' is no source: write folder:PATH or container:NAME."),
    };

    public override string ToString() => $"{Kind}:{Place}";
}

/// <summary>What the worker was asked to do: arguments first, then the environment, then the defaults.</summary>
internal sealed record WorkerOptions
{
    public const int DefaultHealthPort = 8085;

    public required IReadOnlyList<SourceAddress> Sources { get; init; }

    /// <summary>The vault's home folder.</summary>
    public required string Vault { get; init; }

    /// <summary>The store's connection string: a secret, so it comes from the environment only and is never shown.</summary>
    public required string Storage { get; init; }

    public bool Once { get; init; }

    public bool MoveAfter { get; init; }

    public TimeSpan QuietPeriod { get; init; }

    public string Prefix { get; init; } = "EV";

    public int Parallel { get; init; }

    /// <summary>Null for no health endpoints; 0 for any free port.</summary>
    public int? HealthPort { get; init; }

    /// <summary>Between two acts of publishing the log.</summary>
    public TimeSpan PublishEvery { get; init; } = TimeSpan.FromSeconds(10);

    public bool Analyse { get; init; } = true;

    /// <summary>The time-stamping authority; null where none is set.</summary>
    public TimestampOptions? Timestamps { get; init; }

    /// <summary>With <see cref="Once"/>: how long something may stay out of reach before the worker gives up.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>Sources as an environment variable lists them: one a line, or parted by semicolons.</summary>
    public static IEnumerable<string> SplitSources(string? list) =>
        (list ?? "").Split(['\n', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Without settings of its own a vault lies where the user's data does.</summary>
    public static string DefaultVault => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "evidencevault");
}
