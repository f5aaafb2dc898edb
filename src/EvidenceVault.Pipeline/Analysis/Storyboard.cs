using System.Globalization;
using System.Text;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A thumbnail of a storyboard: the key frame it shows, and where in which sheet it lies.</summary>
/// <param name="Pts">The key frame's PTS, seconds.</param>
/// <param name="Sheet">The sheet's file name.</param>
/// <param name="X">Left in the sheet, pixels.</param>
/// <param name="Y">Top.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
internal sealed record StoryboardCue(double Pts, string Sheet, int X, int Y, int Width, int Height);

/// <summary>Thumbnails for scrubbing, as players take them: a WebVTT file (W3C) whose cues name a place in a sheet of pictures by a media
/// fragment (W3C Media Fragments URI 1.0, section 4.2.2). Pure.</summary>
internal static class Storyboard
{
    /// <summary>A sheet has ten rows of ten thumbnails, each 160 pixels wide.</summary>
    public const int Columns = 10, Rows = 10, ThumbnailWidth = 160;

    public const string TextFile = "storyboard.vtt", Kind = "storyboard", SheetKind = "storyboard-sheet";

    private const double Wanted = 400, Shortest = 1, Longest = 30;

    /// <summary>Seconds that thumbnails are apart at least: some 400 of a long recording, one a second at most of a short one.</summary>
    public static double Every(double span) => Math.Clamp(span / Wanted, Shortest, Longest);

    public static string SheetFile(int number) => string.Create(CultureInfo.InvariantCulture, $"storyboard-{number:000}.jpg");

    /// <summary>The WebVTT file. Its times count from the footage's first PTS, as a player's do.</summary>
    /// <param name="cues">In order of PTS.</param>
    /// <param name="first">The footage's first PTS, seconds.</param>
    /// <param name="end">Its end.</param>
    public static string Text(IReadOnlyList<StoryboardCue> cues, double first, double end)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"WEBVTT\n\nNOTE DERIVATIVE, not the evidence: thumbnails of key frames, for scrubbing. 0 s here is PTS {first:0.######} s of the Master.\n");
        for (int i = 0; i < cues.Count; i++)
        {
            var cue = cues[i];
            // The first thumbnail stands for what comes before it too.
            double from = i == 0 ? 0 : cue.Pts - first, to = (i + 1 < cues.Count ? cues[i + 1].Pts : end) - first;
            if (Milliseconds(to) <= Milliseconds(from)) to = from + 0.001; // WebVTT 1.0 section 4.1: a cue ends after it starts
            text.Append(CultureInfo.InvariantCulture, $"\n{Stamp(from)} --> {Stamp(to)}\n{cue.Sheet}#xywh={cue.X},{cue.Y},{cue.Width},{cue.Height}\n");
        }
        return text.ToString();
    }

    private static long Milliseconds(double seconds) => (long)Math.Round(Math.Max(0, seconds) * 1000);

    private static string Stamp(double seconds)
    {
        long ms = Milliseconds(seconds);
        return string.Create(CultureInfo.InvariantCulture, $"{ms / 3_600_000:00}:{ms / 60_000 % 60:00}:{ms / 1000 % 60:00}.{ms % 1000:000}");
    }
}
