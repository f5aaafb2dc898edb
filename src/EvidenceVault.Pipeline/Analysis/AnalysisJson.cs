using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>The one way an <see cref="AnalysisReport"/> becomes <c>analysis.json</c> and back: camelCase, indented, properties in
/// the order of the contract, so that the same report is the same bytes.</summary>
public static class AnalysisJson
{
    /// <summary>The options, for those who write a report inside a larger document.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.Default,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectNullableAnnotations = true,
        MaxDepth = 16,
    };

    /// <summary>The report as JSON text, ending in a newline.</summary>
    public static string Write(AnalysisReport report) => JsonSerializer.Serialize(report, Options) + "\n";

    /// <summary>A probe's report as JSON text, ending in a newline.</summary>
    public static string Write(ProbeReport report) => JsonSerializer.Serialize(report, Options) + "\n";

    /// <summary>Reads a report.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static AnalysisReport Read(string json) =>
        JsonSerializer.Deserialize<AnalysisReport>(json, Options) ?? throw new JsonException("The analysis report is empty.");

    /// <summary>What a report says the footage is, without reading the rest of it; null where it does not say.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    internal static ProbeReport? Probe(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty("probe", out JsonElement probe) ? probe.Deserialize<ProbeReport>(Options) : null;
    }
}
