namespace EvidenceVault.Samples.Drawing;

/// <summary>A picture being painted: luma at full size, colour differences at half size, edges smoothed by how much of a pixel is covered.</summary>
internal sealed class Canvas
{
    private readonly float[] _coverage;
    private readonly List<float> _crossings = [];

    public Canvas(int width, int height)
    {
        Width = width;
        Height = height;
        Y = new float[width * height];
        U = new float[width / 2 * (height / 2)];
        V = new float[U.Length];
        _coverage = new float[width + 2];
    }

    public int Width { get; }

    public int Height { get; }

    public float[] Y { get; }

    public float[] U { get; }

    public float[] V { get; }

    /// <summary>Who is told of every pixel painted, if anybody.</summary>
    public Trace? Trace { get; set; }

    public void CopyFrom(Canvas other)
    {
        other.Y.CopyTo(Y, 0);
        other.U.CopyTo(U, 0);
        other.V.CopyTo(V, 0);
    }

    public void Blend(int x, int y, Tint tint, float alpha)
    {
        int i = (y * Width) + x;
        float change = (tint.Y - Y[i]) * alpha;
        Y[i] += change;
        Trace?.Note(x, y, change);
        if (((x | y) & 1) != 0) return;
        int c = (y / 2 * (Width / 2)) + (x / 2);
        U[c] += (tint.U - U[c]) * alpha;
        V[c] += (tint.V - V[c]) * alpha;
    }

    /// <summary>A limb: from a to b with a radius at each end, darker towards the far side of the light by <paramref name="round"/>.</summary>
    public void Limb(double ax, double ay, double ra, double bx, double by, double rb, Tint tint, double round = 0, float alpha = 1)
    {
        double reach = Math.Max(ra, rb) + 1;
        double dx = bx - ax, dy = by - ay, length2 = Math.Max((dx * dx) + (dy * dy), 1e-9);
        int x0 = Math.Max(0, (int)(Math.Min(ax, bx) - reach)), x1 = Math.Min(Width - 1, (int)(Math.Max(ax, bx) + reach + 1));
        int y0 = Math.Max(0, (int)(Math.Min(ay, by) - reach)), y1 = Math.Min(Height - 1, (int)(Math.Max(ay, by) + reach + 1));
        for (int y = y0; y <= y1; y++)
        {
            for (int x = x0; x <= x1; x++)
            {
                double px = x + 0.5 - ax, py = y + 0.5 - ay;
                double t = Math.Clamp(((px * dx) + (py * dy)) / length2, 0, 1);
                double r = ra + ((rb - ra) * t);
                double ox = px - (dx * t), oy = py - (dy * t);
                double cover = r + 0.5 - Math.Sqrt((ox * ox) + (oy * oy));
                if (cover <= 0) continue;
                // A limb thinner than a pixel covers only part of it.
                double most = Math.Min(1, 2 * r);
                double lit = round == 0 ? 1 : 1 - (round * (ox + oy) / (r + 0.5));
                Blend(x, y, tint * lit, alpha * (float)Math.Min(cover, most));
            }
        }
    }

    /// <summary>An ellipse, upright; <paramref name="soft"/> 0 has a hard edge, 1 fades from the middle.</summary>
    public void Ellipse(double cx, double cy, double rx, double ry, Tint tint, float alpha = 1, double soft = 0, double round = 0)
    {
        Each(cx, cy, rx, ry, (x, y, d, ox, oy) =>
        {
            double edge = Math.Max(soft, 1.2 / Math.Max(1.2, Math.Min(rx, ry)));
            double cover = Math.Clamp((1 - d) / edge, 0, 1);
            if (soft > 0) cover *= cover * (3 - (2 * cover));
            if (cover > 0) Blend(x, y, round == 0 ? tint : tint * (1 - (round * (ox + oy))), alpha * (float)cover);
        });
    }

    /// <summary>Light added over an ellipse, strongest in the middle.</summary>
    public void Glow(double cx, double cy, double rx, double ry, Tint light)
    {
        Each(cx, cy, rx, ry, (x, y, d, _, _) =>
        {
            double s = Math.Max(0, 1 - d);
            s = s * s * (3 - (2 * s));
            int i = (y * Width) + x;
            float change = (float)(light.Y * s);
            Y[i] += change;
            Trace?.Note(x, y, change);
            if (((x | y) & 1) != 0) return;
            int c = (y / 2 * (Width / 2)) + (x / 2);
            U[c] += (float)(light.U * s);
            V[c] += (float)(light.V * s);
        });
    }

    /// <summary>A filled polygon, shaded from <paramref name="top"/> to <paramref name="bottom"/> down its height.</summary>
    public void Polygon(ReadOnlySpan<(double X, double Y)> points, Tint top, Tint bottom, float alpha = 1)
    {
        double low = double.MaxValue, high = double.MinValue;
        foreach ((_, double y) in points)
        {
            low = Math.Min(low, y);
            high = Math.Max(high, y);
        }
        const int Lines = 4;
        for (int y = Math.Max(0, (int)Math.Floor(low)); y <= Math.Min(Height - 1, (int)Math.Ceiling(high)); y++)
        {
            Array.Clear(_coverage);
            for (int s = 0; s < Lines; s++)
            {
                double line = y + ((s + 0.5) / Lines);
                _crossings.Clear();
                for (int i = 0; i < points.Length; i++)
                {
                    (double ax, double ay) = points[i];
                    (double bx, double by) = points[(i + 1) % points.Length];
                    if ((ay <= line) == (by <= line)) continue;
                    _crossings.Add((float)(ax + ((line - ay) / (by - ay) * (bx - ax))));
                }
                _crossings.Sort();
                for (int i = 0; i + 1 < _crossings.Count; i += 2)
                    Cover(_crossings[i], _crossings[i + 1], 1f / Lines);
            }
            Tint tint = Tint.Mix(top, bottom, (y - low) / Math.Max(1, high - low));
            for (int x = 0; x < Width; x++)
                if (_coverage[x] > 0) Blend(x, y, tint, alpha * _coverage[x]);
        }
    }

    public void Polygon(ReadOnlySpan<(double X, double Y)> points, Tint tint, float alpha = 1) => Polygon(points, tint, tint, alpha);

    public void Box(double left, double top, double right, double bottom, Tint tint, float alpha = 1) =>
        Polygon([(left, top), (right, top), (right, bottom), (left, bottom)], tint, alpha);

    /// <summary>One row of a thin upright thing such as a blade of grass.</summary>
    public void Span(double from, double to, int y, Tint tint, float alpha)
    {
        int x0 = Math.Max(0, (int)Math.Floor(from)), x1 = Math.Min(Width - 1, (int)Math.Floor(to));
        for (int x = x0; x <= x1; x++)
        {
            double cover = Math.Min(to, x + 1) - Math.Max(from, x);
            if (cover > 0) Blend(x, y, tint, alpha * (float)cover);
        }
    }

    private void Cover(float from, float to, float share)
    {
        from = Math.Clamp(from, 0, Width);
        to = Math.Clamp(to, 0, Width);
        for (int x = (int)from; x < to; x++)
            _coverage[x] += share * (Math.Min(to, x + 1) - Math.Max(from, x));
    }

    private void Each(double cx, double cy, double rx, double ry, Action<int, int, double, double, double> paint)
    {
        int x0 = Math.Max(0, (int)(cx - rx - 1)), x1 = Math.Min(Width - 1, (int)(cx + rx + 1));
        int y0 = Math.Max(0, (int)(cy - ry - 1)), y1 = Math.Min(Height - 1, (int)(cy + ry + 1));
        for (int y = y0; y <= y1; y++)
        {
            for (int x = x0; x <= x1; x++)
            {
                double ox = (x + 0.5 - cx) / rx, oy = (y + 0.5 - cy) / ry;
                double d = Math.Sqrt((ox * ox) + (oy * oy));
                if (d < 1.1) paint(x, y, d, ox, oy);
            }
        }
    }
}
