using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Disclosure;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Makes a disclosure bundle of exhibits of one case (FORMAT.md section 11). Recorded, with the reason, before the first byte.</summary>
/// <param name="Of">The exhibits.</param>
/// <param name="Output">The folder to make, or the ZIP where the name ends in <c>.zip</c>; it must not be there yet.</param>
/// <param name="Why">The reason.</param>
public sealed record ExportBundle(IReadOnlyList<ExhibitReference> Of, string Output, string? Why) : IEvidenceAccess, IRecordsItself, IRequest<ExportedBundle>
{
    /// <summary>Whether what was made from the exhibits goes with them.</summary>
    public bool WithDerivatives { get; init; }

    /// <summary>Personal fields to withhold everywhere.</summary>
    public IReadOnlyList<string> Redact { get; init; } = [];

    /// <summary>Whether a bundle may be made without the cosignatures that the policy asks for: one that fails its own check.</summary>
    public bool Uncosigned { get; init; }

    /// <summary>Told of what is written.</summary>
    public IProgress<ExportStep>? Progress { get; init; }

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.Exported;

    /// <inheritdoc/>
    public IReadOnlyList<ExhibitReference> Exhibits => Of;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;

    /// <summary>What was recorded, once it was.</summary>
    internal RecordedExport? Recorded { get; private set; }

    async Task IRecordsItself.RecordAsync(Vault vault, Caller caller) => Recorded = await RecordedExport.CommitAsync(vault, this, caller).ConfigureAwait(false);
}

/// <summary>How far an export has come.</summary>
/// <param name="Written">Bytes written.</param>
/// <param name="Total">Bytes in all.</param>
public sealed record ExportStep(long Written, long Total);

/// <summary>A bundle that was made.</summary>
/// <param name="Id">Its id.</param>
/// <param name="BundleSha256">SHA-256 of its bundle.json.</param>
/// <param name="Exhibits">Its exhibits.</param>
/// <param name="Files">How many files the bag has.</param>
/// <param name="Bytes">Their length in all.</param>
/// <param name="Entries">How many custody entries it holds.</param>
/// <param name="Size">The size of the log at its checkpoint.</param>
/// <param name="Withheld">Fields withheld.</param>
/// <param name="QuorumHolds">False where it lacks cosignatures that the policy asks for, so that it fails its own check.</param>
/// <param name="OutsideWitness">True where somebody outside the vault cosigned.</param>
public sealed record ExportedBundle(
    string Id, string BundleSha256, IReadOnlyList<ExhibitReference> Exhibits, int Files, long Bytes, int Entries, ulong Size, IReadOnlyList<string> Withheld, bool QuorumHolds, bool OutsideWitness);

/// <summary>An export whose entries are in the log: what may leave, and not a byte more.</summary>
internal sealed record RecordedExport(string Id, string Case, IReadOnlyList<ExhibitRow> Rows, IReadOnlyList<long> LastSeqs, ulong ExportEntry, IReadOnlyList<string> Redact, byte[] Policy, byte[] Ca)
{
    /// <summary>Checks what is asked and commits the entries of the export, all in one commit. A crash after it leaves entries for bytes
    /// that never left, and never bytes that left without entries.</summary>
    /// <exception cref="RefusedException">What is asked cannot be given out; the refusal is recorded.</exception>
    /// <exception cref="EvidenceException">An exhibit is not as it was sealed, or not stored; the refusal is recorded.</exception>
    public static async Task<RecordedExport> CommitAsync(Vault vault, ExportBundle request, Caller caller)
    {
        (string caseName, List<ExhibitRow> rows) = await ChooseAsync(vault, request, caller).ConfigureAwait(false);
        string[] redact = [.. request.Redact.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] known = [.. rows.SelectMany(r => vault.Log.Entries(r.Ref)).SelectMany(e => e.Disclosures).Select(d => d.Name).Append("actor").Append("reason").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (redact.Except(known).FirstOrDefault() is { } unknown)
        {
            await RefuseAsync(vault, request, caller, null, caseName, "no-such-field").ConfigureAwait(false);
            throw new RefusedException($"No entry of these exhibits has a field '{Names.Printable(unknown)}'.", "Nothing was given out; the refusal is in the custody log.", $"Fields that can be withheld here: {string.Join(", ", known)}.");
        }
        try
        {
            BundleWriting.RequireFree(request.Output);
        }
        catch (RefusedException)
        {
            await RefuseAsync(vault, request, caller, null, caseName, "no-place-for-it").ConfigureAwait(false);
            throw;
        }

        byte[] policy = vault.WitnessPolicy.Content.ToArray(), ca = Encoding.ASCII.GetBytes(vault.Keys.Seal.CaPem);
        string id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        try
        {
            (ulong exportEntry, List<long> lastSeqs) = await vault.Sequencer.CommitAsync(change => Record(change, request, caller, id, caseName, rows, policy, ca)).ConfigureAwait(false);
            return new(id, caseName, rows, lastSeqs, exportEntry, redact, policy, ca);
        }
        catch (FormatException e)
        {
            throw new RefusedException($"So many exhibits do not fit one entry of the custody log ({e.Message})", "Nothing was given out.", "Make several bundles.", e);
        }
    }

    private static async Task<(string Case, List<ExhibitRow> Rows)> ChooseAsync(Vault vault, ExportBundle request, Caller caller)
    {
        if (request.Of.Count == 0) throw new RefusedException("No exhibit was named.", "Nothing was given out.", "Name at least one, such as AB/1.");
        var rows = new SortedDictionary<string, ExhibitRow>(StringComparer.Ordinal);
        foreach (ExhibitReference reference in request.Of) Add(vault.Exhibits.Find(reference)!);
        string[] cases = [.. rows.Values.Select(r => r.Case).Distinct(StringComparer.Ordinal)];
        if (cases.Length > 1)
        {
            await RefuseAsync(vault, request, caller, null, null, "several-cases").ConfigureAwait(false);
            throw new RefusedException($"The exhibits are of several cases ({string.Join(", ", cases)}).", "Nothing was given out; the refusal is in the custody log.", "Make a bundle for each case.");
        }
        if (rows.Values.FirstOrDefault(r => r.StoredAt is null || r.State == ExhibitState.Damaged) is { } bad)
        {
            await RefuseAsync(vault, request, caller, bad.Ref, bad.Case, bad.State).ConfigureAwait(false);
            throw new EvidenceException($"Exhibit {bad.Reference} is '{bad.State}' and cannot be given out.", bad.Problem ?? "It is not stored yet.", $"See 'evidencevault show {bad.Reference}'.");
        }
        return (cases[0], [.. rows.Values]);

        void Add(ExhibitRow row)
        {
            rows[row.Reference] = row;
            if (!request.WithDerivatives) return;
            foreach (ExhibitRow derivative in vault.Exhibits.Derivatives(row.Ref)) Add(derivative);
        }
    }

    private static Task RefuseAsync(Vault vault, ExportBundle request, Caller caller, ExhibitReference? exhibit, string? caseName, string why) =>
        vault.Sequencer.RecordAsync(Refusal.Of(request, exhibit, caseName, caller, why));

    private static (ulong ExportEntry, List<long> LastSeqs) Record(Change change, ExportBundle request, Caller caller, string id, string caseName, List<ExhibitRow> rows, byte[] policy, byte[] ca)
    {
        var lastSeqs = new List<long>();
        foreach (ExhibitRow row in rows)
        {
            lastSeqs.Add(change.Record(new(Acts.Exported, caller.Account)
            {
                Case = row.Case,
                Camera = row.Camera,
                Exhibit = row.Ref,
                Sha256 = row.Sha256,
                Reason = request.Why,
                Detail = new JsonObject { ["bundle"] = id },
            }).Seq!.Value);
        }
        ulong index = change.Record(new(Acts.Exported, caller.Account)
        {
            Case = caseName,
            Reason = request.Why,
            Detail = new JsonObject
            {
                ["bundle"] = id,
                ["exhibits"] = new JsonArray([.. rows.Select(r => JsonValue.Create(r.Reference))]),
                ["lastSeq"] = new JsonArray([.. lastSeqs.Select(s => JsonValue.Create(s))]),
                ["policySha256"] = Convert.ToHexStringLower(SHA256.HashData(policy)),
                ["caSha256"] = Convert.ToHexStringLower(SHA256.HashData(ca)),
            },
        }).Index;
        return (index, lastSeqs);
    }
}

internal sealed class ExportBundleHandler(Vault vault, IEvidenceStore store, VerifierPage page, Cosigning cosigning, FlowOptions options, TimeProvider clock, Caller caller) : IRequestHandler<ExportBundle, ExportedBundle>
{
    public async ValueTask<ExportedBundle> Handle(ExportBundle request, CancellationToken cancellationToken)
    {
        RecordedExport export = request.Recorded ?? throw new InvalidOperationException("An export was not recorded before it was carried out.");
        try
        {
            // The export's entries are new, so no witness has cosigned them yet.
            await cosigning.RoundAsync(cancellationToken).ConfigureAwait(false);
            BundleContents contents = Collect(export);
            PolicyVerdict standing = contents.Standing;
            if (!standing.Quorum.Holds && !request.Uncosigned) throw NoQuorum(standing);
            ComposedBundle bundle = BundleComposition.Of(contents, manifest => vault.Keys.Seal.SignDetached(manifest));
            long total = bundle.Files.Sum(f => f.Bytes);
            await BundleWriting.WriteAsync(bundle, request.Output, request.Progress is { } told ? new Told(told, total) : null, cancellationToken).ConfigureAwait(false);
            await vault.Sequencer.RecordAsync(Made(export) with { Sha256 = bundle.BundleSha256 }).ConfigureAwait(false);
            return new(export.Id, bundle.BundleSha256, [.. export.Rows.Select(r => r.Ref)], bundle.Files.Count, total, contents.Entries.Count,
                BundleComposition.Read(contents.Checkpoint).Size, export.Redact, standing.Quorum.Holds, standing.HasOutsideWitness);
        }
        catch (Exception e) when (e is VaultException or OperationCanceledException)
        {
            string problem = e is VaultException told ? told.What : "It was stopped before it was whole.";
            await vault.Sequencer.RecordAsync(Made(export) with { Outcome = Outcome.Failed, Personal = [new("problem", problem)] }).ConfigureAwait(false);
            throw;
        }
    }

    private CustodyAct Made(RecordedExport export) => new(Acts.BundleMade, caller.Account) { Case = export.Case, Detail = new JsonObject { ["bundle"] = export.Id } };

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
