using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>The bundle as CASE 1.x and UCO 1.x JSON-LD (caseontology.org, unifiedcyberontology.org), for tools that exchange evidence. Each
/// exhibit is a file with its hashes and a provenance record; each custody entry an investigative action.</summary>
internal static class CaseUco
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(BundleContents contents)
    {
        var graph = new JsonArray(Investigation(contents), Tool(contents));
        foreach (DisclosedExhibit exhibit in contents.Exhibits)
        {
            graph.Add(FileOf(contents, exhibit));
            graph.Add(Provenance(contents, exhibit));
            if (Derivation(contents, exhibit) is { } derivation) graph.Add(derivation);
        }
        foreach (string actor in contents.Entries.Select(e => e.Field("actor")).OfType<string>().Distinct(StringComparer.Ordinal)) graph.Add(Identity(contents, actor));
        foreach (DisclosedEntry entry in contents.Entries) graph.Add(Action(contents, entry));
        return new JsonObject { ["@context"] = Context(contents), ["@graph"] = graph }.ToJsonString(Readable) + "\n";
    }

    private static JsonObject Context(BundleContents contents) => new()
    {
        ["case-investigation"] = "https://ontology.caseontology.org/case/investigation/",
        ["uco-action"] = "https://ontology.unifiedcyberontology.org/uco/action/",
        ["uco-core"] = "https://ontology.unifiedcyberontology.org/uco/core/",
        ["uco-identity"] = "https://ontology.unifiedcyberontology.org/uco/identity/",
        ["uco-observable"] = "https://ontology.unifiedcyberontology.org/uco/observable/",
        ["uco-tool"] = "https://ontology.unifiedcyberontology.org/uco/tool/",
        ["uco-types"] = "https://ontology.unifiedcyberontology.org/uco/types/",
        ["uco-vocabulary"] = "https://ontology.unifiedcyberontology.org/uco/vocabulary/",
        ["xsd"] = "http://www.w3.org/2001/XMLSchema#",
        ["kb"] = $"urn:evidencevault:bundle:{contents.Id}:",
    };

    private static JsonObject Investigation(BundleContents contents) => new()
    {
        ["@id"] = Id(contents, "investigation", contents.Case),
        ["@type"] = "case-investigation:Investigation",
        ["uco-core:name"] = contents.Case,
        ["uco-core:description"] = $"Exhibits disclosed in bundle {contents.Id}.",
        ["uco-core:object"] = new JsonArray([.. contents.Exhibits.Select(e => Link(Id(contents, "provenance-record", e.Reference.Text))), .. contents.Entries.Select(e => Link(ActionId(contents, e)))]),
    };

    private static JsonObject Tool(BundleContents contents) => new()
    {
        ["@id"] = Id(contents, "tool", "EvidenceVault"),
        ["@type"] = "uco-tool:Tool",
        ["uco-core:name"] = "EvidenceVault",
    };

    private static JsonObject FileOf(BundleContents contents, DisclosedExhibit exhibit)
    {
        SealManifest seal = exhibit.Manifest;
        var content = new JsonObject
        {
            ["@id"] = Id(contents, "content-data-facet", exhibit.Reference.Text),
            ["@type"] = "uco-observable:ContentDataFacet",
            ["uco-observable:hash"] = new JsonArray(Hash(contents, exhibit, "SHA256", seal.Sha256), Hash(contents, exhibit, "SHA512", seal.Sha512)),
            ["uco-observable:sizeInBytes"] = Typed("xsd:integer", seal.Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        };
        if (seal.MediaType is { } mediaType) content["uco-observable:mimeType"] = mediaType;
        return new()
        {
            ["@id"] = FileId(contents, exhibit.Reference.Text),
            ["@type"] = "uco-observable:File",
            ["uco-core:name"] = $"Exhibit {exhibit.Reference}",
            ["uco-core:description"] = seal.Derivation is { } made ? $"Derivative: {made.Role} made from exhibit {made.Parent}" : "Master: the file as delivered",
            ["uco-core:hasFacet"] = new JsonArray(
                new JsonObject
                {
                    ["@id"] = Id(contents, "file-facet", exhibit.Reference.Text),
                    ["@type"] = "uco-observable:FileFacet",
                    ["uco-observable:fileName"] = exhibit.File[(exhibit.File.LastIndexOf('/') + 1)..],
                    ["uco-observable:filePath"] = exhibit.File,
                    ["uco-observable:isDirectory"] = false,
                    ["uco-observable:sizeInBytes"] = Typed("xsd:integer", seal.Bytes.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                },
                content),
        };
    }

    private static JsonObject Hash(BundleContents contents, DisclosedExhibit exhibit, string method, string value) => new()
    {
        ["@id"] = Id(contents, "hash", $"{exhibit.Reference} {method}"),
        ["@type"] = "uco-types:Hash",
        ["uco-types:hashMethod"] = Typed("uco-vocabulary:HashNameVocab", method),
        ["uco-types:hashValue"] = Typed("xsd:hexBinary", value),
    };

    private static JsonObject Provenance(BundleContents contents, DisclosedExhibit exhibit) => new()
    {
        ["@id"] = Id(contents, "provenance-record", exhibit.Reference.Text),
        ["@type"] = "case-investigation:ProvenanceRecord",
        ["uco-core:description"] = $"Continuity of exhibit {exhibit.Reference}, camera {exhibit.Manifest.Camera}",
        ["case-investigation:exhibitNumber"] = exhibit.Reference.Text,
        ["uco-core:object"] = new JsonArray([Link(FileId(contents, exhibit.Reference.Text)), .. contents.Entries.Where(e => e.Entry.Exhibit == exhibit.Reference.Text).Select(e => Link(ActionId(contents, e)))]),
    };

    // Only towards a parent that is in the bundle: no other exhibit is named.
    private static JsonObject? Derivation(BundleContents contents, DisclosedExhibit exhibit) =>
        exhibit.Manifest.Derivation is not { } made || contents.Exhibits.All(e => e.Reference.Text != made.Parent) ? null : new()
        {
            ["@id"] = Id(contents, "relationship", exhibit.Reference.Text),
            ["@type"] = "uco-observable:ObservableRelationship",
            ["uco-core:source"] = Link(FileId(contents, exhibit.Reference.Text)),
            ["uco-core:target"] = Link(FileId(contents, made.Parent)),
            ["uco-core:kindOfRelationship"] = "Derived_From",
            ["uco-core:isDirectional"] = true,
        };

    private static JsonObject Identity(BundleContents contents, string actor) => new()
    {
        ["@id"] = Id(contents, "identity", actor),
        ["@type"] = "uco-identity:Identity",
        ["uco-core:name"] = actor,
    };

    private static JsonObject Action(BundleContents contents, DisclosedEntry entry)
    {
        CustodyEntry read = entry.Entry;
        var action = new JsonObject
        {
            ["@id"] = ActionId(contents, entry),
            ["@type"] = "case-investigation:InvestigativeAction",
            ["uco-core:name"] = read.Action,
            ["uco-action:startTime"] = Typed("xsd:dateTime", ReportText.Rfc3339(read.Time)),
            ["uco-action:endTime"] = Typed("xsd:dateTime", ReportText.Rfc3339(read.Time)),
            ["uco-action:actionStatus"] = Typed("uco-vocabulary:ActionStatusTypeVocab", read.Outcome == Outcome.Done ? "Success" : "Fail"),
            ["uco-action:instrument"] = new JsonArray(Link(Id(contents, "tool", "EvidenceVault"))),
            ["uco-action:object"] = new JsonArray([.. contents.Exhibits.Where(e => read.Exhibit is null || e.Reference.Text == read.Exhibit).Select(e => Link(FileId(contents, e.Reference.Text)))]),
        };
        string description = string.Join("; ", entry.Shown.Where(d => d.Name != "actor").Select(d => $"{d.Name}: {ReportText.Of(d.Value)}")
            .Append($"custody log index {entry.Index}{(read.Seq is { } seq ? $", number {seq} of the exhibit" : "")}"));
        action["uco-core:description"] = description;
        if (entry.Field("actor") is { } actor) action["uco-action:performer"] = Link(Id(contents, "identity", actor));
        return action;
    }

    private static string FileId(BundleContents contents, string exhibit) => Id(contents, "file", exhibit);

    private static string ActionId(BundleContents contents, DisclosedEntry entry) => Id(contents, "action", entry.Index.ToString(System.Globalization.CultureInfo.InvariantCulture));

    // A UUID of version 8 (RFC 9562 section 5.8) from what is named, so that the same bundle gives the same document.
    private static string Id(BundleContents contents, string kind, string what)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{contents.Id} {kind} {what}"))[..16];
        hash[6] = (byte)(hash[6] & 0x0f | 0x80);
        hash[8] = (byte)(hash[8] & 0x3f | 0x80);
        return $"kb:{kind}-{new Guid(hash, bigEndian: true)}";
    }

    private static JsonObject Link(string id) => new() { ["@id"] = id };

    private static JsonObject Typed(string type, string value) => new() { ["@type"] = type, ["@value"] = value };
}
