using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EvidenceVault.Proof;

namespace EvidenceVault.BundleSamples;

/// <summary>A bundle in memory, which damage is done to. Written here a second time and apart from the vault's own exporter: what both write, the checkers
/// must accept.</summary>
internal sealed class SampleBag
{
    // Reports and the page change with versions of the program, and these samples must not.
    private const string StandIn = "A stand-in. In the bundles that a vault makes there is a real one here; only its bytes are judged.\n";

    private static readonly DateTimeOffset MadeAt = new(2026, 6, 2, 12, 0, 0, TimeSpan.Zero);

    public SortedDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Paths that are links in the place of files.</summary>
    public Dictionary<string, string> Links { get; } = [];

    /// <summary>Set where the bag is handed over as a ZIP.</summary>
    public byte[]? Zip { get; set; }

    public BundleManifest Manifest { get; set; } = null!;

    /// <summary>Puts a bundle together as section 11 of FORMAT.md lays down.</summary>
    public static SampleBag Of(Story story, string id, string caseName, IReadOnlyList<SampleExhibit> exhibits, int exportEntry, byte[] checkpoint, byte[] policy, IReadOnlyList<string>? redact = null, byte[]? ca = null)
    {
        var bag = new SampleBag();
        SignedNote.TryParse(checkpoint, out SignedNote? note, out _);
        Checkpoint.TryParse(note!.Text, out Checkpoint? head, out _);
        foreach (SampleExhibit exhibit in exhibits)
        {
            bag.Files[exhibit.File] = exhibit.Content;
            bag.Files[BundlePath.Seal(exhibit.Reference)] = exhibit.Seal;
            bag.Files[BundlePath.SealSignature(exhibit.Reference)] = exhibit.SealCms;
            if (exhibit.TimeStamp is { } stamp) bag.Files[BundlePath.SealTimestamp(exhibit.Reference)] = stamp;
        }
        bag.Files[BundlePath.Checkpoint] = checkpoint;
        bag.Files[BundlePath.Policy] = policy;
        bag.Files[BundlePath.Ca] = ca ?? TestKeys.CaPem;
        if (exhibits.Any(e => e.TimeStamp is not null)) bag.Files[BundlePath.Tsa] = TestKeys.TsaPem;
        foreach ((int index, LoggedEntry entry) in story.Entries.Index())
        {
            if (index > exportEntry || (index != exportEntry && exhibits.All(e => e.Reference != entry.Exhibit))) continue;
            bag.AddEntry(story, index, note, head!.Size, redact ?? []);
        }
        foreach (string path in BundlePath.Reports.Append(BundlePath.HowToVerify).Append(BundlePath.VerifyPage)) bag.Files[path] = Encoding.UTF8.GetBytes(StandIn);
        bag.Manifest = new()
        {
            Id = id,
            Case = caseName,
            MadeAt = MadeAt,
            Origin = head!.Origin,
            Size = head.Size,
            Root = Convert.ToHexStringLower(head.Root),
            ExportEntry = (ulong)exportEntry,
            Redacted = redact ?? [],
            Exhibits = [.. exhibits.Select(e => bag.Named(story, e, exportEntry))],
            Files = [],
        };
        bag.Resign(TestKeys.Seal);
        return bag;
    }

    private void AddEntry(Story story, int index, SignedNote note, ulong size, IReadOnlyList<string> redact)
    {
        LoggedEntry entry = story.Entries[index];
        Files[BundlePath.Entry((ulong)index)] = entry.Bytes;
        Files[BundlePath.Proof((ulong)index)] = LogProof.Of((ulong)index, (ulong)index < size ? story.Proof(index, size) : story.Proof(index, story.Size), note).ToBytes();
        string shown = string.Concat(entry.Disclosures.Where(d => !redact.Contains(d.Name)).Select(d => d.Encoded + '\n'));
        if (shown.Length > 0) Files[BundlePath.Disclosures((ulong)index)] = Encoding.ASCII.GetBytes(shown);
    }

    private BundleExhibit Named(Story story, SampleExhibit exhibit, int exportEntry)
    {
        var entries = story.Entries.Index().Where(e => e.Index < exportEntry && e.Item.Exhibit == exhibit.Reference).ToList();
        return new(exhibit.Reference, exhibit.File, BundlePath.Seal(exhibit.Reference), BundlePath.SealSignature(exhibit.Reference),
            exhibit.TimeStamp is null ? null : BundlePath.SealTimestamp(exhibit.Reference), [.. entries.Select(e => (ulong)e.Index)], entries[^1].Item.Seq!.Value);
    }

    /// <summary>Writes bundle.json anew for the files as they are and signs it: what an insider with the seal key can do.</summary>
    public void Resign(TestKeys.Signer signer)
    {
        string[] apart = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", BundlePath.Manifest, BundlePath.ManifestSignature];
        Manifest = Manifest with { Files = [.. Files.Where(f => !apart.Contains(f.Key)).Select(f => new BundleFile(f.Key, Hash(f.Value), f.Value.Length))] };
        SignAs(Manifest.ToCanonicalBytes(), signer);
    }

    /// <summary>Puts these bytes in the place of bundle.json and signs them.</summary>
    public void SignAs(byte[] bundle, TestKeys.Signer signer)
    {
        Files[BundlePath.Manifest] = bundle;
        Files[BundlePath.ManifestSignature] = TestKeys.Sign(bundle, signer, MadeAt.UtcDateTime);
        Mend();
    }

    /// <summary>Makes the two manifests right again for the files as they are: what anybody can do.</summary>
    public void Mend()
    {
        var payload = Files.Where(f => f.Key.StartsWith("data/", StringComparison.Ordinal)).ToList();
        Files["bagit.txt"] = Encoding.ASCII.GetBytes("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
        Files["bag-info.txt"] = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"Bagging-Date: {MadeAt.UtcDateTime:yyyy-MM-dd}\nExternal-Identifier: {Manifest.Id}\nPayload-Oxum: {payload.Sum(f => f.Value.Length)}.{payload.Count}\n"));
        Files["manifest-sha256.txt"] = Lines(payload);
        MendTags();
    }

    /// <summary>Makes only the tag manifest right again.</summary>
    public void MendTags()
    {
        Files.Remove("tagmanifest-sha256.txt");
        Files["tagmanifest-sha256.txt"] = Lines(Files.Where(f => !f.Key.StartsWith("data/", StringComparison.Ordinal)));
    }

    /// <summary>Changes a file's bytes.</summary>
    public void Change(string path, Func<byte[], byte[]> how) => Files[path] = how([.. Files[path]]);

    /// <summary>Turns one bit of a file over.</summary>
    public void Flip(string path, int at) => Change(path, bytes =>
    {
        bytes[at < 0 ? bytes.Length + at : at] ^= 0x01;
        return bytes;
    });

    public void ChangeText(string path, string from, string to) => Change(path, bytes =>
    {
        string text = Encoding.UTF8.GetString(bytes), changed = text.Replace(from, to, StringComparison.Ordinal);
        return changed != text ? Encoding.UTF8.GetBytes(changed) : throw new InvalidOperationException($"'{from}' is not in {path}.");
    });

    /// <summary>The bag as the vault writes a ZIP (FORMAT.md section 10).</summary>
    public byte[] ToZip(IEnumerable<(string Path, byte[] Content)>? files = null)
    {
        var zip = new MemoryStream();
        var entries = new List<ZipEntry>();
        foreach ((string path, byte[] content) in files ?? Files.Select(f => (f.Key, f.Value)))
        {
            var crc = new Crc32();
            crc.Append(content);
            entries.Add(new(path, content.Length, crc.Value, zip.Length));
            zip.Write(ZipForm.LocalHeader(path, content.Length, crc.Value));
            zip.Write(content);
        }
        zip.Write(ZipForm.Directory(entries, zip.Length));
        return zip.ToArray();
    }

    private static byte[] Lines(IEnumerable<KeyValuePair<string, byte[]>> files) => Encoding.ASCII.GetBytes(string.Concat(files.Select(f => $"{Hash(f.Value)}  {f.Key}\n")));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
