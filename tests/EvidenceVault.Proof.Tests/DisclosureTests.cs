using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class DisclosureTests
{
    private static CustodyEntryDraft Draft => new()
    {
        Time = new(2026, 1, 31, 9, 5, 0, 123, TimeSpan.Zero),
        Action = "viewed",
        Outcome = Outcome.Done,
        Personal = [new("actor", "A. Technician"), new("reason", "pre-charge review"), new("source-name", new JsonArray("a", 1, true))],
    };

    // RFC 9901 sections 4.2.1 and 4.2.3: the disclosure printed there and its digest.
    [Fact]
    public void The_digest_of_RFC_9901_comes_out()
    {
        Assert.True(Disclosure.TryParse("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0", out var disclosure, out _));
        Assert.Equal("family_name", disclosure.Name);
        Assert.Equal("Möbius", disclosure.Value!.GetValue<string>());
        Assert.Equal("X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0", disclosure.Digest);
    }

    [Fact]
    public void Each_disclosure_checks_against_its_entry_and_no_other_does()
    {
        var drafted = Draft.Build();
        Assert.True(CustodyEntry.TryParse(drafted.Bytes, out var entry, out string problem), problem);
        Assert.Equal(["actor", "reason", "source-name"], drafted.Disclosures.Select(d => d.Name));
        foreach (var disclosure in drafted.Disclosures)
        {
            Assert.True(Disclosure.TryParse(disclosure.Encoded, out var read, out problem), problem);
            Assert.Equal(disclosure.Name, read.Name);
            Assert.True(JsonNode.DeepEquals(disclosure.Value, read.Value));
            Assert.True(read.CheckAgainst(entry).Holds);
        }
        Assert.False(Draft.Build().Disclosures[0].CheckAgainst(entry).Holds); // the same value under another salt
    }

    [Fact]
    public void An_entry_shows_nothing_of_its_personal_fields_and_two_alike_differ()
    {
        var (one, two) = (Draft.Build(), Draft.Build());
        Assert.DoesNotContain("Technician", Encoding.UTF8.GetString(one.Bytes));
        Assert.DoesNotContain("actor", Encoding.UTF8.GetString(one.Bytes));
        Assert.NotEqual(one.Bytes, two.Bytes);
    }

    [Fact]
    public void Any_one_bit_flipped_in_a_disclosure_is_found()
    {
        var drafted = Draft.Build();
        Assert.True(CustodyEntry.TryParse(drafted.Bytes, out var entry, out _));
        byte[] encoded = Encoding.ASCII.GetBytes(drafted.Disclosures[0].Encoded);
        Gen.Int[0, encoded.Length * 8 - 1].Sample(bit =>
            !(Disclosure.TryParse(Encoding.Latin1.GetString(Flip.Bit(encoded, bit)), out var damaged, out _) && damaged.CheckAgainst(entry).Holds));
    }

    [Theory]
    [InlineData("[\"salt\",\"_sd\",1]")]
    [InlineData("[\"salt\",\"...\",1]")]
    [InlineData("[\"salt\",\"name\"]")]
    [InlineData("[\"salt\",\"name\",1,2]")]
    [InlineData("[1,\"name\",1]")]
    [InlineData("[\"salt\",\"name\",{\"a\":1,\"a\":2}]")]
    [InlineData("[\"salt\",\"name\",\"\\ud800\"]")]
    [InlineData("[\"salt\",\"\\ud800\",1]")]
    [InlineData("{}")]
    [InlineData("")]
    public void What_is_no_disclosure_is_rejected_without_a_throw(string json)
    {
        Assert.False(Disclosure.TryParse(System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json)), out _, out string problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Random_text_never_throws() => Gen.OneOf(Gen.String, Gen.Byte.Array[0, 40].Select(b => System.Buffers.Text.Base64Url.EncodeToString(b))).Sample(text => { Disclosure.TryParse(text, out _, out _); });

    [Fact]
    public void Names_that_RFC_9901_keeps_and_names_given_twice_are_refused()
    {
        Assert.Throws<FormatException>(() => Disclosure.Create("_sd", "x"));
        Assert.Throws<FormatException>(() => Disclosure.Create("...", "x"));
        Assert.Throws<FormatException>(() => (Draft with { Personal = [new("actor", "a"), new("actor", "b")] }).Build());
    }
}
