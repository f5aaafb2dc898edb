using System.Text.Json.Serialization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>How readily something that moves counts. Its name in JSON and on the command line is the word in lower case.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Sensitivity>))]
public enum Sensitivity
{
    /// <summary>People, vehicles and boats count; leaves, rain and water do not.</summary>
    [JsonStringEnumMemberName("normal")]
    Normal,

    /// <summary>For windy and wet places: things must go farther and straighter, and stand out more from what stirs there, so that fewer false events are opened and somebody far off may be missed.</summary>
    [JsonStringEnumMemberName("low")]
    Low,

    /// <summary>For quiet places where nothing must be missed: things count after a shorter way and time, so that more false events are opened.</summary>
    [JsonStringEnumMemberName("high")]
    High,
}

/// <summary>How settings become the rule by which events are decided. Pure.</summary>
internal static class AskedRule
{
    /// <summary>The rule for a video.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="working">Width and height at which frames are looked at.</param>
    /// <param name="full">Width and height of the upright frame.</param>
    public static MotionRule Of(AnalysisSettings settings, (int Width, int Height) working, (int Width, int Height) full)
    {
        double across = (double)full.Width / working.Width, down = (double)full.Height / working.Height;
        return With(new MotionRule(working.Width, working.Height), settings.Sensitivity) with
        {
            MergeGap = settings.MergeGap,
            MinimumSize = settings.MinimumSize,
            FullAcross = across,
            FullDown = down,
        };
    }

    /// <summary>The share of a picture that a change in a still must have, by the sensitivity, as a multiple of the usual one.</summary>
    public static double OfStills(Sensitivity sensitivity) => sensitivity switch { Sensitivity.Low => 2, Sensitivity.High => 0.5, _ => 1 };

    /// <summary>The usual rule, made stricter or less strict in all that a thing must do to count.</summary>
    internal static MotionRule With(MotionRule usual, Sensitivity sensitivity) => sensitivity switch
    {
        Sensitivity.Low => usual with
        {
            Convince = 2 * usual.Convince,
            ConvinceSmall = 2 * usual.ConvinceSmall,
            Travel = 1.5 * usual.Travel,
            Farther = 1.6 * usual.Farther,
            Straightness = Math.Min(0.9, 1.4 * usual.Straightness),
            OutOfClutter = 1.6 * usual.OutOfClutter,
        },
        Sensitivity.High => usual with
        {
            Convince = 0.6 * usual.Convince,
            ConvinceSmall = 0.5 * usual.ConvinceSmall,
            Travel = 0.6 * usual.Travel,
            Farther = 0.6 * usual.Farther,
            Straightness = 0.6 * usual.Straightness,
            MovingShare = 0.6 * usual.MovingShare,
            OutOfClutter = 0.64 * usual.OutOfClutter,
            SwaysFor = 2 * usual.SwaysFor,
        },
        _ => usual,
    };
}
