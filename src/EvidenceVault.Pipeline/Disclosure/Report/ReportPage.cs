namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>A report as blocks, which HTML and PDF both draw: what one says, the other says. All text is plain and may be hostile.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Caption">Above the heading, smaller.</param>
/// <param name="Made">When, UTC; also the PDF's date.</param>
/// <param name="Blocks">In order.</param>
public sealed record ReportPage(string Title, string Caption, DateTimeOffset Made, IReadOnlyList<ReportBlock> Blocks)
{
    /// <summary>The same as a PDF on A4, with its typefaces inside.</summary>
    public byte[] ToPdf() => PdfReport.Write(this);
}

/// <summary>A part of a report.</summary>
public abstract record ReportBlock;

/// <summary>A heading.</summary>
/// <param name="Level">2 or 3.</param>
/// <param name="Text">Its words.</param>
public sealed record Heading(int Level, string Text) : ReportBlock;

/// <summary>Plain words.</summary>
/// <param name="Text">The words.</param>
public sealed record Paragraph(string Text) : ReportBlock;

/// <summary>Something that must not be overlooked.</summary>
/// <param name="Text">What.</param>
public sealed record Inset(string Text) : ReportBlock;

/// <summary>A list.</summary>
/// <param name="Items">In order.</param>
public sealed record Bullets(IReadOnlyList<string> Items) : ReportBlock;

/// <summary>A numbered list.</summary>
/// <param name="Items">In order.</param>
public sealed record Steps(IReadOnlyList<Step> Items) : ReportBlock;

/// <summary>A step of a numbered list.</summary>
/// <param name="Text">What to do.</param>
/// <param name="Command">The command to type, where there is one.</param>
public sealed record Step(string Text, string? Command = null);

/// <summary>Labels with values: an exhibit's label.</summary>
/// <param name="Items">In order.</param>
/// <param name="Framed">Drawn as a label with a frame.</param>
public sealed record Facts(IReadOnlyList<Fact> Items, bool Framed = false) : ReportBlock;

/// <summary>A label with its value.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Value">Its value; line breaks are kept.</param>
/// <param name="Fixed">True for hashes and paths, in a fixed-width face.</param>
public sealed record Fact(string Label, string Value, bool Fixed = false);

/// <summary>A table.</summary>
/// <param name="Caption">What the table shows.</param>
/// <param name="Columns">Heading and share of the width.</param>
/// <param name="Rows">Cells, with line breaks kept.</param>
public sealed record Table(string Caption, IReadOnlyList<(string Heading, int Share)> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : ReportBlock;
