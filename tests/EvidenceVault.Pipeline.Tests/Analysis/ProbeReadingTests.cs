using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Pipeline.Tests.Analysis;

public class ProbeReadingTests
{
    [Fact]
    public void A_display_matrix_turned_against_the_clock_becomes_degrees_clockwise()
    {
        var (report, stream) = ProbeReading.Streams("""
            {"streams":[{"index":1,"codec_type":"audio","codec_name":"aac"},
             {"index":0,"codec_type":"video","codec_name":"h264","width":1280,"height":544,"nb_frames":"240","side_data_list":[{"rotation":-90}]}],
             "format":{"format_name":"mov,mp4","duration":"10.01","tags":{"creation_time":"2026-01-02T03:04:05Z","com.apple.quicktime.make":"Reconyx"}}}
            """);
        Assert.Equal(0, stream);
        Assert.Equal((90, 240L, 10.01, "Reconyx", "2026-01-02T03:04:05Z"), (report.Rotation, report.ClaimedFrames, report.ClaimedDuration, report.Make, report.CreationTime));
        Assert.Equal(["aac"], report.Audio);
    }

    [Fact]
    public void Cover_art_is_no_video() =>
        Assert.Null(ProbeReading.Streams("""{"streams":[{"index":0,"codec_type":"video","disposition":{"attached_pic":1}}],"format":{}}""").VideoStream);

    [Fact]
    public void Packets_without_a_presentation_time_take_their_decoding_time()
    {
        Assert.Equal(new PacketTime(1.5, 0.04, true, 4711), ProbeReading.Packet("N/A,1.500000,0.040000,4711,K__"));
        Assert.Null(ProbeReading.Packet("nonsense")?.Pts);
    }

    [Fact]
    public void A_rate_that_halves_is_variable_and_rounding_is_not()
    {
        Assert.True(ProbeReading.Varies([0, 0.04, 0.08, 0.16, 0.24]));
        Assert.False(ProbeReading.Varies([0, 0.033, 0.067, 0.1, 0.133]));
    }

    [Fact]
    public void A_clip_with_a_packet_left_out_or_exchanged_is_not_found_whole()
    {
        var master = "abcdefgh".Select((c, i) => new HashedPacket(0, i, 1, c.ToString())).ToList();
        long Found(string clip) => PacketHashes.Compare([.. clip.Select((c, i) => new HashedPacket(0, i, 1, c.ToString()))], master, [0]).Found;
        Assert.Equal(4, Found("cdef"));
        Assert.NotEqual(4, Found("cdfg"));
        Assert.NotEqual(4, Found("cdgf"));
        Assert.NotEqual(4, Found("cdxf"));
    }

    [Fact]
    public void A_report_is_the_same_after_writing_and_reading()
    {
        var report = new AnalysisReport { Frames = 3, Segments = [new(1, 2, 1.5, 0.1, [1, 2, 3, 4], "a", "b")], Notes = ["n"], Probe = new() { Codec = "h264" } };
        string json = AnalysisJson.Write(report);
        Assert.Equal(json, AnalysisJson.Write(AnalysisJson.Read(json)));
        Assert.Contains("\"start\": 1", json);
        Assert.Contains("\"frames\": 3", json);
    }
}
