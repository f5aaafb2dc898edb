using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>CMS detached signatures (RFC 5652, section 5) with ECDSA P-256 and SHA-256.</summary>
internal sealed class CertificateSealSigner : IDisposable
{
    private static readonly Oid Sha256 = new("2.16.840.1.101.3.4.2.1");

    private readonly X509Certificate2 certificate;
    private readonly TimeProvider clock;
    private readonly Lock signing = new(); // instance members of the key are not promised to be safe for two threads

    public CertificateSealSigner(SealKeys keys, TimeProvider clock)
    {
        this.clock = clock;
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(keys.Certificate);
        using ECDsa key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(keys.Key, out _);
        certificate = bare.CopyWithPrivateKey(key);
        CertificateSha256 = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
    }

    public string CertificateSha256 { get; }

    public byte[] SignDetached(ReadOnlySpan<byte> content)
    {
        SignedCms cms = new(new ContentInfo(content.ToArray()), detached: true);
        CmsSigner signer = new(SubjectIdentifierType.IssuerAndSerialNumber, certificate)
        {
            DigestAlgorithm = Sha256,
            IncludeOption = X509IncludeOption.EndCertOnly,
        };
        signer.SignedAttributes.Add(new Pkcs9SigningTime(clock.GetUtcNow().UtcDateTime)); // RFC 5652, section 11.3
        lock (signing)
        {
            cms.ComputeSignature(signer, silent: true);
        }
        return cms.Encode();
    }

    public void Dispose() => certificate.Dispose();
}
