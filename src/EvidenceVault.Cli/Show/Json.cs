using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Proof;

namespace EvidenceVault.Cli.Show;

// The shapes that --json prints. They are a promise to whoever scripts against them (docs/command-line.md): fields are added, never
// renamed, and every field is always there, null where nothing is known.

internal sealed record ExhibitLine(
    string Exhibit, string Case, string Camera, string State, string? Sha256, string? Sha512, long? Bytes, int Segments, int Keyframes, string? Problem, string? Address,
    string ReceivedAt, string? SealedAt, string? StoredAt, string? Role)
{
    public static ExhibitLine Of(ListedExhibit e) => new(
        e.Exhibit.Reference, e.Exhibit.Case, e.Exhibit.Camera, e.Exhibit.State, e.Exhibit.Sha256, e.Exhibit.Sha512, e.Exhibit.Bytes, e.Segments, e.Keyframes,
        e.Exhibit.Problem, e.Exhibit.Address, e.Exhibit.ReceivedAt, e.Exhibit.SealedAt, e.Exhibit.StoredAt, e.Exhibit.Role);
}

internal sealed record BundleShown(
    string Id, string BundleSha256, string Output, IReadOnlyList<string> Exhibits, int Files, long Bytes, int Entries, ulong LogSize, IReadOnlyList<string> Withheld, bool QuorumHolds, bool OutsideWitness)
{
    public static BundleShown Of(ExportedBundle b, string output) => new(
        b.Id, b.BundleSha256, output, [.. b.Exhibits.Select(e => e.Text)], b.Files, b.Bytes, b.Entries, b.Size, b.Withheld, b.QuorumHolds, b.OutsideWitness);
}

internal sealed record ExhibitShown(
    string Exhibit, string Case, string Camera, string State, string? Sha256, string? Sha512, long? Bytes, string? Address, string? Problem, string? OriginalName,
    string? Parent, string? Role, string ReceivedAt, string? SealedAt, string? StoredAt,
    IReadOnlyList<SegmentShown> Segments, IReadOnlyList<DerivativeShown> Derivatives, IReadOnlyList<EntryShown> Custody, TimestampShown? Timestamp, bool TimestampWaits,
    string? Series, IReadOnlyList<string> Stills)
{
    public static ExhibitShown Of(ShownExhibit e, bool timestamps) => new(
        e.Exhibit.Reference, e.Exhibit.Case, e.Exhibit.Camera, e.Exhibit.State, e.Exhibit.Sha256, e.Exhibit.Sha512, e.Exhibit.Bytes, e.Exhibit.Address, e.Exhibit.Problem,
        e.Exhibit.RelativePath, e.Exhibit.Parent, e.Exhibit.Role, e.Exhibit.ReceivedAt, e.Exhibit.SealedAt, e.Exhibit.StoredAt,
        [.. e.Segments.Select(SegmentShown.Of)], [.. e.Derivatives.Select(DerivativeShown.Of)], [.. e.Custody.Select(EntryShown.Of)],
        e.Timestamp is { } t ? new(t.Time, t.Serial, t.Sha256) : null, timestamps && e.Timestamp is null && e.Exhibit.SealCms is not null, e.Series, e.Stills);
}

internal sealed record TimestampShown(string Time, string Serial, string TokenSha256);

internal sealed record SegmentShown(long Number, double Start, double End, double Peak, double PeakScore, JsonNode? Box, string OpenedBecause, string ClosedBecause)
{
    public static SegmentShown Of(SegmentRow s) => new(s.Number, s.Start, s.End, s.Peak, s.PeakScore, JsonNode.Parse(s.Box), s.OpenedBecause, s.ClosedBecause);
}

internal sealed record DerivativeShown(string Exhibit, string? Role, int? Segment, double? Pts, string? File, string State, string? Sha256, string? Sha512, long? Bytes, string? Address, double? Start, double? End)
{
    public static DerivativeShown Of(ExhibitRow d)
    {
        KeptClip? clip = KeptClip.Read(d);
        return new(d.Reference, d.Role, d.Segment, d.Pts, d.RelativePath, d.State, d.Sha256, d.Sha512, d.Bytes, d.Address, clip?.GotStart, clip?.GotEnd);
    }
}

internal sealed record CheckShown(bool Holds, ulong Size, IReadOnlyList<FindingShown> Findings);

/// <summary>What is known of the log is null where its checkpoint is not to be believed; <see cref="Index"/> is that of a proof's entry.</summary>
internal sealed record TlogShown(bool Holds, string? Origin, ulong? Size, string? Root, ulong? Index, IReadOnlyList<FindingShown> Findings);

internal sealed record FindingShown(string Claim, bool Holds, string Verdict, string Sentence, ulong? Entry)
{
    public static FindingShown Of(Finding f) => new(f.Claim, f.Holds, f.Verdict.ToString().ToLowerInvariant(), f.Sentence, f.Entry);
}

internal sealed record PublishedShown(ulong Size, int NewTiles, string Place, string? Checkpoint, bool OutsideWitness, double? UncosignedSeconds, IReadOnlyList<WitnessShown> Witnesses, string? Alarm)
{
    public static PublishedShown Of(PublishedLog p) => new(
        p.Publication.Size, p.Publication.Tiles, p.Place, p.Publication.Note is { } note ? System.Text.Encoding.UTF8.GetString(note) : null,
        p.State.HasOutsideWitness, p.State.UncosignedFor?.TotalSeconds, [.. p.State.Witnesses.Select(w => new WitnessShown(w.Name, w.IsDemonstration, w.Size, w.At, w.Refusal, w.Trouble))], p.State.Alarm);
}

internal sealed record WitnessShown(string Name, bool IsDemonstration, ulong CosignedSize, string? CosignedAt, string? Refusal, string? Trouble);

internal sealed record CheckpointShown(string Origin, ulong Size, string Root, string Note);

internal sealed record KeyShown(string Id, string Kind, string? MadeAt, string State, string Fingerprint, string? Authority)
{
    public static KeyShown Of(ListedKey k) => new(
        k.Id, k.Use.ToString().ToLowerInvariant(), k.MadeAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), k.State, k.Fingerprint, k.Authority);
}

internal sealed record ReproducedShown(string Exhibit, bool Same, int Derivatives, IReadOnlyList<string> Differences, IReadOnlyList<ChangedVersion> Versions, string? Series)
{
    public static ReproducedShown Of(ReproducedAnalysis r) => new(r.Exhibit.Text, r.Same, r.Files, r.Differences, r.Versions, r.Series);
}

internal sealed record BackedUpShown(string File, string Id, long Bytes, ulong? LogSize);

internal sealed record RestoredShown(bool Holds, ulong Size, IReadOnlyList<string> Put, IReadOnlyList<string> Kept, IReadOnlyList<FindingShown> Findings);

internal sealed record CheckedShown(string Check, bool Ok, string Found, string? Mend);

internal static class Json
{
    // The default encoder writes everything but plain ASCII as \uXXXX: a hostile name cannot move a terminal's cursor.
    private static readonly JsonSerializerOptions s_form = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    public static void Print<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, s_form));
}
