using System.Globalization;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.Collections;
using Org.BouncyCastle.X509;

namespace EvidenceVault.Proof;

/// <summary>
/// Checks a detached CMS signature (RFC 5652) over a seal's manifest, or over anything else that the vault signs in that way, against
/// the CA certificate that the vault's owner hands out (FORMAT.md section 5). It asks what <c>openssl cms -verify -binary -CAfile</c> asks.
/// </summary>
public static class SealCheck
{
    private const int MostBytes = 1 << 20;

    // RFC 5280 section 4.2.1.12 and RFC 9336 section 3.1: what a certificate may be for and still sign a document.
    private static readonly string[] SigningPurposes =
    [
        KeyPurposeID.AnyExtendedKeyUsage.Id,
        KeyPurposeID.id_kp_emailProtection.Id,
        "1.3.6.1.5.5.7.3.36", // id-kp-documentSigning
    ];

    /// <summary>Checks a signature. It never throws: whatever the bytes are, the answer is findings.</summary>
    /// <param name="content">The bytes that were signed, such as <see cref="SealManifest.ToCanonicalBytes"/>.</param>
    /// <param name="signature">The detached SignedData, DER.</param>
    /// <param name="caPem">The CA certificate, PEM; several are all trusted.</param>
    public static VerificationReport Check(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> signature, string caPem) => Check(content, signature, caPem, null, null);

    /// <summary>As <see cref="Check(ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, string)"/>, with the rule of an expired certificate (FORMAT.md section 9).</summary>
    /// <param name="content">The bytes that were signed.</param>
    /// <param name="signature">The detached SignedData, DER.</param>
    /// <param name="caPem">The CA certificate, PEM.</param>
    /// <param name="now">When the check is made, UTC.</param>
    /// <param name="timestamp">What came of checking the signature's time stamp; null where there is none.</param>
    public static VerificationReport Check(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> signature, string caPem, DateTimeOffset now, TimestampVerdict? timestamp) =>
        Check(content, signature, caPem, (DateTimeOffset?)now, timestamp);

    private static VerificationReport Check(ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> signature, string caPem, DateTimeOffset? now, TimestampVerdict? timestamp)
    {
        var findings = new List<Finding>();
        try
        {
            Check(content.ToArray(), signature.ToArray(), caPem, now, timestamp, findings);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Hostile DER makes the library throw almost anything; every such throw means the same to the reader.
            findings.Add(Finding.Bad("seal-form", $"The signature or the CA certificate cannot be read: {Printable.Of(e.Message)}"));
        }
        return new(findings);
    }

    private static void Check(byte[] content, byte[] signature, string caPem, DateTimeOffset? now, TimestampVerdict? timestamp, List<Finding> findings)
    {
        List<X509Certificate> trusted = CertificatePath.Read(caPem);
        if (trusted.Count == 0)
        {
            findings.Add(Finding.Bad("seal-form", "No CA certificate was found in the text given as one."));
            return;
        }
        if (signature.Length > MostBytes)
        {
            findings.Add(Finding.Bad("seal-form", "The signature is larger than 1 MiB, which no seal's is."));
            return;
        }
        // FromByteArray refuses bytes after the object, which the CMS reader would pass over.
        var cms = new CmsSignedData(new CmsProcessableByteArray(content), ContentInfo.GetInstance(Asn1Object.FromByteArray(signature)));
        List<SignerInformation> signers = [.. cms.GetSignerInfos().GetSigners()];
        if (signers.Count != 1)
        {
            findings.Add(Finding.Bad("seal-form", $"The signature holds {signers.Count} signers where a seal has one."));
            return;
        }
        SignerInformation signer = signers[0];
        IStore<X509Certificate> carried = cms.GetCertificates();
        X509Certificate? certificate = carried.EnumerateMatches(signer.SignerID).FirstOrDefault();
        if (certificate is null)
        {
            findings.Add(Finding.Bad("seal-form", "The certificate of the signer is not inside the signature, so nothing says whose it is."));
            return;
        }
        findings.Add(ContentDigest(content, signer));
        findings.Add(Signature(signer, certificate));
        DateTime? signedAt = SigningTime(signer);
        findings.Add(Validity(certificate, signedAt, now, timestamp));
        findings.Add(Purpose(certificate));
        findings.Add(Chain(certificate, carried, trusted, signedAt));
    }

    // RFC 5652 section 11.2.
    private static Finding ContentDigest(byte[] content, SignerInformation signer)
    {
        const string claim = "seal-content";
        byte[]? found = signer.DigestAlgorithmID.Algorithm.Id switch
        {
            "2.16.840.1.101.3.4.2.1" => SHA256.HashData(content),
            "2.16.840.1.101.3.4.2.2" => SHA384.HashData(content),
            "2.16.840.1.101.3.4.2.3" => SHA512.HashData(content),
            _ => null,
        };
        if (found is null) return Finding.Bad(claim, "The signature uses a digest that is not SHA-256, SHA-384 or SHA-512.");
        if (OneValue(signer, CmsAttributes.MessageDigest) is not Asn1OctetString signed) return Finding.Bad(claim, "The signature does not name the digest of what it signs.");
        return signed.GetOctets().AsSpan().SequenceEqual(found)
            ? Finding.Good(claim, "The bytes are those that were signed.")
            : Finding.Bad(claim, "The bytes are not those that were signed: they have been altered, or the signature is of something else.");
    }

    // RFC 5652 section 5.6. The library compares the content type and digest attributes too and throws where they differ.
    private static Finding Signature(SignerInformation signer, X509Certificate certificate)
    {
        const string claim = "seal-signature";
        string name = Printable.Of(certificate.SubjectDN.ToString());
        try
        {
            return signer.Verify(certificate.GetPublicKey())
                ? Finding.Good(claim, $"The signature was made with the key of {name}.")
                : Finding.Bad(claim, $"The signature was not made with the key of {name}, or has been altered.");
        }
        catch (Exception e) when (e is CmsException or Org.BouncyCastle.Crypto.CryptoException or GeneralSecurityException or ArgumentException)
        {
            return Finding.Bad(claim, $"The signature does not fit the key of {name} and the bytes signed: {Printable.Of(e.Message)}");
        }
    }

    // RFC 5652 section 11.3. The signer's own word; an RFC 3161 token is another's.
    private static DateTime? SigningTime(SignerInformation signer) =>
        OneValue(signer, CmsAttributes.SigningTime) is { } value ? Org.BouncyCastle.Asn1.Cms.Time.GetInstance(value).ToDateTime().ToUniversalTime() : null;

    private static Finding Validity(X509Certificate certificate, DateTime? signedAt, DateTimeOffset? now, TimestampVerdict? timestamp)
    {
        const string claim = "seal-time";
        if (signedAt is not { } at) return Finding.Bad(claim, "The signature does not say when it was made, so whether the certificate was valid then cannot be told.");
        string span = $"{Day(certificate.NotBefore)} to {Day(certificate.NotAfter)}";
        if (!certificate.IsValid(at)) return Finding.Bad(claim, $"Signed at {Moment.Text(new(at))} by the signer's own clock, when the certificate was not valid ({span}).");
        if (now is not { } asked || asked.UtcDateTime <= certificate.NotAfter.ToUniversalTime())
            return Finding.Good(claim, $"Signed at {Moment.Text(new(at))} by the signer's own clock, while the certificate was valid ({span}).");

        // FORMAT.md section 9: whoever comes by the key of an expired certificate can set a clock back, but not an authority's.
        const string expired = "The signer's certificate has expired since, so the signer's own clock does not show that the signature was made in time";
        if (timestamp is not { Finding.Holds: true, Time: { } stamped }) return Finding.Bad(claim, $"{expired}, and {(timestamp is null ? "there is no time stamp" : "the time stamp cannot be relied on")} ({span}).");
        return certificate.IsValid(stamped.UtcDateTime)
            ? Finding.Good(claim, $"The certificate has expired since ({span}), but a time-stamping authority saw the signature at {Moment.Text(stamped)}, while it was valid.")
            : Finding.Bad(claim, $"{expired}; and the time stamp, of {Moment.Text(stamped)}, is not from that time either ({span}).");

        static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    // RFC 5280 sections 4.2.1.3 and 4.2.1.12.
    private static Finding Purpose(X509Certificate certificate)
    {
        const string claim = "seal-purpose";
        bool[]? usage = certificate.GetKeyUsage();
        bool signs = usage is null || usage[0] || usage[1]; // digitalSignature, nonRepudiation
        var purposes = certificate.GetExtendedKeyUsage();
        bool documents = purposes is null || purposes.Any(p => SigningPurposes.Contains(p.Id));
        return signs && documents
            ? Finding.Good(claim, "The certificate may be used to sign documents.")
            : Finding.Bad(claim, "The certificate is not one for signing documents (key usage or extended key usage).");
    }

    // RFC 5280 section 6, without revocation: a court's laptop has no network.
    private static Finding Chain(X509Certificate certificate, IStore<X509Certificate> carried, List<X509Certificate> trusted, DateTime? signedAt)
    {
        const string claim = "seal-chain";
        // A signature outside the certificate's time is told under seal-time; the chain is then asked at a time when it could hold.
        DateTime at = signedAt is { } t && certificate.IsValid(t) ? t : certificate.NotBefore;
        if (CertificatePath.Anchor(certificate, carried, trusted, at) is not { } anchor)
            return Finding.Bad(claim, "The certificate was not issued under the CA that was given: whoever signed is not vouched for by it.");
        string ca = Printable.Of(anchor.SubjectDN.ToString());
        // The builder takes the anchor's validity as given; a CA that had expired cannot have vouched.
        if (!anchor.IsValid(at)) return Finding.Bad(claim, $"The CA certificate {ca} was not valid when the seal was signed.");
        if (anchor.GetBasicConstraints() < 0) return Finding.Bad(claim, $"The certificate {ca} given as the CA's is not a CA certificate.");
        return Finding.Good(claim, $"The certificate was issued under the CA {ca} that was given.");
    }

    // RFC 5652 section 11: each of these attributes is there once, with one value.
    private static Asn1Encodable? OneValue(SignerInformation signer, DerObjectIdentifier type)
    {
        if (signer.SignedAttributes is not { } attributes) return null;
        var all = attributes.GetAll(type);
        return all.Count == 1 && all[0] is Org.BouncyCastle.Asn1.Cms.Attribute { AttrValues.Count: 1 } attribute ? attribute.AttrValues[0] : null;
    }
}
