using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class SealTests
{
    private static readonly DateTimeOffset From = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2036, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset At = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly X509Certificate2 Ca = MakeCa("CN=OP-HERON test CA");

    private static SealManifest Master => new()
    {
        Exhibit = "AB/1",
        Case = "OP-HERON",
        Camera = "CAM-7",
        Sha256 = new string('a', 64),
        Sha512 = new string('b', 128),
        Bytes = 1234,
        MediaType = "video/mp4",
        OriginalNameDigest = Disclosure.Create("original-name", "IMG_0001.MP4", new byte[16]).Digest,
        SealedAt = At,
        Store = new("masters/sha256/aa/" + new string('a', 64), "azure-client-side-v2.1-aes-256-gcm", "application", "application", "the service answered 501"),
    };

    private static SealManifest Clip => Master with
    {
        Exhibit = "AB/1/1",
        Derivation = new("AB/1", new string('a', 64), "clip", new JsonObject { ["preRoll"] = 2, ["nested"] = new JsonObject { ["x"] = null } }, new SortedDictionary<string, string> { ["ffmpeg"] = "7.1" }),
    };

    [Fact]
    public void A_manifest_reads_back_as_written()
    {
        foreach (var manifest in new[] { Master, Clip })
        {
            byte[] bytes = manifest.ToCanonicalBytes();
            Assert.True(CanonicalJson.IsCanonical(bytes));
            Assert.Equal(bytes, SealManifest.Parse(bytes).ToCanonicalBytes());
        }
        Assert.Null(SealManifest.Parse(Master.ToCanonicalBytes()).Derivation);
        Assert.Equal("7.1", SealManifest.Parse(Clip.ToCanonicalBytes()).Derivation!.Versions["ffmpeg"]);
    }

    [Fact]
    public void A_manifest_that_breaks_a_rule_is_neither_written_nor_read()
    {
        Assert.Throws<FormatException>(() => (Master with { Sha256 = "x" }).ToCanonicalBytes());
        Assert.Throws<FormatException>(() => (Master with { Bytes = -1 }).ToCanonicalBytes());
        Assert.Throws<FormatException>(() => (Master with { Store = Master.Store with { LegalHold = "perhaps" } }).ToCanonicalBytes());
        string clip = Encoding.UTF8.GetString(Clip.ToCanonicalBytes());
        Assert.False(SealManifest.TryParse(Encoding.UTF8.GetBytes(clip.Replace("\"derivative\"", "\"master\"")), out _, out string problem));
        Assert.Contains("parent", problem);
        Assert.Throws<FormatException>(() => SealManifest.Parse(Encoding.UTF8.GetBytes("[]")));
    }

    [Fact]
    public void A_good_seal_holds_in_each_of_its_claims()
    {
        byte[] content = Master.ToCanonicalBytes();
        foreach (AsymmetricAlgorithm key in new AsymmetricAlgorithm[] { ECDsa.Create(ECCurve.NamedCurves.nistP256), RSA.Create(2048) })
        {
            var report = SealCheck.Check(content, Sign(content, Issue(Ca, key: key)), Pem(Ca));
            Assert.True(report.Holds, string.Join('\n', report.Findings));
            Assert.Equal(["seal-content", "seal-signature", "seal-time", "seal-purpose", "seal-chain"], report.Findings.Select(f => f.Claim));
        }
    }

    [Fact]
    public void Any_one_bit_of_the_content_flipped_is_found()
    {
        byte[] content = Master.ToCanonicalBytes(), signature = Sign(content, Issue(Ca));
        Gen.Int[0, content.Length * 8 - 1].Sample(bit => Fails(SealCheck.Check(Flip.Bit(content, bit), signature, Pem(Ca)), "seal-content"));
    }

    [Fact]
    public void Damage_to_the_signature_never_throws_and_random_bytes_never_hold()
    {
        byte[] content = Master.ToCanonicalBytes(), signature = Sign(content, Issue(Ca));
        Gen.Int[0, signature.Length * 8 - 1].Sample(bit => { _ = SealCheck.Check(content, Flip.Bit(signature, bit), Pem(Ca)); }, iter: 300);
        Gen.Byte.Array[0, 200].Sample(bytes => !SealCheck.Check(content, bytes, Pem(Ca)).Holds);
        Gen.Int[0, signature.Length - 1].Sample(length => !SealCheck.Check(content, signature.AsMemory(0, length), Pem(Ca)).Holds);
        Assert.False(SealCheck.Check(content, new byte[] { 0x30, 0x80 }.AsMemory(), "not a certificate").Holds);
        Assert.False(SealCheck.Check(content, (byte[])[.. signature, 0], Pem(Ca)).Holds);
        Assert.False(SealCheck.Check(content, Enumerable.Repeat(new byte[] { 0x30, 0x80 }, 500_000).SelectMany(b => b).ToArray(), Pem(Ca)).Holds);
    }

    [Fact]
    public void A_seal_under_another_CA_of_the_same_name_is_refused()
    {
        byte[] content = Master.ToCanonicalBytes();
        Assert.True(Fails(SealCheck.Check(content, Sign(content, Issue(MakeCa("CN=OP-HERON test CA"))), Pem(Ca)), "seal-chain"));
        Assert.True(Fails(SealCheck.Check(content, Sign(content, Issue(MakeCa("CN=Another CA"))), Pem(Ca)), "seal-chain"));
    }

    [Fact]
    public void A_seal_made_outside_the_certificates_time_is_refused()
    {
        byte[] content = Master.ToCanonicalBytes();
        var report = SealCheck.Check(content, Sign(content, Issue(Ca), To.AddDays(1)), Pem(Ca));
        Assert.Equal("seal-time", Assert.Single(report.Findings, f => !f.Holds).Claim);
        Assert.True(Fails(SealCheck.Check(content, Sign(content, Issue(Ca), null), Pem(Ca)), "seal-time"));
    }

    [Fact]
    public void A_certificate_for_something_else_is_refused()
    {
        byte[] content = Master.ToCanonicalBytes();
        Assert.True(Fails(SealCheck.Check(content, Sign(content, Issue(Ca, purpose: "1.3.6.1.5.5.7.3.1")), Pem(Ca)), "seal-purpose"));
        Assert.True(Fails(SealCheck.Check(content, Sign(content, Issue(Ca, usage: X509KeyUsageFlags.KeyEncipherment)), Pem(Ca)), "seal-purpose"));
    }

    [Fact]
    public void A_seal_with_two_signers_or_without_its_certificate_is_refused()
    {
        byte[] content = Master.ToCanonicalBytes();
        var cms = new SignedCms(new ContentInfo(content), detached: true);
        cms.ComputeSignature(Signer(Issue(Ca), At));
        cms.ComputeSignature(Signer(Issue(Ca), At));
        Assert.True(Fails(SealCheck.Check(content, cms.Encode(), Pem(Ca)), "seal-form"));

        cms = new SignedCms(new ContentInfo(content), detached: true);
        var signer = Signer(Issue(Ca), At);
        signer.IncludeOption = X509IncludeOption.None;
        cms.ComputeSignature(signer);
        Assert.True(Fails(SealCheck.Check(content, cms.Encode(), Pem(Ca)), "seal-form"));
    }

    // Made with openssl cms -sign, an implementation that shares nothing with the checker.
    [Fact]
    public void A_seal_made_by_openssl_holds_and_fails_with_one_byte_changed()
    {
        byte[] content = File.ReadAllBytes(Vectors.Own("seal", "manifest.json")), signature = File.ReadAllBytes(Vectors.Own("seal", "manifest.cms"));
        string ca = File.ReadAllText(Vectors.Own("seal", "ca.pem"));
        Assert.True(SealManifest.TryParse(content, out _, out string problem), problem);
        var report = SealCheck.Check(content, signature, ca);
        Assert.True(report.Holds, string.Join('\n', report.Findings));
        for (int i = 0; i < content.Length; i++) Assert.False(SealCheck.Check(Flip.Bit(content, i * 8), signature, ca).Holds);
    }

    private static bool Fails(VerificationReport report, string claim) => report.Findings.Any(f => f.Claim == claim && !f.Holds);

    private static string Pem(X509Certificate2 certificate) => certificate.ExportCertificatePem();

    private static X509Certificate2 MakeCa(string name)
    {
        var request = new CertificateRequest(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(From, To.AddYears(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 ca, string purpose = "1.3.6.1.5.5.7.3.4", X509KeyUsageFlags usage = X509KeyUsageFlags.DigitalSignature, AsymmetricAlgorithm? key = null)
    {
        key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName("CN=OP-HERON test seal");
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        var issued = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(ca.GetECDsaPrivateKey()!), From, To, serial);
        return key is RSA r ? issued.CopyWithPrivateKey(r) : issued.CopyWithPrivateKey((ECDsa)key);
    }

    private static byte[] Sign(byte[] content, X509Certificate2 certificate) => Sign(content, certificate, At);

    private static byte[] Sign(byte[] content, X509Certificate2 certificate, DateTimeOffset? at)
    {
        var cms = new SignedCms(new ContentInfo(content), detached: true);
        cms.ComputeSignature(Signer(certificate, at));
        return cms.Encode();
    }

    private static CmsSigner Signer(X509Certificate2 certificate, DateTimeOffset? at)
    {
        var signer = new CmsSigner(certificate) { DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"), IncludeOption = X509IncludeOption.EndCertOnly };
        if (at is { } time) signer.SignedAttributes.Add(new Pkcs9SigningTime(time.UtcDateTime));
        else signer.SignedAttributes.Add(new Pkcs9DocumentName("so that there are signed attributes"));
        return signer;
    }
}
