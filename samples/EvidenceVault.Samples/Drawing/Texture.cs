namespace EvidenceVault.Samples.Drawing;

/// <summary>Smooth value noise: the grain of grass, foliage, stone, cloud.</summary>
internal sealed class Texture(ulong seed)
{
    /// <summary>One octave, about 0 to 1, features one unit wide.</summary>
    public float At(double x, double y)
    {
        double fx = Math.Floor(x), fy = Math.Floor(y);
        long ix = (long)fx, iy = (long)fy;
        float tx = Smooth((float)(x - fx)), ty = Smooth((float)(y - fy));
        float top = Lerp(Corner(ix, iy), Corner(ix + 1, iy), tx);
        float bottom = Lerp(Corner(ix, iy + 1), Corner(ix + 1, iy + 1), tx);
        return Lerp(top, bottom, ty);
    }

    /// <summary>Octaves summed, each half as wide and 0.55 as strong; about 0 to 1.</summary>
    public float Rough(double x, double y, int octaves = 4)
    {
        float sum = 0, weight = 1, total = 0;
        for (int i = 0; i < octaves; i++)
        {
            sum += weight * At(x + (i * 17.3), y - (i * 9.1));
            total += weight;
            weight *= 0.55f;
            x *= 2;
            y *= 2;
        }
        return sum / total;
    }

    private float Corner(long x, long y) =>
        (Prng.Mix(seed ^ ((ulong)x * 0x8DA6B343) ^ ((ulong)y * 0xD8163841CB1AB3)) >> 40) * (1f / (1 << 24));

    private static float Smooth(float t) => t * t * (3 - (2 * t));

    private static float Lerp(float a, float b, float t) => a + ((b - a) * t);
}
