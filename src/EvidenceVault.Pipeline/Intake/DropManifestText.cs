using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>Writes a <c>drop.json</c> as <see cref="DropManifestReader"/> reads it. Canonical JSON: the same facts give the same bytes. Pure.</summary>
public static class DropManifestText
{
    /// <summary>The manifest's bytes.</summary>
    public static byte[] Write(DropManifest manifest)
    {
        var text = new JsonObject
        {
            ["version"] = DropManifestReader.Version,
            ["case"] = manifest.Case,
            ["camera"] = manifest.Camera,
            ["files"] = new JsonArray([.. manifest.Files.Select(Line)]),
        };
        if (manifest.ExhibitPrefix is { } prefix) text["exhibitPrefix"] = prefix;
        if (manifest.AuthorityUrn is { } urn) text["authorityUrn"] = urn;
        if (manifest.Technician is { } technician) text["technician"] = technician;
        if (manifest.RetrievedAt is { } retrieved) text["retrievedAt"] = Time(retrieved);
        if (manifest.Clock is { } clock) text["clock"] = Reading(clock);
        if (manifest.ClockAgain is { } again) text["clockAgain"] = Reading(again);
        return CanonicalJson.Serialize(text);
    }

    private static JsonObject Line(ManifestFile file)
    {
        var line = new JsonObject { ["name"] = file.Name, ["bytes"] = file.Bytes, ["sha256"] = file.Sha256 };
        if (file.StoredAs is { } at) line["storedAs"] = at;
        return line;
    }

    private static JsonObject Reading(ClockObservation clock)
    {
        var reading = new JsonObject { ["cameraTime"] = Time(clock.CameraTime), ["referenceTime"] = Time(clock.ReferenceTime), ["uncertaintySeconds"] = clock.UncertaintySeconds };
        if (clock.Reference is { } reference) reading["reference"] = reference;
        return reading;
    }

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);
}
