using System.Buffers;
using System.Text;
using System.Text.Json;

namespace EvidenceVault.Proof;

/// <summary>Whether a claim holds.</summary>
public enum Verdict
{
    /// <summary>It was checked and holds.</summary>
    Holds,

    /// <summary>It was checked and does not hold.</summary>
    Fails,

    /// <summary>No claim fails by it, but a reader should know of it.</summary>
    Note,
}

/// <summary>One thing that was checked.</summary>
/// <param name="Claim">What was claimed, a stable word: <c>leaf-hash</c>, <c>checkpoint-root</c> …</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Sentence">What was found, for a jury.</param>
public sealed record Finding(string Claim, Verdict Verdict, string Sentence)
{
    /// <summary>The index of the log entry that it is about, from 0, where it is about one.</summary>
    public ulong? Entry { get; init; }

    /// <summary>What it is about: a path in the bag or an exhibit's reference, where it is about one.</summary>
    public string? Subject { get; init; }

    /// <summary>True where the claim does not fail.</summary>
    public bool Holds => Verdict != Verdict.Fails;

    internal static Finding Good(string claim, string sentence) => new(claim, Verdict.Holds, sentence);

    internal static Finding Bad(string claim, string sentence, ulong? entry = null) => new(claim, Verdict.Fails, sentence) { Entry = entry };

    internal static Finding Remark(string claim, string sentence, ulong? entry = null) => new(claim, Verdict.Note, sentence) { Entry = entry };
}

/// <summary>All that a check found.</summary>
/// <param name="Findings">In the order of checking.</param>
public sealed record VerificationReport(IReadOnlyList<Finding> Findings)
{
    /// <summary>True where something was checked and nothing failed.</summary>
    public bool Holds => Findings.Count > 0 && Findings.All(f => f.Holds);

    /// <summary>The answer to whoever asks whether this is what it says it is, in a sentence or two.</summary>
    public string Answer
    {
        get
        {
            Finding[] failed = [.. Findings.Where(f => !f.Holds)];
            int notes = Findings.Count(f => f.Verdict == Verdict.Note);
            string read = notes switch { 0 => "", 1 => " One remark is worth reading.", _ => $" {notes} remarks are worth reading." };
            return Findings.Count == 0 ? "It does NOT hold: nothing was checked."
                : failed.Length == 0 ? $"It holds: everything that was checked is as it should be.{read}"
                : $"It does NOT hold. {(failed[0].Subject is { } subject ? $"{subject}: " : "")}{failed[0].Sentence}{More(failed.Length - 1)}";

            static string More(int count) => count switch { 0 => "", 1 => " One more thing that was checked does not hold.", _ => $" {count} more things that were checked do not hold." };
        }
    }

    /// <summary>The report as JSON: <c>{"holds": …, "answer": …, "findings": [{"claim", "verdict", "subject", "sentence", "entry"}]}</c>. Every member is
    /// there; <c>verdict</c> is <c>holds</c>, <c>fails</c> or <c>note</c>. Text beyond ASCII is escaped, so that it is safe on a terminal.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new() { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteBoolean("holds", Holds);
            json.WriteString("answer", Answer);
            json.WriteStartArray("findings");
            foreach (Finding finding in Findings)
            {
                json.WriteStartObject();
                json.WriteString("claim", finding.Claim);
                json.WriteString("verdict", finding.Verdict switch { Verdict.Holds => "holds", Verdict.Fails => "fails", _ => "note" });
                json.WriteString("subject", finding.Subject);
                json.WriteString("sentence", finding.Sentence);
                if (finding.Entry is { } entry) json.WriteNumber("entry", entry);
                else json.WriteNull("entry");
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
