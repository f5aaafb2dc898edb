using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class CustodyEntryTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 31, 10, 5, 0, 123, TimeSpan.FromHours(1));

    private static CustodyEntryDraft Draft => new()
    {
        Time = Time,
        Action = "sealed",
        Outcome = Outcome.Done,
        Case = "OP-HERON",
        Camera = "CAM-7",
        Exhibit = "AB/1",
        Seq = 2,
        Sha256 = new string('a', 64),
        Detail = new JsonObject { ["bytes"] = 4_000_000_000, ["moved"] = false, ["notes"] = new JsonArray("a", 1.5) },
    };

    [Fact]
    public void An_entry_is_canonical_and_reads_back_as_drafted()
    {
        byte[] bytes = Draft.Build().Bytes;
        Assert.Equal(
            "{\"action\":\"sealed\",\"camera\":\"CAM-7\",\"case\":\"OP-HERON\",\"detail\":{\"bytes\":4000000000,\"moved\":false,\"notes\":[\"a\",1.5]},\"exhibit\":\"AB/1\",\"outcome\":\"done\",\"seq\":2,"
            + $"\"sha256\":\"{new string('a', 64)}\",\"time\":\"2026-01-31T09:05:00.123Z\",\"v\":\"evidencevault/entry/1\"}}",
            Encoding.UTF8.GetString(bytes));
        Assert.True(CustodyEntry.TryParse(bytes, out var entry, out string problem), problem);
        Assert.Equal(Time, entry.Time);
        Assert.Equal(("sealed", Outcome.Done, "OP-HERON", "CAM-7", "AB/1", 2L), (entry.Action, entry.Outcome, entry.Case, entry.Camera, entry.Exhibit, entry.Seq));
        Assert.True(JsonNode.DeepEquals(Draft.Detail, entry.Detail));
        Assert.Empty(entry.Commitments);
    }

    [Fact]
    public void What_is_not_of_its_form_is_refused_when_drafted() => Assert.All(
        new CustodyEntryDraft[]
        {
            Draft with { Action = "Sealed" },
            Draft with { Action = "" },
            Draft with { Case = "OP HERON" },
            Draft with { Camera = "CAM\n7" },
            Draft with { Exhibit = "AB" },
            Draft with { Exhibit = "AB/1\n" },
            Draft with { Exhibit = null },
            Draft with { Seq = null },
            Draft with { Seq = 0 },
            Draft with { Sha256 = new string('A', 64) },
            Draft with { Detail = new JsonObject { ["nested"] = new JsonObject() } },
            Draft with { Detail = new JsonObject { ["nothing"] = null } },
            Draft with { Detail = new JsonObject { ["big"] = long.MaxValue } },
        },
        draft => Assert.Throws<FormatException>(() => draft.Build()));

    [Fact]
    public void An_entry_of_65535_bytes_is_made_and_one_byte_more_is_refused()
    {
        int room = CustodyEntry.MostBytes - (Draft with { Detail = new JsonObject { ["x"] = "" } }).Build().Bytes.Length;
        Assert.Equal(65_535, (Draft with { Detail = new JsonObject { ["x"] = new string('x', room) } }).Build().Bytes.Length);
        Assert.Throws<FormatException>(() => (Draft with { Detail = new JsonObject { ["x"] = new string('x', room + 1) } }).Build());
    }

    [Theory]
    [InlineData("\"v\":\"evidencevault/entry/1\"", "\"v\":\"evidencevault/entry/2\"")]
    [InlineData("\"v\":\"evidencevault/entry/1\"", "\"v\":\"evidencevault/entry/1\",\"w\":1")]
    [InlineData("\"seq\":2,", "")]
    [InlineData("\"seq\":2", "\"seq\":\"2\"")]
    [InlineData("\"seq\":2", "\"seq\":2.5")]
    [InlineData("\"outcome\":\"done\"", "\"outcome\":\"perhaps\"")]
    [InlineData("09:05:00.123Z", "09:05:00Z")]
    [InlineData("09:05:00.123Z", "09:05:00.123+00:00")]
    [InlineData("2026-01-31", "2026-02-31")]
    [InlineData("{\"action\"", "{\"_sd\":[],\"_sd_alg\":\"sha-256\",\"action\"")]
    [InlineData("{\"action\"", "{\"_sd_alg\":\"sha-256\",\"action\"")]
    [InlineData("{\"action\"", "{\"_sd\":[\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\",\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"],\"_sd_alg\":\"sha-256\",\"action\"")]
    [InlineData("{\"action\"", "{\"_sd\":[\"short\"],\"_sd_alg\":\"sha-256\",\"action\"")]
    public void An_entry_that_breaks_a_rule_is_not_read(string good, string bad)
    {
        string text = Encoding.UTF8.GetString(Draft.Build().Bytes);
        Assert.Contains(good, text);
        Assert.False(CustodyEntry.TryParse(Encoding.UTF8.GetBytes(text.Replace(good, bad)), out _, out string problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void A_damaged_entry_never_throws()
    {
        byte[] bytes = (Draft with { Personal = [new("actor", "x")] }).Build().Bytes;
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] damaged = [.. bytes];
            damaged[at] = value;
            CustodyEntry.TryParse(damaged, out _, out _);
        }, iter: 2000);
    }
}
