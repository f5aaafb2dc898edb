using Dapper;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>How far a drop that is sent through the portal has come. The words are stored and shown as they are.</summary>
public static class UploadState
{
    /// <summary>Begun; files are listed and sent.</summary>
    public const string Begun = "begun";

    /// <summary>All files lie in the drop source, and its manifest is being put beside them: it can no longer be withdrawn.</summary>
    public const string Completing = "completing";

    /// <summary>All files and the manifest lie in the drop source.</summary>
    public const string Sent = "sent";

    /// <summary>Withdrawn before it was sent.</summary>
    public const string Withdrawn = "withdrawn";
}

/// <summary>A drop that is, or was, sent through the portal.</summary>
public sealed record UploadRow
{
    /// <summary>Its name, also that of its folder.</summary>
    public required string Id { get; init; }

    /// <summary>Its case.</summary>
    public required string Case { get; init; }

    /// <summary>Its camera.</summary>
    public required string Camera { get; init; }

    /// <summary>One of <see cref="UploadState"/>.</summary>
    public required string State { get; init; }

    /// <summary>Who began it.</summary>
    public required string Account { get; init; }

    /// <summary>Its manifest without the files, JSON.</summary>
    public required string Declared { get; init; }

    /// <summary>The id of the drop source it goes to.</summary>
    public required string Source { get; init; }

    /// <summary>When it was begun, UTC.</summary>
    public required string BegunAt { get; init; }

    /// <summary>When it was sent or withdrawn, UTC.</summary>
    public string? EndedAt { get; init; }

    /// <summary>Its files.</summary>
    public long Files { get; init; }

    /// <summary>Their length together, bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>How many of them lie in the drop source.</summary>
    public long FilesSent { get; init; }

    /// <summary>Its folder in the drop source.</summary>
    public string Folder => $"{Case}/{Camera}/{Id}";
}

/// <summary>A file of such a drop.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Name">Its name below the drop, as hostile as it came.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256 as the browser computed it; null until it was sent.</param>
/// <param name="SentAt">When it lay in the drop source, UTC.</param>
public sealed record UploadFileRow(long Number, string Name, long Bytes, string? Sha256, string? SentAt);

/// <summary>How a file of a drop stands in the vault.</summary>
/// <param name="Name">Its name below the drop.</param>
/// <param name="Bytes">Its length as it was seen.</param>
/// <param name="Reference">The exhibit's reference; null while the worker has not taken note of it.</param>
/// <param name="State">One of <see cref="ExhibitState"/>, or null.</param>
/// <param name="Problem">What is wrong, if anything is.</param>
public sealed record DropFileStanding(string Name, long Bytes, string? Reference, string? State, string? Problem);

/// <summary>A sealed exhibit of a drop and where in the custody log its sealing is.</summary>
public sealed record SealedOfDrop(string Reference, string Camera, string State, string RelativePath, long? Bytes, string? Sha256, string? SealedAt, long? Entry);

/// <summary>Reads and writes drops that are sent through the portal.</summary>
public sealed class Uploads(VaultDatabase database)
{
    private const string Columns =
        "u.id AS Id, u.case_name AS \"Case\", u.camera AS Camera, u.state AS State, u.account AS Account, u.declared AS Declared, u.source AS Source, u.begun_at AS BegunAt, u.ended_at AS EndedAt, " +
        "(SELECT COUNT(*) FROM drop_upload_file f WHERE f.upload = u.id) AS Files, (SELECT COALESCE(SUM(bytes), 0) FROM drop_upload_file f WHERE f.upload = u.id) AS Bytes, " +
        "(SELECT COUNT(*) FROM drop_upload_file f WHERE f.upload = u.id AND f.sent_at IS NOT NULL) AS FilesSent";

    private const string FileColumns = "number AS Number, name AS Name, bytes AS Bytes, sha256 AS Sha256, sent_at AS SentAt";

    /// <summary>The drop of this name, or null.</summary>
    public UploadRow? Find(string id)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<UploadRow>($"SELECT {Columns} FROM drop_upload u WHERE u.id = @id", new { id });
    }

    /// <summary>Its case, or null where there is no such drop.</summary>
    public string? CaseOf(string id)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<string>("SELECT case_name FROM drop_upload WHERE id = @id", new { id });
    }

    /// <summary>Some of the drops of these cases, or of all, the newest first; and how many there are.</summary>
    public (IReadOnlyList<UploadRow> Rows, long All) Newest(IReadOnlyCollection<string>? cases, int skip, int most)
    {
        using SqliteConnection connection = database.Read();
        string where = cases is null ? "" : "WHERE u.case_name IN @cases";
        return (connection.Query<UploadRow>($"SELECT {Columns} FROM drop_upload u {where} ORDER BY u.begun_at DESC, u.id DESC LIMIT @most OFFSET @skip", new { cases, skip, most }).AsList(),
            connection.ExecuteScalar<long>($"SELECT COUNT(*) FROM drop_upload u {where}", new { cases }));
    }

    /// <summary>How many drops an account has begun and not ended.</summary>
    public long BegunBy(string account)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>("SELECT COUNT(*) FROM drop_upload WHERE account = @account AND state = 'begun'", new { account });
    }

    /// <summary>Its files after a number, in order.</summary>
    public IReadOnlyList<UploadFileRow> Files(string id, long after = 0, int most = int.MaxValue)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<UploadFileRow>($"SELECT {FileColumns} FROM drop_upload_file WHERE upload = @id AND number > @after ORDER BY number LIMIT @most", new { id, after, most }).AsList();
    }

    /// <summary>One of its files, or null.</summary>
    public UploadFileRow? File(string id, long number)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<UploadFileRow>($"SELECT {FileColumns} FROM drop_upload_file WHERE upload = @id AND number = @number", new { id, number });
    }

    /// <summary>The first of its files that was not sent whole, or null.</summary>
    public UploadFileRow? FirstWaiting(string id)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<UploadFileRow>($"SELECT {FileColumns} FROM drop_upload_file WHERE upload = @id AND sent_at IS NULL ORDER BY number LIMIT 1", new { id });
    }

    /// <summary>How each file stands in the vault, in the order of the list, after a number.</summary>
    public IReadOnlyList<DropFileStanding> Standing(UploadRow upload, long after, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<DropFileStanding>(
            "SELECT f.name AS Name, f.bytes AS Bytes, e.reference AS Reference, e.state AS State, e.problem AS Problem FROM drop_upload_file f " +
            "LEFT JOIN drop_delivery d ON d.source = @Source AND d.name = @Folder LEFT JOIN exhibit e ON e.drop_id = d.id AND e.parent IS NULL AND e.relative_path = f.name " +
            "WHERE f.upload = @Id AND f.number > @after ORDER BY f.number LIMIT @most", new { upload.Id, upload.Source, upload.Folder, after, most }).AsList();
    }

    /// <summary>How many files of a drop stand in each state; those that the worker has not taken note of under an empty word.</summary>
    public IReadOnlyDictionary<string, long> Counts(UploadRow upload)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<(string State, long Files)>(
            "SELECT COALESCE(e.state, ''), COUNT(*) FROM drop_upload_file f LEFT JOIN drop_delivery d ON d.source = @Source AND d.name = @Folder " +
            "LEFT JOIN exhibit e ON e.drop_id = d.id AND e.parent IS NULL AND e.relative_path = f.name WHERE f.upload = @Id GROUP BY 1", new { upload.Id, upload.Source, upload.Folder }).ToDictionary(r => r.State, r => r.Files);
    }

    /// <summary>The exhibits of a catalogued drop by the names they were delivered under, each with the log's entry of its sealing.</summary>
    public IReadOnlyList<SealedOfDrop> Sealed(long drop, int skip, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<SealedOfDrop>(
            "SELECT e.reference AS Reference, e.camera AS Camera, e.state AS State, e.relative_path AS RelativePath, e.bytes AS Bytes, e.sha256 AS Sha256, e.sealed_at AS SealedAt, " +
            "(SELECT MIN(c.idx) FROM custody_entry c WHERE c.exhibit = e.reference AND instr(c.entry, CAST('\"action\":\"sealed\"' AS BLOB)) > 0) AS Entry " +
            "FROM exhibit e WHERE e.drop_id = @drop AND e.parent IS NULL ORDER BY e.relative_path, e.reference LIMIT @most OFFSET @skip", new { drop, skip, most }).AsList();
    }

    /// <summary>How many exhibits a catalogued drop has.</summary>
    public long ExhibitsOf(long drop)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>("SELECT COUNT(*) FROM exhibit WHERE drop_id = @drop AND parent IS NULL", new { drop });
    }

    internal static void Begin(Change change, UploadRow row) => change.Connection.Execute(
        "INSERT INTO drop_upload (id, case_name, camera, state, account, declared, source, begun_at) VALUES (@Id, @Case, @Camera, @State, @Account, @Declared, @Source, @BegunAt)", row, change.Transaction);

    /// <summary>Adds a file; the number of the one that is there already where its name and length are the same. Null where its name stands there with another length.</summary>
    internal static (long Number, bool Fresh)? Add(Change change, string id, string name, string key, long bytes)
    {
        var values = new { id, name, key, bytes };
        if (change.Connection.QueryFirstOrDefault<UploadFileRow>($"SELECT {FileColumns} FROM drop_upload_file WHERE upload = @id AND key = @key", values, change.Transaction) is { } there)
            return there.Bytes == bytes && there.Name == name ? (there.Number, false) : null;
        return (change.Connection.ExecuteScalar<long>(
            "INSERT INTO drop_upload_file (upload, number, name, key, bytes) SELECT @id, COALESCE(MAX(number), 0) + 1, @name, @key, @bytes FROM drop_upload_file WHERE upload = @id RETURNING number", values, change.Transaction), true);
    }

    /// <summary>Its files, their length, and the bytes that their names take in a manifest, as this change sees them.</summary>
    internal static (long Files, long Bytes, long Names) Sum(Change change, string id) =>
        change.Connection.QueryFirst<(long, long, long)>("SELECT COUNT(*), COALESCE(SUM(bytes), 0), COALESCE(SUM(length(CAST(replace(name, '\"', '\"\"') AS BLOB))), 0) FROM drop_upload_file WHERE upload = @id", new { id }, change.Transaction);

    internal static void SetSent(Change change, string id, long number, string sha256) => change.Connection.Execute(
        "UPDATE drop_upload_file SET sha256 = @sha256, sent_at = @now WHERE upload = @id AND number = @number AND sent_at IS NULL", new { id, number, sha256, now = ExhibitChanges.Text(change.Now) }, change.Transaction);

    /// <summary>Moves a drop from one state to another; false where it no longer stands in the first.</summary>
    internal static bool Move(Change change, string id, string from, string to) => change.Connection.Execute(
        "UPDATE drop_upload SET state = @to, ended_at = CASE WHEN @to = 'completing' THEN NULL ELSE @now END WHERE id = @id AND state = @from", new { id, from, to, now = ExhibitChanges.Text(change.Now) }, change.Transaction) == 1;

    /// <summary>True while a drop stands begun, as this change sees it.</summary>
    internal static bool IsBegun(Change change, string id) =>
        change.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM drop_upload WHERE id = @id AND state = 'begun'", new { id }, change.Transaction) == 1;
}
