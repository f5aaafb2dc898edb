using CsCheck;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Pipeline.Tests.Analysis;

/// <summary>Where what was followed was, and how it is told.</summary>
public class TrackTests
{
    private const double Rate = 0.1;

    private static IReadOnlyList<MotionEvent> Decide(MotionRule rule, IEnumerable<FrameScore> frames)
    {
        var events = new MotionEvents(rule);
        foreach (var frame in frames) events.Step(frame);
        return events.Finish();
    }

    private static Patch Person(double x, int y = 80) => new((int)x, y, 30, 80, 1500, 600);

    private static IEnumerable<FrameScore> Frames(double from, double to, Func<double, Patch[]> at) =>
        Enumerable.Range((int)Math.Round(from / Rate), (int)Math.Round((to - from) / Rate)).Select(i => new FrameScore(i * Rate, Rate, at(i * Rate)));

    [Fact]
    public void An_event_tells_where_what_was_followed_was_from_first_sight_to_last()
    {
        var found = Assert.Single(Decide(new(384, 216), [.. Frames(0, 3, _ => []), .. Frames(3, 7, t => [Person(20 + ((t - 3) * 40))]), .. Frames(7, 9, _ => [])]));
        var track = Assert.Single(found.Tracks);
        Assert.Equal((3, 6.9), (Math.Round(track[0].Pts, 6), Math.Round(track[^1].Pts, 6)));
        Assert.InRange(track.Count, 8, 9);
        Assert.All(track, p => Assert.Equal(20 + (int)((p.Pts - 3) * 40), p.Box.X, 1.0));
    }

    [Fact]
    public void Events_that_are_merged_keep_the_tracks_of_all()
    {
        var found = Assert.Single(Decide(new(384, 216),
            [.. Frames(1, 3, t => [Person(20 + ((t - 1) * 40))]), .. Frames(3, 4.2, _ => []), .. Frames(4.2, 6, t => [Person(300 - ((t - 4.2) * 40)), Person(20 + ((t - 4.2) * 40))]), .. Frames(6, 9, _ => [])]));
        Assert.Equal([1, 4.2, 4.2], found.Tracks.Select(t => Math.Round(t[0].Pts, 6)));
    }

    [Fact]
    public void Of_whoever_stays_for_an_hour_a_hundred_places_or_so_are_told_and_memory_stays_flat()
    {
        var trail = new Trail();
        for (int i = 0; i < 36_000; i++) trail.Add(i * Rate, Person(i % 300));
        Assert.InRange(trail.Places.Count, Trail.Most / 2, Trail.Most);
        Assert.Equal((0, 3599.9), (trail.Places[0].Pts, Math.Round(trail.Places[^1].Pts, 6)));
        double[] steps = [.. trail.Places.SkipLast(1).Zip(trail.Places.Skip(1).SkipLast(1), (a, b) => b.Pts - a.Pts)];
        Assert.True(steps.Max() < 1.5 * steps.Min());
    }

    [Fact]
    public void A_trail_is_in_order_bounded_made_of_what_was_seen_and_has_both_ends() =>
        Gen.Double[0.001, 5].Array[1, 600].Sample(steps =>
        {
            var trail = new Trail();
            var seen = new List<Place>();
            double pts = 0;
            foreach (double step in steps)
            {
                pts += step;
                seen.Add(new(pts, Person(pts % 300)));
                trail.Add(seen[^1].Pts, seen[^1].Box);
            }
            Assert.InRange(trail.Places.Count, 1, Trail.Most);
            Assert.Equal((seen[0], seen[^1]), (trail.Places[0], trail.Places[^1]));
            Assert.Subset(seen.ToHashSet(), trail.Places.ToHashSet());
            var apart = trail.Places.Zip(trail.Places.Skip(1), (a, b) => b.Pts - a.Pts).ToList();
            Assert.All(apart, a => Assert.True(a > 0));
            Assert.All(apart.SkipLast(1), a => Assert.True(a >= 0.4999));
        }, iter: 300);

    [Fact]
    public void All_tracks_of_a_report_fit_into_its_bound_and_keep_their_ends_where_there_is_room_for_them() =>
        Gen.Int[1, Trail.Most].Array[0, 12].Array[0, 12].Sample(lengths =>
        {
            IReadOnlyList<IReadOnlyList<IReadOnlyList<Place>>> given = [.. lengths.Select(e => (IReadOnlyList<IReadOnlyList<Place>>)[.. e.Select(n => (IReadOnlyList<Place>)[.. Enumerable.Range(0, n).Select(i => new Place(i, Person(i)))])])];
            const int most = 100;
            var (fitted, leftOut) = Trails.Fit(given, most);
            Assert.Equal(given.Count, fitted.Count);
            int all = given.Sum(e => e.Count), told = fitted.Sum(e => e.Count), ends = given.Sum(e => e.Sum(t => Math.Min(2, t.Count)));
            Assert.True(fitted.Sum(e => e.Sum(t => t.Count)) <= most);
            Assert.Equal(leftOut, all - told);
            if (ends <= most) Assert.Equal(0, leftOut);
            if (given.Sum(e => e.Sum(t => t.Count)) <= most) Assert.Equal(given.SelectMany(e => e), fitted.SelectMany(e => e));
            foreach (var (before, after) in given.Zip(fitted).Where(p => leftOut == 0))
                Assert.All(before.Zip(after), p => Assert.Equal((p.First[0], p.First[^1]), (p.Second[0], p.Second[^1])));
        }, iter: 300);

    [Fact]
    public void Of_more_things_than_a_report_can_tell_of_those_followed_longest_are_told()
    {
        IReadOnlyList<Place> brief = [new(0, Person(0)), new(1, Person(1))], longer = [new(0, Person(0)), new(9, Person(9))];
        var (fitted, leftOut) = Trails.Fit([[brief, longer], [[.. brief]]], 2);
        Assert.Equal(2, leftOut);
        Assert.Equal([longer], fitted[0]);
        Assert.Empty(fitted[1]);
    }

    [Fact]
    public void People_are_told_of_pixels_of_the_picture_that_they_see()
    {
        MotionRule rule = AskedRule.Of(new(), (384, 216), (1920, 1080));
        var found = Assert.Single(Decide(rule, [.. Frames(0, 4, t => [Person(20 + (t * 40))]), .. Frames(4, 6, _ => [])]));
        Assert.Equal("something of 150 by 400 pixels appeared and travelled 780 pixels", found.OpenedBecause);
    }
}
