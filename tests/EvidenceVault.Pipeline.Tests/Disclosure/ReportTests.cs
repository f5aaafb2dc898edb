using System.Globalization;
using System.IO.Compression;
using EvidenceVault.Pipeline.Disclosure;
using EvidenceVault.Pipeline.Disclosure.Report;
using UglyToad.PdfPig;

namespace EvidenceVault.Pipeline.Tests.Disclosure;

public sealed class ReportTests
{
    private static readonly DateTimeOffset Made = new(2026, 7, 1, 8, 30, 0, TimeSpan.Zero);

    private static ReportPage Page(int rows) => new("Continuity report", "Case OP-HERON", Made,
    [
        new Heading(2, "What this is"),
        new Paragraph("A paragraph that is long enough to be broken into lines, because it goes on and on about what a report is and what it is not, as reports do."),
        new Facts([new("SHA-512", new string('a', 128), Fixed: true), new("Name", "two\nlines")], Framed: true),
        new Inset("Not to be overlooked."),
        new Bullets(["One", "Two"]),
        new Steps([new("Type this:", "sha256sum -c manifest-sha256.txt")]),
        new Table("Timeline", [("When", 1), ("What", 3)], [.. Enumerable.Range(1, rows).Select(i => (IReadOnlyList<string>)[$"row-{i}", i == 3 ? string.Join(' ', Enumerable.Repeat("wordy", 2000)) : "Looked at \u202e\u0007 ж"])]),
    ]);

    [Fact]
    public void The_same_report_gives_the_same_PDF()
    {
        byte[] once = PdfReport.Write(Page(20)), again = PdfReport.Write(Page(20));
        Assert.Equal(once, again);
        using PdfDocument pdf = PdfDocument.Open(once);
        Assert.Equal("Continuity report, Case OP-HERON", pdf.Information.Title);
        Assert.Equal("D:20260701083000Z", pdf.Information.CreationDate);
    }

    [Fact]
    public void A_PDF_holds_every_row_however_many_and_however_long_and_numbers_its_pages()
    {
        using PdfDocument pdf = PdfDocument.Open(PdfReport.Write(Page(300)));
        string[] pages = [.. pdf.GetPages().Select(p => p.Text)];
        string all = string.Concat(pages);
        for (int row = 1; row <= 300; row++) Assert.Contains($"row-{row}", all);
        Assert.Equal(2000, all.Split("wordy").Length - 1);
        for (int page = 1; page <= pages.Length; page++) Assert.Contains($"Page {page} of {pages.Length}", pages[page - 1]);
        // Every letter stands within the margins.
        Assert.All(pdf.GetPages(), p => Assert.All(p.Letters, l => Assert.InRange(l.BoundingBox.Right, 50, 545)));
        Assert.Contains("\\u202e\\u0007 ж", all);
    }

    [Fact]
    public void An_HTML_report_says_every_word_of_the_PDF_in_elements_that_a_screen_reader_knows()
    {
        string html = HtmlReport.Write(Page(5));
        Assert.StartsWith("<!doctype html>\n<html lang=\"en-GB\">", html);
        Assert.Contains("<th scope=\"col\">When</th>", html);
        Assert.Contains("<caption>Timeline</caption>", html);
        Assert.Contains("default-src &#39;none&#39;".Replace("&#39;", "'", StringComparison.Ordinal), html);
        Assert.Contains("\\u202e\\u0007 ж", System.Net.WebUtility.HtmlDecode(html));
        foreach (string block in new[] { "What this is", "Not to be overlooked.", "sha256sum -c manifest-sha256.txt", new string('a', 128) }) Assert.Contains(block, html);
    }

    [Fact]
    public async Task A_ZIP_of_more_files_than_the_old_form_can_count_is_read_by_another_reader()
    {
        using var target = new MemoryStream();
        var zip = new ZipWriting(target);
        for (int i = 0; i < 66_000; i++)
        {
            zip.Begin(string.Create(CultureInfo.InvariantCulture, $"data/{i:d6}.txt"), 3);
            await zip.WriteAsync("one"u8.ToArray(), CancellationToken.None);
            zip.End();
        }
        zip.Finish();
        using var archive = new ZipArchive(target, ZipArchiveMode.Read);
        Assert.Equal(66_000, archive.Entries.Count);
        using var reader = new StreamReader(archive.Entries[65_999].Open());
        Assert.Equal("one", reader.ReadToEnd());
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("  @SUM(A1)", "'  @SUM(A1)")]
    [InlineData("\tx", "'\tx")]
    [InlineData("-2", "'-2")]
    [InlineData("a \"b\", c", "\"a \"\"b\"\", c\"")]
    [InlineData("plain", "plain")]
    [InlineData(null, "")]
    public void A_cell_of_the_CSV_is_never_a_formula(string? text, string cell) => Assert.Equal(cell, EntriesTable.Cell(text));
}
