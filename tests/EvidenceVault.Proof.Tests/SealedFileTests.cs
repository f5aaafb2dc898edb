using EvidenceVault.Testing;

namespace EvidenceVault.Proof.Tests;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public class SealedFileTests
{
    private static readonly BundleMaker Made = BundleMaker.Whole();

    private static SealedFile Given => new()
    {
        Seal = Made.Files[BundlePath.Seal("AB/1")],
        Signature = Made.Files[BundlePath.SealSignature("AB/1")],
        CaPem = Made.Keys.CaPem,
    };

    [Fact]
    public void A_file_with_its_seal_holds()
    {
        VerificationReport report = Run(Made.Bytes["AB/1"], Given);
        Assert.True(report.Holds, string.Join('\n', report.Findings));
        Assert.Equal(["seal-content", "seal-signature", "seal-time", "seal-purpose", "seal-chain", "seal-binds"], report.Findings.Select(f => f.Claim));
        Assert.All(report.Findings, f => Assert.Equal("AB/1", f.Subject));
    }

    [Fact]
    public void Another_file_another_seal_and_another_CA_are_refused()
    {
        Assert.Equal("seal-binds", Assert.Single(Run(Flip.Bit(Made.Bytes["AB/1"], 77), Given).Findings, f => !f.Holds).Claim);
        Assert.Equal("seal-binds", Assert.Single(Run(Made.Bytes["AB/1"][1..], Given).Findings, f => !f.Holds).Claim);
        Assert.Equal("seal-binds", Assert.Single(Run([], Given).Findings, f => !f.Holds).Claim);
        Assert.Equal("seal-chain", Assert.Single(Run(Made.Bytes["AB/1"], Given with { CaPem = BundleKeys.New().CaPem }).Findings, f => !f.Holds).Claim);
        Assert.False(Run(Made.Bytes["AB/1"], Given with { Seal = Made.Files[BundlePath.Seal("AB/2")] }).Holds);
        Assert.False(Run(Made.Bytes["AB/1"], Given with { Seal = "{}"u8.ToArray() }).Holds);
    }

    [Fact]
    public void A_time_stamp_is_checked_where_it_is_given()
    {
        using var tsa = new OpensslTsa();
        SealedFile stamped = Given with { Timestamp = tsa.Stamp(Given.Signature.ToArray()), TsaPem = tsa.CaPem };
        Assert.Contains(Run(Made.Bytes["AB/1"], stamped).Findings, f => f is { Claim: "timestamp", Verdict: Verdict.Holds });
        Assert.Equal("timestamp", Assert.Single(Run(Made.Bytes["AB/1"], stamped with { Timestamp = tsa.Stamp([1]) }).Findings, f => !f.Holds).Claim);
        Assert.Equal("timestamp", Assert.Single(Run(Made.Bytes["AB/1"], stamped with { TsaPem = null }).Findings, f => !f.Holds).Claim);
    }

    private static VerificationReport Run(byte[] bytes, SealedFile given) => SealedFileCheck.Run(new MemoryStream(bytes), bytes.Length, given, BundleMaker.Start.AddDays(1));
}
