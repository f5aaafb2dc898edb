using EvidenceVault.Analysis.OpenCv.Decode;
using EvidenceVault.Analysis.OpenCv.Score;

namespace EvidenceVault.Analysis.OpenCv;

/// <summary>Hands decoded frames to the scorer, without the picture where a look shows that it is the one before.</summary>
internal sealed class FrameFeed(Footage footage, SceneScorer scorer)
{
    private readonly BlockLook _look = new(footage.Size.Width, footage.Size.Height);
    private int[]? _means;

    /// <summary>Takes a frame of the scene.</summary>
    /// <param name="pts">PTS seconds.</param>
    /// <param name="grey">The frame, or null where it looks as the last one that was handed over.</param>
    /// <param name="key">True for a key frame.</param>
    /// <param name="sample">True where it is one of the scene's samples, which are always scored.</param>
    public void Take(double pts, byte[]? grey, bool key, bool sample)
    {
        if (grey is not null)
        {
            int[] means = _look.Means(grey);
            // What is not looked at (text that the camera writes, a place left out by the settings) tells nothing by changing.
            if (sample || _means is null || _look.Changed(means, _means).Any(b => !scorer.Hides(_look.BoxOf(b)))) _means = means;
            else
            {
                footage.Buffers.GiveBack(grey);
                grey = null;
            }
        }
        scorer.AddFrame(pts, grey, key);
    }
}
