using EvidenceVault.Proof;

namespace EvidenceVault.Verify;

/// <summary>A report as a person reads it: the answer, then what failed, then every claim by what it is about.</summary>
internal static class ReportPage
{
    private const int LeastWidth = 60, ClaimWidth = 22, VerdictWidth = 8;

    public static void Write(TextWriter output, VerificationReport report, int width, string what)
    {
        width = Math.Max(width, LeastWidth);
        output.WriteLine(report.Holds ? "IT HOLDS" : "IT DOES NOT HOLD");
        Wrapped(output, report.Answer, 0, width);
        output.WriteLine();
        Wrapped(output, what, 0, width);

        Finding[] failed = [.. report.Findings.Where(f => !f.Holds)];
        if (failed.Length > 0) Heading(output, "What does not hold");
        foreach (Finding finding in failed)
        {
            output.WriteLine($"  {finding.Claim}{(finding.Subject is { } subject ? $", {subject}" : "")}");
            Wrapped(output, finding.Sentence, 6, width);
        }

        Finding[] notes = [.. report.Findings.Where(f => f.Verdict == Verdict.Note)];
        if (notes.Length > 0) Heading(output, "What to know besides");
        foreach (Finding finding in notes)
        {
            output.WriteLine($"  {finding.Claim}{(finding.Subject is { } subject ? $", {subject}" : "")}");
            Wrapped(output, finding.Sentence, 6, width);
        }

        Heading(output, "Everything that was checked");
        foreach (var group in report.Findings.GroupBy(f => f.Subject ?? ""))
        {
            output.WriteLine(group.Key.Length == 0 ? "As a whole" : group.Key);
            foreach (Finding finding in group)
            {
                output.Write($"  {finding.Verdict switch { Verdict.Holds => "holds", Verdict.Fails => "FAILS", _ => "note" },-VerdictWidth}{finding.Claim,-ClaimWidth}");
                Wrapped(output, finding.Sentence, 2 + VerdictWidth + ClaimWidth, width, begun: true);
            }
        }
    }

    private static void Heading(TextWriter output, string text)
    {
        output.WriteLine();
        output.WriteLine(text);
        output.WriteLine(new string('-', text.Length));
    }

    // A word longer than the line, such as a hash, is not broken: it is there to be copied.
    private static void Wrapped(TextWriter output, string text, int indent, int width, bool begun = false)
    {
        string margin = new(' ', indent);
        int at = indent;
        if (!begun) output.Write(margin);
        bool first = true;
        foreach (string word in text.Split(' '))
        {
            if (!first && at + 1 + word.Length > width)
            {
                output.WriteLine();
                output.Write(margin);
                at = indent;
                first = true;
            }
            if (!first)
            {
                output.Write(' ');
                at++;
            }
            output.Write(word);
            at += word.Length;
            first = false;
        }
        output.WriteLine();
    }
}
