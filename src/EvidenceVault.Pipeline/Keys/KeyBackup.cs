using System.Formats.Tar;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EvidenceVault.Pipeline.Words;
using Org.BouncyCastle.Cms;
using Org.BouncyCastle.Security;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>Something that a backup holds: a file by its name, and how to read it.</summary>
internal sealed record BackupPart(string Name, Func<Stream> Open);

/// <summary>
/// A backup: a tar of files that openssl opens (docs/recovery.md). <c>backup.p12</c> is PKCS #12 (RFC 7292), encrypted by PBES2 with PBKDF2-HMAC-SHA-256
/// and AES-256 (RFC 8018), and holds an RSA key made for this backup alone. Each part is a CMS EnvelopedData (RFC 5652, section 6) for that key with AES-256-CBC.
/// <c>SHA256SUMS</c> has the hash of each file and is signed by that key, so that a part put in by somebody without the passphrase is found before it is decrypted.
/// </summary>
internal sealed class KeyBackup : IDisposable
{
    public const string Ring = "keyring.json", Access = "access.json", Policy = "policy", WitnessKey = "witness-key.json", Deployments = "deployments.json", Database = "vault.db";

    private const string Container = "backup.p12", Sums = "SHA256SUMS", SumsSignature = "SHA256SUMS.p7s", HowTo = "HOW-TO-RESTORE.txt", Encrypted = ".cms";

    // OWASP's number for PBKDF2-HMAC-SHA-256. The MAC of PKCS #12 takes as many.
    private const int Rounds = 600_000;
    private const int KeyBits = 3072;
    private const long MostSmall = 1 << 20;

    private readonly X509Certificate2 _certificate;

    private KeyBackup(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>The SHA-256 of the certificate in <c>backup.p12</c>: names the backup in the custody log.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(_certificate.RawData));

    /// <summary>A new backup, with a key of its own. Nothing is written yet.</summary>
    public static KeyBackup New(TimeProvider clock)
    {
        using RSA key = RSA.Create(KeyBits);
        CertificateRequest request = new("CN=EvidenceVault Backup", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DigitalSignature, critical: true));
        DateTimeOffset from = clock.GetUtcNow().AddHours(-1);
        return new(request.CreateSelfSigned(from, from.AddYears(40)));
    }

    /// <summary>Writes the backup into a scratch folder and gives its path. Parts are streamed: memory stays flat.</summary>
    public string Write(string folder, Passphrase passphrase, IEnumerable<BackupPart> parts)
    {
        var files = new List<string>();
        foreach (BackupPart part in parts) Encrypt(part, Path.Combine(folder, File(part.Name + Encrypted)));
        System.IO.File.WriteAllBytes(Path.Combine(folder, File(Container)), _certificate.ExportPkcs12(new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, Rounds), passphrase.Text));
        System.IO.File.WriteAllText(Path.Combine(folder, File(HowTo)), HowToRestore([.. files.Where(f => f.EndsWith(Encrypted, StringComparison.Ordinal))]));
        byte[] sums = Encoding.ASCII.GetBytes(string.Concat(files.Order(StringComparer.Ordinal).Select(f => $"{HashOf(Path.Combine(folder, f))}  {f}\n")));
        System.IO.File.WriteAllBytes(Path.Combine(folder, File(Sums)), sums);
        System.IO.File.WriteAllBytes(Path.Combine(folder, File(SumsSignature)), Sign(sums));

        string path = Path.Combine(folder, "backup.tar");
        using FileStream output = NewFile(path);
        using (TarWriter tar = new(output, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (string name in files.OrderBy(f => f.EndsWith(Encrypted, StringComparison.Ordinal)))
            {
                using FileStream content = System.IO.File.OpenRead(Path.Combine(folder, name));
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            }
        }
        output.Flush(flushToDisk: true);
        return path;

        string File(string name)
        {
            files.Add(name);
            return name;
        }
    }

    /// <summary>Opens a backup: unpacks it into a scratch folder and checks it whole. What it gives is authentic to whoever knew the passphrase.</summary>
    /// <param name="path">The backup.</param>
    /// <param name="folder">An empty scratch folder.</param>
    /// <param name="passphrase">Its passphrase.</param>
    /// <param name="parts">The names of the parts it holds.</param>
    /// <exception cref="RefusedException">It is no backup, the passphrase is wrong, or it was altered or cut short.</exception>
    public static KeyBackup Open(string path, string folder, Passphrase passphrase, out IReadOnlyList<string> parts)
    {
        try
        {
            Unpack(path, folder);
            X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(Small(folder, Container), passphrase.Text, X509KeyStorageFlags.EphemeralKeySet, new Pkcs12LoaderLimits
            {
                MacIterationLimit = 2 * Rounds,
                IndividualKdfIterationLimit = 2 * Rounds,
                TotalKdfIterationLimit = 8 * Rounds,
            });
            KeyBackup backup = new(certificate);
            byte[] sums = Small(folder, Sums);
            backup.RequireSignature(sums, Small(folder, SumsSignature));
            parts = [.. CheckSums(folder, sums).Where(f => f.EndsWith(Encrypted, StringComparison.Ordinal)).Select(f => f[..^Encrypted.Length])];
            return backup;
        }
        catch (Exception e) when (e is CryptographicException or InvalidDataException or FormatException or EndOfStreamException)
        {
            throw new RefusedException(
                $"'{Names.Printable(path)}' could not be opened as a backup ({e.Message.TrimEnd('.')}).",
                "The passphrase is wrong, or the file is no backup of a vault or was altered. Nothing was written.",
                "Try the passphrase again, then another copy of the backup; docs/recovery.md shows how to look into it with openssl.", e);
        }
    }

    /// <summary>Decrypts a part into a file of the scratch folder and gives its path.</summary>
    public string Extract(string folder, string part)
    {
        string path = Path.Combine(folder, part);
        using FileStream encrypted = System.IO.File.OpenRead(Path.Combine(folder, part + Encrypted));
        using CmsEnvelopedDataParser parser = new(encrypted);
        using RSA rsa = _certificate.GetRSAPrivateKey()!;
        var recipient = parser.GetRecipientInfos().GetRecipients().First();
        Stream content = recipient.GetContentStream(DotNetUtilities.GetRsaKeyPair(rsa.ExportParameters(includePrivateParameters: true)).Private).ContentStream;
        using FileStream output = NewFile(path);
        content.CopyTo(output);
        output.Flush(flushToDisk: true);
        return path;
    }

    public void Dispose() => _certificate.Dispose();

    private void Encrypt(BackupPart part, string path)
    {
        CmsEnvelopedDataStreamGenerator generator = new();
        generator.AddKeyTransRecipient(DotNetUtilities.FromX509Certificate(_certificate));
        using Stream content = part.Open();
        using FileStream output = NewFile(path);
        using (Stream encrypting = generator.Open(output, CmsEnvelopedGenerator.Aes256Cbc)) content.CopyTo(encrypting);
        output.Flush(flushToDisk: true);
    }

    private byte[] Sign(byte[] sums)
    {
        SignedCms cms = new(new ContentInfo(sums), detached: true);
        cms.ComputeSignature(new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, _certificate) { IncludeOption = X509IncludeOption.None }, silent: true);
        return cms.Encode();
    }

    private void RequireSignature(byte[] sums, byte[] signature)
    {
        SignedCms cms = new(new ContentInfo(sums), detached: true);
        cms.Decode(signature);
        // A certificate of its own in the signature would be asked before this backup's.
        if (cms.SignerInfos.Count != 1 || cms.Certificates.Count != 0) throw new InvalidDataException("its list of hashes is not signed by its own key");
        cms.SignerInfos[0].CheckSignature([_certificate], verifySignatureOnly: true);
    }

    private static List<string> CheckSums(string folder, byte[] sums)
    {
        var listed = new List<string>();
        foreach (string line in Encoding.ASCII.GetString(sums).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split("  ") is not [var hash, var name] || !IsPart(name)) throw new InvalidDataException("its list of hashes is not of the form of sha256sum");
            if (HashOf(Existing(folder, name)) != hash) throw new InvalidDataException($"{name} is not as it was written");
            listed.Add(name);
        }
        return listed;
    }

    private static void Unpack(string path, string folder)
    {
        using FileStream file = System.IO.File.OpenRead(path);
        using TarReader tar = new(file);
        while (tar.GetNextEntry() is { } entry)
        {
            // Names never become paths but by this list.
            if (!IsPart(entry.Name) || entry.DataStream is null) throw new InvalidDataException($"it holds '{Names.Printable(entry.Name)}', which no backup does");
            using FileStream output = NewFile(Path.Combine(folder, entry.Name));
            entry.DataStream.CopyTo(output);
        }
    }

    private static bool IsPart(string name) => name is Container or Sums or SumsSignature or HowTo or Ring + Encrypted or Access + Encrypted or Policy + Encrypted or WitnessKey + Encrypted or Deployments + Encrypted or Database + Encrypted;

    private static string Existing(string folder, string name) =>
        System.IO.File.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : throw new InvalidDataException($"{name} is missing from it");

    private static byte[] Small(string folder, string name)
    {
        string path = Existing(folder, name);
        return new FileInfo(path).Length <= MostSmall ? System.IO.File.ReadAllBytes(path) : throw new InvalidDataException($"{name} is larger than it can be");
    }

    private static string HashOf(string path)
    {
        using FileStream file = System.IO.File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static FileStream NewFile(string path) =>
        new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });

    private static string HowToRestore(IReadOnlyList<string> encrypted) =>
        $"""
        This is a backup of an EvidenceVault. 'evidencevault keys restore FILE' puts it back. Without that program, openssl opens it.
        The passphrase is in the file 'passphrase' here, on one line; remove that file and backup.pem when you are done.

          sha256sum -c SHA256SUMS
          openssl pkcs12 -in backup.p12 -passin file:passphrase -noenc -out backup.pem
          openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS -certfile backup.pem -nointern -noverify -out /dev/null
        {string.Join('\n', encrypted.Select(e => $"  openssl cms -decrypt -binary -inform DER -in {e} -recip backup.pem -inkey backup.pem -out {e[..^Encrypted.Length]}"))}

        keyring.json goes to keys/keyring.json of the vault's folder (mode 0600 in a folder of mode 0700), the others to that folder itself.

        """;
}
