using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EvidenceVault.Proof;

/// <summary>
/// A bag in a ZIP (FORMAT.md section 10; PKWARE APPNOTE 6.3.10), read in place and never unpacked. Two readers of one hostile ZIP may see
/// different files in it; whatever would let them is refused: names given twice, headers that disagree, files that overlap, two ends.
/// </summary>
public sealed class ZipBag : IBagSource, IDisposable
{
    private const string Form = "bag-form", Container = "container-form";
    private const int MostDirectoryBytes = 1 << 28;
    private const int MostEndBytes = ZipForm.EndSize + ushort.MaxValue;
    private const ushort Stored = 0, Deflated = 8;
    private const ushort UnicodePathExtra = 0x7075;

    // Video does not shrink; what unpacks to more than this is there to wear the reader out.
    private const long MostUnpacked = 16 << 20;
    private const long MostTimesPacked = 100;

    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly List<BagFile> _files = [];
    private readonly Dictionary<string, Item> _items = new(StringComparer.Ordinal);
    private readonly List<Finding> _findings = [];
    private readonly HashSet<string> _wrongCrc = [];
    private readonly Lock _one = new();

    internal ZipBag(string path)
    {
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.None);
        try
        {
            _length = RandomAccess.GetLength(_file);
            IsReadable = ReadAll();
        }
        catch (Exception e) when (e is EndOfStreamException or OverflowException)
        {
            Refuse(null, "The ZIP is cut off, or says that something lies where it ends.");
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<BagFile> Files => _files;

    /// <inheritdoc/>
    public bool IsReadable { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Finding> Findings
    {
        get
        {
            lock (_one)
            {
                return [.. _findings, .. _wrongCrc.Order(StringComparer.Ordinal).Select(path => Finding.Remark(Container,
                    "The ZIP's own check number (CRC-32) of this file is wrong: some programs will refuse to unpack it.") with { Subject = path })];
            }
        }
    }

    /// <inheritdoc/>
    public Stream Open(BagFile file)
    {
        Item item = _items[file.Path];
        Stream packed = new Section(_file, item.DataStart, item.Packed);
        return new Counted(item.Method == Deflated ? new DeflateStream(packed, CompressionMode.Decompress) : packed, item.Bytes, right =>
        {
            if (right == item.Crc) return;
            lock (_one) _wrongCrc.Add(file.Path);
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private sealed record Item(string Name, ushort Method, ushort Flags, uint Crc, long Packed, long Bytes, long Offset)
    {
        public long DataStart { get; set; }

        public bool IsFolder => Name.EndsWith('/');

        // Section 4.4.4: the CRC and lengths follow the data, and the local header need not have them.
        public bool HasDescriptor => (Flags & 8) != 0;
    }

    private readonly record struct End(long Start, long Files, long DirectoryStart, long DirectoryBytes);

    private bool ReadAll()
    {
        if (FindEnd() is not { } end) return false;
        if (end.DirectoryStart > end.Start || end.DirectoryBytes > end.Start - end.DirectoryStart) return Refuse(null, "The ZIP's directory does not lie before its end.");
        if (end.DirectoryBytes > MostDirectoryBytes || end.Files > BagSource.MostFiles) return Refuse(null, $"The ZIP has more than {BagSource.MostFiles} files, or names too long for them.");
        if (ReadDirectory(Read(end.DirectoryStart, (int)end.DirectoryBytes), end.Files) is not { } items) return false;
        if (!CheckLocalHeaders(items, end.DirectoryStart)) return false;
        AddFiles(items);
        if (IsAsTheVaultWrites(items, end.DirectoryStart))
            _findings.Add(Finding.Good(Container, "The ZIP is written as the vault writes it."));
        else
            _findings.Add(Finding.Remark(Container, "The ZIP is not as the vault writes it: another program packed it, or its wrapping was changed. The files in it are judged by themselves."));
        return true;
    }

    // Sections 4.3.14 to 4.3.16. The end is where its comment reaches the file's end exactly.
    private End? FindEnd()
    {
        int tail = (int)Math.Min(_length, MostEndBytes);
        byte[] bytes = Read(_length - tail, tail);
        int at = -1;
        for (int i = tail - ZipForm.EndSize; i >= 0; i--)
        {
            if (U32(bytes, i) != ZipForm.EndSignature || U16(bytes, i + 20) != tail - ZipForm.EndSize - i) continue;
            if (at >= 0)
            {
                Refuse(null, "The ZIP has two ends, so two programs may see different files in it.");
                return null;
            }
            at = i;
        }
        if (at < 0)
        {
            Refuse(null, "The file is not a ZIP, or its end is cut off.");
            return null;
        }
        long start = _length - tail + at;
        ReadOnlySpan<byte> end = bytes.AsSpan(at, ZipForm.EndSize);
        long files = U16(end, 10), directoryBytes = U32(end, 12), directoryStart = U32(end, 16);
        bool oneDisk = U16(end, 4) == 0 && U16(end, 6) == 0 && U16(end, 8) == files;
        if (start >= ZipForm.Locator64Size && Read(start - ZipForm.Locator64Size, ZipForm.Locator64Size) is var locator && U32(locator, 0) == ZipForm.Locator64Signature)
        {
            long start64 = I64(locator, 8);
            byte[] end64 = Read(start64, ZipForm.End64Size);
            if (U32(end64, 0) != ZipForm.End64Signature || start64 > start - ZipForm.Locator64Size)
            {
                Refuse(null, "The ZIP's ZIP64 end is not where it is said to be.");
                return null;
            }
            (long files64, long bytes64, long from64) = (I64(end64, 32), I64(end64, 40), I64(end64, 48));
            oneDisk &= U32(locator, 4) == 0 && U32(end64, 16) == 0 && U32(end64, 20) == 0 && I64(end64, 24) == files64;
            // A number that fits may stand in both places; it must then be the same.
            oneDisk &= (files == ushort.MaxValue || files == files64) && (directoryBytes == uint.MaxValue || directoryBytes == bytes64) && (directoryStart == uint.MaxValue || directoryStart == from64);
            (files, directoryBytes, directoryStart, start) = (files64, bytes64, from64, start64);
        }
        if (oneDisk) return new(start, files, directoryStart, directoryBytes);
        Refuse(null, "The ZIP's end contradicts itself, or is of a ZIP in several parts.");
        return null;
    }

    // Section 4.3.12.
    private List<Item>? ReadDirectory(byte[] directory, long files)
    {
        var items = new List<Item>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        int at = 0;
        while (at < directory.Length)
        {
            ReadOnlySpan<byte> rest = directory.AsSpan(at);
            if (rest.Length < ZipForm.CentralSize || U32(rest, 0) != ZipForm.CentralSignature) return Broken();
            int nameBytes = U16(rest, 28), extraBytes = U16(rest, 30), size = ZipForm.CentralSize + nameBytes + extraBytes + U16(rest, 32);
            if (rest.Length < size) return Broken();
            string name = Encoding.Latin1.GetString(rest.Slice(ZipForm.CentralSize, nameBytes));
            ushort flags = U16(rest, 8), method = U16(rest, 10);
            if (!TryReadExtra(rest.Slice(ZipForm.CentralSize + nameBytes, extraBytes), U32(rest, 24), U32(rest, 20), U32(rest, 42), out long bytes, out long packed, out long offset))
                return Broken();
            string shown = Printable.Of(name);
            string? fault =
                !BundlePath.IsGood(name.EndsWith('/') ? name[..^1] : name) ? "The name is not one that a bag may hold."
                : !names.Add(name.TrimEnd('/')) ? "The ZIP names this twice, or once more in other letter case, so two programs may see different files."
                : (flags & 0x2041) != 0 ? "This file is encrypted, so it cannot be checked."
                : method is not (Stored or Deflated) ? $"This file is packed by a method ({method}) that a bag's ZIP may not use."
                : method == Stored && packed != bytes || name.EndsWith('/') && bytes > 0 ? "The lengths that the ZIP gives contradict each other."
                : bytes > MostUnpacked && bytes / MostTimesPacked > packed ? $"This file unpacks to more than {MostTimesPacked} times its size in the ZIP: it is there to wear its reader out."
                : IsSpecial(U16(rest, 4), U32(rest, 38), name) ? "This is a link or a device, not a file."
                : U16(rest, 34) != 0 ? "This file is in another part of the ZIP."
                : null;
            if (fault is not null) Refuse(shown, fault);
            else items.Add(new(name, method, flags, U32(rest, 16), packed, bytes, offset));
            at += size;
            if (items.Count > files) return Broken();
        }
        // With any of it refused, nothing that the rest might show is worth showing.
        if (_findings.Count > 0) return null;
        return items.Count == files ? items : Broken();

        List<Item>? Broken()
        {
            Refuse(null, "The ZIP's directory is damaged: it cannot be read to its end, or does not have as many files as it says.");
            return null;
        }
    }

    // Unix attributes (section 4.4.2.2): anything but a file, a folder or nothing said.
    private static bool IsSpecial(ushort madeBy, uint attributes, string name) =>
        madeBy >> 8 is 3 or 19 && (attributes >> 28) is var type && type != 0 && type != (name.EndsWith('/') ? 4u : 8u);

    // Section 4.5.3: what does not fit its field is in the ZIP64 extra field, in this order.
    private static bool TryReadExtra(ReadOnlySpan<byte> extra, uint bytes32, uint packed32, uint? offset32, out long bytes, out long packed, out long offset)
    {
        (bytes, packed, offset) = (bytes32, packed32, offset32 ?? 0);
        bool found = false;
        while (extra.Length > 0)
        {
            if (extra.Length < 4 || U16(extra, 2) is var size && extra.Length - 4 < size) return false;
            ushort id = U16(extra, 0);
            // Info-ZIP's other name for the file, which some programs follow.
            if (id == UnicodePathExtra) return false;
            if (id == ZipForm.Zip64Extra)
            {
                if (found) return false;
                found = true;
                ReadOnlySpan<byte> large = extra.Slice(4, size);
                if (bytes32 == uint.MaxValue && !Take(ref large, out bytes)) return false;
                if (packed32 == uint.MaxValue && !Take(ref large, out packed)) return false;
                if (offset32 == uint.MaxValue && !Take(ref large, out offset)) return false;
            }
            extra = extra[(4 + size)..];
        }
        return true;

        static bool Take(ref ReadOnlySpan<byte> from, out long value)
        {
            value = -1;
            if (from.Length < 8) return false;
            value = BinaryPrimitives.ReadInt64LittleEndian(from);
            from = from[8..];
            return value >= 0;
        }
    }

    // Section 4.3.7. Each file's header says what the directory says, and no two files share bytes.
    private bool CheckLocalHeaders(List<Item> items, long directoryStart)
    {
        long free = 0;
        foreach (Item item in items.OrderBy(i => i.Offset))
        {
            string shown = Printable.Of(item.Name);
            if (item.Offset < free || item.Offset > directoryStart) return Refuse(shown, "This file shares bytes of the ZIP with another, or lies outside it.");
            byte[] header = Read(item.Offset, ZipForm.LocalSize);
            int nameBytes = U16(header, 26), extraBytes = U16(header, 28);
            byte[] rest = Read(item.Offset + ZipForm.LocalSize, nameBytes + extraBytes);
            bool agrees = U32(header, 0) == ZipForm.LocalSignature
                && Encoding.Latin1.GetString(rest, 0, nameBytes) == item.Name
                && U16(header, 6) == item.Flags && U16(header, 8) == item.Method
                && TryReadExtra(rest.AsSpan(nameBytes), U32(header, 22), U32(header, 18), null, out long bytes, out long packed, out _)
                && (item.HasDescriptor && U32(header, 14) == 0 || U32(header, 14) == item.Crc)
                && (item.HasDescriptor && bytes == 0 && packed == 0 || bytes == item.Bytes && packed == item.Packed);
            if (!agrees) return Refuse(shown, "The ZIP says two different things of this file, so two programs may see different files.");
            item.DataStart = item.Offset + ZipForm.LocalSize + rest.Length;
            free = checked(item.DataStart + item.Packed);
            if (free > directoryStart) return Refuse(shown, "This file shares bytes of the ZIP with another, or lies outside it.");
        }
        return true;
    }

    private void AddFiles(List<Item> items)
    {
        string prefix = RootOf(items);
        foreach (Item item in items.Where(i => !i.IsFolder))
        {
            _items.Add(item.Name[prefix.Length..], item);
            _files.Add(new(item.Name[prefix.Length..], item.Bytes));
        }
        _files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        HashSet<string> filled = [.. items.Where(i => !i.IsFolder).SelectMany(i => FoldersOf(i.Name))];
        foreach (Item folder in items.Where(i => i.IsFolder && !filled.Contains(i.Name)))
            Refuse(Printable.Of(folder.Name), "This folder is empty; a bag holds none.");
    }

    private static IEnumerable<string> FoldersOf(string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1)) yield return path[..(slash + 1)];
    }

    // The bag is at the ZIP's root or in its one folder.
    private static string RootOf(List<Item> items)
    {
        if (items.Count == 0 || items.Any(i => i.Name == "bagit.txt")) return "";
        string prefix = items[0].Name[..(items[0].Name.IndexOf('/') + 1)];
        return prefix.Length > 0 && items.All(i => i.Name.StartsWith(prefix, StringComparison.Ordinal)) && items.Any(i => i.Name == prefix + "bagit.txt") ? prefix : "";
    }

    private bool IsAsTheVaultWrites(List<Item> items, long directoryStart)
    {
        long at = 0;
        for (int i = 0; i < items.Count; i++)
        {
            Item item = items[i];
            if (item.Offset != at || item.IsFolder || i > 0 && string.CompareOrdinal(items[i - 1].Name, item.Name) >= 0) return false;
            byte[] expected = ZipForm.LocalHeader(item.Name, item.Bytes, item.Crc);
            if (item.DataStart != at + expected.Length || !Read(at, expected.Length).AsSpan().SequenceEqual(expected)) return false;
            at = item.DataStart + item.Packed;
        }
        byte[] end = ZipForm.Directory([.. items.Select(i => new ZipEntry(i.Name, i.Bytes, i.Crc, i.Offset))], at);
        return at == directoryStart && _length - at == end.Length && Read(at, end.Length).AsSpan().SequenceEqual(end)
            && items.Any(i => i.Name == "bagit.txt");
    }

    private bool Refuse(string? subject, string sentence)
    {
        if (_findings.Count < Tally.MostListed) _findings.Add(Finding.Bad(Form, sentence) with { Subject = subject });
        return false;
    }

    private byte[] Read(long offset, int count)
    {
        byte[] bytes = new byte[count];
        if (offset < 0 || offset > _length - count) throw new EndOfStreamException();
        for (int done = 0; done < count;)
        {
            int read = RandomAccess.Read(_file, bytes.AsSpan(done), offset + done);
            if (read == 0) throw new EndOfStreamException();
            done += read;
        }
        return bytes;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    // What is beyond 2^63 cannot be in any file.
    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]) is >= 0 and var value ? value : throw new OverflowException();

    // Part of the ZIP. Reads by position, so that many may be open at once.
    private sealed class Section(SafeFileHandle file, long start, long length) : ReadOnlyStream
    {
        private long _at;

        public override int Read(Span<byte> buffer)
        {
            int most = (int)Math.Min(buffer.Length, length - _at);
            int read = most == 0 ? 0 : RandomAccess.Read(file, buffer[..most], start + _at);
            _at += read;
            return read;
        }
    }

    // A file as it comes out. One byte more than the length listed may come, so that whoever counts sees that there is more.
    private sealed class Counted(Stream inner, long length, Action<uint> atEnd) : ReadOnlyStream
    {
        private readonly Crc32 _crc = new();
        private long _left = length + 1;
        private bool _ended;

        public override int Read(Span<byte> buffer)
        {
            int read = _left == 0 ? 0 : inner.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
            _crc.Append(buffer[..read]);
            _left -= read;
            if (read == 0 && buffer.Length > 0 && !_ended)
            {
                _ended = true;
                atEnd(_crc.Value);
            }
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }

    [SuppressMessage("Performance", "CA1844", Justification = "Read synchronously only.")]
    private abstract class ReadOnlyStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public abstract override int Read(Span<byte> buffer);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
