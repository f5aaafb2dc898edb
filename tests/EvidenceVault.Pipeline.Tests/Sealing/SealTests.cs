using System.Diagnostics;
using System.Security.Cryptography.Pkcs;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Proof;
using Microsoft.Extensions.Time.Testing;

namespace EvidenceVault.Pipeline.Tests.Sealing;

public sealed class SealTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("evidencevault-seal-").FullName;
    private readonly KeyRing ring;

    public SealTests() => ring = KeyRing.OpenOrCreate(Path.Combine(folder, "vault"), TimeProvider.System);

    public void Dispose()
    {
        ring.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task OpenSSL_accepts_a_seal()
    {
        (int exit, string said) = await OpensslAsync(Write());
        Assert.True(exit == 0, said);
        Assert.Contains("CMS Verification successful", said);
    }

    [Fact]
    public async Task OpenSSL_rejects_a_manifest_with_one_byte_changed()
    {
        Seal seal = Write();
        foreach (int at in (int[])[0, seal.ManifestBytes.Length / 2, seal.ManifestBytes.Length - 1])
        {
            byte[] altered = [.. seal.ManifestBytes];
            altered[at] ^= 0x01;
            (int exit, _) = await OpensslAsync(seal with { ManifestBytes = altered });
            Assert.NotEqual(0, exit);
        }
    }

    [Fact]
    public async Task OpenSSL_rejects_a_seal_of_another_vault()
    {
        using KeyRing other = KeyRing.OpenOrCreate(Path.Combine(folder, "other"), TimeProvider.System);
        (int exit, _) = await OpensslAsync(Write(other));
        Assert.NotEqual(0, exit);
    }

    [Fact]
    public void The_seal_is_the_canonical_manifest_and_carries_its_certificate_and_time()
    {
        FakeTimeProvider clock = new(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));
        using KeyRing then = KeyRing.OpenOrCreate(Path.Combine(folder, "then"), clock);
        Seal seal = Write(then);

        Assert.True(CanonicalJson.IsCanonical(seal.ManifestBytes));
        Assert.Equal("AB/1", SealManifest.Parse(seal.ManifestBytes).Exhibit);
        SignedCms cms = new(new ContentInfo(seal.ManifestBytes), detached: true);
        cms.Decode(seal.CmsDer);
        cms.CheckSignature(verifySignatureOnly: true);
        Assert.Equal(then.Seal.CertificateSha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Assert.Single(cms.Certificates).RawData)));
        Pkcs9SigningTime time = cms.SignerInfos[0].SignedAttributes.Cast<System.Security.Cryptography.CryptographicAttributeObject>()
            .SelectMany(a => a.Values.Cast<System.Security.Cryptography.AsnEncodedData>()).OfType<Pkcs9SigningTime>().Single();
        Assert.Equal(clock.GetUtcNow().UtcDateTime, time.SigningTime);
    }

    [Fact]
    public void A_manifest_with_a_bad_value_is_not_signed()
    {
        bool asked = false;
        SealWriter writer = new(_ => { asked = true; return []; });
        Assert.Throws<FormatException>(() => writer.Write(Manifest() with { Exhibit = "../AB/1" }));
        Assert.False(asked);
    }

    private Seal Write(KeyRing? by = null)
    {
        ISealSigner signer = (by ?? ring).Seal;
        return new SealWriter(bytes => signer.SignDetached(bytes.Span)).Write(Manifest());
    }

    private static SealManifest Manifest() => new()
    {
        Exhibit = "AB/1",
        Case = "OP-HERON",
        Camera = "CAM-7",
        Sha256 = new string('a', 64),
        Sha512 = new string('b', 128),
        Bytes = 12,
        SealedAt = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero),
        Store = new($"masters/sha256/aa/{new string('a', 64)}", "azure-client-side-v2.0-aes-256-gcm", "application", "application", ""),
        Derivation = new("AB/1", new string('c', 64), "clip", new JsonObject { ["preRoll"] = 2 }, new Dictionary<string, string> { ["ffmpeg"] = "7.1" }),
    };

    private async Task<(int Exit, string Said)> OpensslAsync(Seal seal)
    {
        string At(string name) => Path.Combine(folder, name);
        await File.WriteAllBytesAsync(At("manifest.json"), seal.ManifestBytes);
        await File.WriteAllBytesAsync(At("seal.p7s"), seal.CmsDer);
        await File.WriteAllTextAsync(At("ca.pem"), ring.Seal.CaPem);
        using Process openssl = Process.Start(new ProcessStartInfo("openssl",
            ["cms", "-verify", "-binary", "-content", At("manifest.json"), "-inform", "DER", "-in", At("seal.p7s"), "-CAfile", At("ca.pem"), "-out", At("out")])
        {
            RedirectStandardError = true,
        })!;
        string said = await openssl.StandardError.ReadToEndAsync();
        await openssl.WaitForExitAsync();
        return (openssl.ExitCode, said);
    }
}
