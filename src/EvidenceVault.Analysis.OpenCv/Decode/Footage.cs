using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Decode;

/// <summary>The video that is looked at, as its packets tell.</summary>
/// <param name="Video">The file.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Size">The sizes it is looked at.</param>
/// <param name="FrameTime">Usual seconds from frame to frame.</param>
/// <param name="Begin">PTS seconds of its first packet.</param>
/// <param name="Packets">Its packets, in file order.</param>
internal sealed record Footage(string Video, int Stream, FrameSize Size, double FrameTime, double Begin, IReadOnlyList<PacketTime> Packets)
{
    /// <summary>Seconds between key frames above which they are too far apart to know the scene by.</summary>
    public const double KeysAtMost = 4.2;

    /// <summary>Seconds within which two times are one: ffprobe rounds to microseconds.</summary>
    public const double SameTime = 5e-6;

    /// <summary>PTS of the key packets, in order.</summary>
    public IReadOnlyList<double> Keys { get; } = [.. Packets.Where(p => p.Key && p.Pts is not null).Select(p => p.Pts!.Value).Order()];

    /// <summary>PTS of the last packet.</summary>
    public double Last { get; } = Packets.Max(p => p.Pts) ?? 0;

    /// <summary>Memory for its frames at working size.</summary>
    public FrameBuffers Buffers { get; } = new(Size.Width * Size.Height);

    /// <summary>True where the frame is made so much smaller that the edges of blocks are lost in it.</summary>
    public bool HidesBlocks => Size.FullWidth >= DecodeCall.ShrinkThatHidesBlocks * Size.Width;

    /// <summary>True where the scene can be known by key frames alone: there is one often enough, and slots are long enough to hold one.</summary>
    public bool HasRegularKeys(double sampleEvery)
    {
        if (Keys.Count < 12 || sampleEvery < 0.8 || Packets.Any(p => p.Pts is null) || Keys[0] > Begin + 0.001) return false;
        return Keys.Zip(Keys.Skip(1).Append(Last), (a, b) => b - a).All(gap => gap <= KeysAtMost);
    }

    /// <summary>The key packet that a frame of a decoder of key frames comes from. Without the packets between, the decoder works out times that
    /// are some frames off where frames are reordered.</summary>
    public double? KeyNear(double pts)
    {
        double nearest = Keys.MinBy(k => Math.Abs(k - pts));
        return Math.Abs(nearest - pts) <= Math.Max(FrameTime * 4, 0.4) ? nearest : null;
    }

    /// <summary>How far along a time is, 0 to 1.</summary>
    public double Share(double pts) => Last > Begin ? Math.Clamp((pts - Begin) / (Last - Begin), 0, 1) : 1;
}

/// <summary>Gives each frame a time that goes forward, and counts where the file gives none that does.</summary>
internal sealed class FrameClock(Footage footage)
{
    private double _last = double.NegativeInfinity;

    public long Frames { get; private set; }

    public int Untimed { get; private set; }

    public int Backward { get; private set; }

    /// <summary>PTS seconds at which the last frame ends.</summary>
    public double End { get; private set; } = footage.Begin;

    public double Next(double? given)
    {
        Frames++;
        if (given is not { } pts || pts <= _last)
        {
            if (given is null) Untimed++; else Backward++;
            pts = double.IsFinite(_last) ? _last + footage.FrameTime : footage.Begin;
        }
        End = Math.Max(End, pts + footage.FrameTime);
        return _last = pts;
    }
}
