using System.Text.Json;

namespace EvidenceVault.Samples.Tests;

/// <summary>One making of both drops, looked at by several tests and altered by none.</summary>
public sealed class MadeDrops : IDisposable
{
    internal Workbench Bench { get; } = new();

    internal int Made { get; }

    public MadeDrops() => Made = Drops.Make(Bench.At("drops"), _ => { }, Small);

    internal static Scene Small(Scene scene) => scene with { Width = 96, Height = 64, Seconds = scene.Fps < 1 ? scene.Seconds : 2 };

    public void Dispose() => Bench.Dispose();
}

public sealed class DropTests(MadeDrops made) : IClassFixture<MadeDrops>
{
    private readonly Workbench _bench = made.Bench;

    [Fact]
    public void The_manifest_accounts_for_every_file_with_its_true_size_and_hash()
    {
        string quay = _bench.At("drops", "OP-HERON", "CAM-2", "2026-03-15-quay");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(quay, "drop.json")));
        JsonElement root = manifest.RootElement;
        Assert.Equal("evidencevault/drop/1", root.GetProperty("version").GetString());
        Assert.Equal("OP-HERON", root.GetProperty("case").GetString());
        Assert.Equal("CAM-2", root.GetProperty("camera").GetString());
        JsonElement clock = root.GetProperty("clock");
        Assert.True(clock.GetProperty("cameraTime").GetDateTimeOffset() > clock.GetProperty("referenceTime").GetDateTimeOffset());
        Dictionary<string, JsonElement> files = root.GetProperty("files").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!);
        Assert.Equal(Directory.EnumerateFiles(quay).Select(f => Path.GetFileName(f)!).Where(f => f != "drop.json").Order(), files.Keys.Order());
        foreach ((string name, JsonElement file) in files)
        {
            Assert.Equal(new FileInfo(Path.Combine(quay, name)).Length, file.GetProperty("bytes").GetInt64());
            Assert.Equal(Workbench.Sha256(Path.Combine(quay, name)), file.GetProperty("sha256").GetString());
        }
    }

    [Fact]
    public void The_drop_by_layout_ends_with_its_done_marker_and_every_file_has_its_truth_outside_the_drops()
    {
        string dusk = _bench.At("drops", "OP-HERON", "CAM-1", "2026-03-14-dusk");
        Assert.True(File.Exists(Path.Combine(dusk, ".done")));
        Assert.False(File.Exists(Path.Combine(dusk, "drop.json")));
        Assert.Equal(12, Directory.EnumerateFiles(Path.Combine(dusk, "timelapse"), "IMG_*.JPG").Count());
        foreach (string drop in (string[])[dusk, _bench.At("drops", "OP-HERON", "CAM-2", "2026-03-15-quay")])
        {
            foreach (string file in Directory.EnumerateFiles(drop, "CAM*"))
            {
                Truth truth = Truth.FromJson(File.ReadAllText(_bench.At("truth", Path.GetFileName(drop), Path.GetFileName(file) + ".json")));
                Assert.Equal(truth.Frames.ToString(), Workbench.Probe(file, "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames").Single());
            }
        }
        Assert.True(File.Exists(_bench.At("truth", "2026-03-14-dusk", "timelapse.json")));
    }

    [Fact]
    public void The_second_run_changes_nothing()
    {
        Assert.Equal(2, made.Made);
        Dictionary<string, (DateTime, string)> before = Look(_bench);
        Assert.Equal(0, Drops.Make(_bench.At("drops"), _ => { }, MadeDrops.Small));
        Assert.Equal(before, Look(_bench));
    }

    [Fact]
    public void Another_clean_run_makes_the_same_bytes_sweeps_what_a_killed_run_left_and_not_what_a_living_run_holds()
    {
        using Workbench other = new();
        string camera = Directory.CreateDirectory(other.At("drops", "OP-HERON", "CAM-2")).FullName;
        string left = Directory.CreateDirectory(Path.Combine(camera, ".2026-03-15-quay.making-2147483646")).FullName;
        File.WriteAllText(Path.Combine(left, "CAM2_0001.MP4"), "half");
        string held = Directory.CreateDirectory(Path.Combine(camera, ".2026-03-15-quay.making-1")).FullName;
        Drops.Make(other.At("drops"), _ => { }, MadeDrops.Small);
        Assert.False(Directory.Exists(left));
        Assert.True(Directory.Exists(held));
        Assert.Equal([".2026-03-15-quay.making-1", "2026-03-15-quay"], Directory.EnumerateFileSystemEntries(camera).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.Equal(Look(_bench).Select(f => (f.Key, f.Value.Hash)).Order(), Look(other).Select(f => (f.Key, f.Value.Hash)).Order());
    }

    private static Dictionary<string, (DateTime Written, string Hash)> Look(Workbench bench) =>
        Directory.EnumerateFiles(bench.Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .ToDictionary(f => Path.GetRelativePath(bench.Folder, f), f => (File.GetLastWriteTimeUtc(f), Workbench.Sha256(f)));
}
