using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Retrieval;

/// <summary>Gives out parts of an exhibit from wherever one jumps to, block by block: a block is fetched when it is wanted, whole, and nothing of it is given out before it is known to be that of the sealed bytes.</summary>
/// <param name="open">Opens stored bytes, decrypted and authenticated: offset and length.</param>
/// <param name="sealedAs">What was sealed.</param>
/// <param name="held">Asked for at each block: the digests of the blocks; null where they are not known yet, and each block is only authenticated. Throws an <see cref="EvidenceException"/> where the whole is known not to be what was sealed.</param>
/// <param name="failed">Told, and waited for, before a failure is thrown.</param>
internal sealed class HeldStream(Func<long, long, CancellationToken, Task<Stream>> open, FileDigests sealedAs, Func<BlockDigests?> held, Func<EvidenceException, Task> failed) : Stream
{
    private byte[] _block = [];
    private long _number = -1, _position;
    private int _length;

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => sealedAs.Bytes;
    public override long Position { get => _position; set => _position = value; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _position >= Length) return 0;
        long number = _position / BlockDigests.BlockBytes;
        if (number != _number) await FetchAsync(number, cancellationToken).ConfigureAwait(false);
        int at = (int)(_position % BlockDigests.BlockBytes), given = Math.Min(buffer.Length, _length - at);
        _block.AsMemory(at, given).CopyTo(buffer);
        _position += given;
        return given;
    }

    private async Task FetchAsync(long number, CancellationToken cancel)
    {
        long offset = number * BlockDigests.BlockBytes;
        int wanted = (int)Math.Min(BlockDigests.BlockBytes, Length - offset);
        // What cannot be read leaves no block behind.
        _number = -1;
        try
        {
            if (_block.Length < wanted) _block = new byte[wanted];
            await using Stream stored = await open(offset, wanted, cancel).ConfigureAwait(false);
            _length = await stored.ReadAtLeastAsync(_block.AsMemory(0, wanted), wanted, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
            if (_length < wanted || held() is { } digests && !digests.Matches(number, _block.AsSpan(0, _length))) throw NotAsSealed(offset, wanted, _length);
            _number = number;
        }
        catch (EvidenceException e)
        {
            await failed(e).ConfigureAwait(false);
            throw;
        }
    }

    private static EvidenceException NotAsSealed(long offset, int wanted, int got) => new(
        got < wanted ? $"The store gave back {got} of the {wanted} bytes from byte {offset} on." : $"The {wanted} bytes that the store gave back from byte {offset} on are not those that were sealed.",
        "What is stored is not what was sealed: nothing of this part was given out.", "Keep the store as it is and tell the vault's administrator.");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => _position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() { }
}
