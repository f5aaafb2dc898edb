namespace EvidenceVault.Samples.Staging;

/// <summary>A way through the picture in time: points joined by legs. Before the first and after the last nobody is there.</summary>
internal sealed class Course
{
    /// <summary>How a leg is gone: evenly, slowing to a stop, or pulling away from one.</summary>
    public enum Pace { Even, Slowing, PullingAway }

    private readonly record struct Point(double T, double U, double V, double Gone, Pace Pace);

    private readonly List<Point> _points = [];

    public Course(double t, double u, double v) => _points.Add(new(t, u, v, 0, Pace.Even));

    public double Start => _points[0].T;

    public double End => _points[^1].T;

    public Course To(double u, double v, double seconds, Pace pace = Pace.Even)
    {
        Point last = _points[^1];
        double gone = last.Gone + Math.Sqrt(Math.Pow(u - last.U, 2) + Math.Pow(2.5 * (v - last.V), 2));
        _points.Add(new(last.T + seconds, u, v, gone, pace));
        return this;
    }

    public Course Wait(double seconds) => To(_points[^1].U, _points[^1].V, seconds);

    /// <summary>Where, how far gone and how fast (shares of height a second) at t; null when not there.</summary>
    public (double U, double V, double Gone, double Speed)? At(double t)
    {
        if (t < Start || t > End) return null;
        for (int i = 1; i < _points.Count; i++)
        {
            Point a = _points[i - 1], b = _points[i];
            if (t > b.T) continue;
            double s = (t - a.T) / Math.Max(1e-9, b.T - a.T);
            (double f, double rate) = b.Pace switch
            {
                Pace.Slowing => (s * (2 - s), 2 - (2 * s)),
                Pace.PullingAway => (s * s, 2 * s),
                _ => (s, 1.0),
            };
            double length = b.Gone - a.Gone;
            return (a.U + ((b.U - a.U) * f), a.V + ((b.V - a.V) * f), a.Gone + (length * f), length * rate / Math.Max(1e-9, b.T - a.T));
        }
        return null;
    }

    /// <summary>+1 when going right at t, −1 when going left; keeps the last direction while waiting.</summary>
    public int Facing(double t)
    {
        int facing = 1;
        for (int i = 1; i < _points.Count; i++)
        {
            double du = _points[i].U - _points[i - 1].U;
            if (du != 0) facing = Math.Sign(du);
            if (t <= _points[i].T && du != 0) break;
            if (t <= _points[i].T && i > 1) break;
        }
        return facing;
    }
}
