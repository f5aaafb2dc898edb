using Dapper;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>How far an exhibit has come. The words are stored and shown as they are.</summary>
public static class ExhibitState
{
    /// <summary>Taken note of; its bytes are not sealed yet.</summary>
    public const string Received = "received";

    /// <summary>Hashed, encrypted, uploaded and sealed; not read back yet.</summary>
    public const string Sealed = "sealed";

    /// <summary>Read back from the store with the sealed hashes.</summary>
    public const string Stored = "stored";

    /// <summary>Stored and analysed, its derivatives sealed and stored. A derivative itself is <see cref="Stored"/> for good, but for a series of stills.</summary>
    public const string Analysed = "analysed";

    /// <summary>Stored; the analysis could not make sense of it and says why.</summary>
    public const string NotAnalysed = "not-analysed";

    /// <summary>Could not be taken from its source; nothing is sealed under the reference yet.</summary>
    public const string Failed = "failed";

    /// <summary>The store does not give back what was sealed.</summary>
    public const string Damaged = "damaged";
}

/// <summary>An exhibit as catalogued.</summary>
public sealed record ExhibitRow
{
    /// <summary>Its reference.</summary>
    public required string Reference { get; init; }

    /// <summary>Its case.</summary>
    public required string Case { get; init; }

    /// <summary>Its camera.</summary>
    public required string Camera { get; init; }

    /// <summary>One of <see cref="ExhibitState"/>.</summary>
    public required string State { get; init; }

    /// <summary>What it was made from, for a derivative.</summary>
    public string? Parent { get; init; }

    /// <summary>What a derivative is: <c>clip</c>, <c>keyframe</c> …</summary>
    public string? Role { get; init; }

    /// <summary>The segment a derivative belongs to, from 1.</summary>
    public int? Segment { get; init; }

    /// <summary>The PTS of a keyframe, seconds.</summary>
    public double? Pts { get; init; }

    /// <summary>The drop it came with.</summary>
    public long? DropId { get; init; }

    /// <summary>The id of the source it came from.</summary>
    public string? Source { get; init; }

    /// <summary>Its path in that source.</summary>
    public string? Path { get; init; }

    /// <summary>Its path below the drop: the name it was delivered under.</summary>
    public string? RelativePath { get; init; }

    /// <summary>Its length when seen, bytes.</summary>
    public long? SeenBytes { get; init; }

    /// <summary>Its version when seen.</summary>
    public string? SeenStamp { get; init; }

    /// <summary>Its length by the manifest, bytes.</summary>
    public long? ExpectedBytes { get; init; }

    /// <summary>Its SHA-256 by the manifest.</summary>
    public string? ExpectedSha256 { get; init; }

    /// <summary>The name its upload is staged under.</summary>
    public required string StagingId { get; init; }

    /// <summary>SHA-256, lower-case hex; null until sealed.</summary>
    public string? Sha256 { get; init; }

    /// <summary>SHA-512, lower-case hex; null until sealed.</summary>
    public string? Sha512 { get; init; }

    /// <summary>Length in bytes; null until sealed.</summary>
    public long? Bytes { get; init; }

    /// <summary>Its content address in the store; null until sealed.</summary>
    public string? Address { get; init; }

    /// <summary>The seal's manifest, canonical JSON.</summary>
    public byte[]? Seal { get; init; }

    /// <summary>The seal's detached CMS signature, DER.</summary>
    public byte[]? SealCms { get; init; }

    /// <summary>analysis.json.</summary>
    public string? Analysis { get; init; }

    /// <summary>What is wrong, if anything is.</summary>
    public string? Problem { get; init; }

    /// <summary>When it was taken note of, UTC.</summary>
    public required string ReceivedAt { get; init; }

    /// <summary>When it was sealed, UTC.</summary>
    public string? SealedAt { get; init; }

    /// <summary>When the read-back succeeded, UTC.</summary>
    public string? StoredAt { get; init; }

    /// <summary>True once its delivered file was moved aside.</summary>
    public bool MovedAside { get; init; }

    internal ExhibitReference Ref => ExhibitReference.Parse(Reference);

    internal const string Columns =
        "reference AS Reference, case_name AS \"Case\", camera AS Camera, state AS State, parent AS Parent, role AS Role, segment AS Segment, pts AS Pts, " +
        "drop_id AS DropId, source AS Source, path AS Path, relative_path AS RelativePath, seen_bytes AS SeenBytes, seen_stamp AS SeenStamp, " +
        "expected_bytes AS ExpectedBytes, expected_sha256 AS ExpectedSha256, staging_id AS StagingId, sha256 AS Sha256, sha512 AS Sha512, bytes AS Bytes, " +
        "address AS Address, seal AS Seal, seal_cms AS SealCms, analysis AS Analysis, problem AS Problem, received_at AS ReceivedAt, sealed_at AS SealedAt, " +
        "stored_at AS StoredAt, moved_aside AS MovedAside";
}

/// <summary>A segment as catalogued; times are PTS seconds.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Start">First frame with motion.</param>
/// <param name="End">End of the last frame with motion.</param>
/// <param name="Peak">The frame with most motion.</param>
/// <param name="PeakScore">Its score, 0 to 1.</param>
/// <param name="Box">JSON array: x, y, width, height.</param>
/// <param name="OpenedBecause">Why it was opened.</param>
/// <param name="ClosedBecause">Why it was closed.</param>
public sealed record SegmentRow(long Number, double Start, double End, double Peak, double PeakScore, string Box, string OpenedBecause, string ClosedBecause);

/// <summary>A case as catalogued.</summary>
/// <param name="Name">Its name.</param>
/// <param name="OpenedAt">When its first exhibit came, UTC.</param>
/// <param name="Exhibits">Masters and series of stills in it.</param>
/// <param name="InTrouble">How many of them failed or are damaged.</param>
public sealed record CaseRow(string Name, string OpenedAt, long Exhibits, long InTrouble);

/// <summary>A line of a case's list.</summary>
/// <param name="Reference">The exhibit.</param>
/// <param name="Camera">Its camera.</param>
/// <param name="State">One of <see cref="ExhibitState"/>.</param>
/// <param name="RelativePath">The name it was delivered under.</param>
/// <param name="Bytes">Its length; null until sealed.</param>
/// <param name="ReceivedAt">When it was taken note of, UTC.</param>
/// <param name="Problem">What is wrong, if anything is.</param>
/// <param name="Segments">Intervals of motion found in it.</param>
public sealed record CaseLine(string Reference, string Camera, string State, string? RelativePath, long? Bytes, string ReceivedAt, string? Problem, long Segments)
{
    // For Dapper: where no row is found, SQLite does not say of what type a count is, and the constructor above does not fit.
    private CaseLine() : this("", "", "", null, null, "", null, 0)
    {
    }
}

/// <summary>How many Masters and series of stills stand in a state.</summary>
/// <param name="State">One of <see cref="ExhibitState"/>, never analysed.</param>
/// <param name="Exhibits">How many.</param>
/// <param name="Since">When the oldest of them was taken note of, UTC.</param>
public sealed record StateCount(string State, long Exhibits, string Since);

/// <summary>An exhibit that wants a person.</summary>
/// <param name="Reference">The exhibit.</param>
/// <param name="Case">Its case.</param>
/// <param name="Camera">Its camera.</param>
/// <param name="State">One of <see cref="ExhibitState"/>.</param>
/// <param name="ReceivedAt">When it was taken note of, UTC.</param>
/// <param name="Problem">What is wrong.</param>
public sealed record WantingLine(string Reference, string Case, string Camera, string State, string ReceivedAt, string? Problem);

/// <summary>A camera's placement for a case, with its clock as it was observed.</summary>
/// <param name="Case">The case.</param>
/// <param name="Camera">The camera.</param>
/// <param name="AuthorityUrn">The authority that it was made under; null where none was told.</param>
/// <param name="OffsetSeconds">Reference minus camera, in seconds, as <see cref="Intake.ClockOffset"/> has it: positive when the camera was behind; null where nobody looked.</param>
/// <param name="UncertaintySeconds">How far off that may be.</param>
/// <param name="Reference">What it was compared with.</param>
/// <param name="ObservedAt">When the vault learnt of it, UTC.</param>
public sealed record DeploymentRow(string Case, string Camera, string? AuthorityUrn, double? OffsetSeconds, double? UncertaintySeconds, string? Reference, string ObservedAt);

/// <summary>Reads exhibits.</summary>
public sealed class Exhibits(VaultDatabase database)
{
    /// <summary>The exhibit of this reference, or null.</summary>
    public ExhibitRow? Find(ExhibitReference reference)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<ExhibitRow>($"SELECT {ExhibitRow.Columns} FROM exhibit WHERE reference = @text", new { text = reference.Text });
    }

    /// <summary>Masters, by reference; of one case or of all.</summary>
    public IReadOnlyList<ExhibitRow> Masters(string? caseName = null) =>
        Sorted("parent IS NULL AND (@caseName IS NULL OR case_name = @caseName)", new { caseName });

    /// <summary>Masters, and series of stills, which are looked into as Masters are; by reference, of one case or of all.</summary>
    public IReadOnlyList<ExhibitRow> Listed(string? caseName = null) =>
        Sorted($"(parent IS NULL OR {IsSeries}) AND (@caseName IS NULL OR case_name = @caseName)", new { caseName });

    /// <summary>What was made from an exhibit, by reference.</summary>
    public IReadOnlyList<ExhibitRow> Derivatives(ExhibitReference parent) => Sorted("parent = @text", new { text = parent.Text });

    /// <summary>Masters on their way: received, sealed or stored and not analysed yet.</summary>
    public IReadOnlyList<ExhibitRow> Unfinished() => Sorted("parent IS NULL AND state IN ('received', 'sealed', 'stored')", new { });

    /// <summary>Exhibits of a drop.</summary>
    public IReadOnlyList<ExhibitRow> OfDrop(long drop) => Sorted("parent IS NULL AND drop_id = @drop", new { drop });

    /// <summary>Masters holding these bytes.</summary>
    public IReadOnlyList<ExhibitRow> WithSha256(string sha256) => Sorted("sha256 = @sha256", new { sha256 });

    /// <summary>Exhibits that were sealed with this hash, by reference.</summary>
    /// <param name="hash">SHA-256 or SHA-512, lower-case hex.</param>
    public IReadOnlyList<ExhibitRow> WithHash(string hash) => Sorted(hash.Length == 64 ? "sha256 = @hash" : "sha512 = @hash", new { hash });

    /// <summary>The exhibit made of this very delivery, if there is one.</summary>
    public ExhibitRow? OfDelivery(string source, string path, long bytes, string stamp)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<ExhibitRow>(
            $"SELECT {ExhibitRow.Columns} FROM exhibit WHERE parent IS NULL AND source = @source AND path = @path AND seen_bytes = @bytes AND seen_stamp = @stamp",
            new { source, path, bytes, stamp });
    }

    /// <summary>The segments of an exhibit.</summary>
    public IReadOnlyList<SegmentRow> Segments(ExhibitReference reference)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<SegmentRow>(
            "SELECT number AS Number, start_pts AS \"Start\", end_pts AS \"End\", peak_pts AS Peak, peak_score AS PeakScore, box AS Box, opened_because AS OpenedBecause, closed_because AS ClosedBecause FROM segment WHERE exhibit = @text ORDER BY number",
            new { text = reference.Text }).AsList();
    }

    /// <summary>How many segments and keyframes each Master and each series of stills has.</summary>
    public IReadOnlyDictionary<string, (int Segments, int Keyframes)> Counts()
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<(string Reference, long Segments, long Keyframes)>(
            "SELECT e.reference, (SELECT COUNT(*) FROM segment s WHERE s.exhibit = e.reference), (SELECT COUNT(*) FROM exhibit d WHERE d.parent = e.reference AND d.role = 'keyframe') FROM exhibit e WHERE e.parent IS NULL OR " + IsSeries)
            .ToDictionary(r => r.Reference, r => ((int)r.Segments, (int)r.Keyframes));
    }

    /// <summary>The cases, by name, with how many Masters and series of stills each has, and how many of them need a person to look.</summary>
    public IReadOnlyList<CaseRow> Cases()
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<CaseRow>($"SELECT {CaseColumns} FROM case_file ORDER BY name").AsList();
    }

    /// <summary>The case of this name, or null.</summary>
    public CaseRow? FindCase(string name)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<CaseRow>($"SELECT {CaseColumns} FROM case_file WHERE name = @name", new { name });
    }

    // The counts are kept by triggers (0083).
    private const string CaseColumns = "name AS Name, opened_at AS OpenedAt, exhibits AS Exhibits, in_trouble AS InTrouble";

    /// <summary>True where there is a case of this name.</summary>
    public bool HasCase(string caseName)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>("SELECT COUNT(*) FROM case_file WHERE name = @caseName", new { caseName }) > 0;
    }

    /// <summary>Some of a case's Masters and series of stills, the newest first.</summary>
    /// <param name="caseName">The case.</param>
    /// <param name="skip">How many to leave out.</param>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<CaseLine> OfCase(string caseName, int skip, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<CaseLine>(
            "SELECT reference AS Reference, camera AS Camera, state AS State, relative_path AS RelativePath, bytes AS Bytes, received_at AS ReceivedAt, problem AS Problem, " +
            "(SELECT COUNT(*) FROM segment s WHERE s.exhibit = e.reference) AS Segments " +
            $"FROM exhibit e WHERE case_name = @caseName AND {IsListed} ORDER BY received_at DESC, reference DESC LIMIT @most OFFSET @skip", new { caseName, skip, most }).AsList();
    }

    /// <summary>Masters and series of stills that are on their way or want a person, by state.</summary>
    public IReadOnlyList<StateCount> Wanting()
    {
        using SqliteConnection connection = database.Read();
        // Through a tuple: where there are no rows, SQLite does not say of what type a counted column is, and a record's constructor would not be found.
        return [.. connection.Query<(string State, long Exhibits, string Since)>($"SELECT state, COUNT(*), MIN(received_at) FROM exhibit WHERE {IsListed} AND state <> 'analysed' GROUP BY state ORDER BY state").Select(c => new StateCount(c.State, c.Exhibits, c.Since))];
    }

    /// <summary>Those of a state, the oldest first.</summary>
    /// <param name="state">One of <see cref="ExhibitState"/>, not analysed.</param>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<WantingLine> Wanting(string state, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<WantingLine>(
            $"SELECT reference AS Reference, case_name AS \"Case\", camera AS Camera, state AS State, received_at AS ReceivedAt, problem AS Problem FROM exhibit WHERE {IsListed} AND state <> 'analysed' AND state = @state ORDER BY received_at LIMIT @most",
            new { state, most }).AsList();
    }

    /// <summary>Some of the deployments, the newest first.</summary>
    public IReadOnlyList<DeploymentRow> Deployments(int skip, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<DeploymentRow>(
            "SELECT case_name AS \"Case\", camera AS Camera, authority_urn AS AuthorityUrn, clock_offset_seconds AS OffsetSeconds, clock_uncertainty_seconds AS UncertaintySeconds, clock_reference AS Reference, observed_at AS ObservedAt " +
            "FROM deployment ORDER BY id DESC LIMIT @most OFFSET @skip", new { skip, most }).AsList();
    }

    private const string IsListed = "(parent IS NULL OR role = 'still-series')";

    private const string IsSeries = "role = 'still-series'";

    private List<ExhibitRow> Sorted(string where, object values)
    {
        using SqliteConnection connection = database.Read();
        return [.. connection.Query<ExhibitRow>($"SELECT {ExhibitRow.Columns} FROM exhibit WHERE {where}", values).OrderBy(r => r.Ref)];
    }
}
