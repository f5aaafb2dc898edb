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
    /// <summary>Notes a delivery and gives it a reference. Where the same file was noted before and nothing of it is sealed, that
    /// exhibit is taken up again; where this very version was noted before, it is returned as it is, with Fresh false.</summary>
    public static (ExhibitReference Reference, bool Fresh) Receive(this Change change, Delivery delivery)
    {
        EnsureCamera(change, delivery.Case, delivery.Camera);
        var known = change.Connection.QueryFirstOrDefault<(string Reference, string State, long Bytes, string Stamp)>(
            "SELECT reference, state, seen_bytes, seen_stamp FROM exhibit WHERE parent IS NULL AND source = @Source AND path = @Path ORDER BY sha256 IS NULL DESC, seen_bytes = @Bytes AND seen_stamp = @Stamp DESC LIMIT 1",
            delivery, change.Transaction);
        if (known.Reference is not null)
        {
            bool same = known.Bytes == delivery.Bytes && known.Stamp == delivery.Stamp;
            bool unsealed = known.State is ExhibitState.Failed || (known.State == ExhibitState.Received && !same);
            if (same && !unsealed) return (ExhibitReference.Parse(known.Reference), false);
            if (unsealed)
            {
                change.Connection.Execute(
                    "UPDATE exhibit SET state = 'received', seen_bytes = @Bytes, seen_stamp = @Stamp, drop_id = COALESCE(@DropId, drop_id), expected_bytes = @ExpectedBytes, expected_sha256 = @ExpectedSha256, problem = NULL WHERE reference = @reference",
                    new { delivery.Bytes, delivery.Stamp, delivery.DropId, delivery.ExpectedBytes, delivery.ExpectedSha256, reference = known.Reference }, change.Transaction);
                return (ExhibitReference.Parse(known.Reference), true);
            }
            if (change.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM exhibit WHERE parent IS NULL AND source = @Source AND path = @Path AND seen_bytes = @Bytes AND seen_stamp = @Stamp", delivery, change.Transaction) > 0)
                return (ExhibitReference.Parse(known.Reference), false);
        }
        ExhibitReference reference = delivery.Reference ?? ExhibitReference.Of(delivery.Prefix, 1 + change.Connection.ExecuteScalar<int>(
            "SELECT COALESCE(MAX(number), 0) FROM exhibit WHERE prefix = @Prefix AND parent IS NULL", delivery, change.Transaction));
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

    public static void Seal(this Change change, ExhibitReference reference, FileDigests digests, string address, byte[] seal, byte[] cms, string? nameDisclosure, string? problem) =>
        Move(change, reference, ExhibitState.Received, ExhibitState.Sealed,
            ", sha256 = @Sha256, sha512 = @Sha512, bytes = @Bytes, address = @address, seal = @seal, seal_cms = @cms, name_disclosure = @nameDisclosure, problem = @problem, sealed_at = @now",
            new { digests.Sha256, digests.Sha512, digests.Bytes, address, seal, cms, nameDisclosure, problem, now = Text(change.Now) });

    public static void Store(this Change change, ExhibitReference reference) =>
        Move(change, reference, ExhibitState.Sealed, ExhibitState.Stored, ", stored_at = @now", new { now = Text(change.Now) });

    public static void Fail(this Change change, ExhibitReference reference, string from, string to, string problem) =>
        Move(change, reference, from, to, ", problem = @problem", new { problem });

    public static void Analyse(this Change change, ExhibitReference reference, string to, string analysis, string? problem) =>
        Move(change, reference, ExhibitState.Stored, to, ", analysis = @analysis, problem = COALESCE(@problem, problem)", new { analysis, problem });

    public static void AddSegment(this Change change, ExhibitReference reference, SegmentRow segment) => change.Connection.Execute(
        "INSERT INTO segment (exhibit, number, start_pts, end_pts, peak_pts, peak_score, box, opened_because, closed_because) VALUES (@text, @Number, @Start, @End, @Peak, @PeakScore, @Box, @OpenedBecause, @ClosedBecause)",
        new { text = reference.Text, segment.Number, segment.Start, segment.End, segment.Peak, segment.PeakScore, segment.Box, segment.OpenedBecause, segment.ClosedBecause }, change.Transaction);

    /// <summary>Adds a derivative that is sealed, stored and read back already.</summary>
    public static void AddDerivative(this Change change, ExhibitRow row) => change.Connection.Execute(
        "INSERT INTO exhibit (reference, prefix, case_name, camera, state, parent, role, segment, pts, relative_path, staging_id, sha256, sha512, bytes, address, seal, seal_cms, received_at, sealed_at, stored_at) " +
        "VALUES (@Reference, @prefix, @Case, @Camera, @State, @Parent, @Role, @Segment, @Pts, @RelativePath, @StagingId, @Sha256, @Sha512, @Bytes, @Address, @Seal, @SealCms, @ReceivedAt, @SealedAt, @StoredAt)",
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

    private static void Move(Change change, ExhibitReference reference, string from, string to, string set, object values)
    {
        var all = new DynamicParameters(values);
        all.Add("reference", reference.Text);
        all.Add("from", from);
        all.Add("to", to);
        if (change.Connection.Execute($"UPDATE exhibit SET state = @to{set} WHERE reference = @reference AND state = @from", all, change.Transaction) != 1)
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
