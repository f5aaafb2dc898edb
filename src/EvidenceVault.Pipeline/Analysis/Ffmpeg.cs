using System.Globalization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>How ffmpeg and ffprobe are called on hostile files: local files only, decoders bounded, names taken literally.</summary>
internal static class Ffmpeg
{
    /// <summary>Largest frame decoded, pixels (8192 by 8192): a header that claims more is told, not tried.</summary>
    public const long MaxPixels = 8192L * 8192;

    /// <summary>Threads of decoders; 0 leaves it to ffmpeg. Set once by the analysis program, which looks at one file in its life. Where a file is
    /// broken, what decoders make of it depends on their number of threads, so such a file is looked at with one (VideoAnalysis).</summary>
    public static int DecoderThreads { get; set; }

    /// <summary>A file as an input argument. The <c>file:</c> prefix keeps a name with a colon from being read as a protocol
    /// and one that begins with a hyphen from being read as an option; ffmpeg takes the rest literally.</summary>
    public static string Name(string path) => "file:" + Path.GetFullPath(path);

    /// <summary>Options before an input: no network, no playlists that open other files.</summary>
    /// <param name="path">The file.</param>
    /// <param name="threads">Threads of its decoder; 0 for <see cref="DecoderThreads"/>.</param>
    public static IEnumerable<string> Input(string path, int threads = 0)
    {
        if (threads == 0) threads = DecoderThreads;
        return ["-protocol_whitelist", "file,pipe", "-max_pixels", Number(MaxPixels), .. threads > 0 ? ["-threads", Number(threads)] : Array.Empty<string>(), "-i", Name(path)];
    }

    public static ProgramCall Call(TimeSpan time, params IEnumerable<string> arguments) =>
        new("ffmpeg", ["-hide_banner", "-nostdin", "-nostats", "-v", "error", .. arguments], time);

    public static ProgramCall Probe(TimeSpan time, string path, params IEnumerable<string> arguments) =>
        new("ffprobe", ["-hide_banner", "-v", "error", "-protocol_whitelist", "file,pipe", "-max_pixels", Number(MaxPixels), .. arguments, "-i", Name(path)], time);

    public static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The installed version, as ffmpeg states it.</summary>
    public static async Task<string> VersionAsync(CancellationToken cancel)
    {
        string? first = null;
        await ChildProgram.LinesAsync(new("ffmpeg", ["-hide_banner", "-version"], TimeSpan.FromSeconds(30)), line => first ??= line, cancel);
        string[] words = (first ?? "").Split(' ');
        return words.Length > 2 ? words[2] : "unknown";
    }
}
