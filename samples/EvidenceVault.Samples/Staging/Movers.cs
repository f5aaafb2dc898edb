using EvidenceVault.Samples.Drawing;

namespace EvidenceVault.Samples.Staging;

/// <summary>Something that comes, perhaps stays, and goes.</summary>
internal abstract class Mover(string what, Course course)
{
    public string What { get; } = what;

    public Course Course { get; } = course;

    /// <summary>Pixels of the thing itself, this frame.</summary>
    public Trace Body { get; } = new();

    /// <summary>Pixels of what it does to its surroundings: lamps, wake, reflection.</summary>
    public Trace Effects { get; } = new();

    public bool Draw(Canvas canvas, Palette palette, Place place, double t)
    {
        Body.Clear();
        Effects.Clear();
        if (Course.At(t) is not var (u, v, gone, speed)) return false;
        Paint(canvas, palette, place, t, u, v, gone, speed);
        canvas.Trace = null;
        return Body.Pixels >= 4 || Effects.Pixels >= 12;
    }

    /// <summary>How near, for painting far things first.</summary>
    public double Depth(double t) => Course.At(t)?.V ?? 0;

    protected abstract void Paint(Canvas canvas, Palette palette, Place place, double t, double u, double v, double gone, double speed);
}

/// <summary>Somebody on foot.</summary>
internal sealed class Person : Mover
{
    private readonly double _metres, _phase, _stride;
    private readonly int _top, _legs;
    private readonly bool _bag, _hood;
    private readonly double? _tall;

    /// <param name="course">The way gone.</param>
    /// <param name="prng">Chooses build and clothes.</param>
    /// <param name="tall">Fixed height as a share of the picture's; null to follow from the distance.</param>
    /// <param name="what">Name in the truth.</param>
    public Person(Course course, Prng prng, double? tall = null, string what = "person") : base(what, course)
    {
        _metres = prng.Between(1.62, 1.88);
        _phase = prng.Between(0, 6.28);
        _stride = prng.Between(0.92, 1.08);
        _top = prng.Below(60);
        _legs = prng.Below(60);
        _bag = prng.Chance(0.45);
        _hood = prng.Chance(0.5);
        _tall = tall;
    }

    protected override void Paint(Canvas canvas, Palette palette, Place place, double t, double u, double v, double gone, double speed)
    {
        double h = canvas.Height;
        double tall = _tall ?? (_metres * place.Metre(v));
        double p = tall * h, x = u * h, foot = v * h;
        double light = palette.LightAt(v, place.Horizon);
        Tint top = palette.Tops[_top % palette.Tops.Count] * light, legs = palette.Legs[_legs % palette.Legs.Count] * light;
        Tint skin = palette.Skin * light;
        int facing = Course.Facing(t);

        // Soft shadow first; it belongs to nobody's box.
        canvas.Ellipse(x + (0.03 * p), foot, 0.17 * p, 0.035 * p, Tint.Grey(14), 0.4f, 0.8);
        canvas.Trace = Body;

        double walk = Math.Clamp(speed / (0.35 * tall), 0, 1);
        double phase = _phase + (gone / (tall * 0.42 * _stride) * Math.PI);
        double idle = Math.Sin((0.9 * t) + _phase) * (1 - walk);
        double lean = (0.025 * walk * facing) + (0.006 * idle);

        (double knee1X, double knee1Y, double foot1X, double foot1Y) = Leg(phase, walk, facing, idle);
        (double knee2X, double knee2Y, double foot2X, double foot2Y) = Leg(phase + Math.PI, walk, facing, -idle);
        double hipY = foot - (Math.Max(foot1Y, foot2Y) * p) - (0.012 * p);
        double hipX = x;
        double neckX = hipX + (lean * p * 2), neckY = hipY - (0.315 * p);

        void Leg2(double kx, double ky, double fx, double fy, double shade)
        {
            canvas.Limb(hipX, hipY, 0.062 * p, hipX + (kx * p), hipY + (ky * p), 0.044 * p, legs * shade, 0.18);
            canvas.Limb(hipX + (kx * p), hipY + (ky * p), 0.044 * p, hipX + (fx * p), hipY + (fy * p), 0.028 * p, legs * shade, 0.18);
            canvas.Limb(hipX + ((fx - (0.012 * facing)) * p), hipY + (fy * p), 0.022 * p, hipX + ((fx + (0.075 * facing)) * p), hipY + ((fy + 0.006) * p), 0.016 * p, palette.Rubber * (1.3 * light), 0);
        }

        void Arm(double swing, double shade)
        {
            double a = (0.5 * swing * walk * facing) + (0.05 * idle), b = a + (facing * (0.18 + (0.35 * walk)));
            double sx = neckX - (0.01 * p * facing), sy = neckY + (0.045 * p);
            double ex = sx + (Math.Sin(a) * 0.165 * p), ey = sy + (Math.Cos(a) * 0.165 * p);
            double wx = ex + (Math.Sin(b) * 0.145 * p), wy = ey + (Math.Cos(b) * 0.145 * p);
            canvas.Limb(sx, sy, 0.040 * p, ex, ey, 0.033 * p, top * shade, 0.15);
            canvas.Limb(ex, ey, 0.033 * p, wx, wy, 0.024 * p, top * shade, 0.15);
            canvas.Ellipse(wx, wy + (0.015 * p), 0.022 * p, 0.026 * p, skin * shade);
        }

        double swing1 = Math.Sin(phase + Math.PI), swing2 = Math.Sin(phase);
        Arm(swing2, 0.72);
        Leg2(knee2X, knee2Y, foot2X, foot2Y, 0.75);
        Leg2(knee1X, knee1Y, foot1X, foot1Y, 1);
        if (_bag)
            canvas.Limb(neckX - (0.085 * p * facing), neckY + (0.08 * p), 0.062 * p, hipX - (0.085 * p * facing), hipY - (0.09 * p), 0.07 * p, legs * 1.25, 0.25);
        canvas.Limb(hipX, hipY - (0.01 * p), 0.078 * p, neckX, neckY + (0.045 * p), 0.088 * p, top, 0.2);
        double headX = neckX + ((0.028 + (0.01 * walk)) * p * facing) + (0.008 * p * idle), headY = neckY - (0.085 * p);
        canvas.Limb(neckX, neckY, 0.038 * p, headX, headY + (0.03 * p), 0.036 * p, skin * 0.8);
        canvas.Ellipse(headX, headY, 0.056 * p, 0.074 * p, _hood ? top * 0.9 : palette.Rubber * (1.7 * light), 1, 0, 0.15);
        canvas.Ellipse(headX + (0.022 * p * facing), headY + (0.012 * p), 0.035 * p, 0.05 * p, skin, 1, 0, 0.15);
        Arm(swing1, 1.08);
    }

    private static (double KneeX, double KneeY, double FootX, double FootY) Leg(double phase, double walk, int facing, double idle)
    {
        double thigh = ((0.46 * Math.Sin(phase)) * walk) + (0.06 * walk) + (0.02 * idle) + ((1 - walk) * 0.05 * Math.Sign(Math.Sin(phase)));
        double bend = (0.08 + (0.75 * Math.Pow(Math.Max(0, Math.Sin(phase + 1.9)), 1.5))) * walk;
        double kx = Math.Sin(thigh) * 0.245, ky = Math.Cos(thigh) * 0.245;
        double shin = thigh - bend;
        double fx = kx + (Math.Sin(shin) * 0.24), fy = ky + (Math.Cos(shin) * 0.24);
        return (kx * facing, ky, fx * facing, fy);
    }
}

/// <summary>A small box lorry, seen from its side.</summary>
internal sealed class Lorry(Course course) : Mover("lorry", course)
{
    private const double Metres = 7.6;

    protected override void Paint(Canvas canvas, Palette palette, Place place, double t, double u, double v, double gone, double speed)
    {
        double h = canvas.Height, m = place.Metre(v) * h, ground = v * h, light = palette.LightAt(v, place.Horizon);
        int facing = Course.Facing(t);
        double middle = u * h;
        // The springs nod when it brakes or pulls away, and shake a little on the road.
        double shake = Math.Min(1, speed * 4) * 0.012 * m * Math.Sin(23 * t);
        // Metres from the tail, metres above the road.
        (double X, double Y) At(double along, double up) => (middle + (facing * (along - (Metres / 2)) * m), ground - (up * m) + shake);
        (double X, double Y) Rigid(double along, double up) => (middle + (facing * (along - (Metres / 2)) * m), ground - (up * m));

        canvas.Ellipse(middle, ground, 0.56 * Metres * m, 0.26 * m, Tint.Grey(8), 0.6f, 0.5);
        if (palette.Lamps)
        {
            canvas.Trace = Effects;
            (double px, double py) = Rigid(Metres + 2.4, -0.25);
            canvas.Glow(px, py, 2.8 * m, 0.42 * m, palette.OwnLamp ? Tint.Grey(60) : Tint.Rgb(64, 58, 42));
        }
        canvas.Trace = Body;

        Tint body = palette.LorryBody * light, cab = palette.LorryCab * light, dark = palette.Rubber * (1.3 * light), glass = palette.Glass * light;
        canvas.Polygon([Rigid(0.1, 0.45), Rigid(7.3, 0.45), Rigid(7.3, 0.8), Rigid(0.1, 0.8)], dark);
        canvas.Polygon([At(0, 0.85), At(5.5, 0.85), At(5.5, 3.3), At(0, 3.3)], body, body * 0.82);
        for (double rib = 0.55; rib < 5.4; rib += 0.55)
        {
            (double x0, double y0) = At(rib, 3.2);
            (double x1, double y1) = At(rib, 0.95);
            canvas.Limb(x0, y0, 0.02 * m, x1, y1, 0.02 * m, body * 0.8, 0, 0.8f);
        }
        canvas.Polygon([At(0, 3.3), At(5.5, 3.3), At(5.5, 3.2), At(0, 3.2)], body * 0.7);
        canvas.Polygon([At(0, 0.95), At(5.5, 0.95), At(5.5, 0.82), At(0, 0.82)], body * 0.5);
        canvas.Polygon([At(5.65, 0.6), At(7.55, 0.6), At(7.6, 1.35), At(7.2, 2.35), At(6.9, 2.5), At(5.65, 2.5)], cab * 1.08, cab * 0.8);
        canvas.Polygon([At(6.15, 1.5), At(7.28, 1.5), At(7.02, 2.22), At(6.15, 2.28)], glass, glass * 1.5);
        (double dx0, double dy0) = At(6.08, 0.8);
        (double dx1, double dy1) = At(6.08, 2.35);
        canvas.Limb(dx0, dy0, 0.018 * m, dx1, dy1, 0.018 * m, cab * 0.6);
        canvas.Polygon([At(7.2, 1.55), At(7.35, 1.55), At(7.35, 1.95), At(7.2, 1.95)], dark);
        canvas.Polygon([At(7.2, 0.5), At(7.68, 0.5), At(7.68, 0.78), At(7.2, 0.78)], dark * 1.6);
        canvas.Polygon([At(2.7, 0.5), At(4.4, 0.5), At(4.4, 0.8), At(2.7, 0.8)], dark * 1.9);

        foreach (double axle in (double[])[1.35, 6.55])
        {
            (double wx, double wy) = Rigid(axle, 0.44);
            canvas.Ellipse(wx, wy - (0.06 * m), 0.56 * m, 0.52 * m, Tint.Grey(8));
            canvas.Ellipse(wx, wy, 0.45 * m, 0.45 * m, palette.Rubber * light, 1, 0, 0.25);
            canvas.Ellipse(wx, wy, 0.25 * m, 0.25 * m, body * 0.62, 1, 0, 0.2);
            double turn = gone * h / (0.45 * m);
            for (int bolt = 0; bolt < 5; bolt++)
            {
                double a = turn + (bolt * 2 * Math.PI / 5);
                canvas.Ellipse(wx + (facing * Math.Cos(a) * 0.15 * m), wy + (Math.Sin(a) * 0.15 * m), 0.045 * m, 0.045 * m, dark);
            }
        }
        (double tx, double ty) = At(0.05, 0.75);
        canvas.Ellipse(tx, ty, 0.07 * m, 0.1 * m, palette.OwnLamp ? Tint.Grey(150) : Tint.Rgb(170, 40, 34));
        (double lx, double ly) = At(7.55, 0.95);
        canvas.Ellipse(lx, ly, 0.1 * m, 0.13 * m, palette.Lamps ? Tint.Grey(250) : Tint.Grey(190));
        if (!palette.Lamps) return;
        canvas.Trace = Effects;
        canvas.Glow(lx + (facing * 0.1 * m), ly, 0.9 * m, 0.75 * m, palette.OwnLamp ? Tint.Grey(150) : Tint.Rgb(120, 112, 88));
    }
}

/// <summary>An open work boat with a wheelhouse; people sit in it.</summary>
internal sealed class Boat(Course course, Prng prng) : Mover("boat", course)
{
    private readonly double _phase = prng.Between(0, 6.28);
    private readonly int _crew = 2 + prng.Below(3);
    private readonly double _metres = prng.Between(7, 8.5);

    protected override void Paint(Canvas canvas, Palette palette, Place place, double t, double u, double v, double gone, double speed)
    {
        double h = canvas.Height, light = palette.LightAt(v + 0.1, place.Horizon), l = _metres;
        // Boats are seen larger than people at the same v would be: the water lies a metre and a half below the quay.
        double m = place.Metre(v) * 1.3 * h;
        int facing = Course.Facing(t);
        double bob = 0.07 * m * Math.Sin((1.5 * t) + _phase), trim = (0.035 * Math.Min(1, speed * 8)) + (0.012 * Math.Sin((1.1 * t) + _phase));
        double middle = u * h, water = v * h;
        (double X, double Y) At(double along, double up)
        {
            double a = along - (l / 2);
            return (middle + (facing * a * m), water - ((up + (a * trim)) * m) + bob);
        }

        canvas.Trace = Effects;
        Wake(canvas, palette, t, middle, water, m, l, facing, speed);
        Reflection(canvas, middle, water, m, l, facing, t, palette.Hull * (0.55 * light));
        canvas.Trace = Body;

        Tint hull = palette.Hull * light, cabin = palette.Cabin * light, dark = palette.Rubber * (1.3 * light), glass = palette.Glass * light;
        for (int i = 0; i < _crew; i++)
        {
            double along = 0.9 + (i * 0.62);
            Tint coat = palette.Tops[(i + 1) % palette.Tops.Count] * light;
            (double bx, double by) = At(along, 0.75);
            (double nx, double ny) = At(along + 0.08, 1.2);
            canvas.Limb(bx, by, 0.24 * m, nx, ny, 0.18 * m, coat, 0.2);
            (double hx, double hy) = At(along + 0.12, 1.46);
            canvas.Ellipse(hx, hy, 0.12 * m, 0.15 * m, palette.Skin * (0.85 * light), 1, 0, 0.25);
        }
        double c0 = l * 0.50, c1 = l * 0.72;
        canvas.Polygon([At(c0, 0.7), At(c1 + 0.35, 0.7), At(c1, 1.95), At(c0, 1.95)], cabin, cabin * 0.8);
        canvas.Polygon([At(c0 + 0.2, 1.25), At(c0 + 0.75, 1.25), At(c0 + 0.75, 1.75), At(c0 + 0.2, 1.75)], glass);
        canvas.Polygon([At(c0 + 0.9, 1.25), At(c1 + 0.12, 1.25), At(c1 - 0.03, 1.75), At(c0 + 0.9, 1.75)], glass);
        canvas.Polygon([At(c0 - 0.15, 1.95), At(c1 + 0.15, 1.95), At(c1 + 0.1, 2.06), At(c0 - 0.15, 2.06)], dark * 1.4);
        (double mx, double my) = At((c0 + c1) / 2, 2.05);
        (double ax, double ay) = At((c0 + c1) / 2, 3.1);
        canvas.Limb(mx, my, 0.035 * m, ax, ay, 0.02 * m, dark * 1.6);
        if (palette.Lamps && !palette.OwnLamp) canvas.Ellipse(ax, ay, 0.08 * m, 0.08 * m, Tint.Rgb(240, 232, 205));
        canvas.Polygon([At(0, -0.12), At(l * 0.86, -0.12), At(l * 0.96, 0.5), At(l * 1.02, 1.12), At(l * 0.8, 0.86), At(l * 0.5, 0.74), At(0, 0.72)], hull * 1.15, hull * 0.8);
        canvas.Polygon([At(0, 0.72), At(l * 0.5, 0.74), At(l * 0.8, 0.86), At(l * 1.02, 1.12), At(l * 1.01, 1.02), At(l * 0.8, 0.76), At(l * 0.5, 0.64), At(0, 0.62)], cabin * 0.9);
        canvas.Polygon([At(-0.45, -0.1), At(-0.08, -0.1), At(-0.05, 0.95), At(-0.42, 0.9)], dark * 1.2);
        canvas.Polygon([At(-0.5, 0.6), At(0, 0.6), At(0, 1.05), At(-0.45, 1.0)], dark * 1.9);
    }

    private void Wake(Canvas canvas, Palette palette, double t, double middle, double water, double m, double l, int facing, double speed)
    {
        double strength = Math.Min(1, speed * 7);
        if (strength < 0.05) return;
        Tint foam = Tint.Mix(palette.Glint, Tint.Grey(palette.OwnLamp ? 130 : 205), 0.6);
        // Foam lies where it was made, so its grain is tied to the water and not to the boat.
        for (int i = 0; i < 26; i++)
        {
            double behind = (l * 0.5) + (0.45 * i);
            double grain = (Prng.Mix((ulong)(long)Math.Floor(((middle * facing / m) - behind) * 1.5) ^ 0x77) & 255) / 255.0;
            double fade = strength * (1 - (i / 26.0)) * (0.35 + (0.65 * grain));
            double spread = 0.06 * (1 + i) * m * 0.35;
            double x = middle - (facing * behind * m), wobble = 0.05 * m * Math.Sin((3 * t) + (i * 1.3) + _phase);
            canvas.Ellipse(x, water + (0.12 * m) + wobble, 0.42 * m, (0.07 * m) + (0.02 * spread), foam, (float)(0.6 * fade), 0.7);
            canvas.Ellipse(x, water + (0.1 * m) + spread, 0.5 * m, 0.05 * m, foam, (float)(0.32 * fade), 0.8);
            canvas.Ellipse(x, water + (0.1 * m) - (spread * 0.6), 0.5 * m, 0.04 * m, foam, (float)(0.28 * fade), 0.8);
        }
        canvas.Ellipse(middle + (facing * l * 0.42 * m), water + (0.08 * m), 0.75 * m, 0.16 * m, foam, (float)(0.75 * strength), 0.6);
    }

    private static void Reflection(Canvas canvas, double middle, double water, double m, double l, int facing, double t, Tint dark)
    {
        int from = (int)water, to = (int)(water + (1.5 * m));
        for (int y = Math.Max(0, from); y < Math.Min(canvas.Height, to); y++)
        {
            double s = (y - from) / Math.Max(1.0, to - from);
            double jitter = Math.Sin((y * 60.0 / canvas.Height * 6) + (2.7 * t)) * 0.22 * m * (0.3 + s);
            double half = l * 0.5 * m * (1 - (0.35 * s));
            double bow = facing * l * 0.02 * m;
            canvas.Span(middle + jitter - half + bow, middle + jitter + half + bow, y, dark, (float)(0.55 * (1 - s) * (1 - s)));
        }
    }
}
