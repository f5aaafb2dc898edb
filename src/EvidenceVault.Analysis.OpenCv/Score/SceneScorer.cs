using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>A frame kept as an example of the scene.</summary>
internal sealed class SceneSample
{
    public required double Pts { get; init; }

    /// <summary>As taken, for a second look.</summary>
    public required byte[] Grey { get; init; }

    /// <summary>In log units, without the light's field.</summary>
    public required byte[] Plane { get; init; }

    /// <summary>What the light is measured against until the next sample.</summary>
    public required byte[] Reference { get; init; }

    /// <summary>Counts up each time the whole picture changes; samples of different regimes are not compared.</summary>
    public required int Regime { get; init; }

    /// <summary>Standard deviation of the noise, log units, as far as it is known by then.</summary>
    public required double Noise { get; set; }

    /// <summary>The plane with what is behind it where something that counts stood. The plane itself until the sample's own turn has come.</summary>
    public required byte[] Clean { get; set; }
}

/// <summary>Turns frames into scores against the scene a minute before and a minute after, and lets the decision say what of it
/// counts, so that what counts does not become background. The scene is known by samples, which come ahead of the frames; the same
/// samples give the same scores, however many of the frames between them are looked at.</summary>
internal sealed class SceneScorer
{
    /// <summary>Seconds of the scene that a frame is compared with, each way.</summary>
    public const double WindowLongest = 60;

    /// <summary>Frames closer together than this are not scored: twelve a second tell all that people and vehicles do.</summary>
    public const double ScoreEvery = 0.07;

    private const double SlotLongest = 5, MotionLag = 0.33, FollowEvery = 3, DurationMost = 0.5, KnownAfter = 5;
    private const int SlotsEachWay = 12, SamplesPerSlot = 3, FutureSlotsMin = 9;
    private const int ToleranceLeast = 9, ToleranceMost = 40, AreaLeast = 9, AreaLeastOfSpecks = 3, LargeWidth = 600, SpecksAtMost = 24, SpeckColumns = 20, SpeckRows = 12, JoinReach = 3;
    // Share of the picture that changes at once when the light or the camera does and not something in the scene.
    private const double BreakShare = 0.5, BreakTiles = 0.6;

    private sealed record Pending(double Pts, byte[]? Grey, long? Aside, bool Key, double? Until);

    private readonly int _width, _height;
    private readonly int[] _labels; // of the frame whose turn it is
    private readonly byte[] _foreground; // what stands out in it
    private readonly FrameBuffers _buffers;
    private readonly FramesAside _aside;
    private readonly Light _light;
    private readonly BlockLook _look;
    private int[]? _means; // of the last frame that was looked at
    private readonly double _slot;
    private readonly int _pastMin; // slots that make the past known: some seconds, or what moves in slowly would be known from its own beginning
    private readonly MotionEvents _events;
    private readonly Action<FrameScore, byte[]?> _scored;
    private readonly List<SceneSample> _samples = [];
    private readonly Queue<Pending> _pending = new();
    private readonly Queue<(double Pts, byte[] Plane, bool IsSample)> _recent = new();
    private double _followed;
    private byte[]? _mask;
    private bool _soughtText, _complete, _leftOut;
    private int _at; // the sample at or before the frame whose turn it is
    private int _scoredRegime;
    private byte[]? _held, _owned, _everything;
    private IReadOnlyList<Patch> _lastPatches = [];

    /// <param name="footage">What is scored: its size and frame rate.</param>
    /// <param name="span">Seconds the footage spans by its packets; decides how long the slots are.</param>
    /// <param name="mask">255 where the picture is looked at; null where all of it is.</param>
    /// <param name="events">The decision.</param>
    /// <param name="aside">Where frames wait for those after them.</param>
    /// <param name="scored">Told each frame's score and its working plane; null where it looks as the one before.</param>
    public SceneScorer(Footage footage, double span, byte[]? mask, MotionEvents events, FramesAside aside, Action<FrameScore, byte[]?> scored)
    {
        (_width, _height, _buffers, _aside, _events, _scored) = (footage.Size.Width, footage.Size.Height, footage.Buffers, aside, events, scored);
        _light = new(_width, _height, _buffers);
        _look = new(_width, _height);
        _labels = new int[_width * _height];
        _foreground = new byte[_width * _height];
        // Frames may be minutes apart: a time lapse, or a clock that is damaged.
        _slot = Math.Clamp(span / (2 * SlotsEachWay), Math.Clamp(footage.FrameTime, 0.15, SlotLongest), SlotLongest);
        _pastMin = Math.Clamp((int)Math.Ceiling(KnownAfter / _slot), 2, SlotsEachWay / 2);
        _mask = mask;
    }

    /// <summary>Seconds from one sample to the next, at least.</summary>
    public double SampleEvery => _slot / SamplesPerSlot;

    /// <summary>Seconds of samples that must be known beyond a frame before it is scored.</summary>
    public double Window => Math.Min(WindowLongest, SlotsEachWay * _slot);

    /// <summary>Breaks seen: PTS at which the whole picture changed at once.</summary>
    public List<double> Breaks { get; } = [];

    /// <summary>Lines of text that the camera writes, working pixels: not looked at. Known once the first frame is scored.</summary>
    public IReadOnlyList<Rect> Text { get; private set; } = [];

    /// <summary>True where nothing of a box is looked at: text, and what the settings leave out.</summary>
    public bool Hides(Rect box)
    {
        if (_mask is null) return false;
        for (int y = box.Top; y < box.Bottom; y++)
            if (_mask.AsSpan((y * _width) + box.Left, box.Width).ContainsAnyExcept((byte)0)) return false;
        return true;
    }

    /// <summary>Takes the next example of the scene.</summary>
    public SceneSample AddSample(double pts, byte[] grey)
    {
        _samples.Add(_samples.Count == 0 ? Begin(pts, grey, 0, 1) : Next(pts, grey));
        return _samples[^1];
    }

    private SceneSample Next(double pts, byte[] grey)
    {
        SceneSample last = _samples[^1];
        if (Continue(last, pts, grey) is { } same) return same;
        // One sample that was other than the rest (a knock, a flash) does not begin a new scene: what comes after it goes on with what came before.
        if (_samples.Count > 1 && _samples[^2] is { } before && before.Regime != last.Regime && Continue(before, pts, grey) is { } again) return again;
        return Begin(pts, grey, _samples.Max(s => s.Regime) + 1, last.Noise);
    }

    // The sample as a continuation of another, or null where the whole picture is another.
    private SceneSample? Continue(SceneSample last, double pts, byte[] grey)
    {
        byte[] plane = _light.Plane(grey, last.Reference);
        double step = Planes.Noise(plane, last.Plane);
        bool second = _samples.Count == 1;
        double noise = second ? step : last.Noise + (0.2 * (step - last.Noise));
        if (Planes.ChangedTiles(plane, last.Plane, _width, _height, Tolerance(1.5 * last.Noise)) > BreakTiles) return null;
        if (second) last.Noise = noise;
        byte[] reference = last.Reference;
        if (pts - _followed >= FollowEvery)
        {
            _followed = pts;
            reference = Light.Follow(reference, plane);
        }
        return new() { Pts = pts, Grey = grey, Plane = plane, Reference = reference, Regime = last.Regime, Noise = noise, Clean = plane };
    }

    private SceneSample Begin(double pts, byte[] grey, int regime, double noise)
    {
        _followed = pts;
        byte[] plane = _light.Plane(grey, null);
        return new() { Pts = pts, Grey = grey, Plane = plane, Reference = plane, Regime = regime, Noise = noise, Clean = plane };
    }

    /// <summary>Takes the next frame; scores those whose future is known.</summary>
    /// <param name="pts">PTS seconds.</param>
    /// <param name="grey">The frame, or null where it looks as the one before it.</param>
    /// <param name="key">True for a key frame.</param>
    /// <param name="until">Where frames after it were left out: PTS seconds up to which it stands for them.</param>
    public void AddFrame(double pts, byte[]? grey, bool key, double? until = null)
    {
        long? aside = null;
        // A sample is kept anyway.
        if (grey is not null && !IsFutureKnown(pts) && !ReferenceEquals(grey, _samples[^1].Grey) && (aside = _aside.Put(grey)) is not null)
        {
            _buffers.GiveBack(grey);
            grey = null;
        }
        _pending.Enqueue(new(pts, grey, aside, key, until));
        while ((_pending.Count > 1 || (_pending.Count == 1 && until is not null)) && IsFutureKnown(_pending.Peek().Pts)) ScoreNext();
    }

    private bool IsFutureKnown(double pts) => _complete || _samples[^1].Pts >= pts + Window + SampleEvery;

    /// <summary>Says that all samples are known.</summary>
    public void NoMoreSamples() => _complete = true;

    /// <summary>Scores all that waits, as there are no samples to come that it needs.</summary>
    public void Finish()
    {
        while (_pending.Count > 0) ScoreNext();
    }

    /// <summary>What stands out at a sample, by the samples around it as they are known now.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="followed">True where something that counts is looked for, wherever in the picture it went.</param>
    public IReadOnlyList<Patch> PatchesAt(SceneSample sample, bool followed)
    {
        byte[] foreground = ForegroundOf(sample.Plane, sample.Pts, sample, followed ? Everything() : _held);
        return Share(foreground) > BreakShare ? [] : Patches(sample.Plane, foreground, null, Tolerance(sample.Noise));
    }

    /// <summary>Looks for text that the camera writes, in the samples that there are.</summary>
    public void FindText()
    {
        if (_soughtText) return;
        _soughtText = true;
        Text = BurnedInText.Find([.. _samples.Select(s => s.Grey)], _width, _height);
        if (Text.Count == 0) return;
        using var mask = _mask is null ? new Mat(_height, _width, MatType.CV_8UC1, Scalar.White) : Mat.FromPixelData(_height, _width, MatType.CV_8UC1, _mask).Clone();
        foreach (Rect line in Text) Cv2.Rectangle(mask, line, Scalar.Black, -1);
        mask.GetArray(out _mask);
    }

    private void ScoreNext()
    {
        FindText();
        Pending frame = _pending.Dequeue();
        while (_at + 1 < _samples.Count && _samples[_at + 1].Pts <= frame.Pts) _at++;
        double duration = frame.Until is { } until ? until - frame.Pts : _pending.Count > 0 ? Math.Min(_pending.Peek().Pts - frame.Pts, DurationMost) : Math.Min(DurationMost, SampleEvery);
        bool leftOut = frame.Until is not null;
        if (Looked(frame) is not { } grey)
        {
            // Nothing is other than at the frame before: what stood there stands there, and nothing of it moves.
            FrameScore same = new(frame.Pts, duration, [.. _lastPatches.Select(p => p with { Moving = 0 })]) { Bridged = leftOut, Key = frame.Key };
            _events.Step(same);
            _scored(same, null);
            return;
        }
        (SceneSample sample, byte[] plane) = Match(grey, frame.Pts);
        bool isSample = sample.Pts == frame.Pts;
        // Where the frames before were left out, nobody knows where what counts went: all of the picture may be it.
        byte[] foreground = ForegroundOf(plane, frame.Pts, sample, _leftOut && _events.Counting.Count > 0 ? Everything() : _held);
        _leftOut = leftOut;
        int tolerance = Tolerance(sample.Noise);
        while (_recent.Count > 1 && _recent.ElementAt(1).Pts <= frame.Pts - MotionLag) Forget();
        bool shaken = Share(foreground) > BreakShare;
        bool other = sample.Regime != _scoredRegime;
        while (other && _recent.Count > 0) Forget();
        if (other || shaken)
        {
            if (Breaks.Count == 0 || frame.Pts - Breaks[^1] > 1) Breaks.Add(frame.Pts);
            _scoredRegime = sample.Regime;
        }
        FrameScore score = new(frame.Pts, duration, shaken ? [] : Patches(plane, foreground, _recent.Count > 0 ? _recent.Peek().Plane : null, tolerance), other || shaken) { Bridged = leftOut, Key = frame.Key };
        _recent.Enqueue((frame.Pts, plane, isSample));
        IReadOnlyList<Patch> counting = _events.Step(score);
        _lastPatches = score.Patches;
        _scored(score, plane);
        _held = Owned(foreground, counting);
        if (!isSample)
        {
            _buffers.GiveBack(grey);
            return;
        }
        Clean(sample);
        Trim();
    }

    // The frame, or null where it looks as the last one that was looked at. Only now is it known what is not looked at, such as text that the camera writes: that it changes tells nothing.
    private byte[]? Looked(Pending frame)
    {
        if (Picture(frame) is not { } grey) return null;
        int[] means = _look.Means(grey);
        // A sample is always scored.
        if (_samples[_at].Pts == frame.Pts || _means is null || _look.Changed(means, _means).Any(b => !Hides(_look.BoxOf(b))))
        {
            _means = means;
            return grey;
        }
        _buffers.GiveBack(grey);
        return null;
    }

    private byte[]? Picture(Pending frame)
    {
        if (frame.Aside is not { } place) return frame.Grey;
        byte[] grey = _buffers.Take();
        _aside.Take(place, grey);
        return grey;
    }

    // What is a sample's stays: the scene is known by it.
    private void Forget()
    {
        (_, byte[] plane, bool isSample) = _recent.Dequeue();
        if (!isSample) _buffers.GiveBack(plane);
    }

    // The sample that a frame belongs to: the one before it, or, where the whole picture changes before the next, the one it looks like.
    private (SceneSample Sample, byte[] Plane) Match(byte[] grey, double pts)
    {
        SceneSample before = _samples[_at];
        if (before.Pts == pts) return (before, before.Plane);
        byte[] plane = _light.Plane(grey, before.Reference);
        if (_at + 1 >= _samples.Count || _samples[_at + 1] is not { } after || after.Regime == before.Regime) return (before, plane);
        byte[] other = _light.Plane(grey, after.Reference);
        int threshold = Tolerance(before.Noise);
        bool isBefore = Planes.Changed(plane, before.Plane, threshold) <= Planes.Changed(other, after.Plane, threshold);
        _buffers.GiveBack(isBefore ? other : plane);
        return isBefore ? (before, plane) : (after, other);
    }

    private void Clean(SceneSample sample)
    {
        if (_held is null) return;
        SceneSample? before = _at > 0 && _samples[_at - 1].Regime == sample.Regime ? _samples[_at - 1] : null;
        if (before is null) return;
        byte[] clean = _buffers.Take();
        sample.Plane.CopyTo(clean, 0);
        using Mat to = Whole(clean), where = Whole(_held), behind = Whole(before.Clean);
        behind.CopyTo(to, where);
        sample.Clean = clean;
    }

    private void Trim()
    {
        int old = 0;
        while (old < _at - 1 && _samples[_at].Pts - _samples[old].Pts > Window + _slot) old++;
        if (old < 16) return; // in one go, as it moves the list
        foreach (SceneSample gone in _samples.Take(old))
        {
            _buffers.GiveBack(gone.Grey);
            if (gone.Clean != gone.Plane) _buffers.GiveBack(gone.Clean);
            // The first of a scene is a reference too, perhaps for others.
            if (gone.Reference != gone.Plane) _buffers.GiveBack(gone.Plane);
        }
        _samples.RemoveRange(0, old);
        _at -= old;
    }

    private byte[] ForegroundOf(byte[] plane, double pts, SceneSample sample, byte[]? held)
    {
        var past = new List<(double Away, byte[] Plane)>();
        var future = new List<(double Away, byte[] Plane)>();
        foreach (SceneSample s in _samples)
        {
            if (s.Regime != sample.Regime || Math.Abs(s.Pts - pts) >= Window) continue;
            if (s.Pts < pts) past.Add((pts - s.Pts, s.Clean));
            else future.Add((s.Pts - pts, s.Plane));
        }
        byte[] foreground = _foreground;
        Consensus.Score([plane], Slots(past), Slots(future), Tolerance(sample.Noise), held, _pastMin, FutureSlotsMin, [foreground]);
        if (_mask is null) return foreground;
        using Mat all = Whole(foreground), mask = Whole(_mask);
        Cv2.BitwiseAnd(all, mask, all);
        return foreground;
    }

    // A plane as OpenCV sees it: the same memory.
    private Mat Whole(byte[] plane) => Mat.FromPixelData(_height, _width, MatType.CV_8UC1, plane);

    private byte[] Everything()
    {
        if (_everything is not null) return _everything;
        _everything = new byte[_width * _height];
        Array.Fill(_everything, byte.MaxValue);
        return _everything;
    }

    private byte[][][] Slots(IEnumerable<(double Away, byte[] Plane)> samples) =>
        [.. samples.GroupBy(s => (int)(s.Away / _slot)).OrderBy(g => g.Key).Select(g => g.Select(s => s.Plane).ToArray())];

    private static int Tolerance(double noise) => Math.Clamp((int)Math.Round(5 * noise), ToleranceLeast, ToleranceMost);

    private static double Share(byte[] foreground) => 1 - (foreground.AsSpan().Count((byte)0) / (double)foreground.Length);

    private List<Patch> Patches(byte[] plane, byte[] foreground, byte[]? before, int tolerance)
    {
        using var raw = Mat.FromPixelData(_height, _width, MatType.CV_8UC1, foreground);
        // On a large picture, where next to nothing stands out, a few pixels may be somebody far off; where much does, specks are noise.
        using var clean = new Mat();
        Cv2.MedianBlur(raw, clean, 3);
        using Mat? sparse = Math.Max(_width, _height) >= LargeWidth ? Sparse(foreground) : null;
        if (sparse is not null) raw.CopyTo(clean, sparse);
        var patches = new List<Patch>();
        Rect stands = Cv2.BoundingRect(clean);
        if (stands.Width == 0) return patches;
        // Only where something stands out, with room for both steps of the closing.
        stands.Inflate(2 * JoinReach, 2 * JoinReach);
        stands &= new Rect(0, 0, _width, _height);
        using var part = new Mat(clean, stands);
        using var joined = new Mat();
        using var kernel = Cv2.GetStructuringElement(MorphShapes.Ellipse, new Size((2 * JoinReach) + 1, (2 * JoinReach) + 1));
        Cv2.MorphologyEx(part, joined, MorphTypes.Close, kernel);
        using var labels = Mat.FromPixelData(stands.Height, stands.Width, MatType.CV_32SC1, _labels);
        using var stats = new Mat();
        using var centres = new Mat();
        int found = Cv2.ConnectedComponentsWithStats(joined, labels, stats, centres, PixelConnectivity.Connectivity8);
        if (found <= 1) return patches;
        for (int n = 1; n < found; n++)
        {
            int area = stats.At<int>(n, (int)ConnectedComponentsTypes.Area);
            if (area < AreaLeastOfSpecks) continue;
            var box = new Rect(stats.At<int>(n, 0), stats.At<int>(n, 1), stats.At<int>(n, 2), stats.At<int>(n, 3));
            if (area < AreaLeast && sparse?.At<byte>(stands.Y + box.Y + (box.Height / 2), stands.X + box.X + (box.Width / 2)) is null or 0) continue;
            patches.Add(new(stands.X + box.X, stands.Y + box.Y, box.Width, box.Height, area, before is null ? 0 : Moving(n, box, stands, plane, before, tolerance)));
        }
        return [.. patches.OrderByDescending(p => p.Area).ThenBy(p => p.Y).ThenBy(p => p.X).Take(64)];
    }

    // 255 where little stands out around: in the tile and in those beside it.
    private Mat Sparse(byte[] foreground)
    {
        using var counts = new Mat(SpeckRows, SpeckColumns, MatType.CV_32FC1);
        for (int r = 0; r < SpeckRows; r++)
        {
            for (int c = 0; c < SpeckColumns; c++)
            {
                int left = c * _width / SpeckColumns, right = (c + 1) * _width / SpeckColumns, set = 0;
                for (int y = r * _height / SpeckRows; y < (r + 1) * _height / SpeckRows; y++) set += right - left - Pixels.Row(foreground, _width, y, left, right).Count((byte)0);
                counts.Set(r, c, (float)set);
            }
        }
        using var around = new Mat();
        Cv2.BoxFilter(counts, around, MatType.CV_32FC1, new Size(3, 3), normalize: false, borderType: BorderTypes.Constant);
        using var few = new Mat();
        Cv2.Compare(around, SpecksAtMost, few, CmpTypes.LE);
        var sparse = new Mat();
        Cv2.Resize(few, sparse, new Size(_width, _height), 0, 0, InterpolationFlags.Nearest);
        return sparse;
    }

    private int Moving(int label, Rect box, Rect within, byte[] plane, byte[] before, int tolerance)
    {
        int moving = 0;
        for (int y = box.Top; y < box.Bottom; y++)
        {
            ReadOnlySpan<int> labels = _labels.AsSpan((y * within.Width) + box.Left, box.Width);
            int at = ((within.Y + y) * _width) + within.X + box.Left;
            ReadOnlySpan<byte> now = plane.AsSpan(at, box.Width), then = before.AsSpan(at, box.Width);
            for (int i = 0; i < labels.Length; i++)
                if (labels[i] == label && Math.Abs(now[i] - then[i]) > tolerance) moving++;
        }
        return moving;
    }

    private byte[]? Owned(byte[] foreground, IReadOnlyList<Patch> counting)
    {
        if (counting.Count == 0) return null;
        byte[] owned = _owned ??= new byte[foreground.Length];
        Array.Clear(owned);
        foreach (var patch in counting)
        {
            int left = Math.Max(0, patch.X - 2), right = Math.Min(_width, patch.Right + 2);
            for (int y = Math.Max(0, patch.Y - 2); y < Math.Min(_height, patch.Bottom + 2); y++) Pixels.Row(foreground, _width, y, left, right).CopyTo(Pixels.Row(owned, _width, y, left, right));
        }
        using var mask = Mat.FromPixelData(_height, _width, MatType.CV_8UC1, owned);
        Cv2.Dilate(mask, mask, null, iterations: 2);
        return owned;
    }
}
