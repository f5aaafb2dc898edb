using EvidenceVault.Pipeline.Words;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EvidenceVault.Cli.Show;

/// <summary>What a person reads on standard output: tables as wide as the terminal, or 160 columns in a file. Texts go in as
/// <see cref="Text"/>, never as markup, so that a name with brackets stays a name.</summary>
internal sealed class Page
{
    private const int WidthOfFiles = 160;
    private readonly IAnsiConsole _console;

    public Page(TextWriter? output = null)
    {
        _console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(output ?? Console.Out) });
        if (output is not null || Console.IsOutputRedirected) _console.Profile.Width = WidthOfFiles;
    }

    public void Line(string text = "") => _console.WriteLine(text);

    public void Heading(string text)
    {
        _console.WriteLine();
        _console.Write(new Text(text, new Style(decoration: Decoration.Bold)));
        _console.WriteLine();
    }

    /// <summary>Names and values, one below the other.</summary>
    public void Facts(params IEnumerable<(string Name, string? Value)> facts)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        foreach ((string name, string? value) in facts.Where(f => !string.IsNullOrEmpty(f.Value)))
            grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value!));
        _console.Write(grid);
    }

    public void Table(IEnumerable<Column> columns, IEnumerable<IEnumerable<string?>> rows)
    {
        var table = new Table().Border(TableBorder.Simple).ShowHeaders();
        foreach (Column column in columns)
        {
            var made = new TableColumn(new Text(column.Name, new Style(decoration: Decoration.Bold)));
            if (column.Right) made.RightAligned();
            if (!column.Wraps) made.NoWrap();
            table.AddColumn(made);
        }
        foreach (var row in rows) table.AddRow([.. row.Select(cell => (IRenderable)new Text(cell ?? "", StyleOf(cell)))]);
        _console.Write(table);
    }

    /// <summary>A text of others, fit for a terminal.</summary>
    public static string? Printable(string? text) => text is null ? null : Names.Printable(text);

    // Words that a reader must not miss. Colour only adds to the word: it is there in a file too.
    private static Style StyleOf(string? cell) => cell switch
    {
        "damaged" or "failed" or "refused" or "not ok" => new Style(Color.Red),
        "not-analysed" or "note" => new Style(Color.Yellow),
        _ => Style.Plain,
    };
}

/// <summary>A column of a table.</summary>
internal sealed record Column(string Name, bool Right = false, bool Wraps = false);
