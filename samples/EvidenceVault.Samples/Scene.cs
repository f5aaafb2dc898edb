using EvidenceVault.Samples.Staging;

namespace EvidenceVault.Samples;

/// <summary>One shot to render: everything that decides its pixels.</summary>
public sealed record Scene
{
    /// <summary>One of <see cref="Names"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Decides place, people, times, noise. The same seed gives the same pixels.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Length in seconds.</summary>
    public double Seconds { get; init; } = 20;

    /// <summary>Width in pixels, even.</summary>
    public int Width { get; init; } = 640;

    /// <summary>Height in pixels, even.</summary>
    public int Height { get; init; } = 360;

    /// <summary>Frames a second.</summary>
    public double Fps { get; init; } = 12.5;

    /// <summary>Standard deviation of sensor noise at mid grey, grey levels; null for what the scene's light brings, 0 for none.</summary>
    public double? Noise { get; init; }

    /// <summary>0 is still air and flat water, 1 a fresh breeze, 2 a gale.</summary>
    public double Wind { get; init; } = 1;

    /// <summary>What comes between the scene and the sensor.</summary>
    public Disturbance Disturbed { get; init; }

    /// <summary>Kilobits a second to encode at, as a camera with little room does; null for a fixed quality.</summary>
    public int? Kbps { get; init; }

    /// <summary>What the burned-in clock shows at PTS 0; null for no clock.</summary>
    public DateTime? Clock { get; init; } = new DateTime(2026, 3, 14, 18, 5, 0, DateTimeKind.Unspecified);

    /// <summary>The camera's name before the clock. Letters of CAM-n only: the camera's letter set is small.</summary>
    public string Caption { get; init; } = "CAM-1";

    /// <summary>Frames in the shot.</summary>
    public long FrameCount => (long)Math.Round(Seconds * Fps);

    /// <summary>Every scene's name, with what it shows.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } =
        Script.All.ToDictionary(s => s.Name, s => s.Shows, StringComparer.Ordinal);
}

/// <summary>What comes between the scene and the sensor: none of it is motion that counts.</summary>
[Flags]
public enum Disturbance
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Streaks of rain, other ones in each frame.</summary>
    Rain = 1,

    /// <summary>Insects near the lens.</summary>
    Insects = 2,

    /// <summary>The camera is knocked now and then.</summary>
    Shake = 4,

    /// <summary>Auto-gain in steps.</summary>
    GainSteps = 8,
}
