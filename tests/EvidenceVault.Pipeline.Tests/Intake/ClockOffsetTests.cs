using EvidenceVault.Pipeline.Intake;

namespace EvidenceVault.Pipeline.Tests.Intake;

public sealed class ClockOffsetTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(42.25, 42.25)]
    [InlineData(-3600, -3600)]
    [InlineData(0, 0)]
    public void The_offset_is_reference_minus_camera(double referenceAhead, double expected)
    {
        ClockOffset offset = ClockOffset.From(new(Noon, Noon.AddSeconds(referenceAhead), 0.5, null));
        Assert.Equal((expected, 0.5), (offset.Seconds, offset.UncertaintySeconds));
    }

    [Fact]
    public void The_time_zones_in_which_the_clocks_are_written_do_not_matter() =>
        Assert.Equal(10, ClockOffset.From(new(Noon, Noon.AddSeconds(10).ToOffset(TimeSpan.FromHours(5)), 1, null)).Seconds);

    [Theory]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void An_uncertainty_that_is_none_is_refused(double uncertainty) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ClockOffset.From(new(Noon, Noon, uncertainty, null)));
}
