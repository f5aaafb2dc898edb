using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Disclosure;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Makes a bundle whose export is in the log already. That it was made, or was not, is for the caller to record.</summary>
internal sealed class BundleMaking(Vault vault, IEvidenceStore store, VerifierPage page, Cosigning cosigning, FlowOptions options, TimeProvider clock)
{
    /// <summary>Collects what goes into it, and writes it.</summary>
    /// <param name="export">What may leave.</param>
    /// <param name="output">The folder or ZIP to make.</param>
    /// <param name="uncosigned">Whether it may be made without the cosignatures that the policy asks for.</param>
    /// <param name="progress">Told of what is written.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<ExportedBundle> MakeAsync(RecordedExport export, string output, bool uncosigned, IProgress<ExportStep>? progress, CancellationToken cancel)
    {
        // The export's entries are new, so no witness has cosigned them yet.
        await cosigning.RoundAsync(cancel).ConfigureAwait(false);
        BundleContents contents = Collect(export);
        PolicyVerdict standing = contents.Standing;
        if (!standing.Quorum.Holds && !uncosigned) throw NoQuorum(standing);
        ComposedBundle bundle = BundleComposition.Of(contents, manifest => vault.Keys.Seal.SignDetached(manifest));
        long total = bundle.Files.Sum(f => f.Bytes);
        await BundleWriting.WriteAsync(bundle, output, progress is null ? null : new Told(progress, total), cancel).ConfigureAwait(false);
        return new(export.Id, bundle.BundleSha256, [.. export.Rows.Select(r => r.Ref)], bundle.Files.Count, total, contents.Entries.Count,
            BundleComposition.Read(contents.Checkpoint).Size, export.Redact, standing.Quorum.Holds, standing.HasOutsideWitness);
    }

    /// <summary>That it was finished. Pure.</summary>
    public static CustodyAct Made(RecordedExport export, string account) => new(Acts.BundleMade, account) { Case = export.Case, Detail = new JsonObject { ["bundle"] = export.Id } };

    /// <summary>That it was not. Pure.</summary>
    public static CustodyAct Failed(RecordedExport export, string account, Exception why) => Made(export, account) with { Outcome = Outcome.Failed, Personal = [new("problem", Problem(why))] };

    /// <summary>Why it was not, in a sentence.</summary>
    public static string Problem(Exception why) => why switch
    {
        VaultException told => told.What,
        OperationCanceledException => "It was stopped before it was whole.",
        _ => "Something went wrong that was not foreseen; the program's own log says more.",
    };

    private BundleContents Collect(RecordedExport export)
    {
        byte[] checkpoint = vault.CheckpointCovering(export.ExportEntry);
        ulong size = BundleComposition.Read(checkpoint).Size;
        // Exactly the entries up to this export: whatever is recorded meanwhile belongs to no bundle yet.
        List<RecordedEntry> entries = [.. export.Rows.SelectMany(r => vault.Log.Entries(r.Ref)).Where(e => e.Index < export.ExportEntry).OrderBy(e => e.Index), vault.Log.Entry(export.ExportEntry)];
        using LogSnapshot snapshot = vault.Log.Snapshot();
        List<DisclosedExhibit> exhibits = [.. export.Rows.Select(Disclosed)];
        return new()
        {
            Id = export.Id,
            Case = export.Case,
            MadeAt = clock.GetUtcNow(),
            Exhibits = exhibits,
            Entries = [.. entries.Select(e => Disclosed(e, snapshot.InclusionProof(e.Index, size), export.Redact))],
            ExportEntry = export.ExportEntry,
            Checkpoint = checkpoint,
            Policy = export.Policy,
            Ca = export.Ca,
            Tsa = exhibits.Exists(e => e.TimeStamp is not null) ? Encoding.ASCII.GetBytes(options.Timestamps!.CertificatesPem) : null,
            Redacted = export.Redact,
            VerifierPage = page.Content,
            Zone = clock.LocalTimeZone,
        };
    }

    private DisclosedExhibit Disclosed(ExhibitRow row) => new()
    {
        Reference = row.Ref,
        DeliveredName = row.RelativePath,
        Seal = row.Seal!,
        SealCms = row.SealCms!,
        // A time stamp proves nothing without its authority's certificate: where none is configured, it stays behind.
        TimeStamp = options.Timestamps is null ? null : vault.Timestamps.Of(row.Ref)?.Token,
        Segments = [.. vault.Exhibits.Segments(row.Ref).Select(s => new DisclosedSegment(s.Number, s.Start, s.End))],
        OpenAsync = cancel => store.OpenReadAsync(ContentAddress.Parse(row.Address!), cancel),
    };

    private static DisclosedEntry Disclosed(RecordedEntry entry, IReadOnlyList<byte[]> proof, IReadOnlyList<string> redact) => new(
        entry.Index, entry.Bytes, [.. entry.Disclosures.Where(d => !redact.Contains(d.Name))], [.. entry.Disclosures.Where(d => redact.Contains(d.Name)).Select(d => d.Name)], proof);

    private static RefusedException NoQuorum(PolicyVerdict standing) => new(
        $"The witnesses that the vault's policy asks for have not cosigned. {standing.Quorum.Sentence}",
        "No bundle was made: whoever checked it would find that 'witness-quorum' fails. The export stays recorded.",
        "Try again when the witnesses can be reached, or make a bundle that fails that one check with --uncosigned.");

    private sealed class Told(IProgress<ExportStep> progress, long total) : IProgress<long>
    {
        public void Report(long written) => progress.Report(new(written, total));
    }
}
