using EvidenceVault.Samples.Drawing;

namespace EvidenceVault.Samples.Staging;

/// <summary>
/// Where the camera stands. Positions are shares of the picture's height: u to the right from the left edge, v down from the
/// top. The ground is level, so what stands at v is <c>(v − horizon) / camera height</c> tall for each metre.
/// </summary>
internal enum Ground
{
    /// <summary>A field with a footpath, trees behind, grass before the lens.</summary>
    Field,

    /// <summary>A lane that a lorry can take.</summary>
    Lane,

    /// <summary>A quay with water beyond.</summary>
    Quay,
}

/// <summary>The lie of the land and how it is painted.</summary>
internal sealed class Place(Ground ground, ulong seed, double aspect)
{
    private const double CameraMetres = 3.4;

    private readonly Texture _grain = new(Prng.Mix(seed ^ 0x11));
    private readonly double _shift = new Prng(seed ^ 0x22).Between(0, 50);

    public Ground Ground { get; } = ground;

    public double Aspect { get; } = aspect;

    public double Horizon { get; } = ground == Ground.Quay ? 0.30 : 0.34;

    /// <summary>Where the water ends and the quay begins.</summary>
    public double QuayEdge => 0.66;

    /// <summary>Height of one metre at v.</summary>
    public double Metre(double v) => (v - Horizon) / CameraMetres;

    /// <summary>Where people walk at u.</summary>
    public double WayAt(double u) => Ground switch
    {
        Ground.Field => 0.70 + (0.035 * Math.Sin((u * 2.1) + _shift)),
        Ground.Lane => 0.80,
        _ => 0.80,
    };

    public void Paint(Canvas canvas, Palette palette)
    {
        int height = canvas.Height, width = canvas.Width;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double u = (x + 0.5) / height, v = (y + 0.5) / height;
                canvas.Blend(x, y, Backdrop(palette, u, v), 1);
            }
        }
        if (Ground == Ground.Field) Fence(canvas, palette, 0.475);
        if (Ground == Ground.Lane) Fence(canvas, palette, 0.50);
        if (Ground == Ground.Quay) QuayFurniture(canvas, palette);
        Darken(canvas, palette);
    }

    /// <summary>True where the picture shows water.</summary>
    public bool IsWater(double v) => Ground == Ground.Quay && v > Horizon + 0.004 && v < QuayEdge;

    private Tint Backdrop(Palette palette, double u, double v)
    {
        double w = u + _shift;
        double farRidge = Horizon - 0.03 - (0.06 * _grain.Rough(w * 1.2, 3, 3));
        double trees = TreeLine(w);
        if (v < farRidge && v < trees) return Sky(palette, w, v);
        if (v < trees) return Tint.Mix(palette.Hill, palette.SkyLow, 0.25 * Math.Clamp((Horizon - v) / 0.1, 0, 1));
        if (v < Horizon + 0.012) return Trees(palette, w, v);
        return Ground switch
        {
            Ground.Field => Field(palette, u, v),
            Ground.Lane => Lane(palette, u, v),
            _ => v < QuayEdge ? Water(palette, v) : Quay(palette, u, v),
        };
    }

    private double TreeLine(double w)
    {
        double clump = _grain.Rough(w * 2.2, 9, 2);
        double leaf = _grain.Rough(w * 34, 5, 3);
        return Ground == Ground.Quay
            ? Horizon - 0.008 - (0.03 * clump) - (0.012 * leaf)
            : Horizon + 0.01 - (0.16 * Math.Max(0, clump - 0.22)) - (0.035 * leaf);
    }

    private Tint Sky(Palette palette, double w, double v)
    {
        double t = Math.Clamp(v / Horizon, 0, 1);
        Tint clear = Tint.Mix(palette.SkyTop, palette.SkyLow, t * Math.Sqrt(t));
        double cloud = Math.Clamp((_grain.Rough(w * 1.6, v * 7, 5) - 0.48) * 3, 0, 1);
        return Tint.Mix(clear, palette.SkyLow * 0.86, cloud * 0.6);
    }

    private Tint Trees(Palette palette, double w, double v)
    {
        double leaf = _grain.Rough(w * 46, v * 46, 4);
        double crown = _grain.Rough(w * 9, v * 9, 2);
        return palette.Tree * (palette.LightAt(Horizon + 0.12, Horizon) * (0.45 + (0.7 * leaf) + (0.4 * crown)));
    }

    private Tint Field(Palette palette, double u, double v)
    {
        double d = v - Horizon;
        double way = WayAt(u);
        double rut = 0.018 * (_grain.Rough(u * 7, 40, 3) - 0.5);
        double half = 0.035 + rut;
        double onPath = 1 - Smooth((Math.Abs(v - way - rut) - half) / 0.02);
        Tint grass = Turf(palette, u, v, d);
        Tint path = palette.Path * (0.82 + (0.36 * _grain.Rough(u * 30, v * 70, 4)));
        double tufts = _grain.Rough(u * 22, v * 44, 2);
        return Tint.Mix(grass, path, onPath * Math.Clamp(1.5 - tufts, 0, 1) * 0.85) * palette.LightAt(v, Horizon);
    }

    private Tint Lane(Palette palette, double u, double v)
    {
        double d = v - Horizon;
        double edge = 0.012 * (_grain.Rough(u * 9, 4, 3) - 0.5);
        double onRoad = Smooth((v - 0.565 - edge) / 0.012) * (1 - Smooth((v - 0.735 - edge) / 0.02));
        Tint turf = Turf(palette, u, v, d);
        double ruts = Math.Exp(-Math.Pow((v - 0.61) / 0.012, 2)) + Math.Exp(-Math.Pow((v - 0.69) / 0.014, 2));
        Tint road = palette.Road * (0.86 + (0.3 * _grain.Rough(u * 24, v * 90, 4)) - (0.12 * ruts));
        double wet = Math.Clamp((_grain.Rough(u * 3, v * 16, 2) - 0.62) * 6, 0, 1);
        road = Tint.Mix(road, Tint.Mix(palette.SkyLow, road, 0.5), wet * 0.6);
        return Tint.Mix(turf, road, onRoad) * palette.LightAt(v, Horizon);
    }

    private Tint Turf(Palette palette, double u, double v, double d)
    {
        // Ground coordinates: the grain shrinks towards the horizon, and fades there before it would flicker.
        double gx = (u - (Aspect / 2)) / d, gz = 1 / d;
        double fade = Math.Clamp(d * 9, 0, 1);
        double broad = _grain.Rough(gx * 1.3, gz * 2.2, 3) - 0.5;
        double fine = _grain.Rough(u * 70, v * 34, 3) - 0.5;
        Tint turf = Tint.Mix(palette.GroundFar, palette.GroundNear, d / (1 - Horizon));
        return turf * (1 + (0.55 * broad * fade) + (0.45 * fine * (0.3 + (0.7 * fade))));
    }

    private Tint Water(Palette palette, double v)
    {
        double t = (v - Horizon) / (QuayEdge - Horizon);
        Tint water = Tint.Mix(palette.WaterFar, palette.WaterNear, Math.Sqrt(t));
        // The far shore's reflection lies close below it.
        return Tint.Mix(palette.Tree, water, 0.35 + (0.65 * Smooth(t / 0.22)));
    }

    private Tint Quay(Palette palette, double u, double v)
    {
        double d = v - Horizon;
        double gx = (u - (Aspect / 2)) / d, gz = 1 / d;
        // Slabs two metres wide, drawn in ground coordinates, with dark joints.
        double jointX = Math.Abs(Frac(gx * 1.9) - 0.5), jointZ = Math.Abs(Frac(gz * 4.2) - 0.5);
        double joint = Math.Max(Smooth((jointX - 0.485) / 0.01), Smooth((jointZ - 0.47) / 0.02));
        double slab = _grain.At(Math.Floor(gx * 1.9), Math.Floor(gz * 4.2)) - 0.5;
        double grit = _grain.Rough(u * 90, v * 90, 3) - 0.5;
        double stain = _grain.Rough(u * 4, v * 9, 3) - 0.5;
        double lip = v < QuayEdge + 0.02 ? 1.22 : 1;
        return palette.Stone * (palette.LightAt(v, Horizon) * lip * (1 + (0.18 * slab) + (0.3 * grit) + (0.35 * stain)) * (1 - (0.4 * joint)));
    }

    private void Fence(Canvas canvas, Palette palette, double v)
    {
        double h = canvas.Height, tall = 1.25 * Metre(v) * h, light = palette.LightAt(v, Horizon);
        Prng prng = new(Prng.Mix(_grainSeed ^ 0x33));
        double step = 2.6 * Metre(v);
        List<(double X, double Y)> heads = [];
        for (double u = -step; u < Aspect + step; u += step)
        {
            double x = (u + prng.Between(-0.004, 0.004)) * h, y = (v + (0.006 * Math.Sin(u * 5))) * h;
            double lean = prng.Between(-0.05, 0.05) * tall;
            canvas.Limb(x, y, tall * 0.055, x + lean, y - tall, tall * 0.05, palette.Wood * light, 0.15);
            heads.Add((x + lean, y - tall));
        }
        for (int i = 1; i < heads.Count; i++)
            foreach (double down in (double[])[0.12, 0.5])
                canvas.Limb(heads[i - 1].X, heads[i - 1].Y + (down * tall), 0.25, heads[i].X, heads[i].Y + (down * tall), 0.25, palette.Wood * light, 0, 0.8f);
    }

    private void QuayFurniture(Canvas canvas, Palette palette)
    {
        double h = canvas.Height, v = QuayEdge + 0.035, m = Metre(v) * h, light = palette.LightAt(v, Horizon);
        foreach (double at in (double[])[0.14, 0.5, 0.86])
        {
            double x = at * Aspect * h, y = v * h;
            canvas.Ellipse(x, y + (0.02 * m), 0.34 * m, 0.09 * m, Tint.Grey(20), 0.5f, 0.6);
            canvas.Limb(x, y - (0.02 * m), 0.17 * m, x, y - (0.3 * m), 0.13 * m, palette.Rubber * 1.4 * light, 0.2);
            canvas.Ellipse(x, y - (0.42 * m), 0.22 * m, 0.11 * m, palette.Rubber * 1.9 * light, 1, 0, 0.2);
        }
        // A stack of fish boxes and a coil of rope at the near right.
        double bx = 0.93 * Aspect * h, by = 0.87 * h, b = Metre(0.87) * h;
        for (int i = 0; i < 3; i++)
        {
            double top = by - ((i + 1) * 0.3 * b);
            Tint box = Tint.Mix(palette.Cabin, palette.Stone, 0.35 + (0.2 * i)) * (0.7 * palette.LightAt(0.87, Horizon));
            canvas.Polygon([(bx - (0.45 * b), top), (bx + (0.45 * b), top), (bx + (0.42 * b), top + (0.28 * b)), (bx - (0.42 * b), top + (0.28 * b))], box, box * 0.75);
            canvas.Box(bx - (0.38 * b), top + (0.07 * b), bx + (0.38 * b), top + (0.11 * b), box * 0.5);
        }
    }

    private readonly ulong _grainSeed = seed;

    private static void Darken(Canvas canvas, Palette palette)
    {
        double cx = canvas.Width / 2.0, cy = canvas.Height * 0.56, reach = (cx * cx) + (cy * cy);
        for (int y = 0; y < canvas.Height; y++)
        {
            for (int x = 0; x < canvas.Width; x++)
            {
                double r = (((x - cx) * (x - cx)) + ((y - cy) * (y - cy))) / reach;
                canvas.Y[(y * canvas.Width) + x] *= (float)(1 - (palette.Vignette * r));
            }
        }
    }

    private static double Frac(double x) => x - Math.Floor(x);

    internal static double Smooth(double t)
    {
        t = Math.Clamp(t, 0, 1);
        return t * t * (3 - (2 * t));
    }
}
