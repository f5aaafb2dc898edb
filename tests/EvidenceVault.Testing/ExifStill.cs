using System.Buffers.Binary;
using System.Text;

namespace EvidenceVault.Testing;

/// <summary>JPEG stills that state when they were taken, as cameras write it.</summary>
public static class ExifStill
{
    /// <summary>A JPEG with EXIF put in: when it was taken and, where given, its clock's offset from UTC (<c>+01:00</c>).</summary>
    public static byte[] Dated(byte[] jpeg, DateTime taken, string? offset = null) => [.. jpeg[..2], .. Segment(taken, offset), .. jpeg[2..]];

    /// <summary>An APP1 segment with DateTimeOriginal, SubSecTimeOriginal and, where given, OffsetTimeOriginal (EXIF 2.32 4.5 and 4.6.5), big-endian TIFF.</summary>
    private static byte[] Segment(DateTime taken, string? offset)
    {
        var fields = new List<(ushort Tag, byte[] Text)> { (0x9003, Ascii($"{taken:yyyy:MM:dd HH:mm:ss}")) };
        if (offset is not null) fields.Add((0x9011, Ascii(offset)));
        if (taken.Millisecond > 0) fields.Add((0x9291, Ascii($"{taken.Millisecond:000}")));
        const int ifd0 = 8, exifIfd = ifd0 + 2 + 12 + 4;
        int texts = exifIfd + 2 + (12 * fields.Count) + 4;
        var tiff = new MemoryStream();
        tiff.Write("MM\0*"u8);
        Word(tiff, 4, ifd0);
        Word(tiff, 2, 1);
        Entry(tiff, 0x8769, 4, 1, exifIfd); // the Exif IFD's place
        Word(tiff, 4, 0);
        Word(tiff, 2, fields.Count);
        var body = new MemoryStream();
        foreach (var (tag, text) in fields)
        {
            if (text.Length > 4)
            {
                Entry(tiff, tag, 2, text.Length, texts + (int)body.Length);
                body.Write(text);
            }
            else Entry(tiff, tag, 2, text.Length, BinaryPrimitives.ReadInt32BigEndian([.. text, .. new byte[4 - text.Length]]));
        }
        Word(tiff, 4, 0);
        body.WriteTo(tiff);
        byte[] content = [.. "Exif\0\0"u8, .. tiff.ToArray()];
        return [0xFF, 0xE1, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];

        static byte[] Ascii(string text) => [.. Encoding.ASCII.GetBytes(text), 0];

        static void Word(Stream to, int bytes, long value)
        {
            for (int i = bytes - 1; i >= 0; i--) to.WriteByte((byte)(value >> (8 * i)));
        }

        static void Entry(Stream to, ushort tag, int type, int count, int value)
        {
            Word(to, 2, tag);
            Word(to, 2, type);
            Word(to, 4, count);
            Word(to, 4, value);
        }
    }
}
