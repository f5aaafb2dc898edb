using System.Security.Cryptography;
using System.Text;
using EvidenceVault.Proof;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Tsp;
using Org.BouncyCastle.Utilities.Collections;
using Org.BouncyCastle.X509;
using Org.BouncyCastle.X509.Extension;

namespace EvidenceVault.BundleSamples;

/// <summary>
/// The keys of the samples. They are PUBLIC: each is the hash of a sentence in this file, so that anybody makes the same samples, byte for byte. Nothing
/// that they sign proves anything outside samples/bundles.
/// </summary>
internal static class TestKeys
{
    public static readonly DateTime Begin = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc), End = new(2099, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    // First: the keys below are made with it.
    private static readonly ECDomainParameters Curve = new(SecNamedCurves.GetByName("secp256r1"));
    private static readonly DateTime OneYear = new(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static readonly NoteSigner Log = new("sample.example/vault", Seed("log"));

    /// <summary>Another key of the same name: what somebody makes who does not have the log's.</summary>
    public static readonly NoteSigner ForeignLog = new("sample.example/vault", Seed("foreign log"));

    private static readonly Signer SealCa = Authority("EvidenceVault sample seal CA (public key: trust nothing)", "seal ca");
    private static readonly Signer TsaCa = Authority("Sample time-stamping CA (public key: trust nothing)", "tsa ca");
    private static readonly Signer ForeignCa = Authority("EvidenceVault sample seal CA (public key: trust nothing)", "foreign ca");
    private static readonly Signer ForeignTsaCa = Authority("Sample time-stamping CA (public key: trust nothing)", "foreign tsa ca");

    public static readonly Signer Seal = Issue(SealCa, "EvidenceVault sample seal", "seal", Begin, End, KeyPurposeID.id_kp_emailProtection);
    public static readonly Signer ExpiredSeal = Issue(SealCa, "EvidenceVault sample seal of 2020", "expired seal", Begin, OneYear, KeyPurposeID.id_kp_emailProtection);
    public static readonly Signer WrongPurpose = Issue(SealCa, "EvidenceVault sample server", "wrong purpose", Begin, End, KeyPurposeID.id_kp_serverAuth);
    public static readonly Signer ForeignSeal = Issue(ForeignCa, "EvidenceVault sample seal", "foreign seal", Begin, End, KeyPurposeID.id_kp_emailProtection);
    public static readonly Signer Tsa = Issue(TsaCa, "Sample time-stamping authority", "tsa", Begin, End, KeyPurposeID.id_kp_timeStamping);
    public static readonly Signer ExpiredTsa = Issue(TsaCa, "Sample time-stamping authority of 2020", "expired tsa", Begin, OneYear, KeyPurposeID.id_kp_timeStamping);
    public static readonly Signer ForeignTsa = Issue(ForeignTsaCa, "Sample time-stamping authority", "foreign tsa", Begin, End, KeyPurposeID.id_kp_timeStamping);

    public static byte[] CaPem => SealCa.Pem;

    public static byte[] ForeignCaPem => ForeignCa.Pem;

    public static byte[] TsaPem => TsaCa.Pem;

    /// <summary>A witness's key; a cosignature at a moment.</summary>
    public static CosignatureSigner Witness(string name, DateTimeOffset at) => new(name, Seed($"witness {name}"), new Stopped(at));

    /// <summary>A detached CMS signature (RFC 5652) as the vault makes it, but by RFC 6979, so that it is the same every time.</summary>
    public static byte[] Sign(byte[] content, Signer signer, DateTime at)
    {
        var generator = new CmsSignedDataGenerator();
        generator.AddSignerInfoGenerator(Generator(signer, at));
        generator.AddCertificates(CollectionUtilities.CreateStore([signer.Certificate]));
        return generator.Generate(new CmsProcessableByteArray(content), encapsulate: false).GetEncoded(Asn1Encodable.Der);
    }

    /// <summary>A time stamp token (RFC 3161) over bytes.</summary>
    public static byte[] Stamp(byte[] content, Signer tsa, DateTime at)
    {
        var generator = new TimeStampTokenGenerator(Generator(tsa, at), Asn1DigestFactory.Get(NistObjectIdentifiers.IdSha256), new DerObjectIdentifier("1.3.6.1.4.1.99999.1"), isIssuerSerialIncluded: false);
        generator.SetCertificates(CollectionUtilities.CreateStore([tsa.Certificate]));
        var asks = new TimeStampRequestGenerator();
        asks.SetCertReq(true);
        TimeStampRequest request = asks.Generate(NistObjectIdentifiers.IdSha256.Id, SHA256.HashData(content));
        return generator.Generate(request, new BigInteger(1, SHA256.HashData(content)[..8]), at).GetEncoded();
    }

    private static SignerInfoGenerator Generator(Signer signer, DateTime at)
    {
        // Without a signing time of its own the generator would take the clock's.
        var table = new Org.BouncyCastle.Asn1.Cms.AttributeTable(new DerSet(new Org.BouncyCastle.Asn1.Cms.Attribute(CmsAttributes.SigningTime, new DerSet(new Org.BouncyCastle.Asn1.Cms.Time(at)))));
        return new SignerInfoGeneratorBuilder().WithSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(table)).Build(new Rfc6979(signer.Key), signer.Certificate);
    }

    private static Signer Authority(string name, string key)
    {
        ECPrivateKeyParameters secret = Key(key);
        var generator = New(name, name, key, Begin, End, secret);
        generator.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(0));
        generator.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(KeyUsage.KeyCertSign | KeyUsage.CrlSign));
        generator.AddExtension(X509Extensions.SubjectKeyIdentifier, false, X509ExtensionUtilities.CreateSubjectKeyIdentifier(Public(secret)));
        return new(secret, generator.Generate(new Rfc6979(secret)));
    }

    private static Signer Issue(Signer authority, string name, string key, DateTime from, DateTime until, KeyPurposeID purpose)
    {
        ECPrivateKeyParameters secret = Key(key);
        var generator = New(authority.Certificate.SubjectDN.ToString()[3..], name, key, from, until, secret);
        generator.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(false));
        generator.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(KeyUsage.DigitalSignature));
        // RFC 3161 section 2.3: critical for a time-stamping authority.
        generator.AddExtension(X509Extensions.ExtendedKeyUsage, purpose.Equals(KeyPurposeID.id_kp_timeStamping), new ExtendedKeyUsage(purpose));
        generator.AddExtension(X509Extensions.SubjectKeyIdentifier, false, X509ExtensionUtilities.CreateSubjectKeyIdentifier(Public(secret)));
        generator.AddExtension(X509Extensions.AuthorityKeyIdentifier, false, X509ExtensionUtilities.CreateAuthorityKeyIdentifier(Public(authority.Key)));
        return new(secret, generator.Generate(new Rfc6979(authority.Key)));
    }

    private static X509V3CertificateGenerator New(string issuer, string subject, string key, DateTime from, DateTime until, ECPrivateKeyParameters secret)
    {
        var generator = new X509V3CertificateGenerator();
        generator.SetSerialNumber(new BigInteger(1, Seed($"serial {key}")[..12]));
        generator.SetIssuerDN(new X509Name([X509Name.CN], [issuer]));
        generator.SetSubjectDN(new X509Name([X509Name.CN], [subject]));
        generator.SetNotBefore(from);
        generator.SetNotAfter(until);
        generator.SetPublicKey(Public(secret));
        return generator;
    }

    private static byte[] Seed(string name) => SHA256.HashData(Encoding.UTF8.GetBytes($"EvidenceVault sample key, public, trust nothing: {name}"));

    private static ECPrivateKeyParameters Key(string name) => new("ECDSA", new BigInteger(1, Seed(name)).Mod(Curve.N.Subtract(BigInteger.One)).Add(BigInteger.One), SecObjectIdentifiers.SecP256r1);

    private static ECPublicKeyParameters Public(ECPrivateKeyParameters secret) => new("ECDSA", Curve.G.Multiply(secret.D).Normalize(), SecObjectIdentifiers.SecP256r1);

    internal sealed record Signer(ECPrivateKeyParameters Key, X509Certificate Certificate)
    {
        public byte[] Pem => Encoding.ASCII.GetBytes($"-----BEGIN CERTIFICATE-----\n{string.Join('\n', Convert.ToBase64String(Certificate.GetEncoded()).Chunk(64).Select(c => new string(c)))}\n-----END CERTIFICATE-----\n");
    }

    /// <summary>ECDSA with SHA-256 whose nonce is made from the key and the text (RFC 6979).</summary>
    private sealed class Rfc6979(ECPrivateKeyParameters key) : ISignatureFactory
    {
        public object AlgorithmDetails { get; } = new AlgorithmIdentifier(X9ObjectIdentifiers.ECDsaWithSha256);

        public IStreamCalculator<IBlockResult> CreateCalculator()
        {
            var signer = new DsaDigestSigner(new ECDsaSigner(new HMacDsaKCalculator(new Sha256Digest())), new Sha256Digest());
            signer.Init(true, key);
            return new DefaultSignatureCalculator(signer);
        }
    }

    private sealed class Stopped(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }
}
