using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>A personal field of an entry: it goes in as a salted commitment, never in clear.</summary>
/// <param name="Name">For example <c>actor</c>, <c>reason</c>, <c>source-name</c>.</param>
/// <param name="Value">Its value.</param>
public sealed record PersonalField(string Name, JsonNode? Value);

/// <summary>An entry made: the bytes for the log, and the disclosures to keep beside it.</summary>
/// <param name="Bytes">Canonical JSON, at most 65,535 bytes.</param>
/// <param name="Disclosures">One for each personal field, in the order given. Without them the fields cannot be known again.</param>
public sealed record DraftedEntry(byte[] Bytes, IReadOnlyList<Disclosure> Disclosures);

/// <summary>What a new entry of the custody log is to say. Members as in <see cref="CustodyEntry"/>.</summary>
public sealed record CustodyEntryDraft
{
    /// <summary>When; written in UTC and cut to the millisecond.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What was done: a lower-case word.</summary>
    public required string Action { get; init; }

    /// <summary>What became of it.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>The case.</summary>
    public string? Case { get; init; }

    /// <summary>The camera.</summary>
    public string? Camera { get; init; }

    /// <summary>The exhibit's reference; with <see cref="Seq"/> or not at all.</summary>
    public string? Exhibit { get; init; }

    /// <summary>The number of this entry among those of the exhibit, 1 and up.</summary>
    public long? Seq { get; init; }

    /// <summary>SHA-256 of the bytes that it is about.</summary>
    public string? Sha256 { get; init; }

    /// <summary>What else is worth recording and is not personal.</summary>
    public JsonObject? Detail { get; init; }

    /// <summary>Fields that may have to be withheld later: names of people, reasons, names of files.</summary>
    public IReadOnlyList<PersonalField> Personal { get; init; } = [];

    /// <summary>Makes the entry with fresh salts.</summary>
    /// <exception cref="FormatException">A value is not of its form, a personal field is named twice, or the entry is larger than 65,535 bytes.</exception>
    public DraftedEntry Build() => Build([.. Personal.Select(p => Disclosure.Create(p.Name, p.Value))]);

    /// <summary>Makes the entry over disclosures already made: for vectors.</summary>
    internal DraftedEntry Build(IReadOnlyList<Disclosure> disclosures)
    {
        if (disclosures.DistinctBy(d => d.Name).Count() != disclosures.Count) throw new FormatException("A personal field is named twice.");
        var json = new JsonObject
        {
            ["v"] = CustodyEntry.Version,
            ["time"] = Moment.Text(Time),
            ["action"] = Action,
            ["outcome"] = Outcome switch { Outcome.Done => "done", Outcome.Refused => "refused", _ => "failed" },
        };
        json.AddIfAny("case", Case);
        json.AddIfAny("camera", Camera);
        json.AddIfAny("exhibit", Exhibit);
        json.AddIfAny("seq", Seq);
        json.AddIfAny("sha256", Sha256);
        json.AddIfAny("detail", Detail?.DeepClone());
        if (disclosures.Count > 0)
        {
            json["_sd"] = new JsonArray([.. disclosures.Select(d => d.Digest).Order(StringComparer.Ordinal).Select(d => JsonValue.Create(d))]);
            json["_sd_alg"] = "sha-256";
        }
        byte[] bytes = CanonicalJson.Serialize(json);

        // What is written is read back by the rules a stranger reads it by: nothing goes into the log that fsck would refuse.
        return CustodyEntry.TryParse(bytes, out _, out string problem) ? new(bytes, disclosures) : throw new FormatException(problem);
    }
}
