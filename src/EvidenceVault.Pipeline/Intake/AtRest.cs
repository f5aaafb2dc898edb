namespace EvidenceVault.Pipeline.Intake;

/// <summary>When a file counts as delivered.</summary>
/// <param name="QuietPeriod">How long a file must go unchanged where nothing else says that it is whole.</param>
/// <param name="Patience">How long a drop may go unchanged while files of its manifest are missing or of another length.
/// After it, what is there is taken and what is not is told as missing.</param>
public sealed record RestRules(TimeSpan QuietPeriod, TimeSpan Patience)
{
    /// <summary>Ten seconds, and a minute for a manifest's missing files.</summary>
    public static RestRules Default { get; } = Of(TimeSpan.FromSeconds(10));

    /// <summary>Rules with this quiet period, and six times as much patience.</summary>
    public static RestRules Of(TimeSpan quietPeriod) => new(quietPeriod, quietPeriod * 6);
}

/// <summary>How far a drop's manifest has come.</summary>
internal enum ManifestState
{
    /// <summary>There is none, or there is one at rest that cannot be believed.</summary>
    None,

    /// <summary>There is one, it cannot be read yet, and it has not come to rest: it may be half written.</summary>
    Arriving,

    /// <summary>It is good, and files that it names are missing or not of their length.</summary>
    Incomplete,

    /// <summary>It is good, and every file that it names is there with its length.</summary>
    Complete,
}

/// <summary>The rule for when a file may be taken. Pure.</summary>
internal static class AtRest
{
    /// <summary>True where the file may be taken now.</summary>
    public static bool IsReached(ManifestState manifest, bool doneMarker, ManifestFile? expected, long bytes, Steadiness file, RestRules rules)
    {
        if (manifest == ManifestState.Arriving) return false;
        // A marker speaks of files as they stood when they were first seen; one that changed after it must prove itself.
        if (doneMarker && !file.SeenToChange) return true;
        if (manifest == ManifestState.Complete && expected is not null) return true;
        bool asDeclared = expected is null || expected.Bytes == bytes;
        return file.UnchangedFor >= (asDeclared || doneMarker ? rules.QuietPeriod : rules.Patience);
    }

    /// <summary>True where the manifest's absent files are missing, no longer awaited.</summary>
    /// <param name="doneMarker">The technician says that the delivery is over.</param>
    /// <param name="unchangedFor">How long nothing in the drop has changed.</param>
    /// <param name="rules">The rules.</param>
    public static bool IsGivenUp(bool doneMarker, TimeSpan unchangedFor, RestRules rules) => doneMarker || unchangedFor >= rules.Patience;
}
