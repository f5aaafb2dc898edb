using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Sealing;

/// <summary>Reads what the store holds, as a stranger would, and says what it is.</summary>
public static class ReadBack
{
    /// <summary>The digests of a stream read to its end.</summary>
    /// <param name="stored">A stored file, decrypted; not disposed here.</param>
    /// <param name="progress">Told the bytes read so far.</param>
    /// <param name="cancel">Ends the reading; there are no digests then.</param>
    /// <returns>What the stored bytes are: compare with what was sealed.</returns>
    public static async Task<FileDigests> DigestAsync(Stream stored, IProgress<long>? progress, CancellationToken cancel)
    {
        using RunningDigests running = new();
        long passed = 0;
        while (true)
        {
            RunningDigests.Block block = await running.RentAsync(cancel).ConfigureAwait(false);
            await block.FillAsync(stored, cancel).ConfigureAwait(false);
            if (block.Length == 0) return await running.CompleteAsync().ConfigureAwait(false);
            await running.AddAsync(block, cancel).ConfigureAwait(false);
            block.Release(); // nobody but the hashes reads it
            passed += block.Length;
            progress?.Report(passed);
        }
    }
}
