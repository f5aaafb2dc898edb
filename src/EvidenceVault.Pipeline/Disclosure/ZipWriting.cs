using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>
/// Writes a ZIP in the one form of FORMAT.md section 10 (PKWARE APPNOTE.TXT 6.3.10, sections 4.3 to 4.5): stored, without times or
/// attributes, no extra field but ZIP64 where a size or an offset needs it, nothing between the entries. System.IO.Compression
/// writes times, and data descriptors on what it streams.
/// </summary>
internal sealed class ZipWriting(Stream target)
{
    private const uint Full = 0xFFFFFFFF;
    private const ushort Plain = 20, Zip64 = 45; // version needed to extract, section 4.4.3.2
    private const ushort NoTime = 0, NoDate = 0x0021; // 1 January 1980, the least that the form can say

    private readonly List<Entry> _entries = [];
    private readonly Crc32 _crc = new();
    private long _at;

    private sealed record Entry(byte[] Name, long Bytes, long Offset)
    {
        public uint Crc { get; set; }

        public bool IsLarge => Bytes >= Full;
    }

    /// <summary>Begins a file whose length is known.</summary>
    public void Begin(string path, long bytes)
    {
        var entry = new Entry(Encoding.ASCII.GetBytes(path), bytes, _at);
        _entries.Add(entry);
        _crc.Reset();
        Write(LocalHeader(entry));
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
        Entry entry = _entries[^1];
        entry.Crc = _crc.GetCurrentHashAsUInt32();
        target.Position = entry.Offset;
        target.Write(LocalHeader(entry));
        target.Position = _at;
    }

    /// <summary>Writes the central directory. Until then no reader takes the file for a ZIP.</summary>
    public void Finish()
    {
        long start = _at;
        foreach (Entry entry in _entries) Write(CentralHeader(entry));
        long size = _at - start;
        bool large = _entries.Count >= ushort.MaxValue || start >= Full || size >= Full;
        if (large)
        {
            long end = _at;
            // Sections 4.3.14 and 4.3.15.
            Write(new Record(0x06064b50).U64(44).U16(Zip64).U16(Zip64).U32(0).U32(0).U64(_entries.Count).U64(_entries.Count).U64(size).U64(start));
            Write(new Record(0x07064b50).U32(0).U64(end).U32(1));
        }
        // Section 4.3.16.
        ushort count = (ushort)Math.Min(_entries.Count, ushort.MaxValue);
        Write(new Record(0x06054b50).U16(0).U16(0).U16(count).U16(count).U32(Cut(size)).U32(Cut(start)).U16(0));
    }

    // Section 4.3.7. Both sizes go into the extra field together where either is large (section 4.5.3).
    private static byte[] LocalHeader(Entry entry)
    {
        Record header = new Record(0x04034b50).U16(entry.IsLarge ? Zip64 : Plain).U16(0).U16(0).U16(NoTime).U16(NoDate)
            .U32(entry.Crc).U32(Cut(entry.Bytes)).U32(Cut(entry.Bytes)).U16((ushort)entry.Name.Length).U16((ushort)(entry.IsLarge ? 20 : 0)).Raw(entry.Name);
        return entry.IsLarge ? header.U16(1).U16(16).U64(entry.Bytes).U64(entry.Bytes).Bytes : header.Bytes;
    }

    // Section 4.3.12.
    private static Record CentralHeader(Entry entry)
    {
        bool far = entry.Offset >= Full;
        int extra = (entry.IsLarge ? 16 : 0) + (far ? 8 : 0);
        ushort version = extra > 0 ? Zip64 : Plain;
        Record header = new Record(0x02014b50).U16(version).U16(version).U16(0).U16(0).U16(NoTime).U16(NoDate)
            .U32(entry.Crc).U32(Cut(entry.Bytes)).U32(Cut(entry.Bytes)).U16((ushort)entry.Name.Length).U16((ushort)(extra > 0 ? extra + 4 : 0)).U16(0).U16(0).U16(0).U32(0)
            .U32(Cut(entry.Offset)).Raw(entry.Name);
        if (extra > 0) header.U16(1).U16((ushort)extra);
        if (entry.IsLarge) header.U64(entry.Bytes).U64(entry.Bytes);
        if (far) header.U64(entry.Offset);
        return header;
    }

    private static uint Cut(long value) => value >= Full ? Full : (uint)value;

    private void Write(Record record) => Write(record.Bytes);

    private void Write(byte[] bytes)
    {
        target.Write(bytes);
        _at += bytes.Length;
    }

    /// <summary>A record of little-endian numbers (section 4.1.9).</summary>
    private sealed class Record
    {
        private readonly MemoryStream _bytes = new();

        public Record(uint signature) => U32(signature);

        public byte[] Bytes => _bytes.ToArray();

        public Record U16(ushort value)
        {
            Span<byte> two = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(two, value);
            _bytes.Write(two);
            return this;
        }

        public Record U32(uint value)
        {
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(four, value);
            _bytes.Write(four);
            return this;
        }

        public Record U64(long value)
        {
            Span<byte> eight = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(eight, value);
            _bytes.Write(eight);
            return this;
        }

        public Record Raw(ReadOnlySpan<byte> bytes)
        {
            _bytes.Write(bytes);
            return this;
        }
    }
}
