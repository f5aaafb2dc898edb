using System.Buffers.Binary;
using System.Text;

namespace EvidenceVault.Benchmarks;

/// <summary>Breaks footage in the ways that cards, cables and enemies do. The same random numbers give the same bytes.</summary>
internal static class Mutation
{
    private static readonly string[] Containers = ["moov", "trak", "mdia", "minf", "stbl", "edts", "dinf", "udta", "moof", "traf"];
    private static readonly uint[] BadSizes = [0, 1, 4, 7, 8, 9, 16, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF];

    /// <summary>A broken copy, never the same as the original.</summary>
    public static byte[] Of(byte[] original, string extension, Random random)
    {
        byte[] bytes = [.. original];
        for (int n = random.Next(1, 4); n > 0; n--) bytes = Once(bytes, extension, random);
        if (bytes.AsSpan().SequenceEqual(original)) bytes[random.Next(bytes.Length)] ^= 0x80;
        return bytes;
    }

    private static byte[] Once(byte[] bytes, string extension, Random random)
    {
        if (bytes.Length < 64) return bytes;
        if (random.Next(2) == 0 && OfFormat(bytes, extension, random) is { } broken) return broken;
        int at = random.Next(bytes.Length), length = Math.Min(bytes.Length - at, 1 + random.Next(1 + (bytes.Length / 4)));
        switch (random.Next(9))
        {
            case 0: Flip(bytes, 0, bytes.Length, 1 + random.Next(64), random); return bytes;
            case 1: Flip(bytes, 0, Math.Min(bytes.Length, 512), 1 + random.Next(8), random); return bytes; // headers
            case 2: return bytes[..at]; // cut off
            case 3: bytes.AsSpan(at, length).Clear(); return bytes; // a hole of zeros
            case 4: random.NextBytes(bytes.AsSpan(at, Math.Min(length, 4096))); return bytes;
            case 5: return Swapped(bytes, random);
            case 6: return [.. bytes[..at], .. bytes[(at + length)..]]; // a piece is missing
            case 7: return [.. bytes[..(at + length)], .. bytes[at..]]; // a piece is there twice
            default:
                byte[] more = new byte[random.Next(1, 2048)];
                random.NextBytes(more);
                return [.. bytes[..at], .. more, .. bytes[at..]];
        }
    }

    private static byte[]? OfFormat(byte[] bytes, string extension, Random random) => extension switch
    {
        ".mp4" => Boxes(bytes, random),
        ".avi" => Riff(bytes, random),
        ".mkv" or ".webm" => Ebml(bytes, random),
        ".ts" => Transport(bytes, random),
        _ => null,
    };

    private readonly record struct Box(int At, int Size, string Type);

    // ISO/IEC 14496-12 4.2: 32 bits of size, four letters, then what the letters say.
    private static byte[]? Boxes(byte[] bytes, Random random)
    {
        var boxes = new List<Box>();
        Collect(bytes, 0, bytes.Length, boxes, 0);
        if (boxes.Count == 0) return null;
        Box box = boxes[random.Next(boxes.Count)];
        Span<byte> size = bytes.AsSpan(box.At, 4), type = bytes.AsSpan(box.At + 4, 4);
        switch (random.Next(7))
        {
            case 0: BinaryPrimitives.WriteUInt32BigEndian(size, BadSizes[random.Next(BadSizes.Length)]); return bytes;
            case 1: BinaryPrimitives.WriteInt32BigEndian(size, box.Size + random.Next(-64, 65)); return bytes;
            case 2:
                Box index = boxes.Find(b => b.Type == "moov");
                if (index.Type is null) return null;
                Encoding.ASCII.GetBytes(random.Next(2) == 0 ? "free" : "mdat", bytes.AsSpan(index.At + 4, 4)); // no index any more
                return bytes;
            case 3: // tables of samples: counts, offsets and sizes that are nonsense
                Box[] tables = [.. boxes.Where(b => b.Type is "stco" or "co64" or "stsz" or "stts" or "ctts" or "stsc" or "stss" && b.Size >= 20)];
                if (tables.Length == 0) return null;
                Box table = tables[random.Next(tables.Length)];
                for (int n = random.Next(1, 6); n > 0; n--)
                    BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(table.At + 12 + (4 * random.Next((table.Size - 12) / 4)), 4), random.Next(3) == 0 ? BadSizes[random.Next(BadSizes.Length)] : (uint)random.NextInt64(1L << 32));
                return bytes;
            case 4: Encoding.ASCII.GetBytes(Containers[random.Next(Containers.Length)], type); return bytes; // a box becomes one that holds boxes
            case 5: // nested in itself, many levels deep
                byte[] nested = bytes[box.At..(box.At + box.Size)];
                for (int depth = random.Next(1, 200); depth > 0; depth--)
                {
                    byte[] head = new byte[8];
                    BinaryPrimitives.WriteInt32BigEndian(head, nested.Length + 8);
                    Encoding.ASCII.GetBytes(Containers[random.Next(Containers.Length)], head.AsSpan(4));
                    nested = [.. head, .. nested];
                }
                return [.. bytes[..box.At], .. nested, .. bytes[(box.At + box.Size)..]];
            default: // header fields: durations, time scales, sizes of pictures
                Box[] headers = [.. boxes.Where(b => b.Type is "mvhd" or "tkhd" or "mdhd" or "stsd" or "elst" or "hdlr" && b.Size >= 20)];
                if (headers.Length == 0) return null;
                Box header = headers[random.Next(headers.Length)];
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(header.At + 8 + random.Next(header.Size - 11), 4), random.Next(2) == 0 ? BadSizes[random.Next(BadSizes.Length)] : (uint)random.NextInt64(1L << 32));
                return bytes;
        }
    }

    private static void Collect(byte[] bytes, int from, int to, List<Box> boxes, int depth)
    {
        while (from + 8 <= to && depth < 12)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(from));
            if (size < 8 || size > to - from) return;
            string type = Encoding.Latin1.GetString(bytes, from + 4, 4);
            boxes.Add(new(from, (int)size, type));
            if (Containers.Contains(type)) Collect(bytes, from + 8, from + (int)size, boxes, depth + 1);
            from += (int)size;
        }
    }

    // Microsoft RIFF: four letters, 32 bits of size, little-endian; avih, strh and strf hold rates, counts and picture sizes.
    private static byte[]? Riff(byte[] bytes, Random random)
    {
        string[] names = ["RIFF", "LIST", "avih", "strh", "strf", "movi", "idx1", "00dc", "JUNK"];
        int at = Find(bytes, names[random.Next(names.Length)], random);
        if (at < 0 || at + 64 > bytes.Length) return null;
        int field = random.Next(3) == 0 ? 4 : 8 + (4 * random.Next(12));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + field), random.Next(2) == 0 ? BadSizes[random.Next(BadSizes.Length)] : (uint)random.NextInt64(1L << 32));
        return bytes;
    }

    // RFC 8794: elements of an id and a size of variable length. A size of ones is "unknown".
    private static byte[] Ebml(byte[] bytes, Random random)
    {
        int head = Math.Min(bytes.Length, 600);
        switch (random.Next(3))
        {
            case 0: bytes[random.Next(head)] = random.Next(2) == 0 ? (byte)0xFF : (byte)0x01; return bytes;
            case 1: random.NextBytes(bytes.AsSpan(random.Next(head - 8), 8)); return bytes;
            default: // a cluster (1F 43 B6 75) loses its id, or its size
                int at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x1F, 0x43, 0xB6, 0x75]);
                if (at >= 0) bytes[at + random.Next(6)] ^= (byte)(1 << random.Next(8));
                return bytes;
        }
    }

    // ISO/IEC 13818-1 2.4.3.2: packets of 188 bytes that begin with 47; then flags and the 13 bits of the PID.
    private static byte[] Transport(byte[] bytes, Random random)
    {
        for (int n = random.Next(1, 20); n > 0; n--)
        {
            int packet = 188 * random.Next(bytes.Length / 188);
            bytes[packet + random.Next(5)] = (byte)random.Next(256);
        }
        return bytes;
    }

    private static byte[] Swapped(byte[] bytes, Random random)
    {
        int[] cuts = [.. Enumerable.Range(0, 4).Select(_ => random.Next(bytes.Length + 1)).Order()];
        return [.. bytes[..cuts[0]], .. bytes[cuts[2]..cuts[3]], .. bytes[cuts[1]..cuts[2]], .. bytes[cuts[0]..cuts[1]], .. bytes[cuts[3]..]];
    }

    private static void Flip(byte[] bytes, int from, int to, int bits, Random random)
    {
        for (; bits > 0; bits--) bytes[random.Next(from, to)] ^= (byte)(1 << random.Next(8));
    }

    private static int Find(byte[] bytes, string name, Random random)
    {
        byte[] letters = Encoding.ASCII.GetBytes(name);
        var places = new List<int>();
        for (int at = 0; bytes.AsSpan(at).IndexOf(letters) is var next and >= 0; at += next + 1) places.Add(at + next);
        return places.Count == 0 ? -1 : places[random.Next(places.Count)];
    }
}
