using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.Tsp;
using Org.BouncyCastle.Utilities.Collections;
using Org.BouncyCastle.X509;

namespace EvidenceVault.Proof;

/// <summary>What came of checking a time stamp.</summary>
/// <param name="Finding">Claim <c>timestamp</c>.</param>
/// <param name="Time">When the authority saw the bytes, UTC; null where the claim fails.</param>
public sealed record TimestampVerdict(Finding Finding, DateTimeOffset? Time);

/// <summary>
/// Checks an RFC 3161 time stamp over bytes (FORMAT.md section 9). It asks what <c>openssl ts -verify -token_in -CAfile</c> asks.
/// </summary>
public static class TimestampCheck
{
    private const string Claim = "timestamp";
    private const int MostBytes = 1 << 20;

    /// <summary>Checks a token. It never throws.</summary>
    /// <param name="stamped">The bytes that were stamped, such as a seal's signature.</param>
    /// <param name="token">The TimeStampToken, DER.</param>
    /// <param name="tsaPem">The authority's certificate or its CA's, PEM; several are all trusted.</param>
    public static TimestampVerdict Check(ReadOnlyMemory<byte> stamped, ReadOnlyMemory<byte> token, string tsaPem)
    {
        try
        {
            return Check(stamped.Span, token.ToArray(), tsaPem);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Hostile DER makes the library throw almost anything; every such throw means the same to the reader.
            return Bad($"The time stamp or the authority's certificate cannot be read or does not hold: {Printable.Of(e.Message)}");
        }
    }

    private static TimestampVerdict Check(ReadOnlySpan<byte> stamped, byte[] bytes, string tsaPem)
    {
        List<X509Certificate> trusted = CertificatePath.Read(tsaPem);
        if (trusted.Count == 0) return Bad("No certificate of a time-stamping authority was found in the text given as one.");
        if (bytes.Length > MostBytes) return Bad("The time stamp is larger than 1 MiB, which none is.");

        // FromByteArray refuses bytes after the object. The constructor of the token insists on one signer, a TSTInfo and a signing certificate attribute.
        var token = new TimeStampToken(new CmsSignedData(Org.BouncyCastle.Asn1.Cms.ContentInfo.GetInstance(Asn1Object.FromByteArray(bytes))));
        var signer = token.ToCmsSignedData().GetSignerInfos().GetSigners().Single();
        if (!NamesItsCertificateOnce(signer)) return Bad("The time stamp does not name the certificate that made it (RFC 5816), once and in one way.");
        byte[]? digest = token.TimeStampInfo.MessageImprintAlgOid switch
        {
            "2.16.840.1.101.3.4.2.1" => SHA256.HashData(stamped),
            "2.16.840.1.101.3.4.2.2" => SHA384.HashData(stamped),
            "2.16.840.1.101.3.4.2.3" => SHA512.HashData(stamped),
            _ => null,
        };
        if (digest is null) return Bad("The time stamp uses a digest that is not SHA-256, SHA-384 or SHA-512.");
        if (!digest.AsSpan().SequenceEqual(token.TimeStampInfo.GetMessageImprintDigest()))
            return Bad("The time stamp is of other bytes than these: one of the two was altered or exchanged.");

        IStore<X509Certificate> carried = token.GetCertificates();
        X509Certificate? certificate = carried.EnumerateMatches(token.SignerID).Concat(trusted.Where(token.SignerID.Match)).FirstOrDefault();
        if (certificate is null) return Bad("The certificate that made the time stamp is neither in it nor given.");
        DateTime at = token.TimeStampInfo.GenTime.ToUniversalTime();
        // RFC 3161 section 2.3: that purpose alone, and critical.
        if (certificate.GetExtendedKeyUsage() is not { Count: 1 } purposes || purposes[0].Id != KeyPurposeID.id_kp_timeStamping.Id
            || !certificate.GetCriticalExtensionOids().Contains(X509Extensions.ExtendedKeyUsage.Id))
            return Bad("The certificate that made the time stamp is not one for time stamps alone (RFC 3161 section 2.3).");
        // The certificate named is this one, was valid then, and its key fits the signature.
        token.Validate(certificate);

        string name = Printable.Of(certificate.SubjectDN.ToString());
        X509Certificate? anchor = trusted.Contains(certificate) ? certificate : CertificatePath.Anchor(certificate, carried, trusted, at);
        if (anchor is null || !anchor.IsValid(at) || (!anchor.Equals(certificate) && anchor.GetBasicConstraints() < 0))
            return Bad($"The time stamp is by {name}, which is not vouched for by the authority that was given, as of its time.");
        var time = new DateTimeOffset(at, TimeSpan.Zero);
        return new(Finding.Good(Claim, $"The time-stamping authority {name} saw these bytes at {Moment.Text(time)}: they existed by then."), time);
    }

    // RFC 3161 section 2.4.2 and RFC 5816 section 2.2.1: one of the two attributes, with one value.
    private static bool NamesItsCertificateOnce(SignerInformation signer)
    {
        var attributes = signer.SignedAttributes;
        Org.BouncyCastle.Asn1.Cms.Attribute?[] found =
        [
            .. attributes.GetAll(PkcsObjectIdentifiers.IdAASigningCertificate).Concat(attributes.GetAll(PkcsObjectIdentifiers.IdAASigningCertificateV2)).Cast<Org.BouncyCastle.Asn1.Cms.Attribute>(),
        ];
        return found.Length is 1 or 2 && found.All(a => a!.AttrValues.Count == 1);
    }

    private static TimestampVerdict Bad(string sentence) => new(Finding.Bad(Claim, sentence), null);
}
