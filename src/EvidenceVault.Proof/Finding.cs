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
}
