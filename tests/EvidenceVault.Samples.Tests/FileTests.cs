using System.Globalization;
using EvidenceVault.Samples.Making;
using MetadataExtractor;
using MetadataExtractor.Formats.Exif;

namespace EvidenceVault.Samples.Tests;

public sealed class FileTests : IDisposable
{
    private readonly Workbench _bench = new();

    private static Scene Short => new() { Name = "dusk-lane", Seed = 4, Seconds = 6, Width = 160, Height = 90, Fps = 12.5 };

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(Codec.H264, "a.mp4")]
    [InlineData(Codec.H265, "a.mp4")]
    [InlineData(Codec.H265, "a.mkv")]
    [InlineData(Codec.Mjpeg, "a.avi")]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_does_not(Codec codec, string name)
    {
        string first = _bench.At(name), second = _bench.At("b" + name), other = _bench.At("c" + name);
        Truth one = SceneRenderer.Render(Short, codec, first, wind: codec == Codec.H264);
        Truth two = SceneRenderer.Render(Short, codec, second, wind: codec == Codec.H264);
        SceneRenderer.Render(Short with { Seed = 5 }, codec, other, wind: codec == Codec.H264);
        Assert.Equal(Workbench.Sha256(first), Workbench.Sha256(second));
        Assert.NotEqual(Workbench.Sha256(first), Workbench.Sha256(other));
        Assert.Equal(one.ToJson(), two.ToJson());
        Assert.Equal(3, System.IO.Directory.EnumerateFileSystemEntries(_bench.Folder).Count());
    }

    [Theory]
    [InlineData(Codec.H264, "a.mp4", "h264")]
    [InlineData(Codec.H265, "a.mp4", "hevc")]
    [InlineData(Codec.H265, "a.mkv", "hevc")]
    [InlineData(Codec.Mjpeg, "a.avi", "mjpeg")]
    public void The_frames_of_the_truth_are_the_frames_that_decode_at_the_times_it_says(Codec codec, string name, string probed)
    {
        string file = _bench.At(name);
        Truth truth = SceneRenderer.Render(Short, codec, file);
        Assert.Equal($"{probed},{truth.Frames}", Workbench.Probe(file, "-count_frames", "-select_streams", "v", "-show_entries", "stream=codec_name,nb_read_frames").Single());
        string[] packets = Workbench.Probe(file, "-select_streams", "v", "-show_entries", "packet=pts_time,flags");
        Assert.Equal(truth.Frames, packets.Length);
        double lastKey = 0;
        for (int i = 0; i < packets.Length; i++)
        {
            string[] parts = packets[i].Split(',');
            double pts = double.Parse(parts[0], CultureInfo.InvariantCulture);
            Assert.Equal(i / truth.Fps, pts, 0.0011); // Matroska counts milliseconds
            if (parts[1].StartsWith('K')) lastKey = pts;
            Assert.True(pts - lastKey <= 2.0011);
        }
    }

    [Fact]
    public void Containers_carry_the_fixed_time_the_make_and_the_wind()
    {
        string mp4 = _bench.At("a.mp4"), mkv = _bench.At("a.mkv");
        SceneRenderer.Render(Short, Codec.H264, mp4, wind: true);
        SceneRenderer.Render(Short, Codec.H265, mkv);
        string tags = string.Join('\n', Workbench.Probe(mp4, "-show_entries", "format_tags=creation_time,make,model"));
        Assert.Contains("2026-03-14T18:05:00", tags);
        Assert.Contains(Maker.Name, tags);
        Assert.Contains(Maker.Model, tags);
        Assert.Equal(["h264", "aac"], Workbench.Probe(mp4, "-show_entries", "stream=codec_name"));
        Assert.StartsWith("2026-03-14T18:05:00", Workbench.Probe(mkv, "-show_entries", "format_tags=creation_time").Single());
    }

    [Fact]
    public void Stills_tell_a_stranger_when_and_by_what_they_were_taken()
    {
        Scene scene = Short with { Name = "time-lapse", Seconds = 1200, Fps = 1 / 300.0 };
        Truth truth = TrailStills.Render(scene, _bench.Folder);
        Assert.Equal(4, truth.Frames);
        Assert.Equal(["IMG_0001.JPG", "IMG_0002.JPG", "IMG_0003.JPG", "IMG_0004.JPG"], truth.Files!);
        for (int i = 0; i < 4; i++)
        {
            string still = _bench.At(truth.Files![i]);
            IReadOnlyList<MetadataExtractor.Directory> read = ImageMetadataReader.ReadMetadata(still);
            ExifIfd0Directory main = read.OfType<ExifIfd0Directory>().Single();
            ExifSubIfdDirectory exif = read.OfType<ExifSubIfdDirectory>().Single();
            Assert.Equal(Maker.Name, main.GetString(ExifDirectoryBase.TagMake));
            Assert.Equal(Maker.Model, main.GetString(ExifDirectoryBase.TagModel));
            Assert.Equal($"2026:03:14 18:{5 + (5 * i):00}:00", exif.GetString(ExifDirectoryBase.TagDateTimeOriginal));
            Assert.All(read, d => Assert.Empty(d.Errors));
            Assert.Equal("mjpeg,160,90", Workbench.Probe(still, "-show_entries", "stream=codec_name,width,height").Single());
        }
    }

    [Fact]
    public void A_file_that_ffmpeg_cannot_write_is_an_error_with_its_reason_and_leaves_nothing()
    {
        string nowhere = _bench.At("missing", "a.mp4");
        FfmpegException failed = Assert.Throws<FfmpegException>(() => SceneRenderer.Render(Short, Codec.H264, nowhere));
        Assert.Contains("No such file", failed.Message);
        Assert.Empty(System.IO.Directory.EnumerateFileSystemEntries(_bench.Folder));
    }
}
