using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EvidenceVault.Samples;

/// <summary>What really happens in a rendered scene, told by the painting itself: a mover is there in exactly those frames in
/// which it altered pixels. All times are PTS seconds; a segment ends where its last frame ends.</summary>
public sealed record Truth
{
    /// <summary>The scene's name.</summary>
    public required string Scene { get; init; }

    /// <summary>The seed it was rendered from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Width in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>How many frames were written.</summary>
    public required long Frames { get; init; }

    /// <summary>Frames a second; frame i has the PTS i / fps.</summary>
    public required double Fps { get; init; }

    /// <summary>Standard deviation of the sensor's noise at mid grey, grey levels of 0 to 255.</summary>
    public required double Noise { get; init; }

    /// <summary>When at least one mover is in the picture, standing or moving; joined where movers overlap.</summary>
    public required IReadOnlyList<TruthSpan> Segments { get; init; }

    /// <summary>Everything else: only noise, grass, water, the clock and the light change here.</summary>
    public required IReadOnlyList<TruthSpan> Quiet { get; init; }

    /// <summary>When the light changes: nothing moves because of it, and nothing should be reported for it alone.</summary>
    public required IReadOnlyList<TruthSpan> Lighting { get; init; }

    /// <summary>The burned-in clock's box x, y, width, height; null when there is none.</summary>
    public required IReadOnlyList<int>? ClockBox { get; init; }

    /// <summary>Each mover with where it is, once a second.</summary>
    public required IReadOnlyList<TruthMover> Movers { get; init; }

    /// <summary>For a folder of stills: their names in order; still i has the time i / fps.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>As stored: camelCase JSON, indented, ending with a line feed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format) + "\n";

    /// <summary>Reads what <see cref="ToJson"/> wrote. Throws <see cref="JsonException"/> when it is something else.</summary>
    public static Truth FromJson(string json) => JsonSerializer.Deserialize<Truth>(json, Format) ?? throw new JsonException("null is no truth");

    internal static JsonSerializerOptions Format { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

/// <summary>An interval and what is in it.</summary>
/// <param name="Start">PTS seconds of its first frame.</param>
/// <param name="End">PTS seconds at which its last frame ends.</param>
/// <param name="What">For a segment the movers, for the light what it does, for a quiet stretch "quiet".</param>
public sealed record TruthSpan(double Start, double End, string What);

/// <summary>One mover.</summary>
/// <param name="What">person, lorry or boat.</param>
/// <param name="Start">PTS seconds of the first frame it altered.</param>
/// <param name="End">PTS seconds at which the last such frame ends.</param>
/// <param name="Still">When it stands: it is there, but hardly moves.</param>
/// <param name="Boxes">Where it is at the first frame, each full second, and the last frame.</param>
public sealed record TruthMover(string What, double Start, double End, IReadOnlyList<TruthSpan> Still, IReadOnlyList<TruthBox> Boxes);

/// <summary>The smallest upright box that holds all pixels of a mover which differ from what it hides.</summary>
/// <param name="Time">PTS seconds of the frame.</param>
/// <param name="Box">x, y, width, height in pixels.</param>
public sealed record TruthBox(double Time, IReadOnlyList<int> Box);
