using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>What came of reading a <c>drop.json</c>.</summary>
/// <param name="Manifest">The manifest; null when anything in it is wrong, for a manifest is believed whole or not at all.</param>
/// <param name="Sha256">SHA-256 of the file's bytes, lower-case hex; null when it was too large to be read.</param>
/// <param name="Problems">What is wrong, the first twenty faults; empty when there is a manifest.</param>
public sealed record ManifestReading(DropManifest? Manifest, string? Sha256, IReadOnlyList<DropProblem> Problems);

/// <summary>
/// Reads <c>drop.json</c> by the rules of <c>drop.schema.json</c>, and those that a schema cannot say: at most 4 MiB whatever the
/// file's size, no property twice, no file named twice even by letter case or Unicode normalisation, dates that exist.
/// It never throws for what the bytes are.
/// </summary>
public static partial class DropManifestReader
{
    /// <summary>The format's version.</summary>
    public const string Version = "evidencevault/drop/1";

    /// <summary>Most bytes that are read of a manifest.</summary>
    public const int MaxBytes = 4 << 20;

    private const int MaxProblems = 20;
    private const int MaxStoredAs = 200;
    private const int MaxDepth = 8;
    private const long MaxExactInteger = (1L << 53) - 1; // RFC 8785 section 3.2.2.3: numbers are IEEE 754 doubles

    /// <summary>What is said of a manifest larger than <see cref="MaxBytes"/>, of which nothing need be read.</summary>
    internal static ManifestReading TooLarge { get; } = Refused(null, "manifest-too-large", $"is larger than {MaxBytes >> 20} MiB",
        "Divide the delivery into several drops, each with its own manifest.");

    /// <summary>The published schema, JSON Schema 2020-12.</summary>
    public static string Schema
    {
        get
        {
            using Stream resource = typeof(DropManifestReader).Assembly
                .GetManifestResourceStream("EvidenceVault.Pipeline.Intake.drop.schema.json")!;
            using var reader = new StreamReader(resource, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Reads a manifest from a stream, which is left where reading stopped.</summary>
    /// <exception cref="IOException">The stream could not be read.</exception>
    public static async Task<ManifestReading> ReadAsync(Stream stream, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[64 << 10];
        int got;
        while (bytes.Length <= MaxBytes && (got = await stream.ReadAsync(buffer, cancel)) > 0) bytes.Write(buffer, 0, got);
        return Read(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    /// <summary>Reads a manifest from its bytes.</summary>
    public static ManifestReading Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes) return TooLarge;

        string sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        // RFC 8259 section 8.1: a reader may pass over a byte order mark; Windows tools write one.
        ReadOnlyMemory<byte> json = bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        if (!System.Text.Unicode.Utf8.IsValid(json.Span)) return NotJson(sha256, "is not JSON in UTF-8");
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            var faults = new Faults();
            DropManifest? manifest = Manifest(document.RootElement, faults);
            return faults.Problems.Count == 0 ? new(manifest, sha256, []) : new(null, sha256, faults.Problems);
        }
        catch (JsonException broken)
        {
            string where = broken.LineNumber is { } line ? $" (line {line + 1})" : "";
            string what = broken.Message.StartsWith("Duplicate", StringComparison.Ordinal) ? "gives a property twice"
                : broken.Message.Contains("depth", StringComparison.Ordinal) ? $"is nested deeper than {MaxDepth} levels"
                : "is not JSON in UTF-8";
            return NotJson(sha256, what + where);
        }
        // Looking for a property given twice, the parser decodes names; half of a surrogate pair in one is no text.
        catch (InvalidOperationException) { return NotJson(sha256, "has a property whose name is not Unicode text"); }
    }

    private static ManifestReading NotJson(string sha256, string what) =>
        Refused(sha256, "manifest-not-json", what, "Write it again by the schema and replace it.");

    private static ManifestReading Refused(string? sha256, string kind, string what, string next) => new(null, sha256, [Problem(kind, what, next)]);

    private static DropProblem Problem(string kind, string what, string next) => new(kind, NameInDrop.Manifest,
        $"The manifest {what}. None of it is believed; the files are taken without it, by the names of their folders. {next}");

    private static DropManifest? Manifest(JsonElement root, Faults faults)
    {
        if (!faults.IsObject(root, "The manifest", ["version", "case", "camera", "exhibitPrefix", "authorityUrn", "technician", "retrievedAt", "clock", "clockAgain", "files"],
                required: ["version", "case", "camera", "files"])) return null;

        string? version = faults.Text(root, "version");
        if (version is not null && version != Version) faults.Add("manifest-invalid", $"has a version other than {Version}");
        string? inCase = faults.Matching(root, "case", Names.IsGood, "1 to 64 letters, digits, '.', '-' or '_', starting with a letter or digit");
        string? camera = faults.Matching(root, "camera", Names.IsGood, "1 to 64 letters, digits, '.', '-' or '_', starting with a letter or digit");
        string? prefix = faults.Matching(root, "exhibitPrefix", p => ExhibitReference.TryParse(p + "/1", out _) && !p.Contains('/'), "1 to 12 capital letters and digits, starting with a letter");
        string? urn = faults.Line(root, "authorityUrn");
        string? technician = faults.Line(root, "technician");
        DateTimeOffset? retrievedAt = faults.Time(root, "retrievedAt");
        ClockObservation? clock = root.TryGetProperty("clock", out JsonElement c) ? Clock(c, "clock", faults) : null;
        ClockObservation? again = root.TryGetProperty("clockAgain", out JsonElement a) ? Clock(a, "clockAgain", faults) : null;
        if (again is not null && !root.TryGetProperty("clock", out _)) faults.Add("manifest-invalid", "has a 'clockAgain' without a 'clock'");
        IReadOnlyList<ManifestFile> files = root.TryGetProperty("files", out JsonElement f) ? Files(f, faults) : [];
        return faults.Problems.Count > 0 ? null : new(inCase!, camera!, prefix, urn, technician, retrievedAt, clock, files) { ClockAgain = again };
    }

    private static ClockObservation? Clock(JsonElement clock, string which, Faults faults)
    {
        if (!faults.IsObject(clock, $"'{which}'", ["cameraTime", "referenceTime", "uncertaintySeconds", "reference"],
                required: ["cameraTime", "referenceTime", "uncertaintySeconds"])) return null;
        DateTimeOffset? camera = faults.Time(clock, "cameraTime"), reference = faults.Time(clock, "referenceTime");
        double? uncertainty = clock.TryGetProperty("uncertaintySeconds", out JsonElement u) && u.ValueKind == JsonValueKind.Number
            && u.TryGetDouble(out double seconds) && seconds is >= 0 and <= 86400 ? seconds : null;
        if (uncertainty is null && clock.TryGetProperty("uncertaintySeconds", out _))
            faults.Add("manifest-invalid", "has an 'uncertaintySeconds' that is not a number from 0 to 86400");
        string? name = faults.Line(clock, "reference");
        return camera is { } shown && reference is { } truth && uncertainty is { } width ? new(shown, truth, width, name) : null;
    }

    private static List<ManifestFile> Files(JsonElement array, Faults faults)
    {
        var files = new List<ManifestFile>();
        if (array.ValueKind != JsonValueKind.Array)
        {
            faults.Add("manifest-invalid", "has 'files' that is not a list");
            return files;
        }

        HashSet<string> named = new(StringComparer.Ordinal), places = new(StringComparer.Ordinal);
        int number = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (faults.Full) break;
            string which = $"file {++number} of its list";
            if (!faults.IsObject(item, which, ["name", "bytes", "sha256", "storedAs"], required: ["name", "bytes", "sha256"])) continue;

            string? name = faults.Text(item, "name");
            if (name is not null && NameInDrop.Fault(name) is { } fault)
            {
                faults.Add(NameInDrop.ReachesOutside(name) ? "manifest-names-outside" : "manifest-bad-name",
                    $"names '{Names.Printable(Shortened(name))}' ({which}), which {fault}");
                continue;
            }
            bool again = name is not null && !named.Add(NameInDrop.Key(name));
            if (again)
                faults.Add("manifest-names-twice", $"names '{Names.Printable(Shortened(name!))}' ({which}) twice, or another file that differs only in letter case or Unicode form");

            // JSON Schema 2020-12 validation, section 6.1.1: 1.0 is an integer too.
            long? bytes = item.TryGetProperty("bytes", out JsonElement b) && b.ValueKind == JsonValueKind.Number && b.TryGetDecimal(out decimal d)
                && d == decimal.Truncate(d) && d is >= 0 and <= MaxExactInteger ? (long)d : null;
            if (bytes is null && item.TryGetProperty("bytes", out _))
                faults.Add("manifest-invalid", $"has a length ('bytes', {which}) that is not a whole number from 0 up");

            string? sha256 = faults.Matching(item, "sha256", h => h.Length == 64 && h.All(char.IsAsciiHexDigit), $"64 hexadecimal digits ({which})");
            // A place of its own: plain letters, so that no path is made of anything else.
            string? storedAs = faults.Matching(item, "storedAs", s => s.Length <= MaxStoredAs && StoredAs().IsMatch(s) && NameInDrop.Fault(s) is null, $"parts of letters, digits, '.', '-' or '_', each starting with a letter or digit, with '/' between ({which})");
            string? at = storedAs ?? name;
            // Of a name that stands twice it is told already.
            if (at is not null && !places.Add(NameInDrop.Key(at)) && !again) faults.Add("manifest-names-twice", $"has two files at '{Names.Printable(Shortened(at))}' ({which})");
            if (name is not null && bytes is { } length && sha256 is not null) files.Add(new(name, length, sha256.ToLowerInvariant()) { StoredAs = storedAs });
        }
        return files;
    }

    private static string Shortened(string name) => name.Length <= 80 ? name : name[..80] + "…";

    /// <summary>Collects faults while the document is read, so that one look tells a technician all that must be mended.</summary>
    private sealed class Faults
    {
        public List<DropProblem> Problems { get; } = [];

        public bool Full => Problems.Count >= MaxProblems;

        public void Add(string kind, string what)
        {
            if (!Full) Problems.Add(Problem(kind, what, "Mend it by the schema and replace it."));
        }

        public bool IsObject(JsonElement element, string which, string[] known, string[] required)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                Add("manifest-invalid", $"has something that is not an object where {which} should be");
                return false;
            }
            int before = Problems.Count;
            foreach (JsonProperty property in element.EnumerateObject())
            {
                string? name = Decoded(() => property.Name);
                if (name is null || !known.Contains(name))
                    Add("manifest-invalid", $"has a property '{Names.Printable(Shortened(name ?? "\\ud800"))}' in {which}, which the schema does not know");
            }
            foreach (string missing in required.Where(r => !element.TryGetProperty(r, out _)))
                Add("manifest-invalid", $"lacks '{missing}' in {which}");
            return Problems.Count == before;
        }

        public string? Text(JsonElement parent, string property)
        {
            if (!parent.TryGetProperty(property, out JsonElement value)) return null;
            string? text = value.ValueKind == JsonValueKind.String ? Decoded(value.GetString) : null;
            if (text is null) Add("manifest-invalid", $"has a '{property}' that is not a string of Unicode text");
            return text;
        }

        public string? Matching(JsonElement parent, string property, Func<string, bool> good, string form)
        {
            if (Text(parent, property) is not { } text) return null;
            if (good(text)) return text;
            Add("manifest-invalid", $"has a '{property}' that is not {form}");
            return null;
        }

        public string? Line(JsonElement parent, string property) => Matching(parent, property,
            text => text.EnumerateRunes().Count() is >= 1 and <= 200 && !text.Any(char.IsControl), "1 to 200 characters on one line");

        public DateTimeOffset? Time(JsonElement parent, string property)
        {
            if (Text(parent, property) is not { } text) return null;
            if (Rfc3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)) return time;
            Add("manifest-invalid", $"has a '{property}' that is not a date and time with its offset, such as 2026-03-01T21:04:05+00:00");
            return null;
        }

        // A JSON string may hold half of a surrogate pair (\ud800), which is no text: .NET throws when asked for it.
        private static string? Decoded(Func<string?> read)
        {
            try { return read(); }
            catch (InvalidOperationException) { return null; }
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex StoredAs();

    // RFC 3339 section 5.6, with the offset required; seven digits are all that .NET's clock holds.
    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?(Z|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
