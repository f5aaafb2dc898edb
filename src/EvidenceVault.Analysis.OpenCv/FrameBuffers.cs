using System.Collections.Concurrent;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>Memory for working frames, used again and again: left to the collector, they would fill hundreds of megabytes before it looks.
/// Whoever gives one back must have been its only holder.</summary>
internal sealed class FrameBuffers(int length)
{
    private const int FreeMost = 64;

    private readonly ConcurrentBag<byte[]> _free = [];

    /// <summary>A buffer with anything in it.</summary>
    public byte[] Take() => _free.TryTake(out byte[]? free) ? free : GC.AllocateUninitializedArray<byte>(length);

    /// <summary>Gives a buffer back.</summary>
    public void GiveBack(byte[] buffer)
    {
        if (buffer.Length == length && _free.Count < FreeMost) _free.Add(buffer);
    }
}
