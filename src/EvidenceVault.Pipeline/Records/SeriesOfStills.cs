using Dapper;
using EvidenceVault.Pipeline.Words;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Records;

/// <summary>A still that is in no series yet, of a drop of which nothing is under way.</summary>
/// <param name="Exhibit">The still.</param>
/// <param name="DropId">Its drop.</param>
/// <param name="RelativePath">The name it was delivered under.</param>
public sealed record WaitingStill(string Exhibit, long DropId, string RelativePath);

/// <summary>Reads and writes which stills were looked at as a series.</summary>
public sealed class SeriesOfStills(VaultDatabase database)
{
    /// <summary>Stills that are in no series, of drops of which every exhibit has been carried to its end.</summary>
    public IReadOnlyList<WaitingStill> Waiting()
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<WaitingStill>(
            "SELECT e.reference AS Exhibit, e.drop_id AS DropId, e.relative_path AS RelativePath FROM still s JOIN exhibit e ON e.reference = s.exhibit " +
            "WHERE s.series IS NULL AND NOT EXISTS (SELECT 1 FROM exhibit u WHERE u.drop_id = e.drop_id AND u.parent IS NULL AND u.state IN ('received', 'sealed', 'stored')) " +
            "ORDER BY e.drop_id, e.prefix, e.number").AsList();
    }

    /// <summary>The series that a still is in; null where it is in none.</summary>
    public string? Of(ExhibitReference still)
    {
        using SqliteConnection connection = database.Read();
        return connection.QueryFirstOrDefault<string>("SELECT series FROM still WHERE exhibit = @text", new { text = still.Text });
    }

    /// <summary>The stills of a series, in its order; none where it is no series.</summary>
    public IReadOnlyList<string> In(ExhibitReference series)
    {
        using SqliteConnection connection = database.Read();
        return connection.Query<string>("SELECT exhibit FROM still WHERE series = @text ORDER BY place", new { text = series.Text }).AsList();
    }

    /// <summary>Notes that an exhibit is a still, to be looked at in a series.</summary>
    internal static void Note(Change change, ExhibitReference still) =>
        change.Connection.Execute("INSERT INTO still (exhibit) VALUES (@text)", new { text = still.Text }, change.Transaction);

    /// <summary>Puts stills into a series, in its order. Each must be in none.</summary>
    /// <exception cref="StateMovedException">Another process has put one into a series.</exception>
    internal static void Put(Change change, ExhibitReference series, IReadOnlyList<ExhibitReference> stills)
    {
        for (int i = 0; i < stills.Count; i++)
        {
            if (change.Connection.Execute("UPDATE still SET series = @series, place = @place WHERE exhibit = @text AND series IS NULL", new { series = series.Text, place = i + 1, text = stills[i].Text }, change.Transaction) != 1)
                throw new StateMovedException(stills[i], "in no series");
        }
    }
}
