using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EvidenceVault.Pipeline.Words;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Writer;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>Draws a report as a PDF on A4, with its typefaces inside. The same report gives the same bytes.</summary>
internal sealed class PdfReport
{
    // Points. A4 is 595 × 842 (ISO 216).
    private const double Width = 595, Height = 842, Left = 54, Right = 54, Top = 60, Bottom = 60;
    private const double Body = 10, Small = 8.5, Lead = 1.38, LabelWidth = 128;

    private readonly PdfDocumentBuilder _document = new();
    private readonly Face _plain, _bold, _fixed;
    private readonly List<PdfPageBuilder> _pages = [];
    private PdfPageBuilder _page = null!;
    private double _y;

    private PdfReport()
    {
        _plain = new(_document, "LiberationSans-Regular.ttf");
        _bold = new(_document, "LiberationSans-Bold.ttf");
        _fixed = new(_document, "LiberationMono-Regular.ttf");
    }

    private static double Across => Width - Left - Right;

    public static byte[] Write(ReportPage report)
    {
        var pdf = new PdfReport();
        pdf.Draw(report);
        return WithIdOfContent(pdf._document.Build());
    }

    // PdfPig draws the trailer's /ID (ISO 32000-1 section 14.4) by lot. Here it is the hash of what stands before it.
    private static byte[] WithIdOfContent(byte[] pdf)
    {
        int at = pdf.AsSpan().LastIndexOf("/ID ["u8);
        if (at < 0) return pdf;
        byte[] id = Encoding.ASCII.GetBytes(Convert.ToHexString(SHA256.HashData(pdf.AsSpan(0, at)), 0, 16));
        for (int from = at, part = 0; part < 2; part++)
        {
            from += pdf.AsSpan(from).IndexOf((byte)'<') + 1;
            id.CopyTo(pdf, from);
        }
        return pdf;
    }

    private void Draw(ReportPage report)
    {
        _document.DocumentInformation.Title = $"{report.Title}, {report.Caption}";
        _document.DocumentInformation.Producer = "EvidenceVault";
        _document.DocumentInformation.CreationDate = report.Made.UtcDateTime.ToString("'D:'yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture);
        NewPage();
        Lines(_plain.Wrap(report.Caption, 13, Across), _plain, 13, Left, grey: true);
        Lines(_bold.Wrap(report.Title, 24, Across), _bold, 24, Left);
        _y -= 10;
        foreach ((int at, ReportBlock block) in report.Blocks.Index())
        {
            // A heading goes with the label below it, and so does a heading above that heading.
            int headings = report.Blocks.Skip(at).TakeWhile(b => b is Heading).Count();
            if (headings > 0 && report.Blocks.ElementAtOrDefault(at + headings) is Facts { Framed: true } label) Room(Math.Min(HeightOf(label) + (40 * headings), Height - Top - Bottom));
            Draw(block);
        }
        foreach ((int number, PdfPageBuilder page) in _pages.Index())
        {
            _page = page;
            Text($"{report.Title}, {report.Caption}", _plain, Small, Left, 34, grey: true);
            string place = $"Page {number + 1} of {_pages.Count}";
            Text(place, _plain, Small, Width - Right - _plain.Measure(place, Small), 34, grey: true);
        }
    }

    private void Draw(ReportBlock block)
    {
        switch (block)
        {
            case Heading heading:
                double size = heading.Level == 2 ? 16 : 12.5;
                _y -= heading.Level == 2 ? 12 : 6;
                Room(size * Lead + 60); // a heading does not stand alone at the foot of a page
                Lines(_bold.Wrap(heading.Text, size, Across), _bold, size, Left);
                _y -= 4;
                break;
            case Paragraph paragraph:
                Lines(_plain.Wrap(paragraph.Text, Body, Across), _plain, Body, Left);
                _y -= 6;
                break;
            case Inset inset:
                DrawInset(inset);
                break;
            case Bullets bullets:
                foreach (string item in bullets.Items) Item("•", item, null);
                _y -= 4;
                break;
            case Steps steps:
                foreach ((int at, Step step) in steps.Items.Index()) Item($"{at + 1}.", step.Text, step.Command);
                _y -= 4;
                break;
            case Facts facts:
                DrawFacts(facts);
                break;
            case Table table:
                DrawTable(table);
                break;
            default:
                throw new InvalidOperationException($"A report has no block {block.GetType().Name}.");
        }
    }

    private void DrawInset(Inset inset)
    {
        List<string> lines = _plain.Wrap(inset.Text, Body, Across - 18);
        double height = lines.Count * Body * Lead + 10;
        Room(height);
        _page.SetTextAndFillColor(0xb1, 0xb4, 0xb6);
        _page.SetStrokeColor(0xb1, 0xb4, 0xb6);
        _page.DrawRectangle(new PdfPoint(Left, _y - height), 5, height, 0, fill: true);
        _page.ResetColor();
        _y -= 5;
        Lines(lines, _plain, Body, Left + 18);
        _y -= 13;
    }

    private void Item(string mark, string text, string? command)
    {
        List<string> lines = _plain.Wrap(text, Body, Across - 20);
        Room(Body * Lead * Math.Min(lines.Count, 3));
        Text(mark, _plain, Body, Left + 2, _y - Body);
        Lines(lines, _plain, Body, Left + 20);
        if (command is not null) Lines(_fixed.Wrap(command, Small + 0.5, Across - 28), _fixed, Small + 0.5, Left + 28);
        _y -= 4;
    }

    private void DrawFacts(Facts facts)
    {
        double inset = facts.Framed ? 10 : 0;
        List<FactRow> rows = RowsOf(facts);

        // A label is kept on one page where it fits on one.
        double all = HeightOf(facts);
        if (facts.Framed && all < Height - Top - Bottom) Room(all);
        double top = _y;
        foreach ((int at, FactRow row) in rows.Index())
        {
            double height = row.Height;
            if (_y - height < Bottom)
            {
                if (facts.Framed) Frame(top);
                NewPage();
                top = _y;
            }
            double start = _y;
            _y -= 3;
            Lines(row.Label, _bold, Body, Left + inset);
            _y = start - 3;
            Lines(row.Value, row.Fixed ? _fixed : _plain, row.Fixed ? Small : Body, Left + inset + LabelWidth);
            _y = start - height;
            if (at < rows.Count - 1) Rule(Left + inset, Width - Right - inset, _y + 1, 0.5);
        }
        _y -= 2;
        if (facts.Framed) Frame(top);
        _y -= 10;

        void Frame(double from) => _page.DrawRectangle(new PdfPoint(Left, _y), Across, from - _y, 1.5);
    }

    private List<FactRow> RowsOf(Facts facts)
    {
        double width = Across - LabelWidth - (facts.Framed ? 20 : 0);
        return [.. facts.Items.Select(f => new FactRow(_bold.Wrap(f.Label, Body, LabelWidth - 8), f.Fixed ? _fixed.Wrap(f.Value, Small, width) : _plain.Wrap(f.Value, Body, width), f.Fixed))];
    }

    private double HeightOf(Facts facts) => RowsOf(facts).Sum(r => r.Height) + 6;

    private sealed record FactRow(List<string> Label, List<string> Value, bool Fixed)
    {
        public double Height => Math.Max(Label.Count * Body, Value.Count * (Fixed ? Small : Body)) * Lead + 7;
    }

    private void DrawTable(Table table)
    {
        double whole = table.Columns.Sum(c => c.Share);
        double[] widths = [.. table.Columns.Select(c => Across * c.Share / whole)];
        Room(70);
        Lines(_bold.Wrap(table.Caption, Body, Across), _bold, Body, Left);
        _y -= 3;
        Head();
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            List<List<string>> cells = [.. row.Select((cell, i) => _plain.Wrap(cell, Small, widths[i] - 6))];
            // A row taller than a page is cut between lines; others move on whole.
            for (bool more = true; more;)
            {
                double height = cells.Max(c => c.Count) * Small * Lead + 6;
                if (_y - height < Bottom && height < Height - Top - Bottom - 40)
                {
                    NewPage();
                    Head();
                }
                int fit = Math.Max(1, (int)((_y - Bottom - 6) / (Small * Lead)));
                more = cells.Any(c => c.Count > fit);
                DrawRow([.. cells.Select(c => c.Take(fit).ToList())], _plain);
                if (!more) continue;
                cells = [.. cells.Select(c => c.Skip(fit).ToList())];
                NewPage();
                Head();
            }
            Rule(Left, Width - Right, _y + 1, 0.5);
        }
        _y -= 10;

        void Head()
        {
            DrawRow([.. table.Columns.Select((c, i) => _bold.Wrap(c.Heading, Small, widths[i] - 6))], _bold);
            Rule(Left, Width - Right, _y + 1, 1);
        }

        void DrawRow(List<List<string>> cells, Face face)
        {
            double start = _y, x = Left;
            foreach ((int i, List<string> lines) in cells.Index())
            {
                _y = start - 3;
                foreach (string line in lines)
                {
                    Text(line, face, Small, x, _y - Small);
                    _y -= Small * Lead;
                }
                x += widths[i];
            }
            _y = start - cells.Max(c => c.Count) * Small * Lead - 6;
        }
    }

    private void Lines(List<string> lines, Face face, double size, double x, bool grey = false)
    {
        foreach (string line in lines)
        {
            Room(size * Lead);
            Text(line, face, size, x, _y - size, grey);
            _y -= size * Lead;
        }
    }

    private void Text(string text, Face face, double size, double x, double y, bool grey = false)
    {
        if (text.Length == 0) return;
        if (grey) _page.SetTextAndFillColor(0x50, 0x5a, 0x5f);
        _page.AddText(text, size, new PdfPoint(x, y), face.Font);
        if (grey) _page.ResetColor();
    }

    private void Rule(double from, double to, double y, double width)
    {
        if (width < 1) _page.SetStrokeColor(0xb1, 0xb4, 0xb6);
        _page.DrawLine(new PdfPoint(from, y), new PdfPoint(to, y), width);
        if (width < 1) _page.ResetColor();
    }

    private void Room(double height)
    {
        if (_y - height < Bottom) NewPage();
    }

    private void NewPage()
    {
        _page = _document.AddPage(PageSize.A4);
        _pages.Add(_page);
        foreach (Face face in new[] { _plain, _bold, _fixed }) face.Ruler ??= _page;
        _y = Height - Top;
    }

    /// <summary>A typeface, and what fits into a line of it.</summary>
    private sealed class Face
    {
        // A simple font of a PDF has 255 codes; what does not fit any more is written by its number.
        private const int MostCharacters = 250;

        private readonly Dictionary<char, double?> _widths = [];

        public Face(PdfDocumentBuilder document, string file)
        {
            using Stream resource = typeof(PdfReport).Assembly.GetManifestResourceStream(file) ?? throw new InvalidOperationException($"The typeface {file} is not in the program.");
            using var bytes = new MemoryStream();
            resource.CopyTo(bytes);
            Font = document.AddTrueTypeFont(bytes.ToArray());
        }

        public PdfDocumentBuilder.AddedFont Font { get; }

        /// <summary>Measures need a page.</summary>
        public PdfPageBuilder? Ruler { get; set; }

        public double Measure(string text, double size) => text.Sum(c => WidthOf(c) ?? 0) * size;

        /// <summary>Breaks text into lines: at its own breaks, between words, and within a word that is longer than a line.</summary>
        public List<string> Wrap(string text, double size, double width)
        {
            var lines = new List<string>();
            foreach (string given in text.Split('\n'))
            {
                string line = "";
                foreach (string word in Drawable(Names.Printable(given)).Split(' '))
                {
                    string longer = line.Length == 0 ? word : $"{line} {word}";
                    if (Measure(longer, size) <= width)
                    {
                        line = longer;
                        continue;
                    }
                    if (line.Length > 0) lines.Add(line);
                    line = word;
                    while (Measure(line, size) > width && line.Length > 1)
                    {
                        int fits = 1;
                        while (fits < line.Length && Measure(line[..(fits + 1)], size) <= width) fits++;
                        lines.Add(line[..fits]);
                        line = line[fits..];
                    }
                }
                lines.Add(line);
            }
            return lines;
        }

        private string Drawable(string text) => string.Concat(text.Select(c => WidthOf(c) is null ? $"\\u{(int)c:x4}" : c.ToString()));

        private double? WidthOf(char c)
        {
            if (_widths.TryGetValue(c, out double? known)) return known;
            double? width = null;
            if (_widths.Values.Count(w => w is not null) < MostCharacters || c < 0x7f)
            {
                try
                {
                    Letter letter = Ruler!.MeasureText(c.ToString(), 100, new PdfPoint(0, 0), Font)[0];
                    width = (letter.EndBaseLine.X - letter.StartBaseLine.X) / 100;
                }
                catch (InvalidOperationException)
                {
                    // The typeface has no such character: it is written by its number.
                }
            }
            return _widths[c] = width;
        }
    }
}
