using System.Buffers.Binary;
using System.Text;

namespace EvidenceVault.BundleSamples;

/// <summary>Footage of a few kilobytes that any player shows: a light square that crosses a dark quay. Uncompressed, so that the same numbers
/// give the same bytes whatever encoder a machine has.</summary>
internal static class Footage
{
    private const int Width = 24, Height = 16, RowBytes = Width * 3;

    /// <summary>An AVI (RIFF; Microsoft AVIRIFF) of 24-bit frames, six to the second.</summary>
    /// <param name="seed">Another number gives another square on another ground.</param>
    public static byte[] Avi(int seed) => Avi(seed, [.. Enumerable.Range(0, Frames)]);

    /// <summary>The same, of these of its frames in this order.</summary>
    public static byte[] Avi(int seed, int[] frames)
    {
        int count = frames.Length;
        byte[] movie = List("movi", [.. frames.SelectMany(f => Chunk("00db", Frame(seed, f)))]);
        byte[] index = [.. Enumerable.Range(0, count).SelectMany(f => Words("00db", 0x10, 4 + f * (8 + RowBytes * Height), RowBytes * Height))];
        byte[] mainHeader = Words(null, 166_667, RowBytes * Height * 6, 0, 0x10, count, 0, 1, RowBytes * Height, Width, Height, 0, 0, 0, 0);
        byte[] streamHeader = [.. Encoding.ASCII.GetBytes("vidsDIB "), .. Words(null, 0, 0, 0, 1, 6, 0, count, RowBytes * Height, -1, 0, 0, Width | Height << 16)];
        byte[] header = List("hdrl", [.. Chunk("avih", mainHeader), .. List("strl", [.. Chunk("strh", streamHeader), .. Chunk("strf", BitmapHeader())])]);
        return Chunk("RIFF", [.. Encoding.ASCII.GetBytes("AVI "), .. header, .. movie, .. Chunk("idx1", index)]);
    }

    /// <summary>One frame as a BMP picture: a keyframe.</summary>
    public static byte[] Bmp(int seed, int frame)
    {
        byte[] pixels = Frame(seed, frame);
        return [.. Encoding.ASCII.GetBytes("BM"), .. Words(null, 54 + pixels.Length, 0, 54), .. BitmapHeader(), .. pixels];
    }

    // BITMAPINFOHEADER.
    private static byte[] BitmapHeader() => Words(null, 40, Width, Height, 1 | 24 << 16, 0, RowBytes * Height, 2835, 2835, 0, 0);

    /// <summary>How many frames there are.</summary>
    public const int Frames = 6;

    /// <summary>The bytes of a frame: a packet of the AVI.</summary>
    public static byte[] Frame(int seed, int frame)
    {
        byte[] pixels = new byte[RowBytes * Height];
        int left = 2 + frame * 3, bottom = 3 + seed % 8;
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                bool square = x >= left && x < left + 4 && y >= bottom && y < bottom + 4;
                int ground = 30 + y * 4 + (x * 7 + y * 13 + seed * 5) % 11;
                Span<byte> pixel = pixels.AsSpan(y * RowBytes + x * 3, 3);
                (pixel[0], pixel[1], pixel[2]) = square ? ((byte)200, (byte)210, (byte)220) : ((byte)(ground + 20), (byte)ground, (byte)ground);
            }
        }
        return pixels;
    }

    private static byte[] List(string kind, byte[] content) => Chunk("LIST", [.. Encoding.ASCII.GetBytes(kind), .. content]);

    private static byte[] Chunk(string name, byte[] content) => [.. Encoding.ASCII.GetBytes(name), .. Words(null, content.Length), .. content];

    private static byte[] Words(string? name, params int[] words)
    {
        byte[] bytes = new byte[words.Length * 4];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 4), words[i]);
        return name is null ? bytes : [.. Encoding.ASCII.GetBytes(name), .. bytes];
    }
}
