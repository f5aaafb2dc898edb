namespace EvidenceVault.Samples.Drawing;

/// <summary>A colour as video carries it: luma 0 to 255 and two colour differences about 0 (ITU-R BT.601-7 section 2.5.1, full range).</summary>
internal readonly record struct Tint(float Y, float U, float V)
{
    public static Tint Grey(double y) => new((float)y, 0, 0);

    public static Tint Rgb(double r, double g, double b)
    {
        double y = (0.299 * r) + (0.587 * g) + (0.114 * b);
        return new((float)y, (float)(0.564 * (b - y)), (float)(0.713 * (r - y)));
    }

    public static Tint operator *(Tint tint, double light) => new((float)(tint.Y * light), (float)(tint.U * light), (float)(tint.V * light));

    public static Tint Mix(Tint a, Tint b, double t)
    {
        float f = (float)Math.Clamp(t, 0, 1);
        return new(a.Y + ((b.Y - a.Y) * f), a.U + ((b.U - a.U) * f), a.V + ((b.V - a.V) * f));
    }
}
