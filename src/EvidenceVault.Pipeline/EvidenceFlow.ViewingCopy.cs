using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

public sealed partial class EvidenceFlow
{
    internal const string ViewingCopyRole = "viewing-copy";

    /// <summary>Makes a viewing copy of a whole Master, stores it, reads it back, and commits it with its seal and its entry. Where there is
    /// one already it is returned: so the same call after a crash carries on. A crash before the commit leaves a scratch
    /// folder (swept) and perhaps a blob that no record names, which the next try meets at its address.</summary>
    /// <exception cref="RefusedException">It is no Master, or its analysis is still to come.</exception>
    /// <exception cref="EvidenceException">The store does not give back what was sealed, or no copy can be made of it.</exception>
    /// <exception cref="UnreachableException">Something needed is out of reach, or another process is at the exhibit.</exception>
    internal async Task<ExhibitRow> DeriveViewingCopyAsync(ExhibitReference reference, IViewingCopyMaker maker, string actor, string reason, IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        using ExhibitLock mine = TakeByHand(reference);
        ExhibitRow row = AnalysedMaster(reference);
        IReadOnlyList<ExhibitRow> before = vault.Exhibits.Derivatives(reference);
        if (before.FirstOrDefault(d => d.Role == ViewingCopyRole && d.Segment is null) is { } there) return there;

        var step = new StepProgress(reference, row, progress);
        using Scratch scratch = Scratch.New(vault.ScratchRoot);
        string working = Path.Combine(scratch.Path, WorkingCopy.NameOf(row));
        if (await CopyOutAsync(row, working, step, cancel).ConfigureAwait(false) is { } damage) throw NotGivenBack(row, damage);
        ViewingCopyReport copy = await maker.MakeAsync(working, ViewingLabel.Of(reference.Text, row.Sha256!), null, Path.Combine(scratch.Path, "viewing-copy.mp4"), step.Fraction("copying for viewing"), cancel).ConfigureAwait(false);
        MadeFile made = DerivativePlan.ViewingCopy(copy);
        int number = NextNumber(before);
        StoredDerivative stored = await StoreDerivativeAsync(row, reference.Child(number), made, scratch.Path, cancel).ConfigureAwait(false);
        Dictionary<string, string> versions = await OwnVersionsAsync(cancel).ConfigureAwait(false);
        await vault.Sequencer.CommitAsync(change => CommitDerivative(change, stored, versions, actor, reason)).ConfigureAwait(false);
        return vault.Exhibits.Find(reference.Child(number))!;
    }

    /// <summary>A derivative with its seal and its entry, in one commit.</summary>
    private void CommitDerivative(Change change, StoredDerivative stored, IReadOnlyDictionary<string, string> versions, string actor, string? reason)
    {
        (ExhibitRow derivative, MadeFile file, Protection protection, string parentSha256, BlockDigests? blocks) = stored;
        SealManifest manifest = ManifestOf(derivative, Digests(derivative), ContentAddress.Parse(derivative.Address!), protection, change.Now) with
        {
            MediaType = file.MediaType,
            Derivation = new(derivative.Parent!, parentSha256, file.Role, file.Settings, versions),
        };
        Seal seal = Sealed(manifest);
        string now = ExhibitChanges.Text(change.Now);
        change.AddDerivative(derivative with { Seal = seal.ManifestBytes, SealCms = seal.CmsDer, ReceivedAt = now, SealedAt = now, StoredAt = now });
        change.KeepBlocks(derivative.Sha256!, blocks);
        change.Record(ActOn(derivative, Acts.Derived, actor) with
        {
            Sha256 = derivative.Sha256,
            Reason = reason,
            Detail = new JsonObject { ["parent"] = derivative.Parent, ["parentSha256"] = parentSha256, ["role"] = file.Role, ["bytes"] = derivative.Bytes, ["sha512"] = derivative.Sha512, ["sealSha256"] = Hex(seal.ManifestBytes) },
        });
    }

    private ExhibitLock TakeByHand(ExhibitReference reference) => ExhibitLock.TryTake(vault.Home, reference)
        ?? throw new UnreachableException($"Exhibit {reference} is being worked on by another process.", "Nothing was made of it; the exhibit is as it was.", "Try again when that process has finished.");

    /// <summary>A Master of which something may be made by hand.</summary>
    private ExhibitRow AnalysedMaster(ExhibitReference reference)
    {
        ExhibitRow row = vault.Exhibits.Find(reference) ?? throw new InvalidOperationException($"Exhibit {reference} is not in the catalogue.");
        if (row.Parent is not null)
            throw new RefusedException($"{reference} is a {row.Role}, made from {row.Parent}.", "Nothing was made of it.", $"Ask for one of {row.Parent}.");
        if (row.State == ExhibitState.Damaged) throw NotGivenBack(row, row.Problem ?? "The store did not give back what was sealed.");
        // The analysis numbers what it makes from 1: nothing may take its numbers before it has.
        return row.State is ExhibitState.Analysed or ExhibitState.NotAnalysed ? row
            : throw new RefusedException($"Exhibit {reference} is '{row.State}': its analysis is still to come.", "Nothing was made of it.", "Let the worker finish it, and ask again.");
    }

    private static int NextNumber(IReadOnlyList<ExhibitRow> derivatives) => 1 + derivatives.Select(d => d.Ref.Number).DefaultIfEmpty(0).Max();

    /// <summary>What takes part where the vault itself makes something.</summary>
    private static async Task<Dictionary<string, string>> OwnVersionsAsync(CancellationToken cancel) => new()
    {
        ["evidencevault"] = OwnBuild.Of(typeof(EvidenceFlow).Module),
        ["ffmpeg"] = await Ffmpeg.VersionAsync(cancel).ConfigureAwait(false),
    };

    private static EvidenceException NotGivenBack(ExhibitRow row, string problem) => new(
        $"Exhibit {row.Reference} is not given back as it was sealed: {problem}", "Nothing was made of it.", $"See 'evidencevault show {row.Reference}', and tell the vault's administrator.");
}
