using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Retrieval;

/// <summary>Gives out stored bytes as they are read, held to the seal: the last block is kept back until the hash of all of them is known to be the sealed one, so that whoever reads
/// a changed or short exhibit never has a whole one. Forward only.</summary>
/// <param name="stored">The stored bytes, decrypted; owned.</param>
/// <param name="sealedAs">What was sealed.</param>
/// <param name="failed">Told, and waited for, before the failure is thrown: the bytes are not those that were sealed.</param>
internal sealed class VerifiedStream(Stream stored, FileDigests sealedAs, Func<EvidenceException, Task> failed) : Stream
{
    private const int BlockBytes = 1 << 18;

    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _block = new byte[BlockBytes], _next = new byte[BlockBytes];
    private int _at, _length, _nextLength;
    private long _passed;
    private bool _begun;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => sealedAs.Bytes;
    public override long Position { get => _passed - _nextLength - (_length - _at); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0) return 0;
        if (_at == _length && !await NextAsync(cancellationToken).ConfigureAwait(false)) return 0;
        int given = Math.Min(buffer.Length, _length - _at);
        _block.AsMemory(_at, given).CopyTo(buffer);
        _at += given;
        return given;
    }

    // A block is given out only when there is another behind it, or when all that was read is what was sealed.
    private async Task<bool> NextAsync(CancellationToken cancel)
    {
        if (!_begun)
        {
            _begun = true;
            _nextLength = await FillAsync(_next, cancel).ConfigureAwait(false);
            if (_nextLength == 0) await JudgeAsync().ConfigureAwait(false);
        }
        (_block, _next, _length, _at) = (_next, _block, _nextLength, 0);
        if (_length == 0) return false;
        _nextLength = await FillAsync(_next, cancel).ConfigureAwait(false);
        if (_nextLength == 0) await JudgeAsync().ConfigureAwait(false);
        return true;
    }

    private async Task<int> FillAsync(byte[] block, CancellationToken cancel)
    {
        try
        {
            int got = await stored.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
            _sha256.AppendData(block, 0, got);
            _passed += got;
            return got;
        }
        catch (EvidenceException e)
        {
            await failed(e).ConfigureAwait(false);
            throw;
        }
    }

    private async Task JudgeAsync()
    {
        string found = Convert.ToHexStringLower(_sha256.GetHashAndReset());
        if (found == sealedAs.Sha256 && _passed == sealedAs.Bytes) return;
        EvidenceException cause = NotAsSealed(_passed, found, sealedAs);
        await failed(cause).ConfigureAwait(false);
        throw cause;
    }

    public static EvidenceException NotAsSealed(long bytes, string sha256, FileDigests sealedAs) => new(
        $"The store gave back {bytes} bytes with SHA-256 {sha256}; sealed were {sealedAs.Bytes} bytes with SHA-256 {sealedAs.Sha256}.",
        "What is stored is not what was sealed: nothing was given out.", "Keep the store as it is and tell the vault's administrator.");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() { }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stored.Dispose();
            _sha256.Dispose();
        }
        base.Dispose(disposing);
    }
}
