using System.Security.Cryptography;
using System.Text.Json;
using EvidenceVault.Samples.Making;

namespace EvidenceVault.Samples;

/// <summary>
/// The two sample drops. A drop is rendered in a hidden folder beside its own name and renamed when it is whole, truth first:
/// a kill leaves a hidden folder, which the next run sweeps once its process is gone, and never half a drop.
/// </summary>
public static class Drops
{
    private const string Case = "OP-HERON";

    private sealed record Shot(string File, Codec Codec, Scene Scene, bool Wind = false);

    private sealed record Drop(string Camera, string Name, IReadOnlyList<Shot> Shots, Scene? Stills, bool Manifest);

    // One seed is one place: a camera's shots share theirs, so that day, dusk and night show the same ground.
    private static readonly Drop[] All =
    [
        new("CAM-1", "2026-03-14-dusk",
        [
            new("CAM1_0001.MP4", Codec.H264, Take("cloud", 12, 24, 640, 360, 25, "CAM-1", 15, 48)),
            new("CAM1_0002.MP4", Codec.H264, Take("dusk-field", 12, 34, 1280, 720, 12.5, "CAM-1", 18, 5), Wind: true),
            new("CAM1_0003.MP4", Codec.H265, Take("ir-switch", 12, 30, 640, 360, 25, "CAM-1", 18, 31)),
            new("CAM1_0004.AVI", Codec.Mjpeg, Take("ir-lane", 4, 28, 640, 360, 12.5, "CAM-1", 19, 12)),
        ],
        Take("time-lapse", 12, 3600, 1280, 720, 1 / 300.0, "CAM-1", 17, 30), Manifest: false),
        new("CAM-2", "2026-03-15-quay",
        [
            new("CAM2_0001.MP4", Codec.H264, Take("dusk-quay", 12, 36, 1280, 720, 12.5, "CAM-2", 18, 22, 15)),
            new("CAM2_0002.MKV", Codec.H265, Take("ir-quay", 12, 36, 640, 360, 25, "CAM-2", 21, 40, 15)),
        ],
        null, Manifest: true),
    ];

    /// <summary>Makes what is not there yet below <paramref name="folder"/>: <c>OP-HERON/CAM-1/2026-03-14-dusk</c> and
    /// <c>OP-HERON/CAM-2/2026-03-15-quay</c>, with the truth in <c>../truth/&lt;drop&gt;/&lt;file&gt;.json</c>.</summary>
    /// <param name="folder">The drop source; made if it is not there.</param>
    /// <param name="tell">Is told of each step, a line each.</param>
    /// <returns>How many drops were made; 0 when all were there.</returns>
    /// <exception cref="FfmpegException">ffmpeg is missing or failed.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static int Make(string folder, Action<string> tell) => Make(folder, tell, scene => scene);

    /// <summary>As above; the tests make every scene small by <paramref name="adjust"/>.</summary>
    internal static int Make(string folder, Action<string> tell, Func<Scene, Scene> adjust)
    {
        folder = Path.GetFullPath(folder);
        string truths = Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder))
            ?? throw new IOException("The root of the file system cannot hold the drops: their truth goes beside the folder. Choose another folder."), "truth");
        int made = 0;
        foreach (Drop drop in All)
        {
            string camera = Directory.CreateDirectory(Path.Combine(folder, Case, drop.Camera)).FullName;
            Sweep(camera, drop.Name);
            string target = Path.Combine(camera, drop.Name);
            if (Directory.Exists(target))
            {
                tell($"{Case}/{drop.Camera}/{drop.Name}: is there already, left as it is");
                continue;
            }
            string making = Directory.CreateDirectory(Path.Combine(camera, $".{drop.Name}.making-{Environment.ProcessId}")).FullName;
            Fill(drop, making, Directory.CreateDirectory(Path.Combine(truths, drop.Name)).FullName, tell, adjust);
            try
            {
                Directory.Move(making, target);
                made++;
            }
            catch (IOException) when (Directory.Exists(target))
            {
                // Another run was first; both rendered the same bytes, so ours may go.
                Directory.Delete(making, recursive: true);
                tell($"{Case}/{drop.Camera}/{drop.Name}: another run made it meanwhile");
            }
        }
        return made;
    }

    private static Scene Take(string name, ulong seed, double seconds, int width, int height, double fps, string camera, int hour, int minute, int day = 14) => new()
    {
        Name = name,
        Seed = seed,
        Seconds = seconds,
        Width = width,
        Height = height,
        Fps = fps,
        Caption = camera,
        Clock = new DateTime(2026, 3, day, hour, minute, 0, DateTimeKind.Unspecified),
    };

    private static void Fill(Drop drop, string making, string truths, Action<string> tell, Func<Scene, Scene> adjust)
    {
        foreach (Shot shot in drop.Shots)
        {
            string path = Path.Combine(making, shot.File);
            Truth truth = SceneRenderer.Render(adjust(shot.Scene), shot.Codec, path, wind: shot.Wind);
            Durable.Write(Path.Combine(truths, shot.File + ".json"), System.Text.Encoding.UTF8.GetBytes(truth.ToJson()));
            tell($"{Case}/{drop.Camera}/{drop.Name}/{shot.File}: {shot.Scene.Name}, {truth.Frames} frames, {truth.Segments.Count} segments, {new FileInfo(path).Length / 1e6:0.0} MB");
        }
        if (drop.Stills is { } stills)
        {
            string folder = Directory.CreateDirectory(Path.Combine(making, "timelapse")).FullName;
            Truth truth = TrailStills.Render(adjust(stills), folder);
            Durable.Write(Path.Combine(truths, "timelapse.json"), System.Text.Encoding.UTF8.GetBytes(truth.ToJson()));
            tell($"{Case}/{drop.Camera}/{drop.Name}/timelapse: {truth.Frames} stills, {Directory.EnumerateFiles(folder).Sum(f => new FileInfo(f).Length) / 1e6:0.0} MB");
        }
        if (drop.Manifest) Durable.Write(Path.Combine(making, "drop.json"), Manifest(drop, making));
        else Durable.Write(Path.Combine(making, ".done"), []);
    }

    private static byte[] Manifest(Drop drop, string folder) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        version = "evidencevault/drop/1",
        @case = Case,
        camera = drop.Camera,
        exhibitPrefix = "QY",
        authorityUrn = "HERON/DS/2026/014",
        technician = "technician-2",
        retrievedAt = "2026-03-16T08:40:00+00:00",
        clock = new { cameraTime = "2026-03-16T08:31:07+00:00", referenceTime = "2026-03-16T08:30:25+00:00", uncertaintySeconds = 1.0, reference = "speaking clock" },
        files = Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(path => new
        {
            name = Path.GetFileName(path),
            bytes = new FileInfo(path).Length,
            sha256 = Hash(path),
        }),
    }, Truth.Format);

    private static string Hash(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Removes hidden folders of this drop whose process is gone.</summary>
    private static void Sweep(string camera, string drop)
    {
        foreach (string left in Directory.EnumerateDirectories(camera, $".{drop}.making-*"))
        {
            string owner = left[(left.LastIndexOf('-') + 1)..];
            if (!Directory.Exists($"/proc/{owner}") || owner == Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture))
                Directory.Delete(left, recursive: true);
        }
    }
}
