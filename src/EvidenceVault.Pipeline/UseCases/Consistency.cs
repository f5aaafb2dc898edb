using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Asks whether the log of one checkpoint is the start of the log of another, and proves it. Reads no entry, so it leaves none; that the two contradict each other is one.</summary>
/// <param name="Old">The size of the older; the first checkpoint at or above it is taken.</param>
/// <param name="New">The size of the newer, likewise; null for the newest.</param>
/// <param name="Kept">In the place of both sizes: a checkpoint that somebody kept, as text. It is compared with the newest.</param>
public sealed record CompareCheckpoints(ulong? Old, ulong? New, string? Kept) : IVaultRequest, IRequest<ComparedCheckpoints>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => LogSight.Readers;

    /// <inheritdoc/>
    public string Action => Acts.LogRead;
}

/// <summary>What the comparison found.</summary>
/// <param name="Holds">True where one continues the other.</param>
/// <param name="IsAlarm">True where the log's own key signed what contradicts it, or what was kept is longer than the log: its history was rewritten or cut.</param>
/// <param name="Sentence">What was found.</param>
/// <param name="Old">The older checkpoint's size.</param>
/// <param name="New">The newer one's.</param>
/// <param name="OldRoot">The older one's root, hex.</param>
/// <param name="NewRoot">The newer one's.</param>
/// <param name="Proof">The proof with the newer checkpoint, as witnesses are sent it (C2SP tlog-witness, add-checkpoint); null where there is none.</param>
public sealed record ComparedCheckpoints(bool Holds, bool IsAlarm, string Sentence, ulong Old, ulong New, string? OldRoot, string? NewRoot, byte[]? Proof);

/// <summary>Sizes at which checkpoints were signed, the newest first, to choose from.</summary>
public sealed record ListCheckpoints : IVaultRequest, IRequest<IReadOnlyList<ulong>>
{
    /// <summary>How many at most.</summary>
    public const int Most = 10;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => LogSight.Readers;

    /// <inheritdoc/>
    public string Action => Acts.LogRead;
}

internal sealed class ListCheckpointsHandler(Vault vault) : IRequestHandler<ListCheckpoints, IReadOnlyList<ulong>>
{
    public ValueTask<IReadOnlyList<ulong>> Handle(ListCheckpoints request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Log.CheckpointSizes(ListCheckpoints.Most));
}

internal sealed class CompareCheckpointsHandler(Vault vault, Caller caller) : IRequestHandler<CompareCheckpoints, ComparedCheckpoints>
{
    public async ValueTask<ComparedCheckpoints> Handle(CompareCheckpoints request, CancellationToken cancellationToken)
    {
        ComparedCheckpoints compared = Compare(request);
        if (compared.IsAlarm)
        {
            await vault.Sequencer.RecordAsync(new CustodyAct(request.Action, caller.Account)
            {
                Outcome = Outcome.Failed,
                Detail = new JsonObject { ["what"] = "consistency", ["old"] = Text(compared.Old), ["new"] = Text(compared.New), ["oldRoot"] = compared.OldRoot, ["newRoot"] = compared.NewRoot },
            }).ConfigureAwait(false);
        }
        return compared;
    }

    private ComparedCheckpoints Compare(CompareCheckpoints request)
    {
        using LogSnapshot log = vault.Log.Snapshot();
        if (request.Kept is { } kept) return CompareKept(log, kept);
        ulong old = Size(request.Old ?? 1), newer = request.New is { } asked ? Size(asked) : log.Size;
        return Judge(log, Signed(log, Math.Min(old, newer)), Signed(log, Math.Max(old, newer)));

        ulong Size(ulong atLeast) => vault.Log.CheckpointFrom(atLeast) ?? throw new RefusedException(
            $"The log has {Text(log.Size)} entries: there is no checkpoint of {Text(atLeast)} or more.", "Nothing was compared.", $"Give a size of {Text(log.Size)} or less.");
    }

    private ComparedCheckpoints CompareKept(LogSnapshot log, string kept)
    {
        (Checkpoint remembered, _) = Read(Encoding.UTF8.GetBytes(kept.ReplaceLineEndings("\n").Trim('\n', ' ') + "\n"), "What was pasted");
        (Checkpoint newest, SignedNote note) = Signed(log, log.Size);
        if (remembered.Size <= newest.Size) return Judge(log, (remembered, null), (newest, note));
        // The log never gets shorter. Whoever kept this saw more of it than there is now.
        return new(false, true, $"The log is shorter than the checkpoint that was kept: {Text(newest.Size)} entries, where there once were {Text(remembered.Size)}. Entries were taken away, or an old copy of the vault was put back.",
            newest.Size, remembered.Size, Hex(newest), Hex(remembered), null);
    }

    private static ComparedCheckpoints Judge(LogSnapshot log, (Checkpoint Checkpoint, SignedNote? Note) older, (Checkpoint Checkpoint, SignedNote? Note) newer)
    {
        (ulong old, ulong size) = (older.Checkpoint.Size, newer.Checkpoint.Size);
        IReadOnlyList<byte[]> proof = old == 0 ? [] : log.ConsistencyProof(old, size);
        bool holds = old == 0 ? older.Checkpoint.Root.AsSpan().SequenceEqual(MerkleTree.EmptyRoot) : MerkleTree.VerifyConsistency(old, size, older.Checkpoint.Root, newer.Checkpoint.Root, proof);
        string sentence = holds
            ? $"The log of {Text(size)} entries begins with the log of {Text(old)} entries, unchanged: nothing was altered, taken away or put in between."
            : $"The two checkpoints, of {Text(old)} and {Text(size)} entries, contradict each other although the log’s key signed both: its history was rewritten.";
        return new(holds, !holds, sentence, old, size, Hex(older.Checkpoint), Hex(newer.Checkpoint), holds ? WitnessRequest.Of(old, proof, newer.Note!).ToBytes() : null);
    }

    private (Checkpoint Checkpoint, SignedNote Note) Signed(LogSnapshot log, ulong size) => Read(log.NoteAt(size) ?? [], "The checkpoint as it is stored");

    // Only what a key of this log signed counts; one that is retired did sign its own time.
    private (Checkpoint Checkpoint, SignedNote Note) Read(byte[] bytes, string what)
    {
        if (!SignedNote.TryParse(bytes, out SignedNote? note, out string problem) || !Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out problem))
            throw new RefusedException($"{what} is no checkpoint. {problem}", "Nothing was compared.", "Paste all of it: the name of the log, the size, the hash, an empty line, and the lines that begin with a dash.");
        NoteVerdict verdict = note.Verify(vault.LogKeys);
        if (!verdict.Holds || vault.LogKeys.All(k => k.Name != checkpoint.Origin))
            throw new RefusedException($"{what} is not signed by a key of this log. {verdict.Sentence}", "It says nothing about this log: it is another log’s, or somebody altered or made it.", "Ask whoever kept it for the text as they received it.");
        return (checkpoint, note);
    }

    private static string Text(ulong size) => size.ToString("N0", CultureInfo.InvariantCulture);

    private static string Hex(Checkpoint checkpoint) => Convert.ToHexStringLower(checkpoint.Root);
}
