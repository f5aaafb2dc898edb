using CsCheck;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Pipeline.Tests.Analysis;

public class MotionEventsTests
{
    private const double Rate = 0.1;

    private static IReadOnlyList<MotionEvent> Decide(IEnumerable<FrameScore> frames)
    {
        var events = new MotionEvents(new(384, 216));
        foreach (var frame in frames) events.Step(frame);
        return events.Finish();
    }

    private static FrameScore At(double pts, params Patch[] patches) => new(pts, Rate, patches);

    private static Patch Person(double x, int moving = 600) => new((int)x, 80, 30, 80, 1500, moving);

    private static IEnumerable<FrameScore> Walk(double from, double to) =>
        Enumerable.Range(0, (int)Math.Round((to - from) / Rate)).Select(i => At(from + (i * Rate), Person(20 + (i * 4))));

    private static IEnumerable<FrameScore> Quiet(double from, double to) =>
        Enumerable.Range(0, (int)Math.Round((to - from) / Rate)).Select(i => At(from + (i * Rate)));

    [Fact]
    public void Someone_who_walks_through_is_one_event_from_first_sight_to_last()
    {
        var found = Assert.Single(Decide([.. Quiet(0, 3), .. Walk(3, 7), .. Quiet(7, 10)]));
        Assert.Equal(3, found.Start, 0.001);
        Assert.Equal(7, found.End, 0.001);
    }

    [Fact]
    public void Someone_who_stands_still_for_a_minute_keeps_the_event_open()
    {
        var still = Enumerable.Range(0, 600).Select(i => At(3 + (i * Rate), Person(100, moving: 0)));
        var back = Enumerable.Range(0, 20).Select(i => At(63 + (i * Rate), Person(100 - (i * 4))));
        var found = Assert.Single(Decide([.. Walk(1, 3), .. still, .. back, .. Quiet(65, 70)]));
        Assert.Equal(1, found.Start, 0.001);
        Assert.Equal(65, found.End, 0.001);
    }

    [Fact]
    public void What_a_leaver_leaves_behind_does_not_hold_the_event_open()
    {
        var mark = Enumerable.Range(0, 100).Select(i => At(5 + (i * Rate), new Patch(150, 120, 20, 4, 60, 0)));
        var found = Assert.Single(Decide([.. Walk(1, 5), .. mark]));
        Assert.Equal(5, found.End, 0.001);
    }

    [Fact]
    public void A_bush_that_sways_in_place_is_no_event() =>
        Assert.Empty(Decide(Enumerable.Range(0, 300).Select(i => At(i * Rate, new Patch(100 + (int)(4 * Math.Sin(i)), 60, 40, 30, 500, 250)))));

    [Fact]
    public void A_patch_that_never_moves_is_no_event() =>
        Assert.Empty(Decide(Enumerable.Range(0, 300).Select(i => At(i * Rate, Person(50, moving: 0)))));

    [Fact]
    public void A_glint_of_two_frames_is_no_event() =>
        Assert.Empty(Decide([.. Quiet(0, 2), At(2, Person(10)), At(2.1, Person(60)), .. Quiet(2.2, 5)]));

    // Something of 6 by 8 pixels that creeps to the right, with a key frame every two seconds.
    private static IEnumerable<FrameScore> Creeps(double from, double to) =>
        Enumerable.Range(0, 60).Select(i => i * Rate).Select(t => At(t, t >= from - 0.01 && t < to - 0.01 ? [new Patch((int)(100 + ((t - from) * 20)), 60, 6, 8, 35, 30)] : []) with { Key = Math.Round(t / Rate) % 20 == 0 });

    [Fact]
    public void Something_small_that_a_key_frame_wipes_away_is_of_the_coding_and_no_event()
    {
        Assert.Empty(Decide(Creeps(2.2, 4)));
        // Gone before the key frame, or there when it comes, it is somebody far off.
        Assert.Single(Decide(Creeps(2.2, 3.8)));
        Assert.Single(Decide(Creeps(2, 4)));
        Assert.Single(Decide(Creeps(2.2, 4.2)));
    }

    [Fact]
    public void Something_small_that_goes_a_little_way_and_then_stirs_in_place_is_no_event_and_one_that_stands_is()
    {
        static IEnumerable<FrameScore> Then(int moving) => Enumerable.Range(0, 300).Select(i => At(i * Rate, new Patch(100 + Math.Min(i, 14) + (i > 14 ? i % 3 : 0), 60, 6, 6, 30, i < 15 ? 25 : moving)));
        Assert.Empty(Decide(Then(moving: 20)));
        Assert.Equal(30, Assert.Single(Decide(Then(moving: 1))).End, 0.2);
    }

    // Something of 8 by 4 pixels that goes to the right, so many pixels a look, of which so many leave their place.
    private static IEnumerable<FrameScore> Small(double pixels, int moving, int looks, int area = 28) =>
        Enumerable.Range(0, looks).Select(i => At(i * Rate, new Patch((int)(100 + (i * pixels)), 60, 8, 4, area, moving)));

    [Fact]
    public void Something_small_counts_when_it_leaves_its_place_as_it_goes_and_not_when_it_stays_over_it()
    {
        Assert.Single(Decide([.. Small(1, 20, 20), .. Quiet(2, 4)]));
        // Glitter that widens and narrows, a stalk that bends.
        Assert.Empty(Decide([.. Small(1, 10, 20), .. Quiet(2, 4)]));
        // What is somewhat larger may leave a little less of it.
        Assert.Single(Decide([.. Small(1, 40, 20, area: 100), .. Quiet(2, 4)]));
        Assert.Empty(Decide([.. Small(1, 30, 20, area: 100), .. Quiet(2, 4)]));
    }

    [Fact]
    public void Somebody_far_off_and_slow_counts_by_how_far_and_straight_they_go() => Assert.Single(Decide([.. Small(0.5, 10, 60), .. Quiet(6, 8)]));

    [Fact]
    public void A_stalk_that_swings_across_in_less_than_its_time_is_no_event() => Assert.Empty(Decide([.. Small(2, 25, 10), .. Quiet(1, 4)]));

    [Fact]
    public void Bits_that_join_for_a_moment_are_no_larger_for_it()
    {
        var joined = Enumerable.Range(0, 6).Select(i => At(i * Rate, new Patch(100 + (i * 4), 60, 8, 8, i == 5 ? 60 : 20, i == 5 ? 60 : 20)));
        Assert.Empty(Decide([.. joined, .. Quiet(0.6, 3)]));
    }

    [Fact]
    public void When_the_camera_is_knocked_the_edges_that_show_are_no_event_and_somebody_who_stays_is()
    {
        static Patch[] Edges(int i, int count) => [.. Enumerable.Range(0, count).Select(n => new Patch((n * 48) + (i * 3), 20, 20, 10, 150, 150))];
        var knock = Enumerable.Range(0, 6).Select(i => At(3 + (i * Rate), Edges(i, 8)));
        Assert.Empty(Decide([.. Quiet(0, 3), .. knock, .. Quiet(3.6, 6)]));
        // One such patch alone, or somebody who comes in as it is knocked and stays for longer, is an event.
        Assert.Single(Decide([.. Quiet(0, 3), .. Enumerable.Range(0, 6).Select(i => At(3 + (i * Rate), Edges(i, 1))), .. Quiet(3.6, 6)]));
        var somebody = Enumerable.Range(0, 20).Select(i => At(3 + (i * Rate), [.. i < 6 ? Edges(i, 8) : [], new((int)(20 + (i * 4)), 80, 30, 80, 1500, 600)]));
        Assert.Equal(3, Assert.Single(Decide([.. Quiet(0, 3), .. somebody, .. Quiet(5, 8)])).Start, 0.001);
    }

    [Fact]
    public void Somebody_small_who_is_not_seen_in_four_frames_of_ten_is_still_found() =>
        Assert.Single(Decide([.. Small(1, 20, 30).Select((f, i) => i % 5 is 1 or 3 ? f with { Patches = [] } : f), .. Quiet(3, 5)]));

    [Fact]
    public void What_was_gone_before_a_stretch_that_was_left_out_is_closed_by_it()
    {
        var events = new MotionEvents(new(384, 216));
        foreach (var frame in Walk(1, 3)) events.Step(frame);
        Assert.Single(events.Counting);
        events.Step(new(3, 2, []) { Bridged = true, Key = true });
        Assert.Empty(events.Counting);
        Assert.Equal(3, Assert.Single(events.Finish()).End, 0.001);
    }

    [Fact]
    public void What_somebody_stirred_up_in_a_stretch_that_was_left_out_does_not_hold_the_event_open_when_they_leave()
    {
        Patch wake = new(104, 120, 40, 20, 800, 400);
        var gone = Enumerable.Range(0, 40).Select(i => At(7.3 + (i * Rate), wake with { X = 104 + (i % 3) }));
        var found = Assert.Single(Decide(
        [
            .. Walk(3, 5), new(5, 2, [Person(100)]) { Bridged = true, Key = true },
            .. Enumerable.Range(0, 3).Select(i => At(7 + (i * Rate), Person(170 + (i * 4)), wake)), .. gone,
        ]));
        Assert.Equal(7.3, found.End, 0.001);
    }

    [Fact]
    public void A_stretch_that_was_left_out_tells_the_usual_size_for_as_long_as_it_lasts()
    {
        var events = new MotionEvents(new(384, 216));
        foreach (var frame in Walk(1, 3)) events.Step(frame);
        for (int i = 0; i < 4; i++) events.Step(At(3 + (2 * i), Person(100) with { Area = 600 }) with { Duration = 2, Bridged = true, Key = true });
        Assert.InRange(Assert.Single(events.Counting).Usual, 600, 750);
    }

    [Fact]
    public void Two_visits_closer_than_the_merge_gap_are_one_and_farther_apart_two()
    {
        Assert.Single(Decide([.. Walk(1, 3), .. Quiet(3, 4.2), .. Walk(4.2, 6), .. Quiet(6, 9)]));
        Assert.Equal(2, Decide([.. Walk(1, 3), .. Quiet(3, 5.5), .. Walk(5.5, 7), .. Quiet(7, 9)]).Count);
    }

    [Fact]
    public void A_gap_in_the_times_closes_an_event_and_says_so()
    {
        var found = Decide([.. Walk(1, 3), .. Walk(60, 62)]);
        Assert.Equal(2, found.Count);
        Assert.Contains("gap", found[0].ClosedBecause);
        Assert.Equal(3, found[0].End, 0.001);
    }

    [Fact]
    public void A_change_of_the_whole_picture_lets_go_of_what_was_followed()
    {
        var found = Assert.Single(Decide([.. Walk(1, 3), new(3, Rate, [], Break: true), .. Quiet(3.1, 6)]));
        Assert.Equal(3, found.End, 0.001);
    }

    [Fact]
    public void Someone_in_view_when_the_footage_ends_is_told_so() =>
        Assert.Contains("footage ended", Assert.Single(Decide(Walk(1, 3))).ClosedBecause);

    [Fact]
    public void Uneven_frame_times_do_not_move_the_bounds()
    {
        double pts = 0;
        var frames = new List<FrameScore>();
        for (int i = 0; i < 100; i++)
        {
            double step = i % 2 == 0 ? 0.04 : 0.16;
            frames.Add(new(pts, step, pts is >= 3 and < 7 ? [Person(20 + (pts * 20))] : []));
            pts += step;
        }
        var found = Assert.Single(Decide(frames));
        Assert.InRange(found.Start, 3, 3.2);
        Assert.InRange(found.End, 6.9, 7.2);
    }

    [Fact]
    public void Events_are_always_in_order_apart_and_within_the_footage() =>
        Gen.Select(Gen.Int[0, 350], Gen.Int[0, 180], Gen.Int[1, 60], Gen.Int[1, 60], Gen.Double[0.01, 3], Gen.Bool)
            .Array[0, 80].Sample(rows =>
            {
                double pts = 0;
                var frames = new List<FrameScore>();
                foreach (var (x, y, w, h, step, seen) in rows)
                {
                    frames.Add(new(pts, Math.Min(step, 0.5), seen ? [new(x, y, w, h, (w * h * 2 / 3) + 1, w * h / 2)] : []));
                    pts += step;
                }
                var events = Decide(frames);
                Assert.All(events, e => Assert.True(e.Start >= 0 && e.End > e.Start && e.End <= pts + 0.5));
                Assert.All(events.Zip(events.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Start));
            }, iter: 300);
}
