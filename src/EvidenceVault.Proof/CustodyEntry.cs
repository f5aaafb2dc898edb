using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>What became of an action.</summary>
public enum Outcome
{
    /// <summary>It was done.</summary>
    Done,

    /// <summary>It was refused by a rule or for want of a right.</summary>
    Refused,

    /// <summary>It was tried and failed.</summary>
    Failed,
}

/// <summary>One record of the custody log, as read: who did what to which exhibit, when, with what result (FORMAT.md section 3).</summary>
public sealed record CustodyEntry
{
    /// <summary>The version of the format.</summary>
    public const string Version = "evidencevault/entry/1";

    /// <summary>The most bytes of an entry: what the big-endian uint16 length of a tlog-tiles entry bundle can say.</summary>
    public const int MostBytes = 65_535;

    /// <summary>When, UTC to the millisecond, by the vault's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What was done: a lower-case word such as <c>sealed</c> or <c>read-back</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What became of it.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>The case, where it is about one.</summary>
    public string? Case { get; init; }

    /// <summary>The camera, where it is about one.</summary>
    public string? Camera { get; init; }

    /// <summary>The exhibit's reference, where it is about one.</summary>
    public string? Exhibit { get; init; }

    /// <summary>The number of this entry among those of the exhibit, 1 and up without gaps; there exactly when <see cref="Exhibit"/> is.</summary>
    public long? Seq { get; init; }

    /// <summary>SHA-256 of the bytes that it is about, 64 lower-case hex digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>What else is worth recording and is not personal: strings, numbers, booleans and arrays of them.</summary>
    public JsonObject? Detail { get; init; }

    /// <summary>The digests of personal fields (RFC 9901 section 4.2.4.1), sorted, so that their order tells nothing.</summary>
    public IReadOnlyList<string> Commitments { get; init; } = [];

    /// <summary>Reads an entry of any origin; it never throws.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out CustodyEntry? entry, out string problem)
    {
        entry = null;
        if (bytes.Length > MostBytes)
        {
            problem = $"The entry is larger than {MostBytes} bytes.";
            return false;
        }
        using JsonDocument? document = CanonicalJson.TryParse(bytes, out problem);
        if (document is null) return false;
        try
        {
            entry = Read(new StrictObject(document.RootElement, "entry"));
            return true;
        }
        catch (FormatException e)
        {
            problem = e.Message;
            return false;
        }
    }

    private static CustodyEntry Read(StrictObject json)
    {
        json.Text("v", v => v == Version);
        var entry = new CustodyEntry
        {
            Time = json.Time("time"),
            Action = json.Text("action", Forms.IsWord),
            Outcome = json.Text("outcome") switch
            {
                "done" => Outcome.Done,
                "refused" => Outcome.Refused,
                "failed" => Outcome.Failed,
                _ => throw new FormatException("The entry's 'outcome' is not done, refused or failed."),
            },
            Case = json.OptionalText("case", Forms.IsName),
            Camera = json.OptionalText("camera", Forms.IsName),
            Exhibit = json.OptionalText("exhibit", Forms.IsExhibit),
            Seq = json.OptionalInteger("seq", least: 1),
            Sha256 = json.OptionalText("sha256", Forms.IsSha256),
            Detail = json.OptionalObject("detail", Forms.IsScalarOrArray),
            Commitments = json.OptionalTexts("_sd", Forms.IsDigest) ?? [],
        };
        string? algorithm = json.OptionalText("_sd_alg", a => a == "sha-256");
        json.Done();

        if (entry.Exhibit is null != entry.Seq is null) throw new FormatException("The entry has one of 'exhibit' and 'seq' without the other.");
        if (entry.Commitments.Count == 0 != algorithm is null) throw new FormatException("The entry has one of '_sd' and '_sd_alg' without the other, or an empty '_sd'.");
        for (int i = 1; i < entry.Commitments.Count; i++)
        {
            if (string.CompareOrdinal(entry.Commitments[i - 1], entry.Commitments[i]) >= 0)
                throw new FormatException("The entry's '_sd' is not sorted, or names a digest twice.");
        }
        return entry;
    }
}
