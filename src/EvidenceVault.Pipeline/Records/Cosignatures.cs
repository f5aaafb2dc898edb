using System.Globalization;
using System.Text;
using Dapper;
using EvidenceVault.Pipeline.Custody;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>Where the vault stands with a witness.</summary>
/// <param name="Witness">The witness's verifier key.</param>
/// <param name="Size">The largest size that it is known to remember; 0 where it is known of none.</param>
/// <param name="At">When it last cosigned, RFC 3339 UTC, by the vault's clock; null where it never did.</param>
/// <param name="Refusal">Why it says that the log is not the one it remembers, a sentence; null where it does not.</param>
public sealed record WitnessStanding(string Witness, ulong Size, string? At, string? Refusal);

/// <summary>Keeps what witnesses say, in the commits of the sequencer.</summary>
internal static class Cosignatures
{
    /// <summary>Keeps a cosignature of a checkpoint. The first of a witness at a size stays: it has the earliest time.</summary>
    public static void Add(Change change, ulong size, string witness, string line)
    {
        change.Connection.Execute("INSERT OR IGNORE INTO cosignature (size, witness, line) VALUES (@size, @witness, @line)", new { size = (long)size, witness, line }, change.Transaction);
        change.Connection.Execute(
            """
            INSERT INTO witness_standing (witness, size, at, refusal) VALUES (@witness, @size, @at, NULL)
            ON CONFLICT (witness) DO UPDATE SET size = MAX(size, excluded.size), at = excluded.at, refusal = NULL
            """,
            new { witness, size = (long)size, at = change.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) }, change.Transaction);
    }

    /// <summary>The checkpoint of a size with its cosignatures, as of this change.</summary>
    public static byte[]? NoteAt(Change change, ulong size) => NoteAt(change.Connection, change.Transaction, size);

    /// <summary>The checkpoint of this size meets the quorum of this policy.</summary>
    public static void QuorumReached(Change change, string policySha256, ulong size) => change.Connection.Execute(
        "INSERT INTO cosigned_head (policy, size) VALUES (@policySha256, @size) ON CONFLICT (policy) DO UPDATE SET size = MAX(size, excluded.size)",
        new { policySha256, size = (long)size }, change.Transaction);

    /// <summary>A witness says that the log is not the one it remembers. It is recorded once, with an entry, until it cosigns again.</summary>
    public static void Refused(Change change, string witness, string sentence, CustodyAct act)
    {
        int changed = change.Connection.Execute(
            """
            INSERT INTO witness_standing (witness, size, refusal) VALUES (@witness, 0, @sentence)
            ON CONFLICT (witness) DO UPDATE SET refusal = excluded.refusal WHERE refusal IS NULL
            """,
            new { witness, sentence }, change.Transaction);
        if (changed > 0) change.Record(act);
    }

    internal static byte[]? NoteAt(SqliteConnection connection, SqliteTransaction transaction, ulong size)
    {
        var at = new { size = (long)size };
        byte[]? note = connection.QueryFirstOrDefault<byte[]>("SELECT note FROM custody_checkpoint WHERE size = @size", at, transaction);
        return note is null ? null
            : [.. note, .. Encoding.UTF8.GetBytes(string.Concat(connection.Query<string>("SELECT line FROM cosignature WHERE size = @size ORDER BY witness", at, transaction)))];
    }

    internal static IReadOnlyList<WitnessStanding> Standings(SqliteConnection connection) =>
    [
        .. connection.Query<(string Witness, long Size, string? At, string? Refusal)>("SELECT witness, size, at, refusal FROM witness_standing ORDER BY witness")
            .Select(r => new WitnessStanding(r.Witness, (ulong)r.Size, r.At, r.Refusal)),
    ];
}
