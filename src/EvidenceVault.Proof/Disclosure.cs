using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>
/// A personal field that an entry commits to without showing it: RFC 9901 (SD-JWT) section 4.2.1. The entry carries the digest;
/// whoever is given the disclosure can check that the field is the one committed to, and whoever is not can learn nothing from
/// the digest, because of the salt.
/// </summary>
public sealed class Disclosure
{
    // RFC 9901 section 4.2.1 recommends 128 bits of salt.
    internal const int SaltSize = 16;

    private Disclosure(string encoded, string name, JsonNode? value) => (Encoded, Name, Value) = (encoded, name, value);

    /// <summary>The disclosure as handed over: base64url of the UTF-8 JSON array [salt, name, value].</summary>
    public string Encoded { get; }

    /// <summary>The field's name, for example <c>actor</c>.</summary>
    public string Name { get; }

    /// <summary>The field's value.</summary>
    public JsonNode? Value { get; }

    /// <summary>What the entry carries: base64url of SHA-256 over the ASCII bytes of <see cref="Encoded"/> (RFC 9901 section 4.2.3).</summary>
    public string Digest => field ??= Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Encoded)));

    /// <summary>Commits to a field with a fresh salt of 16 random bytes.</summary>
    /// <exception cref="FormatException">The name is one that RFC 9901 keeps for itself, or the value has no canonical form.</exception>
    public static Disclosure Create(string name, JsonNode? value) => Create(name, value, RandomNumberGenerator.GetBytes(SaltSize));

    /// <summary>As <see cref="Create(string, JsonNode?)"/> with a given salt: for vectors.</summary>
    internal static Disclosure Create(string name, JsonNode? value, ReadOnlySpan<byte> salt)
    {
        if (!IsGoodName(name)) throw new FormatException($"A disclosed field must not be named '{name}' (RFC 9901 section 4.2.1).");
        var array = new ArrayBufferWriter<byte>(256);
        array.Write("["u8);
        CanonicalJson.WriteString(array, Base64Url.EncodeToString(salt));
        array.Write(","u8);
        CanonicalJson.WriteString(array, name);
        array.Write(","u8);
        CanonicalJson.Write(array, value);
        array.Write("]"u8);
        return new(Base64Url.EncodeToString(array.WrittenSpan), name, value?.DeepClone());
    }

    /// <summary>Reads a disclosure of any origin; it never throws. Its JSON need not be canonical, as RFC 9901 asks nothing of the
    /// kind: the digest is over the encoded text.</summary>
    public static bool TryParse(string encoded, [NotNullWhen(true)] out Disclosure? disclosure, out string problem)
    {
        disclosure = null;
        try
        {
            if (Bytes.TryFromBase64Url(encoded, out byte[]? json)
                && JsonNode.Parse(Bytes.StrictUtf8.GetString(json), documentOptions: new() { AllowDuplicateProperties = false }) is JsonArray { Count: 3 } array
                && array[0] is JsonValue salt && salt.TryGetValue(out string? _)
                && array[1] is JsonValue named && named.TryGetValue(out string? name) && IsGoodName(name))
            {
                CanonicalJson.Serialize(array[2]); // throws where the value has no UTF-8 form
                (disclosure, problem) = (new(encoded, name, array[2]?.DeepClone()), "");
                return true;
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException or FormatException or InvalidOperationException)
        {
            // Said below: all of these mean that the text is not a disclosure.
        }
        problem = "The text is not a disclosure: base64url of a JSON array of salt, name and value (RFC 9901 section 4.2.1).";
        return false;
    }

    /// <summary>Says whether an entry commits to this field. Never throws.</summary>
    public Finding CheckAgainst(CustodyEntry entry) => entry.Commitments.Contains(Digest)
        ? Finding.Good("disclosure", $"The field '{Printable.Of(Name)}' is the one that the entry committed to when it was made.")
        : Finding.Bad("disclosure", $"The entry does not commit to this field '{Printable.Of(Name)}': its name, its value or its salt is not the one recorded.");

    // RFC 9901 section 4.2.1: the claim name must not be "_sd" or "...".
    private static bool IsGoodName(string name) => name.Length > 0 && name is not ("_sd" or "_sd_alg" or "...");
}
