namespace EvidenceVault.Pipeline.Intake;

/// <summary>
/// Reads a drop file to its end and no further than the length it was seen with: one that grows for ever is found out at its
/// old end. Failures while reading are told as the source tells those of opening.
/// </summary>
/// <param name="inner">The source's stream, closed with this one.</param>
/// <param name="name">The file's name, fit to print.</param>
/// <param name="bytes">The length it was seen with.</param>
/// <param name="tell">What an exception of the inner stream is told as; null where it is to pass as it is.</param>
public sealed class DropFileStream(Stream inner, string name, long bytes, Func<Exception, Exception?> tell) : Stream
{
    private long _read;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <summary>The length the file was seen with.</summary>
    public override long Length => bytes;

    /// <inheritdoc/>
    public override long Position { get => _read; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int got;
        try { got = await inner.ReadAsync(buffer, cancellationToken); }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && tell(e) is { } told) { throw told; }
        return Counted(got, buffer.Length);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int got;
        try { got = inner.Read(buffer); }
        catch (Exception e) when (tell(e) is { } told) { throw told; }
        return Counted(got, buffer.Length);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private int Counted(int got, int asked)
    {
        _read += got;
        if (_read > bytes || (got == 0 && asked > 0 && _read < bytes))
            throw new DropFileException("changed", $"The file '{name}' changed length while it was read. Nothing of it is sealed yet; it is read again when it has come to rest.");
        return got;
    }
}
