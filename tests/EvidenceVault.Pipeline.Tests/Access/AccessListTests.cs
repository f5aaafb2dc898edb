using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Tests.Access;

public class AccessListTests
{
    private static readonly AccessList List = new(
    [
        new("tech", [Role.Technician], ["OP-HERON"]),
        new("officer", [Role.CaseOfficer], ["OP-HERON", "OP-KITE"]),
        new("auditor", [Role.Auditor], ["*"]),
    ]);

    [Theory]
    [InlineData("tech", Role.Technician, "OP-HERON", true)]
    [InlineData("tech", Role.Technician, "OP-KITE", false)]
    [InlineData("tech", Role.CaseOfficer, "OP-HERON", false)]
    [InlineData("officer", Role.CaseOfficer, "OP-KITE", true)]
    [InlineData("auditor", Role.Auditor, "OP-ANY", true)]
    [InlineData("stranger", Role.Auditor, "OP-HERON", false)]
    [InlineData("tech", Role.Technician, null, true)]
    public void Only_a_grant_lets_anyone_do_anything(string account, Role role, string? caseName, bool allowed) =>
        Assert.Equal(allowed, List.Allows(account, [role], caseName));

    [Fact]
    public void No_roles_are_held_by_nobody() => Assert.False(List.Allows("auditor", [], null));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"people\":[{\"account\":\"a\",\"roles\":[\"King\"],\"cases\":[\"*\"]}]}")]
    [InlineData("{\"people\":[{\"account\":\"a\",\"roles\":[4],\"cases\":[\"*\"]}]}")]
    [InlineData("{}")]
    public void A_list_that_cannot_be_understood_lets_nobody_in(string json)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, json);
        Assert.Throws<UnreachableException>(() => AccessList.Read(path).Allows("a", [Role.Auditor], null));
        File.Delete(path);
    }

    [Fact]
    public void A_list_reads_back_as_it_was_written()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, List.ToJson());
        Assert.Equal(List.ToJson(), AccessList.Read(path).ToJson());
        File.Delete(path);
    }
}
