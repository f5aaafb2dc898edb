using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>Makes the vault's own certificates (RFC 5280) with the profile that <c>openssl cms -verify -CAfile</c> asks for.
/// Names carry no person and no force: a seal travels to places that need know neither.</summary>
internal static class SealCertificates
{
    // A seal outlives the case: murder files are kept for a lifetime, and a certificate that ran out reads as a defect in court.
    private const int YearsValid = 40;

    private static readonly OidCollection SigningUses =
    [
        new("1.3.6.1.5.5.7.3.4"),  // emailProtection: the purpose that openssl cms checks by default
        new("1.3.6.1.5.5.7.3.36"), // documentSigning (RFC 9336)
    ];

    /// <summary>A new authority and a signing certificate of its.</summary>
    public static SealKeys New(string suffix, TimeProvider clock)
    {
        (DateTimeOffset from, DateTimeOffset until) = Validity(clock);
        using ECDsa caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN=EvidenceVault Seal Authority {suffix}", caKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 ca = request.CreateSelfSigned(from, until);
        return Issue(ca, caKey, suffix, from, until);
    }

    /// <summary>A new signing certificate and key under the authority there is.</summary>
    public static SealKeys NewUnder(SealKeys authority, string suffix, TimeProvider clock)
    {
        (DateTimeOffset from, DateTimeOffset until) = Validity(clock);
        using ECDsa caKey = ECDsa.Create();
        caKey.ImportPkcs8PrivateKey(authority.CaKey, out _);
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(authority.CaCertificate);
        using X509Certificate2 ca = bare.CopyWithPrivateKey(caKey);
        // RFC 5280, section 6: a certificate that outlives its authority's has no path at its end.
        DateTimeOffset caUntil = new(bare.NotAfter.ToUniversalTime());
        return Issue(ca, caKey, suffix, from, until < caUntil ? until : caUntil);
    }

    private static SealKeys Issue(X509Certificate2 ca, ECDsa caKey, string suffix, DateTimeOffset from, DateTimeOffset until)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN=EvidenceVault Seal {suffix}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(SigningUses, critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using X509Certificate2 certificate = request.Create(ca, from, until, SerialNumber());
        return new(ca.RawData, caKey.ExportPkcs8PrivateKey(), certificate.RawData, key.ExportPkcs8PrivateKey());
    }

    // An hour of leeway: a checker's clock may lag ours.
    private static (DateTimeOffset From, DateTimeOffset Until) Validity(TimeProvider clock)
    {
        DateTimeOffset from = clock.GetUtcNow().AddHours(-1);
        return (from, from.AddYears(YearsValid));
    }

    // RFC 5280 4.1.2.2: positive, at most 20 octets.
    private static byte[] SerialNumber()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7f | 0x40);
        return serial;
    }
}
