using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Sealing;

/// <summary>
/// One pass over a Master: whoever stores it pulls the bytes from here, and SHA-256 and SHA-512 run on the very bytes that pass.
/// It reads its source once, forward only, and says what the file is only when the end was reached.
/// </summary>
/// <param name="source">The file; read from where it stands, not disposed here.</param>
/// <param name="progress">Told the bytes read so far.</param>
public sealed class MasterReading(Stream source, IProgress<long>? progress = null) : Stream
{
    private readonly RunningDigests running = new();
    private RunningDigests.Block? block;
    private int given;
    private bool sourceEnded;
    private long passed;
    private FileDigests? digests;

    /// <summary>What the file's bytes are.</summary>
    /// <exception cref="InvalidOperationException">The end was not reached: digests of a part would pass for those of the whole.</exception>
    public FileDigests Digests => digests
        ?? throw new InvalidOperationException($"The file was read for {passed} bytes and not to its end: it has no digests yet.");

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException("A Master is read once, forward: its length is known at its end.");

    /// <inheritdoc/>
    public override long Position
    {
        get => passed;
        set => throw new NotSupportedException("A Master is read once, forward.");
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        if (block is null && !await NextBlockAsync(cancellationToken).ConfigureAwait(false)) return 0;

        int length = Math.Min(buffer.Length, block!.Length - given);
        block.Buffer.AsMemory(given, length).CopyTo(buffer);
        given += length;
        passed += length;
        if (given == block.Length)
        {
            block.Release();
            block = null;
            progress?.Report(passed);
        }
        return length;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A Master is read once, forward.");

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException("A Master is never altered.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A Master is never altered.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) running.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The next block, already on its way through the hashes; false at the end, when the digests are there.</summary>
    private async ValueTask<bool> NextBlockAsync(CancellationToken cancel)
    {
        if (!sourceEnded)
        {
            RunningDigests.Block next = await running.RentAsync(cancel).ConfigureAwait(false);
            try
            {
                await next.FillAsync(source, cancel).ConfigureAwait(false);
            }
            catch
            {
                next.Release();
                throw;
            }
            if (next.Length > 0)
            {
                await running.AddAsync(next, cancel).ConfigureAwait(false);
                (block, given) = (next, 0);
                return true;
            }
            next.Release();
            sourceEnded = true;
        }
        digests ??= await running.CompleteAsync().ConfigureAwait(false);
        return false;
    }
}
