using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>Where and how sealed bytes lie, as it was when they were sealed.</summary>
/// <param name="Address">The content address: <c>masters/sha256/ab/abcd…</c>.</param>
/// <param name="Encryption">How they are encrypted, for example <c>azure-client-side-v2.1-aes-256-gcm</c>.</param>
/// <param name="Immutability"><c>service</c> where the store's service forbids change, <c>application</c> where only the vault does.</param>
/// <param name="LegalHold"><c>service</c> or <c>application</c>.</param>
/// <param name="Note">Why, for a reader; may be empty.</param>
public sealed record SealStore(string Address, string Encryption, string Immutability, string LegalHold, string Note);

/// <summary>What a Derivative is made from, and how.</summary>
/// <param name="Parent">The exhibit it was made from.</param>
/// <param name="ParentSha256">SHA-256 of that exhibit's bytes.</param>
/// <param name="Role">What it is: a lower-case word such as <c>keyframe</c>, <c>clip</c>, <c>contact-sheet</c>.</param>
/// <param name="Settings">What it was asked to be: any JSON object.</param>
/// <param name="Versions">The programs that took part and their versions.</param>
public sealed record SealDerivation(string Parent, string ParentSha256, string Role, JsonObject Settings, IReadOnlyDictionary<string, string> Versions);

/// <summary>
/// A seal's manifest: what an exhibit's bytes are, at the moment of sealing (FORMAT.md section 4). Its canonical bytes are what the
/// detached CMS signature is over. A Master has no <see cref="Derivation"/>; a Derivative has.
/// </summary>
public sealed record SealManifest
{
    /// <summary>The version of the format.</summary>
    public const string Version = "evidencevault/seal/1";

    /// <summary>The exhibit's reference.</summary>
    public required string Exhibit { get; init; }

    /// <summary>The case.</summary>
    public required string Case { get; init; }

    /// <summary>The camera.</summary>
    public required string Camera { get; init; }

    /// <summary>SHA-256 of the bytes, 64 lower-case hex digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>SHA-512 of the bytes, 128 lower-case hex digits.</summary>
    public required string Sha512 { get; init; }

    /// <summary>Their length.</summary>
    public required long Bytes { get; init; }

    /// <summary>The media type, where it is known.</summary>
    public string? MediaType { get; init; }

    /// <summary>The digest of the disclosure of the file's name as delivered (<see cref="Disclosure.Digest"/>): names may be personal.</summary>
    public string? OriginalNameDigest { get; init; }

    /// <summary>When it was sealed, UTC to the millisecond.</summary>
    public required DateTimeOffset SealedAt { get; init; }

    /// <summary>Where the bytes lie.</summary>
    public required SealStore Store { get; init; }

    /// <summary>Null for a Master.</summary>
    public SealDerivation? Derivation { get; init; }

    /// <summary>The bytes to sign.</summary>
    /// <exception cref="FormatException">A value is not of its form.</exception>
    public byte[] ToCanonicalBytes()
    {
        var json = new JsonObject
        {
            ["v"] = Version,
            ["exhibit"] = Exhibit,
            ["case"] = Case,
            ["camera"] = Camera,
            ["kind"] = Derivation is null ? "master" : "derivative",
            ["sha256"] = Sha256,
            ["sha512"] = Sha512,
            ["bytes"] = Bytes,
            ["sealedAt"] = Moment.Text(SealedAt),
            ["store"] = new JsonObject
            {
                ["address"] = Store.Address,
                ["encryption"] = Store.Encryption,
                ["immutability"] = Store.Immutability,
                ["legalHold"] = Store.LegalHold,
                ["note"] = Store.Note,
            },
        };
        json.AddIfAny("mediaType", MediaType);
        json.AddIfAny("originalNameDigest", OriginalNameDigest);
        if (Derivation is { } made)
        {
            json["parent"] = made.Parent;
            json["parentSha256"] = made.ParentSha256;
            json["role"] = made.Role;
            json["settings"] = made.Settings.DeepClone();
            json["versions"] = new JsonObject(made.Versions.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value)));
        }
        byte[] bytes = CanonicalJson.Serialize(json);
        return TryParse(bytes, out _, out string problem) ? bytes : throw new FormatException(problem);
    }

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SealManifest Parse(ReadOnlyMemory<byte> bytes) => TryParse(bytes, out var manifest, out string problem) ? manifest : throw new FormatException(problem);

    /// <summary>Reads a manifest of any origin; it never throws.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out SealManifest? manifest, out string problem)
    {
        manifest = null;
        using JsonDocument? document = CanonicalJson.TryParse(bytes, out problem);
        if (document is null) return false;
        try
        {
            manifest = Read(new StrictObject(document.RootElement, "seal"));
            return true;
        }
        catch (FormatException e)
        {
            problem = e.Message;
            return false;
        }
    }

    private static SealManifest Read(StrictObject json)
    {
        json.Text("v", v => v == Version);
        bool derivative = json.Text("kind", k => k is "master" or "derivative") == "derivative";
        var manifest = new SealManifest
        {
            Exhibit = json.Text("exhibit", Forms.IsExhibit),
            Case = json.Text("case", Forms.IsName),
            Camera = json.Text("camera", Forms.IsName),
            Sha256 = json.Text("sha256", Forms.IsSha256),
            Sha512 = json.Text("sha512", Forms.IsSha512),
            Bytes = json.Integer("bytes", least: 0),
            MediaType = json.OptionalText("mediaType"),
            OriginalNameDigest = json.OptionalText("originalNameDigest", Forms.IsDigest),
            SealedAt = json.Time("sealedAt"),
            Store = ReadStore(json.Object("store")),
            Derivation = !derivative ? null : new(
                json.Text("parent", Forms.IsExhibit),
                json.Text("parentSha256", Forms.IsSha256),
                json.Text("role", Forms.IsWord),
                json.OptionalObject("settings", _ => true) ?? throw new FormatException("The seal has no 'settings'."),
                (json.OptionalObject("versions", v => v.ValueKind == JsonValueKind.String) ?? throw new FormatException("The seal has no 'versions'."))
                    .ToDictionary(v => v.Key, v => v.Value!.GetValue<string>())),
        };
        json.Done();
        return manifest;
    }

    private static SealStore ReadStore(StrictObject json)
    {
        var store = new SealStore(json.Text("address"), json.Text("encryption"), json.Text("immutability", IsKeeper), json.Text("legalHold", IsKeeper), json.Text("note"));
        json.Done();
        return store;

        static bool IsKeeper(string text) => text is "service" or "application";
    }
}
