using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EvidenceVault.Pipeline.Records;

/// <summary>
/// The statements that every commit runs, prepared once for a connection and run by SQLite's own calls: what ADO.NET adds to each run (a
/// reader, boxed parameters looked up by name) costs as much as the insert, and the one writer is what limits the log. They take part in
/// the transaction that the connection is in.
/// </summary>
internal sealed class LogStatements(SqliteConnection connection) : IDisposable
{
    private readonly Statement _size = new(connection, "SELECT COALESCE(MAX(idx) + 1, 0) FROM custody_entry");
    private readonly Statement _setting = new(connection, "SELECT value FROM recorded_setting WHERE name = ?1");
    private readonly Statement _lastSeq = new(connection, "SELECT COALESCE(MAX(seq), 0) FROM custody_entry WHERE exhibit = ?1");
    private readonly Statement _entry = new(connection, "INSERT INTO custody_entry (idx, leaf_hash, entry, exhibit, seq) VALUES (?1, ?2, ?3, ?4, ?5)");
    private readonly Statement _disclosure = new(connection, "INSERT INTO custody_disclosure (idx, ordinal, disclosure) VALUES (?1, ?2, ?3)");
    private readonly Statement _node = new(connection, "INSERT INTO custody_node (level, idx, hash) VALUES (?1, ?2, ?3)");
    private readonly Statement _checkpoint = new(connection, "INSERT INTO custody_checkpoint (size, root, note) VALUES (?1, ?2, ?3)");

    /// <summary>How many entries the log holds.</summary>
    public ulong Size() => (ulong)_size.Number();

    /// <summary>A setting as recorded, or null.</summary>
    public string? Setting(string name) => _setting.Bind(1, name).Text();

    /// <summary>The number of an exhibit's newest entry; 0 where it has none.</summary>
    public long LastSeq(string exhibit) => _lastSeq.Bind(1, exhibit).Number();

    public void InsertEntry(ulong index, byte[] leaf, byte[] entry, string? exhibit, long? seq) =>
        _entry.Bind(1, (long)index).Bind(2, leaf).Bind(3, entry).Bind(4, exhibit).Bind(5, seq).Run();

    public void InsertDisclosure(ulong index, int ordinal, string text) => _disclosure.Bind(1, (long)index).Bind(2, ordinal).Bind(3, text).Run();

    public void InsertNode(int level, ulong index, byte[] hash) => _node.Bind(1, level).Bind(2, (long)index).Bind(3, hash).Run();

    public void InsertCheckpoint(ulong size, byte[] root, byte[] note) => _checkpoint.Bind(1, (long)size).Bind(2, root).Bind(3, note).Run();

    public void Dispose()
    {
        foreach (Statement statement in new[] { _size, _setting, _lastSeq, _entry, _disclosure, _node, _checkpoint }) statement.Dispose();
    }

    /// <summary>A prepared statement. Every parameter is bound before each run; after it, the statement is ready for the next.</summary>
    private sealed class Statement : IDisposable
    {
        private readonly sqlite3 _database;
        private readonly sqlite3_stmt _statement;

        public Statement(SqliteConnection connection, string sql)
        {
            _database = connection.Handle ?? throw new InvalidOperationException("The connection is not open.");
            Check(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        }

        public Statement Bind(int at, long? value)
        {
            Check(value is { } number ? raw.sqlite3_bind_int64(_statement, at, number) : raw.sqlite3_bind_null(_statement, at));
            return this;
        }

        public Statement Bind(int at, string? value)
        {
            Check(value is null ? raw.sqlite3_bind_null(_statement, at) : raw.sqlite3_bind_text(_statement, at, value));
            return this;
        }

        public Statement Bind(int at, byte[] value)
        {
            Check(raw.sqlite3_bind_blob(_statement, at, value));
            return this;
        }

        public void Run() => Step(() => true);

        public long Number() => Step(() => raw.sqlite3_column_int64(_statement, 0));

        public string? Text() => Step(() => raw.sqlite3_column_text(_statement, 0).utf8_to_string());

        public void Dispose() => _statement.Dispose();

        // The first row read, or the default where there is none.
        private T? Step<T>(Func<T> read)
        {
            try
            {
                int code = raw.sqlite3_step(_statement);
                if (code == raw.SQLITE_ROW) return read();
                if (code != raw.SQLITE_DONE) Check(code);
                return default;
            }
            finally
            {
                // Its result is that of the step, told above.
                _ = raw.sqlite3_reset(_statement);
            }
        }

        private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
    }
}
