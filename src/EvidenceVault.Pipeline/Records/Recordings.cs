using Dapper;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>When a Master was recorded. Moments are milliseconds since 1970-01-01 UTC.</summary>
public sealed record RecordingRow
{
    /// <summary>The Master.</summary>
    public required string Exhibit { get; init; }

    /// <summary>Its camera.</summary>
    public required string Camera { get; init; }

    /// <summary>PTS seconds of its first frame.</summary>
    public double FirstPts { get; init; }

    /// <summary>From its first frame to its last.</summary>
    public double Seconds { get; init; }

    /// <summary>The time that its container states, as written there; null where it states none.</summary>
    public string? Stated { get; init; }

    /// <summary>Its first frame, by the camera's clock; null where that is not known.</summary>
    public long? Started { get; init; }

    /// <summary>Seconds to add to the camera's clock; null where nobody compared it with another.</summary>
    public double? ClockOffset { get; init; }

    /// <summary>How far the comparison may be out, seconds.</summary>
    public double? ClockUncertainty { get; init; }

    /// <summary>Its first frame with the clock corrected; by the camera's clock where nobody compared it.</summary>
    public long? Corrected { get; init; }

    /// <summary>Its last frame, likewise.</summary>
    public long? Ended { get; init; }
}

/// <summary>Recordings of one camera that lie close together, told as one.</summary>
/// <param name="Camera">The camera.</param>
/// <param name="From">Beginning of the first.</param>
/// <param name="To">End of the one that begins last.</param>
public sealed record RecordingCluster(string Camera, long From, long To);

/// <summary>An interval of motion at its place on the timeline.</summary>
/// <param name="Exhibit">The Master.</param>
/// <param name="Camera">Its camera.</param>
/// <param name="Number">The segment's number.</param>
/// <param name="StartPts">PTS seconds.</param>
/// <param name="EndPts">PTS seconds.</param>
/// <param name="From">Corrected moment of its start.</param>
/// <param name="To">Corrected moment of its end.</param>
public sealed record PlacedSegment(string Exhibit, string Camera, long Number, double StartPts, double EndPts, long From, long To);

/// <summary>From the first frame of all recordings of a case to the last.</summary>
/// <param name="From">Corrected moment; null where there are none.</param>
/// <param name="To">Corrected moment.</param>
public sealed record RecordedSpan(long? From, long? To);

/// <summary>Reads and writes when Masters were recorded.</summary>
public sealed class Recordings(VaultDatabase database)
{
    private const string Columns = "exhibit AS Exhibit, camera AS Camera, first_pts AS FirstPts, seconds AS Seconds, stated AS Stated, started AS Started, clock_offset AS ClockOffset, clock_uncertainty AS ClockUncertainty, corrected AS Corrected, ended AS Ended";

    // By the index alone: nothing that began longer before the window than the longest recording lasts can reach into it.
    private const string InWindow =
        "case_name = @caseName AND started IS NOT NULL AND corrected < @to AND corrected > @from - 1 - (SELECT CAST(MAX(seconds) * 1000 AS INTEGER) FROM recording WHERE case_name = @caseName AND started IS NOT NULL) AND ended >= @from";

    /// <summary>Of one Master; null where it is none that was found to be footage.</summary>
    public RecordingRow? Find(ExhibitReference reference)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<RecordingRow>($"SELECT {Columns} FROM recording WHERE exhibit = @text", new { text = reference.Text });
    }

    /// <summary>From the beginning of a case's first recording to the end of its last.</summary>
    public RecordedSpan Span(string caseName)
    {
        using SqliteConnection connection = database.Read();
        // Each by its own index.
        return connection.QueryFirst<RecordedSpan>(
            "SELECT (SELECT MIN(corrected) FROM recording WHERE case_name = @caseName AND started IS NOT NULL) AS \"From\", (SELECT MAX(ended) FROM recording WHERE case_name = @caseName AND started IS NOT NULL) AS \"To\"", new { caseName });
    }

    /// <summary>How many lie in a window, at least in part; no more than <paramref name="most"/> are counted.</summary>
    public long Count(string caseName, long from, long to, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>($"SELECT COUNT(*) FROM (SELECT 1 FROM recording WHERE {InWindow} LIMIT @most)", new { caseName, from, to, most });
    }

    /// <summary>Those in a window, in order of time.</summary>
    public IReadOnlyList<RecordingRow> InOrder(string caseName, long from, long to, int skip, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<RecordingRow>($"SELECT {Columns} FROM recording WHERE {InWindow} ORDER BY corrected, exhibit LIMIT @most OFFSET @skip", new { caseName, from, to, skip, most }).AsList();
    }

    /// <summary>Those that begin in a window, told as one for each camera and stretch of it. Two look-ups in an index for each, however many there are.</summary>
    /// <param name="caseName">The case.</param>
    /// <param name="from">Beginning of the window.</param>
    /// <param name="stretch">Milliseconds of a stretch.</param>
    /// <param name="stretches">How many.</param>
    /// <param name="mostCameras">The most cameras that are looked at, by name.</param>
    public IReadOnlyList<RecordingCluster> Clustered(string caseName, long from, long stretch, int stretches, int mostCameras)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<RecordingCluster>(
            "WITH RECURSIVE part (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM part WHERE n + 1 < @stretches), " +
            "looked AS (SELECT name FROM camera WHERE case_name = @caseName ORDER BY name LIMIT @mostCameras), " +
            "found AS (SELECT c.name AS camera, " +
            "(SELECT MIN(corrected) FROM recording WHERE case_name = @caseName AND camera = c.name AND started IS NOT NULL AND corrected >= @from + p.n * @stretch AND corrected < @from + (p.n + 1) * @stretch) AS first, " +
            "(SELECT ended FROM recording WHERE case_name = @caseName AND camera = c.name AND started IS NOT NULL AND corrected >= @from + p.n * @stretch AND corrected < @from + (p.n + 1) * @stretch ORDER BY corrected DESC LIMIT 1) AS last " +
            "FROM looked c CROSS JOIN part p) " +
            "SELECT camera AS Camera, first AS \"From\", last AS \"To\" FROM found WHERE first IS NOT NULL ORDER BY camera, first", new { caseName, from, stretch, stretches, mostCameras }).AsList();
    }

    /// <summary>The intervals of motion of recordings, in order of time.</summary>
    public IReadOnlyList<PlacedSegment> Segments(IReadOnlyList<string> exhibits, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<PlacedSegment>(
            "SELECT r.exhibit AS Exhibit, r.camera AS Camera, s.number AS Number, s.start_pts AS StartPts, s.end_pts AS EndPts, " +
            "r.corrected + CAST(ROUND((s.start_pts - r.first_pts) * 1000) AS INTEGER) AS \"From\", r.corrected + CAST(ROUND((s.end_pts - r.first_pts) * 1000) AS INTEGER) AS \"To\" " +
            "FROM recording r JOIN segment s ON s.exhibit = r.exhibit WHERE r.exhibit IN @exhibits ORDER BY 6 LIMIT @most", new { exhibits, most }).AsList();
    }

    /// <summary>Those of which it is not known when they were recorded.</summary>
    public IReadOnlyList<RecordingRow> WithoutTime(string caseName, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<RecordingRow>($"SELECT {Columns} FROM recording WHERE case_name = @caseName AND started IS NULL ORDER BY exhibit LIMIT @most", new { caseName, most }).AsList();
    }

    /// <summary>How many of a case are not placed; no more than <paramref name="most"/> are counted.</summary>
    public long CountWithoutTime(string caseName, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>("SELECT COUNT(*) FROM (SELECT 1 FROM recording WHERE case_name = @caseName AND started IS NULL LIMIT @most)", new { caseName, most });
    }

    /// <summary>The digests of the blocks of what is stored; null where none are kept.</summary>
    public BlockDigests? Blocks(string sha256, long bytes)
    {
        using SqliteConnection connection = database.Read();
        return BlockDigests.Read(connection.ExecuteScalar<byte[]>("SELECT digests FROM block_digest WHERE sha256 = @sha256", new { sha256 }), bytes);
    }

    /// <summary>Notes when a Master was recorded, with what is known of its camera's clock.</summary>
    internal static void Note(Change change, ExhibitRow row, double firstPts, double seconds, string? stated, DateTimeOffset? started)
    {
        change.Connection.Execute(
            "INSERT INTO recording (exhibit, case_name, camera, first_pts, seconds, stated, started) VALUES (@Reference, @Case, @Camera, @firstPts, @seconds, @stated, @started) ON CONFLICT DO NOTHING",
            new { row.Reference, row.Case, row.Camera, firstPts, seconds, stated, started = started?.ToUnixTimeMilliseconds() }, change.Transaction);
        if (row.DropId is { } drop) Correct(change, drop);
    }

    /// <summary>Takes the observation of a drop's clock over to what came with the drop.</summary>
    internal static void Correct(Change change, long drop) => change.Connection.Execute(
        "UPDATE recording SET (clock_offset, clock_uncertainty) = (SELECT p.clock_offset_seconds, p.clock_uncertainty_seconds FROM drop_delivery d JOIN deployment p ON p.id = d.deployment_id WHERE d.id = @drop) " +
        "WHERE exhibit IN (SELECT reference FROM exhibit WHERE drop_id = @drop)", new { drop }, change.Transaction);
}
