using EvidenceVault.Proof;

namespace EvidenceVault.Verify;

/// <summary>What is to be checked, and against what. Every value but the first is a path to a file, or null.</summary>
/// <param name="Path">A bag's folder, a ZIP of one, or a single file.</param>
internal sealed record VerifyRequest(string Path)
{
    public string? Policy { get; init; }

    public string? Ca { get; init; }

    public string? Tsa { get; init; }

    public IReadOnlyList<string> Remembered { get; init; } = [];

    /// <summary>A published log: a folder or a URL.</summary>
    public string? Log { get; init; }

    public string? Seal { get; init; }

    public string? Signature { get; init; }

    public string? Timestamp { get; init; }

    /// <summary>A single clip's packet proof.</summary>
    public string? PacketProof { get; init; }

    public bool Json { get; init; }

    /// <summary>Asked what it finds in a clip: a host that can start ffmpeg sets it.</summary>
    public ClipPlayer? Player { get; init; }

    /// <summary>True for a single file with its seal.</summary>
    public bool IsSealedFile => Seal is not null || Signature is not null || Timestamp is not null || PacketProof is not null;
}

/// <summary>Why nothing was checked: what happened, what it means, what to do next.</summary>
internal sealed class VerifyTrouble(int code, string what, string meaning, string next) : Exception(what)
{
    public const int WrongUse = 2, Unreachable = 3;

    public int Code => code;

    public string Meaning => meaning;

    public string Next => next;

    public static VerifyTrouble Misused(string what, string next) => new(WrongUse, what, "Nothing was checked.", next);

    public static VerifyTrouble OutOfReach(string what, string next = "Check the path and the permissions, then try again.") =>
        new(Unreachable, what, "Nothing was found out about the evidence, good or bad.", next);
}
