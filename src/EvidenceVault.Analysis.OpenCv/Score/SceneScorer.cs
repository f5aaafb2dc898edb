using EvidenceVault.Pipeline.Analysis;
using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Score;

/// <summary>Turns frames into scores against the scene a minute before and a minute after, and lets the decision say what of it
/// counts, so that what counts does not become background. Frames wait in memory for their minute of future.</summary>
internal sealed class SceneScorer
{
    private const double WindowLongest = 60, SlotLongest = 5, MotionLag = 0.33;
    private const int SlotsEachWay = 12, SamplesPerSlot = 3, FutureSlotsMin = 9, PastSlotsMin = 2;
    private const int ToleranceLeast = 9, ToleranceMost = 40;
    // Share of the picture that changes at once when the light or the camera does and not something in the scene.
    private const double BreakShare = 0.5;

    private sealed record Pending(double Pts, byte[] Plane, int Regime, bool Sample, byte[]? Before);

    private readonly int _width, _height;
    private readonly Light _light;
    private readonly double _slot, _sampleEvery;
    private readonly byte[]? _mask;
    private readonly MotionEvents _events;
    private readonly Action<FrameScore, byte[]> _scored;
    private readonly List<Pending> _pending = [];
    private readonly List<(Sample Sample, int Regime)> _past = [];
    private readonly Queue<(double Pts, byte[] Plane)> _recent = new();
    private double _nextSample = double.NegativeInfinity, _lastPts = double.NegativeInfinity;
    private int _regime, _scoredRegime;
    private double _noise = 1;

    /// <param name="width">Working width.</param>
    /// <param name="height">Working height.</param>
    /// <param name="span">Seconds the footage spans by its packets; decides how long the slots are.</param>
    /// <param name="frameTime">Usual seconds from frame to frame.</param>
    /// <param name="region">Region of interest in working pixels, or null.</param>
    /// <param name="events">The decision.</param>
    /// <param name="scored">Told each frame's score and its working plane.</param>
    public SceneScorer(int width, int height, double span, double frameTime, Rect? region, MotionEvents events, Action<FrameScore, byte[]> scored)
    {
        (_width, _height, _events, _scored) = (width, height, events, scored);
        _light = new(width, height);
        _slot = Math.Clamp(span / (2 * SlotsEachWay), Math.Max(0.15, frameTime), SlotLongest);
        _sampleEvery = _slot / SamplesPerSlot;
        if (region is { } r)
        {
            using var mask = new Mat(height, width, MatType.CV_8UC1, Scalar.Black);
            Cv2.Rectangle(mask, r, Scalar.White, -1);
            mask.GetArray(out _mask);
        }
    }

    /// <summary>Frames closer together than this are not scored: twelve a second tell all that people and vehicles do.</summary>
    public const double ScoreEvery = 0.07;

    /// <summary>Breaks seen: PTS at which the whole picture changed at once.</summary>
    public List<double> Breaks { get; } = [];

    /// <summary>Takes a frame; scores those whose future is known.</summary>
    public void Take(double pts, byte[] grey)
    {
        byte[] plane = _light.Remove(grey, pts);
        if (_recent.Count > 0)
        {
            var latest = _recent.Last();
            bool gap = pts - latest.Pts > 2;
            double noise = Noise(plane, latest.Plane);
            int threshold = Math.Clamp((int)Math.Round(5 * Math.Max(noise, _noise)), ToleranceLeast, ToleranceMost);
            if (Changed(plane, _recent.Peek().Plane, threshold) > BreakShare * plane.Length)
            {
                _light.Forget();
                plane = _light.Remove(grey, pts);
                _regime++;
                _recent.Clear();
                Breaks.Add(pts);
                _nextSample = pts;
            }
            else if (!gap) _noise += 0.05 * (noise - _noise);
        }
        while (_recent.Count > 1 && _recent.ElementAt(1).Pts <= pts - MotionLag) _recent.Dequeue();
        bool sample = pts >= _nextSample;
        if (sample) _nextSample = pts + _sampleEvery - 1e-6;
        _pending.Add(new(pts, plane, _regime, sample, _recent.Count > 0 ? _recent.Peek().Plane : null));
        _recent.Enqueue((pts, plane));
        _lastPts = pts;
        while (_pending.Count > 0 && _lastPts - _pending[0].Pts > Window + _sampleEvery) ScoreBlock();
    }

    /// <summary>Scores what is left when there is no more.</summary>
    public void Finish()
    {
        while (_pending.Count > 0) ScoreBlock();
    }

    private double Window => Math.Min(WindowLongest, SlotsEachWay * _slot);

    // A block is the frames from one sample to the next: they share their past and future.
    private void ScoreBlock()
    {
        int regime = _pending[0].Regime;
        double at = _pending[0].Pts;
        int count = 1;
        while (count < _pending.Count && !_pending[count].Sample && _pending[count].Regime == regime && _pending[count].Pts - at < 2 * _sampleEvery) count++;
        var block = _pending.GetRange(0, count);

        var past = Slots(_past.Where(p => p.Regime == regime).Select(p => (at - p.Sample.Pts, p.Sample)));
        var future = Slots(_pending.Where(p => p.Sample && p.Regime == regime && p.Pts >= at).Select(p => (p.Pts - at, new Sample(p.Pts, p.Plane, null))));
        int tolerance = Math.Clamp((int)Math.Round(5 * _noise), ToleranceLeast, ToleranceMost);
        byte[] near = new byte[_width * _height];
        Array.Fill(near, (byte)tolerance);
        var foreground = block.Select(_ => new byte[near.Length]).ToList();
        Consensus.Score([.. block.Select(b => b.Plane)], past, future, near, PastSlotsMin, FutureSlotsMin, foreground);

        byte[]? owned = null;
        for (int i = 0; i < count; i++)
        {
            var frame = block[i];
            double duration = i + 1 < _pending.Count ? Math.Min(_pending[i + 1].Pts - frame.Pts, 0.5) : Math.Min(0.5, _sampleEvery);
            var score = new FrameScore(frame.Pts, duration, Patches(frame, foreground[i], tolerance), regime != _scoredRegime);
            _scoredRegime = regime;
            var counting = _events.Step(score);
            _scored(score, frame.Plane);
            if (frame.Sample) owned = Owned(foreground[i], counting);
        }
        if (block[0].Sample) _past.Add((new(at, block[0].Plane, owned), regime));
        _past.RemoveAll(p => at - p.Sample.Pts > Window + _slot);
        _pending.RemoveRange(0, count);
    }

    private List<IReadOnlyList<Sample>> Slots(IEnumerable<(double Away, Sample Sample)> samples) =>
        [.. samples.Where(s => s.Away < Window).GroupBy(s => (int)(s.Away / _slot)).OrderBy(g => g.Key).Select(IReadOnlyList<Sample> (g) => [.. g.Select(s => s.Sample)])];

    private List<Patch> Patches(Pending frame, byte[] foreground, int tolerance)
    {
        if (_mask is not null)
            for (int i = 0; i < foreground.Length; i++) foreground[i] &= _mask[i];
        using var raw = Mat.FromPixelData(_height, _width, MatType.CV_8UC1, foreground);
        using var clean = new Mat();
        Cv2.MedianBlur(raw, clean, 3);
        using var joined = new Mat();
        using var kernel = Cv2.GetStructuringElement(MorphShapes.Ellipse, new Size(7, 7));
        Cv2.MorphologyEx(clean, joined, MorphTypes.Close, kernel);
        using var labels = new Mat();
        using var stats = new Mat();
        using var centres = new Mat();
        int found = Cv2.ConnectedComponentsWithStats(joined, labels, stats, centres, PixelConnectivity.Connectivity8);
        var patches = new List<Patch>();
        if (found <= 1) return patches;
        int[] moving = new int[found];
        if (frame.Before is { } before)
        {
            labels.GetArray(out int[] label);
            for (int i = 0; i < label.Length; i++)
                if (label[i] != 0 && Math.Abs(frame.Plane[i] - before[i]) > tolerance) moving[label[i]]++;
        }
        for (int n = 1; n < found; n++)
        {
            int area = stats.At<int>(n, (int)ConnectedComponentsTypes.Area);
            if (area < AreaLeast) continue;
            patches.Add(new(stats.At<int>(n, 0), stats.At<int>(n, 1), stats.At<int>(n, 2), stats.At<int>(n, 3), area, moving[n]));
        }
        return [.. patches.OrderByDescending(p => p.Area).ThenBy(p => p.Y).ThenBy(p => p.X).Take(64)];
    }

    private const int AreaLeast = 9;

    private byte[]? Owned(byte[] foreground, IReadOnlyList<Patch> counting)
    {
        if (counting.Count == 0) return null;
        byte[] owned = new byte[foreground.Length];
        foreach (var patch in counting)
            for (int y = Math.Max(0, patch.Y - 2); y < Math.Min(_height, patch.Bottom + 2); y++)
                for (int x = Math.Max(0, patch.X - 2); x < Math.Min(_width, patch.Right + 2); x++)
                    owned[(y * _width) + x] = foreground[(y * _width) + x];
        using var mask = Mat.FromPixelData(_height, _width, MatType.CV_8UC1, owned);
        using var wider = new Mat();
        Cv2.Dilate(mask, wider, null, iterations: 2);
        wider.GetArray(out byte[] grown);
        return grown;
    }

    // Standard deviation of sensor noise from the median step of a pixel between frames: 0.6745 σ√2 for Gaussian noise.
    private static double Noise(byte[] a, byte[] b)
    {
        Span<int> steps = stackalloc int[256];
        steps.Clear();
        for (int i = 0; i < a.Length; i += 3) steps[Math.Abs(a[i] - b[i])]++;
        int all = (a.Length + 2) / 3, seen = 0;
        for (int d = 0; d < 256; d++)
        {
            if ((seen + steps[d]) * 2 >= all)
                return Math.Max(0, d - 0.5 + (((all / 2.0) - seen) / Math.Max(1, steps[d]))) / 0.954;
            seen += steps[d];
        }
        return 0;
    }

    private static int Changed(byte[] a, byte[] b, int threshold)
    {
        int changed = 0;
        for (int i = 0; i < a.Length; i++)
            if (Math.Abs(a[i] - b[i]) > threshold) changed++;
        return changed;
    }
}
