using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>A custody entry with its personal fields opened. A field is shown only where the entry commits to it; one that was swapped
/// behind the vault's back is named in <see cref="Problem"/> and not shown.</summary>
public sealed record EntryShown(
    ulong Index, string? Time, string? Action, string? Outcome, string? Case, string? Camera, string? Exhibit, long? Seq, string? Sha256,
    string? Actor, string? Reason, JsonObject? Detail, JsonObject Personal, string? Problem)
{
    /// <summary>Opens an entry.</summary>
    public static EntryShown Of(RecordedEntry recorded)
    {
        if (!CustodyEntry.TryParse(recorded.Bytes, out CustodyEntry? entry, out string problem))
            return new(recorded.Index, null, null, null, null, null, null, null, null, null, null, null, [], $"{problem} Run 'evidencevault log fsck'.");
        var proved = recorded.Disclosures.Where(d => d.CheckAgainst(entry).Holds).ToList();
        string?[] swapped = [.. recorded.Disclosures.Except(proved).Select(d => d.Name)];
        int missing = entry.Commitments.Count - proved.Count;
        return new(
            recorded.Index, entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), entry.Action, entry.Outcome.ToString().ToLowerInvariant(),
            entry.Case, entry.Camera, entry.Exhibit, entry.Seq, entry.Sha256, Text("actor"), Text("reason"), entry.Detail,
            new(proved.Where(d => d.Name is not ("actor" or "reason")).Select(d => KeyValuePair.Create(d.Name, d.Value?.DeepClone()))),
            swapped.Length > 0 ? $"The entry did not commit to what is now kept as its {string.Join(", ", swapped)}: it was altered after the entry was made."
            : missing > 0 ? $"{missing} of the personal fields the entry commits to cannot be shown: what opens them is no longer kept."
            : null);

        string? Text(string name) => proved.FirstOrDefault(d => d.Name == name)?.Value is JsonValue v && v.TryGetValue(out string? text) ? text : null;
    }
}
