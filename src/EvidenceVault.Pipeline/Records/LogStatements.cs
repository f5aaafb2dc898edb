using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>The statements that every append runs, prepared once for a connection: parsing them again would cost more than running them.</summary>
internal sealed class LogStatements(SqliteConnection connection) : IDisposable
{
    private readonly SqliteCommand _entry = Of(connection, "INSERT INTO custody_entry (idx, leaf_hash, entry, exhibit, seq) VALUES (@0, @1, @2, @3, @4)", 5);
    private readonly SqliteCommand _disclosure = Of(connection, "INSERT INTO custody_disclosure (idx, ordinal, disclosure) VALUES (@0, @1, @2)", 3);
    private readonly SqliteCommand _lastSeq = Of(connection, "SELECT COALESCE(MAX(seq), 0) FROM custody_entry WHERE exhibit = @0", 1);

    public void InsertEntry(SqliteTransaction transaction, long index, byte[] leaf, byte[] entry, string? exhibit, long? seq) =>
        With(_entry, transaction, index, leaf, entry, exhibit, seq).ExecuteNonQuery();

    public void InsertDisclosure(SqliteTransaction transaction, long index, long ordinal, string text) =>
        With(_disclosure, transaction, index, ordinal, text).ExecuteNonQuery();

    /// <summary>The number of an exhibit's newest entry; 0 where it has none.</summary>
    public long LastSeq(SqliteTransaction transaction, string exhibit) => (long)With(_lastSeq, transaction, exhibit).ExecuteScalar()!;

    public void Dispose()
    {
        _entry.Dispose();
        _disclosure.Dispose();
        _lastSeq.Dispose();
    }

    private static SqliteCommand Of(SqliteConnection connection, string sql, int parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"@{i}" });
        return command;
    }

    private static SqliteCommand With(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<object?> values)
    {
        command.Transaction = transaction;
        for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }
}
