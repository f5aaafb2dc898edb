using CsCheck;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Samples;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Long footage is decoded in parts, side by side; what is found is what one decoder that goes over all of it finds.</summary>
public class SplitTests
{
    private static readonly Scene Watch = new() { Name = "dusk-field", Seed = 31, Seconds = 75, Width = 480, Height = 270 };

    private static async Task<AnalysisReport> SameWhateverTheThreadsAsync(Bench bench, string file, AnalysisSettings settings)
    {
        AnalysisReport one = await bench.Analyser.AnalyseAsync(file, null, settings with { Threads = 1 }, null, default);
        foreach (int threads in (int[])[2, 3])
        {
            AnalysisReport more = await bench.Analyser.AnalyseAsync(file, null, settings with { Threads = threads }, null, default);
            Assert.Equal(AnalysisJson.Write(one), AnalysisJson.Write(more));
        }
        return one;
    }

    [Theory]
    [InlineData("split.mp4", "libx264", "3")]
    [InlineData("split.mkv", "libx264", "3")]
    [InlineData("split.ts", "libx264", "3")]
    [InlineData("split.ts", "libx264", "0")]
    [InlineData("split.mp4", "libx265", "4")]
    public async Task Every_frame_is_seen_once_and_in_order_whatever_the_parts(string name, string codec, string reordered)
    {
        using var bench = new Bench();
        string scene = bench.File("scene.mp4");
        Truth truth = SceneRenderer.Render(Watch, Codec.H264, scene);
        string[] closed = codec == "libx265" ? ["-x265-params", "open-gop=0:log-level=error"] : [];
        string file = bench.Make(name, ["-i", scene, "-c:v", codec, "-preset", "veryfast", "-g", "50", "-bf", reordered, .. closed]);
        AnalysisReport report = await SameWhateverTheThreadsAsync(bench, file, new() { Clips = false, Exhaustive = true });
        Assert.Equal(truth.Segments.Count, report.Segments.Count);
        Assert.Equal(Watch.FrameCount, report.Frames);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hole_in_long_footage_is_told_the_same_whatever_the_parts_and_the_gate(bool exhaustive)
    {
        using var bench = new Bench();
        string file = bench.File("hole.mp4");
        SceneRenderer.Render(Watch, Codec.H264, file);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes.AsSpan(bytes.Length / 2, bytes.Length / 50).Clear();
        await File.WriteAllBytesAsync(file, bytes);
        AnalysisReport report = await SameWhateverTheThreadsAsync(bench, file, new() { Clips = false, Exhaustive = exhaustive });
        Assert.NotEmpty(report.Skipped);
        Assert.Null(report.Gate); // of what is broken all is looked at
        Assert.Contains(report.Notes, n => n.StartsWith("Not all of the file can be read. It is readable from ", StringComparison.Ordinal));
    }

    [Fact]
    public void Parts_follow_one_another_from_key_frame_to_key_frame_and_leave_nothing_out() =>
        (from first in Gen.Double[-5, 1000]
         from gaps in Gen.Double[0.5, 4.2].Array[12, 2000]
         from decoders in Gen.Int[2, 8]
         select (first, gaps, decoders)).Sample(given =>
        {
            var keys = new List<double> { given.first };
            foreach (double gap in given.gaps) keys.Add(keys[^1] + gap);
            var parts = SplitFrames.PartsOf(keys, keys[^1] + 1, given.decoders);
            Assert.Null(parts[0].From);
            Assert.Null(parts[^1].Until);
            foreach (var (part, next) in parts.Zip(parts.Skip(1)))
            {
                Assert.Equal(part.Until, next.From);
                Assert.Contains(next.From!.Value, keys);
                Assert.True(next.From > (part.From ?? keys[0]));
            }
            Assert.All(parts, part => Assert.True((part.Until ?? keys[^1]) - (part.From ?? keys[0]) <= 70));
        });
}
