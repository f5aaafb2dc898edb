using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Tests;

public class ExhibitReferenceTests
{
    [Fact]
    public void Sub_exhibits_order_by_number_not_by_text()
    {
        var sorted = new[] { "AB/10", "AB/2", "AB/2/11", "AB/2/3", "AA/9" }.Select(ExhibitReference.Parse).Order().Select(r => r.Text);
        Assert.Equal(["AA/9", "AB/2", "AB/2/3", "AB/2/11", "AB/10"], sorted);
    }

    [Theory]
    [InlineData("AB")]
    [InlineData("AB/0")]
    [InlineData("AB/01")]
    [InlineData("ab/1")]
    [InlineData("AB/1\n")]
    [InlineData("../AB/1")]
    [InlineData("AB/1/1/1/1")]
    [InlineData("")]
    public void What_is_not_a_reference_is_refused(string text) => Assert.False(ExhibitReference.TryParse(text, out _));
}
