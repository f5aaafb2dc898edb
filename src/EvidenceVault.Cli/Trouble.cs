using EvidenceVault.Pipeline.Words;
using EvidenceVault.Verify;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Cli;

/// <summary>A failure as a terminal is told it: three lines and an exit code.</summary>
internal sealed record Trouble(int Code, string What, string Meaning, string Next)
{
    public const string DebugVariable = "EVIDENCEVAULT_DEBUG";

    /// <summary>Decides what an exception means for whoever runs the program.</summary>
    public static Trouble Of(Exception e) => e switch
    {
        EvidenceException v => new(ExitCode.NotAsItShouldBe, v.What, v.Meaning, v.Next),
        RefusedException v => new(ExitCode.WrongUse, v.What, v.Meaning, v.Next),
        VaultException v => new(ExitCode.Unreachable, v.What, v.Meaning, v.Next),
        VerifyTrouble v => new(v.Code, v.Message, v.Meaning, v.Next),
        FormatException => new(ExitCode.WrongUse, e.Message, "Nothing was done.", "Correct it and try again; --help shows examples."),
        // SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html): the record itself is harmed, not out of reach.
        SqliteException { SqliteErrorCode: 11 or 26 } => new(ExitCode.NotAsItShouldBe, $"The vault's database is damaged ({e.Message})", "What it records can no longer be trusted as it stands.", "Keep the whole folder as it is, run 'evidencevault doctor', and restore from backup beside it."),
        SqliteException => new(ExitCode.Unreachable, $"The vault's database cannot be used now ({e.Message})", "What was asked has not been done.", "Check the disk that holds the vault's folder (space, permissions), then try again."),
        IOException or UnauthorizedAccessException => new(ExitCode.Unreachable, e.Message, "What was asked has not been done, or not to its end.", "Check the path, the permissions and the free space, then try again."),
        _ => new(ExitCode.Unreachable, $"The program met a fault of its own ({e.GetType().Name}: {e.Message})", "What was recorded before stands; the next start carries on from there.", $"Run the same command with {DebugVariable}=1 and report what it prints."),
    };

    public int Tell(Exception? cause = null)
    {
        Console.Error.WriteLine($"evidencevault: {OneLine(What)}");
        Console.Error.WriteLine($"  {OneLine(Meaning)}");
        Console.Error.WriteLine($"  {OneLine(Next)}");
        if (cause is not null && Environment.GetEnvironmentVariable(DebugVariable) == "1") Console.Error.WriteLine(cause);
        return Code;
    }

    // Messages carry texts of others (a driver's, a tool's): whatever could move the cursor or break the line is shown as its number.
    internal static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? c is '\n' or '\r' or '\t' ? " " : $"\\u{(int)c:x4}" : c.ToString()));
}
