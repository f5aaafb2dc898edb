using Dapper;

namespace EvidenceVault.Pipeline.Records;

/// <summary>What the log last recorded of the configuration, so that a change is recorded exactly once.</summary>
internal static class Settings
{
    /// <summary>Notes a value; true where it differs from the one noted before.</summary>
    public static bool Set(Change change, string name, string value) => change.Connection.Execute(
        "INSERT INTO recorded_setting (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
        new { name, value }, change.Transaction) == 1;
}
