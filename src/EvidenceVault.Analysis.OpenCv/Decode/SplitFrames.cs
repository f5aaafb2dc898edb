using System.Threading.Channels;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Decode;

/// <summary>
/// Decodes a long video in parts that begin at key frames, several at a time with one thread each, and hands the frames on in order. A decoder of one thread never waits for another, and its
/// frames are the same as those of a decoder that goes over the whole file, so what is found does not depend on the parts.
/// </summary>
internal sealed class SplitFrames(Footage footage, DecodeCall how, FramesAside aside, int decoders)
{
    // Long enough that starting a decoder costs little of what it does; at least so many that a part which waits to be looked at is a small share of the footage.
    private const double PartMost = 60, PartLeast = 10;
    private const int PartsLeast = 4;

    private sealed record Part(double? From, double? Until)
    {
        public Channel<(DecodedFrame Decoded, long? Aside)> Frames { get; } = Channel.CreateUnbounded<(DecodedFrame, long?)>(new() { SingleReader = true, SingleWriter = true });
        public bool HasBegun { get; set; } = From is null;
        public DecoderEnd? End { get; set; }
    }

    private readonly IReadOnlyList<Part> _parts = [.. PartsOf(footage.Keys, footage.Last, decoders).Select(p => new Part(p.From, p.Until))];
    private readonly int _most = WorkingFrames.Ahead(footage.Size.Width * footage.Size.Height);
    private int _held; // frames that wait in memory

    /// <summary>Where the parts begin and end: PTS seconds of key frames; null for the beginning and the end of the footage. One part where it is short. Pure.</summary>
    public static IReadOnlyList<(double? From, double? Until)> PartsOf(IReadOnlyList<double> keys, double last, int decoders)
    {
        double span = last - keys[0];
        int parts = Math.Max((int)Math.Ceiling(span / PartMost), Math.Min(PartsLeast, (int)(span / PartLeast)));
        parts = (parts + decoders - 1) / decoders * decoders; // or decoders would stand idle at the end
        var begins = new List<double>();
        for (int part = 1; part < parts; part++)
        {
            double aim = keys[0] + (part * span / parts);
            double begin = keys.MinBy(key => Math.Abs(key - aim));
            if (begin > (begins.Count > 0 ? begins[^1] : keys[0])) begins.Add(begin);
        }
        return [.. begins.Prepend(double.NaN).Zip(begins.Append(double.NaN), (from, until) => (double.IsNaN(from) ? (double?)null : from, double.IsNaN(until) ? (double?)null : until))];
    }

    /// <summary>Hands frames to <paramref name="take"/> in presentation order, and the times of those that are thinned out to <paramref name="passed"/>.</summary>
    public async Task<ProgramResult> ReadAsync(Action<WorkingFrame> take, Action<double?> passed, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var ahead = new SemaphoreSlim(2 * decoders); // parts begun and not yet taken
        Task decoding = DecodeAllAsync(ahead, stop.Token);
        // On a thread of its own, as it works all the time.
        Task taking = Task.Factory.StartNew(Take, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try { await taking; }
        catch
        {
            await stop.CancelAsync();
            // It ends because it was told to; what is told is why.
            await decoding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        await decoding;
        return Together();

        void Take()
        {
            foreach (Part part in _parts)
            {
                foreach (var (decoded, place) in part.Frames.Reader.ReadAllAsync(stop.Token).ToBlockingEnumerable(stop.Token))
                {
                    foreach (double? time in decoded.Passed) passed(time);
                    take(place is { } at ? decoded.Frame with { Grey = Back(at) } : decoded.Frame);
                    if (place is null && decoded.Frame.Grey is not null) Interlocked.Decrement(ref _held);
                }
                foreach (double? time in part.End!.Rest) passed(time);
                ahead.Release();
            }
        }
    }

    private async Task DecodeAllAsync(SemaphoreSlim ahead, CancellationToken cancel)
    {
        using var free = new SemaphoreSlim(decoders);
        var running = new List<Task>();
        try
        {
            foreach (Part part in _parts)
            {
                await ahead.WaitAsync(cancel);
                await free.WaitAsync(cancel);
                running.Add(DecodeAsync(part, free, cancel));
            }
        }
        finally
        {
            // Whatever ended the loop, no decoder outlives it.
            await Task.WhenAll(running);
        }
    }

    private async Task DecodeAsync(Part part, SemaphoreSlim free, CancellationToken cancel)
    {
        try
        {
            part.End = await WorkingFrames.DecodeAsync(footage, how with { From = part.From, Until = part.Until, Threads = 1 }, (frame, _) => ValueTask.FromResult(Keep(part, frame)), cancel);
            part.Frames.Writer.TryComplete();
        }
        catch (Exception cause)
        {
            part.Frames.Writer.TryComplete(cause);
            throw;
        }
        finally { free.Release(); }
    }

    // False where the decoder did not begin where it was told to, and the frames before are nobody's.
    private bool Keep(Part part, DecodedFrame decoded)
    {
        if (!part.HasBegun)
        {
            if (decoded.Frame.Pts is not { } pts || pts < part.From - Footage.SameTime) return true;
            if (pts > part.From + Footage.SameTime) return false;
            part.HasBegun = true;
            decoded = decoded with { Passed = [] };
        }
        long? place = null;
        if (decoded.Frame.Grey is { } grey && Interlocked.Increment(ref _held) > _most && (place = aside.Put(grey)) is not null)
        {
            Interlocked.Decrement(ref _held);
            footage.Buffers.GiveBack(grey);
            decoded = decoded with { Frame = decoded.Frame with { Grey = null } };
        }
        return part.Frames.Writer.TryWrite((decoded, place));
    }

    private byte[] Back(long place)
    {
        byte[] grey = footage.Buffers.Take();
        aside.Take(place, grey);
        return grey;
    }

    // The first failure is told, and every complaint counts.
    private ProgramResult Together() =>
        _parts.Select(p => p.HasBegun ? p.End!.Result : p.End!.Result with { ExitCode = 1, Errors = $"the decoder did not begin at the key frame at {Ffmpeg.Number(p.From!.Value)} s" })
            .Aggregate((one, other) => (one.Good ? other : one) with { Complaints = one.Complaints + other.Complaints });
}
