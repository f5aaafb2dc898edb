namespace EvidenceVault.Pipeline.Analysis;

/// <summary>What is done with a stretch of footage between two samples of the scene.</summary>
internal enum StretchWay
{
    /// <summary>Nothing that counts can be in it: only its key frame is looked at.</summary>
    LeftOut,

    /// <summary>It is inside of an event that is seen at both its ends: only its key frame is looked at.</summary>
    Inside,

    /// <summary>Every frame is decoded.</summary>
    Decoded,
}

/// <summary>What is known of a stretch before any frame between its ends is decoded.</summary>
internal sealed record Stretch
{
    /// <summary>Seconds from its first key frame to the next.</summary>
    public required double Seconds { get; init; }

    /// <summary>What stands out at its first key frame.</summary>
    public required IReadOnlyList<Patch> Here { get; init; }

    /// <summary>What stands out at the key frame after it.</summary>
    public required IReadOnlyList<Patch> Next { get; init; }

    /// <summary>What stands out at the key frame after that one.</summary>
    public IReadOnlyList<Patch> Later { get; init; } = [];

    /// <summary>What stands out at the key frames of the minute before and after.</summary>
    public required IReadOnlyList<IReadOnlyList<Patch>> Around { get; init; }

    /// <summary>Blocks that differ from one key frame to the next and do not do so all the time.</summary>
    public int ChangedBlocks { get; init; }

    /// <summary>Mean length of its packets between key frames, and the usual one with its usual deviation, bytes; 0 where there are none.</summary>
    public (double Mean, double Usual, double Deviation) PacketBytes { get; init; }

    /// <summary>True where the whole picture changes in it.</summary>
    public bool OtherScene { get; init; }

    /// <summary>Seconds from the last frame looked at to its first key frame: a moment, or the length of a stretch that was left out.</summary>
    public double SinceLook { get; init; }

    /// <summary>True where what is followed counts but for its size: how large it gets must be seen.</summary>
    public bool SeesTooSmall { get; init; }

    /// <summary>What is followed and counts, as it comes in: where it was last, and its usual area.</summary>
    public IReadOnlyList<(Patch Box, double Usual)> Counting { get; init; } = [];
}

/// <summary>Decides which stretches of footage are decoded. When in doubt, it is. Pure.</summary>
internal static class Gating
{
    // Seen at so many of the key frames around, a patch is part of the scene's own stir: a bush, the glitter of water.
    private const double OrdinaryShare = 0.35, OrdinaryArea = 0.4;
    private const double PacketDeviations = 6, PacketShare = 0.06, Moment = 0.3, StaysShare = 0.6, SameShare = 0.5;

    /// <summary>What is done with a stretch, and why, in a few words.</summary>
    public static (StretchWay Way, string Because) Decide(Stretch stretch, MotionRule rule)
    {
        if (stretch.OtherScene) return (StretchWay.Decoded, "the whole picture changes");
        if (stretch.SeesTooSmall) return (StretchWay.Decoded, "how large what moves gets is not known");
        if (stretch.Counting.Any(c => c.Usual < rule.TinyArea)) return (StretchWay.Decoded, "what moves is so small that it is lost from sight now and then");
        if (stretch.Counting.Count > 0)
        {
            bool inside = true, anySeen = false;
            foreach (var (box, size) in stretch.Counting)
            {
                List<Patch> here = [.. Like(box, size, stretch.Here, stretch.SinceLook)], next = [.. Like(here.Count == 1 ? here[0] : box, size, stretch.Next, stretch.Seconds)];
                // Where two things could be it (somebody, and what they left behind), or one is less than half of the other, only the frames between tell which.
                inside &= here.Count == 1 && next.Count == 1 && IsSame(here[0], next[0]) && !(MayLeave(here[0], next[0]) || MayLeave(next[0], here[0]));
                anySeen |= here.Count + next.Count > 0;
            }
            if (inside) return (StretchWay.Inside, "what moved is in view at both ends");
            // What was followed frame by frame until it was gone, and is not at the end either, has left: the stretch is as any other.
            if (anySeen || stretch.SinceLook > Moment) return (StretchWay.Decoded, "what moved is not seen, or not for certain, at one of its ends");

            static bool IsSame(Patch patch, Patch other) => patch.Area >= SameShare * other.Area && other.Area >= SameShare * patch.Area;

            // What is cut off by the edge of the picture, and no more as it was, comes in or leaves.
            bool MayLeave(Patch patch, Patch other) => (patch.X <= rule.View.X + 1 || patch.Right >= rule.View.Right - 1 || patch.Y <= rule.View.Y + 1 || patch.Bottom >= rule.View.Bottom - 1)
                && (patch.Area < StaysShare * other.Area || other.Area < StaysShare * patch.Area || !patch.Touches(other, 0));

            IEnumerable<Patch> Like(Patch box, double size, IReadOnlyList<Patch> where, double after) => where.Where(p => rule.IsAsLarge(p.Area, size)
                && p.Touches(box, 3 + (int)(rule.Reach(box) * after)) && !IsOrdinary(p, stretch.Around));
        }
        if (stretch.Here.Concat(stretch.Next).Any(p => !IsOrdinary(p, stretch.Around))) return (StretchWay.Decoded, "something stands out from the scene");
        // Who is far off and faint may have been there before a key frame shows them.
        if (stretch.Later.Any(p => p.Area < rule.SmallArea && !IsOrdinary(p, stretch.Around))) return (StretchWay.Decoded, "something stands out from the scene soon after it");
        if (stretch.ChangedBlocks > 0) return (StretchWay.Decoded, "a part of the picture changes");
        (double mean, double usual, double deviation) = stretch.PacketBytes;
        if (mean > usual + Math.Max(PacketDeviations * deviation, PacketShare * usual)) return (StretchWay.Decoded, "its packets are larger than usual");
        return (StretchWay.LeftOut, "its ends are as the scene is, and its packets as usual");
    }

    /// <summary>True for what is seen at the same place, about as large, at many of the key frames around.</summary>
    internal static bool IsOrdinary(Patch patch, IReadOnlyList<IReadOnlyList<Patch>> around) =>
        around.Count >= 6 && around.Count(view => view.Any(p => p.Area >= OrdinaryArea * patch.Area && p.Touches(patch, 0))) >= OrdinaryShare * around.Count;
}
