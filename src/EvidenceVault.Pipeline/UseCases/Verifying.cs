using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Disclosure.Report;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Says whether a file with this hash is one that the vault sealed, and whether it is the exhibit that it should be. Of cases that the caller may not see it says what it says of what there is not. Recorded.</summary>
/// <param name="Hash">SHA-256 or SHA-512 of the file, lower-case hex; null where only a reference is asked for.</param>
/// <param name="Expected">The exhibit that the file should be; null where nobody says.</param>
public sealed partial record LookUp(string? Hash, ExhibitReference? Expected) : IEvidenceAccess, IRecordsItself, IRequest<LookedUp>
{
    /// <summary>Exhibits told of at most: the same bytes may have been delivered again and again.</summary>
    public const int MostTold = 5;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CpsReviewer, Role.CaseOfficer, Role.Auditor];

    /// <inheritdoc/>
    public string Action => Acts.LookedUp;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    /// <summary>What the caller may be told of, once that is recorded.</summary>
    internal LookUpChoice Choice { get; private set; } = new([], null);

    async Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        IReadOnlyList<ExhibitRow> withHash = Hash is null ? [] : vault.Exhibits.WithHash(Hash);
        ExhibitRow? expected = Expected is { } reference ? vault.Exhibits.Find(reference) : null;
        Choice = new([.. withHash.Where(May).Take(MostTold)], expected is not null && expected.Seal is not null && May(expected) ? expected : null);
        List<ExhibitRow> told = [.. Choice.WithHash.Append(Choice.Expected).OfType<ExhibitRow>().DistinctBy(r => r.Reference)];
        // One entry where nothing is told, whether there is nothing or it is of another case: who asks cannot tell the two apart.
        await vault.Sequencer.RecordAsync(told.Count > 0 ? [.. told.Select(r => Entry(r, Outcome.Done))] : [withHash.Append(expected).OfType<ExhibitRow>().FirstOrDefault() is { } hidden ? Entry(hidden, Outcome.Refused) : Unknown()]).ConfigureAwait(false);

        bool May(ExhibitRow row) => vault.Access.Allows(caller.Account, OneOf, row.Case);

        CustodyAct Entry(ExhibitRow row, Outcome outcome) => new(Action, caller.Account)
        {
            Outcome = outcome,
            Case = row.Case,
            Camera = row.Camera,
            Exhibit = row.Ref,
            Sha256 = row.Sha256,
            Detail = Asked(outcome == Outcome.Refused ? "no-right" : Hash is null ? null : row.Sha256 == Hash || row.Sha512 == Hash ? "same" : "other"),
        };

        CustodyAct Unknown() => new(Action, caller.Account) { Detail = Asked("not-known"), Personal = Expected is { } asked ? [new("asked", asked.Text)] : [] };
    }

    private JsonObject Asked(string? answer)
    {
        var detail = new JsonObject { ["by"] = Hash is null ? "reference" : "hash" };
        if (Hash is not null) detail["hash"] = Hash;
        if (answer is not null) detail["answer"] = answer;
        return detail;
    }

    /// <summary>Reads a hash as people paste it: in blocks, in capitals, or as a line of <c>sha256sum</c>. Pure.</summary>
    public static bool TryReadHash(string? text, out string hash)
    {
        string trimmed = (text ?? "").Trim().ToLowerInvariant();
        Match line = Line().Match(trimmed);
        hash = line.Success ? line.Groups[1].Value : Blanks().Replace(Kind().Replace(trimmed, ""), "");
        return Whole().IsMatch(hash);
    }

    [GeneratedRegex(@"^\\?([0-9a-f]{128}|[0-9a-f]{64})\s+[ *]?\S", RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    [GeneratedRegex(@"^sha-?(256|512)\s*(\([^)]*\))?\s*[:=]\s*", RegexOptions.CultureInvariant)]
    private static partial Regex Kind();

    [GeneratedRegex(@"[\s-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Blanks();

    [GeneratedRegex(@"^([0-9a-f]{64}|[0-9a-f]{128})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();
}

/// <summary>What of the record may be told.</summary>
internal sealed record LookUpChoice(IReadOnlyList<ExhibitRow> WithHash, ExhibitRow? Expected);

/// <summary>The answer to whoever asks whether a file is genuine.</summary>
public enum LookUpAnswer
{
    /// <summary>It is, byte for byte, an exhibit that was sealed, and the one that it should be where that was said.</summary>
    Genuine,

    /// <summary>It is, byte for byte, an exhibit that was sealed, but not the one that it should be.</summary>
    AnotherExhibit,

    /// <summary>The exhibit that it should be is known, and these are not its bytes.</summary>
    Altered,

    /// <summary>Only a reference was asked for, and it is known.</summary>
    Record,

    /// <summary>Nothing that the caller may see is known by it.</summary>
    NotKnown,

    /// <summary>It is known, but the vault's own record of it does not hold: nothing may be relied on until that is cleared up.</summary>
    RecordInDoubt,
}

/// <summary>What came of looking up.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Exhibits">The exhibits that the answer is about, with what was checked.</param>
public sealed record LookedUp(LookUpAnswer Answer, IReadOnlyList<KnownExhibit> Exhibits);

/// <summary>An exhibit that is known, checked anew at this moment.</summary>
/// <param name="Row">As catalogued.</param>
/// <param name="Checks">What was checked just now, and whether it holds.</param>
/// <param name="Signer">The certificate that the seal was signed with, in words.</param>
/// <param name="Entry">The index of the log entry that recorded the seal; null where there is none.</param>
/// <param name="LogProof">The proof that the entry is in the log (C2SP tlog-proof), as text.</param>
/// <param name="Standing">The log's checkpoint of that proof, and who cosigned it.</param>
/// <param name="Timestamp">The seal's time stamp, or null.</param>
/// <param name="Continuity">Its first entries and the newest, oldest first.</param>
/// <param name="Entries">How many entries it has in all.</param>
public sealed record KnownExhibit(
    ExhibitRow Row, IReadOnlyList<Finding> Checks, string Signer, ulong? Entry, string? LogProof, PolicyVerdict Standing, KeptTimestamp? Timestamp, IReadOnlyList<ContinuityLine> Continuity, long Entries)
{
    /// <summary>True where nothing that was checked fails.</summary>
    public bool Holds => Checks.All(c => c.Holds);
}

/// <summary>A line of who handled an exhibit and when, in plain words.</summary>
/// <param name="When">By the vault's clock, UTC.</param>
/// <param name="What">What was done.</param>
/// <param name="Outcome"><c>done</c>, <c>refused</c> or <c>failed</c>.</param>
/// <param name="Who">Who, where it can be shown.</param>
/// <param name="Why">Why, or what went wrong.</param>
/// <param name="Seq">Its number among the exhibit's entries.</param>
public sealed record ContinuityLine(string? When, string What, string? Outcome, string? Who, string? Why, long? Seq)
{
    internal static ContinuityLine Of(RecordedEntry recorded)
    {
        EntryShown shown = EntryShown.Of(recorded);
        string what = CustodyEntry.TryParse(recorded.Bytes, out CustodyEntry? entry, out _) ? ContinuityWords.Of(entry, null) : "An entry that cannot be read";
        return new(shown.Time, what, shown.Outcome, shown.Actor, shown.Problem ?? shown.Reason, shown.Seq);
    }
}

internal sealed class LookUpHandler(Vault vault, FlowOptions options, TimeProvider clock) : IRequestHandler<LookUp, LookedUp>
{
    private const int MostLines = 30, LinesOfBeginning = 5, FirstEntries = 200;

    public ValueTask<LookedUp> Handle(LookUp request, CancellationToken cancellationToken)
    {
        (IReadOnlyList<ExhibitRow> withHash, ExhibitRow? expected) = request.Choice;
        ExhibitRow? right = withHash.FirstOrDefault(r => r.Reference == expected?.Reference);
        (LookUpAnswer answer, IEnumerable<ExhibitRow> rows) = (request.Hash, withHash.Count, request.Expected) switch
        {
            (null, _, _) => (expected is null ? LookUpAnswer.NotKnown : LookUpAnswer.Record, new[] { expected }.OfType<ExhibitRow>()),
            (_, > 0, null) => (LookUpAnswer.Genuine, withHash),
            (_, > 0, _) when right is not null => (LookUpAnswer.Genuine, [right]),
            (_, > 0, _) => (LookUpAnswer.AnotherExhibit, withHash),
            _ when expected is not null => (LookUpAnswer.Altered, [expected]),
            _ => (LookUpAnswer.NotKnown, []),
        };
        List<KnownExhibit> known = [.. rows.Select(r => Check(r, request.Hash))];
        return ValueTask.FromResult(new LookedUp(known.Exists(k => !k.Holds) ? LookUpAnswer.RecordInDoubt : answer, known));
    }

    private KnownExhibit Check(ExhibitRow row, string? hash)
    {
        var checks = new List<Finding>();
        KeptTimestamp? stamp = vault.Timestamps.Of(row.Ref);
        TimestampVerdict? stamped = stamp is not null && options.Timestamps is { } authority ? TimestampCheck.Check(row.SealCms!, stamp.Token, authority.CertificatesPem) : null;
        checks.AddRange(SealCheck.Check(row.Seal!, row.SealCms!, vault.Keys.Seal.CaPem, clock.GetUtcNow(), stamped).Findings);
        if (stamped is not null) checks.Add(stamped.Finding);
        checks.Add(SealSays(row, hash));
        (ulong? entry, string? proof, PolicyVerdict standing) = InLog(row, checks);
        return new(row, checks, Signer(row.SealCms!), entry, proof, standing, stamp, [.. Lines(row.Ref).Select(ContinuityLine.Of)], vault.Log.CountOf(row.Ref));
    }

    // How it came in, and the newest: what lies between is in the continuity report.
    private IEnumerable<RecordedEntry> Lines(ExhibitReference exhibit)
    {
        IReadOnlyList<RecordedEntry> newest = vault.Log.Entries(exhibit, MostLines);
        return vault.Log.EntriesAt([.. vault.Log.Beginning(exhibit, LinesOfBeginning).Select(e => e.Index)]).Concat(newest).DistinctBy(e => e.Index);
    }

    // The catalogue is only where the exhibit was looked up: what counts is what was signed.
    private static Finding SealSays(ExhibitRow row, string? hash)
    {
        bool reads = SealManifest.TryParse(row.Seal!, out SealManifest? seal, out string problem);
        bool fits = reads && seal!.Exhibit == row.Reference && seal.Case == row.Case && seal.Sha256 == row.Sha256 && seal.Sha512 == row.Sha512 && seal.Bytes == row.Bytes;
        bool same = reads && hash is not null && (seal!.Sha256 == hash || seal.Sha512 == hash);
        return !reads ? new("seal-binds", Verdict.Fails, $"The seal cannot be read: {problem}")
            : !fits ? new("seal-binds", Verdict.Fails, "The catalogue says something else of this exhibit than its seal: it was altered behind the vault’s back.")
            : hash is null ? new("seal-binds", Verdict.Holds, $"The seal states the length and the two hashes of {row.Reference}.")
            : same ? new("seal-binds", Verdict.Holds, $"The hash is the one in the seal of {row.Reference}.")
            : new("seal-binds", Verdict.Note, $"The hash is not the one in the seal of {row.Reference}.");
    }

    private (ulong? Entry, string? Proof, PolicyVerdict Standing) InLog(ExhibitRow row, List<Finding> checks)
    {
        string sealSha256 = Convert.ToHexStringLower(SHA256.HashData(row.Seal!));
        RecordedEntry? made = vault.Log.Beginning(row.Ref, FirstEntries).FirstOrDefault(e => CustodyEntry.TryParse(e.Bytes, out CustodyEntry? entry, out _)
            && entry is { Outcome: Outcome.Done, Action: Acts.Sealed or Acts.Derived } && entry.Sha256 == row.Sha256 && (string?)entry.Detail?["sealSha256"] == sealSha256);
        byte[] note = vault.CheckpointCovering(made?.Index ?? 0);
        PolicyVerdict standing = SignedNote.TryParse(note, out SignedNote? signed, out string problem)
            ? vault.WitnessPolicy.Evaluate(signed)
            : throw new EvidenceException($"The checkpoint cannot be read. {problem}", "The custody log was altered behind the vault’s back: nothing can be said of the file.", "Tell the vault’s administrator: 'evidencevault log fsck' names the damage.");
        checks.Add(standing.Signature);
        if (made is null || standing.Checkpoint is not { } checkpoint)
        {
            checks.Add(new("seal-logged", Verdict.Fails, "The log does not say that this seal was made."));
            return (null, null, standing);
        }
        IReadOnlyList<byte[]> proof = vault.Log.InclusionProof(made.Index, checkpoint.Size);
        checks.Add(MerkleTree.VerifyInclusion(made.Index, checkpoint.Size, MerkleTree.LeafHash(made.Bytes), proof, checkpoint.Root)
            ? new("seal-logged", Verdict.Holds, $"Entry {made.Index} of the log recorded this very seal, and it is in the signed record of {checkpoint.Size} entries.")
            : new("seal-logged", Verdict.Fails, $"Entry {made.Index}, which recorded the seal, is not in the signed record as it stands."));
        return (made.Index, Encoding.UTF8.GetString(LogProof.Of(made.Index, proof, signed).ToBytes()), standing);
    }

    private static string Signer(byte[] signature)
    {
        var cms = new SignedCms();
        try { cms.Decode(signature); }
        catch (CryptographicException) { return "The seal’s signature cannot be read"; }
        return cms.SignerInfos.Count > 0 && cms.SignerInfos[0].Certificate is { } certificate ? $"{certificate.Subject}, certificate SHA-256 {Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))}" : "The seal carries no certificate";
    }
}

/// <summary>Compares a disclosure bundle, which somebody else has checked by itself, with the log as it is now: was it made here, and does the log still continue what the bundle says it was? Of cases
/// that the caller may not see it says what it says of bundles that there are not. Recorded.</summary>
/// <param name="Id">The bundle's id.</param>
/// <param name="ExportEntry">The index of the entry that records its export.</param>
/// <param name="BundleSha256">SHA-256 of its bundle.json.</param>
/// <param name="Checkpoint">Its checkpoint, a signed note.</param>
public sealed record CompareBundle(string Id, ulong ExportEntry, string BundleSha256, string Checkpoint) : IEvidenceAccess, IRecordsItself, IRequest<ComparedBundle>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CpsReviewer, Role.CaseOfficer, Role.Auditor];

    /// <inheritdoc/>
    public string Action => Acts.LookedUp;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    /// <summary>The entry of its export, where the caller may be told of it.</summary>
    internal CustodyEntry? Export { get; private set; }

    async Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        CustodyEntry? entry = vault.Log.Find(ExportEntry) is { } recorded && CustodyEntry.TryParse(recorded.Bytes, out CustodyEntry? read, out _)
            && read is { Action: Acts.Exported, Outcome: Outcome.Done, Exhibit: null, Case: not null } && (string?)read.Detail?["bundle"] == Id ? read : null;
        bool may = entry is not null && vault.Access.Allows(caller.Account, OneOf, entry.Case);
        await vault.Sequencer.RecordAsync(new CustodyAct(Action, caller.Account)
        {
            Outcome = entry is null || may ? Outcome.Done : Outcome.Refused,
            Case = entry?.Case,
            Sha256 = BundleSha256,
            Detail = new JsonObject { ["by"] = "bundle", ["bundle"] = Id, ["answer"] = entry is null ? "not-known" : may ? "known" : "no-right" },
        }).ConfigureAwait(false);
        if (may) Export = entry;
    }
}

/// <summary>What came of comparing a bundle with the log.</summary>
/// <param name="IsKnown">True where the vault made a bundle of this id.</param>
/// <param name="Case">Its case.</param>
/// <param name="IsSame">True where the list of contents is the one that the log noted; null where the log does not say that the bundle was finished.</param>
/// <param name="IsContinued">True where the log still continues the record that the bundle holds; null where the bundle is not known.</param>
/// <param name="Newest">The newest checkpoint, a signed note, for whoever checks it for themselves.</param>
/// <param name="Consistency">The proof from the bundle's checkpoint to the newest, base64.</param>
/// <param name="Sentences">The same in words.</param>
public sealed record ComparedBundle(bool IsKnown, string? Case, bool? IsSame, bool? IsContinued, string? Newest, IReadOnlyList<string> Consistency, IReadOnlyList<string> Sentences);

internal sealed class CompareBundleHandler(Vault vault) : IRequestHandler<CompareBundle, ComparedBundle>
{
    public ValueTask<ComparedBundle> Handle(CompareBundle request, CancellationToken cancellationToken)
    {
        if (request.Export is not { } export)
            return ValueTask.FromResult(new ComparedBundle(false, null, null, null, null, [], ["This vault does not know this bundle: it was made elsewhere, is of a case that you do not see, or is not genuine."]));
        CustodyEntry? made = vault.Log.BundleMade(request.ExportEntry, request.Id);
        bool? same = made is null ? null : made.Sha256 == request.BundleSha256;
        (bool continued, byte[]? newest, IReadOnlyList<byte[]> proof) = Continues(request.Checkpoint);
        return ValueTask.FromResult(new ComparedBundle(true, export.Case, same, continued, newest is null ? null : Encoding.UTF8.GetString(newest), [.. proof.Select(Convert.ToBase64String)],
        [
            same switch
            {
                true => $"This vault made this bundle for case {export.Case}, with exactly this list of contents.",
                false => $"This vault made a bundle of this id for case {export.Case}, but with another list of contents: this one was altered.",
                null => $"This vault exported a bundle of this id for case {export.Case}, and its log does not say that it was finished.",
            },
            continued ? "The vault’s log of today continues the record that is in the bundle: nothing of it was changed or taken out since."
                : "The vault’s log of today does NOT continue the record that is in the bundle: one of the two was altered, or an old copy of the vault was put back. Keep the bundle as it is and tell the person responsible for disclosure.",
        ]));
    }

    private (bool Continues, byte[]? Newest, IReadOnlyList<byte[]> Proof) Continues(string note)
    {
        // Whether the log's key signed it was asked where the bundle was checked. Here only its root counts: a key that signed it may be retired by now.
        if (!SignedNote.TryParse(Encoding.UTF8.GetBytes(note), out SignedNote? signed, out _) || !Checkpoint.TryParse(signed.Text, out Checkpoint? old, out _)) return (false, null, []);
        using LogSnapshot log = vault.Log.Snapshot();
        if (old.Origin != vault.Keys.Log.Origin || old.Size > log.Size || log.Note is not { } newest) return (false, log.Note, []);
        IReadOnlyList<byte[]> proof = log.ConsistencyProof(old.Size, log.Size);
        return (MerkleTree.VerifyConsistency(old.Size, log.Size, old.Root, log.Root(log.Size), proof), newest, proof);
    }
}
