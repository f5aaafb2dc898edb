using CsCheck;
using EvidenceVault.Testing;

namespace EvidenceVault.Proof.Tests;

/// <summary>Against tokens of a real authority, <c>openssl ts</c>, which shares nothing with the checker.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public class TimestampTests
{
    private static readonly byte[] Stamped = "the signature of a seal"u8.ToArray();

    [Theory]
    [InlineData("sha256")]
    [InlineData("sha384")]
    [InlineData("sha512")]
    public void A_token_that_openssl_made_and_accepts_holds(string digest)
    {
        using var tsa = new OpensslTsa(digest: digest);
        byte[] token = tsa.Stamp(Stamped);
        Assert.True(tsa.Accepts(Stamped, token));
        foreach (string given in new[] { tsa.CaPem, tsa.Pem, tsa.CaPem + tsa.Pem })
        {
            TimestampVerdict verdict = TimestampCheck.Check(Stamped, token, given);
            Assert.True(verdict.Finding.Holds, verdict.Finding.Sentence);
            Assert.True((TimeProvider.System.GetUtcNow() - verdict.Time!.Value).Duration() < TimeSpan.FromHours(1));
        }
        // Without the certificate in the token, the authority's own must be given.
        byte[] bare = tsa.Stamp(Stamped, withCertificate: false);
        Assert.True(TimestampCheck.Check(Stamped, bare, tsa.Pem).Finding.Holds);
        Assert.False(TimestampCheck.Check(Stamped, bare, tsa.CaPem).Finding.Holds);
    }

    [Fact]
    public void A_token_of_other_bytes_or_by_another_authority_is_refused()
    {
        using OpensslTsa tsa = new(), other = new();
        byte[] token = tsa.Stamp(Stamped);
        Assert.False(tsa.Accepts([.. Stamped, 1], token));
        Assert.Contains("other bytes", TimestampCheck.Check((byte[])[.. Stamped, 1], token, tsa.CaPem).Finding.Sentence);
        Assert.Contains("not vouched for", TimestampCheck.Check(Stamped, token, other.CaPem).Finding.Sentence);
        Assert.Contains("not vouched for", TimestampCheck.Check(Stamped, token, other.Pem).Finding.Sentence);
        Assert.False(TimestampCheck.Check(Stamped, token, "no certificate").Finding.Holds);
        Assert.False(TimestampCheck.Check(Stamped, (byte[])[.. token, 0], tsa.CaPem).Finding.Holds);
    }

    [Fact]
    public void A_certificate_that_is_for_more_than_time_stamps_is_refused()
    {
        // openssl itself signs only with a certificate that is for time stamps, so the certificate is exchanged for the same key's other one.
        using var tsa = new OpensslTsa();
        byte[] token = tsa.Stamp(Stamped, withCertificate: false);
        foreach (string purpose in (string[])["critical,timeStamping,emailProtection", "timeStamping", "critical,emailProtection"])
            Assert.False(TimestampCheck.Check(Stamped, token, tsa.Reissue(purpose)).Finding.Holds, purpose);
        // The same purpose, in another certificate than the one the token names (RFC 5816).
        Assert.False(TimestampCheck.Check(Stamped, token, tsa.Reissue("critical,timeStamping")).Finding.Holds);
        Assert.True(TimestampCheck.Check(Stamped, token, tsa.Pem).Finding.Holds);
    }

    [Fact]
    public void Any_one_bit_of_the_stamped_bytes_flipped_is_found_and_damaged_tokens_never_throw()
    {
        using var tsa = new OpensslTsa();
        byte[] token = tsa.Stamp(Stamped);
        string ca = tsa.CaPem;
        Gen.Int[0, Stamped.Length * 8 - 1].Sample(bit => !TimestampCheck.Check(Flip.Bit(Stamped, bit), token, ca).Finding.Holds, iter: 100);
        Gen.Int[0, token.Length * 8 - 1].Sample(bit => { _ = TimestampCheck.Check(Stamped, Flip.Bit(token, bit), ca); }, iter: 500);
        Gen.Int[0, token.Length - 1].Sample(length => !TimestampCheck.Check(Stamped, token.AsMemory(0, length), ca).Finding.Holds, iter: 100);
        Gen.Byte.Array[0, 200].Sample(bytes => !TimestampCheck.Check(Stamped, bytes, ca).Finding.Holds, iter: 200);
    }
}
