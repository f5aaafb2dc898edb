using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

/// <summary>A still of a list.</summary>
/// <param name="Exhibit">Its reference.</param>
/// <param name="Sha256">SHA-256 of its bytes, lower-case hex.</param>
/// <param name="Bytes">Their length.</param>
internal sealed record ListedStill(string Exhibit, string Sha256, long Bytes);

/// <summary>The file that a series of stills is sealed as: which stills were looked at together, in the order of their names. It has no names: those are personal.</summary>
/// <param name="Stills">The stills.</param>
internal sealed record StillList(IReadOnlyList<ListedStill> Stills)
{
    public const string Version = "evidencevault/still-series/1", Role = "still-series", FileName = "still-series.json";

    /// <summary>What a still is called while the series is looked at: its number keeps the order, its reference tells which it is.</summary>
    public string NameOf(int index) => $"{index + 1:0000}-{ExhibitReference.Parse(Stills[index].Exhibit).FileSafe}.jpg";

    /// <summary>Canonical JSON.</summary>
    public byte[] ToBytes() => CanonicalJson.Serialize(new JsonObject
    {
        ["v"] = Version,
        ["stills"] = new JsonArray([.. Stills.Select(s => (JsonNode)new JsonObject { ["exhibit"] = s.Exhibit, ["sha256"] = s.Sha256, ["bytes"] = s.Bytes })]),
    });

    /// <summary>Reads a list that its seal has vouched for.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static StillList Parse(byte[] bytes)
    {
        try
        {
            JsonElement root = JsonDocument.Parse(bytes).RootElement;
            if (root.GetProperty("v").GetString() != Version) throw new FormatException("It is of another version.");
            return new([.. root.GetProperty("stills").EnumerateArray().Select(s => new ListedStill(s.GetProperty("exhibit").GetString()!, s.GetProperty("sha256").GetString()!, s.GetProperty("bytes").GetInt64()))]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"It is no list of stills ({e.Message}).", e);
        }
    }
}
