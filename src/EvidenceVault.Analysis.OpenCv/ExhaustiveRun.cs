using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Score;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>What a run over a video saw.</summary>
/// <param name="Decoder">How the decoder ended.</param>
/// <param name="Frames">Frames decoded.</param>
/// <param name="Untimed">Frames without a time.</param>
/// <param name="Backward">Frames at which the clock runs backwards.</param>
/// <param name="End">PTS seconds at which the last frame ends.</param>
internal sealed record RunResult(ProgramResult Decoder, long Frames, int Untimed, int Backward, double End);

/// <summary>Decodes every frame and looks at all that tell more than the one before (<see cref="SceneScorer.ScoreEvery"/>). Samples of the scene are key frames where there are enough of them, so that
/// a gated run has the same; such footage is decoded in parts, side by side.</summary>
internal sealed class ExhaustiveRun(Footage footage, SceneScorer scorer, FramesAside aside, Action<double> progress)
{
    public async Task<RunResult> RunAsync(CancellationToken cancel)
    {
        var clock = new FrameClock(footage);
        bool byKeys = footage.HasRegularKeys(scorer.SampleEvery);
        double nextSample = double.NegativeInfinity;
        // Where samples are not key frames, any frame may become one, and needs its pixels.
        var how = new DecodeCall(NoLoopFilter: footage.HidesBlocks, Every: SceneScorer.ScoreEvery, Looks: byKeys);
        ProgramResult decoded = byKeys && DecodeCall.AllThreads > 1
            ? await new SplitFrames(footage, how, aside, DecodeCall.AllThreads).ReadAsync(Take, Pass, cancel)
            : await WorkingFrames.ReadAsync(footage, how, frame =>
            {
                Take(frame);
                return true;
            }, Pass, cancel);
        scorer.Finish();
        return new(decoded, clock.Frames, clock.Untimed, clock.Backward, clock.End);

        void Pass(double? pts) => clock.Next(pts);

        void Take(WorkingFrame frame)
        {
            double pts = clock.Next(frame.Pts);
            if (clock.Frames % 50 == 0) progress(footage.Share(pts));
            bool sample = frame.Grey is not null && pts >= nextSample && (!byKeys || frame.Key);
            if (sample)
            {
                nextSample = pts + scorer.SampleEvery - 1e-6;
                scorer.AddSample(pts, frame.Grey!);
            }
            scorer.AddFrame(pts, frame.Grey, frame.Key);
        }
    }
}
