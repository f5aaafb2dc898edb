using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Samples;

namespace EvidenceVault.Benchmarks.Analysis;

/// <summary>How what was found compares with the truth.</summary>
/// <param name="Events">Events of the truth that last a second or more, joined where they are closer than events are joined.</param>
/// <param name="Missed">Those that no segment overlaps.</param>
/// <param name="FalseAlarms">Segments that overlap nothing.</param>
/// <param name="BoundaryErrors">For each event found, how far its start and its end are off, seconds.</param>
/// <param name="QuietSeconds">Seconds in which nobody was there.</param>
internal sealed record Judgement(IReadOnlyList<TruthSpan> Events, IReadOnlyList<TruthSpan> Missed, IReadOnlyList<SegmentReport> FalseAlarms, IReadOnlyList<double> BoundaryErrors, double QuietSeconds)
{
    // What is closer than this is one event to the analysis too (MotionRule.MergeGap).
    private const double Joined = 1.5;
    private const double Slack = 1;

    public static Judgement Of(Truth truth, IReadOnlyList<SegmentReport> found)
    {
        var all = Join(truth.Segments);
        var events = all.Where(e => e.End - e.Start >= 1).ToList();
        var missed = events.Where(e => !found.Any(f => Overlap(e, f) > 0)).ToList();
        var alarms = found.Where(f => !truth.Segments.Any(e => f.Start < e.End + Slack && e.Start - Slack < f.End)).ToList();
        var errors = new List<double>();
        foreach (TruthSpan e in events.Except(missed))
        {
            var over = found.Where(f => Overlap(e, f) > 0).ToList();
            errors.Add(Math.Abs(over[0].Start - e.Start));
            errors.Add(Math.Abs(over[^1].End - e.End));
        }
        return new(events, missed, alarms, errors, (truth.Frames / truth.Fps) - all.Sum(e => e.End - e.Start));
    }

    private static double Overlap(TruthSpan a, SegmentReport b) => Math.Min(a.End, b.End) - Math.Max(a.Start, b.Start);

    private static List<TruthSpan> Join(IReadOnlyList<TruthSpan> spans)
    {
        var joined = new List<TruthSpan>();
        foreach (TruthSpan span in spans)
        {
            if (joined.Count > 0 && span.Start - joined[^1].End <= Joined) joined[^1] = joined[^1] with { End = Math.Max(joined[^1].End, span.End), What = $"{joined[^1].What}+{span.What}" };
            else joined.Add(span);
        }
        return joined;
    }
}
