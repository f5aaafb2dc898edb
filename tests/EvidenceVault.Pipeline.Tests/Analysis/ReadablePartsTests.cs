using CsCheck;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Tests.Analysis;

/// <summary>Times in steps of a second: packets and frames at 0, 1, 2 …</summary>
public sealed class ReadablePartsTests
{
    private static ReadableParts Of(string frames)
    {
        // One letter for each packet: g gives a good frame, d a damaged one, l none; a blank is a second without a packet.
        var times = frames.Select((c, i) => (c, Pts: (double)i)).Where(f => f.c != ' ').ToList();
        return ReadableParts.Of([.. times.Select(t => t.Pts)], times.Count, [.. times.Where(t => t.c != 'l').Select(t => new DecodedFrame(t.Pts, t.c == 'd'))], 1);
    }

    [Fact]
    public void A_file_without_a_fault_is_one_span()
    {
        ReadableParts parts = Of("gggg");
        Assert.Equal([new(0, 4, 1, 4)], parts.Readable);
        Assert.Empty(parts.Skipped);
        Assert.Null(parts.Sentence());
    }

    [Fact]
    public void A_hole_in_the_middle_parts_two_spans_and_says_what_is_in_it()
    {
        ReadableParts parts = Of("gggdllggg");
        Assert.Equal([new(0, 3, 1, 3), new(6, 9, 5, 3)], parts.Readable);
        Assert.Equal([new(3, 6, 1, 2)], parts.Skipped);
        Assert.Equal("Not all of the file can be read. It is readable from 0 to 3 s (frames 1 to 3), from 6 to 9 s (frames 5 to 7); the decoder met errors from 3 to 6 s (1 damaged picture, 2 packets without a picture).", parts.Sentence());
    }

    [Fact]
    public void Where_packets_are_missing_beside_a_fault_the_part_reaches_to_the_next_good_frame()
    {
        ReadableParts parts = Of("ggd    ggg");
        Assert.Equal([new(2, 7, 1, 0)], parts.Skipped);
    }

    [Fact]
    public void What_the_header_claims_beyond_the_last_frame_is_told()
    {
        ReadableParts parts = ReadableParts.Of([0, 1, 2], 3, [new(0, false), new(1, false), new(2, false)], 1, claimedEnd: 60);
        Assert.Equal([new(3, 60, 0, 0)], parts.Skipped);
        Assert.EndsWith("the decoder met errors from 3 to 60 s (nothing there).", parts.Sentence());
    }

    [Fact]
    public void A_fault_at_either_end_is_a_part_of_its_own()
    {
        Assert.Equal([new(0, 2, 0, 2)], Of("llggg").Skipped);
        Assert.Equal([new(3, 5, 1, 1)], Of("gggdl").Skipped);
        Assert.Equal([new(0, 3, 3, 0)], Of("ddd").Skipped);
        Assert.Empty(Of("ddd").Readable);
    }

    [Fact]
    public void Every_frame_and_packet_is_counted_once() => Gen.Char["gdl"].Array[1, 60].Sample(letters =>
    {
        if (!letters.Contains('g')) return;
        ReadableParts parts = Of(new(letters));
        Assert.Equal(letters.Count(c => c == 'g'), parts.Readable.Sum(r => r.Frames));
        Assert.Equal(letters.Count(c => c == 'd'), parts.Skipped.Sum(s => s.Damaged));
        Assert.Equal(letters.Count(c => c == 'l'), parts.Skipped.Sum(s => s.Lost));
        Assert.All(parts.Readable, r => Assert.True(r.Start < r.End));
        Assert.All(parts.Skipped, s => Assert.True(s.Start <= s.End));
    });

    [Fact]
    public void What_ffprobe_says_of_a_frame_is_on_its_line_or_the_next()
    {
        var frames = new List<DecodedFrame>();
        foreach (string line in (string[])["frame|best_effort_timestamp_time=0.000000", "frame|best_effort_timestamp_time=0.040000|log|level=16|category=6", "log|level=16|category=6", "frame|best_effort_timestamp_time=N/A", "log|level=16|category=6"])
            ReadableParts.Take(frames, line);
        Assert.Equal([new(0, false), new(0.04, true), new(null, true)], frames);
    }

    [Fact]
    public void Settings_of_the_environment_are_numbers_or_refused()
    {
        Assert.Equal(0, AnalysisEnvironment.Settings(_ => null).Threads);
        Assert.Equal(2, AnalysisEnvironment.Settings(_ => "2").Threads);
        Assert.Equal(TimeSpan.FromSeconds(2), AnalysisEnvironment.Settings(_ => "2").Limits.Time);
        Assert.Throws<RefusedException>(() => AnalysisEnvironment.Settings(_ => "-1"));
    }
}
