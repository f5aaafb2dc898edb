using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

public sealed partial class EvidenceFlow
{
    internal const string ClipRole = "clip";

    /// <summary>Cuts a clip of a Master by hand, proves it, stores clip and proof, reads both back, and commits them with their seals and entries at once.
    /// Where there is one of these very bounds it is returned: so the same call after a crash carries on. A crash before the commit leaves a
    /// scratch folder (swept) and perhaps blobs that no record names, which the next try meets at their addresses.</summary>
    /// <exception cref="RefusedException">It is no Master, its analysis is still to come, or the bounds are none of its footage.</exception>
    /// <exception cref="EvidenceException">The store does not give back what was sealed, or no clip can be cut of it.</exception>
    /// <exception cref="UnreachableException">Something needed is out of reach, or another process is at the exhibit.</exception>
    internal async Task<KeptClip> DeriveClipAsync(ExhibitReference reference, double from, double to, IClipCutter cutter, string actor, string reason, IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        ClipCutter.RequireBounds(from, to);
        using ExhibitLock mine = TakeByHand(reference);
        ExhibitRow row = AnalysedMaster(reference);
        IReadOnlyList<ExhibitRow> before = vault.Exhibits.Derivatives(reference);
        foreach (ExhibitRow clip in before.Where(d => d.Role == ClipRole && d.Segment is null))
        {
            KeptClip there = Kept(clip);
            if (there.AskedStart == from && there.AskedEnd == to) return there;
        }

        var step = new StepProgress(reference, row, progress);
        using Scratch scratch = Scratch.New(vault.ScratchRoot);
        string working = Path.Combine(scratch.Path, WorkingCopy.NameOf(row)), folder = Path.Combine(scratch.Path, "out");
        Directory.CreateDirectory(folder);
        if (await CopyOutAsync(row, working, step, cancel).ConfigureAwait(false) is { } damage) throw NotGivenBack(row, damage);
        bool indexed = await IndexOutAsync(before, working, folder, step, cancel).ConfigureAwait(false);

        step.Report("cutting", 0);
        int number = NextNumber(before);
        ClipReport cut = await cutter.CutAsync(working, from, to, Path.Combine(folder, $"clip-{number}{Path.GetExtension(working)}"), cancel).ConfigureAwait(false);
        step.Report("proving", 0.5);
        AnalysisReport proved = await PacketEvidence.ProveAsync(new() { Clips = [cut] }, Path.Combine(folder, PacketIndexing.FileName), folder, cancel).ConfigureAwait(false);
        // What is sealed is checked as anybody would check it, by Proof.
        PacketFiles packets = PacketFiles.In(folder, [cut], row.Sha256!, cancel);

        MadeFile made = DerivativePlan.Clip(cut, packets, [.. cut.LeftOut, .. proved.Notes, .. packets.Problems]);
        StoredDerivative stored = await StoreDerivativeAsync(row, reference.Child(number), made, folder, cancel).ConfigureAwait(false);
        List<StoredDerivative> all = [stored];
        if (made.Proof is { } proof) all.Add(await StoreDerivativeAsync(stored.Row, stored.Row.Ref.Child(1), proof, folder, cancel).ConfigureAwait(false));
        if (!indexed && packets.Index is not null) all.Add(await StoreDerivativeAsync(row, reference.Child(number + 1), DerivativePlan.Index(packets), folder, cancel).ConfigureAwait(false));
        step.Report("storing", 1);
        Dictionary<string, string> versions = await OwnVersionsAsync(cancel).ConfigureAwait(false);
        await vault.Sequencer.CommitAsync(change =>
        {
            foreach (StoredDerivative one in all) CommitDerivative(change, one, versions, actor, reason);
        }).ConfigureAwait(false);
        return Kept(vault.Exhibits.Find(reference.Child(number))!);
    }

    /// <summary>Puts the Master's packet index into the folder: the sealed one, or a new one for a Master that has none. True for the sealed one.</summary>
    private async Task<bool> IndexOutAsync(IReadOnlyList<ExhibitRow> derivatives, string working, string folder, StepProgress step, CancellationToken cancel)
    {
        if (derivatives.FirstOrDefault(d => d.Role == PacketIndex.Role) is not { } index)
        {
            await PacketIndexing.WriteAsync(working, folder, cancel).ConfigureAwait(false);
            return false;
        }
        string path = Path.Combine(folder, PacketIndexing.FileName);
        return await CopyOutAsync(index, path, step, cancel).ConfigureAwait(false) is { } damage ? throw NotGivenBack(index, damage) : true;
    }

    private KeptClip Kept(ExhibitRow clip) => KeptClip.Of(clip, vault.Exhibits.Derivatives(clip.Ref).FirstOrDefault(d => d.Role == PacketProof.Role));
}
