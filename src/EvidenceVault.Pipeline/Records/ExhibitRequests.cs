using Dapper;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>Where a request for an exhibit of another case stands.</summary>
public static class RequestState
{
    /// <summary>Nobody has answered yet.</summary>
    public const string Open = "open";

    /// <summary>An officer of the case said yes; it holds until the request's own time.</summary>
    public const string Approved = "approved";

    /// <summary>An officer of the case said no.</summary>
    public const string Declined = "declined";

    /// <summary>It was taken back, by whoever asked or by an officer of the case.</summary>
    public const string Withdrawn = "withdrawn";
}

/// <summary>A request for an exhibit of a case that the asker is no member of.</summary>
public sealed record ExhibitRequest
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>Who asks.</summary>
    public required string Asker { get; init; }

    /// <summary>For which exhibit, as it was asked. There may be none.</summary>
    public required string Exhibit { get; init; }

    /// <summary>The exhibit's case; null where there is no such exhibit. Never told to whoever asked.</summary>
    public string? Case { get; init; }

    /// <summary>Why, in their words.</summary>
    public required string Reason { get; init; }

    /// <summary>When, UTC.</summary>
    public required string AskedAt { get; init; }

    /// <summary>One of <see cref="RequestState"/>.</summary>
    public required string State { get; init; }

    /// <summary>Who answered.</summary>
    public string? AnsweredBy { get; init; }

    /// <summary>When, UTC.</summary>
    public string? AnsweredAt { get; init; }

    /// <summary>In what words.</summary>
    public string? Answer { get; init; }

    /// <summary>True where an approval lets the asker have the bytes, and not only look.</summary>
    public bool MayRetrieve { get; init; }

    /// <summary>Until when an approval holds, UTC.</summary>
    public string? Until { get; init; }

    internal const string Columns =
        "id AS Id, asker AS Asker, exhibit AS Exhibit, case_name AS \"Case\", reason AS Reason, asked_at AS AskedAt, state AS State, answered_by AS AnsweredBy, answered_at AS AnsweredAt, " +
        "answer AS Answer, may_retrieve AS MayRetrieve, until AS Until";
}

/// <summary>Reads requests for exhibits of other cases.</summary>
public sealed class ExhibitRequests(VaultDatabase database)
{
    /// <summary>The request of this number, or null.</summary>
    public ExhibitRequest? Find(long id)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<ExhibitRequest>($"SELECT {ExhibitRequest.Columns} FROM exhibit_request WHERE id = @id", new { id });
    }

    /// <summary>What somebody asked for, the newest first, before a number.</summary>
    public IReadOnlyList<ExhibitRequest> OfAsker(string asker, long? before, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<ExhibitRequest>(
            $"SELECT {ExhibitRequest.Columns} FROM exhibit_request WHERE asker = @asker AND id < @before ORDER BY id DESC LIMIT @most", new { asker, before = before ?? long.MaxValue, most }).AsList();
    }

    /// <summary>What was asked for of a case, those that wait first, then the newest first.</summary>
    public IReadOnlyList<ExhibitRequest> OfCase(string caseName, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<ExhibitRequest>(
            $"SELECT {ExhibitRequest.Columns} FROM exhibit_request WHERE case_name = @caseName ORDER BY state <> 'open', id DESC LIMIT @most", new { caseName, most }).AsList();
    }

    /// <summary>How many requests of a case wait for an answer.</summary>
    public long Waiting(string caseName)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<long>("SELECT COUNT(*) FROM exhibit_request WHERE case_name = @caseName AND state = 'open'", new { caseName });
    }

    /// <summary>True where an approval that has not run out lets somebody see an exhibit, or what was made from it.</summary>
    /// <param name="account">Who.</param>
    /// <param name="exhibit">Which.</param>
    /// <param name="toRetrieve">True where its bytes are wanted.</param>
    /// <param name="now">The moment, by the vault's clock.</param>
    public bool Allows(string account, ExhibitReference exhibit, bool toRetrieve, DateTimeOffset now)
    {
        string[] parts = exhibit.Text.Split('/');
        string[] exhibits = [.. Enumerable.Range(2, parts.Length - 1).Select(n => string.Join('/', parts[..n]))];
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<bool>(
            "SELECT EXISTS (SELECT 1 FROM exhibit_request WHERE asker = @account AND exhibit IN @exhibits AND state = 'approved' AND until > @now AND (may_retrieve OR NOT @toRetrieve))",
            new { account, exhibits, toRetrieve, now = ExhibitChanges.Text(now) });
    }
}

/// <summary>How requests change. Each asks for the state it starts from, so that of two answers only one is given.</summary>
internal static class RequestChanges
{
    /// <summary>How many requests of somebody wait for an answer, and the one for this exhibit among them.</summary>
    public static (long Open, long? Same) Waiting(this Change change, string asker, string exhibit) => (
        change.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM exhibit_request WHERE asker = @asker AND state = 'open'", new { asker }, change.Transaction),
        change.Connection.ExecuteScalar<long?>("SELECT id FROM exhibit_request WHERE asker = @asker AND state = 'open' AND exhibit = @exhibit", new { asker, exhibit }, change.Transaction));

    /// <summary>Notes a request and says its number.</summary>
    public static long Ask(this Change change, string asker, string exhibit, string? caseName, string reason) => change.Connection.ExecuteScalar<long>(
        "INSERT INTO exhibit_request (asker, exhibit, case_name, reason, asked_at, state) VALUES (@asker, @exhibit, @caseName, @reason, @now, 'open') RETURNING id",
        new { asker, exhibit, caseName, reason, now = ExhibitChanges.Text(change.Now) }, change.Transaction);

    /// <summary>Notes an answer; false where it is open no more.</summary>
    public static bool Answer(this Change change, long id, string state, string by, string? words, bool mayRetrieve, DateTimeOffset? until) => change.Connection.Execute(
        "UPDATE exhibit_request SET state = @state, answered_by = @by, answered_at = @now, answer = @words, may_retrieve = @mayRetrieve, until = @until WHERE id = @id AND state = 'open'",
        new { id, state, by, words, mayRetrieve, until = until is { } moment ? ExhibitChanges.Text(moment) : null, now = ExhibitChanges.Text(change.Now) }, change.Transaction) == 1;

    /// <summary>Notes that it was taken back; false where there was nothing to take back any more.</summary>
    public static bool Withdraw(this Change change, long id) =>
        change.Connection.Execute("UPDATE exhibit_request SET state = 'withdrawn' WHERE id = @id AND state IN ('open', 'approved')", new { id }, change.Transaction) == 1;
}
