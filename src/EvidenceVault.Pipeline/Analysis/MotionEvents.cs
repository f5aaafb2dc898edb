using System.Globalization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A connected patch of the working frame that differs from the scene's background.</summary>
/// <param name="X">Left, working pixels.</param>
/// <param name="Y">Top.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Area">Pixels in it.</param>
/// <param name="Moving">How many of them also changed within the last third of a second.</param>
internal readonly record struct Patch(int X, int Y, int Width, int Height, int Area, int Moving)
{
    public int Right => X + Width;
    public int Bottom => Y + Height;

    public Patch Union(Patch other)
    {
        int x = Math.Min(X, other.X), y = Math.Min(Y, other.Y);
        return new(x, y, Math.Max(Right, other.Right) - x, Math.Max(Bottom, other.Bottom) - y, Area + other.Area, Moving + other.Moving);
    }

    public bool Touches(Patch other, int slack) =>
        X - slack < other.Right && other.X < Right + slack && Y - slack < other.Bottom && other.Y < Bottom + slack;
}

/// <summary>What scoring found in one frame.</summary>
/// <param name="Pts">Container PTS, seconds.</param>
/// <param name="Duration">Seconds until the next frame.</param>
/// <param name="Patches">Patches, largest first.</param>
/// <param name="Break">True where the whole picture changed at once (light, infra-red switch, cut): what was followed is let go.</param>
internal sealed record FrameScore(double Pts, double Duration, IReadOnlyList<Patch> Patches, bool Break = false)
{
    /// <summary>True for a key frame, which is coded anew and not from the frames before it.</summary>
    public bool Key { get; init; }

    /// <summary>True where the frames between it and its end were left out, because it is known that they would change nothing.</summary>
    public bool Bridged { get; init; }
}

/// <summary>The rule by which patches become events. Lengths in seconds, sizes in working pixels.</summary>
internal sealed record MotionRule(int FrameWidth, int FrameHeight)
{
    // What is said in working pixels is said of a frame of this width and grows with a wider one.
    private const double UsualSide = 384;

    /// <summary>What of the frame is looked at; what lies beyond its edges is not seen.</summary>
    public Patch View { get; init; } = new(0, 0, FrameWidth, FrameHeight, FrameWidth * FrameHeight, 0);

    private readonly double _scale = Math.Max(1, Math.Max(FrameWidth, FrameHeight) / UsualSide);

    /// <summary>How long a patch is followed before it can count: shorter is a glint, a leaf, an insect.</summary>
    public double Convince { get; init; } = 0.3;

    /// <summary>How long something followed may go unseen before it has left.</summary>
    public double Lose { get; init; } = 0.6;

    /// <summary>Events closer together than this are one.</summary>
    public double MergeGap { get; init; } = 1.5;

    /// <summary>Events shorter than this are dropped.</summary>
    public double MinLength { get; init; } = 0.4;

    /// <summary>Share of its own size (the smaller side) that a thing must travel: leaves swing in place, people go.</summary>
    public double Travel { get; init; } = 0.6;

    /// <summary>Least travel.</summary>
    public double TravelMin => 5 * _scale * Farther;

    /// <summary>Share of what is followed that must be in motion while it convinces.</summary>
    public double MovingShare { get; init; } = 0.25;

    /// <summary>The same for what is small: what goes leaves its place as it goes, and nearly all of it differs from a third of a second ago; a stalk that
    /// bends and glitter that widens stay over theirs.</summary>
    public double MovingShareSmall { get; init; } = 0.55;

    /// <summary>Share of something of a usual size that must be in motion: all of <see cref="MovingShareSmall"/> for what is small, less the larger it is, and <see cref="MovingShare"/> from four times that.</summary>
    public double MovingShareOf(double usual) => MovingShareSmall - ((MovingShareSmall - MovingShare) * Math.Clamp((usual - SmallArea) / (3 * SmallArea), 0, 1));

    /// <summary>How far something small must go, and how straight, if it leaves its place more slowly than that.</summary>
    public double FarSmall => 24 * _scale;

    /// <summary>Least share that its way gained has in its way gone.</summary>
    public double StraightnessFar { get; init; } = 0.8;

    /// <summary>Below this many pixels a patch is small and must be followed longer and farther: at that size a leaf, a gnat
    /// and a person in the distance look alike but for the way they go.</summary>
    public int SmallArea => (int)(40 * _scale * _scale);

    /// <summary>Pixels below which something is so small that it is not seen in every frame in which it is there.</summary>
    public int TinyArea => SmallArea / 2;

    /// <summary>How long a small patch is followed before it can count: longer than a stalk in a gale takes to swing across.</summary>
    public double ConvinceSmall { get; init; } = 1.2;

    /// <summary>Seconds for which a camera trembles that was knocked: what begins in them is followed for as long before it can count.</summary>
    public double KnockLasts { get; init; } = 1.2;

    /// <summary>How many times as many frames it must be seen in as it is missed in.</summary>
    public double Seen { get; init; } = 2;

    /// <summary>The same for what is small: of somebody far off there is now and then too little to see.</summary>
    public double SeenSmall { get; init; } = 1.3;

    /// <summary>Least travel of a small patch.</summary>
    public double TravelMinSmall => 8 * _scale * Farther;

    /// <summary>Seconds for which something small may stir in place before it is taken for part of the scene.</summary>
    public double SwaysFor { get; init; } = 5;

    /// <summary>Least share that the way gained has in the way gone: what sways goes back and forth.</summary>
    public double Straightness { get; init; } = 0.4;

    /// <summary>Share of its box that a thing must fill: when the camera is knocked, every edge in the picture shows as an outline.</summary>
    public double Fill { get; init; } = 0.25;

    /// <summary>Share of its usual size that what is followed must keep to be still there.</summary>
    public double Remains { get; init; } = 0.08;

    /// <summary>Seconds over which its usual size is taken; who walks away shrinks more slowly than that.</summary>
    public double TypicalOver { get; init; } = 5;

    /// <summary>Share of the frame from which a thing may show its way by growing, as what comes towards the camera does; below
    /// it both its sides must go the same way, which a gust in a tree does not do.</summary>
    public double LargeShare { get; init; } = 0.005;

    /// <summary>Share of its usual size that what is looked for after a while must have to be taken for it; the same the other way.</summary>
    public double StillThere { get; init; } = 0.2;

    /// <summary>The same for what is small, beside which specks of noise are not so small.</summary>
    public double StillThereSmall { get; init; } = 0.5;

    /// <summary>Whether something is as large as what is looked for after a while.</summary>
    public bool IsAsLarge(int area, double usual)
    {
        double share = usual < SmallArea ? StillThereSmall : StillThere;
        return area >= share * usual && area <= usual / share;
    }

    /// <summary>How far what counts may go in a second between looks that are farther apart than usual, working pixels: twice its own length.</summary>
    public double Reach(Patch box) => (2 * Math.Max(box.Width, box.Height)) + (6 * _scale);

    /// <summary>PTS gap over which nothing is followed.</summary>
    public double Gap { get; init; } = 2;

    /// <summary>What the least travel is multiplied by.</summary>
    public double Farther { get; init; } = 1;

    /// <summary>How many times as large as what stirs at a place anyway a thing must be to count there.</summary>
    public double OutOfClutter { get; init; } = 2.5;

    /// <summary>What never gets so long on its longer side is no event: pixels of the upright frame.</summary>
    public double MinimumSize { get; init; }

    /// <summary>Pixels of the upright frame to a working pixel, across.</summary>
    public double FullAcross { get; init; } = 1;

    /// <summary>The same, down.</summary>
    public double FullDown { get; init; } = 1;

    /// <summary>The longer side of a box, pixels of the upright frame.</summary>
    public double LongerSide(Patch box) => Math.Max(FullAcross * box.Width, FullDown * box.Height);
}

/// <summary>An event as decided.</summary>
internal sealed record MotionEvent(double Start, double End, double Peak, double PeakScore, Patch Box, string OpenedBecause, string ClosedBecause)
{
    /// <summary>Where each thing that was followed was.</summary>
    public IReadOnlyList<IReadOnlyList<Place>> Tracks { get; init; } = [];
}

/// <summary>Decides from scores what is an event: follows patches from frame to frame, lets one open an event only when it has
/// gone somewhere, keeps the event open while the patch differs from the background (a person who stands still does), and
/// closes it when the patch is gone. Pure: no picture, no clock, no file.</summary>
internal sealed class MotionEvents(MotionRule rule)
{
    private sealed class Track
    {
        public required double First, Last;
        public required Patch Box, Start;
        public required Patch All;
        public int Frames, Missed, Unseen;
        public long AreaSum, MovingSum;
        public double Peak, PeakPts;
        public bool Convinced, SeenAtKey, GoneAtKey;
        public double Farthest, Path, Typical, Longest;
        public Trail Trail = new();

        // Where it was when it last had gone on, and how it stirred since.
        public Patch From;
        public double FromPts;
        public long FromArea, FromMoving;
    }

    // Where leaves, water or rain keep giving patches that go nowhere, what counts must be well larger than they are there.
    // Each cell keeps the largest such patch of late.
    private const int CellSide = 16;
    private const double ClutterHalfLife = 20, ClutterAge = 4, StirsShare = 0.03, LookUsual = 0.25, OfTheCoding = 4, KnockAtLeast = 6, KnockFactor = 3, KnockUsual = 0.05;

    private readonly int _columns = (rule.FrameWidth / CellSide) + 1;
    private readonly double[] _clutter = new double[((rule.FrameWidth / CellSide) + 1) * ((rule.FrameHeight / CellSide) + 1)];
    private readonly List<Track> _tracks = [];
    private readonly List<(Track Track, string Closed)> _done = [];
    private double? _lastPts, _lastLook;
    private double _lastEnd, _usualNew, _knockedFrom = double.NegativeInfinity, _knockedTo = double.NegativeInfinity;

    /// <summary>What is followed and counts: where it was seen last, and its usual area.</summary>
    public IReadOnlyList<(Patch Box, double Usual)> Counting => [.. _tracks.Where(t => t.Convinced).Select(t => (t.Box, t.Typical))];

    /// <summary>True where something counts but for its size: how large it gets must be seen.</summary>
    public bool SeesTooSmall => _tracks.Exists(t => t.Convinced && t.Longest < rule.MinimumSize);

    /// <summary>PTS seconds of the last frame looked at, or null before the first.</summary>
    public double? LastLook => _lastLook;

    /// <summary>Takes the next frame and says which of its patches belong to something that counts.</summary>
    public IReadOnlyList<Patch> Step(FrameScore frame)
    {
        double sinceLook = _lastLook is { } looked && frame.Pts - looked > LookUsual ? frame.Pts - looked : 0;
        _lastLook = frame.Pts;
        if (frame.Break) CloseAll("the whole picture changed at once");
        else if (_lastPts is { } last && frame.Pts - last > rule.Gap) CloseAll("the footage has a gap");
        double fade = _lastPts is { } before ? Math.Pow(0.5, Math.Clamp(frame.Pts - before, 0, rule.Gap) / ClutterHalfLife) : 1;
        for (int i = 0; i < _clutter.Length; i++) _clutter[i] *= fade;
        _lastPts = frame.Bridged ? frame.Pts + frame.Duration : frame.Pts;
        _lastEnd = frame.Pts + frame.Duration;

        var taken = new Dictionary<Track, Patch>();
        var owner = new Track[frame.Patches.Count];
        int known = _tracks.Count;
        for (int i = 0; i < frame.Patches.Count; i++)
        {
            var patch = frame.Patches[i];
            Track? best = null;
            double bestFit = double.MaxValue;
            foreach (var track in _tracks)
            {
                // Where frames were left out, what is near to where it was is not it, once it is found: it is what it stirred up or left behind.
                bool near = sinceLook > 0 && track.Convinced && taken.TryGetValue(track, out var found) ? found.Touches(patch, 3) : track.Box.Touches(patch, 3);
                if (!near && !(sinceLook > 0 && MayHaveGone(track, patch, sinceLook) && !taken.ContainsKey(track))) continue;
                double fit = Distance(track.Box, patch) - (track.Convinced ? 1000 : 0);
                if (fit < bestFit) (best, bestFit) = (track, fit);
            }
            if (best is null)
            {
                best = new Track { First = frame.Pts, Last = frame.Pts, Box = patch, Start = patch, All = patch, PeakPts = frame.Pts };
                _tracks.Add(best);
            }
            // What has not yet convinced is followed as one patch: joined bits of foliage would seem to run about.
            else if (!best.Convinced && taken.ContainsKey(best))
            {
                best = new Track { First = frame.Pts, Last = frame.Pts, Box = patch, Start = patch, All = patch, PeakPts = frame.Pts };
                _tracks.Add(best);
            }
            owner[i] = best;
            taken[best] = taken.TryGetValue(best, out var part) ? part.Union(patch) : patch;
        }
        LookForKnock(frame.Pts, _tracks.Count - known);
        // What is left where something big was (a ghost in the background, a thing it moved) does not hold its event open.
        foreach (var (track, box) in taken.ToList())
            if (track.Convinced && box.Area < rule.Remains * track.Typical) taken.Remove(track);
        foreach (var (track, box) in taken) Follow(track, box, frame);
        for (int i = _tracks.Count - 1; i >= 0; i--)
        {
            var track = _tracks[i];
            if (taken.ContainsKey(track)) continue;
            if (track.Unseen++ == 0) track.GoneAtKey = frame.Key;
            track.Missed++;
            // Where frames were left out it is known that it does not come back in them.
            if ((frame.Bridged ? frame.Pts + frame.Duration : frame.Pts) - track.Last > rule.Lose) Close(track, "what moved left the view or became part of the scene");
        }
        return [.. frame.Patches.Where((_, i) => owner[i].Convinced && taken.ContainsKey(owner[i]))];
    }

    /// <summary>All events, in order, when the last frame has been seen.</summary>
    public IReadOnlyList<MotionEvent> Finish()
    {
        foreach (var track in _tracks.ToList()) Close(track, frameEnd: true);
        var events = new List<MotionEvent>();
        foreach (var (track, closed) in _done.Where(d => d.Track.Convinced && d.Track.Longest >= rule.MinimumSize).OrderBy(d => d.Track.First))
        {
            var next = new MotionEvent(track.First, track.Last, track.PeakPts, track.Peak, track.All,
                OpenedBecause(track), closed)
            { Tracks = [track.Trail.Places] };
            if (events.Count > 0 && next.Start - events[^1].End <= rule.MergeGap)
            {
                var open = events[^1];
                bool later = next.End > open.End, higher = next.PeakScore > open.PeakScore;
                events[^1] = open with
                {
                    End = later ? next.End : open.End,
                    ClosedBecause = later ? next.ClosedBecause : open.ClosedBecause,
                    Peak = higher ? next.Peak : open.Peak,
                    PeakScore = higher ? next.PeakScore : open.PeakScore,
                    Box = open.Box.Union(next.Box),
                    Tracks = [.. open.Tracks, .. next.Tracks],
                };
            }
            else events.Add(next);
        }
        return [.. events.Where(e => e.End - e.Start >= rule.MinLength)];
    }

    // For people, in pixels of the picture that they see.
    private string OpenedBecause(Track track) => string.Create(CultureInfo.InvariantCulture,
        $"something of {track.Start.Width * rule.FullAcross:0} by {track.Start.Height * rule.FullDown:0} pixels appeared and travelled {track.Farthest * Math.Max(rule.FullAcross, rule.FullDown):0} pixels");

    // Where much begins at once that does not all the time, as rain does, the camera was knocked: all edges of the picture show, here and there, until it hangs still.
    private void LookForKnock(double pts, int begun)
    {
        if (begun >= Math.Max(KnockAtLeast, KnockFactor * _usualNew))
        {
            if (pts > _knockedTo) _knockedFrom = pts;
            _knockedTo = pts + rule.KnockLasts;
        }
        _usualNew += (begun - _usualNew) * KnockUsual;
    }

    // What counts may have gone farther where frames are far apart or were left out; but it is as large as it was, and one thing.
    private bool MayHaveGone(Track track, Patch patch, double seconds) => track.Convinced
        && rule.IsAsLarge(patch.Area, track.Typical)
        && track.Box.Touches(patch, 3 + (int)(rule.Reach(track.Box) * seconds));

    private void Follow(Track track, Patch box, FrameScore frame)
    {
        track.Path += Centre(track.Box, box);
        track.Box = box;
        track.All = track.All.Union(box);
        // What has not convinced is not known to be there where nobody looked.
        track.Last = frame.Pts + (frame.Bridged && !track.Convinced ? Math.Min(frame.Duration, 0.1) : frame.Duration);
        track.Trail.Add(frame.Pts, box);
        track.Longest = Math.Max(track.Longest, rule.LongerSide(box));
        track.Frames++;
        track.Unseen = 0;
        track.SeenAtKey |= frame.Key;
        track.Typical += (box.Area - track.Typical) * Math.Min(1, Math.Max(1.0 / track.Frames, (frame.Bridged ? frame.Duration : Math.Min(frame.Duration, LookUsual)) / rule.TypicalOver));
        track.AreaSum += box.Area;
        track.MovingSum += box.Moving;
        double score = (double)box.Moving / (rule.FrameWidth * rule.FrameHeight);
        if (score > track.Peak) (track.Peak, track.PeakPts) = (score, frame.Pts);
        track.Farthest = Math.Max(track.Farthest, Travelled(track.Start, box));
        if (track.Convinced)
        {
            LookForSway(track, box, frame);
            return;
        }
        // By its usual size: two bits of glitter that join for a moment are no larger for it.
        bool small = Math.Min(box.Area, track.Typical) < rule.SmallArea;
        double size = Math.Min(Math.Min(box.Width, box.Height), Math.Min(rule.FrameWidth, rule.FrameHeight) / 3.0);
        double travelled = Travelled(track.Start, box);
        // What goes on straight may yet count.
        if (track.Last - track.First > ClutterAge && !(travelled >= rule.TravelMinSmall && travelled >= rule.StraightnessFar * track.Path)) Litter(track);
        double followed = track.Last - track.First;
        track.Convinced = followed >= (small ? rule.ConvinceSmall : rule.Convince)
            && (followed >= rule.KnockLasts || track.First < _knockedFrom || track.First > _knockedTo)
            && track.Frames >= (small ? 5 : 3)
            && track.Frames >= (small ? rule.SeenSmall : rule.Seen) * track.Missed
            && (track.MovingSum >= rule.MovingShareOf(track.Typical) * track.AreaSum || GoesFar(track, travelled))
            && box.Area >= rule.OutOfClutter * Clutter(box)
            && box.Area >= rule.Fill * box.Width * box.Height
            && travelled >= rule.Straightness * track.Path
            && travelled >= (small ? Math.Max(rule.TravelMinSmall, 1.5 * Math.Max(box.Width, box.Height)) : Math.Max(rule.TravelMin, rule.Travel * size));
    }

    // Who is far off and slow leaves its place little by little; it then tells by how far and how straight it goes.
    private bool GoesFar(Track track, double travelled) => track.MovingSum >= rule.MovingShare * track.AreaSum
        && travelled >= rule.FarSmall && travelled >= rule.StraightnessFar * track.Path;

    // What is small and has gone a little way counts; if it then stirs on and on and gets nowhere, it was grass, or glitter on water, after all. Somebody
    // who stands hardly stirs, and who walks goes on.
    private void LookForSway(Track track, Patch box, FrameScore frame)
    {
        if (track.FromArea == 0 || frame.Bridged || Travelled(track.From, box) >= rule.TravelMinSmall)
        {
            (track.From, track.FromPts, track.FromArea, track.FromMoving) = (box, frame.Pts, box.Area, 0);
            return;
        }
        track.FromArea += box.Area;
        track.FromMoving += box.Moving;
        if (frame.Pts - track.FromPts < rule.SwaysFor || track.Typical >= rule.SmallArea || track.FromMoving < rule.MovingShare * track.FromArea) return;
        track.Convinced = false;
        track.First = frame.Pts; // if it goes on after all, it begins anew
        track.Start = box;
        track.Trail = new();
        (track.Frames, track.Missed, track.AreaSum, track.MovingSum, track.Path, track.Farthest) = (0, 0, 0, 0, 0, 0);
        foreach (int cell in Cells(track.All)) _clutter[cell] = Math.Max(_clutter[cell], track.Typical);
    }

    // The centre's way, or, for what comes in over an edge of the picture, the way of its leading side.
    private double Travelled(Patch from, Patch to)
    {
        Patch view = rule.View;
        bool left = from.X <= view.X + 1, right = from.Right >= view.Right - 1, top = from.Y <= view.Y + 1, bottom = from.Bottom >= view.Bottom - 1;
        double across = Way(to.X - from.X, to.Right - from.Right, left && to.X <= view.X + 1, right && to.Right >= view.Right - 1);
        double down = Way(to.Y - from.Y, to.Bottom - from.Bottom, top && to.Y <= view.Y + 1, bottom && to.Bottom >= view.Bottom - 1);
        double centre = to.Area >= rule.LargeShare * rule.FrameWidth * rule.FrameHeight ? Centre(from, to) : Math.Sqrt((across * across) + (down * down));
        double edge = 0;
        if (left) edge = Math.Max(edge, to.Right - from.Right);
        if (right) edge = Math.Max(edge, from.X - to.X);
        if (top) edge = Math.Max(edge, to.Bottom - from.Bottom);
        if (bottom) edge = Math.Max(edge, from.Y - to.Y);
        return Math.Max(centre, edge);
    }

    // How far both sides went; where one is cut off by the edge of what is looked at, the other alone tells.
    private static int Way(int one, int other, bool oneCut, bool otherCut) => (oneCut, otherCut) switch
    {
        (true, true) => 0,
        (true, false) => Math.Abs(other),
        (false, true) => Math.Abs(one),
        _ => Both(one, other),
    };

    private static int Both(int one, int other) => Math.Sign(one) == Math.Sign(other) ? Math.Min(Math.Abs(one), Math.Abs(other)) : 0;

    private static double Centre(Patch from, Patch to) =>
        Math.Sqrt(Math.Pow(from.X + (from.Width / 2.0) - to.X - (to.Width / 2.0), 2) + Math.Pow(from.Y + (from.Height / 2.0) - to.Y - (to.Height / 2.0), 2));

    private static double Distance(Patch a, Patch b) =>
        Math.Abs(a.X + (a.Width / 2.0) - b.X - (b.Width / 2.0)) + Math.Abs(a.Y + (a.Height / 2.0) - b.Y - (b.Height / 2.0));

    private void CloseAll(string why)
    {
        foreach (var track in _tracks.ToList()) Close(track, why);
    }

    private void Close(Track track, bool frameEnd) =>
        Close(track, frameEnd && _lastEnd - track.Last < rule.Lose ? "the footage ended while it was in view" : "what moved left the view or became part of the scene");

    private void Close(Track track, string why)
    {
        _tracks.Remove(track);
        if (track.Convinced && !IsOfTheCoding(track)) _done.Add((track, why));
        else Litter(track);
    }

    // Between key frames what little changes is coded from the frames before, and errors gather and creep; the key frame wipes them away. Small, in no key
    // frame, and gone the very moment one comes: that is not somebody.
    private bool IsOfTheCoding(Track track) => track.GoneAtKey && track.Unseen > 0 && !track.SeenAtKey && track.Typical < OfTheCoding * rule.SmallArea;

    private void Litter(Track track)
    {
        // What does not stir at all (a ghost of what stood there when the footage began) is nothing that a mover could be mistaken for.
        if (track.MovingSum < StirsShare * track.AreaSum) return;
        double area = (double)track.AreaSum / Math.Max(1, track.Frames);
        foreach (int cell in Cells(track.All)) _clutter[cell] = Math.Max(_clutter[cell], area);
    }

    private double Clutter(Patch box) => Cells(box).Max(cell => _clutter[cell]);

    private IEnumerable<int> Cells(Patch box)
    {
        int rows = _clutter.Length / _columns;
        for (int row = Math.Max(0, box.Y / CellSide); row <= Math.Min(rows - 1, (box.Bottom - 1) / CellSide); row++)
            for (int column = Math.Max(0, box.X / CellSide); column <= Math.Min(_columns - 1, (box.Right - 1) / CellSide); column++)
                yield return (row * _columns) + column;
    }
}
