using System.Threading.Channels;
using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Score;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>
/// Decodes key frames, and in full only the stretches between them that could hold the beginning or the end of something: a decoder of
/// key frames runs two minutes ahead, and another one is started wherever the gate says so. Every frame that it does look at gets the score
/// that an exhaustive run gives it, as both know the scene by the same key frames.
/// </summary>
internal sealed class GatedRun(Footage footage, SceneScorer scorer, MotionEvents events, MotionRule rule, Action<double> progress)
{
    private const int KeysAhead = 32;

    /// <summary>A key frame that is a sample of the scene, as the gate sees it.</summary>
    /// <param name="Sample">The sample.</param>
    /// <param name="Means">The means of its blocks.</param>
    /// <param name="Changed">The blocks that differ from those of the sample before it.</param>
    private sealed record View(SceneSample Sample, int[] Means, IReadOnlyList<int> Changed)
    {
        /// <summary>What stands out, once the samples around it are known.</summary>
        public IReadOnlyList<Patch>? Patches { get; set; }
    }

    private readonly BlockLook _look = new(footage.Size.Width, footage.Size.Height);
    private readonly Channel<WorkingFrame> _keys = Channel.CreateBounded<WorkingFrame>(new BoundedChannelOptions(KeysAhead) { SingleReader = true, SingleWriter = true });
    private readonly List<View> _views = [];
    private readonly List<StretchReport> _stretches = [];
    private readonly PacketLengths _packets = new(footage.Packets);
    private double _nextSample = double.NegativeInfinity;
    private int _at;
    private bool _ended;
    private long _frames, _complaints;
    private string? _trouble;

    /// <summary>What was done with each stretch.</summary>
    public IReadOnlyList<StretchReport> Stretches => _stretches;

    public async Task<RunResult> RunAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<ProgramResult> ahead = AheadAsync(stop.Token);
        try
        {
            while (await NextAsync(stop.Token)) { /* each turn goes over a stretch, or over several that are decoded in one go */ }
        }
        catch
        {
            await stop.CancelAsync();
            // It ends because it was told to; what is told is why.
            await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        // Whatever ended it, it has closed the queue and the loop above has come to its end; if that was a failure, it is thrown here.
        ProgramResult keys = await ahead;
        scorer.Finish();
        ProgramResult decoder = _trouble is null ? keys : keys with { ExitCode = Math.Max(1, keys.ExitCode), Errors = _trouble };
        return new(decoder with { Complaints = keys.Complaints + _complaints }, _frames, 0, 0, footage.Last + footage.FrameTime);
    }

    private async Task<ProgramResult> AheadAsync(CancellationToken cancel)
    {
        try
        {
            return await WorkingFrames.ReadAsync(footage, new(KeysOnly: true, NoLoopFilter: footage.HidesBlocks), frame =>
            {
                _keys.Writer.WriteAsync(frame, cancel).AsTask().GetAwaiter().GetResult();
                return true;
            }, _ => { /* key frames are not thinned out */ }, cancel);
        }
        finally
        {
            _keys.Writer.TryComplete();
        }
    }

    // Goes over the stretch whose turn it is; false where there is none.
    private async Task<bool> NextAsync(CancellationToken cancel)
    {
        if (!await LookAheadAsync(cancel)) return false;
        View here = _views[_at];
        if (Decide() is not StretchWay.Decoded)
        {
            Leave(here);
            return true;
        }
        await DecodeAsync(here.Sample.Pts, cancel);
        return true;
    }

    // The stretch's key frame stands for all of it.
    private void Leave(View here)
    {
        scorer.AddFrame(here.Sample.Pts, here.Sample.Grey, key: true, EndOf(_at));
        Advance();
    }

    private void Advance()
    {
        _at++;
        progress(_at < _views.Count ? footage.Share(_views[_at].Sample.Pts) : 1);
        int old = 0;
        while (old < _at - 1 && _views[_at - 1].Sample.Pts - _views[old].Sample.Pts > scorer.Window) old++;
        if (old < 16) return;
        _views.RemoveRange(0, old);
        _at -= old;
    }

    private double EndOf(int view) => view + 1 < _views.Count ? _views[view + 1].Sample.Pts : footage.Last + footage.FrameTime;

    // Decodes from a key frame on, for as long as the gate says that the stretch that comes next is decoded too.
    private async Task DecodeAsync(double from, CancellationToken cancel)
    {
        bool done = false;
        double seen = double.NegativeInfinity;
        var how = new DecodeCall(NoLoopFilter: footage.HidesBlocks, From: from, Until: ForeseenEnd(), Ahead: false, Every: SceneScorer.ScoreEvery, Looks: true);
        ProgramResult result = await WorkingFrames.ReadAsync(footage, how, frame =>
        {
            if (frame.Pts is not { } pts || pts < from - Footage.SameTime || pts <= seen) return true;
            if (double.IsNegativeInfinity(seen) && pts > from + Footage.SameTime)
            {
                // What lies between would be left out unseen: with trouble told, all of it is looked at again.
                _trouble = $"the decoder did not begin at the key frame at {Ffmpeg.Number(from)} s";
                return false;
            }
            seen = pts;
            _frames++;
            if (pts >= EndOf(_at) - Footage.SameTime && _at + 1 < _views.Count)
            {
                Advance();
                if (!LookAheadAsync(cancel).GetAwaiter().GetResult() || Decide() is not StretchWay.Decoded)
                {
                    done = true;
                    return false;
                }
            }
            // The sample itself, so that the scorer knows it for one.
            bool sample = Math.Abs(pts - _views[_at].Sample.Pts) < Footage.SameTime;
            scorer.AddFrame(sample ? _views[_at].Sample.Pts : pts, frame.Grey, frame.Key);
            return true;
        }, passed =>
        {
            if (passed >= from - Footage.SameTime) _frames++;
        }, cancel);
        _complaints += result.Complaints;
        if (done)
        {
            // The gate has spoken on the stretch that begins here already.
            Leave(_views[_at]);
            return;
        }
        if (!result.Good) _trouble = result.Reason;
        Advance();
    }

    // Reads key frames until two windows beyond this stretch are known; false at the end.
    private async Task<bool> LookAheadAsync(CancellationToken cancel)
    {
        while (!_ended && (_at + 1 >= _views.Count || _views[^1].Sample.Pts < _views[_at].Sample.Pts + (2 * scorer.Window) + scorer.SampleEvery))
        {
            if (!await _keys.Reader.WaitToReadAsync(cancel))
            {
                _ended = true;
                scorer.NoMoreSamples();
                break;
            }
            while (_keys.Reader.TryRead(out WorkingFrame? key))
            {
                _frames++;
                if (key.Pts is not { } told || footage.KeyNear(told) is not { } pts || pts < _nextSample) continue;
                _nextSample = pts + scorer.SampleEvery - 1e-6;
                int[] means = _look.Means(key.Grey!);
                _views.Add(new(scorer.AddSample(pts, key.Grey!), means, _views.Count > 0 ? _look.Changed(_views[^1].Means, means) : []));
            }
        }
        if (_at >= _views.Count) return false;
        scorer.FindText();
        double until = _views[_at].Sample.Pts + scorer.Window;
        for (int i = _at; i < _views.Count && _views[i].Sample.Pts <= until; i++) _views[i].Patches ??= scorer.PatchesAt(_views[i].Sample, followed: false);
        return true;
    }

    private StretchWay Decide()
    {
        (StretchWay way, string because) = Judge(_at, events.Counting);
        Note(_views[_at].Sample.Pts, EndOf(_at), way, because);
        return way;
    }

    // What the gate says of a stretch while this is followed.
    private (StretchWay Way, string Because) Judge(int view, IReadOnlyList<(Patch Box, double Usual)> counting)
    {
        View here = _views[view];
        View? next = view + 1 < _views.Count ? _views[view + 1] : null;
        double end = EndOf(view);
        var around = _views.Where(v => v.Patches is not null && Math.Abs(v.Sample.Pts - here.Sample.Pts) <= scorer.Window).ToList();
        return next is null
            ? (StretchWay.Decoded, "it is the last")
            : Gating.Decide(new()
            {
                Seconds = end - here.Sample.Pts,
                // Inside of an event, by what is known of the scene by now: what stood there is out of it.
                Here = counting.Count > 0 ? scorer.PatchesAt(here.Sample, followed: true) : here.Patches!,
                Next = counting.Count > 0 ? scorer.PatchesAt(next.Sample, followed: true) : next.Patches!,
                Later = view + 2 < _views.Count ? _views[view + 2].Patches ?? [] : [],
                Around = [.. around.Select(v => v.Patches!)],
                ChangedBlocks = ChangedBlocks(next, around),
                PacketBytes = _packets.Of(here.Sample.Pts, end, scorer.Window),
                OtherScene = here.Sample.Regime != next.Sample.Regime,
                SinceLook = here.Sample.Pts - events.LastLook ?? 0,
                SeesTooSmall = events.SeesTooSmall,
                Counting = counting,
            }, rule);
    }

    // The key frame at which the stretches end that would be decoded from here on whatever is followed, so that the decoder need not be told to stop when it is beyond
    // it; null where that is the end of the footage. If the gate wants more after all, another decoder begins there.
    private double? ForeseenEnd()
    {
        int view = _at + 1;
        while (view + 1 < _views.Count && _views[view + 1].Patches is not null && Judge(view, []).Way == StretchWay.Decoded) view++;
        return view + 1 < _views.Count || !_ended ? _views[Math.Min(view, _views.Count - 1)].Sample.Pts : null;
    }

    // Blocks that change from here to the next sample and, among the samples around, do not do so most of the time. Text that the camera writes is none, nor is what the settings leave out.
    private int ChangedBlocks(View next, List<View> around)
    {
        if (next.Changed.Count == 0) return 0;
        var often = new Dictionary<int, int>();
        foreach (int block in around.SelectMany(v => v.Changed)) often[block] = often.GetValueOrDefault(block) + 1;
        return next.Changed.Count(b => often.GetValueOrDefault(b) < 0.3 * Math.Max(6, around.Count) && !scorer.Hides(_look.BoxOf(b)) && !scorer.Text.Any(t => t.IntersectsWith(_look.BoxOf(b))));
    }

    private void Note(double start, double end, StretchWay way, string because)
    {
        string told = way switch { StretchWay.Decoded => "decoded", StretchWay.Inside => "inside", _ => "left-out" };
        start = Math.Round(start, 6);
        end = Math.Round(end, 6);
        if (_stretches.Count > 0 && _stretches[^1] is { } last && last.Way == told && last.Because == because) _stretches[^1] = last with { End = end };
        else _stretches.Add(new(start, end, told, because));
    }
}

/// <summary>How long packets are: between key frames, for a stretch and for the time around it. Pure.</summary>
internal sealed class PacketLengths
{
    private readonly (double Pts, long Bytes)[] _packets;

    public PacketLengths(IReadOnlyList<PacketTime> packets) =>
        _packets = [.. packets.Where(p => !p.Key && p.Pts is not null).Select(p => (p.Pts!.Value, p.Bytes)).OrderBy(p => p.Value)];

    /// <summary>The mean of a stretch, and the middle and deviation of the means of stretches as long, around it.</summary>
    public (double Mean, double Usual, double Deviation) Of(double start, double end, double window)
    {
        double length = end - start;
        if (Mean(start, end) is not { } mean) return default;
        var others = new List<double>();
        for (double at = start - (Math.Floor(window / length) * length); at < start + window; at += length)
            if (Mean(at, at + length) is { } other) others.Add(other);
        others.Sort();
        double usual = others[others.Count / 2];
        double[] away = [.. others.Select(o => Math.Abs(o - usual)).Order()];
        return (mean, usual, away[away.Length / 2] / 0.6745);
    }

    private double? Mean(double from, double to)
    {
        int first = FirstFrom(from), last = FirstFrom(to);
        if (last - first < 3) return null;
        long sum = 0;
        for (int i = first; i < last; i++) sum += _packets[i].Bytes;
        return sum / (double)(last - first);
    }

    private int FirstFrom(double pts)
    {
        int low = 0, high = _packets.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_packets[middle].Pts < pts - 1e-9) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
