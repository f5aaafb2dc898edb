namespace EvidenceVault.Pipeline.Intake;

/// <summary>How steady a file has been, by our own clock: a camera's clock, and so a file's times, may be years out.</summary>
/// <param name="UnchangedFor">How long ago the version it has now was first seen.</param>
/// <param name="SeenToChange">True where an earlier look saw another version.</param>
internal readonly record struct Steadiness(TimeSpan UnchangedFor, bool SeenToChange);

/// <summary>What a source has seen of its files, look after look. Kept in memory only: after a restart files come to rest anew.</summary>
internal sealed class Sightings(TimeProvider time)
{
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private long _look;
    private long _now;

    /// <summary>Starts a look: all that is seen until the next is seen at this moment.</summary>
    public void Begin()
    {
        _look++;
        _now = time.GetTimestamp(); // monotonic: a step of the wall clock brings nothing to rest
    }

    /// <summary>Notes what a file looks like now.</summary>
    public void See(string path, FileVersion version)
    {
        bool known = _seen.TryGetValue(path, out Seen before);
        _seen[path] = !known ? new(version, _now, _now, false, _look)
            : before.Version == version ? before with { Look = _look }
            : new(version, before.First, _now, true, _look);
    }

    /// <summary>How steady a file seen in this look is.</summary>
    public Steadiness Of(string path)
    {
        Seen seen = _seen[path];
        return new(time.GetElapsedTime(seen.Since, _now), seen.SeenToChange);
    }

    /// <summary>When a file was first seen, as a number that only orders.</summary>
    public long FirstSeen(string path) => _seen[path].First;

    /// <summary>Ends a look: what it did not see is forgotten, and comes to rest anew should it return.</summary>
    public void End()
    {
        foreach ((string path, Seen seen) in _seen)
            if (seen.Look != _look) _seen.Remove(path);
    }

    private readonly record struct Seen(FileVersion Version, long First, long Since, bool SeenToChange, long Look);
}
