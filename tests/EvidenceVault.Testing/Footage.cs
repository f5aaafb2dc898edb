namespace EvidenceVault.Testing;

/// <summary>Bytes as from a camera: pseudo-random, the same for the same seed, as many as asked for, made while they are read. It gives
/// uneven pieces, as pipes and sockets do.</summary>
public sealed class Footage(long length, int seed, long failAt = long.MaxValue, Action<long>? progress = null) : Stream
{
    /// <summary>What a read past <c>failAt</c> says.</summary>
    public const string FailureText = "The card was pulled out.";

    private readonly Random random = new(seed);
    private long passed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => passed; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (passed >= failAt) throw new IOException(FailureText);
        int piece = (int)Math.Min(Math.Min(count, random.Next(1, 700_000)), length - passed);
        random.NextBytes(buffer.AsSpan(offset, piece));
        passed += piece;
        progress?.Invoke(passed);
        return piece;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
