using Dapper;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>What the log last recorded of the configuration, so that a change is recorded exactly once.</summary>
internal static class Settings
{
    /// <summary>Notes a value; true where it differs from the one noted before.</summary>
    public static bool Set(Change change, string name, string value) => change.Connection.Execute(
        "INSERT INTO recorded_setting (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
        new { name, value }, change.Transaction) == 1;

    /// <summary>The value noted, or null.</summary>
    public static string? Get(SqliteConnection connection, SqliteTransaction? transaction, string name) =>
        connection.QueryFirstOrDefault<string>("SELECT value FROM recorded_setting WHERE name = @name", new { name }, transaction);

    /// <summary>The setting that says which keys are in use.</summary>
    public const string Keys = "keys";

    /// <summary>Notes which keys are in use from this change on: its own checkpoint is signed by them.</summary>
    public static void UseKeys(this Change change, string inUse) => Set(change, Keys, inUse);

    /// <summary>The keys that the log last recorded as in use, or null.</summary>
    public static string? KeysInUse(this VaultDatabase database)
    {
        using SqliteConnection connection = database.Read();
        return Get(connection, null, Keys);
    }
}
