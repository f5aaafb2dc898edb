using System.Numerics;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>The background, by consensus over time. Time around a frame is cut into slots; a pixel is background when it looks
/// as it did in half the slots before, or as it will without a break for most of a minute (a car that has parked, a place that has been
/// left) while nothing that counts stands on it, or, where too little is known from before, as it does in half of all slots. Counting
/// slots and not samples lets a leaf that keeps coming back be background.</summary>
internal static class Consensus
{
    private const int Strip = 1024;

    /// <summary>Marks with 255 in <paramref name="foreground"/> what is not background, for each frame.</summary>
    /// <param name="frames">The frames' planes.</param>
    /// <param name="past">Planes of the scene before, by slot; where something that counts stood, they show what is behind it.</param>
    /// <param name="future">Planes of the scene after, by slot.</param>
    /// <param name="tolerance">How far two looks of one thing may be apart, log units.</param>
    /// <param name="held">255 where something that counts stood last, or null.</param>
    /// <param name="pastMin">Fewest slots from which the past is known.</param>
    /// <param name="futureMin">Fewest slots that make the future long.</param>
    /// <param name="foreground">What is filled.</param>
    public static void Score(IReadOnlyList<byte[]> frames, byte[][][] past, byte[][][] future,
        int tolerance, byte[]? held, int pastMin, int futureMin, IReadOnlyList<byte[]> foreground)
    {
        int length = foreground[0].Length;
        for (int at = 0; at < length; at += Strip)
        {
            int size = Math.Min(Strip, length - at);
            for (int f = 0; f < frames.Count; f++)
                ScoreStrip(frames[f].AsSpan(at, size), past, future, (byte)tolerance, held, pastMin, futureMin, foreground[f].AsSpan(at, size), at);
        }
    }

    private static void ScoreStrip(ReadOnlySpan<byte> frame, byte[][][] past, byte[][][] future,
        byte tolerance, byte[]? held, int pastMin, int futureMin, Span<byte> foreground, int at)
    {
        int step = Vector<byte>.Count;
        int futureSamples = future.Sum(s => s.Length);
        bool known = past.Length >= pastMin, longFuture = future.Length >= futureMin;
        // One sample in twenty may be hidden by something that passes in front.
        Vector<byte> near = new(tolerance), unbroken = new((byte)(futureSamples - (futureSamples / 20)));
        Vector<byte> half = new((byte)((past.Length + 1) / 2)), halfOfAll = new((byte)((past.Length + future.Length + 1) / 2));
        for (int i = 0; i < frame.Length; i += step)
        {
            // The last vector overlaps the one before where the width is no multiple of the vector's.
            int j = Math.Min(i, frame.Length - step);
            var value = new Vector<byte>(frame[j..]);
            Vector<byte> pastHits = default;
            foreach (byte[][] slot in past)
            {
                Vector<byte> hit = default;
                foreach (byte[] sample in slot) hit |= Near(value, Pixels.Load(sample, at + j), near);
                pastHits -= hit;
                // Most of a still scene is settled by half of the slots.
                if (known && Vector.GreaterThanOrEqualAll(pastHits, half)) break;
            }
            Vector<byte> background = known ? Vector.GreaterThanOrEqual(pastHits, half) : default;
            // The future is asked only where the past does not settle it.
            if (!known || (longFuture && !Vector.EqualsAll(background, Vector<byte>.AllBitsSet)))
            {
                Vector<byte> futureHits = default, futureSame = default;
                foreach (byte[][] slot in future)
                {
                    Vector<byte> hit = default;
                    foreach (byte[] sample in slot)
                    {
                        var same = Near(value, Pixels.Load(sample, at + j), near);
                        hit |= same;
                        futureSame -= same;
                    }
                    futureHits -= hit;
                }
                if (longFuture)
                {
                    var after = Vector.GreaterThanOrEqual(futureSame, unbroken);
                    background |= held is null ? after : Vector.AndNot(after, Pixels.Load(held, at + j));
                }
                if (!known) background |= Vector.GreaterThanOrEqual(pastHits + futureHits, halfOfAll);
            }
            (~background).CopyTo(foreground[j..]);
        }
    }

    private static Vector<byte> Near(Vector<byte> a, Vector<byte> b, Vector<byte> tolerance) => Vector.LessThanOrEqual(Pixels.Distance(a, b), tolerance);
}
