using System.Numerics;
using System.Runtime.InteropServices;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>What OpenCV does not do in one pass over the pixels of planes, many at once. Whole numbers throughout: the result does not depend on how many a machine takes at once. Pure.</summary>
internal static class Pixels
{
    /// <summary>How many of two planes differ by more than a threshold.</summary>
    public static int Differing(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, int threshold)
    {
        int differing = 0, i = 0, step = Vector<byte>.Count;
        var near = new Vector<byte>((byte)threshold);
        while (i <= a.Length - step)
        {
            // A byte counts to 255, then the counts are added up.
            Vector<byte> counts = default;
            for (int round = 0; round < 255 && i <= a.Length - step; round++, i += step) counts -= Vector.GreaterThan(Distance(new(a[i..]), new(b[i..])), near);
            Vector.Widen(counts, out Vector<ushort> low, out Vector<ushort> high);
            differing += Vector.Sum(low + high);
        }
        for (; i < a.Length; i++)
            if (Math.Abs(a[i] - b[i]) > threshold) differing++;
        return differing;
    }

    /// <summary>Takes <paramref name="light"/>, in sixteenths and rounded, from the plane, within 0 and 255.</summary>
    public static void Subtract(Span<byte> plane, ReadOnlySpan<short> light)
    {
        int i = 0;
        Vector<short> half = new(8), most = new(255);
        for (int step = Vector<byte>.Count, part = Vector<short>.Count; i <= plane.Length - step; i += step)
        {
            Vector.Widen(new Vector<byte>(plane[i..]), out Vector<ushort> low, out Vector<ushort> high);
            Vector<short> a = Clamp(Vector.AsVectorInt16(low) - Vector.ShiftRightArithmetic(new Vector<short>(light[i..]) + half, 4));
            Vector<short> b = Clamp(Vector.AsVectorInt16(high) - Vector.ShiftRightArithmetic(new Vector<short>(light[(i + part)..]) + half, 4));
            Vector.Narrow(Vector.AsVectorUInt16(a), Vector.AsVectorUInt16(b)).CopyTo(plane[i..]);
        }
        for (; i < plane.Length; i++) plane[i] = (byte)Math.Clamp(plane[i] - ((light[i] + 8) >> 4), 0, 255);

        Vector<short> Clamp(Vector<short> v) => Vector.Max(Vector.Min(v, most), default);
    }

    /// <summary>The part of a plane in a row.</summary>
    public static Span<byte> Row(byte[] plane, int width, int y, int left, int right) => plane.AsSpan((y * width) + left, right - left);

    /// <summary>How far two looks are apart.</summary>
    public static Vector<byte> Distance(Vector<byte> a, Vector<byte> b) => Vector.Max(a, b) - Vector.Min(a, b);

    /// <summary>Some of a plane, from a place on.</summary>
    public static Vector<byte> Load(byte[] plane, int at) => Vector.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(plane), (nuint)at);
}
