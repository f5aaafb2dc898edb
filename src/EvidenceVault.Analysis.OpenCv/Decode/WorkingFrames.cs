using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Decode;

/// <summary>A decoded frame, grey, upright, square pixels, at working size.</summary>
internal sealed record WorkingFrame(double? Pts, byte[] Grey);

/// <summary>Sizes of a video as it is looked at: upright and with square pixels.</summary>
internal sealed record FrameSize(int FullWidth, int FullHeight, int Width, int Height)
{
    private const int WorkingSide = 384;

    /// <summary>The sizes for what the probe says.</summary>
    public static FrameSize Of(ProbeReport probe)
    {
        double width = probe.Width, height = probe.Height;
        string[] aspect = (probe.PixelAspect ?? "1:1").Split(':');
        if (aspect.Length == 2 && int.TryParse(aspect[0], out int num) && int.TryParse(aspect[1], out int den) && num > 0 && den > 0
            && num <= 16L * den && den <= 16L * num)
            width = width * num / den;
        if (probe.Rotation is 90 or 270) (width, height) = (height, width);
        double shrink = Math.Min(1, WorkingSide / Math.Max(width, height));
        return new(Side(width), Side(height), Side(width * shrink), Side(height * shrink));
    }

    private static int Side(double length) => Math.Max(16, (int)Math.Round(length));
}

/// <summary>Decodes every frame through an ffmpeg pipe, each with its own PTS: nothing is dropped or repeated to fit a rate.</summary>
internal static partial class WorkingFrames
{
    /// <summary>Hands each frame to <paramref name="take"/> in presentation order; false from it ends the decoder.</summary>
    public static async Task<ProgramResult> ReadAsync(string video, int stream, int width, int height, string pixels, int bytesPerPixel,
        IReadOnlyList<string> seek, string filter, Func<WorkingFrame, bool> take, TimeSpan time, CancellationToken cancel)
    {
        var times = Channel.CreateUnbounded<double?>(new() { SingleReader = true, SingleWriter = true });
        double unit = 0;
        string[] arguments =
        [
            "-hide_banner", "-nostdin", "-nostats", "-v", "level+info", .. seek, "-copyts", .. Ffmpeg.Input(video), "-map", $"0:{stream}",
            // showinfo prints each frame's PTS in whole units of the time base: exact at any length, where seconds are rounded.
            "-vf", $"{filter}showinfo=checksum=0,scale={width}:{height}:flags=area+accurate_rnd+bitexact,setsar=1,format={pixels}",
            "-fps_mode", "passthrough", "-an", "-sn", "-dn", "-f", "rawvideo", "pipe:1",
        ];
        var call = new ProgramCall("ffmpeg", arguments, time);
        try
        {
            return await ChildProgram.RunAsync(call, async (output, token) =>
            {
                int length = width * height * bytesPerPixel;
                while (true)
                {
                    byte[] frame = new byte[length];
                    int got = await output.ReadAtLeastAsync(frame, length, throwOnEndOfStream: false, token);
                    if (got < length) return true;
                    if (!take(new(await times.Reader.ReadAsync(token), frame))) return false;
                }
            }, Hear, cancel);
        }
        finally { times.Writer.TryComplete(); }

        void Hear(string line)
        {
            if (TimeBase().Match(line) is { Success: true } config)
                unit = double.Parse(config.Groups[1].Value, CultureInfo.InvariantCulture) / double.Parse(config.Groups[2].Value, CultureInfo.InvariantCulture);
            else if (Shown().Match(line) is { Success: true } shown)
                times.Writer.TryWrite(long.TryParse(shown.Groups[1].Value, CultureInfo.InvariantCulture, out long pts) ? pts * unit : null);
        }
    }

    [GeneratedRegex(@"config in time_base: (\d+)/(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex TimeBase();

    [GeneratedRegex(@"showinfo.* n: *\d+ pts: *(\S+) pts_time:", RegexOptions.CultureInvariant)]
    private static partial Regex Shown();
}
