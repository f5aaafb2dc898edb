using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Sealing;

/// <summary>Stored bytes on their way to whoever hashes the whole: takes the SHA-256 of each block as it goes by. What was taken is worth something only once the whole is known to be what was sealed.</summary>
/// <param name="stored">Read from its start; not disposed here.</param>
internal sealed class BlockReading(Stream stored) : Stream
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly MemoryStream _digests = new();
    private int _inBlock;
    private long _passed;

    /// <summary>The digests of all that was read.</summary>
    public BlockDigests? Digests()
    {
        if (_inBlock > 0) EndBlock();
        return BlockDigests.Read(_digests.ToArray(), _passed);
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => _passed; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await stored.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _passed += read;
        for (Memory<byte> rest = buffer[..read]; rest.Length > 0;)
        {
            int taken = Math.Min(rest.Length, BlockDigests.BlockBytes - _inBlock);
            _sha256.AppendData(rest.Span[..taken]);
            _inBlock += taken;
            if (_inBlock == BlockDigests.BlockBytes) EndBlock();
            rest = rest[taken..];
        }
        return read;
    }

    private void EndBlock()
    {
        _digests.Write(_sha256.GetHashAndReset());
        _inBlock = 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() { }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _sha256.Dispose();
        base.Dispose(disposing);
    }
}
