using Dapper;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>A note about an exhibit, as it now reads.</summary>
/// <param name="Exhibit">The exhibit.</param>
/// <param name="Number">Its number among the exhibit's notes, from 1.</param>
/// <param name="Version">Which version this is, from 1.</param>
/// <param name="Pts">The time it is about, PTS seconds; null where it is about the whole.</param>
/// <param name="Author">Who wrote this version.</param>
/// <param name="Body">What it says.</param>
/// <param name="WrittenAt">When, UTC.</param>
public sealed record NoteRow(string Exhibit, long Number, long Version, double? Pts, string Author, string Body, string WrittenAt);

/// <summary>Reads and writes notes.</summary>
public sealed class Notes(VaultDatabase database)
{
    private const string Columns = "exhibit AS Exhibit, number AS Number, version AS Version, pts AS Pts, author AS Author, body AS Body, written_at AS WrittenAt";

    /// <summary>An exhibit's notes as they now read, in order of the time they are about.</summary>
    public IReadOnlyList<NoteRow> Of(ExhibitReference reference, int most)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<NoteRow>(
            $"SELECT {Columns} FROM note n WHERE exhibit = @text AND version = (SELECT MAX(version) FROM note v WHERE v.exhibit = n.exhibit AND v.number = n.number) ORDER BY pts IS NOT NULL, pts, number LIMIT @most",
            new { text = reference.Text, most }).AsList();
    }

    /// <summary>All versions of a note, the newest first.</summary>
    public IReadOnlyList<NoteRow> Versions(ExhibitReference reference, long number)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<NoteRow>($"SELECT {Columns} FROM note WHERE exhibit = @text AND number = @number ORDER BY version DESC", new { text = reference.Text, number }).AsList();
    }

    /// <summary>Writes a note, or another version of one; returns what was written. Null where there is no such note.</summary>
    internal static NoteRow? Write(Change change, ExhibitReference reference, long? number, double? pts, string author, string body)
    {
        long last = change.Connection.ExecuteScalar<long>(
            number is null ? "SELECT COALESCE(MAX(number), 0) FROM note WHERE exhibit = @text" : "SELECT COALESCE(MAX(version), 0) FROM note WHERE exhibit = @text AND number = @number", new { text = reference.Text, number }, change.Transaction);
        if (number is not null && last == 0) return null;
        var row = new NoteRow(reference.Text, number ?? last + 1, number is null ? 1 : last + 1, pts, author, body, ExhibitChanges.Text(change.Now));
        change.Connection.Execute("INSERT INTO note (exhibit, number, version, pts, author, body, written_at) VALUES (@Exhibit, @Number, @Version, @Pts, @Author, @Body, @WrittenAt)", row, change.Transaction);
        return row;
    }
}
