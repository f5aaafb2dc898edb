using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Disclosure.Report;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>A bundle as it will be written.</summary>
/// <param name="BundleSha256">SHA-256 of <c>data/bundle.json</c>: what the custody log remembers of the bundle.</param>
/// <param name="Files">Every file of the bag, sorted by path.</param>
internal sealed record ComposedBundle(string BundleSha256, IReadOnlyList<BagFile> Files);

/// <summary>Decides what stands in every file of a bundle (FORMAT.md sections 10 and 11). Reads and writes nothing: an exhibit's bytes
/// are known by its seal, and the writer holds them to it.</summary>
internal static class BundleComposition
{
    public const string BundleJson = "data/bundle.json", BundleCms = "data/bundle.cms";

    /// <param name="contents">What the bundle is made of.</param>
    /// <param name="sign">Makes the detached CMS signature over bundle.json.</param>
    public static ComposedBundle Of(BundleContents contents, Func<byte[], byte[]> sign)
    {
        List<BagFile> files = [.. Evidence(contents), .. Log(contents), .. Keys(contents), .. Reports(contents)];
        files.Sort(ByPath);
        byte[] bundle = BundleJsonOf(contents, files);
        BagFile manifest = BagFile.Of(BundleJson, bundle);
        files.AddRange([manifest, BagFile.Of(BundleCms, sign(bundle))]);
        files.AddRange(Tags(contents, files));
        files.Sort(ByPath);
        return new(manifest.Sha256, files);
    }

    private static IEnumerable<BagFile> Evidence(BundleContents contents)
    {
        foreach (BundleExhibit exhibit in contents.Exhibits)
        {
            SealManifest seal = exhibit.Manifest;
            yield return new(exhibit.File, seal.Sha256, seal.Bytes, exhibit.OpenAsync);
            yield return BagFile.Of(exhibit.SealFile, exhibit.Seal);
            yield return BagFile.Of(exhibit.SealCmsFile, exhibit.SealCms);
            if (exhibit.TimeStamp is { } stamp) yield return BagFile.Of(exhibit.TimeStampFile, stamp);
        }
    }

    private static IEnumerable<BagFile> Log(BundleContents contents)
    {
        yield return BagFile.Of("data/log/checkpoint", contents.Checkpoint);
        foreach (BundleEntry entry in contents.Entries)
        {
            string stem = entry.File[..^".json".Length];
            yield return BagFile.Of(entry.File, entry.Bytes);
            yield return BagFile.Of($"{stem}.tlog-proof", ProofText(entry, contents.Checkpoint));
            if (entry.Shown.Count > 0) yield return BagFile.Of($"{stem}.disclosures", string.Concat(entry.Shown.Select(d => d.Encoded + '\n')));
        }
    }

    private static IEnumerable<BagFile> Keys(BundleContents contents)
    {
        yield return BagFile.Of("data/keys/policy", contents.Policy);
        yield return BagFile.Of("data/keys/ca.pem", contents.Ca);
        if (contents.Tsa is { } tsa) yield return BagFile.Of("data/keys/tsa.pem", tsa);
    }

    private static IEnumerable<BagFile> Reports(BundleContents contents)
    {
        ReportPage page = ContinuityReport.Of(contents);
        yield return BagFile.Of("data/report/continuity.html", HtmlReport.Write(page));
        yield return BagFile.Of("data/report/continuity.pdf", PdfReport.Write(page));
        yield return BagFile.Of("data/report/entries.csv", EntriesTable.Csv(contents));
        yield return BagFile.Of("data/report/entries.json", EntriesTable.Json(contents));
        yield return BagFile.Of("data/report/case-uco.jsonld", CaseUco.Write(contents));
        yield return BagFile.Of("HOW-TO-VERIFY.txt", HowToVerify.Write(contents));
        yield return BagFile.Of("verify.html", contents.VerifierPage);
    }

    // C2SP tlog-proof, "Format".
    private static byte[] ProofText(BundleEntry entry, byte[] checkpoint)
    {
        string head = string.Create(CultureInfo.InvariantCulture, $"c2sp.org/tlog-proof@v1\nindex {entry.Index}\n") + string.Concat(entry.Proof.Select(h => Convert.ToBase64String(h) + '\n')) + '\n';
        return [.. Encoding.ASCII.GetBytes(head), .. checkpoint];
    }

    private static byte[] BundleJsonOf(BundleContents contents, List<BagFile> files)
    {
        Checkpoint checkpoint = Read(contents.Checkpoint);
        return CanonicalJson.Serialize(new JsonObject
        {
            ["v"] = "evidencevault/bundle/1",
            ["id"] = contents.Id,
            ["case"] = contents.Case,
            ["madeAt"] = ReportText.Rfc3339(contents.MadeAt),
            ["origin"] = checkpoint.Origin,
            ["size"] = checkpoint.Size,
            ["root"] = Convert.ToHexStringLower(checkpoint.Root),
            ["exportEntry"] = contents.ExportEntry,
            ["redacted"] = new JsonArray([.. contents.Redacted.Select(r => JsonValue.Create(r))]),
            ["exhibits"] = new JsonArray([.. contents.Exhibits.Select(e => ExhibitJson(contents, e))]),
            ["files"] = new JsonArray([.. files.Select(f => new JsonObject { ["path"] = f.Path, ["sha256"] = f.Sha256, ["bytes"] = f.Bytes })]),
        });
    }

    private static JsonObject ExhibitJson(BundleContents contents, BundleExhibit exhibit)
    {
        List<BundleEntry> entries = [.. contents.Entries.Where(e => e.Entry.Exhibit == exhibit.Reference.Text)];
        var json = new JsonObject
        {
            ["exhibit"] = exhibit.Reference.Text,
            ["file"] = exhibit.File,
            ["seal"] = exhibit.SealFile,
            ["signature"] = exhibit.SealCmsFile,
            ["entries"] = new JsonArray([.. entries.Select(e => JsonValue.Create(e.Index))]),
            ["lastSeq"] = entries[^1].Entry.Seq,
        };
        if (exhibit.TimeStamp is not null) json["timestamp"] = exhibit.TimeStampFile;
        return json;
    }

    // RFC 8493 sections 2.1.1, 2.1.3, 2.2.1 and 2.2.2, in the spelling of FORMAT.md section 10.
    private static IEnumerable<BagFile> Tags(BundleContents contents, List<BagFile> files)
    {
        List<BagFile> payload = [.. files.Where(f => f.IsPayload)];
        BagFile[] tags =
        [
            .. files.Where(f => !f.IsPayload),
            BagFile.Of("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
            BagFile.Of("bag-info.txt", string.Create(CultureInfo.InvariantCulture,
                $"Bagging-Date: {contents.MadeAt.UtcDateTime:yyyy-MM-dd}\nExternal-Identifier: {contents.Id}\nPayload-Oxum: {payload.Sum(f => f.Bytes)}.{payload.Count}\n")),
            BagFile.Of("manifest-sha256.txt", Lines(payload)),
        ];
        return [.. tags.Where(t => !files.Contains(t)), BagFile.Of("tagmanifest-sha256.txt", Lines(tags))];

        static string Lines(IEnumerable<BagFile> of) => string.Concat(of.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => $"{f.Sha256}  {f.Path}\n"));
    }

    public static Checkpoint Read(byte[] note) =>
        SignedNote.TryParse(note, out SignedNote? signed, out string problem) && Checkpoint.TryParse(signed.Text, out Checkpoint? checkpoint, out problem)
            ? checkpoint
            : throw new Words.EvidenceException($"The checkpoint cannot be read. {problem}", "The custody log was altered behind the vault's back: nothing was given out.", "Run 'evidencevault log fsck'.");

    private static int ByPath(BagFile a, BagFile b) => string.CompareOrdinal(a.Path, b.Path);
}
