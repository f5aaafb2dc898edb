using CsCheck;
using EvidenceVault.Worker.Showing;

namespace EvidenceVault.Worker.Tests;

public sealed class SummaryTableTests
{
    private static readonly SummaryRow Row = new("EV/1", "CAM-1", 12_345_678, new string('a', 64), 3, 6, "analysed");

    [Fact]
    public void Where_there_is_no_terminal_the_hash_is_whole() =>
        Assert.Contains($" {new string('a', 64)} ", SummaryTable.Lines([Row], null)[1]);

    [Fact]
    public void On_a_terminal_the_hash_is_cut_only_when_it_does_not_fit()
    {
        int whole = SummaryTable.Lines([Row], null).Max(l => l.Length);
        Assert.Contains(new string('a', 64), SummaryTable.Lines([Row], whole)[1]);
        string cut = SummaryTable.Lines([Row], 100)[1];
        Assert.Contains("aaa…", cut);
        Assert.Equal(100, cut.Length);
    }

    [Fact]
    public void No_line_is_wider_than_a_terminal_of_100_columns() =>
        Gen.Select(Gen.Int[1, 99_999], Gen.Long[0, long.MaxValue], Gen.Int[0, 99_999]).Sample((number, bytes, count) =>
            SummaryTable.Lines([Row, Row with { Exhibit = $"EV/{number}", Bytes = bytes, Segments = count, State = "not-analysed" }, Row with { Bytes = null, Sha256 = null }], 100).All(l => l.Length <= 100));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(999_949, "999.9 kB")]
    [InlineData(999_950, "1.0 MB")]
    [InlineData(12_345_678, "12.3 MB")]
    [InlineData(long.MaxValue, "9.2 EB")]
    public void A_size_is_told_in_powers_of_1000(long bytes, string told) => Assert.Equal(told, SummaryTable.Size(bytes));
}
