using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Disclosure;
using EvidenceVault.Pipeline.Records;
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
    /// <param name="vault">The vault.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="beside">What else is noted in the same commit.</param>
    public static async Task<RecordedExport> CommitAsync(Vault vault, ExportBundle request, Caller caller, Action<Change, RecordedExport>? beside = null)
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
            return await vault.Sequencer.CommitAsync(change =>
            {
                (ulong exportEntry, List<long> lastSeqs) = Record(change, request, caller, id, caseName, rows, policy, ca);
                var recorded = new RecordedExport(id, caseName, rows, lastSeqs, exportEntry, redact, policy, ca);
                beside?.Invoke(change, recorded);
                return recorded;
            }).ConfigureAwait(false);
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
            // A clip's packet proof shows without the Master that the clip is an unbroken run of it: it always goes with the clip.
            foreach (ExhibitRow derivative in vault.Exhibits.Derivatives(row.Ref).Where(d => request.WithDerivatives || d.Role == PacketProof.Role)) Add(derivative);
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

internal sealed class ExportBundleHandler(Vault vault, BundleMaking making, Caller caller) : IRequestHandler<ExportBundle, ExportedBundle>
{
    public async ValueTask<ExportedBundle> Handle(ExportBundle request, CancellationToken cancellationToken)
    {
        RecordedExport export = request.Recorded ?? throw new InvalidOperationException("An export was not recorded before it was carried out.");
        try
        {
            ExportedBundle made = await making.MakeAsync(export, request.Output, request.Uncosigned, request.Progress, cancellationToken).ConfigureAwait(false);
            await vault.Sequencer.RecordAsync(BundleMaking.Made(export, caller.Account) with { Sha256 = made.BundleSha256 }).ConfigureAwait(false);
            return made;
        }
        catch (Exception e) when (e is VaultException or OperationCanceledException)
        {
            await vault.Sequencer.RecordAsync(BundleMaking.Failed(export, caller.Account, e)).ConfigureAwait(false);
            throw;
        }
    }
}
