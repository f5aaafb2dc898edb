using Dapper;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>A time stamp as it is kept.</summary>
/// <param name="Token">The TimeStampToken (RFC 3161 section 2.4.2), DER, as the authority sent it.</param>
/// <param name="Sha256">SHA-256 of the token.</param>
/// <param name="Time">When, by the authority's clock, RFC 3339 UTC.</param>
/// <param name="Serial">The token's serial number, hex.</param>
/// <param name="Tsa">SHA-256 of the authority's certificate.</param>
public sealed record KeptTimestamp(byte[] Token, string Sha256, string Time, string Serial, string Tsa);

/// <summary>Something to be stamped.</summary>
/// <param name="Exhibit">The exhibit whose seal it is; null for a checkpoint.</param>
/// <param name="Size">The size of the log that a checkpoint is of; 0 for a seal.</param>
/// <param name="Bytes">What is stamped: the seal's signature, or the checkpoint's note.</param>
internal sealed record ToStamp(ExhibitReference? Exhibit, ulong Size, byte[] Bytes)
{
    public string Subject => Exhibit is null ? "checkpoint" : $"exhibit:{Exhibit}";
}

/// <summary>How it stands with time stamps.</summary>
/// <param name="Waiting">Seals without one.</param>
/// <param name="Since">When the one that waits longest was sealed, RFC 3339 UTC; null where none waits.</param>
/// <param name="Problem">What went wrong last with one of those that wait; null where nothing did.</param>
/// <param name="StampedSize">The size of the newest stamped checkpoint; 0 before the first.</param>
public sealed record TimestampStanding(long Waiting, string? Since, string? Problem, ulong StampedSize);

/// <summary>The time stamps of seals and checkpoints, kept and waited for.</summary>
public sealed class TimestampTokens(VaultDatabase database)
{
    private const string Columns = "token AS Token, sha256 AS Sha256, time AS Time, serial AS Serial, tsa AS Tsa";
    private const string Waits = "FROM exhibit e WHERE e.seal_cms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM timestamp_token t WHERE t.exhibit = e.reference)";

    /// <summary>The time stamp of an exhibit's seal, or null.</summary>
    public KeptTimestamp? Of(ExhibitReference exhibit)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<KeptTimestamp>($"SELECT {Columns} FROM timestamp_token WHERE exhibit = @text", new { text = exhibit.Text });
    }

    /// <summary>The time stamp of the log's checkpoint of a size, or null.</summary>
    public KeptTimestamp? OfCheckpoint(ulong size)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<KeptTimestamp>($"SELECT {Columns} FROM timestamp_token WHERE log_size = @size", new { size = (long)size });
    }

    /// <summary>What waits, since when, and what went wrong.</summary>
    public TimestampStanding Standing()
    {
        using SqliteConnection connection = database.Read();
        (long waiting, string? since) = connection.QueryFirst<(long, string?)>($"SELECT COUNT(*), MIN(e.sealed_at) {Waits}");
        return new(
            waiting, since,
            connection.QueryFirstOrDefault<string>("SELECT problem FROM timestamp_try ORDER BY next_at DESC LIMIT 1"),
            (ulong)connection.ExecuteScalar<long>("SELECT COALESCE(MAX(log_size), 0) FROM timestamp_token"));
    }

    /// <summary>Seals whose turn it is, those that wait longest first.</summary>
    internal IReadOnlyList<ToStamp> Due(DateTimeOffset now, int most)
    {
        using SqliteConnection connection = database.Read();
        return [.. connection.Query<(string Reference, byte[] Cms)>(
            $"SELECT e.reference, e.seal_cms {Waits} AND NOT EXISTS (SELECT 1 FROM timestamp_try y WHERE y.subject = 'exhibit:' || e.reference AND y.next_at > @now) ORDER BY e.sealed_at, e.reference LIMIT @most",
            new { now = ExhibitChanges.Text(now), most }).Select(r => new ToStamp(ExhibitReference.Parse(r.Reference), 0, r.Cms))];
    }

    /// <summary>The newest checkpoint, where it is its turn: the last one was stamped an interval ago or never, and the log has grown by more than
    /// the entry of that.</summary>
    internal ToStamp? DueCheckpoint(DateTimeOffset now, TimeSpan every)
    {
        using SqliteConnection connection = database.Read();
        (long settled, string? at) = connection.QueryFirst<(long, string?)>("SELECT COALESCE(MAX(settled_size), 0), MAX(stored_at) FROM timestamp_token WHERE log_size IS NOT NULL");
        if (at is not null && string.CompareOrdinal(at, ExhibitChanges.Text(now - every)) > 0) return null;
        if (connection.ExecuteScalar<long>("SELECT COUNT(*) FROM timestamp_try WHERE subject = 'checkpoint' AND next_at > @now", new { now = ExhibitChanges.Text(now) }) > 0) return null;
        (long size, byte[]? note) = connection.QueryFirstOrDefault<(long, byte[]?)>("SELECT size, note FROM custody_checkpoint ORDER BY size DESC LIMIT 1");
        return note is not null && size > settled ? new(null, (ulong)size, note) : null;
    }

    /// <summary>How often it was tried before.</summary>
    internal int Tries(ToStamp what)
    {
        using SqliteConnection connection = database.Read();
        return connection.ExecuteScalar<int>("SELECT COALESCE(MAX(tries), 0) FROM timestamp_try WHERE subject = @Subject", new { what.Subject });
    }
}

/// <summary>What becomes of a time stamp that was asked for.</summary>
internal static class TimestampChanges
{
    /// <summary>Keeps a token. False where another process has kept one meanwhile: the first stands.</summary>
    /// <param name="change">The change that holds its entry too.</param>
    /// <param name="what">What it stamps.</param>
    /// <param name="kept">The token.</param>
    /// <param name="entry">The index that its entry has or will have.</param>
    public static bool KeepTimestamp(this Change change, ToStamp what, KeptTimestamp kept, ulong entry)
    {
        change.Connection.Execute("DELETE FROM timestamp_try WHERE subject = @Subject", new { what.Subject }, change.Transaction);
        return change.Connection.Execute(
            "INSERT INTO timestamp_token (exhibit, log_size, settled_size, token, sha256, time, serial, tsa, stored_at) VALUES (@exhibit, @size, @settled, @Token, @Sha256, @Time, @Serial, @Tsa, @now) ON CONFLICT DO NOTHING",
            new
            {
                exhibit = what.Exhibit?.Text,
                size = what.Exhibit is null ? (long)what.Size : (long?)null,
                settled = what.Exhibit is not null ? null : (long?)(entry == what.Size ? entry + 1 : what.Size),
                kept.Token,
                kept.Sha256,
                kept.Time,
                kept.Serial,
                kept.Tsa,
                now = ExhibitChanges.Text(change.Now),
            }, change.Transaction) == 1;
    }

    /// <summary>Notes that it did not work, and when it is tried again.</summary>
    public static void PutOffTimestamp(this Change change, ToStamp what, DateTimeOffset nextAt, string problem) => change.Connection.Execute(
        "INSERT INTO timestamp_try (subject, tries, next_at, problem) VALUES (@Subject, 1, @next, @problem) ON CONFLICT (subject) DO UPDATE SET tries = tries + 1, next_at = excluded.next_at, problem = excluded.problem",
        new { what.Subject, next = ExhibitChanges.Text(nextAt), problem }, change.Transaction);
}
