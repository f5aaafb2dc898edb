using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>Writes a ZIP in the one form of FORMAT.md section 10, in one pass with flat memory. System.IO.Compression writes times, and data
/// descriptors on what it streams.</summary>
internal sealed class ZipWriting(Stream target)
{
    private readonly List<ZipEntry> _entries = [];
    private Crc32 _crc = new();
    private long _at;

    /// <summary>Begins a file whose length is known.</summary>
    public void Begin(string path, long bytes)
    {
        _entries.Add(new(path, bytes, 0, _at));
        _crc = new();
        byte[] header = ZipForm.LocalHeader(path, bytes, 0);
        target.Write(header);
        _at += header.Length;
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken cancel)
    {
        _crc.Append(block.Span);
        await target.WriteAsync(block, cancel).ConfigureAwait(false);
        _at += block.Length;
    }

    /// <summary>Ends the file: its CRC, known only now, goes back into its header.</summary>
    public void End()
    {
        ZipEntry entry = _entries[^1] = _entries[^1] with { Crc = _crc.Value };
        target.Position = entry.Offset;
        target.Write(ZipForm.LocalHeader(entry.Name, entry.Bytes, entry.Crc));
        target.Position = _at;
    }

    /// <summary>Writes the directory. Until then no reader takes the file for a ZIP.</summary>
    public void Finish() => target.Write(ZipForm.Directory(_entries, _at));
}
