using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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
    public DraftedEntry Build()
    {
        // All salts in one call: asking the system for random bytes has a price by the call.
        byte[] salts = RandomNumberGenerator.GetBytes(Personal.Count * Disclosure.SaltSize);
        var disclosures = new Disclosure[Personal.Count];
        for (int i = 0; i < disclosures.Length; i++)
            disclosures[i] = Disclosure.Create(Personal[i].Name, Personal[i].Value, salts.AsSpan(i * Disclosure.SaltSize, Disclosure.SaltSize));
        return Build(disclosures);
    }

    /// <summary>Makes the entry over disclosures already made: for vectors.</summary>
    internal DraftedEntry Build(IReadOnlyList<Disclosure> disclosures)
    {
        for (int i = 1; i < disclosures.Count; i++)
            for (int j = 0; j < i; j++)
                if (disclosures[i].Name == disclosures[j].Name) throw new FormatException("A personal field is named twice.");
        // Every value is held to the form that a stranger reads it by (FORMAT.md section 3): nothing goes into the log that fsck would refuse.
        var output = new ArrayBufferWriter<byte>(1024);
        var members = new Members(output);
        if (disclosures.Count > 0)
        {
            members.Name("_sd"u8);
            output.Write("["u8);
            string[] digests = [.. disclosures.Select(d => d.Digest)];
            Array.Sort(digests, StringComparer.Ordinal);
            for (int i = 0; i < digests.Length; i++)
            {
                if (i > 0) output.Write(","u8);
                CanonicalJson.WriteString(output, digests[i]);
            }
            output.Write("]"u8);
            members.Text("_sd_alg"u8, "sha-256", _ => true);
        }
        members.Text("action"u8, Action, Forms.IsWord);
        members.Text("camera"u8, Camera, Forms.IsName);
        members.Text("case"u8, Case, Forms.IsName);
        if (Detail is not null) members.Raw("detail"u8, DetailBytes(Detail));
        members.Text("exhibit"u8, Exhibit, Forms.IsExhibit);
        members.Text("outcome"u8, Outcome switch { Outcome.Done => "done", Outcome.Refused => "refused", _ => "failed" }, _ => true);
        if (Exhibit is null != Seq is null) throw new FormatException("The entry has one of 'exhibit' and 'seq' without the other.");
        if (Seq is { } seq) members.Raw("seq"u8, Number(seq));
        members.Text("sha256"u8, Sha256, Forms.IsSha256);
        members.Text("time"u8, Moment.Text(Time), _ => true);
        members.Text("v"u8, CustodyEntry.Version, _ => true);
        output.Write("}"u8);
        return output.WrittenCount <= CustodyEntry.MostBytes
            ? new(output.WrittenSpan.ToArray(), disclosures)
            : throw new FormatException($"The entry is larger than {CustodyEntry.MostBytes} bytes.");
    }

    private static byte[] DetailBytes(JsonObject detail)
    {
        byte[] bytes = CanonicalJson.Serialize(detail);
        // Canonical alone, so canonical inside the entry, but for the depth: there it is one deeper (FORMAT.md section 1, rule 5).
        using JsonDocument? read = CanonicalJson.TryParse(Encoding.UTF8.GetBytes($"[{Encoding.UTF8.GetString(bytes)}]"), out string problem);
        if (read is null) throw new FormatException($"The entry's 'detail' cannot be recorded. {problem}");
        return read.RootElement[0].EnumerateObject().All(m => Forms.IsScalarOrArray(m.Value)) ? bytes : throw new FormatException("The entry's 'detail' holds what is not a string, a number, a boolean or an array of these.");
    }

    // RFC 7493 section 2.2.
    private static byte[] Number(long value) => value is >= 1 and < 1L << 53 ? Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)) : throw new FormatException("The entry's 'seq' is not 1 or more.");

    /// <summary>Writes an object's members; the caller gives them in the order of RFC 8785 section 3.2.3.</summary>
    private readonly struct Members(ArrayBufferWriter<byte> output)
    {
        // The names here are plain ASCII: in canonical JSON they stand as they are.
        public void Name(ReadOnlySpan<byte> name)
        {
            output.Write(output.WrittenCount == 0 ? "{\""u8 : ",\""u8);
            output.Write(name);
            output.Write("\":"u8);
        }

        public void Text(ReadOnlySpan<byte> name, string? value, Func<string, bool> isGood)
        {
            if (value is null) return;
            if (!isGood(value)) throw new FormatException($"The entry's '{Encoding.ASCII.GetString(name)}' is not of its form: {Printable.Of(value)}");
            Name(name);
            CanonicalJson.WriteString(output, value);
        }

        public void Raw(ReadOnlySpan<byte> name, byte[] value)
        {
            Name(name);
            output.Write(value);
        }
    }
}
