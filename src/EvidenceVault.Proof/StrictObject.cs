using System.Text.Json;
using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>
/// Reads the members of a JSON object by name and then insists that none is left: a format here has no room for what its
/// version does not name. Throws <see cref="FormatException"/> with a sentence; the public readers turn that into a finding.
/// </summary>
internal sealed class StrictObject
{
    private readonly Dictionary<string, JsonElement> _members;
    private readonly string _what;

    public StrictObject(JsonElement element, string what)
    {
        _what = what;
        if (element.ValueKind != JsonValueKind.Object) throw new FormatException($"The {what} is not a JSON object.");
        _members = element.EnumerateObject().ToDictionary(m => m.Name, m => m.Value);
    }

    public string Text(string name, Func<string, bool>? good = null) => OptionalText(name, good) ?? throw Missing(name);

    public string? OptionalText(string name, Func<string, bool>? good = null)
    {
        if (!_members.Remove(name, out var value)) return null;
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name);
        return good is null || good(text) ? text : throw Wrong(name);
    }

    public long Integer(string name, long least, long most = long.MaxValue) => OptionalInteger(name, least, most) ?? throw Missing(name);

    public long? OptionalInteger(string name, long least, long most = long.MaxValue)
    {
        if (!_members.Remove(name, out var value)) return null;
        return Integer(name, value, least, most);
    }

    public IReadOnlyList<long> Integers(string name, long least, long most) => [.. Items(name).Select(item => Integer(name, item, least, most))];

    public DateTimeOffset Time(string name) => Moment.Parse(Text(name, Moment.IsGood));

    public StrictObject Object(string name) =>
        _members.Remove(name, out var value) ? new StrictObject(value, $"{_what}'s {name}") : throw Missing(name);

    public IReadOnlyList<StrictObject> Objects(string name) => [.. Items(name).Select(item => new StrictObject(item, $"{_what}'s {name}"))];

    public JsonObject? OptionalObject(string name, Func<JsonElement, bool> good)
    {
        if (!_members.Remove(name, out var value)) return null;
        return value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(m => good(m.Value)) ? JsonObject.Create(value.Clone())! : throw Wrong(name);
    }

    public IReadOnlyList<string> Texts(string name, Func<string, bool> good) => OptionalTexts(name, good) ?? throw Missing(name);

    public IReadOnlyList<string>? OptionalTexts(string name, Func<string, bool> good)
    {
        if (!_members.Remove(name, out var value)) return null;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(name);
        var texts = value.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String ? e.GetString()! : throw Wrong(name)).ToList();
        return texts.All(good) ? texts : throw Wrong(name);
    }

    /// <summary>Call last.</summary>
    public void Done()
    {
        if (_members.Keys.Order(StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw new FormatException($"The {_what} has a member '{Printable.Of(unknown)}' that its version does not name.");
    }

    private JsonElement.ArrayEnumerator Items(string name)
    {
        if (!_members.Remove(name, out var value)) throw Missing(name);
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Wrong(name);
    }

    private long Integer(string name, JsonElement value, long least, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most ? number : throw Wrong(name);

    private FormatException Missing(string name) => new($"The {_what} has no '{name}'.");

    private FormatException Wrong(string name) => new($"The {_what}'s '{name}' is not of the form that its version lays down.");
}
