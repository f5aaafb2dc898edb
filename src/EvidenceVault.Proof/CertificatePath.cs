using System.Text;
using Org.BouncyCastle.Pkix;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.Utilities.Collections;
using Org.BouncyCastle.X509;
using Org.BouncyCastle.X509.Store;

namespace EvidenceVault.Proof;

/// <summary>Paths of certificates, RFC 5280 section 6, without revocation: a court's laptop has no network.</summary>
internal static class CertificatePath
{
    /// <summary>The certificates of a PEM text; none where there are none. Throws what the library throws for one that is broken.</summary>
    public static List<X509Certificate> Read(string pem) => [.. new X509CertificateParser().ReadCertificates(Encoding.ASCII.GetBytes(pem))];

    /// <summary>The given certificate that a path from this one leads to at a time; null where none does. Its own validity is for the caller to ask.</summary>
    public static X509Certificate? Anchor(X509Certificate certificate, IStore<X509Certificate> carried, List<X509Certificate> trusted, DateTime at)
    {
        var parameters = new PkixBuilderParameters(
            trusted.Select(ca => new TrustAnchor(ca, null)).ToHashSet(),
            new X509CertStoreSelector { Certificate = certificate })
        {
            IsRevocationEnabled = false,
            Date = at,
        };
        parameters.AddStoreCert(carried);
        try
        {
            return new PkixCertPathBuilder().Build(parameters).TrustAnchor.TrustedCert;
        }
        catch (Exception e) when (e is PkixCertPathBuilderException or PkixCertPathValidatorException or GeneralSecurityException or CertificateException)
        {
            return null;
        }
    }
}
