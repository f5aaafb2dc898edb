namespace EvidenceVault.Pipeline.Words;

/// <summary>
/// A failure told as people need it: what happened, what it means for the evidence, what to do next. Its kind decides the
/// exit code of a command and whether the work is tried again.
/// </summary>
public abstract class VaultException(string what, string meaning, string next, Exception? cause = null)
    : Exception($"{what} {meaning} {next}", cause)
{
    /// <summary>What happened, one sentence.</summary>
    public string What { get; } = what;

    /// <summary>What it means for the evidence, one sentence.</summary>
    public string Meaning { get; } = meaning;

    /// <summary>What to do next, one sentence.</summary>
    public string Next { get; } = next;
}

/// <summary>The evidence or its record is not as it should be: altered, missing, or not matching its seal. Exit code 1.</summary>
public sealed class EvidenceException(string what, string meaning, string next, Exception? cause = null)
    : VaultException(what, meaning, next, cause);

/// <summary>The request cannot be carried out as asked: wrong use, no right, or refused by a rule. Exit code 2.</summary>
public sealed class RefusedException(string what, string meaning, string next, Exception? cause = null)
    : VaultException(what, meaning, next, cause);

/// <summary>Something needed is out of reach for now: the store, the disk, a program. Worth trying again. Exit code 3.</summary>
public sealed class UnreachableException(string what, string meaning, string next, Exception? cause = null)
    : VaultException(what, meaning, next, cause);
