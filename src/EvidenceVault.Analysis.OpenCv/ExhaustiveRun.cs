using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Score;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>What a run over a video saw.</summary>
/// <param name="Decoder">How the decoder ended.</param>
/// <param name="Frames">Frames decoded.</param>
/// <param name="Untimed">Frames without a time.</param>
/// <param name="Backward">Frames at which the clock runs backwards.</param>
/// <param name="End">PTS seconds at which the last frame ends.</param>
internal sealed record RunResult(Pipeline.Analysis.ProgramResult Decoder, long Frames, int Untimed, int Backward, double End);

/// <summary>Decodes every frame and looks at every one. Samples of the scene are key frames where there are enough of them, so that
/// a gated run has the same.</summary>
internal sealed class ExhaustiveRun(Footage footage, SceneScorer scorer, Action<double> progress)
{
    private readonly BlockLook _look = new(footage.Size.Width, footage.Size.Height);
    private readonly bool _byKeys = footage.HasRegularKeys(scorer.SampleEvery);
    private readonly FrameClock _clock = new(footage);
    private double _nextSample = double.NegativeInfinity, _lastTaken = double.NegativeInfinity;
    private int[]? _means;

    public async Task<RunResult> RunAsync(CancellationToken cancel)
    {
        var decoded = await WorkingFrames.ReadAsync(footage, new(NoLoopFilter: footage.HidesBlocks), frame =>
        {
            double pts = _clock.Next(frame.Pts);
            if (_clock.Frames % 50 == 0) progress(footage.Share(pts));
            Take(pts, frame);
            return true;
        }, cancel);
        scorer.Finish();
        return new(decoded, _clock.Frames, _clock.Untimed, _clock.Backward, _clock.End);
    }

    private void Take(double pts, WorkingFrame frame)
    {
        bool sample = pts >= _nextSample && (!_byKeys || frame.Key);
        if (!sample && pts - _lastTaken < SceneScorer.ScoreEvery) return;
        _lastTaken = pts;
        int[] means = _look.Means(frame.Grey);
        if (sample)
        {
            _nextSample = pts + scorer.SampleEvery - 1e-6;
            scorer.AddSample(pts, frame.Grey);
        }
        else if (_means is not null && _look.Changed(means, _means) == 0)
        {
            scorer.AddFrame(pts, null);
            return;
        }
        _means = means;
        scorer.AddFrame(pts, frame.Grey);
    }
}
