using Dapper;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>A disclosure bundle that was asked for in the portal, as catalogued.</summary>
public sealed record DisclosureRow
{
    /// <summary>The bundle's id, 32 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Its case.</summary>
    public required string Case { get; init; }

    /// <summary>The index of the entry that records the export.</summary>
    public required long ExportEntry { get; init; }

    /// <summary>How many exhibits are in it.</summary>
    public required long Exhibits { get; init; }

    /// <summary>When it was asked for, UTC.</summary>
    public required string AskedAt { get; init; }

    /// <summary><c>making</c>, <c>ready</c> or <c>failed</c>, as it was last noted: whether its folder is still there says the rest.</summary>
    public required string State { get; init; }

    /// <summary>The name of its folder in the vault's scratch.</summary>
    public required string Folder { get; init; }

    /// <summary>When it is removed, UTC; null until it is ready.</summary>
    public string? KeptUntil { get; init; }

    /// <summary>SHA-256 of its bundle.json; null until it is ready.</summary>
    public string? BundleSha256 { get; init; }

    /// <summary>SHA-256 of the ZIP; null until it is ready.</summary>
    public string? ZipSha256 { get; init; }

    /// <summary>Length of the ZIP, bytes; null until it is ready.</summary>
    public long? Bytes { get; init; }

    /// <summary>Why it was not made.</summary>
    public string? Problem { get; init; }

    /// <summary>How often it was served on somebody.</summary>
    public long Served { get; init; }

    /// <summary>How many of those have acknowledged it.</summary>
    public long Acknowledged { get; init; }

    internal const string Columns =
        "id AS Id, case_name AS \"Case\", export_entry AS ExportEntry, exhibits AS Exhibits, asked_at AS AskedAt, state AS State, folder AS Folder, kept_until AS KeptUntil, bundle_sha256 AS BundleSha256, " +
        "zip_sha256 AS ZipSha256, bytes AS Bytes, problem AS Problem, (SELECT COUNT(*) FROM disclosure_service s WHERE s.disclosure = disclosure.id) AS Served, " +
        "(SELECT COUNT(*) FROM disclosure_service s WHERE s.disclosure = disclosure.id AND s.acknowledged_entry IS NOT NULL) AS Acknowledged";
}

/// <summary>That a bundle was served on somebody.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Entry">The index of the entry that records it.</param>
/// <param name="ServedOn">The day, <c>yyyy-MM-dd</c>, as whoever served it says.</param>
/// <param name="AcknowledgedEntry">The index of the entry that records the acknowledgement; null where there is none.</param>
/// <param name="AcknowledgedOn">Its day.</param>
public sealed record ServiceRow(long Number, long Entry, string ServedOn, long? AcknowledgedEntry, string? AcknowledgedOn);

/// <summary>Reads the disclosures that were asked for in the portal.</summary>
public sealed class Disclosures(VaultDatabase database)
{
    /// <summary>How many a case has.</summary>
    public long Count(string caseName)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>("SELECT COUNT(*) FROM disclosure WHERE case_name = @caseName", new { caseName });
    }

    /// <summary>Some of a case's disclosures, the newest first.</summary>
    public IReadOnlyList<DisclosureRow> OfCase(string caseName, int skip, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<DisclosureRow>($"SELECT {DisclosureRow.Columns} FROM disclosure WHERE case_name = @caseName ORDER BY asked_at DESC, id LIMIT @most OFFSET @skip", new { caseName, skip, most }).AsList();
    }

    /// <summary>The disclosure of this id in this case, or null: one of another case is none.</summary>
    public DisclosureRow? Find(string caseName, string id)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<DisclosureRow>($"SELECT {DisclosureRow.Columns} FROM disclosure WHERE id = @id AND case_name = @caseName", new { id, caseName });
    }

    /// <summary>On whom it was served, in that order.</summary>
    public IReadOnlyList<ServiceRow> Services(string id)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<ServiceRow>(
            "SELECT number AS Number, entry AS Entry, served_on AS ServedOn, acknowledged_entry AS AcknowledgedEntry, acknowledged_on AS AcknowledgedOn FROM disclosure_service WHERE disclosure = @id ORDER BY number", new { id }).AsList();
    }
}

/// <summary>The changes that a disclosure goes through, each with its entry in the same commit.</summary>
internal static class DisclosureChanges
{
    public static void BeginDisclosure(this Change change, string id, string caseName, ulong exportEntry, int exhibits, string folder) => change.Connection.Execute(
        "INSERT INTO disclosure (id, case_name, export_entry, exhibits, asked_at, state, folder) VALUES (@id, @caseName, @entry, @exhibits, @now, 'making', @folder)",
        new { id, caseName, entry = (long)exportEntry, exhibits, now = ExhibitChanges.Text(change.Now), folder }, change.Transaction);

    public static void DisclosureReady(this Change change, string id, string bundleSha256, string zipSha256, long bytes, DateTimeOffset keptUntil) => change.Connection.Execute(
        "UPDATE disclosure SET state = 'ready', bundle_sha256 = @bundleSha256, zip_sha256 = @zipSha256, bytes = @bytes, kept_until = @until WHERE id = @id AND state = 'making'",
        new { id, bundleSha256, zipSha256, bytes, until = ExhibitChanges.Text(keptUntil) }, change.Transaction);

    public static void DisclosureFailed(this Change change, string id, string problem) => change.Connection.Execute(
        "UPDATE disclosure SET state = 'failed', problem = @problem WHERE id = @id AND state = 'making'", new { id, problem }, change.Transaction);

    /// <summary>Notes that it was served; says the number of that.</summary>
    public static long Serve(this Change change, string id, ulong entry, string servedOn) => change.Connection.QuerySingle<long>(
        "INSERT INTO disclosure_service (disclosure, number, entry, served_on) SELECT @id, 1 + COALESCE(MAX(number), 0), @entry, @servedOn FROM disclosure_service WHERE disclosure = @id RETURNING number",
        new { id, entry = (long)entry, servedOn }, change.Transaction);

    /// <summary>Notes the acknowledgement; false where there is one already: the first stands.</summary>
    public static bool Acknowledge(this Change change, string id, long number, ulong entry, string on) => change.Connection.Execute(
        "UPDATE disclosure_service SET acknowledged_entry = @entry, acknowledged_on = @on WHERE disclosure = @id AND number = @number AND acknowledged_entry IS NULL",
        new { id, number, entry = (long)entry, on }, change.Transaction) == 1;
}
