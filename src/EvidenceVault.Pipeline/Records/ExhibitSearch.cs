using Dapper;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>Which exhibits are looked for. What is null is not asked.</summary>
public sealed record ExhibitQuery
{
    /// <summary>The case.</summary>
    public string? Case { get; init; }

    /// <summary>The camera.</summary>
    public string? Camera { get; init; }

    /// <summary>Received not before.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Received before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The beginning of the reference.</summary>
    public string? Reference { get; init; }

    /// <summary>The beginning of SHA-256 or SHA-512, lower-case hex.</summary>
    public string? Hash { get; init; }

    /// <summary>A part of the name that it was delivered under.</summary>
    public string? Name { get; init; }

    /// <summary>With motion that was found in it, or without.</summary>
    public bool? Motion { get; init; }

    /// <summary>True where nothing is asked.</summary>
    public bool IsEmpty => this == Nothing;

    private static readonly ExhibitQuery Nothing = new();

    // Of what was made from a Master only what is asked for by name or by hash: it would bury all else.
    internal bool WithDerivatives => Hash is not null || Reference?.Count(c => c == '/') > 1;
}

/// <summary>An exhibit that was found.</summary>
/// <param name="Reference">The exhibit.</param>
/// <param name="Case">Its case.</param>
/// <param name="Camera">Its camera.</param>
/// <param name="State">One of <see cref="ExhibitState"/>.</param>
/// <param name="RelativePath">The name it was delivered under.</param>
/// <param name="Bytes">Its length; null until sealed.</param>
/// <param name="ReceivedAt">When it was taken note of, UTC.</param>
/// <param name="Segments">Intervals of motion found in it.</param>
public sealed record FoundExhibit(string Reference, string Case, string Camera, string State, string? RelativePath, long? Bytes, string ReceivedAt, long Segments)
{
    // For Dapper: where no row is found, SQLite does not say of what type a count is, and the constructor above does not fit.
    private FoundExhibit() : this("", "", "", "", null, null, "", 0)
    {
    }

    /// <summary>Its place in the order of all exhibits: what to ask for the next page by.</summary>
    public ExhibitPlace Place => new(ReceivedAt, Reference);
}

/// <summary>A place in the order of exhibits: by when they were received, then by reference.</summary>
/// <param name="ReceivedAt">When, UTC, as catalogued.</param>
/// <param name="Reference">The exhibit.</param>
public sealed record ExhibitPlace(string ReceivedAt, string Reference);

/// <summary>Some of the exhibits that were looked for, the newest first.</summary>
/// <param name="Exhibits">The exhibits.</param>
/// <param name="Older">What to ask for next, before this place; null where there is nothing older.</param>
/// <param name="Newer">Likewise after this place.</param>
public sealed record FoundExhibits(IReadOnlyList<FoundExhibit> Exhibits, ExhibitPlace? Older, ExhibitPlace? Newer);

/// <summary>Finds exhibits in the catalogue.</summary>
public sealed class ExhibitSearch(VaultDatabase database)
{
    // So many may be looked up one by one and sorted; of more, the whole index is read in order, which finds many soon.
    private const int Few = 2_000;

    /// <summary>A page of exhibits.</summary>
    /// <param name="query">What is looked for.</param>
    /// <param name="cases">Only of these cases; null for all. Asked in the same statement: what may not be seen takes no place on a page.</param>
    /// <param name="before">Only older than this place.</param>
    /// <param name="after">Only newer than this place; not with <paramref name="before"/>.</param>
    /// <param name="most">How many at most.</param>
    public FoundExhibits Find(ExhibitQuery query, IReadOnlyCollection<string>? cases, ExhibitPlace? before, ExhibitPlace? after, int most)
    {
        using SqliteConnection connection = database.Read();
        var values = new DynamicParameters();
        List<string> where = [.. Conditions(query, cases, values)];
        if (!query.WithDerivatives) where.Add("(parent IS NULL OR role = 'still-series')");
        bool newestFirst = after is null;
        if ((before ?? after) is { } place)
        {
            where.Add($"(received_at, reference) {(newestFirst ? "<" : ">")} (@placeAt, @placeReference)");
            values.Add("placeAt", place.ReceivedAt);
            values.Add("placeReference", place.Reference);
        }
        values.Add("most", most + 1);
        string way = newestFirst ? "DESC" : "ASC";
        List<FoundExhibit> found = connection.Query<FoundExhibit>(
            "SELECT reference AS Reference, case_name AS \"Case\", camera AS Camera, state AS State, relative_path AS RelativePath, bytes AS Bytes, received_at AS ReceivedAt, " +
            "(SELECT COUNT(*) FROM segment s WHERE s.exhibit = f.reference) AS Segments FROM (" +
            $"SELECT reference, case_name, camera, state, relative_path, bytes, received_at FROM exhibit {By(connection, query, values)} WHERE {string.Join(" AND ", where.DefaultIfEmpty("TRUE"))} " +
            $"ORDER BY received_at {way}, reference {way} LIMIT @most) f", values).AsList();
        bool more = found.Count > most;
        if (more) found.RemoveAt(most);
        if (!newestFirst) found.Reverse();
        if (found.Count == 0) return new(found, newestFirst ? null : after, newestFirst ? before : null);
        return newestFirst ? new(found, more ? found[^1].Place : null, before is null ? null : found[0].Place) : new(found, found[^1].Place, more ? found[0].Place : null);
    }

    // By which index to go.
    private static string By(SqliteConnection connection, ExhibitQuery query, DynamicParameters values)
    {
        if (query.Hash is not null) return "";
        // A reference's own index, where it leaves few; the order of the pages else.
        if (query.Reference is not null && (query.WithDerivatives || connection.ExecuteScalar<int>("SELECT COUNT(*) FROM (SELECT 1 FROM exhibit WHERE reference >= @prefix AND reference < @prefixEnd LIMIT @few)", values.With("few", Few)) < Few))
            return "INDEXED BY sqlite_autoindex_exhibit_1";
        return "INDEXED BY exhibit_to_search";
    }

    private static IEnumerable<string> Conditions(ExhibitQuery query, IReadOnlyCollection<string>? cases, DynamicParameters values)
    {
        if (cases is not null)
        {
            values.Add("cases", System.Text.Json.JsonSerializer.Serialize(cases));
            yield return "case_name IN (SELECT value FROM json_each(@cases))";
        }
        if (query.Case is not null) yield return Is("case_name = @Case", "Case", query.Case);
        if (query.Camera is not null) yield return Is("camera = @Camera", "Camera", query.Camera);
        if (query.From is { } from) yield return Is("received_at >= @From", "From", ExhibitChanges.Text(from));
        if (query.To is { } to) yield return Is("received_at < @To", "To", ExhibitChanges.Text(to));
        if (query.Reference is { } reference) yield return Begins("reference", "prefix", reference);
        if (query.Hash is { } hash) yield return $"({Begins("sha256", "hash", hash)} OR {Begins("sha512", "hash", hash)})";
        if (query.Name is { } name) yield return Is("relative_path LIKE @Name ESCAPE '\\'", "Name", $"%{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%");
        if (query.Motion is { } motion) yield return $"{(motion ? "" : "NOT ")}EXISTS (SELECT 1 FROM segment s WHERE s.exhibit = reference)";

        string Is(string condition, string parameter, string value)
        {
            values.Add(parameter, value);
            return condition;
        }

        // A range, which an index finds; LIKE would read all of it. All of these are of ASCII.
        string Begins(string column, string parameter, string value)
        {
            values.Add(parameter, value);
            values.Add(parameter + "End", value + '\u007f');
            return $"({column} >= @{parameter} AND {column} < @{parameter}End)";
        }
    }
}

internal static class Parameters
{
    public static DynamicParameters With(this DynamicParameters values, string name, object value)
    {
        values.Add(name, value);
        return values;
    }
}
