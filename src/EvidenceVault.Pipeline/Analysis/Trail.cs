namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A place of something that is followed.</summary>
/// <param name="Pts">PTS seconds of the frame.</param>
/// <param name="Box">Where it is in it, working pixels.</param>
internal readonly record struct Place(double Pts, Patch Box);

/// <summary>Where something that is followed was. Thinned while it is followed, so that memory stays flat: at most two places a second, fewer of what
/// stays long, evenly over all of its time; and always its first and its last. Pure.</summary>
internal sealed class Trail
{
    /// <summary>Most places of one thing.</summary>
    public const int Most = 120;

    private const double UsuallyApart = 0.5, Rounding = 1e-9;

    private readonly List<Place> _kept = [];
    private double _apart = UsuallyApart;
    private Place _last;

    /// <summary>Its places, in order.</summary>
    public IReadOnlyList<Place> Places => _kept.Count == 0 || _kept[^1] == _last ? [.. _kept] : [.. _kept, _last];

    /// <summary>Takes where it is in the next frame in which it is seen.</summary>
    public void Add(double pts, Patch box)
    {
        _last = new(pts, box);
        if (IsTooSoon(pts)) return;
        if (_kept.Count == Most - 1)
        {
            int every = 0;
            _kept.RemoveAll(_ => every++ % 2 == 1);
            _apart *= 2;
            if (IsTooSoon(pts)) return;
        }
        _kept.Add(_last);
    }

    private bool IsTooSoon(double pts) => _kept.Count > 0 && pts < _kept[^1].Pts + _apart - Rounding;
}

/// <summary>Makes the tracks of all events fit into a report of bounded length. Pure.</summary>
internal static class Trails
{
    /// <summary>Most places in a report.</summary>
    public const int MostOfReport = 20_000;

    /// <summary>The tracks with at most so many places in all: thinned evenly; where even their ends are too many, those that were followed longest.</summary>
    /// <param name="ofEvents">The tracks of each event.</param>
    /// <param name="most">Most places; at least 2.</param>
    /// <returns>The tracks of each event, and how many tracks were left out.</returns>
    public static (IReadOnlyList<IReadOnlyList<IReadOnlyList<Place>>> OfEvents, int LeftOut) Fit(IReadOnlyList<IReadOnlyList<IReadOnlyList<Place>>> ofEvents, int most)
    {
        int step = 1;
        while (step < Trail.Most && ofEvents.Sum(e => e.Sum(t => CountOf(t, step))) > most) step *= 2;
        var kept = new HashSet<IReadOnlyList<Place>>(ReferenceEqualityComparer.Instance);
        int places = 0, all = 0;
        foreach (var track in ofEvents.SelectMany(e => e).OrderByDescending(t => t[^1].Pts - t[0].Pts).ThenBy(t => t[0].Pts))
        {
            all++;
            if ((places += CountOf(track, step)) <= most) kept.Add(track);
        }
        return ([.. ofEvents.Select(e => (IReadOnlyList<IReadOnlyList<Place>>)[.. e.Where(kept.Contains).Select(t => Thinned(t, step))])], all - kept.Count);
    }

    private static int CountOf(IReadOnlyList<Place> track, int step) => track.Count < 2 ? track.Count : ((track.Count - 2) / step) + 2;

    private static IReadOnlyList<Place> Thinned(IReadOnlyList<Place> track, int step) => step == 1 ? track : [.. track.SkipLast(1).Where((_, i) => i % step == 0), track[^1]];
}
