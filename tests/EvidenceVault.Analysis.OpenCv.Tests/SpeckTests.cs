using EvidenceVault.Analysis.OpenCv.Score;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>On a large picture a few pixels may be somebody far off; where much stands out around them, they are noise.</summary>
public sealed class SpeckTests
{
    private const int Width = 640, Height = 360;
    private const double Step = 0.1, Seconds = 60;

    // Grass of 30 by 20 pixels that stirs at the bottom right for ten seconds, now and then, and a walker of 2 by 3 pixels who comes at 20 s.
    private static byte[] Frame(int i, int left, int top)
    {
        byte[] grey = new byte[Width * Height];
        Array.Fill(grey, (byte)90);
        double at = i * Step;
        if (at is >= 15 and < 25) Box(500, 320, 30, 20, (byte)(i % 2 == 0 ? 150 : 40));
        if (at is >= 20 and < 26) Box(left + (int)((at - 20) * 8), top, 2, 3, 30);
        return grey;

        void Box(int x, int y, int width, int height, byte value)
        {
            for (int row = y; row < y + height; row++) grey.AsSpan((row * Width) + x, width).Fill(value);
        }
    }

    private static IReadOnlyList<MotionEvent> Found(int left, int top)
    {
        var events = new MotionEvents(new(Width, Height));
        using var aside = new FramesAside(Path.GetTempPath(), Width * Height);
        var scorer = new SceneScorer(new("none", 0, new(1920, 1080, Width, Height), Step, 0, []), Seconds, null, events, aside, (_, _) => { });
        int frames = (int)(Seconds / Step), every = (int)Math.Ceiling(scorer.SampleEvery / Step);
        byte[][] all = [.. Enumerable.Range(0, frames).Select(i => Frame(i, left, top))];
        for (int i = 0; i < frames; i += every) scorer.AddSample(i * Step, all[i]);
        scorer.NoMoreSamples();
        for (int i = 0; i < frames; i++) scorer.AddFrame(i * Step, [.. all[i]], key: i % every == 0);
        scorer.Finish();
        return events.Finish();
    }

    [Fact]
    public void Somebody_far_off_is_found_while_grass_stirs_elsewhere_in_the_picture()
    {
        var found = Assert.Single(Found(100, 100), e => e.Box.X < 200);
        Assert.Equal(20, found.Start, 0.5);
        Assert.Equal(26, found.End, 0.5);
    }
}
