using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Decode;

/// <summary>A decoded frame, grey, upright, square pixels, at working size.</summary>
internal sealed record WorkingFrame(double? Pts, bool Key, byte[] Grey);

/// <summary>How much of a video is decoded, and how exactly.</summary>
/// <param name="KeysOnly">Key frames alone: the packets between them are not even handed to the decoder.</param>
/// <param name="NoLoopFilter">Without smoothing the edges of blocks: safe where the frame is made much smaller anyway.</param>
/// <param name="From">PTS seconds of the key frame to begin at, or null for the beginning.</param>
internal sealed record DecodeCall(bool KeysOnly = false, bool NoLoopFilter = false, double? From = null)
{
    // More than these gain little on the sizes that cameras send and cost memory, a frame each.
    private static readonly int Threads = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Where a video is at least this many times as wide as the working frame, the loop filter makes no difference to it.</summary>
    public const int ShrinkThatHidesBlocks = 3;

    public IEnumerable<string> Arguments() =>
    [
        .. Ffmpeg.DecoderThreads > 0 ? Array.Empty<string>() : ["-threads", Ffmpeg.Number(Threads)], // said with the input where it is fixed
        .. KeysOnly ? new[] { "-discard", "nokey", "-skip_frame", "nokey" } : [],
        .. NoLoopFilter ? new[] { "-skip_loop_filter", "all" } : [],
        .. From is { } from ? new[] { "-seek_timestamp", "1", "-ss", Ffmpeg.Number(from) } : [],
    ];
}

/// <summary>Sizes of a video as it is looked at: upright and with square pixels.</summary>
internal sealed record FrameSize(int FullWidth, int FullHeight, int Width, int Height)
{
    // Somebody far off, 16 pixels tall on a 1080-line picture, must not shrink to nothing; smaller pictures have no such detail to keep.
    private const int WorkingSide = 384, WorkingSideOfLarge = 640, Large = 1280;

    /// <summary>The sizes for what the probe says.</summary>
    public static FrameSize Of(ProbeReport probe)
    {
        double width = probe.Width, height = probe.Height;
        string[] aspect = (probe.PixelAspect ?? "1:1").Split(':');
        if (aspect.Length == 2 && int.TryParse(aspect[0], out int num) && int.TryParse(aspect[1], out int den) && num > 0 && den > 0
            && num <= 16L * den && den <= 16L * num)
            width = width * num / den;
        if (probe.Rotation is 90 or 270) (width, height) = (height, width);
        double side = Math.Max(width, height), shrink = Math.Min(1, (side >= Large ? WorkingSideOfLarge : WorkingSide) / side);
        return new(Side(width), Side(height), Side(width * shrink), Side(height * shrink));
    }

    private static int Side(double length) => Math.Max(16, (int)Math.Round(length));
}

/// <summary>Decodes every frame through an ffmpeg pipe, each with its own PTS: nothing is dropped or repeated to fit a rate.</summary>
internal static partial class WorkingFrames
{
    private const int FramesAhead = 16, BytesAhead = 8 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    /// <summary>Hands each frame, grey and at working size, to <paramref name="take"/> in presentation order; false from it ends the decoder.</summary>
    public static Task<ProgramResult> ReadAsync(Footage footage, DecodeCall how, Func<WorkingFrame, bool> take, CancellationToken cancel) =>
        ReadAsync(footage.Video, footage.Stream, footage.Size.Width, footage.Size.Height, "gray", 1, [.. how.Arguments()], "", take, Patience, cancel);

    /// <summary>Hands each frame to <paramref name="take"/> in presentation order; false from it ends the decoder.</summary>
    public static async Task<ProgramResult> ReadAsync(string video, int stream, int width, int height, string pixels, int bytesPerPixel,
        IReadOnlyList<string> seek, string filter, Func<WorkingFrame, bool> take, TimeSpan time, CancellationToken cancel)
    {
        var times = Channel.CreateUnbounded<(double? Pts, bool Key)>(new() { SingleReader = true, SingleWriter = true });
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
                // Frames are taken beside the reading, so that the decoder does not stand still while one is scored.
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(token);
                var queue = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(Math.Clamp(BytesAhead / (width * height * bytesPerPixel), 1, FramesAhead)) { SingleReader = true, SingleWriter = true });
                Task<bool> taking = Task.Run(() => TakeAsync(queue.Reader, enough, token), CancellationToken.None);
                int length = width * height * bytesPerPixel;
                try
                {
                    while (true)
                    {
                        byte[] frame = new byte[length];
                        if (await output.ReadAtLeastAsync(frame, length, throwOnEndOfStream: false, enough.Token) < length) break;
                        await queue.Writer.WriteAsync(frame, enough.Token);
                    }
                }
                catch (OperationCanceledException) when (!token.IsCancellationRequested)
                {
                    // The taker has enough, or has failed: it says so below.
                }
                finally
                {
                    queue.Writer.TryComplete();
                }
                return await taking;
            }, Hear, cancel);
        }
        finally { times.Writer.TryComplete(); }

        async Task<bool> TakeAsync(ChannelReader<byte[]> frames, CancellationTokenSource enough, CancellationToken token)
        {
            bool more = false;
            try
            {
                await foreach (byte[] frame in frames.ReadAllAsync(token))
                {
                    var (pts, key) = await times.Reader.ReadAsync(token);
                    if (!take(new(pts, key, frame))) return false;
                }
                return more = true;
            }
            finally
            {
                if (!more) await enough.CancelAsync();
            }
        }

        void Hear(string line)
        {
            if (TimeBase().Match(line) is { Success: true } config)
                unit = double.Parse(config.Groups[1].Value, CultureInfo.InvariantCulture) / double.Parse(config.Groups[2].Value, CultureInfo.InvariantCulture);
            else if (Shown().Match(line) is { Success: true } shown)
                times.Writer.TryWrite((long.TryParse(shown.Groups[1].Value, CultureInfo.InvariantCulture, out long pts) ? pts * unit : null, line.Contains(" iskey:1 ", StringComparison.Ordinal)));
        }
    }

    [GeneratedRegex(@"config in time_base: (\d+)/(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex TimeBase();

    [GeneratedRegex(@"showinfo.* n: *\d+ pts: *(\S+) pts_time:", RegexOptions.CultureInvariant)]
    private static partial Regex Shown();
}
