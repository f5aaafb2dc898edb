using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>A picture to be taken of a segment. The frame nearby that shows the mover best is taken, so the time is an aim.</summary>
/// <param name="Kind"><c>first-sight</c>, <c>closest</c>, <c>last-sight</c>, <c>head-region</c>.</param>
/// <param name="Pts">PTS aimed at, seconds.</param>
/// <param name="From">Earliest PTS that will do.</param>
/// <param name="To">Latest PTS that will do.</param>
internal sealed record Wish(string Kind, double Pts, double From, double To);

/// <summary>Where the mover of a segment is over time, in working pixels: the largest thing that moves, followed back and forth from
/// the segment's peak. Pure.</summary>
internal sealed class MoverPath
{
    // Slack in working pixels and in seconds over which a thing is the same thing.
    private const int Slack = 10;
    private const double Unseen = 1;

    private readonly List<(double Pts, Patch Box)> _path;

    private MoverPath(List<(double, Patch)> path) => _path = path;

    public IReadOnlyList<(double Pts, Patch Box)> Points => _path;

    /// <param name="segment">The segment.</param>
    /// <param name="curve">The curve of the whole footage.</param>
    /// <param name="size">Its sizes.</param>
    public static MoverPath Of(SegmentReport segment, IReadOnlyList<CurvePoint> curve, FrameSize size)
    {
        double sx = (double)size.Width / size.FullWidth, sy = (double)size.Height / size.FullHeight;
        var where = new Patch((int)(segment.Box[0] * sx) - 2, (int)(segment.Box[1] * sy) - 2, (int)(segment.Box[2] * sx) + 4, (int)(segment.Box[3] * sy) + 4, 0, 0);
        var inside = curve.Where(c => c.Pts >= segment.Start - 1e-6 && c.Pts <= segment.End + 1e-6)
            .Select(c => (c.Pts, Patches: c.Largest.Where(p => p.Touches(where, 0)).ToList())).Where(c => c.Patches.Count > 0).ToList();
        if (inside.Count == 0) return new([]);
        int peak = Enumerable.Range(0, inside.Count).MinBy(i => Math.Abs(inside[i].Pts - segment.Peak));
        var start = inside[peak].Patches.MaxBy(p => p.Moving + (0.1 * p.Area));
        var path = Walk(Enumerable.Range(0, peak).Reverse()).Reverse<(double, Patch)>().ToList();
        path.Add((inside[peak].Pts, start));
        path.AddRange(Walk(Enumerable.Range(peak + 1, inside.Count - peak - 1)));
        return new(path);

        List<(double, Patch)> Walk(IEnumerable<int> steps)
        {
            var way = new List<(double, Patch)>();
            var box = start;
            double seen = inside[peak].Pts;
            foreach (int i in steps)
            {
                var (pts, patches) = inside[i];
                var near = patches.Where(p => p.Touches(box, Slack)).ToList();
                // Lost from sight long enough, it is the largest thing in motion that carries the segment on.
                if (near.Count == 0 && Math.Abs(pts - seen) > Unseen) near = [.. patches.Where(p => p.Moving > 0.1 * p.Area)];
                if (near.Count == 0) continue;
                box = near.MaxBy(p => p.Area);
                seen = pts;
                way.Add((pts, box));
            }
            return way;
        }
    }

    /// <summary>The box nearest in time; null where the mover is not seen within a second of it.</summary>
    public Patch? At(double pts)
    {
        if (_path.Count == 0) return null;
        var (at, box) = _path.MinBy(p => Math.Abs(p.Pts - pts));
        return Math.Abs(at - pts) <= Unseen ? box : null;
    }
}

/// <summary>Which frames of a segment an officer would look at. Pure.</summary>
internal static class Choice
{
    public const string FirstSight = "first-sight", Closest = "closest", LastSight = "last-sight", HeadRegion = "head-region";

    // Seconds around the aim within which the sharpest frame is taken, and over which "first" and "last" may be looked for.
    private const double Around = 0.35, Ends = 2;

    // Two pictures of the same moment tell no more than one.
    private const double Apart = 1;

    // A person who stands or walks is taller than wide; below so many full pixels of height a head is a few pixels.
    private const double UprightAtLeast = 1.3;
    private const int TallAtLeast = 110;

    public static IReadOnlyList<Wish> Of(SegmentReport segment, MoverPath path, FrameSize size)
    {
        var points = path.Points;
        if (points.Count == 0) return [Around1(FirstSight, segment.Start)];
        var first = Best(points.TakeWhile(p => p.Pts <= points[0].Pts + Ends));
        var last = Best(points.Reverse().TakeWhile(p => p.Pts >= points[^1].Pts - Ends));
        var closest = points.MaxBy(p => p.Box.Area * (Cut(p.Box, size) ? 0.6 : 1));
        var wishes = new List<Wish>();
        // Of a short segment there is one picture: where what moved is largest.
        foreach (var wish in (Wish[])[Around1(Closest, closest.Pts), Around1(FirstSight, first.Pts), Around1(LastSight, last.Pts)])
            if (wishes.TrueForAll(w => Math.Abs(w.Pts - wish.Pts) >= Apart)) wishes.Add(wish);
        wishes.Sort((a, b) => a.Pts.CompareTo(b.Pts));
        var upright = points.Where(p => Upright(p.Box, size)).ToList();
        if (upright.Count > 0)
        {
            double tallest = upright.Max(p => p.Box.Height);
            // Of the tallest, one that has stayed about as tall for a moment: a leap in height is a shadow or another person joined to it.
            var steady = upright.Where(p => p.Box.Height >= 0.9 * tallest).OrderBy(p => Change(p.Pts)).First();
            wishes.Add(Around1(HeadRegion, steady.Pts));
        }
        return wishes;

        Wish Around1(string kind, double pts) => new(kind, pts, Math.Max(segment.Start, pts - Around), Math.Min(segment.End, pts + Around));

        double Change(double pts)
        {
            var near = points.Where(p => Math.Abs(p.Pts - pts) <= Around).Select(p => (double)p.Box.Height).ToList();
            return near.Max() - near.Min();
        }

        // The first of the stretch that is whole and no sliver of what it soon is.
        (double Pts, Patch Box) Best(IEnumerable<(double Pts, Patch Box)> stretch)
        {
            var list = stretch.ToList();
            double largest = list.Max(p => p.Box.Area);
            foreach (bool whole in (bool[])[true, false])
                foreach (var point in list)
                    if (point.Box.Area >= 0.6 * largest && !(whole && Cut(point.Box, size))) return point;
            return list[0];
        }
    }

    /// <summary>The upper part of an upright mover, in pixels of the upright full frame: head and shoulders, with room for a box that is a little off.</summary>
    public static (int X, int Y, int Width, int Height) Head(Patch box, FrameSize size)
    {
        double sx = (double)size.FullWidth / size.Width, sy = (double)size.FullHeight / size.Height;
        double height = box.Height * sy, side = 0.42 * height;
        int x = (int)((box.X + (box.Width / 2.0)) * sx - (side / 2)), y = (int)((box.Y * sy) - (0.08 * height));
        x = Math.Clamp(x, 0, Math.Max(0, size.FullWidth - (int)side));
        y = Math.Clamp(y, 0, Math.Max(0, size.FullHeight - (int)side));
        return (x, y, Math.Min((int)side, size.FullWidth - x), Math.Min((int)side, size.FullHeight - y));
    }

    /// <summary>Whether a box is that of somebody upright, whole at the top and at the sides, and tall enough for a head to be seen.</summary>
    public static bool Upright(Patch box, FrameSize size) =>
        box.Height * (double)size.FullHeight / size.Height >= TallAtLeast && box.Height >= UprightAtLeast * box.Width && box.Y > 1 && box.X > 1 && box.Right < size.Width - 1;

    private static bool Cut(Patch box, FrameSize size) => box.X <= 1 || box.Y <= 1 || box.Right >= size.Width - 1 || box.Bottom >= size.Height - 1;
}
