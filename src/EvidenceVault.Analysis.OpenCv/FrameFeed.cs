using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Score;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>Hands decoded frames to the scorer: not more often than tells more, and without the picture where a look shows that it is the one before.</summary>
internal sealed class FrameFeed(FrameSize size, SceneScorer scorer)
{
    private readonly BlockLook _look = new(size.Width, size.Height);
    private double _last = double.NegativeInfinity;
    private int[]? _means;

    /// <summary>Takes a frame of the scene.</summary>
    /// <param name="pts">PTS seconds.</param>
    /// <param name="grey">The frame.</param>
    /// <param name="sample">True where it is one of the scene's samples, which are always scored.</param>
    public void Take(double pts, byte[] grey, bool sample)
    {
        if (!sample && pts - _last < SceneScorer.ScoreEvery) return;
        _last = pts;
        int[] means = _look.Means(grey);
        // Text that the camera writes is not looked at, so its ticking tells nothing.
        if (!sample && _means is not null && _look.Changed(means, _means).All(b => scorer.Text.Any(t => t.Contains(_look.BoxOf(b)))))
        {
            scorer.AddFrame(pts, null);
            return;
        }
        _means = means;
        scorer.AddFrame(pts, grey);
    }
}
