using EvidenceVault.Pipeline.Words;
using Microsoft.Win32.SafeHandles;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>A place on disk for frames that wait a minute for what comes after them: in memory, they would be most of what the analysis needs. The file
/// loses its name as soon as it is made, so nothing of it outlives the program, however that ends. Where the disk is full, frames wait in memory. Any thread may lay aside and take back.</summary>
/// <param name="open">Opens the file, once it is needed.</param>
/// <param name="length">Bytes of a frame.</param>
internal sealed class FramesAside(Func<SafeFileHandle> open, int length) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Stack<long> _free = new();
    private SafeFileHandle? _file;
    private long _places;

    /// <param name="folder">Where the file lies: the scratch folder, which holds the footage too.</param>
    /// <param name="length">Bytes of a frame.</param>
    public FramesAside(string folder, int length) : this(() => Nameless(folder), length) { }

    /// <summary>Lays a frame aside and says where; null where the disk has no room for it, and it must be kept in memory.</summary>
    public long? Put(byte[] frame)
    {
        long place;
        lock (_lock) place = _free.TryPop(out long free) ? free : _places++;
        try
        {
            RandomAccess.Write(File(), frame, place * length);
            return place;
        }
        catch (IOException)
        {
            Free(place);
            return null;
        }
    }

    /// <summary>Takes back what was laid aside.</summary>
    public void Take(long place, byte[] into)
    {
        for (int got = 0; got < length;)
        {
            int more = RandomAccess.Read(_file!, into.AsSpan(got, length - got), (place * length) + got);
            got += more > 0 ? more : throw new EndOfStreamException("A frame that was laid aside in the scratch folder is not there any more.");
        }
        Free(place);
    }

    private SafeFileHandle File()
    {
        lock (_lock) return _file ??= open();
    }

    private void Free(long place)
    {
        lock (_lock) _free.Push(place);
    }

    public void Dispose() => _file?.Dispose();

    private static SafeFileHandle Nameless(string folder)
    {
        using Scratch place = Scratch.New(folder, ".frames-");
        return System.IO.File.OpenHandle(Path.Combine(place.Path, "aside"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
    }
}
