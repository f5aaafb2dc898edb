using EvidenceVault.Samples.Drawing;

namespace EvidenceVault.Samples.Staging;

/// <summary>Blades and bents that sway in the wind, nearer ones taller. Each is drawn row by row, bent as a parabola.</summary>
internal sealed class Grass
{
    private readonly record struct Blade(double U, double V, double Tall, double Wide, double Lean, double Phase, double Shade, bool Ear);

    private readonly Blade[] _blades;

    private Grass(Blade[] blades) => _blades = blades;

    /// <summary>Tufts behind the way, knee high.</summary>
    public static Grass Behind(Place place, ulong seed) => Tufts(place, new Prng(seed ^ 0x44), 26, 0.44, place.Ground == Ground.Lane ? 0.55 : 0.64, 0.35);

    /// <summary>Grass close before the lens, along the lower edge.</summary>
    public static Grass Before(Place place, ulong seed)
    {
        Prng prng = new(seed ^ 0x55);
        List<Blade> blades = [];
        for (int i = 0; i < 420; i++)
        {
            double v = prng.Between(0.90, 1.05);
            double edge = Math.Abs((prng.Unit() * 2) - 1);
            bool left = prng.Chance(0.5);
            // Thicker to the sides, so that the way stays in sight.
            double u = left ? (1 - Math.Sqrt(edge)) * place.Aspect * 0.9 : place.Aspect * (1 - ((1 - Math.Sqrt(edge)) * 0.9));
            blades.Add(new(u, v, prng.Between(0.06, 0.17), prng.Between(0.0022, 0.0045), prng.Between(-0.25, 0.25),
                prng.Between(0, 6.28), prng.Between(0.55, 1.25), prng.Chance(0.12)));
        }
        return new([.. blades.OrderBy(b => b.V)]);
    }

    private static Grass Tufts(Place place, Prng prng, int count, double from, double to, double metres)
    {
        List<Blade> blades = [];
        for (int i = 0; i < count; i++)
        {
            double v = prng.Between(from, to), u = prng.Between(0, place.Aspect), m = place.Metre(v);
            for (int j = 0; j < 16; j++)
                blades.Add(new(u + (prng.Normal() * 0.16 * m), v + (prng.Normal() * 0.03 * m), m * metres * prng.Between(0.5, 1.5),
                    Math.Max(0.0012, m * 0.014), prng.Between(-0.45, 0.45), prng.Between(0, 6.28), prng.Between(0.6, 1.2), false));
        }
        return new([.. blades.OrderBy(b => b.V)]);
    }

    /// <summary>Paints the blades as they stand at t; wind 0 is still air, 1 a fresh breeze.</summary>
    public void Draw(Canvas canvas, Palette palette, Place place, double t, double wind)
    {
        int h = canvas.Height;
        foreach (Blade blade in _blades)
        {
            // A gust travels across the picture; each blade also trembles by itself.
            double gust = 0.5 + (0.5 * Math.Sin((0.55 * t) - (1.7 * blade.U)));
            double sway = wind * gust * ((0.16 * Math.Sin((1.9 * t) - (2.4 * blade.U) + (0.4 * blade.Phase))) + (0.07 * Math.Sin((4.6 * t) + blade.Phase)) + 0.10);
            double bend = (blade.Lean + sway) * blade.Tall;
            Tint tint = palette.Blade * (blade.Shade * palette.LightAt(Math.Min(blade.V, 0.8), place.Horizon));
            double top = (blade.V - blade.Tall) * h, foot = blade.V * h;
            for (int y = Math.Max(0, (int)top); y <= Math.Min(h - 1, (int)foot); y++)
            {
                double s = Math.Clamp((foot - y) / (foot - top), 0, 1);
                double x = (blade.U + (bend * s * s)) * h;
                double half = blade.Wide * h * 0.5 * (1 - (0.8 * s));
                if (blade.Ear && s > 0.8) half = blade.Wide * h * 0.9;
                double alpha = Math.Min(1, half * 2);
                half = Math.Max(half, 0.5);
                canvas.Span(x - half, x + half, y, tint * (0.55 + (0.5 * s)), (float)alpha);
            }
        }
    }
}
