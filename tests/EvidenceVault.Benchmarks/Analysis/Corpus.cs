using EvidenceVault.Samples;

namespace EvidenceVault.Benchmarks.Analysis;

/// <summary>A scene of the corpus.</summary>
/// <param name="Condition">What it is there to show, in a few words.</param>
/// <param name="Scene">How it is rendered.</param>
/// <param name="Codec">How it is encoded.</param>
/// <param name="IsBeyond">True where who comes is smaller than what the analysis is made to find (16 pixels wide on 1080 lines): told by itself, and not counted.</param>
internal sealed record CorpusScene(string Condition, Scene Scene, Codec Codec = Codec.H264, bool IsBeyond = false)
{
    public string File => $"{Condition.Replace(' ', '-').Replace(",", "", StringComparison.Ordinal)}-{Scene.Seed}{(Codec == Codec.Mjpeg ? ".avi" : ".mp4")}";
}

/// <summary>Rendered scenes over the conditions that covert cameras meet. The seeds decide everything; those that the analysis is tuned
/// on are never those that it is judged by.</summary>
internal static class Corpus
{
    private const ulong HeldOut = 9500, ForTuning = 100;

    /// <summary>The scenes that judge.</summary>
    public static IReadOnlyList<CorpusScene> Judging() => Of(HeldOut);

    /// <summary>The same conditions with other seeds, to tune on.</summary>
    public static IReadOnlyList<CorpusScene> Tuning() => Of(ForTuning);

    private static List<CorpusScene> Of(ulong first)
    {
        var scenes = new List<CorpusScene>();
        ulong seed = first;
        void Add(string condition, int count, Scene scene, Codec codec = Codec.H264, bool beyond = false)
        {
            for (int i = 0; i < count; i++) scenes.Add(new(condition, scene with { Seed = seed++ }, codec, beyond));
        }
        Scene usual = new() { Name = "", Seconds = 75 };
        Scene full = usual with { Width = 1920, Height = 1080, Seconds = 64 };
        Add("people at dusk", 3, usual with { Name = "dusk-field" });
        Add("people in infra-red", 3, usual with { Name = "ir-field" });
        Add("lorry at dusk", 2, usual with { Name = "dusk-lane" });
        Add("lorry in infra-red", 2, usual with { Name = "ir-lane" });
        Add("quay at dusk", 2, usual with { Name = "dusk-quay" });
        Add("quay in infra-red", 2, usual with { Name = "ir-quay" });
        Add("clouds", 3, usual with { Name = "cloud" });
        Add("infra-red switch", 3, usual with { Name = "ir-switch" });
        Add("wind, nobody", 2, usual with { Name = "empty", Wind = 2 });
        Add("wind in infra-red, nobody", 2, usual with { Name = "ir-empty", Wind = 2 });
        Add("people in wind", 2, usual with { Name = "dusk-field", Wind = 2 });
        Add("rain", 2, usual with { Name = "ir-field", Disturbed = Disturbance.Rain });
        Add("rain, nobody", 1, usual with { Name = "ir-empty", Disturbed = Disturbance.Rain });
        Add("insects, nobody", 2, usual with { Name = "ir-empty", Disturbed = Disturbance.Insects });
        Add("insects", 2, usual with { Name = "ir-field", Disturbed = Disturbance.Insects });
        Add("knocked camera, nobody", 2, usual with { Name = "empty", Disturbed = Disturbance.Shake });
        Add("knocked camera", 2, usual with { Name = "dusk-field", Disturbed = Disturbance.Shake });
        Add("gain in steps", 2, usual with { Name = "dusk-field", Disturbed = Disturbance.GainSteps });
        Add("few bits", 2, usual with { Name = "dusk-field", Kbps = 150 });
        Add("few bits, nobody", 1, usual with { Name = "empty", Kbps = 150 });
        Add("much noise", 2, usual with { Name = "dusk-field", Noise = 11 });
        Add("far, 32 px", 2, full with { Name = "small-32", Wind = 0.3 });
        Add("far, 16 px", 2, full with { Name = "small-16", Wind = 0.3 }, beyond: true);
        Add("standing for minutes", 2, usual with { Name = "long-stand", Seconds = 240 });
        Add("H.265", 1, usual with { Name = "dusk-field" }, Codec.H265);
        Add("Motion JPEG", 1, usual with { Name = "dusk-field" }, Codec.Mjpeg);
        // What covert footage mostly is: long, and nobody comes. False alarms an hour are told by these.
        Scene watch = usual with { Seconds = 600 };
        Add("long watch, dusk", 2, watch with { Name = "empty", Wind = 0.5 });
        Add("long watch, infra-red", 2, watch with { Name = "ir-empty", Wind = 0.5 });
        Add("long watch, clouds", 2, watch with { Name = "cloud" });
        Add("long watch, wind", 2, watch with { Name = "empty", Wind = 1.2 });
        Add("long watch, wind in infra-red", 2, watch with { Name = "ir-empty", Wind = 1.2 });
        Add("long watch, water", 2, watch with { Name = "empty-quay" });
        Add("long watch, water in infra-red", 1, watch with { Name = "ir-empty-quay" });
        Add("long watch, rain", 1, watch with { Name = "empty", Disturbed = Disturbance.Rain });
        Add("long watch, rain in infra-red", 1, watch with { Name = "ir-empty", Disturbed = Disturbance.Rain });
        Add("long watch, insects", 1, watch with { Name = "ir-empty", Disturbed = Disturbance.Insects });
        Add("long watch, gain in steps", 2, watch with { Name = "empty", Disturbed = Disturbance.GainSteps });
        Add("long watch, few bits", 1, watch with { Name = "empty", Kbps = 150 });
        Add("long watch, few bits in infra-red", 1, watch with { Name = "ir-empty", Kbps = 150 });
        Add("long watch, much noise", 2, watch with { Name = "ir-empty", Noise = 11 });
        // On 720 lines, where a few pixels may be somebody far off, so may specks.
        Scene fine = watch with { Width = 1280, Height = 720 };
        Add("long watch, dusk on 720 lines", 1, fine with { Name = "empty", Wind = 0.5 });
        Add("long watch, infra-red on 720 lines", 1, fine with { Name = "ir-empty", Wind = 0.5 });
        Add("long watch, wind on 720 lines", 1, fine with { Name = "empty", Wind = 1.2 });
        Add("far, 16 px wide", 3, full with { Name = "small-26", Wind = 0.3 });
        return scenes;
    }
}
