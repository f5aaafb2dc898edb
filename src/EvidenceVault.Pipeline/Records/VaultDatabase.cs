using System.Reflection;
using Dapper;
using DbUp;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>The vault's one SQLite database: custody log and catalogue together, because a state and its entry commit together.</summary>
public sealed class VaultDatabase
{
    private readonly string _connectionString;

    /// <summary>Opens or makes the database file and brings its tables up to date.</summary>
    /// <exception cref="UnreachableException">The file cannot be opened or written.</exception>
    public VaultDatabase(string path)
    {
        Path = path;
        // No pooling: a pooled connection that a failed command left in a transaction must never serve the next one.
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, ForeignKeys = true, DefaultTimeout = 30 }.ToString();
        try
        {
            Migrate();
        }
        catch (SqliteException e)
        {
            throw CannotWrite(e);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Asks SQLite whether the file is whole (<c>PRAGMA quick_check</c>): <c>ok</c>, or its first complaint.</summary>
    public string QuickCheck()
    {
        using SqliteConnection connection = Read();
        return connection.ExecuteScalar<string>("PRAGMA quick_check(1)") ?? "SQLite gave no answer to quick_check.";
    }

    /// <summary>Writes a copy of the database as it is at one moment, whole and without a write-ahead log (VACUUM INTO); writers go on meanwhile.
    /// Says how many entries of the custody log the copy holds.</summary>
    internal ulong CopyTo(string path)
    {
        try
        {
            using (var connection = new SqliteConnection(_connectionString))
            {
                connection.Open();
                connection.Execute("VACUUM INTO @path", new { path });
            }
            using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
            return SizeOfCopy(path);
        }
        catch (SqliteException e)
        {
            throw new UnreachableException($"The database could not be copied ({e.Message}).", "There is no backup; the database itself is untouched.", "Free space in the vault's folder, which a copy needs for a while, then run the same command again.", e);
        }
    }

    /// <summary>How many entries of the custody log a database file that nobody uses holds.</summary>
    internal static ulong SizeOfCopy(string path)
    {
        using var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString());
        return (ulong)copy.ExecuteScalar<long>("SELECT COALESCE(MAX(idx) + 1, 0) FROM custody_entry");
    }

    /// <summary>A connection that reads. In WAL mode it sees one consistent state for each statement and never blocks the writer.</summary>
    internal SqliteConnection Read()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        connection.Execute("PRAGMA query_only = ON");
        return connection;
    }

    /// <summary>The connection that writes: WAL with synchronous=FULL, so that a commit that has returned survives power loss.</summary>
    internal SqliteConnection Write()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;");
        return connection;
    }

    /// <summary>True for a failure of the database itself, to read or to write.</summary>
    internal static bool IsOfTheDatabase(Exception e) => e is SqliteException;

    /// <summary>What a failed write means, told once for all writers.</summary>
    internal static UnreachableException CannotWrite(Exception cause) => new(
        $"The custody log could not be written ({cause.Message}).",
        "What it was to record has not been done: nothing is lost and nothing went unrecorded.",
        "Check the disk that holds the vault's folder (space, permissions), then run the same command again.", cause);

    private void Migrate()
    {
        using SqliteConnection connection = Write();
        // Two processes starting at once: the second waits here until the first has migrated, then finds nothing to do.
        using FileStream only = MigrationLock();
        var result = DeployChanges.To.SqliteDatabase(_connectionString)
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), name => name.EndsWith(".sql", StringComparison.Ordinal))
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build()
            .PerformUpgrade();
        if (!result.Successful) throw CannotWrite(result.Error);
    }

    private FileStream MigrationLock()
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                return new FileStream(Path + ".migrating", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (tries < 300)
            {
                Thread.Sleep(100);
            }
        }
    }
}
