using System.Globalization;
using Dapper;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Records;

/// <summary>A file about to be taken, with the reference wanted or the initials to number it under.</summary>
/// <param name="Source">The source's id.</param>
/// <param name="Path">Path in the source.</param>
/// <param name="RelativePath">The name it was delivered under.</param>
/// <param name="Bytes">Length when seen.</param>
/// <param name="Stamp">Version when seen.</param>
/// <param name="Case">Its case.</param>
/// <param name="Camera">Its camera.</param>
/// <param name="Prefix">Initials for its reference.</param>
/// <param name="Reference">The reference asked for; null numbers it on.</param>
/// <param name="DropId">Its drop.</param>
/// <param name="ExpectedBytes">By the manifest.</param>
/// <param name="ExpectedSha256">By the manifest.</param>
public sealed record Delivery(
    string Source, string Path, string RelativePath, long Bytes, string Stamp, string Case, string Camera,
    string Prefix, ExhibitReference? Reference, long? DropId, long? ExpectedBytes, string? ExpectedSha256);

/// <summary>The changes of state an exhibit goes through. Each asks for the state it starts from, so that of two workers on one
/// exhibit only one can commit; the other's transaction is undone, entries and all.</summary>
internal static class ExhibitChanges
{
    /// <summary>Notes a delivery and gives it a reference. This very delivery again is returned as it stands, with Fresh false; a file
    /// noted before of which nothing is sealed yet (it changed, vanished or could not be read) is taken up again under its reference.
    /// A reference that was asked for is part of what was delivered: the same file under another reference is another exhibit.</summary>
    public static (ExhibitReference Reference, bool Fresh) Receive(this Change change, Delivery delivery)
    {
        EnsureCamera(change, delivery.Case, delivery.Camera);
        var values = new { delivery.Source, delivery.Path, delivery.Bytes, delivery.Stamp, asked = delivery.Reference?.Text, delivery.DropId, delivery.ExpectedBytes, delivery.ExpectedSha256, delivery.Prefix };
        const string thisFile = "parent IS NULL AND source = @Source AND path = @Path AND (@asked IS NULL OR reference = @asked)";
        string? standing = change.Connection.QueryFirstOrDefault<string>(
            $"SELECT reference FROM exhibit WHERE {thisFile} AND seen_bytes = @Bytes AND seen_stamp = @Stamp AND state <> 'failed'", values, change.Transaction);
        if (standing is not null) return (ExhibitReference.Parse(standing), false);
        string? again = change.Connection.QueryFirstOrDefault<string>(
            $"UPDATE exhibit SET state = 'received', seen_bytes = @Bytes, seen_stamp = @Stamp, drop_id = COALESCE(@DropId, drop_id), expected_bytes = @ExpectedBytes, expected_sha256 = @ExpectedSha256, problem = NULL WHERE {thisFile} AND sha256 IS NULL RETURNING reference",
            values, change.Transaction);
        if (again is not null) return (ExhibitReference.Parse(again), true);
        ExhibitReference reference = delivery.Reference ?? ExhibitReference.Of(delivery.Prefix, 1 + change.Connection.ExecuteScalar<int>(
            "SELECT COALESCE(MAX(number), 0) FROM exhibit WHERE prefix = @Prefix AND parent IS NULL", values, change.Transaction));
        if (change.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM exhibit WHERE reference = @text", new { text = reference.Text }, change.Transaction) > 0)
            throw new RefusedException($"Exhibit {reference} exists already.", "Nothing was taken and the exhibit stands as it is.", "Choose the next free reference ('evidencevault list' shows those in use).");
        change.Connection.Execute(
            "INSERT INTO exhibit (reference, prefix, number, case_name, camera, state, drop_id, source, path, relative_path, seen_bytes, seen_stamp, expected_bytes, expected_sha256, staging_id, received_at) " +
            "VALUES (@reference, @prefix, @number, @Case, @Camera, 'received', @DropId, @Source, @Path, @RelativePath, @Bytes, @Stamp, @ExpectedBytes, @ExpectedSha256, @staging, @now)",
            new
            {
                reference = reference.Text,
                prefix = reference.Prefix,
                number = int.Parse(reference.Text.Split('/')[1], CultureInfo.InvariantCulture),
                delivery.Case,
                delivery.Camera,
                delivery.DropId,
                delivery.Source,
                delivery.Path,
                delivery.RelativePath,
                delivery.Bytes,
                delivery.Stamp,
                delivery.ExpectedBytes,
                delivery.ExpectedSha256,
                staging = Guid.NewGuid().ToString("N"),
                now = Text(change.Now),
            }, change.Transaction);
        return (reference, true);
    }

    /// <summary>Asks for the version that was read as well: where the file was noted anew meanwhile, this seal is not of it.</summary>
    public static void Seal(this Change change, ExhibitRow row, FileDigests digests, string address, byte[] seal, byte[] cms, string? nameDisclosure, string? problem) =>
        Move(change, row.Ref, ExhibitState.Received, ExhibitState.Sealed,
            ", sha256 = @Sha256, sha512 = @Sha512, bytes = @Bytes, address = @address, seal = @seal, seal_cms = @cms, name_disclosure = @nameDisclosure, problem = @problem, sealed_at = @now",
            new { digests.Sha256, digests.Sha512, digests.Bytes, address, seal, cms, nameDisclosure, problem, now = Text(change.Now), row.SeenBytes, row.SeenStamp },
            " AND seen_bytes = @SeenBytes AND seen_stamp = @SeenStamp");

    public static void Store(this Change change, ExhibitReference reference) =>
        Move(change, reference, ExhibitState.Sealed, ExhibitState.Stored, ", stored_at = @now", new { now = Text(change.Now) });

    /// <summary>Keeps the digests of the blocks of bytes whose whole was read and found to be of this SHA-256.</summary>
    public static void KeepBlocks(this Change change, string sha256, BlockDigests? blocks)
    {
        // Of one block, its digest is the whole's.
        if (blocks is null or { Count: < 2 }) return;
        change.Connection.Execute("INSERT INTO block_digest (sha256, digests) VALUES (@sha256, @digests) ON CONFLICT DO NOTHING", new { sha256, digests = blocks.ToBytes() }, change.Transaction);
    }

    public static void Fail(this Change change, ExhibitReference reference, string from, string to, string problem) =>
        Move(change, reference, from, to, ", problem = @problem", new { problem });

    public static void Analyse(this Change change, ExhibitReference reference, string to, string analysis, string? problem) =>
        Move(change, reference, ExhibitState.Stored, to, ", analysis = @analysis, problem = COALESCE(@problem, problem)", new { analysis, problem });

    public static void AddSegment(this Change change, ExhibitReference reference, SegmentRow segment) => change.Connection.Execute(
        "INSERT INTO segment (exhibit, number, start_pts, end_pts, peak_pts, peak_score, box, opened_because, closed_because) VALUES (@text, @Number, @Start, @End, @Peak, @PeakScore, @Box, @OpenedBecause, @ClosedBecause)",
        new { text = reference.Text, segment.Number, segment.Start, segment.End, segment.Peak, segment.PeakScore, segment.Box, segment.OpenedBecause, segment.ClosedBecause }, change.Transaction);

    /// <summary>Adds a derivative that is sealed, stored and read back already.</summary>
    public static void AddDerivative(this Change change, ExhibitRow row) => change.Connection.Execute(
        "INSERT INTO exhibit (reference, prefix, case_name, camera, state, parent, role, segment, pts, relative_path, staging_id, sha256, sha512, bytes, address, seal, seal_cms, analysis, problem, received_at, sealed_at, stored_at) " +
        "VALUES (@Reference, @prefix, @Case, @Camera, @State, @Parent, @Role, @Segment, @Pts, @RelativePath, @StagingId, @Sha256, @Sha512, @Bytes, @Address, @Seal, @SealCms, @Analysis, @Problem, @ReceivedAt, @SealedAt, @StoredAt)",
        Values(row), change.Transaction);

    /// <summary>Notes that the delivered file was moved aside; false where that is noted already.</summary>
    public static bool SetMovedAside(this Change change, ExhibitReference reference) =>
        change.Connection.Execute("UPDATE exhibit SET moved_aside = 1 WHERE reference = @text AND moved_aside = 0", new { text = reference.Text }, change.Transaction) == 1;

    public static void EnsureCamera(Change change, string caseName, string camera)
    {
        change.Connection.Execute("INSERT INTO case_file (name, opened_at) VALUES (@caseName, @now) ON CONFLICT DO NOTHING", new { caseName, now = Text(change.Now) }, change.Transaction);
        change.Connection.Execute("INSERT INTO camera (case_name, name) VALUES (@caseName, @camera) ON CONFLICT DO NOTHING", new { caseName, camera }, change.Transaction);
    }

    internal static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static void Move(Change change, ExhibitReference reference, string from, string to, string set, object values, string where = "")
    {
        var all = new DynamicParameters(values);
        all.Add("reference", reference.Text);
        all.Add("from", from);
        all.Add("to", to);
        if (change.Connection.Execute($"UPDATE exhibit SET state = @to{set} WHERE reference = @reference AND state = @from{where}", all, change.Transaction) != 1)
            throw new StateMovedException(reference, from);
    }

    private static DynamicParameters Values(ExhibitRow row)
    {
        var all = new DynamicParameters(row);
        all.Add("prefix", row.Ref.Prefix);
        return all;
    }
}

/// <summary>Another worker has moved the exhibit on meanwhile: this one's change was undone whole, and there is nothing left to do.</summary>
internal sealed class StateMovedException(ExhibitReference reference, string from)
    : Exception($"Exhibit {reference} is no longer '{from}': another worker has carried it on.");
