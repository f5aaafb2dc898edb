using System.Collections.Concurrent;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline;

/// <summary>Knows the digests of the blocks of what is stored, by which a part of an exhibit is held to its seal. Reading back keeps them. Of what was stored before they were kept, the whole is read once beside the first
/// playback; what was not the sealed whole is given out no more. A crash leaves nothing: the next playback reads again.</summary>
internal sealed partial class BlockHolding(Vault vault, IEvidenceStore store, ILogger<BlockHolding> log)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string?>>> _readings = new();

    // One whole at a time: a playback must not wait for readings of others.
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>The digests of the blocks of an exhibit's bytes; null while they are being taken.</summary>
    /// <exception cref="EvidenceException">The whole was read and is not what was sealed.</exception>
    public BlockDigests? Of(ExhibitRow row, Caller caller)
    {
        if (BlockDigests.OfSmall(row.Sha256!, row.Bytes!.Value) is { } small) return small;
        if (vault.Recordings.Blocks(row.Sha256!, row.Bytes!.Value) is { } kept) return kept;
        Task<string?> reading = _readings.GetOrAdd(row.Sha256!, _ => new(() => Task.Run(() => ReadWholeAsync(row, caller)))).Value;
        if (reading is { IsCompletedSuccessfully: true, Result: { } problem })
            throw new EvidenceException(problem, "What is stored is not what was sealed: no more of it is given out.", "Keep the store as it is and tell the vault's administrator.");
        return null;
    }

    /// <summary>What is wrong with the whole, a sentence; null where it is what was sealed, or could not be read for now.</summary>
    private async Task<string?> ReadWholeAsync(ExhibitRow row, Caller caller)
    {
        await _one.WaitAsync().ConfigureAwait(false);
        try
        {
            await using Stream stored = await store.OpenReadAsync(ContentAddress.Parse(row.Address!), CancellationToken.None).ConfigureAwait(false);
            await using var reading = new BlockReading(stored);
            FileDigests found = await ReadBack.DigestAsync(reading, null, CancellationToken.None).ConfigureAwait(false);
            if (found != new FileDigests(row.Sha256!, row.Sha512!, row.Bytes!.Value)) return await NotAsSealedAsync(row, caller, $"The store gave back {found.Bytes} bytes with SHA-256 {found.Sha256}; sealed were {row.Bytes} bytes with SHA-256 {row.Sha256}.").ConfigureAwait(false);
            await vault.Sequencer.CommitAsync(change => change.KeepBlocks(row.Sha256!, reading.Digests())).ConfigureAwait(false);
            return null;
        }
        catch (EvidenceException e)
        {
            return await NotAsSealedAsync(row, caller, e.What).ConfigureAwait(false);
        }
        catch (UnreachableException e)
        {
            // Nothing is known of the whole yet; the next block that is asked for tries again.
            LogNotRead(log, row.Reference, e.What);
            _readings.TryRemove(row.Sha256!, out _);
            return null;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<string> NotAsSealedAsync(ExhibitRow row, Caller caller, string problem)
    {
        LogDamaged(log, row.Reference, problem);
        await vault.Sequencer.RecordAsync(FailedAccess.Of(Acts.Viewed, row, caller, problem)).ConfigureAwait(false);
        return problem;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Exhibit}: could not be held to its seal beside its playback. {Problem}")]
    private static partial void LogNotRead(ILogger logger, string exhibit, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Exhibit}: what is stored is not what was sealed. {Problem}")]
    private static partial void LogDamaged(ILogger logger, string exhibit, string problem);
}
