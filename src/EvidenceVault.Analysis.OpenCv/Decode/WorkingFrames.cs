using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Decode;

/// <summary>A decoded frame, grey, upright, square pixels, at working size.</summary>
/// <param name="Pts">PTS seconds, or null where the file gives none.</param>
/// <param name="Key">True for a key frame.</param>
/// <param name="Grey">Its pixels, or null where it looks as the last frame that has them (<see cref="DecodeCall.Looks"/>).</param>
internal sealed record WorkingFrame(double? Pts, bool Key, byte[]? Grey);

/// <summary>How much of a video is decoded, and how exactly.</summary>
/// <param name="KeysOnly">Key frames alone: the packets between them are not even handed to the decoder.</param>
/// <param name="NoLoopFilter">Without smoothing the edges of blocks: safe where the frame is made much smaller anyway.</param>
/// <param name="From">PTS seconds of the key frame to begin at, or null for the beginning.</param>
/// <param name="Until">PTS seconds of the key frame before which to end, or null for the end of the footage.</param>
/// <param name="Ahead">False where the decoder will be told to stop any moment: what it has decoded beyond that is wasted.</param>
/// <param name="Every">Seconds: of what is decoded, key frames are handed on and frames at least so long after the last one that was; 0 for all.</param>
/// <param name="Looks">True where a frame that looks as the one before it is handed on without its pixels; a key frame always has them.</param>
internal sealed record DecodeCall(bool KeysOnly = false, bool NoLoopFilter = false, double? From = null, double? Until = null, bool Ahead = true, double Every = 0, bool Looks = false)
{
    /// <summary>Threads for decoding: as many as are asked for, or one for each processor. More than four gain little on the sizes that cameras send and cost memory, a frame each.</summary>
    public static int AllThreads => Ffmpeg.DecoderThreads > 0 ? Ffmpeg.DecoderThreads : Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Threads of this decoder.</summary>
    public int Threads { get; init; } = AllThreads;

    /// <summary>Where a video is at least this many times as wide as the working frame, the loop filter makes no difference to it.</summary>
    public const int ShrinkThatHidesBlocks = 3;

    public IEnumerable<string> Arguments() =>
    [
        .. KeysOnly ? new[] { "-discard", "nokey", "-skip_frame", "nokey" } : [],
        .. NoLoopFilter ? new[] { "-skip_loop_filter", "all" } : [],
        // A little later, as a time that was rounded down would lead to the key frame before; and with all frames from there on, as the key frame itself is before that.
        .. From is { } from ? new[] { "-noaccurate_seek", "-seek_timestamp", "1", "-ss", Ffmpeg.Number(from + (2 * Footage.SameTime)) } : [],
    ];

    /// <summary>The filters that thin frames out, before any work is spent on them. Where a time is missing or goes backwards, the frame is handed on. As key
    /// frames always are, what is handed on behind one does not depend on where decoding began.</summary>
    public string Filter() => (Until is { } until ? $"trim=end={Ffmpeg.Number(until - (2 * Footage.SameTime))}," : "") + (Every <= 0 ? "" :
        $"{ShownTimes.All},select='isnan(t)+isnan(prev_selected_t)+key+lt(t,prev_selected_t)+gte(t-prev_selected_t,{Ffmpeg.Number(Every)})',");
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

/// <summary>A frame as it comes out of a decoder.</summary>
/// <param name="Frame">The frame.</param>
/// <param name="Passed">Times of the frames decoded and not handed on since the one before.</param>
internal sealed record DecodedFrame(WorkingFrame Frame, IReadOnlyList<double?> Passed);

/// <summary>How a decoder ended.</summary>
/// <param name="Result">As a program.</param>
/// <param name="Rest">Times of frames decoded and not handed on after the last one that was.</param>
internal sealed record DecoderEnd(ProgramResult Result, IReadOnlyList<double?> Rest);

/// <summary>Decodes through an ffmpeg pipe, each frame with its own PTS: nothing is dropped or repeated to fit a rate.</summary>
internal static class WorkingFrames
{
    private const int FramesAhead = 16, FramesAheadAtLeast = 2, BytesAhead = 8 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    /// <summary>Hands frames, grey and at working size, to <paramref name="take"/> in presentation order; false from it ends the decoder.</summary>
    /// <param name="footage">What is decoded.</param>
    /// <param name="how">How much of it, and how exactly.</param>
    /// <param name="take">Takes a frame.</param>
    /// <param name="passed">Told the time of each frame that is decoded and not handed on (<see cref="DecodeCall.Every"/>), in its place between the others.</param>
    /// <param name="cancel">Ends the decoder.</param>
    public static Task<ProgramResult> ReadAsync(Footage footage, DecodeCall how, Func<WorkingFrame, bool> take, Action<double?> passed, CancellationToken cancel) =>
        BesideAsync(offer => DecodeAsync(footage, how, offer, cancel), take, passed, Ahead(footage.Size.Width * footage.Size.Height, how.Ahead ? FramesAhead : FramesAheadAtLeast));

    /// <summary>Hands each frame, with its PTS, to <paramref name="take"/> in presentation order; false from it ends the decoder.</summary>
    public static Task<ProgramResult> ReadAsync(string video, int stream, int width, int height, string pixels, int bytesPerPixel,
        IReadOnlyList<string> seek, string filter, Func<double?, byte[], bool> take, TimeSpan time, CancellationToken cancel) =>
        BesideAsync(
            offer => DecodeAsync(video, stream, width, height, pixels, bytesPerPixel, seek, threads: 0, filter, null, wide: false, new FrameBuffers(width * height * bytesPerPixel), offer, time, cancel),
            frame => take(frame.Pts, frame.Grey!), _ => { /* nothing is thinned out */ }, Ahead(width * height * bytesPerPixel, FramesAhead));

    /// <summary>Offers frames as they are decoded to <paramref name="offer"/>, in presentation order, and waits for it; false from it ends the decoder.</summary>
    public static Task<DecoderEnd> DecodeAsync(Footage footage, DecodeCall how, Func<DecodedFrame, CancellationToken, ValueTask<bool>> offer, CancellationToken cancel) =>
        DecodeAsync(footage.Video, footage.Stream, footage.Size.Width, footage.Size.Height, "gray", 1, [.. how.Arguments()], how.Threads, how.Filter(),
            how.Looks ? new SameLook(footage.Size.Width, footage.Size.Height) : null, how.Ahead, footage.Buffers, offer, Patience, cancel);

    /// <summary>Frames of so many bytes that wait in memory.</summary>
    public static int Ahead(int bytes, int most = FramesAhead) => Math.Clamp(BytesAhead / bytes, 1, most);

    // Frames are taken beside the reading, so that the decoder does not stand still while one is scored.
    private static async Task<ProgramResult> BesideAsync(
        Func<Func<DecodedFrame, CancellationToken, ValueTask<bool>>, Task<DecoderEnd>> decode, Func<WorkingFrame, bool> take, Action<double?> passed, int ahead)
    {
        var queue = Channel.CreateBounded<DecodedFrame>(new BoundedChannelOptions(ahead) { SingleReader = true, SingleWriter = true });
        Task taking = Task.Factory.StartNew(Take, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        DecoderEnd end;
        try { end = await decode(OfferAsync); }
        finally
        {
            queue.Writer.TryComplete();
            // What it threw is thrown below, unless the decoder threw before.
            await taking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await taking;
        foreach (double? time in end.Rest) passed(time);
        return end.Result;

        async ValueTask<bool> OfferAsync(DecodedFrame frame, CancellationToken cancel)
        {
            try { await queue.Writer.WriteAsync(frame, cancel); }
            catch (ChannelClosedException) { return false; /* the taker has enough, or has failed */ }
            return true;
        }

        void Take()
        {
            Kernel.StepBack();
            try
            {
                foreach (DecodedFrame frame in queue.Reader.ReadAllAsync(CancellationToken.None).ToBlockingEnumerable())
                {
                    foreach (double? time in frame.Passed) passed(time);
                    if (!take(frame.Frame)) return;
                }
            }
            finally { queue.Writer.TryComplete(); }
        }
    }

    // Waits for each frame to be taken before it reads the next; false from what it is offered to ends the decoder.
    private static async Task<DecoderEnd> DecodeAsync(string video, int stream, int width, int height, string pixels, int bytesPerPixel, IReadOnlyList<string> seek, int threads, string filter,
        SameLook? look, bool wide, FrameBuffers buffers, Func<DecodedFrame, CancellationToken, ValueTask<bool>> offer, TimeSpan time, CancellationToken cancel)
    {
        var times = new ShownTimes();
        int length = width * height * bytesPerPixel;
        string[] arguments =
        [
            "-hide_banner", "-nostdin", "-nostats", "-v", "level+info", .. seek, "-copyts", .. Ffmpeg.Input(video, threads), "-map", $"0:{stream}",
            "-vf", $"{filter}{ShownTimes.Taken},scale={width}:{height}:flags=area+accurate_rnd+bitexact,setsar=1,format={pixels}",
            "-fps_mode", "passthrough", "-an", "-sn", "-dn", "-f", "rawvideo", "pipe:1",
        ];
        ProgramResult result = await ChildProgram.RunAsync(new("ffmpeg", arguments, time),
            (output, token) => Task.Factory.StartNew(() => Read(output, token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default), times.Hear, cancel, times.End);
        return new(result, result.SaidTooMuch ? [] : [.. times.Rest()]);

        // On a thread of its own: when the decoder is ended, so is its output.
        bool Read(Stream output, CancellationToken token)
        {
            if (wide) Kernel.Widen(output);
            byte[]? spare = null;
            while (true)
            {
                byte[] frame = spare ?? buffers.Take();
                spare = null;
                if (output.ReadAtLeast(frame, length, throwOnEndOfStream: false) < length) return true;
                List<double?> passed = [];
                ShownTime shown = times.Next(token);
                for (; !shown.IsTaken; shown = times.Next(token)) passed.Add(shown.Pts);
                if (look is not null && look.IsSame(frame, shown.Key)) spare = frame;
                ValueTask<bool> taken = offer(new(new(shown.Pts, shown.Key, spare is null ? frame : null), passed), token);
                if (!(taken.IsCompleted ? taken.Result : taken.AsTask().GetAwaiter().GetResult())) return false;
            }
        }
    }
}

/// <summary>What ffmpeg's <c>showinfo</c> told of a frame.</summary>
/// <param name="Pts">PTS seconds, or null where the frame has none.</param>
/// <param name="Key">True for a key frame.</param>
/// <param name="IsTaken">True where the frame comes out of the decoder's end.</param>
internal readonly record struct ShownTime(double? Pts, bool Key, bool IsTaken);

/// <summary>Reads the times of frames from what ffmpeg's filter <c>showinfo</c> prints: PTS in whole units of the time base, exact at any length, where
/// seconds are rounded. It stands once before what thins the frames out, if anything does, and once behind it.</summary>
internal sealed partial class ShownTimes
{
    /// <summary>The filters: before and after the thinning.</summary>
    public const string All = "showinfo@all=checksum=0", Taken = "showinfo@taken=checksum=0";

    private readonly Channel<ShownTime> _times = Channel.CreateUnbounded<ShownTime>(new() { SingleReader = true, SingleWriter = true });
    private double _unit;
    private ShownTime? _waiting; // told before the thinning; the next line says whether it passed

    /// <summary>Takes a line of ffmpeg's standard error.</summary>
    public void Hear(string line)
    {
        if (!line.StartsWith("[showinfo@", StringComparison.Ordinal)) return;
        if (TimeBase().Match(line) is { Success: true } config)
            _unit = double.Parse(config.Groups[1].Value, CultureInfo.InvariantCulture) / double.Parse(config.Groups[2].Value, CultureInfo.InvariantCulture);
        else if (Shown().Match(line) is { Success: true } shown)
        {
            bool taken = line.StartsWith("[showinfo@taken", StringComparison.Ordinal);
            if (!taken && _waiting is { } left) _times.Writer.TryWrite(left);
            ShownTime told = new(long.TryParse(shown.Groups[1].Value, CultureInfo.InvariantCulture, out long pts) ? pts * _unit : null, line.Contains(" iskey:1 ", StringComparison.Ordinal), taken);
            _waiting = taken ? null : told;
            if (taken) _times.Writer.TryWrite(told);
        }
    }

    /// <summary>Says that no line comes any more.</summary>
    public void End()
    {
        if (_waiting is { } left) _times.Writer.TryWrite(left);
        _times.Writer.TryComplete();
    }

    /// <summary>The next time, as soon as it is told. A frame of which ffmpeg told nothing has none.</summary>
    public ShownTime Next(CancellationToken cancel)
    {
        ShownTime next;
        while (!_times.Reader.TryRead(out next))
            if (!_times.Reader.WaitToReadAsync(cancel).AsTask().GetAwaiter().GetResult()) return new(null, Key: false, IsTaken: true);
        return next;
    }

    /// <summary>What was told and not asked for.</summary>
    public IEnumerable<double?> Rest()
    {
        while (_times.Reader.TryRead(out ShownTime left)) yield return left.Pts;
    }

    [GeneratedRegex(@"config in time_base: (\d+)/(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex TimeBase();

    [GeneratedRegex(@"n: *\d+ pts: *(\S+) pts_time:", RegexOptions.CultureInvariant)]
    private static partial Regex Shown();
}
