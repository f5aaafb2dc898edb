using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli;

/// <summary>Arguments and options that several commands take, and how their texts are read.</summary>
internal static class Arguments
{
    public static Argument<ExhibitReference> Exhibit() => new("EXHIBIT") { Description = "The exhibit's reference, such as AB/1 or AB/1/2.", CustomParser = ReadExhibit };

    public static Argument<string> Video() => new("VIDEO") { Description = "A video file, or a folder of stills." };

    public static ExhibitReference ReadExhibit(ArgumentResult result) => Read(result, ExhibitReference.Parse);

    public static ExhibitReference[]? ReadExhibits(ArgumentResult result)
    {
        var read = new List<ExhibitReference>();
        foreach (Token token in result.Tokens)
        {
            if (ExhibitReference.TryParse(token.Value, out ExhibitReference reference)) read.Add(reference);
            else result.AddError($"'{Names.Printable(token.Value)}' is not an exhibit reference: give initials, a stroke and a number, such as AB/1 or AB/1/2.");
        }
        return [.. read];
    }

    /// <summary>Seconds of PTS: 12.5, or m:ss, or h:mm:ss.</summary>
    public static double ReadSeconds(ArgumentResult result) => Read(result, text =>
    {
        string[] parts = text.Split(':');
        double seconds = 0;
        foreach ((int place, string part) in parts.Index())
        {
            bool last = place == parts.Length - 1;
            if (parts.Length > 3 || !double.TryParse(part, last ? NumberStyles.AllowDecimalPoint | (parts.Length == 1 ? NumberStyles.AllowLeadingSign : 0) : NumberStyles.None, CultureInfo.InvariantCulture, out double value) || (place > 0 && value >= 60))
                throw new FormatException($"'{Names.Printable(text)}' is not a time: give seconds such as 12.5, or 1:02.5, or 0:01:02.5.");
            seconds = (seconds * 60) + value;
        }
        return seconds;
    });

    /// <summary>A rectangle: x,y,width,height in whole pixels.</summary>
    public static IReadOnlyList<int>? ReadRegion(ArgumentResult result) => Read<IReadOnlyList<int>?>(result, text => Box(text, "a region"));

    /// <summary>Rectangles, one to each time that the option is given.</summary>
    public static IReadOnlyList<int>[]? ReadBoxes(ArgumentResult result)
    {
        var read = new List<IReadOnlyList<int>>();
        foreach (Token token in result.Tokens)
        {
            try { read.Add(Box(token.Value, "a box to ignore")); }
            catch (FormatException e) { result.AddError(e.Message); }
        }
        return [.. read];
    }

    /// <summary>Seconds that something lasts: a number from 0 up.</summary>
    public static double ReadLength(ArgumentResult result) => Read(result, text =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && double.IsFinite(seconds) ? seconds // "NaN" is read whatever the style
            : throw new FormatException($"'{Names.Printable(text)}' is not a number of seconds, such as 1.5."));

    /// <summary>Whole pixels.</summary>
    public static int ReadPixels(ArgumentResult result) => Read(result, text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int pixels) ? pixels
            : throw new FormatException($"'{Names.Printable(text)}' is not a number of pixels, such as 24."));

    private static List<int> Box(string text, string what)
    {
        var numbers = text.Split(',').Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1).ToList();
        return numbers is [>= 0, >= 0, > 0, > 0]
            ? numbers
            : throw new FormatException($"'{Names.Printable(text)}' is not {what}: give x,y,width,height in pixels, such as 100,50,640,360.");
    }

    /// <summary>A folder that results may go to: not there yet, or empty.</summary>
    /// <exception cref="RefusedException">Something is in it.</exception>
    public static string NewFolder(string path)
    {
        string full = Path.GetFullPath(path);
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
            throw new RefusedException($"'{Names.Printable(path)}' is there already and is not an empty folder.", "Nothing was written.", "Name a new folder.");
        Directory.CreateDirectory(full);
        return full;
    }

    /// <summary>A video that is there.</summary>
    /// <exception cref="RefusedException">It is not.</exception>
    public static string ExistingVideo(string path) => Path.Exists(path)
        ? Path.GetFullPath(path)
        : throw new RefusedException($"There is no '{Names.Printable(path)}'.", "Nothing was looked at.", "Check the path.");

    private static T Read<T>(ArgumentResult result, Func<string, T> read)
    {
        try
        {
            return read(result.Tokens[0].Value);
        }
        catch (FormatException e)
        {
            result.AddError(e.Message);
            return default!;
        }
    }
}
