using System.Text;
using CsCheck;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Tests;

public sealed class NamesTests
{
    [Theory]
    [InlineData("quay.mp4", "quay.mp4")]
    [InlineData("café 夜.mp4", "café 夜.mp4")]
    [InlineData("📹 night.mp4", "📹 night.mp4")]
    [InlineData("a\nb\u001b[31m", "a\\u000ab\\u001b[31m")]
    [InlineData("gpj\u202e.exe", "gpj\\u202e.exe")]
    [InlineData("\U000E0041", "\\udb40\\udc41")]
    [InlineData("\\u000a", "\\u005cu000a")]
    public void A_name_is_shown_as_it_is_but_for_what_could_deceive(string name, string shown) => Assert.Equal(shown, Names.Printable(name));

    [Fact]
    public void Half_a_surrogate_pair_is_told_by_its_number() => Assert.Equal("\\ud83dx", Names.Printable("\ud83dx"));

    [Fact]
    public void Whatever_the_name_what_is_shown_is_sound_text_without_control_characters() =>
        Gen.Char.Array.Select(chars => new string(chars)).Sample(name =>
        {
            string shown = Names.Printable(name);
            return !shown.Any(char.IsControl) && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shown)) == shown;
        });

    [Fact]
    public void Two_names_are_never_shown_alike() =>
        Gen.Select(Gen.Char["\\u0a\n\u202e"].Array[0, 8], Gen.Char["\\u0a\n\u202e"].Array[0, 8]).Sample((one, other) =>
            one.AsSpan().SequenceEqual(other) == (Names.Printable(new string(one)) == Names.Printable(new string(other))));
}
