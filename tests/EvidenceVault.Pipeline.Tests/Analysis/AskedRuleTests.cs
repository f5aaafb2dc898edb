using CsCheck;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Pipeline.Tests.Analysis;

/// <summary>What settings make of the rule.</summary>
public class AskedRuleTests
{
    private const double Rate = 0.1;
    private static readonly (int, int) Size = (384, 216);

    private static IReadOnlyList<MotionEvent> Decide(AnalysisSettings settings, IEnumerable<FrameScore> frames)
    {
        var events = new MotionEvents(AskedRule.Of(settings, Size, Size));
        foreach (var frame in frames) events.Step(frame);
        return events.Finish();
    }

    private static IEnumerable<FrameScore> Frames(double from, double to, Func<double, Patch[]> at) =>
        Enumerable.Range((int)Math.Round(from / Rate), (int)Math.Round((to - from) / Rate)).Select(i => new FrameScore(i * Rate, Rate, at(i * Rate)));

    // Something of 20 by 20 that goes so far in a second, and is gone.
    private static IEnumerable<FrameScore> Goes(double far) => [.. Frames(0, 1, _ => []), .. Frames(1, 2.05, t => [new((int)(50 + ((t - 1) * far)), 80, 20, 20, 350, 200)]), .. Frames(2.1, 4, _ => [])];

    [Fact]
    public void The_usual_settings_are_the_usual_rule()
    {
        Assert.Equal(new MotionRule(384, 216), AskedRule.Of(new(), Size, Size));
        Assert.Equal(Sensitivity.Normal, new AnalysisSettings().Sensitivity);
        Assert.Equal(new MotionRule(384, 216).MergeGap, new AnalysisSettings().MergeGap);
    }

    [Theory]
    [InlineData(4, false, false, false)]
    [InlineData(10, false, false, true)]
    [InlineData(15, false, true, true)]
    [InlineData(40, true, true, true)]
    public void The_higher_the_sensitivity_the_shorter_the_way_that_counts(double far, bool low, bool normal, bool high)
    {
        Assert.Equal(low, Decide(new() { Sensitivity = Sensitivity.Low }, Goes(far)).Count == 1);
        Assert.Equal(normal, Decide(new(), Goes(far)).Count == 1);
        Assert.Equal(high, Decide(new() { Sensitivity = Sensitivity.High }, Goes(far)).Count == 1);
    }

    [Fact]
    public void Who_counts_at_one_sensitivity_counts_at_every_higher_one() =>
        Gen.Select(Gen.Int[2, 60], Gen.Int[2, 60], Gen.Double[-120, 120], Gen.Double[-60, 60], Gen.Int[3, 60], Gen.Double[0, 1]).Sample((w, h, across, down, frames, moving) =>
        {
            int area = Math.Max(1, w * h * 3 / 4);
            var walk = Enumerable.Range(0, frames).Select(i => new FrameScore(i * Rate, Rate, [new((int)(150 + (across * i * Rate)), (int)(80 + (down * i * Rate)), w, h, area, (int)(moving * area))]))
                .TakeWhile(f => f.Patches[0] is { X: >= 0, Y: >= 0, Right: <= 384, Bottom: <= 216 })
                .Append(new(frames * Rate, Rate, [])).Append(new((frames * Rate) + 1, Rate, [])).ToList();
            int[] found = [.. ((Sensitivity[])[Sensitivity.Low, Sensitivity.Normal, Sensitivity.High]).Select(s => Decide(new() { Sensitivity = s }, walk).Count)];
            Assert.True(found[0] <= found[1] && found[1] <= found[2], string.Join(' ', found));
        }, iter: 1000);

    [Fact]
    public void What_stays_below_the_minimum_size_is_no_event_and_what_grows_beyond_it_is_one_from_first_sight()
    {
        static Patch Walker(double t, double tall) => new((int)(20 + (t * 30)), 40, (int)(tall / 2), (int)tall, (int)(tall * tall / 3), (int)(tall * tall / 5));
        IEnumerable<FrameScore> small = [.. Frames(0, 6, t => [Walker(t, 20)]), .. Frames(6, 8, _ => [])], grows = [.. Frames(0, 6, t => [Walker(t, 20 + (5 * t))]), .. Frames(6, 8, _ => [])];
        AnalysisSettings asked = new() { MinimumSize = 40 };
        Assert.Single(Decide(new(), small));
        Assert.Single(Decide(asked with { MinimumSize = 20 }, small));
        Assert.Empty(Decide(asked, small));
        var found = Assert.Single(Decide(asked, grows));
        Assert.Equal(0, found.Start, 0.001);
        Assert.Equal(6, found.End, 0.001);
    }

    [Fact]
    public void The_minimum_size_is_meant_in_pixels_of_the_upright_frame()
    {
        MotionRule rule = AskedRule.Of(new() { MinimumSize = 100 }, (384, 216), (1920, 1080));
        Assert.Equal(100, rule.LongerSide(new(0, 0, 20, 10, 0, 0)), 0.001);
        Assert.Equal(100, rule.LongerSide(new(0, 0, 10, 20, 0, 0)), 0.001);
    }

    [Fact]
    public void Something_too_small_neither_lengthens_nor_joins_the_events_of_others()
    {
        static Patch Person(double t) => new((int)(20 + (t * 40)), 80, 30, 80, 1500, 600);
        static Patch Bird(double t) => new((int)(20 + (t * 20)), 10, 12, 8, 70, 50);
        IEnumerable<FrameScore> frames =
            [.. Frames(1, 3, t => [Person(t - 1), Bird(t - 1)]), .. Frames(3, 6, t => [Bird(t - 1)]), .. Frames(6, 8, t => [Person(t - 6), Bird(t - 1)]), .. Frames(8, 10, t => [Bird(t - 1)]), .. Frames(10, 12, _ => [])];
        Assert.Single(Decide(new(), frames));
        var found = Decide(new() { MinimumSize = 40 }, frames);
        Assert.Equal([(1, 3), (6, 8)], found.Select(e => (Math.Round(e.Start, 3), Math.Round(e.End, 3))));
    }

    [Fact]
    public void While_it_is_not_known_whether_something_gets_large_enough_the_gate_has_every_frame_decoded()
    {
        var events = new MotionEvents(AskedRule.Of(new() { MinimumSize = 60 }, Size, Size));
        foreach (var frame in Frames(0, 2, t => [new((int)(20 + (t * 30)), 40, 10, 20, 150, 100)])) events.Step(frame);
        Assert.Single(events.Counting);
        Assert.True(events.SeesTooSmall);
        Patch seen = events.Counting[0].Box;
        Stretch stretch = new() { Seconds = 2, Here = [seen], Next = [seen], Around = [], PacketBytes = (1000, 1000, 10), Counting = events.Counting };
        Assert.Equal(StretchWay.Inside, Gating.Decide(stretch, new(384, 216)).Way);
        Assert.Equal(StretchWay.Decoded, Gating.Decide(stretch with { SeesTooSmall = true }, new(384, 216)).Way);
        foreach (var frame in Frames(2, 3, t => [new((int)(20 + (t * 30)), 40, 30, 60, 1300, 700)])) events.Step(frame);
        Assert.False(events.SeesTooSmall);
    }

    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(1.5, 1)]
    [InlineData(3, 1)]
    public void Visits_closer_than_the_merge_gap_that_was_asked_for_are_one(double gap, int events)
    {
        static Patch[] Person(double t) => [new((int)(20 + (t * 40)), 80, 30, 80, 1500, 600)];
        Assert.Equal(events, Decide(new() { MergeGap = gap }, [.. Frames(1, 3, t => Person(t - 1)), .. Frames(3, 4.2, _ => []), .. Frames(4.2, 6, t => Person(t - 4.2)), .. Frames(6, 9, _ => [])]).Count);
    }
}
