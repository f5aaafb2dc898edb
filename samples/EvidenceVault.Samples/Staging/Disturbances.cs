using EvidenceVault.Samples.Drawing;

namespace EvidenceVault.Samples.Staging;

/// <summary>What comes between the scene and the sensor. All of it is decided by the seed and the time alone, so that frames can be painted in any order.</summary>
internal sealed class Disturbances(Scene scene)
{
    private const double InsectEvery = 2.7, KnockEvery = 9, StepEvery = 7;

    /// <summary>Rain and insects, over everything that is painted so far.</summary>
    public void Draw(Canvas canvas, Palette palette, double t, long index)
    {
        if (scene.Disturbed.HasFlag(Disturbance.Rain)) Rain(canvas, palette, index);
        if (scene.Disturbed.HasFlag(Disturbance.Insects)) Insects(canvas, palette, t);
    }

    /// <summary>By how many pixels the camera is off its place: a knock that dies away within a second.</summary>
    public (int X, int Y) Shake(double t)
    {
        if (!scene.Disturbed.HasFlag(Disturbance.Shake)) return (0, 0);
        Prng prng = Of(0x54A4, t / KnockEvery);
        double since = (t % KnockEvery) - prng.Between(1, KnockEvery - 2), reach = prng.Between(0.004, 0.012) * scene.Height, phase = prng.Between(0, 6.28);
        if (since is < 0 or > 1.2) return (0, 0);
        double fade = Math.Exp(-since / 0.3) * reach;
        return ((int)Math.Round(fade * Math.Sin((since * 38) + phase)), (int)Math.Round(0.7 * fade * Math.Sin((since * 31) + (2 * phase))));
    }

    /// <summary>Auto-gain that goes in steps: from one frame to the next by up to a quarter.</summary>
    public double Gain(double t)
    {
        if (!scene.Disturbed.HasFlag(Disturbance.GainSteps)) return 1;
        Prng before = Of(0x6A17, (t / StepEvery) - 1), now = Of(0x6A17, t / StepEvery);
        double from = before.Between(0.8, 1.2), to = now.Between(0.8, 1.2), at = now.Between(0, StepEvery);
        return t % StepEvery < at ? from : to;
    }

    private void Rain(Canvas canvas, Palette palette, long index)
    {
        Prng prng = new(Prng.Mix(scene.Seed ^ 0x4A14) + (ulong)index * 0x9E37);
        double h = canvas.Height;
        Tint drop = Tint.Grey(palette.OwnLamp ? 190 : 150);
        for (int n = 0; n < 70; n++)
        {
            double x = prng.Between(0, canvas.Width), y = prng.Between(-0.05, 1) * h, near = prng.Unit();
            double length = (0.015 + (0.05 * near)) * h, thin = (0.0006 + (0.0012 * near)) * h;
            canvas.Limb(x, y, thin, x - (0.08 * length), y + length, thin, drop, 0, (float)(0.12 + (0.25 * near)));
        }
    }

    private void Insects(Canvas canvas, Palette palette, double t)
    {
        double h = canvas.Height;
        Tint wing = Tint.Grey(palette.OwnLamp ? 225 : 60);
        // One may still be in flight from the stretch before.
        for (int back = 0; back < 2; back++)
        {
            double slot = Math.Floor(t / InsectEvery) - back;
            if (slot < 0) continue;
            Prng prng = Of(0x1A5E, slot);
            double begin = (slot * InsectEvery) + prng.Between(0, InsectEvery), lasts = prng.Between(0.16, 0.7), s = (t - begin) / lasts;
            double size = prng.Between(0.008, 0.03) * h, x = prng.Between(0, canvas.Width), y = prng.Between(0, h);
            double across = prng.Between(-0.9, 0.9) * canvas.Width, down = prng.Between(-0.5, 0.5) * h, bend = prng.Between(-0.2, 0.2) * h;
            if (s is < 0 or > 1) continue;
            canvas.Ellipse(x + (across * (s - 0.5)), y + (down * (s - 0.5)) + (bend * Math.Sin(s * 9)), size, size * 0.8, wing, 0.75f, 0.6);
        }
    }

    private Prng Of(ulong what, double slot) => new(Prng.Mix(scene.Seed ^ what) + (ulong)(long)Math.Floor(slot + 1000));
}
