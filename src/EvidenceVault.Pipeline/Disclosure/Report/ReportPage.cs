namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>A report as blocks, which HTML and PDF both draw: what one says, the other says. All text is plain and may be hostile.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Caption">Above the heading, smaller.</param>
/// <param name="Made">When, UTC; also the PDF's date.</param>
/// <param name="Blocks">In order.</param>
internal sealed record ReportPage(string Title, string Caption, DateTimeOffset Made, IReadOnlyList<ReportBlock> Blocks);

internal abstract record ReportBlock;

/// <summary>A heading of level 2 or 3.</summary>
internal sealed record Heading(int Level, string Text) : ReportBlock;

internal sealed record Paragraph(string Text) : ReportBlock;

/// <summary>Something that must not be overlooked.</summary>
internal sealed record Inset(string Text) : ReportBlock;

internal sealed record Bullets(IReadOnlyList<string> Items) : ReportBlock;

/// <summary>A numbered list.</summary>
internal sealed record Steps(IReadOnlyList<Step> Items) : ReportBlock;

/// <param name="Text">What to do.</param>
/// <param name="Command">The command to type, where there is one.</param>
internal sealed record Step(string Text, string? Command = null);

/// <summary>Labels with values: an exhibit's label.</summary>
/// <param name="Items">In order.</param>
/// <param name="Framed">Drawn as a label with a frame.</param>
internal sealed record Facts(IReadOnlyList<Fact> Items, bool Framed = false) : ReportBlock;

/// <param name="Label">What it is.</param>
/// <param name="Value">Its value; line breaks are kept.</param>
/// <param name="Fixed">True for hashes and paths, in a fixed-width face.</param>
internal sealed record Fact(string Label, string Value, bool Fixed = false);

/// <param name="Caption">What the table shows.</param>
/// <param name="Columns">Heading and share of the width.</param>
/// <param name="Rows">Cells, with line breaks kept.</param>
internal sealed record Table(string Caption, IReadOnlyList<(string Heading, int Share)> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : ReportBlock;
