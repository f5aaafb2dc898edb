using System.Security.Cryptography;
using System.Threading.Channels;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Sealing;

/// <summary>
/// SHA-256 and SHA-512 (FIPS 180-4) side by side over a stream of blocks, each on a thread of its own. A fixed set of blocks goes
/// round and round: memory stays flat, and whoever fills blocks waits when the hashes fall behind.
/// </summary>
internal sealed class RunningDigests : IDisposable
{
    /// <summary>Length of a block, bytes.</summary>
    public const int BlockBytes = 1 << 20;

    private const int Blocks = 6;

    private readonly Channel<Block> free = Channel.CreateBounded<Block>(Blocks);
    private readonly Channel<Block> toSha256 = Channel.CreateBounded<Block>(Blocks);
    private readonly Channel<Block> toSha512 = Channel.CreateBounded<Block>(Blocks);
    private readonly Task<string> sha256;
    private readonly Task<string> sha512;
    private long bytes;

    public RunningDigests()
    {
        for (int i = 0; i < Blocks; i++)
        {
            bool fits = free.Writer.TryWrite(new Block(free.Writer));
            System.Diagnostics.Debug.Assert(fits);
        }
        sha256 = Task.Run(() => HashAsync(HashAlgorithmName.SHA256, toSha256.Reader));
        sha512 = Task.Run(() => HashAsync(HashAlgorithmName.SHA512, toSha512.Reader));
    }

    /// <summary>A block to fill. Hand it back with <see cref="AddAsync"/>, or release it.</summary>
    public ValueTask<Block> RentAsync(CancellationToken cancel) => free.Reader.ReadAsync(cancel);

    /// <summary>Hashes a filled block. The caller may go on reading it until it releases it; nobody writes to it.</summary>
    public async ValueTask AddAsync(Block block, CancellationToken cancel)
    {
        block.ShareAmong(3);
        bytes += block.Length;
        await toSha256.Writer.WriteAsync(block, cancel).ConfigureAwait(false);
        await toSha512.Writer.WriteAsync(block, cancel).ConfigureAwait(false);
    }

    /// <summary>The digests of all blocks added. No block may be added after it.</summary>
    public async Task<FileDigests> CompleteAsync()
    {
        toSha256.Writer.TryComplete();
        toSha512.Writer.TryComplete();
        return new(await sha256.ConfigureAwait(false), await sha512.ConfigureAwait(false), bytes);
    }

    /// <summary>Ends both hashes. What was hashed before the end of the stream is no digest of anything and is forgotten.</summary>
    public void Dispose()
    {
        toSha256.Writer.TryComplete();
        toSha512.Writer.TryComplete();
    }

    private static async Task<string> HashAsync(HashAlgorithmName algorithm, ChannelReader<Block> blocks)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(algorithm);
        await foreach (Block block in blocks.ReadAllAsync().ConfigureAwait(false))
        {
            hash.AppendData(block.Buffer, 0, block.Length);
            block.Release();
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A buffer that three read at once; the last to release it frees it.</summary>
    internal sealed class Block(ChannelWriter<Block> free)
    {
        private int holders;

        public byte[] Buffer { get; } = new byte[BlockBytes];

        /// <summary>How much of the buffer is filled, bytes.</summary>
        public int Length { get; private set; }

        /// <summary>Fills the block from a stream, as full as it goes: less than full means that the stream ended.</summary>
        public async ValueTask FillAsync(Stream from, CancellationToken cancel)
        {
            Length = 0;
            Length = await from.ReadAtLeastAsync(Buffer, Buffer.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        }

        public void ShareAmong(int readers) => holders = readers;

        public void Release()
        {
            if (Interlocked.Decrement(ref holders) <= 0) free.TryWrite(this);
        }
    }
}
