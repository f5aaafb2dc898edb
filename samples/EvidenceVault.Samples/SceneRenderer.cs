using System.Globalization;
using System.Numerics;
using EvidenceVault.Samples.Drawing;
using EvidenceVault.Samples.Making;
using EvidenceVault.Samples.Staging;

namespace EvidenceVault.Samples;

/// <summary>Takes one finished frame: planar YUV 4:2:0, luma, then U, then V; valid only during the call.</summary>
/// <param name="index">0-based frame number; its PTS is index / fps.</param>
/// <param name="yuv">The planes.</param>
public delegate void FrameTaker(long index, ReadOnlySpan<byte> yuv);

/// <summary>Renders a scene, frame by frame or into a video file, and tells exactly what is in it.</summary>
public static class SceneRenderer
{
    /// <summary>Renders every frame of a scene.</summary>
    /// <param name="scene">What to render.</param>
    /// <param name="fullRange">True for luma 0 to 255, as in JPEG; false for 16 to 235, as in most video.</param>
    /// <param name="take">Is handed each frame in order.</param>
    /// <exception cref="ArgumentException">The scene is unknown or its size, length or rate cannot be rendered.</exception>
    public static Truth Render(Scene scene, bool fullRange, FrameTaker take)
    {
        Plan plan = Check(scene).Write(scene);
        Studio studio = new(scene, plan, fullRange);
        Chronicle chronicle = new(scene, plan);
        for (long i = 0; i < scene.FrameCount; i++)
        {
            studio.Shoot(i, chronicle);
            take(i, studio.Yuv);
        }
        return chronicle.Close();
    }

    /// <summary>Renders a scene into a video file through ffmpeg. The file appears under its name only when it is whole.</summary>
    /// <param name="scene">What to render.</param>
    /// <param name="codec">How to encode it.</param>
    /// <param name="path">Where to; the ending chooses the container: .mp4, .mov, .mkv or .avi.</param>
    /// <param name="progress">Fraction done, 0 to 1.</param>
    /// <param name="wind">True adds the sound of wind as an AAC track.</param>
    /// <exception cref="ArgumentException">The scene, codec or container cannot be rendered.</exception>
    /// <exception cref="FfmpegException">ffmpeg is missing, failed, or could not write.</exception>
    public static Truth Render(Scene scene, Codec codec, string path, IProgress<double>? progress = null, bool wind = false)
    {
        Check(scene);
        using VideoFile video = VideoFile.Begin(scene, codec, path, wind);
        Truth truth = Render(scene, codec == Codec.Mjpeg, (i, yuv) =>
        {
            video.Write(yuv);
            progress?.Report((i + 1.0) / scene.FrameCount);
        });
        video.Finish();
        return truth;
    }

    private static Script Check(Scene scene)
    {
        Script script = Script.All.FirstOrDefault(s => s.Name == scene.Name)
            ?? throw new ArgumentException($"There is no scene called '{scene.Name}'. Choose one of: {string.Join(", ", Scene.Names.Keys)}.");
        if (scene.Width % 2 != 0 || scene.Height % 2 != 0 || scene.Width is < 64 or > 7680 || scene.Height is < 64 or > 4320)
            throw new ArgumentException($"{scene.Width}x{scene.Height} cannot be rendered: width and height must be even, from 64x64 to 7680x4320.");
        if (!(scene.Fps is > 0 and <= 120) || !(scene.Seconds > 0) || scene.FrameCount < 1)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{scene.Seconds} s at {scene.Fps} frames a second cannot be rendered: both must be above 0, the rate at most 120, and together at least one frame."));
        if (!(scene.Noise is null or (>= 0 and <= 64)) || !(scene.Wind is >= 0 and <= 4))
            throw new ArgumentException("Noise goes from 0 to 64 grey levels, wind from 0 to 4.");
        return script;
    }
}

/// <summary>Paints frames: backdrop, water, grass, movers, then what lens and sensor do to them.</summary>
internal sealed class Studio
{
    private const int GrainLength = 1 << 18;
    private static readonly float[] Grain = MakeGrain();

    private readonly Scene _scene;
    private readonly Plan _plan;
    private readonly bool _fullRange;
    private readonly Canvas _canvas;
    private readonly Dictionary<Palette, Canvas> _backdrops = [];
    private readonly Ripples? _ripples;
    private readonly Grass? _behind, _before;
    private readonly byte[] _yuv;
    private readonly float[] _row, _moved;
    private readonly Disturbances _disturbances;

    public Studio(Scene scene, Plan plan, bool fullRange)
    {
        (_scene, _plan, _fullRange) = (scene, plan, fullRange);
        _canvas = new(scene.Width, scene.Height);
        _disturbances = new(scene);
        _row = new float[scene.Width];
        _moved = new float[scene.Width];
        _yuv = new byte[scene.Width * scene.Height * 3 / 2];
        if (plan.Place.Ground == Ground.Quay)
        {
            _ripples = new(plan.Place, scene.Seed, scene.Width, scene.Height);
        }
        else
        {
            _behind = Grass.Behind(plan.Place, scene.Seed);
            _before = Grass.Before(plan.Place, scene.Seed);
        }
    }

    public ReadOnlySpan<byte> Yuv => _yuv;

    public void Shoot(long index, Chronicle chronicle)
    {
        double t = index / _scene.Fps;
        Exposure exposure = _plan.Light(t);
        Palette palette = exposure.Palette;
        _canvas.CopyFrom(Backdrop(palette));
        _ripples?.Draw(_canvas, palette, t, _scene.Wind);
        _behind?.Draw(_canvas, palette, _plan.Place, t, _scene.Wind);
        foreach (Mover mover in _plan.Movers.OrderBy(m => m.Depth(t)))
            if (mover.Draw(_canvas, palette, _plan.Place, t)) chronicle.Saw(mover, index);
        _before?.Draw(_canvas, palette, _plan.Place, t, _scene.Wind);
        _disturbances.Draw(_canvas, palette, t, index);
        Develop(index, exposure with { Gain = exposure.Gain * _disturbances.Gain(t) }, _disturbances.Shake(t));
        if (_scene.Clock is { } clock) Caption(clock.AddSeconds(Math.Floor(t + 1e-6)));
    }

    private Canvas Backdrop(Palette palette)
    {
        if (_backdrops.TryGetValue(palette, out Canvas? known)) return known;
        Canvas painted = new(_scene.Width, _scene.Height);
        _plan.Place.Paint(painted, palette);
        return _backdrops[palette] = painted;
    }

    private void Develop(long index, Exposure exposure, (int X, int Y) off)
    {
        int width = _scene.Width, height = _scene.Height;
        // Each row begins somewhere else in a long strip of noise: cheap, and no two frames alike.
        Prng prng = new(Prng.Mix(_scene.Seed ^ 0xA0A0) + (ulong)index);
        float noise = (float)(_scene.Noise ?? exposure.Palette.Noise), gain = (float)exposure.Gain, lift = (float)exposure.Lift;
        float scale = _fullRange ? 1 : 219f / 255, floor = _fullRange ? 0 : 16;
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<float> grain = Grain.AsSpan(prng.Below(GrainLength - width), width);
            Grade(RowOf(y, off), grain, gain, lift, noise, scale, floor);
            Span<byte> into = _yuv.AsSpan(y * width, width);
            for (int x = 0; x < width; x++) into[x] = (byte)_row[x];
        }
        Chroma(_canvas.U, _yuv.AsSpan(width * height), gain, noise, prng);
        Chroma(_canvas.V, _yuv.AsSpan(width * height * 5 / 4), gain, noise, prng);
    }

    // The row as a camera sees it that is off its place; past the edge it sees the edge again. Colour, which is coarse, stays where it is.
    private ReadOnlySpan<float> RowOf(int y, (int X, int Y) off)
    {
        int width = _scene.Width;
        ReadOnlySpan<float> row = _canvas.Y.AsSpan(Math.Clamp(y + off.Y, 0, _scene.Height - 1) * width, width);
        if (off.X == 0) return row;
        for (int x = 0; x < width; x++) _moved[x] = row[Math.Clamp(x + off.X, 0, width - 1)];
        return _moved;
    }

    /// <summary>Gain, then noise that grows with the root of the light (shot noise) over a floor (read noise), into <see cref="_row"/>.</summary>
    private void Grade(ReadOnlySpan<float> light, ReadOnlySpan<float> grain, float gain, float lift, float noise, float scale, float floor)
    {
        int x = 0, step = Vector<float>.Count;
        Vector<float> top = new(255), half = new(0.5f + floor);
        for (; x <= light.Length - step; x += step)
        {
            Vector<float> v = Vector.Max(Vector<float>.Zero, (new Vector<float>(light[x..]) * gain) + new Vector<float>(lift));
            v += new Vector<float>(grain[x..]) * noise * (new Vector<float>(0.5f) + (Vector.SquareRoot(v * (1f / 128)) * 0.5f));
            v = (Vector.Min(top, Vector.Max(Vector<float>.Zero, v)) * scale) + half;
            v.CopyTo(_row, x);
        }
        for (; x < light.Length; x++)
        {
            float v = Math.Max(0, (light[x] * gain) + lift);
            v += grain[x] * noise * (0.5f + (MathF.Sqrt(v / 128) * 0.5f));
            _row[x] = (Math.Clamp(v, 0, 255) * scale) + floor + 0.5f;
        }
    }

    private void Chroma(float[] from, Span<byte> into, float gain, float noise, Prng prng)
    {
        float scale = _fullRange ? 1 : 224f / 255;
        if (_plan.Light(0).Palette.OwnLamp) noise = 0;
        int width = _scene.Width / 2;
        for (int y = 0; y < _scene.Height / 2; y++)
        {
            ReadOnlySpan<float> grain = Grain.AsSpan(prng.Below(GrainLength - width), width);
            for (int x = 0; x < width; x++)
            {
                float c = from[(y * width) + x];
                float v = c == 0 ? 0 : (c * gain) + (grain[x] * noise * 0.35f);
                into[(y * width) + x] = (byte)Math.Clamp((v * scale) + 128.5f, 0, 255);
            }
        }
    }

    private void Caption(DateTime shown)
    {
        int n = _scene.Width * _scene.Height;
        string text = CaptionText(_scene, shown);
        ClockFace.Burn(_yuv.AsSpan(0, n), _yuv.AsSpan(n, n / 4), _yuv.AsSpan(n * 5 / 4), _scene.Width, _scene.Height, text,
            _fullRange ? (byte)4 : (byte)20, _fullRange ? (byte)248 : (byte)228);
    }

    internal static string CaptionText(Scene scene, DateTime shown) =>
        string.Create(CultureInfo.InvariantCulture, $"{scene.Caption} {shown:yyyy-MM-dd HH:mm:ss}");

    private static float[] MakeGrain()
    {
        Prng prng = new(0x6EA1);
        float[] white = [.. Enumerable.Range(0, GrainLength + 1).Select(_ => (float)prng.Normal())];
        // Neighbouring pixels share a little, as they do behind a Bayer filter; the variance stays 1.
        return [.. Enumerable.Range(0, GrainLength).Select(i => (0.92f * white[i]) + (0.39f * white[i + 1]))];
    }
}

/// <summary>Writes down in which frames each mover was seen and where.</summary>
internal sealed class Chronicle(Scene scene, Plan plan)
{
    private sealed class Sighting
    {
        public long First, Last;
        public readonly List<TruthBox> Boxes = [];
        public TruthBox? Latest;
        public readonly List<(long From, long To)> Still = [];
    }

    private readonly Dictionary<Mover, Sighting> _seen = [];

    public void Saw(Mover mover, long index)
    {
        if (!_seen.TryGetValue(mover, out Sighting? sighting))
            _seen[mover] = sighting = new() { First = index };
        sighting.Last = index;
        double t = index / scene.Fps;
        if (mover.Body.Box is { } box)
        {
            sighting.Latest = new(Round(t), box);
            bool newSecond = sighting.Boxes.Count == 0 || Math.Floor(t + 1e-9) > Math.Floor(sighting.Boxes[^1].Time + 1e-9);
            if (newSecond) sighting.Boxes.Add(sighting.Latest);
        }
        if (mover.Course.At(t) is { Speed: 0 })
        {
            if (sighting.Still.Count > 0 && sighting.Still[^1].To == index - 1) sighting.Still[^1] = (sighting.Still[^1].From, index);
            else sighting.Still.Add((index, index));
        }
    }

    public Truth Close() => new()
    {
        Scene = scene.Name,
        Seed = scene.Seed,
        Width = scene.Width,
        Height = scene.Height,
        Frames = scene.FrameCount,
        Fps = scene.Fps,
        Noise = scene.Noise ?? plan.Light(0).Palette.Noise,
        Segments = [.. Busy().Select(b => Span(b.From, b.To, string.Join("+", b.What)))],
        Quiet = [.. Gaps()],
        Lighting = [.. plan.Lighting.Where(l => l.Start < scene.Seconds).Select(l => new TruthSpan(Round(l.Start), Round(Math.Min(l.End, scene.Seconds)), l.What))],
        ClockBox = scene.Clock is { } clock ? Drawing.ClockFace.Box(Studio.CaptionText(scene, clock), scene.Height) : null,
        Movers = [.. _seen.OrderBy(p => p.Value.First).Select(p => Mover(p.Key, p.Value))],
    };

    private TruthMover Mover(Mover mover, Sighting sighting)
    {
        if (sighting.Latest is { } latest && sighting.Boxes[^1].Time < latest.Time) sighting.Boxes.Add(latest);
        return new(mover.What, Round(sighting.First / scene.Fps), Round((sighting.Last + 1) / scene.Fps),
            [.. sighting.Still.Select(s => Span(s.From, s.To, "still"))], sighting.Boxes);
    }

    /// <summary>Visits joined where they touch. A mover hidden for a moment, by a blade of grass or the picture's edge, is still there.</summary>
    private List<(long From, long To, SortedSet<string> What)> Busy()
    {
        List<(long From, long To, SortedSet<string> What)> busy = [];
        foreach ((Mover mover, Sighting seen) in _seen.OrderBy(p => p.Value.First))
        {
            if (busy.Count > 0 && seen.First <= busy[^1].To + 1)
            {
                busy[^1].What.Add(mover.What);
                busy[^1] = (busy[^1].From, Math.Max(busy[^1].To, seen.Last), busy[^1].What);
            }
            else
            {
                busy.Add((seen.First, seen.Last, [mover.What]));
            }
        }
        return busy;
    }

    private IEnumerable<TruthSpan> Gaps()
    {
        long free = 0;
        foreach ((long from, long to, _) in Busy())
        {
            if (from > free) yield return Span(free, from - 1, "quiet");
            free = to + 1;
        }
        if (free < scene.FrameCount) yield return Span(free, scene.FrameCount - 1, "quiet");
    }

    private TruthSpan Span(long first, long last, string what) => new(Round(first / scene.Fps), Round((last + 1) / scene.Fps), what);

    private static double Round(double seconds) => Math.Round(seconds, 6);
}
