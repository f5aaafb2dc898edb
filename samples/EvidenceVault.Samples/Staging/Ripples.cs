using EvidenceVault.Samples.Drawing;

namespace EvidenceVault.Samples.Staging;

/// <summary>Moving water: three trains of waves in ground coordinates, bent by noise so that they do not repeat.</summary>
internal sealed class Ripples
{
    private const int Steps = 1024;
    private static readonly float[] Sine = [.. Enumerable.Range(0, Steps).Select(i => MathF.Sin(i * 2 * MathF.PI / Steps))];

    private readonly int _from, _to, _width;
    private readonly ushort[] _a, _b, _c;
    private readonly float[] _deep;

    public Ripples(Place place, ulong seed, int width, int height)
    {
        _width = width;
        _from = (int)((place.Horizon + 0.004) * height) + 1;
        _to = (int)(place.QuayEdge * height);
        int n = Math.Max(0, _to - _from) * width;
        (_a, _b, _c, _deep) = (new ushort[n], new ushort[n], new ushort[n], new float[n]);
        Texture bend = new(Prng.Mix(seed ^ 0x66));
        for (int y = _from; y < _to; y++)
        {
            double v = (y + 0.5) / height, d = v - place.Horizon;
            for (int x = 0; x < width; x++)
            {
                double u = ((x + 0.5) / height) - (place.Aspect / 2), gx = u / d, gz = 1 / d;
                double warp = bend.Rough(gx * 1.1, gz * 1.6, 3) * 5;
                int i = ((y - _from) * width) + x;
                _a[i] = Phase((gz * 21) + (gx * 2.2) + warp);
                _b[i] = Phase((gz * 33) - (gx * 5.5) + (warp * 1.7));
                _c[i] = Phase((gz * 9) + (gx * 9.5) - (warp * 1.3));
                _deep[i] = (float)Math.Clamp((d - 0.012) * 7, 0.05, 1);
            }
        }
    }

    public void Draw(Canvas canvas, Palette palette, double t, double wind)
    {
        int ta = Turn(t * 1.7 * wind), tb = Turn(t * -2.3 * wind), tc = Turn(t * 1.1 * wind);
        float glint = palette.Glint.Y - palette.WaterNear.Y;
        for (int y = _from; y < _to; y++)
        {
            int i = (y - _from) * _width;
            Span<float> row = canvas.Y.AsSpan(y * _width, _width);
            for (int x = 0; x < _width; x++, i++)
            {
                float wave = (0.5f * Sine[(_a[i] + ta) & (Steps - 1)]) + (0.3f * Sine[(_b[i] + tb) & (Steps - 1)]) + (0.3f * Sine[(_c[i] + tc) & (Steps - 1)]);
                float crest = Math.Max(0, wave - 0.45f);
                row[x] += _deep[i] * ((0.09f * glint * wave) + (1.1f * glint * crest * crest));
            }
        }
    }

    private static ushort Phase(double radians) => (ushort)(Turn(radians) & (Steps - 1));

    private static int Turn(double radians) => (int)Math.Floor(radians * Steps / (2 * Math.PI)) & (Steps - 1);
}
