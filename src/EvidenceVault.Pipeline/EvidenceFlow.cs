using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline;

/// <summary>
/// The way of a file, step by step; read this first. Each step ends in one commit that holds the new state and its custody
/// entry. A step can die at any instruction: the next start finds the state of the last commit and runs the same code again.
/// <code>
///   step        commits            a crash before its commit leaves
///   Receive     received           nothing
///   Seal        sealed             a staged upload, perhaps a placed blob without a record: done again, the blob found there
///   Read back   stored             the state 'sealed': read back again
///   Analyse     analysed           a scratch folder (swept) and perhaps derivative blobs without a record: done again
///   Series      in-series          the same; of the stills of a drop that is complete (DeriveSeriesAsync)
/// </code>
/// A step that finds something out of reach throws <see cref="UnreachableException"/> and leaves the state for later. A custody
/// write that fails throws too, and so stops the act it records.
/// </summary>
public sealed partial class EvidenceFlow(Vault vault, IEvidenceStore store, IFootageAnalyser analyser, FlowOptions options, ILogger<EvidenceFlow> log)
{
    /// <summary>Whether this flow analyses what it has stored.</summary>
    public bool Analyses => options.Analyse;

    /// <summary>Before the first step: makes the store's containers where they are not there yet. Says what it found.</summary>
    /// <exception cref="UnreachableException">The store does not answer.</exception>
    public Task<string> ReadyTheStoreAsync(CancellationToken cancel) => store.CheckAsync(cancel);

    /// <summary>Step 1: gives a delivery its reference and records that it was received. The same delivery again changes nothing.</summary>
    /// <exception cref="RefusedException">The reference asked for is taken.</exception>
    public Task<ExhibitReference> ReceiveAsync(Delivery delivery, string actor) => vault.Sequencer.CommitAsync(change =>
    {
        (ExhibitReference reference, bool fresh) = change.Receive(delivery);
        if (fresh)
        {
            change.Record(new(Acts.Received, actor)
            {
                Case = delivery.Case,
                Camera = delivery.Camera,
                Exhibit = reference,
                Detail = new JsonObject { ["bytesSeen"] = delivery.Bytes },
                Personal = [new("sourceName", delivery.RelativePath), new("source", delivery.Source)],
            });
        }
        return reference;
    });

    /// <summary>Steps 2 to 6: carries an exhibit on from wherever it stands: to 'stored', and with <paramref name="analyse"/> to its end.
    /// Null where another process is at it now.</summary>
    /// <exception cref="UnreachableException">Something needed is out of reach: try again later.</exception>
    public async Task<ExhibitRow?> CarryOnAsync(ExhibitReference reference, IDropSource source, string actor, bool analyse, IProgress<FlowStep>? progress, CancellationToken cancel)
    {
        using ExhibitLock? mine = ExhibitLock.TryTake(vault.Home, reference);
        if (mine is null) return null;
        for (string? before = null; ;)
        {
            ExhibitRow row = vault.Exhibits.Find(reference) ?? throw new InvalidOperationException($"Exhibit {reference} is not in the catalogue.");
            var step = new StepProgress(reference, row, progress);
            if (before is not null && before != row.State) step.Reached(row);
            before = row.State;
            using var activity = Telemetry.Source.StartActivity(row.State);
            activity?.SetTag("exhibit", reference.Text);
            try
            {
                switch (row.State)
                {
                    case ExhibitState.Received: await SealAsync(row, source, actor, step, cancel).ConfigureAwait(false); break;
                    case ExhibitState.Sealed: await ReadBackAsync(row, source, actor, step, cancel).ConfigureAwait(false); break;
                    case ExhibitState.Stored when analyse && options.Analyse: await AnalyseAsync(row, actor, step, cancel).ConfigureAwait(false); break;
                    default: return row;
                }
            }
            catch (StateMovedException e)
            {
                LogMoved(log, e.Message);
                return null;
            }
        }
    }

    /// <summary>Steps 2 and 3: one pass over the file (hash, encrypt, upload), then the content address, the seal and its entry.</summary>
    private async Task SealAsync(ExhibitRow row, IDropSource source, string actor, StepProgress step, CancellationToken cancel)
    {
        ExhibitReference reference = row.Ref;
        DropFile file = FileOf(row);
        FileDigests digests;
        try
        {
            // One pass: what is hashed here is what is uploaded. A crash leaves a staged upload that the next pass replaces.
            digests = await StageAsync(row, source, file, step, cancel).ConfigureAwait(false);
            if (await source.VersionAsync(file, cancel).ConfigureAwait(false) != file.Version)
                throw new DropFileException("changed", $"{Names.Printable(file.RelativePath)} changed while it was read.");
        }
        catch (DropFileException e)
        {
            await store.DiscardAsync(row.StagingId, cancel).ConfigureAwait(false);
            await FailToTakeAsync(row, actor, e).ConfigureAwait(false);
            return;
        }
        // Create-only: where these bytes are sealed already, this exhibit points at the same blob. A crash after this line
        // leaves a blob that no record names; the next pass stages again and finds it there.
        ContentAddress address = ContentAddress.Master(digests.Sha256);
        (Placement placement, Protection protection) = await PlaceAsync(row.StagingId, address, cancel).ConfigureAwait(false);

        string? mismatch = Mismatch(row, digests);
        var name = Proof.Disclosure.Create("original-name", row.RelativePath ?? "");
        await vault.Sequencer.CommitAsync(change =>
        {
            SealManifest manifest = ManifestOf(row, digests, address, protection, change.Now) with { OriginalNameDigest = name.Digest };
            Seal seal = Sealed(manifest);
            change.Seal(row, digests, address.Path, seal.ManifestBytes, seal.CmsDer, name.Encoded, mismatch);
            change.Record(ActOn(row, Acts.Sealed, actor) with
            {
                Sha256 = digests.Sha256,
                Detail = new JsonObject
                {
                    ["sha512"] = digests.Sha512,
                    ["bytes"] = digests.Bytes,
                    ["address"] = address.Path,
                    ["bytesAlreadyHeld"] = placement == Placement.AlreadyThere,
                    ["sealSha256"] = Hex(seal.ManifestBytes),
                    ["manifestAgrees"] = row.ExpectedSha256 is null ? "no-manifest" : mismatch is null ? "yes" : "no",
                },
            });
        }).ConfigureAwait(false);
        Telemetry.SealedBytes.Add(digests.Bytes);
    }

    /// <summary>Step 4: the stored blob is read, decrypted and hashed again before anything calls it stored.</summary>
    private async Task ReadBackAsync(ExhibitRow row, IDropSource source, string actor, StepProgress step, CancellationToken cancel)
    {
        ExhibitReference reference = row.Ref;
        ContentAddress address = ContentAddress.Parse(row.Address!);
        FileDigests? found = null;
        BlockDigests? blocks = null;
        string? problem = null;
        if (!await store.ExistsAsync(address, cancel).ConfigureAwait(false))
        {
            problem = await PlaceAgainAsync(row, source, address, step, cancel).ConfigureAwait(false);
        }
        if (problem is null)
        {
            try
            {
                await using Stream stored = await store.OpenReadAsync(address, cancel).ConfigureAwait(false);
                await using var reading = new BlockReading(stored);
                found = await ReadBack.DigestAsync(reading, step.Of("reading back", row.Bytes), cancel).ConfigureAwait(false);
                blocks = reading.Digests();
            }
            catch (EvidenceException e)
            {
                problem = e.What;
            }
        }
        if (found is not null && found != Digests(row)) problem = $"The store gave back bytes with SHA-256 {found.Sha256}.";
        if (problem is not null)
        {
            await CommitFailureAsync(row, ExhibitState.Damaged, Acts.ReadBack, actor, problem).ConfigureAwait(false);
            LogDamaged(log, reference.Text, problem);
            return;
        }
        await vault.Sequencer.CommitAsync(change =>
        {
            change.Store(reference);
            change.KeepBlocks(row.Sha256!, blocks);
            change.Record(ActOn(row, Acts.ReadBack, actor) with { Sha256 = row.Sha256, Detail = new JsonObject { ["sha512"] = row.Sha512, ["bytes"] = row.Bytes } });
            change.Record(ActOn(row, Acts.Stored, actor) with { Sha256 = row.Sha256, Detail = new JsonObject { ["address"] = row.Address } });
        }).ConfigureAwait(false);
    }

    /// <summary>The settings for footage, or for stills, of an exhibit's deployment.</summary>
    /// <exception cref="UnreachableException">The file of deployments cannot be used: nothing is analysed until it can.</exception>
    private async Task<AnalysisSettings> SettingsForAsync(ExhibitRow row) =>
        (await vault.DeploymentsAsync().ConfigureAwait(false)).For(row.Case, row.Camera, options.Analysis);

    /// <summary>Steps 5 and 6: analyses what the store gives back, seals and stores what was made, and commits all of it at once.</summary>
    private async Task AnalyseAsync(ExhibitRow row, string actor, StepProgress step, CancellationToken cancel)
    {
        ExhibitReference reference = row.Ref;
        AnalysisSettings settings = await SettingsForAsync(row).ConfigureAwait(false);
        using Scratch scratch = Scratch.New(vault.ScratchRoot);
        string working = Path.Combine(scratch.Path, WorkingCopy.NameOf(row));
        string output = Path.Combine(scratch.Path, "out");
        Directory.CreateDirectory(output);
        if (await CopyOutAsync(row, working, step, cancel).ConfigureAwait(false) is { } damage)
        {
            await CommitFailureAsync(row, ExhibitState.Damaged, Acts.Analysed, actor, damage).ConfigureAwait(false);
            LogDamaged(log, reference.Text, damage);
            return;
        }
        AnalysisReport report = await analyser.AnalyseAsync(working, output, settings with { Label = ViewingLabel.Of(reference.Text, row.Sha256!) }, step.Fraction("analysing"), cancel).ConfigureAwait(false);
        // The packets are there too where the looking for motion failed.
        PacketFiles packets = PacketFiles.In(output, report.Clips, row.Sha256!, cancel);
        foreach (string problem in packets.Problems) LogPacketsNotUsed(log, reference.Text, problem);
        if (report.Versions.Count == 0 && packets.Index is not null) report = report with { Versions = new SortedDictionary<string, string> { ["ffmpeg"] = await Ffmpeg.VersionAsync(cancel).ConfigureAwait(false) } };
        List<MadeFile> made = [.. DerivativePlan.Of(report, packets)];
        var derivatives = new List<StoredDerivative>(made.Count);
        try
        {
            for (int i = 0; i < made.Count; i++)
            {
                // A crash in here leaves blobs that no record names: the next analysis makes the same bytes and finds them there.
                StoredDerivative stored = await StoreDerivativeAsync(row, reference.Child(i + 1), made[i], output, cancel).ConfigureAwait(false);
                derivatives.Add(stored);
                if (made[i].Proof is { } proof) derivatives.Add(await StoreDerivativeAsync(stored.Row, stored.Row.Ref.Child(1), proof, output, cancel).ConfigureAwait(false));
                step.Report("storing derivatives", (i + 1.0) / made.Count);
            }
        }
        catch (EvidenceException e)
        {
            // The address that a derivative's bytes belong at holds others, for good. The Master is untouched by that.
            string problem = $"The footage was analysed, but what was made of it cannot be stored: {e.What}";
            await CommitFailureAsync(row, ExhibitState.NotAnalysed, Acts.Analysed, actor, problem).ConfigureAwait(false);
            LogNotKept(log, reference.Text, e.What);
            return;
        }
        string json = AnalysisJson.Write(report);
        await vault.Sequencer.CommitAsync(change => CommitAnalysis(change, row, actor, report, json, derivatives)).ConfigureAwait(false);
    }

    private void CommitAnalysis(Change change, ExhibitRow row, string actor, AnalysisReport report, string json, List<StoredDerivative> derivatives)
    {
        ExhibitReference reference = row.Ref;
        change.Analyse(reference, report.Problem is null ? ExhibitState.Analysed : ExhibitState.NotAnalysed, json, report.Problem);
        // What came with a drop is looked at once more, with the stills beside it (EvidenceFlow.Series.cs).
        if (row.DropId is not null && report.Probe?.Container == "jpeg") SeriesOfStills.Note(change, reference);
        if (report.Probe is { } probe && RecordingTime.Of(probe) is { } recorded) Recordings.Note(change, row, recorded.FirstPts, recorded.Seconds, recorded.Stated, recorded.Started);
        RecordAnalysis(change, row, actor, report, json, derivatives);
    }

    /// <summary>The entry of an analysis, its segments, and what was made, within one change.</summary>
    private void RecordAnalysis(Change change, ExhibitRow row, string actor, AnalysisReport report, string json, List<StoredDerivative> derivatives)
    {
        ExhibitReference reference = row.Ref;
        change.Record(ActOn(row, Acts.Analysed, actor) with
        {
            Outcome = report.Problem is null ? Outcome.Done : Outcome.Failed,
            Sha256 = row.Sha256,
            Detail = new JsonObject
            {
                ["analysisSha256"] = Hex(System.Text.Encoding.UTF8.GetBytes(json)),
                ["frames"] = report.Frames,
                ["segments"] = report.Segments.Count,
                ["derivatives"] = derivatives.Count,
            },
            Personal = report.Problem is null ? [] : [new("problem", report.Problem)],
        });
        for (int i = 0; i < report.Segments.Count; i++)
        {
            SegmentReport s = report.Segments[i];
            change.AddSegment(reference, new(i + 1, s.Start, s.End, s.Peak, s.PeakScore, $"[{string.Join(',', s.Box)}]", s.OpenedBecause, s.ClosedBecause));
        }
        foreach (StoredDerivative derivative in derivatives) CommitDerivative(change, derivative, report.Versions.ToDictionary(), actor, null);
    }

    private async Task<FileDigests> StageAsync(ExhibitRow row, IDropSource source, DropFile file, StepProgress step, CancellationToken cancel)
    {
        await using Stream opened = await source.OpenAsync(file, cancel).ConfigureAwait(false);
        await using var reading = new MasterReading(opened, step.Of("sealing", file.Version.Bytes));
        await store.StageAsync(row.StagingId, reading, cancel).ConfigureAwait(false);
        return reading.Digests;
    }

    /// <summary>The placed blob is gone before it was ever called stored (a store that lost what it had acknowledged). The source still
    /// holds the file: upload it again and hold it to the seal. Returns what is wrong, or null.</summary>
    private async Task<string?> PlaceAgainAsync(ExhibitRow row, IDropSource source, ContentAddress address, StepProgress step, CancellationToken cancel)
    {
        try
        {
            FileDigests again = await StageAsync(row, source, FileOf(row), step, cancel).ConfigureAwait(false);
            if (again != Digests(row))
            {
                await store.DiscardAsync(row.StagingId, cancel).ConfigureAwait(false);
                return "The store lost the sealed bytes, and the source now holds other bytes under this name.";
            }
            await store.PlaceAsync(row.StagingId, address, cancel).ConfigureAwait(false);
            return null;
        }
        catch (DropFileException e)
        {
            return $"The store lost the sealed bytes, and the source cannot be read again: {e.Message}";
        }
    }

    /// <summary>Gives staged bytes their address and has the service guard them. A store that lost what it had just confirmed is out of
    /// reach, not damaged: nothing is recorded yet, and the next try stages again.</summary>
    private async Task<(Placement Placement, Protection Protection)> PlaceAsync(string stagingId, ContentAddress address, CancellationToken cancel)
    {
        try
        {
            Placement placement = await store.PlaceAsync(stagingId, address, cancel).ConfigureAwait(false);
            return (placement, await store.ProtectAsync(address, cancel).ConfigureAwait(false));
        }
        catch (EvidenceException e)
        {
            throw new UnreachableException($"The store lost bytes that it had just confirmed. {e.What}", "Nothing of them was recorded; they are uploaded again.", "Nothing need be done, unless it goes on: then check the store.", e);
        }
    }

    /// <exception cref="EvidenceException">The address holds other bytes than those just made.</exception>
    private async Task<BlockDigests?> ReadDerivativeBackAsync(ExhibitReference reference, ContentAddress address, FileDigests digests, CancellationToken cancel)
    {
        try
        {
            await using Stream stored = await store.OpenReadAsync(address, cancel).ConfigureAwait(false);
            await using var reading = new BlockReading(stored);
            if (await ReadBack.DigestAsync(reading, null, cancel).ConfigureAwait(false) == digests) return reading.Digests();
        }
        catch (EvidenceException e)
        {
            if (await store.ExistsAsync(address, cancel).ConfigureAwait(false)) throw;
            throw new UnreachableException($"The store lost derivative {reference}, which it had just confirmed.", "The Master is sealed and stored; its analysis waits.", "Nothing need be done, unless it goes on: then check the store.", e);
        }
        throw new EvidenceException($"Derivative {reference} did not read back as it was made: '{address.Path}' holds other bytes.", "The Master is sealed and stored.", "Compare the store with its backup and report it as a finding.");
    }

    /// <summary>The state that a step could not get past, and why, with its entry.</summary>
    private Task CommitFailureAsync(ExhibitRow row, string state, string action, string actor, string problem) => vault.Sequencer.CommitAsync(change =>
    {
        change.Fail(row.Ref, row.State, state, problem);
        change.Record(ActOn(row, action, actor) with { Outcome = Outcome.Failed, Sha256 = row.Sha256, Personal = [new("problem", problem)] });
    });

    private async Task FailToTakeAsync(ExhibitRow row, string actor, DropFileException e)
    {
        string problem = $"{e.Message} Nothing is sealed under {row.Reference} yet. It is taken up again when the file is there and at rest.";
        await vault.Sequencer.CommitAsync(change =>
        {
            change.Fail(row.Ref, ExhibitState.Received, ExhibitState.Failed, problem);
            change.Record(ActOn(row, Acts.Sealed, actor) with { Outcome = Outcome.Failed, Detail = new JsonObject { ["kind"] = e.Kind }, Personal = [new("problem", problem)] });
        }).ConfigureAwait(false);
        LogNotTaken(log, row.Reference, e.Kind);
    }

    private Task<string?> CopyOutAsync(ExhibitRow row, string path, StepProgress step, CancellationToken cancel) =>
        WorkingCopy.WriteAsync(store, row, path, step.Of("fetching", row.Bytes), cancel);

    private async Task<StoredDerivative> StoreDerivativeAsync(ExhibitRow parent, ExhibitReference reference, MadeFile made, string folder, CancellationToken cancel)
    {
        string staging = Guid.NewGuid().ToString("N"), path = Path.Combine(folder, Path.GetFileName(made.File));
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        await using var reading = new MasterReading(file);
        await store.StageAsync(staging, reading, cancel).ConfigureAwait(false);
        FileDigests digests = reading.Digests;
        // The record says what was made; what is sealed under it must be that, and nothing that was put in its place since.
        if (digests.Sha256 != made.Sha256)
        {
            await store.DiscardAsync(staging, cancel).ConfigureAwait(false);
            throw new EvidenceException($"{Names.Printable(made.File)} has the SHA-256 {digests.Sha256}, where the record of what was made says {made.Sha256}.", "It is not sealed; the Master is sealed and stored.", "Look at the file by hand and report the fault.");
        }
        ContentAddress address = ContentAddress.Derivative(digests.Sha256);
        (_, Protection protection) = await PlaceAsync(staging, address, cancel).ConfigureAwait(false);
        BlockDigests? blocks = await ReadDerivativeBackAsync(reference, address, digests, cancel).ConfigureAwait(false);
        var row = new ExhibitRow
        {
            Reference = reference.Text,
            Case = parent.Case,
            Camera = parent.Camera,
            State = ExhibitState.Stored,
            Parent = parent.Reference,
            Role = made.Role,
            Segment = made.Segment,
            Pts = made.Pts,
            RelativePath = made.File,
            StagingId = staging,
            Sha256 = digests.Sha256,
            Sha512 = digests.Sha512,
            Bytes = digests.Bytes,
            Address = address.Path,
            ReceivedAt = "", // set, with the seal, in the commit
        };
        return new(row, made, protection, parent.Sha256!, blocks);
    }

    private sealed record StoredDerivative(ExhibitRow Row, MadeFile File, Protection Protection, string ParentSha256, BlockDigests? Blocks);

    private SealManifest ManifestOf(ExhibitRow row, FileDigests digests, ContentAddress address, Protection protection, DateTimeOffset now) => new()
    {
        Exhibit = row.Reference,
        Case = row.Case,
        Camera = row.Camera,
        Sha256 = digests.Sha256,
        Sha512 = digests.Sha512,
        Bytes = digests.Bytes,
        SealedAt = now,
        Store = new(address.Path, store.Encryption, protection.Immutability, protection.LegalHold, protection.Note),
    };

    private Seal Sealed(SealManifest manifest) => new SealWriter(bytes => vault.Keys.Seal.SignDetached(bytes.Span)).Write(manifest);

    private static CustodyAct ActOn(ExhibitRow row, string action, string actor) => new(action, actor) { Case = row.Case, Camera = row.Camera, Exhibit = row.Ref };

    private static FileDigests Digests(ExhibitRow row) => new(row.Sha256!, row.Sha512!, row.Bytes!.Value);

    internal static DropFile FileOf(ExhibitRow row) => new(
        row.Path!, row.RelativePath!, new(row.SeenBytes!.Value, row.SeenStamp!),
        row.ExpectedSha256 is null ? null : new(row.RelativePath!, row.ExpectedBytes ?? 0, row.ExpectedSha256));

    private static string? Mismatch(ExhibitRow row, FileDigests digests) =>
        row.ExpectedSha256 is null || (row.ExpectedSha256 == digests.Sha256 && row.ExpectedBytes == digests.Bytes) ? null
        : $"The manifest says {row.ExpectedBytes} bytes and SHA-256 {row.ExpectedSha256}; received were {digests.Bytes} bytes with SHA-256 {digests.Sha256}. What was received is sealed as it is. Ask whoever delivered it for the file that the manifest names.";

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    [LoggerMessage(Level = LogLevel.Information, Message = "{Reason}")]
    private static partial void LogMoved(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Exhibit}: not taken ({Kind}); nothing is sealed under it yet")]
    private static partial void LogNotTaken(ILogger logger, string exhibit, string kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Exhibit}: {Problem} It is not sealed")]
    private static partial void LogPacketsNotUsed(ILogger logger, string exhibit, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Exhibit}: analysed, but its derivatives cannot be stored. {Problem}")]
    private static partial void LogNotKept(ILogger logger, string exhibit, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Exhibit}: damaged. {Problem}")]
    private static partial void LogDamaged(ILogger logger, string exhibit, string problem);
}
