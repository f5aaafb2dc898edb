using System.Numerics;
using System.Runtime.InteropServices;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>A frame kept as an example of the scene. <paramref name="Owned"/> is 255 where something that counts stood.</summary>
internal sealed record Sample(double Pts, byte[] Plane, byte[]? Owned);

/// <summary>The background, by consensus over time. Time around a frame is cut into slots; a pixel is background when it looks
/// as it did in half the slots before (not counting where something that counts stood), or as it will without a break for
/// most of a minute (a car that has parked, a place that has been left), or, where too little is known from before, as it
/// does in half of all slots. Counting slots and not samples lets a leaf that keeps coming back be background, and a person
/// who stands for a while not.</summary>
internal static class Consensus
{
    private const int Strip = 1024;

    /// <summary>Marks with 255 in <paramref name="foreground"/> what is not background, for each frame.</summary>
    public static void Score(IReadOnlyList<byte[]> frames, IReadOnlyList<IReadOnlyList<Sample>> past, IReadOnlyList<IReadOnlyList<Sample>> future,
        byte[] tolerance, int pastMin, int futureMin, IReadOnlyList<byte[]> foreground)
    {
        int length = tolerance.Length;
        for (int at = 0; at < length; at += Strip)
        {
            int size = Math.Min(Strip, length - at);
            for (int f = 0; f < frames.Count; f++)
                ScoreStrip(frames[f].AsSpan(at, size), past, future, tolerance.AsSpan(at, size), pastMin, futureMin, foreground[f].AsSpan(at, size), at);
        }
    }

    private static void ScoreStrip(ReadOnlySpan<byte> frame, IReadOnlyList<IReadOnlyList<Sample>> past, IReadOnlyList<IReadOnlyList<Sample>> future,
        ReadOnlySpan<byte> tolerance, int pastMin, int futureMin, Span<byte> foreground, int at)
    {
        int step = Vector<byte>.Count;
        int futureSamples = future.Sum(s => s.Count);
        // One sample in twenty may be hidden by something that passes in front.
        Vector<byte> two = new(2), least = new((byte)pastMin), futureSlots = new((byte)future.Count), unbroken = new((byte)(futureSamples - (futureSamples / 20)));
        bool longFuture = future.Count >= futureMin;
        for (int i = 0; i < frame.Length; i += step)
        {
            // The last vector overlaps the one before where the width is no multiple of the vector's.
            int j = Math.Min(i, frame.Length - step);
            var value = new Vector<byte>(frame[j..]);
            var near = new Vector<byte>(tolerance[j..]);
            Vector<byte> pastHits = default, pastSlots = default, futureHits = default, futureSame = default;
            foreach (var slot in past)
            {
                Vector<byte> hit = default, there = default;
                foreach (var sample in slot)
                {
                    var free = sample.Owned is null ? Vector<byte>.AllBitsSet : ~Load(sample.Owned, at + j);
                    there |= free;
                    hit |= Near(value, Load(sample.Plane, at + j), near) & free;
                }
                pastHits -= hit;
                pastSlots -= there;
            }
            foreach (var slot in future)
            {
                Vector<byte> hit = default;
                foreach (var sample in slot)
                {
                    var same = Near(value, Load(sample.Plane, at + j), near);
                    hit |= same;
                    futureSame -= same;
                }
                futureHits -= hit;
            }
            var known = Vector.GreaterThanOrEqual(pastSlots, least);
            var before = Vector.GreaterThanOrEqual(pastHits * two, pastSlots) & known;
            var after = longFuture ? Vector.GreaterThanOrEqual(futureSame, unbroken) : default;
            var usual = Vector.GreaterThanOrEqual((pastHits + futureHits) * two, pastSlots + futureSlots) & ~known;
            (~(before | after | usual)).CopyTo(foreground[j..]);
        }
    }

    private static Vector<byte> Load(byte[] plane, int at) => Vector.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(plane), (nuint)at);

    private static Vector<byte> Near(Vector<byte> a, Vector<byte> b, Vector<byte> tolerance) =>
        Vector.LessThanOrEqual(Vector.Max(a, b) - Vector.Min(a, b), tolerance);
}
