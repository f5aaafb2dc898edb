using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class CanonicalJsonTests
{
    // RFC 8785 appendix B.
    [Theory]
    [InlineData("0000000000000000", "0")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992")]
    [InlineData("c340000000000000", "-9007199254740992")]
    [InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22")]
    [InlineData("44b52d02c7e14af6", "1e+23")]
    [InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000")]
    [InlineData("444b1ae4d6e2ef4f", "999999999999999900000")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325")]
    [InlineData("41b3de4355555555", "333333333.3333333")]
    [InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343")]
    [InlineData("becbf647612f3696", "-0.0000033333333333333333")]
    [InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void Numbers_are_written_as_RFC_8785_appendix_B_says(string bits, string text) => Assert.Equal(text, CanonicalJson.NumberText(Double(bits)));

    [Theory]
    [InlineData("7fffffffffffffff")]
    [InlineData("7ff0000000000000")]
    public void Numbers_that_are_not_finite_are_refused(string bits) => Assert.Throws<FormatException>(() => CanonicalJson.NumberText(Double(bits)));

    [Fact]
    public void Numbers_are_written_as_an_ECMAScript_engine_wrote_them()
    {
        var lines = File.ReadLines(Vectors.Own("es-numbers.txt")).Where(l => !l.StartsWith('#')).Select(l => l.Split(' ')).ToList();
        Assert.True(lines.Count > 500);
        Assert.All(lines, l => Assert.Equal(l[1], CanonicalJson.NumberText(Double(l[0]))));
    }

    [Fact]
    public void A_number_written_reads_back_as_the_same_double() => Gen.Double.Where(double.IsFinite).Sample(d =>
        double.Parse(CanonicalJson.NumberText(d), CultureInfo.InvariantCulture) == d);

    // RFC 8785 section 3.2.2.
    [Fact]
    public void The_sample_object_of_RFC_8785_comes_out_as_printed_there()
    {
        const string input = """
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """;
        const string expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        using var document = JsonDocument.Parse(input);
        Assert.Equal(expected, Text(CanonicalJson.Serialize(document.RootElement)));
        Assert.Equal(expected, Text(CanonicalJson.Serialize(JsonNode.Parse(input))));
    }

    // RFC 8785 section 3.2.3.
    [Fact]
    public void Members_are_sorted_by_UTF_16_code_units()
    {
        var json = new JsonObject
        {
            ["\u20ac"] = "Euro Sign",
            ["\r"] = "Carriage Return",
            ["\ufb33"] = "Hebrew Letter Dalet With Dagesh",
            ["1"] = "One",
            ["\ud83d\ude00"] = "Emoji: Grinning Face",
            ["\u0080"] = "Control",
            ["\u00f6"] = "Latin Small Letter O With Diaeresis",
        };
        using var canonical = JsonDocument.Parse(CanonicalJson.Serialize(json));
        Assert.Equal(["\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"], canonical.RootElement.EnumerateObject().Select(m => m.Name));
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("{\"a\":{\"b\":1,\"b\":2}}")]
    [InlineData("{\"b\":1,\"a\":2}")]
    [InlineData("{ \"a\":1}")]
    [InlineData("{\"a\":1}\n")]
    [InlineData("{\"a\":1.0}")]
    [InlineData("{\"a\":-0}")]
    [InlineData("{\"a\":1e400}")]
    [InlineData("{\"a\":9007199254740993}")]
    [InlineData("{\"a\":\"\\u0041\"}")]
    [InlineData("{\"a\":\"\\/\"}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":1}{}")]
    [InlineData("/**/{}")]
    [InlineData("\ufeff{}")]
    [InlineData("")]
    public void What_is_not_in_the_one_canonical_form_is_rejected(string text)
    {
        Assert.False(CanonicalJson.IsCanonical(Encoding.UTF8.GetBytes(text), out string problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Deep_nesting_and_ill_formed_UTF_8_are_rejected_without_a_throw()
    {
        Assert.False(CanonicalJson.IsCanonical(Encoding.UTF8.GetBytes(new string('[', 100_000))));
        Assert.False(CanonicalJson.IsCanonical(new byte[] { (byte)'"', 0xc0, 0x80, (byte)'"' }));
        Assert.False(CanonicalJson.IsCanonical(new byte[] { (byte)'"', 0xed, 0xa0, 0x80, (byte)'"' }));
    }

    [Fact]
    public void Random_bytes_never_throw() => Gen.Byte.Array[0, 64].Sample(bytes => { _ = CanonicalJson.IsCanonical(bytes); });

    [Fact]
    public void What_is_serialised_is_canonical() => Gen.Select(Gen.String[Gen.Char['\0', '\ud7ff'], 0, 20], Gen.String[Gen.Char['\ue000', '\uffff'], 0, 20], Gen.Double.Where(d => Math.Abs(d) < 1L << 53)).Sample((a, b, d) =>
    {
        byte[] bytes = CanonicalJson.Serialize(new JsonObject { ["x" + a] = b, ["y" + b] = new JsonArray(d, a, null, true), [""] = new JsonObject() });
        return CanonicalJson.IsCanonical(bytes);
    });

    // The bound on integers is the writer's alone: a reader takes any double in its canonical form.
    [Fact]
    public void Any_finite_number_in_canonical_form_is_read() => Gen.Double.Where(double.IsFinite).Sample(d =>
        CanonicalJson.IsCanonical(Encoding.ASCII.GetBytes(CanonicalJson.NumberText(d))));

    [Fact]
    public void An_integer_that_readers_would_round_is_refused_when_written()
    {
        Assert.Equal("{\"n\":9007199254740991}", Text(CanonicalJson.Serialize(new JsonObject { ["n"] = 9007199254740991 })));
        Assert.Throws<FormatException>(() => CanonicalJson.Serialize(new JsonObject { ["n"] = 9007199254740993 }));
        Assert.Throws<FormatException>(() => CanonicalJson.Serialize(new JsonObject { ["n"] = ulong.MaxValue }));
        Assert.Throws<FormatException>(() => CanonicalJson.Serialize(new JsonObject { ["n"] = -38E15 }));
        Assert.Throws<FormatException>(() => CanonicalJson.Serialize(JsonValue.Create("\ud800")));
    }

    private static double Double(string bits) => BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
