using System.Net;
using System.Text;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>Draws a report as one HTML file: no script, nothing fetched, fit for print (WCAG 2.2 AA).</summary>
internal static class HtmlReport
{
    // Colours and spacing in the manner of GOV.UK, without its crown and its typeface, which are not ours to use.
    private const string Style = """
        *{box-sizing:border-box}
        body{margin:0;color:#0b0c0c;background:#fff;font:1.1875rem/1.4 Arial,Helvetica,"Liberation Sans",sans-serif}
        header{background:#0b0c0c;color:#fff;border-bottom:10px solid #1d70b8}
        header p{margin:0 auto;padding:.6rem 1rem;max-width:62rem;font-weight:700}
        main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem}
        .caption{color:#505a5f;margin:0;font-size:1.5rem}
        h1{font-size:2.5rem;line-height:1.1;margin:.2rem 0 1.5rem}
        h2{font-size:1.75rem;line-height:1.2;margin:2.5rem 0 1rem}
        h3{font-size:1.375rem;margin:2rem 0 .75rem}
        p,ul,ol{max-width:44rem}
        li{margin-bottom:.5rem}
        .skip{position:absolute;left:-999rem}
        .skip:focus{position:static;display:block;padding:.5rem 1rem;background:#fd0;color:#0b0c0c;outline:3px solid #0b0c0c}
        a:focus-visible,.scroll:focus-visible{outline:3px solid #fd0;box-shadow:0 0 0 6px #0b0c0c}
        dl{margin:0 0 1.5rem}
        dl.label{border:3px solid #0b0c0c;padding:.25rem 1rem}
        dl div{display:flex;gap:1rem;border-bottom:1px solid #b1b4b6;padding:.5rem 0}
        dl.label div:last-child{border-bottom:0}
        dt{flex:0 0 13rem;font-weight:700}
        dd{margin:0;min-width:0;flex:1;white-space:pre-line;overflow-wrap:anywhere}
        .fixed,code{font:1rem/1.4 Consolas,"Liberation Mono",Menlo,monospace;overflow-wrap:anywhere}
        code{display:block;background:#f3f2f1;padding:.5rem .75rem;margin:.5rem 0}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;margin-bottom:1.5rem;font-size:1rem}
        caption{text-align:left;font-weight:700;padding-bottom:.5rem}
        th,td{text-align:left;vertical-align:top;border-bottom:1px solid #b1b4b6;padding:.5rem .75rem .5rem 0;white-space:pre-line;overflow-wrap:break-word}
        thead th{border-bottom:2px solid #0b0c0c}
        .inset{border-left:10px solid #b1b4b6;padding:.75rem 1rem;margin:1.5rem 0;max-width:44rem}
        @media (max-width:40rem){dl div{display:block}}
        @page{size:A4;margin:16mm 14mm}
        @media print{body{font-size:10.5pt}header{background:#fff;color:#000;border-bottom:2pt solid #000}header p,main{max-width:none;padding:2mm 0}.skip{display:none}
        h1{font-size:22pt}h2{font-size:15pt}h3{font-size:12.5pt}.caption{font-size:12pt}h2,h3{break-after:avoid}dl div,dl.label,tr,li,.inset{break-inside:avoid}thead{display:table-header-group}
        table,.fixed,code{font-size:9pt}.scroll{overflow:visible}p,ul,ol,.inset{max-width:none}dt{flex-basis:42mm}}
        """;

    public static string Write(ReportPage page)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>").Append(Text($"{page.Title}, {page.Caption}")).Append("</title>\n<style>\n").Append(Style)
            .Append("\n</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#report\">Skip to the report</a>\n<header><p>EvidenceVault disclosure bundle</p></header>\n<main id=\"report\">\n<p class=\"caption\">")
            .Append(Text(page.Caption)).Append("</p>\n<h1>").Append(Text(page.Title)).Append("</h1>\n");
        foreach (ReportBlock block in page.Blocks) html.Append(Of(block)).Append('\n');
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string Of(ReportBlock block) => block switch
    {
        Heading heading => $"<h{heading.Level}>{Text(heading.Text)}</h{heading.Level}>",
        Paragraph paragraph => $"<p>{Text(paragraph.Text)}</p>",
        Inset inset => $"<p class=\"inset\">{Text(inset.Text)}</p>",
        Bullets bullets => $"<ul>{string.Concat(bullets.Items.Select(i => $"<li>{Text(i)}</li>"))}</ul>",
        Steps steps => $"<ol>{string.Concat(steps.Items.Select(s => $"<li>{Text(s.Text)}{(s.Command is null ? "" : $"<code>{Text(s.Command)}</code>")}</li>"))}</ol>",
        Facts facts => $"<dl{(facts.Framed ? " class=\"label\"" : "")}>{string.Concat(facts.Items.Select(f => $"<div><dt>{Text(f.Label)}</dt><dd{(f.Fixed ? " class=\"fixed\"" : "")}>{Text(f.Value)}</dd></div>"))}</dl>",
        Table table => Of(table),
        _ => throw new InvalidOperationException($"A report has no block {block.GetType().Name}."),
    };

    private static string Of(Table table)
    {
        int whole = table.Columns.Sum(c => c.Share);
        string columns = string.Concat(table.Columns.Select(c => $"<col style=\"width:{100 * c.Share / whole}%\">"));
        string head = string.Concat(table.Columns.Select(c => $"<th scope=\"col\">{Text(c.Heading)}</th>"));
        string rows = string.Concat(table.Rows.Select(r => $"<tr>{string.Concat(r.Select(cell => $"<td>{Text(cell)}</td>"))}</tr>\n"));
        // A wide table scrolls by keyboard too (WCAG 2.2, 2.1.1).
        return $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Text(table.Caption)}\"><table><caption>{Text(table.Caption)}</caption><colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>";
    }

    // Line breaks are ours; everything else that is not to be seen is shown as what it is.
    private static string Text(string text) => WebUtility.HtmlEncode(string.Join('\n', text.Split('\n').Select(Names.Printable)));
}
