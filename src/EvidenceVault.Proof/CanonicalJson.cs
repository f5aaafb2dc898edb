using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace EvidenceVault.Proof;

/// <summary>
/// JSON that has one form only, so that a hash or a signature over its bytes means one thing: the JSON Canonicalization
/// Scheme, RFC 8785 (JCS), over I-JSON (RFC 7493).
/// </summary>
public static class CanonicalJson
{
    // The largest integer that every reader of JSON numbers keeps exact: 2^53 - 1 (RFC 7493 section 2.2).
    private const long MaxExactInteger = (1L << 53) - 1;

    private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, ' ').Select(c => (char)c), '"', '\\']);

    // Duplicate names have no one meaning (RFC 7493 section 2.3; RFC 8785 section 3.1).
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>The canonical UTF-8 bytes of a node; null is the JSON null.</summary>
    /// <exception cref="FormatException">The node holds what has no canonical form: a lone surrogate, a number that is not
    /// finite, or an integer in plain digits beyond 2^53 - 1, which other readers would round (put it in a string).</exception>
    public static byte[] Serialize(JsonNode? node)
    {
        var output = new ArrayBufferWriter<byte>(512);
        Write(output, node);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The canonical UTF-8 bytes of an element. Numbers are read as IEEE 754 doubles (RFC 8785 section 3.2.2.3).</summary>
    /// <exception cref="FormatException">The element holds a lone surrogate or a number beyond the range of a double.</exception>
    public static byte[] Serialize(JsonElement element)
    {
        var output = new ArrayBufferWriter<byte>(512);
        Write(output, element);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>True where the bytes are the one canonical form of a JSON value. Never throws.</summary>
    /// <param name="bytes">Bytes of unknown origin.</param>
    /// <param name="problem">Why not, a sentence; empty where they are.</param>
    public static bool IsCanonical(ReadOnlyMemory<byte> bytes, out string problem)
    {
        using JsonDocument? document = TryParse(bytes, out problem);
        return document is not null;
    }

    /// <summary>True where the bytes are the one canonical form of a JSON value. Never throws.</summary>
    public static bool IsCanonical(ReadOnlyMemory<byte> bytes) => IsCanonical(bytes, out _);

    /// <summary>Reads canonical bytes; null and a sentence where they are not canonical. Never throws. The document must be disposed.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> bytes, out string problem)
    {
        // The parser lets ill-formed UTF-8 inside strings pass until they are read.
        if (!Utf8.IsValid(bytes.Span))
        {
            problem = "The bytes are not UTF-8 text.";
            return null;
        }
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(bytes, Strict);
            if (Serialize(document.RootElement).AsSpan().SequenceEqual(bytes.Span))
            {
                problem = "";
                return document;
            }
            problem = "The JSON is not in its canonical form (RFC 8785): the same content written by the rule gives other bytes.";
        }
        catch (JsonException e)
        {
            problem = $"The bytes are not JSON with distinct names: {Printable.Of(e.Message)}";
        }
        catch (FormatException e)
        {
            problem = e.Message;
        }
        catch (InvalidOperationException)
        {
            // What the parser throws, while looking for duplicates, for a name that ends in half a surrogate pair.
            problem = "A name holds half of a surrogate pair, which has no UTF-8 form.";
        }
        document?.Dispose();
        return null;
    }

    internal static void Write(ArrayBufferWriter<byte> output, JsonNode? node)
    {
        switch (node)
        {
            case null:
                output.Write("null"u8);
                break;
            case JsonObject members:
                WriteObject(output, members.Select(m => (m.Key, m.Value)), Write);
                break;
            case JsonArray items:
                WriteArray(output, items, Write);
                break;
            case JsonValue value when value.TryGetValue(out string? text):
                WriteString(output, text);
                break;
            default:
                // Numbers, booleans and what else a value may hold, by way of their JSON text.
                using (var document = JsonDocument.Parse(node.ToJsonString(), Strict))
                {
                    if (document.RootElement.ValueKind == JsonValueKind.Number) RequireExact(document.RootElement);
                    Write(output, document.RootElement);
                }
                break;
        }
    }

    private static void Write(ArrayBufferWriter<byte> output, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, element.EnumerateObject().Select(m => (NameOf(m), m.Value)), Write);
                break;
            case JsonValueKind.Array:
                WriteArray(output, element.EnumerateArray(), Write);
                break;
            case JsonValueKind.String:
                WriteString(output, TextOf(element));
                break;
            case JsonValueKind.Number:
                WriteAscii(output, NumberText(element.GetDouble()));
                break;
            case JsonValueKind.True:
                output.Write("true"u8);
                break;
            case JsonValueKind.False:
                output.Write("false"u8);
                break;
            default:
                output.Write("null"u8);
                break;
        }
    }

    // RFC 8785 section 3.2.3: members sorted by name as arrays of UTF-16 code units, which is what ordinal means in .NET.
    private static void WriteObject<T>(ArrayBufferWriter<byte> output, IEnumerable<(string Name, T Value)> members, Action<ArrayBufferWriter<byte>, T> write)
    {
        output.Write("{"u8);
        bool first = true;
        foreach ((string name, T value) in members.OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            if (!first) output.Write(","u8);
            first = false;
            WriteString(output, name);
            output.Write(":"u8);
            write(output, value);
        }
        output.Write("}"u8);
    }

    private static void WriteArray<T>(ArrayBufferWriter<byte> output, IEnumerable<T> items, Action<ArrayBufferWriter<byte>, T> write)
    {
        output.Write("["u8);
        bool first = true;
        foreach (T item in items)
        {
            if (!first) output.Write(","u8);
            first = false;
            write(output, item);
        }
        output.Write("]"u8);
    }

    // RFC 8785 section 3.2.2.2: two-character escapes where JSON has them, \u00xx in lower case for other controls, and
    // every other character as itself. A lone surrogate is an error.
    internal static void WriteString(ArrayBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        output.Write("\""u8);
        while (text.IndexOfAny(Escaped) is var at and >= 0)
        {
            WriteUtf8(output, text[..at]);
            WriteAscii(output, text[at] switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\f' => "\\f",
                '\r' => "\\r",
                var c => $"\\u{(int)c:x4}",
            });
            text = text[(at + 1)..];
        }
        WriteUtf8(output, text);
        output.Write("\""u8);
    }

    private static void WriteUtf8(ArrayBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        // A UTF-16 code unit takes at most three bytes.
        if (Utf8.FromUtf16(text, output.GetSpan(3 * text.Length + 1), out _, out int written, replaceInvalidSequences: false) != OperationStatus.Done)
            throw new FormatException("A string holds half of a surrogate pair, which has no UTF-8 form.");
        output.Advance(written);
    }

    /// <summary>A double as ECMAScript writes it (RFC 8785 section 3.2.2.3; ECMA-262 Number::toString).</summary>
    internal static string NumberText(double value)
    {
        if (!double.IsFinite(value)) throw new FormatException("A number is beyond the range of a double, so it has no canonical form.");
        if (value == 0) return "0"; // minus zero too

        // .NET's round-trip form has the same shortest digits and differs only in layout. |value| = 0.d1d2d3… × 10^point.
        string[] parts = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        string written = parts[0].Replace(".", "", StringComparison.Ordinal);
        int whole = parts[0].IndexOf('.') is var dot and >= 0 ? dot : written.Length;
        int zeroes = written.Length - written.TrimStart('0').Length;
        int point = whole - zeroes + (parts.Length > 1 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0);
        string digits = written.Trim('0');

        string sign = value < 0 ? "-" : "";
        return point switch
        {
            > 21 => $"{sign}{Mantissa(digits)}e+{point - 1}",
            > 0 when digits.Length <= point => sign + digits.PadRight(point, '0'),
            > 0 => $"{sign}{digits[..point]}.{digits[point..]}",
            > -6 => $"{sign}0.{new string('0', -point)}{digits}",
            _ => $"{sign}{Mantissa(digits)}e-{1 - point}",
        };
    }

    private static string Mantissa(string digits) => digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";

    private static void RequireExact(JsonElement number)
    {
        bool integer = number.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;
        if (integer && !(number.TryGetInt64(out long value) && Math.Abs(value) <= MaxExactInteger))
            throw new FormatException($"The integer {number.GetRawText()} is beyond 2^53 - 1, where readers of JSON may round it (RFC 7493 section 2.2).");
    }

    private static string TextOf(JsonElement element)
    {
        try { return element.GetString()!; }
        catch (InvalidOperationException e) { throw new FormatException("A string holds half of a surrogate pair, which has no UTF-8 form.", e); }
    }

    private static string NameOf(JsonProperty member)
    {
        try { return member.Name; }
        catch (InvalidOperationException e) { throw new FormatException("A name holds half of a surrogate pair, which has no UTF-8 form.", e); }
    }

    private static void WriteAscii(ArrayBufferWriter<byte> output, string text) => output.Write(Encoding.ASCII.GetBytes(text));
}
