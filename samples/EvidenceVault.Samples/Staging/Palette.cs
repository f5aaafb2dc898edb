using EvidenceVault.Samples.Drawing;

namespace EvidenceVault.Samples.Staging;

/// <summary>How a camera sees one kind of light.</summary>
internal sealed record Palette
{
    public required Tint SkyTop { get; init; }
    public required Tint SkyLow { get; init; }
    public required Tint Hill { get; init; }
    public required Tint Tree { get; init; }
    public required Tint GroundFar { get; init; }
    public required Tint GroundNear { get; init; }
    public required Tint Path { get; init; }
    public required Tint Road { get; init; }
    public required Tint Wood { get; init; }
    public required Tint Stone { get; init; }
    public required Tint WaterFar { get; init; }
    public required Tint WaterNear { get; init; }
    public required Tint Glint { get; init; }
    public required Tint Blade { get; init; }
    public required Tint Skin { get; init; }
    public required IReadOnlyList<Tint> Tops { get; init; }
    public required IReadOnlyList<Tint> Legs { get; init; }
    public required Tint LorryBody { get; init; }
    public required Tint LorryCab { get; init; }
    public required Tint Glass { get; init; }
    public required Tint Rubber { get; init; }
    public required Tint Hull { get; init; }
    public required Tint Cabin { get; init; }

    /// <summary>Standard deviation of the sensor's noise at mid grey, grey levels.</summary>
    public required double Noise { get; init; }

    /// <summary>Share of light lost in the corners.</summary>
    public double Vignette { get; init; }

    /// <summary>True where the camera's own lamp lights the scene: what is far is dark, and no colour is seen.</summary>
    public bool OwnLamp { get; init; }

    /// <summary>True where a driver needs headlamps.</summary>
    public bool Lamps { get; init; }

    /// <summary>Light that reaches the ground at height v of the picture, horizon at <paramref name="horizon"/>.</summary>
    public double LightAt(double v, double horizon)
    {
        if (!OwnLamp) return 1;
        double near = Math.Clamp((v - horizon) / (0.8 - horizon), 0, 1);
        return 0.30 + (0.70 * near * (2 - near));
    }

    public static Palette Dusk { get; } = new()
    {
        SkyTop = Tint.Rgb(62, 76, 104),
        SkyLow = Tint.Rgb(176, 150, 134),
        Hill = Tint.Rgb(70, 74, 88),
        Tree = Tint.Rgb(30, 36, 36),
        GroundFar = Tint.Rgb(72, 80, 68),
        GroundNear = Tint.Rgb(88, 94, 66),
        Path = Tint.Rgb(122, 112, 94),
        Road = Tint.Rgb(92, 92, 94),
        Wood = Tint.Rgb(54, 48, 44),
        Stone = Tint.Rgb(102, 100, 96),
        WaterFar = Tint.Rgb(120, 116, 118),
        WaterNear = Tint.Rgb(58, 68, 80),
        Glint = Tint.Rgb(176, 158, 148),
        Blade = Tint.Rgb(96, 104, 62),
        Skin = Tint.Rgb(150, 116, 98),
        Tops = [Tint.Rgb(26, 30, 44), Tint.Rgb(38, 30, 30), Tint.Rgb(24, 34, 30), Tint.Rgb(150, 142, 128), Tint.Rgb(34, 36, 40)],
        Legs = [Tint.Rgb(26, 28, 36), Tint.Rgb(34, 32, 30), Tint.Rgb(22, 24, 28)],
        LorryBody = Tint.Rgb(168, 166, 160),
        LorryCab = Tint.Rgb(84, 52, 48),
        Glass = Tint.Rgb(30, 36, 44),
        Rubber = Tint.Rgb(22, 22, 24),
        Hull = Tint.Rgb(36, 42, 54),
        Cabin = Tint.Rgb(176, 172, 166),
        Noise = 4,
        Vignette = 0.18,
        Lamps = true,
    };

    public static Palette Day { get; } = Dusk with
    {
        SkyTop = Tint.Rgb(150, 170, 196),
        SkyLow = Tint.Rgb(208, 212, 214),
        Hill = Tint.Rgb(126, 140, 150),
        Tree = Tint.Rgb(58, 72, 50),
        GroundFar = Tint.Rgb(128, 140, 96),
        GroundNear = Tint.Rgb(134, 146, 88),
        Path = Tint.Rgb(176, 162, 134),
        Road = Tint.Rgb(134, 134, 134),
        Wood = Tint.Rgb(90, 80, 70),
        Blade = Tint.Rgb(150, 158, 88),
        Tops = [Tint.Rgb(40, 46, 66), Tint.Rgb(66, 38, 36), Tint.Rgb(34, 40, 38)],
        Legs = [Tint.Rgb(40, 44, 56), Tint.Rgb(52, 48, 42)],
        Noise = 2,
        Vignette = 0.1,
        Lamps = false,
    };

    /// <summary>Near infra-red: plants and most cloth shine, sky and water are black.</summary>
    public static Palette InfraRed { get; } = new()
    {
        SkyTop = Tint.Grey(16),
        SkyLow = Tint.Grey(26),
        Hill = Tint.Grey(22),
        Tree = Tint.Grey(44),
        GroundFar = Tint.Grey(76),
        GroundNear = Tint.Grey(96),
        Path = Tint.Grey(72),
        Road = Tint.Grey(58),
        Wood = Tint.Grey(92),
        Stone = Tint.Grey(104),
        WaterFar = Tint.Grey(22),
        WaterNear = Tint.Grey(34),
        Glint = Tint.Grey(74),
        Blade = Tint.Grey(128),
        Skin = Tint.Grey(190),
        Tops = [Tint.Grey(186), Tint.Grey(160), Tint.Grey(42), Tint.Grey(205)],
        Legs = [Tint.Grey(150), Tint.Grey(170), Tint.Grey(36)],
        LorryBody = Tint.Grey(176),
        LorryCab = Tint.Grey(120),
        Glass = Tint.Grey(26),
        Rubber = Tint.Grey(24),
        Hull = Tint.Grey(128),
        Cabin = Tint.Grey(192),
        Noise = 6,
        Vignette = 0.5,
        OwnLamp = true,
        Lamps = true,
    };
}
