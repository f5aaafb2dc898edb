using System.Buffers.Binary;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>A file as a ZIP's directory names it.</summary>
/// <param name="Name">Its path.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Crc">CRC-32 of its bytes: <see cref="Crc32"/>.</param>
/// <param name="Offset">Where its local header begins in the ZIP.</param>
public readonly record struct ZipEntry(string Name, long Bytes, uint Crc, long Offset);

/// <summary>
/// The one spelling of a ZIP that the vault writes (FORMAT.md section 10; PKWARE APPNOTE 6.3.10 sections 4.3 and 4.5.3): stored, dated
/// 1980-01-01 00:00, no comments, ZIP64 only where a number does not fit. A writer puts <see cref="LocalHeader"/> before each file's bytes,
/// sorted by path, and <see cref="Directory"/> after the last; a reader compares with the same.
/// </summary>
public static class ZipForm
{
    internal const uint LocalSignature = 0x04034b50, CentralSignature = 0x02014b50, EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    internal const int LocalSize = 30, CentralSize = 46, EndSize = 22, End64Size = 56, Locator64Size = 20;
    internal const ushort Zip64Extra = 0x0001;

    // A field that holds its greatest number means: look in the ZIP64 record (section 4.5.3).
    private const uint Elsewhere = 0xffffffff;
    private const ushort Plain = 20, WithZip64 = 45;
    private const ushort FirstDay = 0x0021;

    /// <summary>What is before a file's bytes.</summary>
    /// <param name="name">Its path: <see cref="BundlePath.IsGood"/>.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="crc">CRC-32 of its bytes. The length of what is returned does not depend on it: a writer may come back and put it in.</param>
    public static byte[] LocalHeader(string name, long bytes, uint crc)
    {
        bool large = bytes >= Elsewhere;
        var to = new Fields(LocalSize + name.Length + 20);
        to.U32(LocalSignature);
        to.U16(large ? WithZip64 : Plain);
        Common(to, bytes, crc);
        to.U16((ushort)name.Length);
        to.U16((ushort)(large ? 20 : 0));
        to.Ascii(name);
        if (large)
        {
            // Section 4.5.3: in a local header both lengths.
            to.U16(Zip64Extra);
            to.U16(16);
            to.U64((ulong)bytes);
            to.U64((ulong)bytes);
        }
        return to.Written;
    }

    /// <summary>What is after the last file's bytes, up to the ZIP's end.</summary>
    /// <param name="entries">The files in the order in which they were written.</param>
    /// <param name="offset">Where the directory begins: the length of the ZIP so far.</param>
    public static byte[] Directory(IReadOnlyList<ZipEntry> entries, long offset)
    {
        var to = new Fields(entries.Sum(e => CentralSize + e.Name.Length + 28) + End64Size + Locator64Size + EndSize);
        foreach (ZipEntry entry in entries) Central(to, entry);
        long size = to.Length;
        if (entries.Count >= ushort.MaxValue || size >= Elsewhere || offset >= Elsewhere)
        {
            to.U32(End64Signature);
            to.U64(End64Size - 12);
            to.U16(WithZip64);
            to.U16(WithZip64);
            to.U32(0);
            to.U32(0);
            to.U64((ulong)entries.Count);
            to.U64((ulong)entries.Count);
            to.U64((ulong)size);
            to.U64((ulong)offset);
            to.U32(Locator64Signature);
            to.U32(0);
            to.U64((ulong)(offset + size));
            to.U32(1);
        }
        to.U32(EndSignature);
        to.U16(0);
        to.U16(0);
        to.U16((ushort)Math.Min(entries.Count, ushort.MaxValue));
        to.U16((ushort)Math.Min(entries.Count, ushort.MaxValue));
        to.U32((uint)Math.Min(size, Elsewhere));
        to.U32((uint)Math.Min(offset, Elsewhere));
        to.U16(0);
        return to.Written;
    }

    private static void Central(Fields to, ZipEntry entry)
    {
        bool large = entry.Bytes >= Elsewhere, far = entry.Offset >= Elsewhere;
        ushort version = large || far ? WithZip64 : Plain;
        to.U32(CentralSignature);
        to.U16(version);
        to.U16(version);
        Common(to, entry.Bytes, entry.Crc);
        to.U16((ushort)entry.Name.Length);
        int extra = (large ? 16 : 0) + (far ? 8 : 0);
        to.U16((ushort)(extra > 0 ? 4 + extra : 0));
        to.U16(0);
        to.U16(0);
        to.U16(0);
        to.U32(0);
        to.U32(far ? Elsewhere : (uint)entry.Offset);
        to.Ascii(entry.Name);
        if (extra == 0) return;
        to.U16(Zip64Extra);
        to.U16((ushort)extra);
        if (large)
        {
            to.U64((ulong)entry.Bytes);
            to.U64((ulong)entry.Bytes);
        }
        if (far) to.U64((ulong)entry.Offset);
    }

    // Flags, method, time, date, CRC-32 and the two lengths: the same in both headers.
    private static void Common(Fields to, long bytes, uint crc)
    {
        to.U16(0);
        to.U16(0);
        to.U16(0);
        to.U16(FirstDay);
        to.U32(crc);
        to.U32((uint)Math.Min(bytes, Elsewhere));
        to.U32((uint)Math.Min(bytes, Elsewhere));
    }

    private sealed class Fields(int most)
    {
        private readonly byte[] _bytes = new byte[most];

        public int Length { get; private set; }

        public byte[] Written => _bytes[..Length];

        public void U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(Length), value);
            Length += 2;
        }

        public void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(Length), value);
            Length += 4;
        }

        public void U64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(Length), value);
            Length += 8;
        }

        public void Ascii(string text) => Length += Encoding.ASCII.GetBytes(text, _bytes.AsSpan(Length));
    }
}

/// <summary>CRC-32 as ZIP has it (PKWARE APPNOTE 6.3.10 section 4.4.7): against accidents only, no proof of anything.</summary>
public sealed class Crc32
{
    // Eight bytes at a step: table k is of a byte that k more bytes follow.
    private static readonly uint[][] Tables = MakeTables();

    private uint _state = 0xffffffff;

    /// <summary>The CRC of all that was appended.</summary>
    public uint Value => ~_state;

    /// <summary>Takes in more bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = _state;
        uint[] t0 = Tables[0], t1 = Tables[1], t2 = Tables[2], t3 = Tables[3], t4 = Tables[4], t5 = Tables[5], t6 = Tables[6], t7 = Tables[7];
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            uint low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes), high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t7[(byte)low] ^ t6[(byte)(low >> 8)] ^ t5[(byte)(low >> 16)] ^ t4[low >> 24]
                ^ t3[(byte)high] ^ t2[(byte)(high >> 8)] ^ t1[(byte)(high >> 16)] ^ t0[high >> 24];
        }
        foreach (byte b in bytes) crc = t0[(byte)(crc ^ b)] ^ (crc >> 8);
        _state = crc;
    }

    private static uint[][] MakeTables()
    {
        uint[][] tables = [.. Enumerable.Range(0, 8).Select(_ => new uint[256])];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
            tables[0][i] = crc;
        }
        for (int k = 1; k < 8; k++)
        {
            for (int i = 0; i < 256; i++) tables[k][i] = tables[0][(byte)tables[k - 1][i]] ^ (tables[k - 1][i] >> 8);
        }
        return tables;
    }
}
