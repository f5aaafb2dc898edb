using System.Globalization;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>How a file of a drop stands against its manifest.</summary>
public enum FileStanding
{
    /// <summary>Received as the manifest says; or received, where there is no manifest.</summary>
    Present,

    /// <summary>In the manifest, not received.</summary>
    Missing,

    /// <summary>Received, not in the manifest.</summary>
    Extra,

    /// <summary>Received with the length that the manifest says and another hash.</summary>
    HashMismatch,

    /// <summary>Received with another length than the manifest says.</summary>
    SizeMismatch,
}

/// <summary>A file that was received and sealed.</summary>
/// <param name="Name">Its path below the drop, as it was found.</param>
/// <param name="Bytes">Its length in bytes.</param>
/// <param name="Sha256">Its SHA-256, 64 lower-case hex digits.</param>
/// <param name="Exhibit">The reference it was given.</param>
/// <param name="SealedAt">When it was sealed.</param>
public sealed record ReceivedFile(string Name, long Bytes, string Sha256, ExhibitReference Exhibit, DateTimeOffset SealedAt);

/// <summary>A line of a drop's account: what was declared, what was received, and how the two stand.</summary>
/// <param name="Name">The name under which it was received, or else declared.</param>
/// <param name="Standing">How it stands.</param>
/// <param name="Declared">What the manifest says; null for an extra file or where there is no manifest.</param>
/// <param name="Received">What was received; null for a missing file.</param>
public sealed record AccountedFile(string Name, FileStanding Standing, ManifestFile? Declared, ReceivedFile? Received);

/// <summary>All that a drop receipt states.</summary>
public sealed record ReceiptFacts
{
    /// <summary>The case.</summary>
    public required string Case { get; init; }

    /// <summary>The camera.</summary>
    public required string Camera { get; init; }

    /// <summary>The drop's name.</summary>
    public required string Drop { get; init; }

    /// <summary>Its manifest, where one was believed.</summary>
    public DropManifest? Manifest { get; init; }

    /// <summary>SHA-256 of the manifest file, believed or not.</summary>
    public string? ManifestSha256 { get; init; }

    /// <summary>All that was received and sealed, in any order.</summary>
    public required IReadOnlyList<ReceivedFile> Received { get; init; }

    /// <summary>All that was wrong, in any order.</summary>
    public IReadOnlyList<DropProblem> Problems { get; init; } = [];

    /// <summary>When the receipt is issued.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The vault's log origin.</summary>
    public required string Origin { get; init; }

    /// <summary>The log's latest checkpoint (C2SP signed note, its whole text): the technician who keeps the receipt is a witness of it.</summary>
    public string? Checkpoint { get; init; }
}

/// <summary>
/// The receipt that the technician keeps: every file of the drop accounted for, so that a file left out of the log is missed by
/// somebody outside the vault. Canonical JSON (RFC 8785): the same facts give the same bytes. Pure; the caller signs.
/// </summary>
public static class DropReceipt
{
    /// <summary>The format's version.</summary>
    public const string Version = "evidencevault/receipt/1";

    /// <summary>Every file declared or received, each received file exactly once, in order of name and then exhibit.</summary>
    /// <remarks>A file received twice under one name, because it changed after it was taken, has a line for each; it is missing only when
    /// no file of its name was received.</remarks>
    public static IReadOnlyList<AccountedFile> Account(DropManifest? manifest, IReadOnlyList<ReceivedFile> received)
    {
        IReadOnlyDictionary<string, ManifestFile> declared = ManifestMatch.ByName(manifest, received.Select(r => r.Name));
        HashSet<ManifestFile> found = [.. declared.Values];
        return
        [
            .. received
                .Select(r => (File: r, Declared: declared.GetValueOrDefault(r.Name)))
                .Select(r => new AccountedFile(r.File.Name, Standing(manifest, r.Declared, r.File), r.Declared, r.File))
                .Concat((manifest?.Files ?? []).Where(f => !found.Contains(f)).Select(f => new AccountedFile(f.Name, FileStanding.Missing, f, null)))
                .OrderBy(f => f.Name, StringComparer.Ordinal)
                .ThenBy(f => f.Received?.Exhibit ?? default, Comparer<ExhibitReference>.Create((a, b) => a == b ? 0 : a.CompareTo(b))),
        ];
    }

    /// <summary>The receipt's bytes, to be signed and handed over.</summary>
    /// <exception cref="FormatException">A name or text holds half of a surrogate pair, which no JSON can.</exception>
    public static byte[] Write(ReceiptFacts facts)
    {
        IReadOnlyList<AccountedFile> files = Account(facts.Manifest, facts.Received);
        var receipt = new JsonObject
        {
            ["v"] = Version,
            ["case"] = facts.Case,
            ["camera"] = facts.Camera,
            ["drop"] = facts.Drop,
            ["files"] = new JsonArray([.. files.Select(Line)]),
            ["counts"] = new JsonObject(Enum.GetValues<FileStanding>().Select(s =>
                KeyValuePair.Create<string, JsonNode?>(Word(s), files.Count(f => f.Standing == s)))),
            ["problems"] = new JsonArray([.. facts.Problems.Distinct()
                .OrderBy(p => p.RelativePath, StringComparer.Ordinal).ThenBy(p => p.Kind, StringComparer.Ordinal).ThenBy(p => p.Sentence, StringComparer.Ordinal)
                .Select(p => new JsonObject { ["kind"] = p.Kind, ["name"] = p.RelativePath, ["sentence"] = p.Sentence })]),
            ["issuedAt"] = Utc(facts.IssuedAt),
            ["origin"] = facts.Origin,
        };
        AddKnown(receipt, "technician", facts.Manifest?.Technician);
        AddKnown(receipt, "authorityUrn", facts.Manifest?.AuthorityUrn);
        AddKnown(receipt, "manifestSha256", facts.ManifestSha256);
        AddKnown(receipt, "checkpoint", facts.Checkpoint);
        return CanonicalJson.Serialize(receipt);
    }

    private static FileStanding Standing(DropManifest? manifest, ManifestFile? declared, ReceivedFile received) =>
        manifest is null ? FileStanding.Present
        : declared is null ? FileStanding.Extra
        : declared.Bytes != received.Bytes ? FileStanding.SizeMismatch
        : declared.Sha256 != received.Sha256 ? FileStanding.HashMismatch
        : FileStanding.Present;

    private static JsonObject Line(AccountedFile file)
    {
        var line = new JsonObject { ["name"] = file.Name, ["standing"] = Word(file.Standing) };
        if (file.Received is { } received)
        {
            line["bytes"] = received.Bytes;
            line["sha256"] = received.Sha256;
            line["exhibit"] = received.Exhibit.Text;
            line["sealedAt"] = Utc(received.SealedAt);
        }
        if (file.Declared is { } declared)
        {
            var said = new JsonObject { ["bytes"] = declared.Bytes, ["sha256"] = declared.Sha256 };
            if (declared.Name != file.Name) said["name"] = declared.Name;
            line["declared"] = said;
        }
        return line;
    }

    private static string Word(FileStanding standing) => standing switch
    {
        FileStanding.Present => "present",
        FileStanding.Missing => "missing",
        FileStanding.Extra => "extra",
        FileStanding.HashMismatch => "hashMismatch",
        FileStanding.SizeMismatch => "sizeMismatch",
        _ => throw new ArgumentOutOfRangeException(nameof(standing), standing, null),
    };

    private static void AddKnown(JsonObject receipt, string name, string? value)
    {
        if (value is not null) receipt[name] = value;
    }

    // RFC 3339 in UTC, with as many digits as there are: one moment has one form.
    private static string Utc(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
