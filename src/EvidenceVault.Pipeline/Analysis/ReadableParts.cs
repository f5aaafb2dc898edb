using System.Globalization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A frame as the decoder gave it: its PTS in seconds, where it has one, and whether the decoder complained of it.</summary>
internal readonly record struct DecodedFrame(double? Pts, bool Damaged);

/// <summary>From where to where a file can be read. <see cref="Of"/> decides, purely, from what demuxer and decoder gave; <see cref="LookAsync"/> asks them.</summary>
internal sealed record ReadableParts(IReadOnlyList<ReadableSpan> Readable, IReadOnlyList<SkippedPart> Skipped)
{
    /// <summary>Most parts that are listed: a file that is bad at every other frame is told by its beginning.</summary>
    public const int Most = 2000;

    private const int MostInSentence = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromHours(6);

    /// <summary>All of a file that nothing complained of.</summary>
    public static ReadableParts Whole(double start, double end, long frames) => new([new(Round(start), Round(end), 1, frames)], []);

    /// <summary>Decodes once more, with one thread, and lists which frames the decoder complained of. ffmpeg's own messages would tell only
    /// roughly, since it decodes and reports in threads of their own.</summary>
    public static async Task<ReadableParts> LookAsync(string video, int stream, ProbeReport facts, double frameTime, CancellationToken cancel)
    {
        var packets = await FootageProbe.PacketsAsync(video, stream, cancel);
        var frames = new List<DecodedFrame>();
        await ChildProgram.LinesAsync(
            Ffmpeg.Probe(Patience, video, "-threads", "1", "-select_streams", Ffmpeg.Number(stream), "-show_frames", "-show_log", "16",
                "-show_entries", "frame=best_effort_timestamp_time:log=level,category", "-of", "compact"),
            line => Take(frames, line), cancel);
        return Of([.. packets.Where(p => p.Pts is not null).Select(p => p.Pts!.Value)], packets.Count, frames, frameTime, (facts.FirstPts ?? 0) + facts.ClaimedDuration);
    }

    /// <summary>One line of ffprobe's compact form: a frame, with what was logged while it was decoded on the same line or the next.</summary>
    internal static void Take(List<DecodedFrame> frames, string line)
    {
        bool complaint = line.Contains("log|level=", StringComparison.Ordinal);
        if (line.StartsWith("frame|", StringComparison.Ordinal))
        {
            string time = line.Split('|')[1].Split('=')[^1];
            frames.Add(new(double.TryParse(time, NumberStyles.Float, CultureInfo.InvariantCulture, out double pts) && double.IsFinite(pts) ? pts : null, complaint));
        }
        else if (complaint && frames.Count > 0) frames[^1] = frames[^1] with { Damaged = true };
    }

    /// <summary>Groups frames into spans without an error and what lies between them.</summary>
    /// <param name="packetTimes">PTS of packets that have one.</param>
    /// <param name="packets">How many packets there are.</param>
    /// <param name="decoded">Frames as they came.</param>
    /// <param name="frameTime">Seconds from frame to frame, on average.</param>
    /// <param name="claimedEnd">PTS seconds at which the footage ends by its header, if that says.</param>
    public static ReadableParts Of(IReadOnlyList<double> packetTimes, long packets, IReadOnlyList<DecodedFrame> decoded, double frameTime, double? claimedEnd = null)
    {
        // In a file with errors, frames this far apart have something between them that the demuxer passed over without a packet.
        double apart = Math.Max(4 * frameTime, 0.25);
        // Frames without a time follow the one before, as in the analysis.
        var frames = new List<(double Pts, bool Damaged)>(decoded.Count);
        double at = packetTimes.Count > 0 ? packetTimes.Min() - frameTime : -frameTime;
        foreach (var frame in decoded)
        {
            at = frame.Pts ?? at + frameTime;
            frames.Add((at, frame.Damaged));
        }
        frames = [.. frames.OrderBy(f => f.Pts)];
        // Some containers time packets by decoding order only: a packet is lost only where there are fewer frames than packets.
        double[] times = packets > decoded.Count ? [.. packetTimes.Order()] : [];
        double near = frameTime / 2;

        var readable = new List<ReadableSpan>();
        var skipped = new List<SkippedPart>();
        int first = -1, before = -1;
        long damaged = 0;
        for (int i = 0; i < frames.Count; i++)
        {
            if (frames[i].Damaged) { damaged++; continue; }
            double from = before < 0 ? Math.Min(frames[0].Pts, times.Length > 0 ? times[0] : frames[0].Pts) : frames[before].Pts + frameTime;
            long lost = Between(times, before < 0 ? double.NegativeInfinity : frames[before].Pts + near, frames[i].Pts - near, damaged);
            bool gap = before >= 0 && frames[i].Pts - frames[before].Pts > apart;
            if (damaged > 0 || lost > 0 || gap)
            {
                Close(before);
                skipped.Add(new(Round(Math.Min(from, frames[i].Pts)), Round(frames[i].Pts), damaged, lost));
            }
            if (first < 0) first = i;
            (before, damaged) = (i, 0);
        }
        Close(before);
        double last = before < 0 ? (frames.Count > 0 ? frames[0].Pts : 0) : frames[before].Pts + frameTime;
        long after = Between(times, before < 0 ? double.NegativeInfinity : frames[before].Pts + near, double.PositiveInfinity, damaged);
        bool cutOff = claimedEnd is { } claimed && claimed - last > apart && double.IsFinite(claimed);
        if (damaged > 0 || after > 0 || cutOff)
        {
            double end = damaged + after == 0 ? last : Math.Max(frames.Count > 0 ? frames[^1].Pts : last, times.Length > 0 ? times[^1] : last) + frameTime;
            if (cutOff) end = Math.Max(end, claimedEnd!.Value);
            skipped.Add(new(Round(Math.Min(last, end)), Round(end), damaged, after));
        }
        return new([.. readable.Take(Most)], [.. skipped.Take(Most)]);

        void Close(int to)
        {
            if (first >= 0) readable.Add(new(Round(frames[first].Pts), Round(frames[to].Pts + frameTime), first + 1, to - first + 1));
            first = -1;
        }
    }

    /// <summary>The same for people, in a sentence; null where all could be read.</summary>
    public string? Sentence()
    {
        if (Skipped.Count == 0) return null;
        string spans = Readable.Count == 0 ? "No part of the file could be read without an error"
            : "Not all of the file can be read. It is readable " + Listed(Readable, s => Say($"from {s.Start:0.###} to {s.End:0.###} s ({(s.Frames == 1 ? $"frame {s.FirstFrame}" : $"frames {s.FirstFrame} to {s.FirstFrame + s.Frames - 1}")})"));
        string parts = Listed(Skipped, s => Say($"from {s.Start:0.###} to {s.End:0.###} s ({(s.Damaged + s.Lost == 0 ? "nothing there" : $"{Counted(s.Damaged, "damaged picture")}, {Counted(s.Lost, "packet")} without a picture")})"));
        return $"{spans}; the decoder met errors {parts}.";

        static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        static string Counted(long n, string thing) => n == 1 ? $"1 {thing}" : string.Create(CultureInfo.InvariantCulture, $"{n} {thing}s");
        static string Listed<T>(IReadOnlyList<T> of, Func<T, string> say) =>
            string.Join(", ", of.Take(MostInSentence).Select(say)) + (of.Count > MostInSentence ? $", and {of.Count - MostInSentence} more" : "");
    }

    // Packets strictly between two good frames, but for those whose frames came out damaged.
    private static long Between(double[] sorted, double from, double to, long damaged)
    {
        int low = First(sorted, from), high = First(sorted, to);
        return Math.Max(0, high - low - damaged);
    }

    private static int First(double[] sorted, double above)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] > above) high = middle; else low = middle + 1;
        }
        return low;
    }

    private static double Round(double seconds) => Math.Round(seconds, 6);
}
