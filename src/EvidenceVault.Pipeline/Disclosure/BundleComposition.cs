using System.Globalization;
using EvidenceVault.Pipeline.Disclosure.Report;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>A bundle as it will be written.</summary>
/// <param name="BundleSha256">SHA-256 of <c>data/bundle.json</c>: what the custody log remembers of the bundle.</param>
/// <param name="Files">Every file of the bag, sorted by path.</param>
internal sealed record ComposedBundle(string BundleSha256, IReadOnlyList<PlannedFile> Files);

/// <summary>Decides what stands in every file of a bundle (FORMAT.md sections 10 and 11). Reads and writes nothing: an exhibit's bytes
/// are known by its seal, and the writer holds them to it.</summary>
internal static class BundleComposition
{
    /// <param name="contents">What the bundle is made of.</param>
    /// <param name="sign">Makes the detached CMS signature over bundle.json.</param>
    public static ComposedBundle Of(BundleContents contents, Func<byte[], byte[]> sign)
    {
        List<PlannedFile> files = [.. Evidence(contents), .. Log(contents), .. Keys(contents), .. Reports(contents)];
        files.Sort(ByPath);
        byte[] manifest = ManifestOf(contents, files).ToCanonicalBytes();
        PlannedFile bundle = PlannedFile.Of(BundlePath.Manifest, manifest);
        files.AddRange([bundle, PlannedFile.Of(BundlePath.ManifestSignature, sign(manifest))]);
        files = WithTags(files, contents.Id, contents.MadeAt);
        return new(bundle.Sha256, files);
    }

    private static IEnumerable<PlannedFile> Evidence(BundleContents contents)
    {
        foreach (DisclosedExhibit exhibit in contents.Exhibits)
        {
            SealManifest seal = exhibit.Manifest;
            yield return new(exhibit.File, seal.Sha256, seal.Bytes, exhibit.OpenAsync);
            yield return PlannedFile.Of(exhibit.SealFile, exhibit.Seal);
            yield return PlannedFile.Of(exhibit.SealCmsFile, exhibit.SealCms);
            if (exhibit.TimeStamp is { } stamp) yield return PlannedFile.Of(exhibit.TimeStampFile, stamp);
        }
    }

    private static IEnumerable<PlannedFile> Log(BundleContents contents)
    {
        SignedNote note = Note(contents.Checkpoint);
        yield return PlannedFile.Of(BundlePath.Checkpoint, contents.Checkpoint);
        foreach (DisclosedEntry entry in contents.Entries)
        {
            yield return PlannedFile.Of(entry.File, entry.Bytes);
            yield return PlannedFile.Of(BundlePath.Proof(entry.Index), LogProof.Of(entry.Index, entry.Proof, note).ToBytes());
            if (entry.Shown.Count > 0) yield return PlannedFile.Of(BundlePath.Disclosures(entry.Index), string.Concat(entry.Shown.Select(d => d.Encoded + '\n')));
        }
    }

    private static IEnumerable<PlannedFile> Keys(BundleContents contents)
    {
        yield return PlannedFile.Of(BundlePath.Policy, contents.Policy);
        yield return PlannedFile.Of(BundlePath.Ca, contents.Ca);
        if (contents.Tsa is { } tsa) yield return PlannedFile.Of(BundlePath.Tsa, tsa);
    }

    private static IEnumerable<PlannedFile> Reports(BundleContents contents)
    {
        ReportPage page = ContinuityReport.Of(contents);
        yield return PlannedFile.Of("data/report/continuity.html", HtmlReport.Write(page));
        yield return PlannedFile.Of("data/report/continuity.pdf", PdfReport.Write(page));
        yield return PlannedFile.Of("data/report/entries.csv", EntriesTable.Csv(contents));
        yield return PlannedFile.Of("data/report/entries.json", EntriesTable.Json(contents));
        yield return PlannedFile.Of("data/report/case-uco.jsonld", CaseUco.Write(contents));
        yield return PlannedFile.Of(BundlePath.HowToVerify, HowToVerify.Write(contents));
        yield return PlannedFile.Of(BundlePath.VerifyPage, contents.VerifierPage);
    }

    private static BundleManifest ManifestOf(BundleContents contents, List<PlannedFile> files)
    {
        Checkpoint checkpoint = Read(contents.Checkpoint);
        return new()
        {
            Id = contents.Id,
            Case = contents.Case,
            MadeAt = contents.MadeAt,
            Origin = checkpoint.Origin,
            Size = checkpoint.Size,
            Root = Convert.ToHexStringLower(checkpoint.Root),
            ExportEntry = contents.ExportEntry,
            Redacted = contents.Redacted,
            Exhibits = [.. contents.Exhibits.Select(e => Of(contents, e))],
            Files = [.. files.Select(f => new BundleFile(f.Path, f.Sha256, f.Bytes))],
        };
    }

    private static BundleExhibit Of(BundleContents contents, DisclosedExhibit exhibit)
    {
        List<DisclosedEntry> entries = [.. contents.Entries.Where(e => e.Entry.Exhibit == exhibit.Reference.Text)];
        return new(exhibit.Reference.Text, exhibit.File, exhibit.SealFile, exhibit.SealCmsFile, exhibit.TimeStamp is null ? null : exhibit.TimeStampFile,
            [.. entries.Select(e => e.Index)], entries[^1].Entry.Seq!.Value);
    }

    /// <summary>Adds what every bag has (RFC 8493 sections 2.1.1, 2.1.3, 2.2.1 and 2.2.2), in the spelling of FORMAT.md section 10.</summary>
    public static List<PlannedFile> WithTags(IReadOnlyList<PlannedFile> files, string id, DateTimeOffset made)
    {
        List<PlannedFile> payload = [.. files.Where(f => f.IsPayload)];
        List<PlannedFile> tags =
        [
            .. files.Where(f => !f.IsPayload),
            PlannedFile.Of("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
            PlannedFile.Of("bag-info.txt", string.Create(CultureInfo.InvariantCulture, $"Bagging-Date: {made.UtcDateTime:yyyy-MM-dd}\nExternal-Identifier: {id}\nPayload-Oxum: {payload.Sum(f => f.Bytes)}.{payload.Count}\n")),
            PlannedFile.Of("manifest-sha256.txt", Lines(payload)),
        ];
        List<PlannedFile> all = [.. payload, .. tags, PlannedFile.Of("tagmanifest-sha256.txt", Lines(tags))];
        all.Sort(ByPath);
        return all;

        static string Lines(IEnumerable<PlannedFile> of) => string.Concat(of.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => $"{f.Sha256}  {f.Path}\n"));
    }

    public static Checkpoint Read(byte[] note) => Checkpoint.TryParse(Note(note).Text, out Checkpoint? checkpoint, out string problem) ? checkpoint : throw NoCheckpoint(problem);

    private static SignedNote Note(byte[] bytes) => SignedNote.TryParse(bytes, out SignedNote? note, out string problem) ? note : throw NoCheckpoint(problem);

    private static EvidenceException NoCheckpoint(string problem) => new(
        $"The checkpoint cannot be read. {problem}", "The custody log was altered behind the vault's back: nothing was given out.", "Run 'evidencevault log fsck'.");

    private static int ByPath(PlannedFile a, PlannedFile b) => string.CompareOrdinal(a.Path, b.Path);
}
