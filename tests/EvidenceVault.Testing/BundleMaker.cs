using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;

namespace EvidenceVault.Testing;

/// <summary>The keys of a made-up vault, its witness and their policy.</summary>
public sealed class BundleKeys
{
    public const string Origin = "vault.example/heron";

    private BundleKeys(DateTimeOffset from, DateTimeOffset to)
    {
        Ca = MakeCa("CN=OP-HERON test CA", from, to.AddYears(1));
        Signer = Issue(Ca, from, to);
        Log = new(Origin, RandomNumberGenerator.GetBytes(32));
        Witness = new("witness.example/w1", RandomNumberGenerator.GetBytes(32), TimeProvider.System);
    }

    public X509Certificate2 Ca { get; }

    public X509Certificate2 Signer { get; }

    public NoteSigner Log { get; }

    public CosignatureSigner Witness { get; }

    public string CaPem => Ca.ExportCertificatePem() + "\n";

    public byte[] Policy => Encoding.UTF8.GetBytes($"log {Log.Key}\nwitness outside {Witness.Key}\nquorum outside\n");

    /// <summary>Keys whose certificates are valid for years around the time at which entries are dated.</summary>
    public static BundleKeys New() => Valid(BundleMaker.Start.AddYears(-1), BundleMaker.Start.AddYears(20));

    /// <summary>Keys whose seal certificate is valid between two times.</summary>
    public static BundleKeys Valid(DateTimeOffset from, DateTimeOffset to) => new(from, to);

    /// <summary>A detached CMS signature by the vault.</summary>
    public byte[] Sign(byte[] content, DateTimeOffset at)
    {
        var cms = new SignedCms(new ContentInfo(content), detached: true);
        var signer = new CmsSigner(Signer) { DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"), IncludeOption = X509IncludeOption.EndCertOnly };
        signer.SignedAttributes.Add(new Pkcs9SigningTime(at.UtcDateTime));
        cms.ComputeSignature(signer);
        return cms.Encode();
    }

    private static X509Certificate2 MakeCa(string name, DateTimeOffset from, DateTimeOffset to)
    {
        var request = new CertificateRequest(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(from, to);
    }

    private static X509Certificate2 Issue(X509Certificate2 ca, DateTimeOffset from, DateTimeOffset to)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=OP-HERON test seal", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.4")], false));
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        return request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(ca.GetECDsaPrivateKey()!), from, to, serial).CopyWithPrivateKey(key);
    }
}

/// <summary>
/// Makes a disclosure bundle (FORMAT.md section 11) of a small made-up case, independently of the exporter: AB/1 and AB/2 are Masters, AB/1/1 is a clip of AB/1;
/// the log holds entries of another exhibit too, and one later than the export. Every step may be altered on the way, or its result after it.
/// </summary>
public sealed class BundleMaker
{
    public const string Case = "OP-HERON", Id = "0123456789abcdef0123456789abcdef";
    public static readonly DateTimeOffset Start = new(2026, 6, 1, 9, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, long> _seq = [];
    private readonly Dictionary<string, List<ulong>> _entriesOf = [];
    private readonly Dictionary<ulong, List<Disclosure>> _disclosures = [];

    public BundleMaker(BundleKeys? keys = null)
    {
        Keys = keys ?? BundleKeys.New();
        Policy = Keys.Policy;
    }

    public BundleKeys Keys { get; }

    /// <summary>The policy that goes into the bundle.</summary>
    public byte[] Policy { get; set; }

    /// <summary>When seals are signed, by the signer's clock.</summary>
    public DateTimeOffset SignedAt { get; set; } = Start;

    /// <summary>The files of the bag, by path.</summary>
    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>All entries of the log, in order.</summary>
    public List<byte[]> Log { get; } = [];

    public Dictionary<string, SealManifest> Seals { get; } = [];

    public Dictionary<string, byte[]> Bytes { get; } = [];

    /// <summary>What the bundle says of itself, once <see cref="Seal"/> has run.</summary>
    public BundleManifest Manifest { get; set; } = null!;

    /// <summary>The checkpoint's text, of the log as it was at the export.</summary>
    public Checkpoint Checkpoint { get; private set; } = null!;

    /// <summary>A whole bundle that holds.</summary>
    public static BundleMaker Whole(BundleKeys? keys = null) => new BundleMaker(keys).Record().Seal().Sign().List();

    /// <summary>The case up to and with the export's entries.</summary>
    public BundleMaker Record(int masterBytes = 3000)
    {
        Entry("vault-opened");
        Add("AB/1", RandomNumberGenerator.GetBytes(masterBytes), "mp4");
        Entry("received", "CD/9");
        Add("AB/1/1", RandomNumberGenerator.GetBytes(500), "mp4", parent: "AB/1");
        Entry("viewed", "AB/1", personal: true);
        Add("AB/2", RandomNumberGenerator.GetBytes(40), "bin");
        return this;
    }

    /// <summary>Takes in one exhibit: its entries, its seal and its files.</summary>
    /// <param name="exhibit">Its reference.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="extension">Of its file.</param>
    /// <param name="parent">What it is made from; null for a Master.</param>
    /// <param name="role">What it is, where it is made from something.</param>
    /// <param name="settings">What its seal says of how it was made.</param>
    /// <param name="parentSha256">Of its parent, where that is not in the bundle.</param>
    public void Add(string exhibit, byte[] bytes, string extension, string? parent = null, string role = "clip", JsonObject? settings = null, string? parentSha256 = null)
    {
        Bytes[exhibit] = bytes;
        string sha256 = Hex(SHA256.HashData(bytes));
        if (parent is null) Entry("received", exhibit, personal: true);
        SealManifest seal = Seals[exhibit] = new()
        {
            Exhibit = exhibit,
            Case = Case,
            Camera = "CAM-7",
            Sha256 = sha256,
            Sha512 = Hex(SHA512.HashData(bytes)),
            Bytes = bytes.Length,
            SealedAt = Start,
            Store = new($"masters/sha256/{sha256[..2]}/{sha256}", "azure-client-side-v2.1-aes-256-gcm", "application", "application", ""),
            Derivation = parent is null ? null : new(parent, parentSha256 ?? Seals[parent].Sha256, role, settings ?? new JsonObject { ["from"] = 1 }, new Dictionary<string, string> { ["ffmpeg"] = "7.1" }),
        };
        byte[] sealBytes = seal.ToCanonicalBytes();
        Files[BundlePath.Exhibit(exhibit, extension)] = bytes;
        Files[BundlePath.Seal(exhibit)] = sealBytes;
        Files[BundlePath.SealSignature(exhibit)] = Keys.Sign(sealBytes, SignedAt);
        Entry(parent is null ? "sealed" : "derived", exhibit, sha256, new() { ["sealSha256"] = Hex(SHA256.HashData(sealBytes)) });
    }

    /// <summary>Appends an entry to the log.</summary>
    public ulong Entry(string action, string? exhibit = null, string? sha256 = null, JsonObject? detail = null, bool personal = false, string? caseName = Case)
    {
        ulong index = (ulong)Log.Count;
        long? seq = exhibit is null ? null : _seq[exhibit] = _seq.GetValueOrDefault(exhibit) + 1;
        DraftedEntry entry = new CustodyEntryDraft
        {
            Time = Start.AddMinutes(Log.Count),
            Action = action,
            Outcome = Outcome.Done,
            Case = caseName,
            Exhibit = exhibit,
            Seq = seq,
            Sha256 = sha256,
            Detail = detail,
            Personal = personal ? [new("actor", "officer-1"), new("reason", "Viewing for the charging decision")] : [],
        }.Build();
        Log.Add(entry.Bytes);
        if (personal) _disclosures[index] = [.. entry.Disclosures];
        if (exhibit is not null) (_entriesOf.TryGetValue(exhibit, out var entries) ? entries : _entriesOf[exhibit] = []).Add(index);
        return index;
    }

    /// <summary>The export's entries, the checkpoint over all, and the proofs.</summary>
    public BundleMaker Seal()
    {
        string[] exhibits = [.. Seals.Keys.Order(StringComparer.Ordinal)];
        foreach (string exhibit in exhibits) Entry("exported", exhibit, Seals[exhibit].Sha256, new() { ["bundle"] = Id });
        ulong export = Entry("exported", detail: new()
        {
            ["bundle"] = Id,
            ["exhibits"] = new JsonArray([.. exhibits.Select(e => (JsonNode)e)]),
            ["lastSeq"] = new JsonArray([.. exhibits.Select(e => (JsonNode)_seq[e])]),
            ["policySha256"] = Hex(SHA256.HashData(Policy)),
            ["caSha256"] = Hex(SHA256.HashData(Encoding.ASCII.GetBytes(Keys.CaPem))),
        }, personal: true);
        Checkpoint = CheckpointAt(Log.Count);
        SignedNote note = Keys.Log.SignNote(Checkpoint.ToText());
        note = note.WithSignatures(Keys.Witness.Cosign(note.Text));
        Files[BundlePath.Checkpoint] = note.ToBytes();
        foreach (ulong index in exhibits.SelectMany(e => _entriesOf[e]).Append(export))
        {
            Files[BundlePath.Entry(index)] = Log[(int)index];
            Files[BundlePath.Proof(index)] = ProofOf(index, note).ToBytes();
            if (_disclosures.TryGetValue(index, out var shown)) Files[BundlePath.Disclosures(index)] = Lines(shown.Where(d => d.Name != "reason").Select(d => d.Encoded));
        }
        Files[BundlePath.Policy] = Policy;
        Files[BundlePath.Ca] = Encoding.ASCII.GetBytes(Keys.CaPem);
        foreach (string report in BundlePath.Reports) Files[report] = Encoding.ASCII.GetBytes($"a report: {report}\n");
        Files[BundlePath.HowToVerify] = "sha256sum -c manifest-sha256.txt\n"u8.ToArray();
        Files[BundlePath.VerifyPage] = "<!doctype html>\n"u8.ToArray();
        Manifest = new()
        {
            Id = Id,
            Case = Case,
            MadeAt = Start.AddHours(1),
            Origin = Checkpoint.Origin,
            Size = Checkpoint.Size,
            Root = Hex(Checkpoint.Root),
            ExportEntry = export,
            Redacted = ["reason"],
            Exhibits = [.. exhibits.Select(e => new BundleExhibit(
                e, Files.Keys.Single(f => f.StartsWith($"data/exhibits/{BundlePath.Folder(e)}/", StringComparison.Ordinal)), BundlePath.Seal(e), BundlePath.SealSignature(e),
                Files.ContainsKey(BundlePath.SealTimestamp(e)) ? BundlePath.SealTimestamp(e) : null, _entriesOf[e], _seq[e]))],
            Files = [],
        };
        return this;
    }

    /// <summary>Writes <c>bundle.json</c> over the files as they are, and signs it.</summary>
    public BundleMaker Sign()
    {
        string[] unlisted = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", BundlePath.Manifest, BundlePath.ManifestSignature];
        Manifest = Manifest with { Files = [.. Files.Where(f => !unlisted.Contains(f.Key)).Select(f => new BundleFile(f.Key, Hex(SHA256.HashData(f.Value)), f.Value.Length))] };
        Files[BundlePath.Manifest] = Manifest.ToCanonicalBytes();
        Files[BundlePath.ManifestSignature] = Keys.Sign(Files[BundlePath.Manifest], SignedAt);
        return this;
    }

    /// <summary>Writes the bag's own files over the others as they are.</summary>
    public BundleMaker List()
    {
        foreach (string tag in (string[])["manifest-sha256.txt", "tagmanifest-sha256.txt"]) Files.Remove(tag);
        Files["bagit.txt"] = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"u8.ToArray();
        var payload = Files.Where(f => f.Key.StartsWith("data/", StringComparison.Ordinal)).ToList();
        Files["bag-info.txt"] = Encoding.ASCII.GetBytes($"Bagging-Date: 2026-06-01\nPayload-Oxum: {payload.Sum(f => (long)f.Value.Length)}.{payload.Count}\n");
        Files["manifest-sha256.txt"] = ListOf(payload);
        Files["tagmanifest-sha256.txt"] = ListOf(Files.Where(f => !f.Key.StartsWith("data/", StringComparison.Ordinal)));
        return this;

        static byte[] ListOf(IEnumerable<KeyValuePair<string, byte[]>> files) => Lines(files.Select(f => $"{Hex(SHA256.HashData(f.Value))}  {f.Key}"));
    }

    /// <summary>Changes one file.</summary>
    public void Change(string path, Func<byte[], byte[]> change) => Files[path] = change(Files[path]);

    /// <summary>The checkpoint of the log's first entries.</summary>
    public Checkpoint CheckpointAt(int size)
    {
        var tree = new TreeFrontier();
        foreach (byte[] entry in Log.Take(size)) tree.Append(MerkleTree.LeafHash(entry));
        return new(BundleKeys.Origin, (ulong)size, tree.Root());
    }

    /// <summary>The proof of an entry of <see cref="Log"/> as it is now.</summary>
    public LogProof ProofOf(ulong index, SignedNote note) => LogProof.Of(index, MerkleTree.InclusionProof(index, (ulong)Log.Count, Node), note);

    /// <summary>The log as it is now, as it would be published, under a checkpoint signed by its key.</summary>
    public TileLogReader Published()
    {
        ulong size = (ulong)Log.Count;
        byte[] checkpoint = Keys.Log.SignNote(CheckpointAt(Log.Count).ToText()).ToBytes();
        return new()
        {
            Checkpoint = _ => Task.FromResult<byte[]?>(checkpoint),
            Tile = (path, _) =>
            {
                (ulong full, int partial) = TilePath.CountAt(path.Level ?? 0, size);
                bool there = path.Level is not null && (path.Width == TilePath.FullWidth ? path.Index < full : path.Index == full && path.Width == partial);
                return Task.FromResult<byte[]?>(there ? [.. Enumerable.Range(0, path.Width).SelectMany(i => Node(8 * path.Level!.Value, (path.Index * TilePath.FullWidth) + (ulong)i))] : null);
            },
        };
    }

    public void WriteFolder(string root)
    {
        foreach ((string path, byte[] bytes) in Files)
        {
            string file = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }

    /// <summary>The bag as the vault's ZIP.</summary>
    public byte[] Zip(string folder = "") => ZipOf(Files.Select(f => (folder + f.Key, f.Value)));

    /// <summary>A ZIP in the vault's spelling.</summary>
    public static byte[] ZipOf(IEnumerable<(string Name, byte[] Bytes)> files)
    {
        var to = new MemoryStream();
        var entries = new List<ZipEntry>();
        foreach ((string name, byte[] bytes) in files)
        {
            var crc = new Crc32();
            crc.Append(bytes);
            entries.Add(new(name, bytes.Length, crc.Value, to.Length));
            to.Write(ZipForm.LocalHeader(name, bytes.Length, crc.Value));
            to.Write(bytes);
        }
        to.Write(ZipForm.Directory(entries, to.Length));
        return to.ToArray();
    }

    private byte[] Node(int level, ulong index)
    {
        if (level == 0) return MerkleTree.LeafHash(Log[(int)index]);
        return MerkleTree.NodeHash(Node(level - 1, 2 * index), Node(level - 1, (2 * index) + 1));
    }

    private static byte[] Lines(IEnumerable<string> lines) => Encoding.ASCII.GetBytes(string.Concat(lines.Select(l => l + "\n")));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
