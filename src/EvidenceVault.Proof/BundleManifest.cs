using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>One exhibit of a bundle. Paths are from the bag's root, as <see cref="BundlePath"/> writes them.</summary>
/// <param name="Exhibit">Its reference.</param>
/// <param name="File">Its bytes.</param>
/// <param name="Seal">Its seal manifest.</param>
/// <param name="Signature">The CMS signature over the seal manifest.</param>
/// <param name="Timestamp">The time stamp over the signature; null where there is none.</param>
/// <param name="Entries">The indexes of all its entries in the log, rising.</param>
/// <param name="LastSeq">The number of the last of them.</param>
public sealed record BundleExhibit(string Exhibit, string File, string Seal, string Signature, string? Timestamp, IReadOnlyList<ulong> Entries, long LastSeq);

/// <summary>One file of a bundle.</summary>
/// <param name="Path">From the bag's root.</param>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hex digits.</param>
/// <param name="Bytes">Their length.</param>
public sealed record BundleFile(string Path, string Sha256, long Bytes);

/// <summary>Where things lie in a bundle, from the bag's root (FORMAT.md section 11).</summary>
public static class BundlePath
{
    /// <summary>What the bundle is: a <see cref="BundleManifest"/>.</summary>
    public const string Manifest = "data/bundle.json";

    /// <summary>The detached CMS signature over <see cref="Manifest"/>.</summary>
    public const string ManifestSignature = "data/bundle.cms";

    /// <summary>The checkpoint's note with its cosignatures.</summary>
    public const string Checkpoint = "data/log/checkpoint";

    /// <summary>The policy: whose checkpoints count, and who must have cosigned.</summary>
    public const string Policy = "data/keys/policy";

    /// <summary>The CA certificate of the seals, PEM.</summary>
    public const string Ca = "data/keys/ca.pem";

    /// <summary>The certificate of the time-stamping authority or of its CA, PEM.</summary>
    public const string Tsa = "data/keys/tsa.pem";

    /// <summary>How to check the bundle with stock commands.</summary>
    public const string HowToVerify = "HOW-TO-VERIFY.txt";

    /// <summary>The page that checks the bundle.</summary>
    public const string VerifyPage = "verify.html";

    /// <summary>The reports, for people and programs.</summary>
    public static IReadOnlyList<string> Reports { get; } =
        ["data/report/case-uco.jsonld", "data/report/continuity.html", "data/report/continuity.pdf", "data/report/entries.csv", "data/report/entries.json"];

    /// <summary>The folder of an exhibit: <c>AB-1-2</c> for <c>AB/1/2</c>.</summary>
    public static string Folder(string exhibit) => exhibit.Replace('/', '-');

    /// <summary>An exhibit's bytes.</summary>
    /// <param name="exhibit">The reference.</param>
    /// <param name="extension">As <see cref="Extension"/> gives it.</param>
    public static string Exhibit(string exhibit, string extension) => $"data/exhibits/{Folder(exhibit)}/{Folder(exhibit)}.{extension}";

    /// <summary>The extension of an exhibit's file: that of the delivered name where it is 1 to 5 of <c>a-z 0-9</c> in lower case; else <c>bin</c>.</summary>
    /// <param name="deliveredName">The name as delivered, or null.</param>
    public static string Extension(string? deliveredName)
    {
        int dot = deliveredName?.LastIndexOf('.') ?? -1;
        string extension = dot < 0 ? "" : deliveredName![(dot + 1)..].ToLowerInvariant();
        return IsExtension(extension) ? extension : "bin";
    }

    /// <summary>An exhibit's seal manifest.</summary>
    public static string Seal(string exhibit) => $"data/seals/{Folder(exhibit)}/seal.json";

    /// <summary>The signature over it.</summary>
    public static string SealSignature(string exhibit) => $"data/seals/{Folder(exhibit)}/seal.cms";

    /// <summary>The time stamp over the signature.</summary>
    public static string SealTimestamp(string exhibit) => $"data/seals/{Folder(exhibit)}/seal.tst";

    /// <summary>An entry's bytes.</summary>
    public static string Entry(ulong index) => $"data/log/entries/{index}.json";

    /// <summary>The proof that the entry is in the log.</summary>
    public static string Proof(ulong index) => $"data/log/entries/{index}.tlog-proof";

    /// <summary>What is shown of the entry's personal fields.</summary>
    public static string Disclosures(ulong index) => $"data/log/entries/{index}.disclosures";

    /// <summary>True for a path that a bag may hold (FORMAT.md section 10, rule 4).</summary>
    public static bool IsGood(string path) =>
        path.Length is > 0 and <= 512
        && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/')
        && path.Split('/').All(part => part is not ("" or "." or "..") && part[0] != '-');

    internal static bool IsExhibit(string path, string exhibit)
    {
        string start = Exhibit(exhibit, "");
        return path.StartsWith(start, StringComparison.Ordinal) && IsExtension(path[start.Length..]);
    }

    private static bool IsExtension(string text) => text.Length is >= 1 and <= 5 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));
}

/// <summary>
/// What a disclosure bundle says of itself (FORMAT.md section 11). Its canonical bytes are the file <c>data/bundle.json</c>, which
/// <c>data/bundle.cms</c> signs.
/// </summary>
public sealed record BundleManifest
{
    /// <summary>The version of the format.</summary>
    public const string Version = "evidencevault/bundle/1";

    /// <summary>The most bytes that one may have.</summary>
    public const int MostBytes = 16 << 20;

    // What every reader of JSON numbers keeps exact (RFC 7493 section 2.2).
    private const long MostInteger = (1L << 53) - 1;

    /// <summary>32 lower-case hex digits, random: what the entries of this export name it by.</summary>
    public required string Id { get; init; }

    /// <summary>The one case of all its exhibits.</summary>
    public required string Case { get; init; }

    /// <summary>When it was made, UTC to the millisecond.</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>The log's origin, as in the checkpoint.</summary>
    public required string Origin { get; init; }

    /// <summary>The log's size at the checkpoint.</summary>
    public required ulong Size { get; init; }

    /// <summary>The checkpoint's root hash, 64 lower-case hex digits.</summary>
    public required string Root { get; init; }

    /// <summary>The index of the entry that records this export.</summary>
    public required ulong ExportEntry { get; init; }

    /// <summary>The names of the personal fields that were withheld everywhere, sorted.</summary>
    public required IReadOnlyList<string> Redacted { get; init; }

    /// <summary>The exhibits, in the order of their references' text.</summary>
    public required IReadOnlyList<BundleExhibit> Exhibits { get; init; }

    /// <summary>Every file of the bag but <c>bagit.txt</c>, <c>bag-info.txt</c>, the two manifests and this and its signature; sorted by path.</summary>
    public required IReadOnlyList<BundleFile> Files { get; init; }

    /// <summary>The bytes to sign.</summary>
    /// <exception cref="FormatException">A value is not of its form.</exception>
    public byte[] ToCanonicalBytes()
    {
        byte[] bytes = CanonicalJson.Serialize(new JsonObject
        {
            ["v"] = Version,
            ["id"] = Id,
            ["case"] = Case,
            ["madeAt"] = Moment.Text(MadeAt),
            ["origin"] = Origin,
            ["size"] = Size,
            ["root"] = Root,
            ["exportEntry"] = ExportEntry,
            ["redacted"] = new JsonArray([.. Redacted.Select(name => (JsonNode)name)]),
            ["exhibits"] = new JsonArray([.. Exhibits.Select(Write)]),
            ["files"] = new JsonArray([.. Files.Select(f => new JsonObject { ["path"] = f.Path, ["sha256"] = f.Sha256, ["bytes"] = f.Bytes })]),
        });
        return TryParse(bytes, out _, out string problem) ? bytes : throw new FormatException(problem);
    }

    /// <summary>Reads a bundle's manifest of any origin; it never throws.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out BundleManifest? manifest, out string problem)
    {
        manifest = null;
        if (bytes.Length > MostBytes)
        {
            problem = $"The bundle's manifest is larger than {MostBytes} bytes.";
            return false;
        }
        using JsonDocument? document = CanonicalJson.TryParse(bytes, out problem);
        if (document is null) return false;
        try
        {
            manifest = Read(new StrictObject(document.RootElement, "bundle"));
            return true;
        }
        catch (FormatException e)
        {
            problem = e.Message;
            return false;
        }
    }

    private static JsonNode Write(BundleExhibit exhibit)
    {
        var json = new JsonObject
        {
            ["exhibit"] = exhibit.Exhibit,
            ["file"] = exhibit.File,
            ["seal"] = exhibit.Seal,
            ["signature"] = exhibit.Signature,
            ["entries"] = new JsonArray([.. exhibit.Entries.Select(index => (JsonNode)index)]),
            ["lastSeq"] = exhibit.LastSeq,
        };
        json.AddIfAny("timestamp", exhibit.Timestamp);
        return json;
    }

    private static BundleManifest Read(StrictObject json)
    {
        json.Text("v", v => v == Version);
        var manifest = new BundleManifest
        {
            Id = json.Text("id", id => Bytes.IsLowerHex(id, 32)),
            Case = json.Text("case", Forms.IsName),
            MadeAt = json.Time("madeAt"),
            Origin = json.Text("origin", origin => origin.Length > 0 && origin.All(c => c >= ' ')),
            Size = (ulong)json.Integer("size", least: 0, MostInteger),
            Root = json.Text("root", Forms.IsSha256),
            ExportEntry = (ulong)json.Integer("exportEntry", least: 0, MostInteger),
            Redacted = json.Texts("redacted", name => name.Length > 0),
            Exhibits = [.. json.Objects("exhibits").Select(ReadExhibit)],
            Files = [.. json.Objects("files").Select(ReadFile)],
        };
        json.Done();
        if (manifest.Exhibits.Count == 0) throw new FormatException("The bundle names no exhibit.");
        RequireRising("redacted", manifest.Redacted);
        RequireRising("exhibits", [.. manifest.Exhibits.Select(e => e.Exhibit)]);
        RequireRising("files", [.. manifest.Files.Select(f => f.Path)]);
        return manifest;
    }

    private static BundleExhibit ReadExhibit(StrictObject json)
    {
        string exhibit = json.Text("exhibit", Forms.IsExhibit);
        var read = new BundleExhibit(
            exhibit,
            json.Text("file", path => BundlePath.IsExhibit(path, exhibit)),
            json.Text("seal", path => path == BundlePath.Seal(exhibit)),
            json.Text("signature", path => path == BundlePath.SealSignature(exhibit)),
            json.OptionalText("timestamp", path => path == BundlePath.SealTimestamp(exhibit)),
            [.. json.Integers("entries", least: 0, MostInteger).Select(index => (ulong)index)],
            json.Integer("lastSeq", least: 1, MostInteger));
        json.Done();
        for (int i = 1; i < read.Entries.Count; i++)
        {
            if (read.Entries[i] <= read.Entries[i - 1]) throw new FormatException($"The bundle's entries of {exhibit} are not in rising order.");
        }
        return read;
    }

    private static BundleFile ReadFile(StrictObject json)
    {
        var file = new BundleFile(json.Text("path", BundlePath.IsGood), json.Text("sha256", Forms.IsSha256), json.Integer("bytes", least: 0, MostInteger));
        json.Done();
        return file;
    }

    // All of these are ASCII or compared as UTF-16 code units, as canonical JSON sorts names.
    private static void RequireRising(string name, IReadOnlyList<string> texts)
    {
        for (int i = 1; i < texts.Count; i++)
        {
            if (string.CompareOrdinal(texts[i - 1], texts[i]) >= 0) throw new FormatException($"The bundle's '{name}' is not sorted, or names '{Printable.Of(texts[i])}' twice.");
        }
    }
}
