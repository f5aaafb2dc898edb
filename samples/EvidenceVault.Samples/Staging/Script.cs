using EvidenceVault.Samples.Drawing;

namespace EvidenceVault.Samples.Staging;

/// <summary>How the camera renders a moment: gain on all light, share of colour left, and through which eyes.</summary>
internal readonly record struct Exposure(double Gain, double Lift, Palette Palette);

/// <summary>What is going to happen in a shot.</summary>
internal sealed class Plan
{
    public required Place Place { get; init; }
    public required Func<double, Exposure> Light { get; init; }
    public List<Mover> Movers { get; } = [];
    public List<TruthSpan> Lighting { get; } = [];
    public double GrassBefore { get; init; } = 1;
}

/// <summary>A kind of scene: a name, and how a seed becomes a plan.</summary>
internal sealed record Script(string Name, string Shows, Func<Scene, Plan> Write)
{
    public static IReadOnlyList<Script> All { get; } =
    [
        new("dusk-field", "dusk; people walk in on a footpath, stand, leave", s => Visits(s, Ground.Field, Palette.Dusk)),
        new("ir-field", "infra-red at night; people on the footpath", s => Visits(s, Ground.Field, Palette.InfraRed)),
        new("dusk-lane", "dusk; a lorry comes, stops, drives on", s => Lorries(s, Palette.Dusk)),
        new("ir-lane", "infra-red; a lorry with headlamps comes, stops, somebody leaves it, it drives on", s => Lorries(s, Palette.InfraRed)),
        new("dusk-quay", "dusk; a boat comes in over the water, then people on the quay", s => Quay(s, Palette.Dusk)),
        new("ir-quay", "infra-red; the quay at night, a dark boat, people", s => Quay(s, Palette.InfraRed)),
        new("cloud", "day; clouds pass over the sun, grass sways, nobody comes", Cloud),
        new("ir-switch", "dusk; the camera switches to infra-red, nobody is there; later somebody comes", Switch),
        new("empty", "dusk; noise, grass, the clock, and nobody", s => Steady(s, Ground.Field, Palette.Dusk)),
        new("ir-empty", "infra-red; noise, grass, the clock, and nobody", s => Steady(s, Ground.Field, Palette.InfraRed)),
        new("empty-quay", "dusk; water, the clock, and nobody", s => Steady(s, Ground.Quay, Palette.Dusk)),
        new("ir-empty-quay", "infra-red; water at night, the clock, and nobody", s => Steady(s, Ground.Quay, Palette.InfraRed)),
        new("small-16", "dusk; a far walker 16 px tall at 1080p", s => Far(s, Palette.Dusk, 16)),
        new("small-26", "dusk; a far walker 26 px tall, 16 px wide, at 1080p", s => Far(s, Palette.Dusk, 26)),
        new("small-32", "dusk; a far walker 32 px tall at 1080p", s => Far(s, Palette.Dusk, 32)),
        new("ir-small-16", "infra-red; a far walker 16 px tall at 1080p", s => Far(s, Palette.InfraRed, 16)),
        new("ir-small-32", "infra-red; a far walker 32 px tall at 1080p", s => Far(s, Palette.InfraRed, 32)),
        new("watch", "dusk; mostly still: in ten minutes six visits, a far walker of 32 and one of 16 px (at 1080p)", Watch),
        new("long-stand", "dusk; somebody comes, stands for minutes, and leaves", LongStand),
        new("time-lapse", "stills minutes apart: dusk falls, the camera switches to infra-red, somebody stands there in some", TimeLapse),
    ];

    private static Plan Steady(Scene scene, Ground ground, Palette palette) =>
        new() { Place = PlaceOf(scene, ground), Light = _ => new(1, 0, palette) };

    private static Place PlaceOf(Scene scene, Ground ground) => new(ground, scene.Seed, (double)scene.Width / scene.Height);

    private static Prng Dice(Scene scene) => new(Prng.Mix(scene.Seed ^ 0x5CEE));

    /// <summary>Quiet time before, between and after visits; shorter in a short shot, so that something happens in it.</summary>
    private static double Pause(Scene scene, Prng prng) => prng.Between(0.6, 1.2) * Math.Clamp(scene.Seconds / 5, 1, 6);

    /// <summary>Adds visits one after another for as long as there is room for them and a quiet end.</summary>
    private static void Repeat(Scene scene, Prng prng, Func<double, IEnumerable<Mover>> visit, Plan plan)
    {
        double t = Pause(scene, prng);
        for (int n = 0; ; n++)
        {
            Mover[] movers = [.. visit(t)];
            double end = movers.Max(m => m.Course.End);
            if (n > 0 && end > scene.Seconds - (0.5 * Pause(scene, prng))) return;
            plan.Movers.AddRange(movers);
            t = end + Pause(scene, prng);
            if (t >= scene.Seconds) return;
        }
    }

    private static Plan Visits(Scene scene, Ground ground, Palette palette)
    {
        Plan plan = Steady(scene, ground, palette);
        Prng prng = Dice(scene);
        Repeat(scene, prng, t => Group(plan.Place, prng, t), plan);
        return plan;
    }

    /// <summary>One to three people who come, sometimes stand, and go on or back.</summary>
    private static IEnumerable<Mover> Group(Place place, Prng prng, double t)
    {
        int count = prng.Chance(0.55) ? 1 : prng.Chance(0.7) ? 2 : 3;
        bool right = prng.Chance(0.5), stand = prng.Chance(0.7), back = prng.Chance(0.3);
        double stop = place.Aspect * prng.Between(0.35, 0.65), wait = prng.Between(2.5, 6), haste = prng.Between(0.9, 1.35);
        for (int i = 0; i < count; i++)
        {
            double off = i * prng.Between(0.015, 0.03), dv = place.WayAt(0.9) + (off * (i % 2 == 0 ? 1 : -1));
            Person person = new(Walk(place, prng, t + (i * prng.Between(0.7, 1.4)), right, stop + ((right ? -0.16 : 0.16) * i), stand ? wait : 0, back, haste, dv), prng);
            yield return person;
        }
    }

    private static Course Walk(Place place, Prng prng, double t, bool right, double stop, double wait, bool back, double haste, double v)
    {
        double tall = 1.75 * place.Metre(v), speed = 0.8 * tall * haste;
        double outLeft = -0.35 * tall, outRight = place.Aspect + (0.35 * tall);
        double from = right ? outLeft : outRight, to = right != back ? outRight : outLeft;
        Course course = new(t, from, v + prng.Between(-0.01, 0.01));
        double here = from;
        void Go(double u)
        {
            // In short legs, so that the walker keeps to the path.
            double total = u - here;
            int legs = Math.Max(1, (int)(Math.Abs(total) / 0.15));
            for (int i = 1; i <= legs; i++)
                course.To(here + (total * i / legs), v + (place.WayAt(here + (total * i / legs)) - place.WayAt(0.9)), Math.Abs(total / legs) / speed);
            here = u;
        }
        Go(stop);
        if (wait > 0) course.Wait(wait);
        Go(to);
        return course;
    }

    private static Plan Lorries(Scene scene, Palette palette)
    {
        Plan plan = Steady(scene, Ground.Lane, palette);
        Prng prng = Dice(scene);
        Place place = plan.Place;
        IEnumerable<Mover> Visit(double t)
        {
            bool right = prng.Chance(0.5), stops = prng.Chance(0.75);
            double v = 0.675, m = place.Metre(v), half = 3.8 * m, reach = half + (6 * m);
            double speed = prng.Between(5.5, 8.5) * m;
            double from = right ? -reach : place.Aspect + reach, to = right ? place.Aspect + reach : -reach;
            double stop = place.Aspect * prng.Between(0.4, 0.6), wait = prng.Between(5, 7);
            Course course = new(t, from, v);
            double brake = 0.35 * (right ? 1 : -1);
            if (stops)
                course.To(stop - brake, v, Math.Abs(stop - brake - from) / speed)
                    .To(stop, v, 2 * Math.Abs(brake) / speed, Course.Pace.Slowing)
                    .Wait(wait)
                    .To(stop + brake, v, 2 * Math.Abs(brake) / speed, Course.Pace.PullingAway)
                    .To(to, v, Math.Abs(to - stop - brake) / speed);
            else
                course.To(to, v, Math.Abs(to - from) / speed);
            yield return new Lorry(course);
            if (!stops) yield break;
            // Somebody steps out from behind its tail and walks off along the verge.
            double halted = t + (Math.Abs(stop - brake - from) / speed) + (2 * Math.Abs(brake) / speed);
            double tail = stop + ((right ? -1 : 1) * (half + (0.2 * m)));
            double tall = 1.75 * place.Metre(0.77), pace = 0.85 * tall * prng.Between(1, 1.4);
            double away = right ? -0.35 * tall : place.Aspect + (0.35 * tall);
            Course onFoot = new Course(halted + 0.6, tail + ((right ? 1 : -1) * 0.9 * m), 0.668)
                .To(tail - ((right ? 1 : -1) * 0.1), 0.668, 1.6)
                .To(tail - ((right ? 1 : -1) * 0.2), 0.76, 1.8)
                .To(away, 0.78, Math.Abs(away - tail) / pace);
            yield return new Person(onFoot, prng);
        }
        Repeat(scene, prng, Visit, plan);
        return plan;
    }

    private static Plan Quay(Scene scene, Palette palette)
    {
        Plan plan = Steady(scene, Ground.Quay, palette);
        Prng prng = Dice(scene);
        Place place = plan.Place;
        int turn = 0;
        IEnumerable<Mover> Visit(double t)
        {
            // The boat first, then people, in turn; people never wait for a boat that has no room left in the shot.
            if (turn++ % 2 == 1) return Group(place, prng, t);
            bool right = prng.Chance(0.5);
            double v = prng.Between(0.49, 0.57), m = place.Metre(v) * 1.3, speed = prng.Between(2.6, 3.6) * m, reach = 5.5 * m;
            double from = right ? -reach : place.Aspect + reach, to = right ? place.Aspect + (3.4 * reach) : -3.4 * reach;
            Course course = new Course(t, from, v).To(to, v + prng.Between(-0.02, 0.02), Math.Abs(to - from) / speed);
            return [new Boat(course, prng)];
        }
        Repeat(scene, prng, Visit, plan);
        return plan;
    }

    private static Plan Cloud(Scene scene)
    {
        Prng prng = Dice(scene);
        List<(double From, double Dark, double Until, double Bright, double Depth)> clouds = [];
        double t = prng.Between(0.12, 0.2) * scene.Seconds;
        while (t < scene.Seconds * 0.8)
        {
            double fall = prng.Between(0.8, 3), dark = prng.Between(2, 5), rise = prng.Between(0.8, 3);
            clouds.Add((t, t + fall, t + fall + dark, t + fall + dark + rise, prng.Between(0.25, 0.45)));
            t += fall + dark + rise + prng.Between(2, 5);
        }
        double Shade(double at)
        {
            double shade = 0;
            foreach ((double from, double dark, double until, double bright, double depth) in clouds)
                shade += depth * Place.Smooth((at - from) / (dark - from)) * (1 - Place.Smooth((at - until) / (bright - until)));
            return shade;
        }
        Plan plan = new() { Place = PlaceOf(scene, Ground.Field), Light = at => new(1 - Shade(at), 0, Palette.Day) };
        foreach ((double from, double dark, double until, double bright, _) in clouds)
        {
            plan.Lighting.Add(new(from, Math.Min(dark, scene.Seconds), "cloud comes"));
            if (until < scene.Seconds) plan.Lighting.Add(new(until, Math.Min(bright, scene.Seconds), "cloud goes"));
        }
        return plan;
    }

    private static Plan Switch(Scene scene)
    {
        Prng prng = Dice(scene);
        double at = scene.Seconds * prng.Between(0.2, 0.3);
        Exposure Light(double t)
        {
            if (t < at) return new(1 - (0.25 * Place.Smooth(t / at)), 0, Palette.Dusk);
            // The filter swings out, the picture burns white, and the exposure settles in about a second.
            double since = t - at;
            return new(1 + (1.6 * Math.Exp(-since / 0.28)), 26 * Math.Exp(-since / 0.2), Palette.InfraRed);
        }
        Plan plan = new() { Place = PlaceOf(scene, Ground.Field), Light = Light };
        plan.Lighting.Add(new(0, at, "dusk falls"));
        plan.Lighting.Add(new(at, Math.Min(at + 2, scene.Seconds), "switch to infra-red"));
        Scene rest = scene with { Seconds = scene.Seconds - at - 3 };
        if (rest.Seconds > 4)
            Repeat(scene, prng, t => Group(plan.Place, prng, Math.Max(t, at + 3 + (0.5 * Pause(rest, prng)))), plan);
        return plan;
    }

    private static Plan Far(Scene scene, Palette palette, double pixelsAt1080)
    {
        Plan plan = Steady(scene, Ground.Field, palette);
        Prng prng = Dice(scene);
        double tall = pixelsAt1080 / 1080;
        IEnumerable<Mover> Visit(double t)
        {
            // Far walkers go along the field in front of the fence or along the path; quick ones, or a visit would fill the shot.
            double v = prng.Between(0.5, 0.62), speed = tall * prng.Between(1.1, 2.2);
            bool right = prng.Chance(0.5);
            double from = plan.Place.Aspect * prng.Between(0.15, 0.85), length = speed * prng.Between(4, 9);
            bool fromEdge = prng.Chance(0.5);
            if (fromEdge) from = right ? -tall : plan.Place.Aspect + tall;
            double to = from + ((right ? 1 : -1) * length);
            Course course = new(t, from, v);
            course.To((from + to) / 2, v, length / 2 / speed);
            if (prng.Chance(0.4)) course.Wait(prng.Between(1, 3));
            course.To(to, v + prng.Between(-0.01, 0.01), length / 2 / speed);
            return [new Person(course, prng, tall * 1.04)];
        }
        Repeat(scene, prng, Visit, plan);
        return plan;
    }

    /// <summary>Visits and far walkers, spread over the shot, about a fifth of it in all: six and two in ten minutes, one and one in two. People go as fast as people do; only where
    /// the shot is too short for a single visit is it hurried.</summary>
    private static Plan Watch(Scene scene)
    {
        Plan plan = Steady(scene, Ground.Field, Palette.Dusk);
        Prng prng = Dice(scene);
        int parts = Math.Max(1, (int)Math.Round(scene.Seconds / 75));
        double part = scene.Seconds / parts, unit = Math.Min(1, part / 60);
        for (int n = 0; n < parts; n++)
        {
            double t = (n + prng.Between(0.1, 0.3)) * part;
            if (n % 3 == 2 || (parts < 3 && n == 1))
            {
                double tall = (n == 5 ? 16 : 32) / 1080.0, v = prng.Between(0.55, 0.6), from = plan.Place.Aspect * prng.Between(0.3, 0.5);
                plan.Movers.Add(new Person(new Course(t, from, v).To(from + (1.8 * tall * 9 * unit), v, 9 * unit), prng, tall * 1.04));
                continue;
            }
            double off = prng.Between(-0.02, 0.02), wait = prng.Between(3, 6) * unit, stop = plan.Place.Aspect * prng.Between(0.4, 0.6);
            plan.Movers.Add(new Person(Walk(plan.Place, prng, t, prng.Chance(0.5), stop, wait, false, 1.2 / unit, plan.Place.WayAt(0.9) + off), prng));
        }
        return plan;
    }

    /// <summary>One visit whose wait takes up most of the shot, with quiet before and after.</summary>
    private static Plan LongStand(Scene scene)
    {
        Plan plan = Steady(scene, Ground.Field, Palette.Dusk);
        Prng prng = Dice(scene);
        double t = prng.Between(0.08, 0.12) * scene.Seconds;
        Course there = Walk(plan.Place, new(scene.Seed), t, true, plan.Place.Aspect * 0.5, 0, false, 1.2, plan.Place.WayAt(0.9));
        double wait = Math.Max(1, (scene.Seconds * 0.85) - t - (there.End - there.Start));
        plan.Movers.Add(new Person(Walk(plan.Place, prng, t, prng.Chance(0.5), plan.Place.Aspect * 0.5, wait, prng.Chance(0.5), 1.2, plan.Place.WayAt(0.9)), prng));
        return plan;
    }

    private static Plan TimeLapse(Scene scene)
    {
        Prng prng = Dice(scene);
        double step = 1 / scene.Fps, at = Math.Floor(scene.FrameCount * 0.55) * step;
        Plan plan = new()
        {
            Place = PlaceOf(scene, Ground.Field),
            Light = t => t < at ? new(1.06 - (0.45 * t / at), 0, Palette.Dusk) : new(1, 0, Palette.InfraRed),
        };
        plan.Lighting.Add(new(0, at, "dusk falls"));
        plan.Lighting.Add(new(at, at + step, "switch to infra-red"));
        // Each still shows the person somewhere else, for minutes pass between them.
        foreach (double share in (double[])[0.25, 0.75])
        {
            long first = (long)(scene.FrameCount * share);
            Person person = new(new Course((first - 0.4) * step, plan.Place.Aspect * prng.Between(0.3, 0.45), 0.74)
                .To(plan.Place.Aspect * prng.Between(0.55, 0.7), 0.70, 1.8 * step), prng);
            plan.Movers.Add(person);
        }
        return plan;
    }
}
