using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Pipeline.Tests.Analysis;

public class GatingTests
{
    private static readonly MotionRule Rule = new(384, 216);
    private static readonly Patch Person = new(100, 80, 30, 80, 1500, 0), Bush = new(300, 60, 20, 20, 200, 0);

    private static Stretch Quiet => new() { Seconds = 2, Here = [], Next = [], Around = [.. Enumerable.Repeat<IReadOnlyList<Patch>>([], 40)], PacketBytes = (1000, 1000, 10) };

    private static StretchWay Way(Stretch stretch) => Gating.Decide(stretch, Rule).Way;

    [Fact]
    public void A_stretch_whose_ends_are_as_the_scene_is_is_left_out() => Assert.Equal(StretchWay.LeftOut, Way(Quiet));

    [Fact]
    public void What_stands_out_at_either_end_has_it_decoded()
    {
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { Here = [Person] }));
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { Next = [Person] }));
    }

    [Fact]
    public void What_stirs_at_the_same_place_all_the_time_does_not() =>
        Assert.Equal(StretchWay.LeftOut, Way(Quiet with { Next = [Bush], Around = [.. Enumerable.Range(0, 40).Select(i => (IReadOnlyList<Patch>)(i % 2 == 0 ? [Bush] : []))] }));

    [Fact]
    public void Something_much_larger_at_the_place_of_a_bush_does() =>
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { Next = [Bush with { Width = 40, Height = 40, Area = 1200 }], Around = [.. Enumerable.Repeat<IReadOnlyList<Patch>>([Bush], 40)] }));

    [Fact]
    public void A_block_that_changes_larger_packets_and_another_scene_have_it_decoded()
    {
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { ChangedBlocks = 1 }));
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { PacketBytes = (1200, 1000, 10) }));
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { OtherScene = true }));
    }

    [Fact]
    public void Inside_of_an_event_only_key_frames_are_looked_at_until_what_moved_is_gone()
    {
        Stretch open = Quiet with { Counting = [(Person, 1500)], Here = [Person] };
        Assert.Equal(StretchWay.Inside, Way(open with { Next = [Person with { X = 160 }] }));
        Assert.Equal(StretchWay.Decoded, Way(open));
        // Somebody who is gone by now and somebody who is there at the end of the stretch are two visits.
        Assert.Equal(StretchWay.Decoded, Way(open with { Here = [], Next = [Person] }));
        // A scrap of what was followed, or something at the other end of the picture, is not it.
        Assert.Equal(StretchWay.Decoded, Way(open with { Next = [Person with { Area = 100 }] }));
        Assert.Equal(StretchWay.Decoded, Way(open with { Counting = [(Person with { Width = 10, Height = 10 }, 60)], Here = [Person with { Width = 10, Height = 10, Area = 60 }], Next = [Person with { X = 350, Area = 60 }] }));
    }

    [Fact]
    public void Who_is_far_off_and_stands_out_soon_after_a_stretch_has_it_decoded()
    {
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { Later = [Person with { Width = 4, Height = 8, Area = 24 }] }));
        // Somebody near is seen at once.
        Assert.Equal(StretchWay.LeftOut, Way(Quiet with { Later = [Person] }));
    }

    [Fact]
    public void While_something_tiny_is_followed_all_is_decoded()
    {
        Patch tiny = new(100, 80, 3, 5, 12, 0);
        Assert.Equal(StretchWay.Decoded, Way(Quiet with { Counting = [(tiny, 12)], Here = [tiny], Next = [tiny with { X = 104 }] }));
        Patch small = new(100, 80, 6, 10, 50, 0);
        Assert.Equal(StretchWay.Inside, Way(Quiet with { Counting = [(small, 50)], Here = [small], Next = [small with { X = 104 }] }));
    }

    [Fact]
    public void What_the_edge_of_the_picture_cuts_off_and_is_less_than_it_was_may_have_left_in_between()
    {
        Patch atEdge = Person with { X = 354 };
        Stretch open = Quiet with { Counting = [(atEdge, 1500)], Here = [atEdge] };
        Assert.Equal(StretchWay.Inside, Way(open with { Next = [atEdge] }));
        Assert.Equal(StretchWay.Decoded, Way(open with { Next = [atEdge with { X = 374, Width = 10, Area = 500 }] }));
        Assert.Equal(StretchWay.Inside, Way(open with { Counting = [(Person, 1500)], Here = [Person], Next = [Person with { Area = 900 }] }));
    }

    [Fact]
    public void What_is_less_than_half_of_who_was_there_may_be_something_else_such_as_an_insect()
    {
        Stretch open = Quiet with { Counting = [(Person, 1500)], Here = [Person] };
        Assert.Equal(StretchWay.Decoded, Way(open with { Next = [Person with { Area = 700 }] }));
        Assert.Equal(StretchWay.Decoded, Way(open with { Here = [Person with { Area = 700 }], Next = [Person] }));
    }

    [Fact]
    public void Where_stretches_were_left_out_before_what_moved_may_have_gone_on_in_them()
    {
        Patch on = Person with { X = 200 }, farther = Person with { X = 300 };
        Stretch walk = Quiet with { Counting = [(Person, 1500)], Here = [on], Next = [farther] };
        Assert.Equal(StretchWay.Decoded, Way(walk));
        Assert.Equal(StretchWay.Inside, Way(walk with { SinceLook = 2 }));
    }

    [Fact]
    public void What_was_seen_to_leave_does_not_have_the_next_stretch_decoded()
    {
        Stretch gone = Quiet with { Counting = [(Person, 1500)], SinceLook = 0.08 };
        Assert.Equal(StretchWay.LeftOut, Way(gone));
        Assert.Equal(StretchWay.Decoded, Way(gone with { PacketBytes = (1200, 1000, 10) }));
        // Nobody looked when it left.
        Assert.Equal(StretchWay.Decoded, Way(gone with { SinceLook = 2 }));
    }
}
