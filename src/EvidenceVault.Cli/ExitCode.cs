namespace EvidenceVault.Cli;

/// <summary>What the program ends with (docs/command-line.md).</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The evidence or its record is not as it should be.</summary>
    public const int NotAsItShouldBe = 1;

    /// <summary>Wrong use, or refused.</summary>
    public const int WrongUse = 2;

    /// <summary>Something needed is unreachable.</summary>
    public const int Unreachable = 3;

    /// <summary>Ended by Ctrl-C: 128 and the number of SIGINT, as shells count.</summary>
    public const int Interrupted = 130;
}
