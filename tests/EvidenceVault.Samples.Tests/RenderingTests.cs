using CsCheck;

namespace EvidenceVault.Samples.Tests;

public sealed class RenderingTests
{
    private static readonly Scene Still = new() { Name = "dusk-field", Seconds = 24, Width = 160, Height = 90, Fps = 5, Noise = 0, Wind = 0, Clock = null };

    [Theory]
    [InlineData("dusk-field")]
    [InlineData("ir-field")]
    [InlineData("ir-lane")]
    [InlineData("dusk-quay")]
    [InlineData("small-32")]
    public void In_still_air_without_noise_only_movers_change_the_picture(string name)
    {
        Scene scene = Still with { Name = name, Seed = 4, Width = 320, Height = 180 };
        List<byte[]> frames = [];
        Truth truth = SceneRenderer.Render(scene, fullRange: false, (_, yuv) => frames.Add(yuv.ToArray()));
        Assert.NotEmpty(truth.Segments);
        Assert.NotEmpty(truth.Quiet);
        byte[] backdrop = frames[0];
        Assert.Equal(0, truth.Quiet[0].Start);
        // A shadow or a rim fainter than the eye's threshold may reach a frame before the mover is seen, so quiet means:
        // not one pixel further off than that threshold.
        for (int i = 0; i < frames.Count; i++)
        {
            int most = LumaDifferences(scene, backdrop, frames[i]).Max();
            if (Within(truth.Segments, scene, i)) Assert.True(most >= 5, $"frame {i} is in a segment and shows nothing");
            else Assert.True(LumaDifferences(scene, backdrop, frames[i]).Count(d => d > 6) < 16, $"frame {i} is quiet and shows something");
        }
    }

    [Fact]
    public void In_quiet_stretches_noise_has_the_strength_the_truth_states()
    {
        Scene clean = Still with { Name = "ir-empty", Seconds = 2 }, noisy = clean with { Noise = 6 };
        List<byte[]> frames = [];
        SceneRenderer.Render(clean, false, (_, yuv) => frames.Add(yuv.ToArray()));
        double sum = 0, n = 0;
        Truth truth = SceneRenderer.Render(noisy, false, (i, yuv) =>
        {
            for (int p = 0; p < noisy.Width * noisy.Height; p++)
            {
                // Clipped pixels cannot show their noise; look at mid tones.
                if (frames[(int)i][p] is < 70 or > 180) continue;
                sum += Math.Pow(yuv[p] - frames[(int)i][p], 2);
                n++;
            }
        });
        Assert.True(n > 1000);
        Assert.InRange(Math.Sqrt(sum / n), 3.5, 6);
        Assert.Equal(6, truth.Noise);
        Assert.Empty(truth.Segments);
    }

    [Fact]
    public void The_clock_ticks_at_each_full_second_and_touches_nothing_outside_its_box()
    {
        Scene with = Still with { Name = "empty", Seconds = 4, Clock = new DateTime(2026, 3, 14, 23, 59, 58, DateTimeKind.Unspecified), Width = 640, Height = 360 };
        List<byte[]> bare = [], clocked = [];
        SceneRenderer.Render(with with { Clock = null }, true, (_, yuv) => bare.Add(yuv.ToArray()));
        Truth truth = SceneRenderer.Render(with, true, (_, yuv) => clocked.Add(yuv.ToArray()));
        IReadOnlyList<int> box = truth.ClockBox!;
        for (int i = 0; i < clocked.Count; i++)
        {
            if (i > 0) Assert.Equal(i % 5 == 0, !clocked[i].AsSpan().SequenceEqual(clocked[i - 1]));
            for (int y = 0; y < with.Height; y++)
                for (int x = 0; x < with.Width; x++)
                    if (x < box[0] || y < box[1] || x >= box[0] + box[2] || y >= box[1] + box[3])
                        Assert.Equal(bare[i][(y * with.Width) + x], clocked[i][(y * with.Width) + x]);
        }
    }

    [Fact]
    public void Grass_sways_where_grass_grows_and_the_sky_stays()
    {
        Scene scene = Still with { Name = "empty", Wind = 1, Seconds = 4, Width = 320, Height = 180 };
        List<byte[]> frames = [];
        SceneRenderer.Render(scene, false, (_, yuv) => frames.Add(yuv.ToArray()));
        int sky = scene.Width * (int)(scene.Height * 0.3);
        Assert.True(frames[0].AsSpan(0, sky).SequenceEqual(frames[10].AsSpan(0, sky)));
        Assert.True(LumaDifferences(scene, frames[0], frames[10]).Count(d => d > 6) > 100);
    }

    [Fact]
    public void A_passing_cloud_darkens_the_picture_by_a_fifth_and_is_no_segment()
    {
        Scene scene = Still with { Name = "cloud", Seed = 3 };
        List<double> light = [];
        Truth truth = SceneRenderer.Render(scene, true, (_, yuv) => light.Add(MeanLuma(scene, yuv)));
        Assert.Empty(truth.Segments);
        Assert.NotEmpty(truth.Lighting);
        Assert.True(light.Min() < 0.8 * light.Max());
    }

    [Fact]
    public void The_switch_to_infra_red_takes_the_colour_away_and_is_no_segment()
    {
        Scene scene = Still with { Name = "ir-switch", Seed = 3 };
        List<int> colour = [];
        Truth truth = SceneRenderer.Render(scene, true, (_, yuv) =>
            colour.Add(yuv[(scene.Width * scene.Height)..].ToArray().Max(c => Math.Abs(c - 128))));
        TruthSpan change = truth.Lighting.Single(l => l.What == "switch to infra-red");
        Assert.All(colour.Index().Where(c => c.Index / scene.Fps < change.Start), c => Assert.True(c.Item > 10));
        Assert.All(colour.Index().Where(c => c.Index / scene.Fps >= change.Start), c => Assert.Equal(0, c.Item));
        Assert.DoesNotContain(truth.Segments, s => s.Start < change.End);
    }

    [Theory]
    [InlineData("small-16", 16)]
    [InlineData("ir-small-32", 32)]
    public void A_small_mover_has_the_height_its_name_says_at_1080p(string name, int pixels)
    {
        Scene scene = Still with { Name = name, Seed = 5, Seconds = 8, Fps = 2, Width = 1920, Height = 1080 };
        Truth truth = SceneRenderer.Render(scene, false, (_, _) => { });
        Assert.NotEmpty(truth.Movers);
        Assert.All(truth.Movers.SelectMany(m => m.Boxes), b => Assert.InRange(b.Box[3], pixels * 0.75, pixels * 1.25));
    }

    [Fact]
    public void Whatever_the_seed_segments_and_quiet_tile_the_shot_and_boxes_lie_in_the_picture() =>
        Gen.Select(Gen.Int[0, Scene.Names.Count - 1].Select(i => Scene.Names.Keys.ElementAt(i)), Gen.ULong, Gen.Int[3, 30]).Sample((name, seed, seconds) =>
        {
            Scene scene = Still with { Name = name, Seed = seed, Seconds = seconds, Fps = 3, Width = 96, Height = 64 };
            Truth truth = SceneRenderer.Render(scene, false, (_, _) => { });
            TruthSpan[] all = [.. truth.Segments.Concat(truth.Quiet).OrderBy(s => s.Start)];
            bool tiles = all[0].Start == 0 && Math.Abs(all[^1].End - (truth.Frames / truth.Fps)) < 1e-5
                && all.Zip(all.Skip(1)).All(p => Math.Abs(p.First.End - p.Second.Start) < 1e-5);
            bool inside = truth.Movers.SelectMany(m => m.Boxes).All(b => b.Box[0] >= 0 && b.Box[1] >= 0 && b.Box[2] > 0 && b.Box[3] > 0
                && b.Box[0] + b.Box[2] <= scene.Width && b.Box[1] + b.Box[3] <= scene.Height);
            return tiles && inside && Truth.FromJson(truth.ToJson()).ToJson() == truth.ToJson();
        }, iter: 25);

    [Theory]
    [InlineData("nowhere", 64, 64, 1, 5)]
    [InlineData("empty", 65, 64, 1, 5)]
    [InlineData("empty", 16384, 16384, 1, 5)]
    [InlineData("empty", 64, 64, 0, 5)]
    [InlineData("empty", 64, 64, 1, double.NaN)]
    public void What_cannot_be_rendered_is_refused_before_a_frame_is_made(string name, int width, int height, double seconds, double fps) =>
        Assert.Throws<ArgumentException>(() => SceneRenderer.Render(
            Still with { Name = name, Width = width, Height = height, Seconds = seconds, Fps = fps }, false, (_, _) => Assert.Fail("a frame was made")));

    private static bool Within(IReadOnlyList<TruthSpan> spans, Scene scene, int frame) =>
        spans.Any(s => (frame + 0.5) / scene.Fps > s.Start && (frame + 0.5) / scene.Fps < s.End);

    private static IEnumerable<int> LumaDifferences(Scene scene, byte[] a, byte[] b) =>
        a.Take(scene.Width * scene.Height).Zip(b, (x, y) => Math.Abs(x - y));

    private static double MeanLuma(Scene scene, ReadOnlySpan<byte> yuv)
    {
        double sum = 0;
        foreach (byte y in yuv[..(scene.Width * scene.Height)]) sum += y;
        return sum / (scene.Width * scene.Height);
    }
}
