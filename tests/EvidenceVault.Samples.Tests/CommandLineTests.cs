namespace EvidenceVault.Samples.Tests;

public sealed class CommandLineTests : IDisposable
{
    private static readonly string Program = Path.ChangeExtension(typeof(Scene).Assembly.Location, null);

    private readonly Workbench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void One_scene_is_rendered_with_its_truth_beside_it()
    {
        string file = _bench.At("far.mkv"), truth = _bench.At("far.json");
        (int exit, string output, string errors) = Workbench.Run(Program,
            ["--scene", "ir-field", "--seed", "9", "--seconds", "8", "--size", "160x90", "--fps", "5", "--codec", "h265", "--noise", "3", "--out", file, "--truth", truth]);
        Assert.True(exit == 0, errors);
        Assert.Contains("100 %", output);
        Truth told = Truth.FromJson(File.ReadAllText(truth));
        Assert.Equal((40, 9UL, 3, 160), (told.Frames, told.Seed, told.Noise, told.Width));
        Assert.Equal("40", Workbench.Probe(file, "-count_frames", "-show_entries", "stream=nb_read_frames").Single());
    }

    [Theory]
    [InlineData("--scene is not known", "--scene", "mars", "--out", "x.mp4")]
    [InlineData("container", "--scene", "empty", "--out", "x.txt")]
    [InlineData("not an option", "--scene", "empty", "--loud", "--out", "x.mp4")]
    [InlineData("given twice", "--seed", "1", "--seed", "2", "--scene", "empty", "--out", "x.mp4")]
    [InlineData("needs a value", "--scene", "empty", "--out")]
    [InlineData("only with --scene", "--out", "x", "--seed", "1")]
    [InlineData("whole number", "--scene", "empty", "--out", "x.mp4", "--seed", "-1")]
    [InlineData("WIDTHxHEIGHT", "--scene", "empty", "--out", "x.mp4", "--size", "big")]
    public void Wrong_use_is_told_with_exit_2_and_makes_no_file(string because, params string[] arguments)
    {
        (int exit, _, string errors) = Workbench.Run(Program, [.. arguments.Select(a => a.StartsWith('x') ? _bench.At(a) : a)]);
        Assert.Equal(2, exit);
        Assert.Contains(because == "--scene is not known" ? "There is no scene called 'mars'" : because, errors);
        Assert.Contains("--help", errors);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_bench.Folder));
    }

    [Fact]
    public void Without_ffmpeg_it_says_how_to_get_it_with_exit_3()
    {
        (int exit, _, string errors) = Workbench.Run(Program, ["--scene", "empty", "--out", _bench.At("a.mp4")], path: _bench.Folder);
        Assert.Equal(3, exit);
        Assert.Contains("apt-get install ffmpeg", errors);
    }

    [Fact]
    public void Help_names_every_scene_and_shows_examples()
    {
        (int exit, string output, _) = Workbench.Run(Program, ["--help"]);
        Assert.Equal(0, exit);
        Assert.All(Scene.Names.Keys, name => Assert.Contains(name, output));
        Assert.Contains("Examples:", output);
    }
}
