using Dapper;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>A drop as catalogued.</summary>
public sealed record DropRow
{
    /// <summary>Its number in the catalogue.</summary>
    public required long Id { get; init; }

    /// <summary>Its source's id.</summary>
    public required string Source { get; init; }

    /// <summary>Its name in the source.</summary>
    public required string Name { get; init; }

    /// <summary>Its case, where it is known.</summary>
    public string? Case { get; init; }

    /// <summary>Its camera, where it is known.</summary>
    public string? Camera { get; init; }

    /// <summary>The manifest as read, JSON.</summary>
    public string? Manifest { get; init; }

    /// <summary>SHA-256 of the manifest file.</summary>
    public string? ManifestSha256 { get; init; }

    /// <summary>JSON array of files the manifest names that never came.</summary>
    public string? Missing { get; init; }
}

/// <summary>A source of drops.</summary>
/// <param name="Source">Its id.</param>
/// <param name="Drops">How many came from it.</param>
/// <param name="NewestAt">When the newest was first seen, UTC.</param>
/// <param name="Problems">How many problems they had.</param>
public sealed record SourceRow(string Source, long Drops, string NewestAt, long Problems);

/// <summary>A problem of a drop as catalogued.</summary>
public sealed record DropProblemRow(string Kind, string RelativePath, string Sentence);

/// <summary>A receipt as issued.</summary>
public sealed record ReceiptRow(long DropId, long Number, string Facts, byte[] Receipt, byte[] Signature);

/// <summary>What a drop says of itself when it is seen.</summary>
public sealed record DropFacts(
    string Source, string Name, string? Case, string? Camera, string? Manifest, string? ManifestSha256, string? Technician, string? Missing,
    string? AuthorityUrn, double? ClockOffset, double? ClockUncertainty, string? ClockReference);

/// <summary>Reads and writes drops.</summary>
public sealed class Drops(VaultDatabase database)
{
    private const string Columns = "id AS Id, source AS Source, name AS Name, case_name AS \"Case\", camera AS Camera, manifest AS Manifest, manifest_sha256 AS ManifestSha256, missing AS Missing";

    private const string NewestReceiptOf = "SELECT drop_id AS DropId, number AS Number, facts AS Facts, receipt AS Receipt, signature AS Signature FROM drop_receipt WHERE drop_id = @drop ORDER BY number DESC LIMIT 1";

    /// <summary>The drop of this name in this source, or null.</summary>
    public DropRow? Find(string source, string name)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<DropRow>($"SELECT {Columns} FROM drop_delivery WHERE source = @source AND name = @name", new { source, name });
    }

    /// <summary>All drops, oldest first.</summary>
    public IReadOnlyList<DropRow> All()
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<DropRow>($"SELECT {Columns} FROM drop_delivery ORDER BY id").AsList();
    }

    /// <summary>Where drops came from.</summary>
    public IReadOnlyList<SourceRow> Sources()
    {
        using SqliteConnection connection = database.Read();
        // Through a tuple: where there are no rows, SQLite does not say of what type a counted column is, and a record's constructor would not be found.
        return [.. connection.Query<(string Source, long Drops, string NewestAt, long Problems)>(
            "SELECT source, COUNT(*), MAX(first_seen_at), (SELECT COUNT(*) FROM drop_problem p JOIN drop_delivery o ON o.id = p.drop_id WHERE o.source = d.source) FROM drop_delivery d GROUP BY source ORDER BY source").Select(s => new SourceRow(s.Source, s.Drops, s.NewestAt, s.Problems))];
    }

    /// <summary>Its problems, in the order of finding.</summary>
    public IReadOnlyList<DropProblemRow> Problems(long drop)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<DropProblemRow>("SELECT kind AS Kind, relative_path AS RelativePath, sentence AS Sentence FROM drop_problem WHERE drop_id = @drop ORDER BY kind, relative_path", new { drop }).AsList();
    }

    /// <summary>The newest receipt issued for it, or null.</summary>
    public ReceiptRow? NewestReceipt(long drop)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<ReceiptRow>(NewestReceiptOf, new { drop });
    }

    /// <summary>Notes a drop, or what has become known of it since; returns its number.</summary>
    internal static long Note(Change change, DropFacts facts)
    {
        long? deployment = null;
        if (facts.Case is not null && facts.Camera is not null)
        {
            ExhibitChanges.EnsureCamera(change, facts.Case, facts.Camera);
            deployment = NoteDeployment(change, facts);
        }
        return change.Connection.ExecuteScalar<long>(
            "INSERT INTO drop_delivery (source, name, case_name, camera, deployment_id, manifest, manifest_sha256, technician, missing, first_seen_at) " +
            "VALUES (@Source, @Name, @Case, @Camera, @deployment, @Manifest, @ManifestSha256, @Technician, @Missing, @now) " +
            "ON CONFLICT (source, name) DO UPDATE SET case_name = COALESCE(excluded.case_name, case_name), camera = COALESCE(excluded.camera, camera), " +
            "deployment_id = COALESCE(excluded.deployment_id, deployment_id), manifest = COALESCE(excluded.manifest, manifest), " +
            "manifest_sha256 = COALESCE(excluded.manifest_sha256, manifest_sha256), technician = COALESCE(excluded.technician, technician), missing = excluded.missing RETURNING id",
            new { facts.Source, facts.Name, facts.Case, facts.Camera, deployment, facts.Manifest, facts.ManifestSha256, facts.Technician, facts.Missing, now = ExhibitChanges.Text(change.Now) },
            change.Transaction);
    }

    /// <summary>Notes a problem of a drop; true the first time.</summary>
    internal static bool NoteProblem(Change change, long drop, DropProblemRow problem) => change.Connection.Execute(
        "INSERT INTO drop_problem (drop_id, kind, relative_path, sentence) VALUES (@drop, @Kind, @RelativePath, @Sentence) ON CONFLICT DO NOTHING",
        new { drop, problem.Kind, problem.RelativePath, problem.Sentence }, change.Transaction) == 1;

    /// <summary>Adds a receipt; false where the drop has one of this number already.</summary>
    internal static bool AddReceipt(Change change, ReceiptRow receipt) => change.Connection.Execute(
        "INSERT INTO drop_receipt (drop_id, number, facts, receipt, signature, issued_at) VALUES (@DropId, @Number, @Facts, @Receipt, @Signature, @now) ON CONFLICT DO NOTHING",
        new { receipt.DropId, receipt.Number, receipt.Facts, receipt.Receipt, receipt.Signature, now = ExhibitChanges.Text(change.Now) }, change.Transaction) == 1;

    /// <summary>The newest receipt of a drop that has one, as this change sees it.</summary>
    internal static ReceiptRow NewestReceipt(Change change, long drop) => change.Connection.QueryFirst<ReceiptRow>(NewestReceiptOf, new { drop }, change.Transaction);

    private static long? NoteDeployment(Change change, DropFacts facts)
    {
        if (facts.AuthorityUrn is null && facts.ClockOffset is null) return null;
        if (facts.AuthorityUrn is not null)
            change.Connection.Execute("INSERT INTO authority (urn, case_name) VALUES (@AuthorityUrn, @Case) ON CONFLICT DO NOTHING", facts, change.Transaction);
        return change.Connection.ExecuteScalar<long?>(
                "SELECT id FROM deployment WHERE case_name = @Case AND camera = @Camera AND authority_urn IS @AuthorityUrn AND clock_offset_seconds IS @ClockOffset AND clock_uncertainty_seconds IS @ClockUncertainty",
                facts, change.Transaction)
            ?? change.Connection.ExecuteScalar<long>(
                "INSERT INTO deployment (case_name, camera, authority_urn, clock_offset_seconds, clock_uncertainty_seconds, clock_reference, observed_at) VALUES (@Case, @Camera, @AuthorityUrn, @ClockOffset, @ClockUncertainty, @ClockReference, @now) RETURNING id",
                new { facts.Case, facts.Camera, facts.AuthorityUrn, facts.ClockOffset, facts.ClockUncertainty, facts.ClockReference, now = ExhibitChanges.Text(change.Now) }, change.Transaction);
    }
}
