using System.Text.Json.Serialization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Looks into footage. It runs in a process of its own with limits on time, memory and output: hostile video can end
/// that process, never the caller.</summary>
public interface IFootageAnalyser
{
    /// <summary>Probes, finds motion, and writes keyframes, contact sheet, activity curve and clips into <paramref name="outputFolder"/>
    /// (which exists and is empty) beside <c>analysis.json</c>. Never throws for what the footage is: a file that cannot be
    /// analysed gives a <see cref="AnalysisReport.Problem"/>. Throws UnreachableException when ffmpeg or the analysis program is missing,
    /// and RefusedException for settings that no analysis can be asked for (<see cref="SettingsCheck"/>).</summary>
    /// <param name="video">A file, or a folder of stills.</param>
    /// <param name="outputFolder">Where pictures and clips go; null when only the report is wanted.</param>
    /// <param name="settings">What to look for.</param>
    /// <param name="progress">Fraction done, 0 to 1, where it can be told.</param>
    /// <param name="cancel">Ends the process.</param>
    Task<AnalysisReport> AnalyseAsync(string video, string? outputFolder, AnalysisSettings settings, IProgress<double>? progress, CancellationToken cancel);
}

/// <summary>What motion counts, in plain terms. All lengths in seconds of container PTS.</summary>
public sealed record AnalysisSettings
{
    /// <summary>Seconds kept before a segment when a clip is cut.</summary>
    public double PreRoll { get; init; } = 2;

    /// <summary>Seconds kept after a segment when a clip is cut.</summary>
    public double PostRoll { get; init; } = 2;

    /// <summary>Whether clips are cut.</summary>
    public bool Clips { get; init; } = true;

    /// <summary>Whether clips that a browser cannot play get a viewing copy beside them.</summary>
    public bool ViewingCopies { get; init; } = true;

    /// <summary>Whether thumbnails for scrubbing are made.</summary>
    public bool Storyboard { get; init; } = true;

    /// <summary>What viewing copies are labelled with (<see cref="ViewingLabel.Of"/>); null labels them with the Master's SHA-256 alone.</summary>
    public string? Label { get; init; }

    /// <summary>True to decode every frame, and look at those that are at least 0.07 seconds apart. Otherwise key frames and the sizes of packets decide which stretches are decoded.</summary>
    public bool Exhaustive { get; init; }

    /// <summary>Region of interest x,y,width,height in pixels of the upright frame; null for the whole frame.</summary>
    public IReadOnlyList<int>? Region { get; init; }

    /// <summary>Boxes x,y,width,height in pixels of the upright frame that are not looked at.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Ignore { get; init; } = [];

    /// <summary>Pixels of the upright frame: what stays shorter than this on its longer side for as long as it is followed is no event. 0 for no such limit.</summary>
    public int MinimumSize { get; init; }

    /// <summary>How readily something that moves counts.</summary>
    public Sensitivity Sensitivity { get; init; }

    /// <summary>Seconds from the end of an event to the beginning of the next up to which the two are one.</summary>
    public double MergeGap { get; init; } = 1.5;

    /// <summary>The deployment whose own settings these are, <c>case/camera</c>; null where it has none of its own.</summary>
    public string? Deployment { get; init; }

    /// <summary>Of stills: seconds between two shots, by the camera's clock, above which they are of two bursts.</summary>
    public double BurstGap { get; init; } = 10;

    /// <summary>Limits of the analysis process.</summary>
    public AnalysisLimits Limits { get; init; } = new();

    /// <summary>Threads for decoding and scoring; 0 for as many as suit. Not part of a report: what is found does not depend on it.</summary>
    [JsonIgnore]
    public int Threads { get; init; }
}

/// <summary>What the analysis process may use before it is ended.</summary>
public sealed record AnalysisLimits
{
    /// <summary>Wall time.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Resident memory of the process and its children, bytes.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Bytes written to the output folder.</summary>
    public long OutputBytes { get; init; } = 64L << 30;

    /// <summary>Processor time of all its processes together.</summary>
    public TimeSpan Processor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Processes at once, itself included.</summary>
    public int Processes { get; init; } = 64;
}

/// <summary>What the analysis found: the content of <c>analysis.json</c>. Property names are a stable format; docs/motion.md tells how it comes about.</summary>
public sealed record AnalysisReport
{
    /// <summary>Format version.</summary>
    public string Version { get; init; } = "evidencevault/analysis/1";

    /// <summary>Frames that really decoded, 0 when none did.</summary>
    public long Frames { get; init; }

    /// <summary>What of the footage could be read, in order; one span where all of it could. What the gate did not
    /// decode is taken for readable where nothing else in the file is broken. Empty where nothing was decoded, and for stills.</summary>
    public IReadOnlyList<ReadableSpan> Readable { get; init; } = [];

    /// <summary>What could not, in order: parts that gave no picture, or a damaged one. Empty where all could be read.</summary>
    public IReadOnlyList<SkippedPart> Skipped { get; init; } = [];

    /// <summary>Intervals of motion by container PTS, in order, not overlapping.</summary>
    public IReadOnlyList<SegmentReport> Segments { get; init; } = [];

    /// <summary>Pictures made.</summary>
    public IReadOnlyList<PictureReport> Keyframes { get; init; } = [];

    /// <summary>Clips cut, one a segment.</summary>
    public IReadOnlyList<ClipReport> Clips { get; init; } = [];

    /// <summary>The contact sheet, if one was made.</summary>
    public PictureReport? ContactSheet { get; init; }

    /// <summary>The activity curve's files (activity.json, activity.png), if made.</summary>
    public IReadOnlyList<PictureReport> Activity { get; init; } = [];

    /// <summary>Viewing copies of the clips that a browser cannot play.</summary>
    public IReadOnlyList<ViewingCopyReport> ViewingCopies { get; init; } = [];

    /// <summary>Thumbnails for scrubbing: sheets of them, and the WebVTT file that says which is of when. Empty where none were made.</summary>
    public IReadOnlyList<PictureReport> Storyboard { get; init; } = [];

    /// <summary>Of a folder of stills: all of them, in the order in which they were taken. Notes and reasons number them so, from 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<StillReport>? Stills { get; init; }

    /// <summary>Which stretches were decoded and why; null where every frame was.</summary>
    public GateReport? Gate { get; init; }

    /// <summary>What the container and its streams say, and what was found.</summary>
    public ProbeReport? Probe { get; init; }

    /// <summary>The settings used.</summary>
    public AnalysisSettings Settings { get; init; } = new();

    /// <summary>Versions of all that took part: ffmpeg, opencv, evidencevault.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new SortedDictionary<string, string>();

    /// <summary>Null when all went well; else what was wrong, what it means for the evidence, what to do next.</summary>
    public string? Problem { get; init; }

    /// <summary>Things worth knowing that did not stop the analysis, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A run of frames that decoded without an error.</summary>
/// <param name="Start">PTS seconds of its first frame.</param>
/// <param name="End">PTS seconds of the end of its last frame.</param>
/// <param name="FirstFrame">Number of its first frame among those that decode, from 1, in order of PTS.</param>
/// <param name="Frames">How many frames it has.</param>
public sealed record ReadableSpan(double Start, double End, long FirstFrame, long Frames);

/// <summary>A part that could not be read as it was recorded.</summary>
/// <param name="Start">PTS seconds of the end of the last good frame before it, or of the first packet.</param>
/// <param name="End">PTS seconds of the next good frame; after the last, of the end of the last packet or, where that is later, the end by the header.</param>
/// <param name="Damaged">Frames in it that decode with errors: looked at, but not to be relied on.</param>
/// <param name="Lost">Packets in it that gave no frame.</param>
public sealed record SkippedPart(double Start, double End, long Damaged, long Lost);

/// <summary>A picture or small file in the output folder.</summary>
/// <param name="File">Its name in the output folder.</param>
/// <param name="Kind"><c>first-sight</c>, <c>closest</c>, <c>last-sight</c>, <c>head-region</c>, <c>still</c>, <c>contact-sheet</c>, <c>activity-curve</c>,
/// <c>activity-data</c>, <c>heat-map</c>, <c>storyboard-sheet</c>, <c>storyboard</c>.</param>
/// <param name="Pts">The frame's container PTS in seconds, where it is of one frame.</param>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Segment">The segment's 1-based number, where it belongs to one.</param>
public sealed record PictureReport(string File, string Kind, double? Pts, string Sha256, long Bytes, int? Segment)
{
    /// <summary>Of a series of stills: the number, from 1, of the still that it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Still { get; init; }
}

/// <summary>A still of a series.</summary>
/// <param name="File">Its name in the folder.</param>
/// <param name="Pts">Seconds since the first still, by the camera's clock; where that cannot be known, one second after the still before.</param>
/// <param name="Taken">When it was taken, as written there (EXIF); null where it states no time.</param>
public sealed record StillReport(string File, double Pts, string? Taken);

/// <summary>How the footage was gated: key frames were decoded and compared, and in full only the stretches that could hold a beginning or an
/// end. An expert can look at any stretch again with <c>--exhaustive</c>.</summary>
/// <param name="DecodedSeconds">Seconds of footage that were decoded in full.</param>
/// <param name="Stretches">All of it, in order.</param>
public sealed record GateReport(double DecodedSeconds, IReadOnlyList<StretchReport> Stretches);

/// <summary>A stretch of footage and what was done with it.</summary>
/// <param name="Start">PTS seconds of its first key frame.</param>
/// <param name="End">PTS seconds of the key frame after it.</param>
/// <param name="Way"><c>decoded</c>: every frame; <c>inside</c>: key frames, inside of an event; <c>left-out</c>: key frames.</param>
/// <param name="Because">Why, in a few words.</param>
public sealed record StretchReport(double Start, double End, string Way, string Because);

/// <summary>An interval of motion.</summary>
/// <param name="Start">PTS seconds of the first frame with motion.</param>
/// <param name="End">PTS seconds of the end of the last frame with motion.</param>
/// <param name="Peak">PTS seconds of the frame with most motion.</param>
/// <param name="PeakScore">Its score: share of the working frame that moved, 0 to 1.</param>
/// <param name="Box">Bounding box of all motion in it: x, y, width, height in pixels of the upright frame.</param>
/// <param name="OpenedBecause">Why it was opened, a sentence.</param>
/// <param name="ClosedBecause">Why it was closed, a sentence.</param>
public sealed record SegmentReport(double Start, double End, double Peak, double PeakScore, IReadOnlyList<int> Box, string OpenedBecause, string ClosedBecause)
{
    /// <summary>Where what was followed was, one track for each thing, in order of their first sight. Things that touch are one thing for as long as they do. Empty for stills.</summary>
    public IReadOnlyList<TrackReport> Tracks { get; init; } = [];
}

/// <summary>Where one thing was.</summary>
/// <param name="Points">Its places in order, the first and the last that were seen among them: at most two a second beside these, fewer of what stays long.</param>
public sealed record TrackReport(IReadOnlyList<TrackPoint> Points);

/// <summary>A place of something that was followed.</summary>
/// <param name="Pts">PTS seconds of the frame.</param>
/// <param name="Box">x, y, width, height in pixels of the upright frame.</param>
public sealed record TrackPoint(double Pts, IReadOnlyList<int> Box);

/// <summary>A clip cut by stream copy. Bounds in PTS seconds of the Master.</summary>
/// <param name="File">Its name in the output folder.</param>
/// <param name="AskedStart">Start asked for.</param>
/// <param name="AskedEnd">End asked for.</param>
/// <param name="GotStart">PTS of its first video packet: the key frame at or before the start asked for.</param>
/// <param name="GotEnd">End of its last video packet.</param>
/// <param name="Sha256">SHA-256 of the clip, lower-case hex.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Packets">Packets in it, all streams.</param>
/// <param name="PacketsOfMaster">How many of them were found, by SHA-256, among the Master's packets: equal to <paramref name="Packets"/> or the clip is refused.</param>
/// <param name="Segment">The segment's 1-based number; null for a clip asked for by hand.</param>
public sealed record ClipReport(string File, double AskedStart, double AskedEnd, double GotStart, double GotEnd, string Sha256, long Bytes, long Packets, long PacketsOfMaster, int? Segment)
{
    /// <summary>Streams of the Master that no container for clips could hold, a sentence each; empty where all were kept.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>For each stream of the clip, the number of the Master's stream that it was copied from.</summary>
    public IReadOnlyList<int> Streams { get; init; } = [];
}

/// <summary>What a file says of itself, and what really decodes.</summary>
public sealed record ProbeReport
{
    /// <summary>Container, ffprobe's format name; <c>none</c> where it is not footage.</summary>
    public string Container { get; init; } = "none";

    /// <summary>Video codec, ffprobe's name.</summary>
    public string? Codec { get; init; }

    /// <summary>Coded width in pixels.</summary>
    public int Width { get; init; }

    /// <summary>Coded height in pixels.</summary>
    public int Height { get; init; }

    /// <summary>Rotation to apply for upright viewing, degrees clockwise: 0, 90, 180, 270.</summary>
    public int Rotation { get; init; }

    /// <summary>Sample (pixel) aspect ratio, for example <c>1:1</c>.</summary>
    public string? PixelAspect { get; init; }

    /// <summary>Pixel format, ffprobe's name, for example <c>yuv420p</c>.</summary>
    public string? PixelFormat { get; init; }

    /// <summary>Time base of the video stream, for example <c>1/90000</c>.</summary>
    public string? TimeBase { get; init; }

    /// <summary>PTS seconds of the first video packet.</summary>
    public double? FirstPts { get; init; }

    /// <summary>PTS seconds of the last video packet.</summary>
    public double? LastPts { get; init; }

    /// <summary>True where packet intervals differ by more than rounding.</summary>
    public bool VariableFrameRate { get; init; }

    /// <summary>Average frames a second by the packets.</summary>
    public double? FrameRate { get; init; }

    /// <summary>Duration the header claims, seconds.</summary>
    public double? ClaimedDuration { get; init; }

    /// <summary>Frames the header claims.</summary>
    public long? ClaimedFrames { get; init; }

    /// <summary>Frames that really decode.</summary>
    public long DecodedFrames { get; init; }

    /// <summary>Creation time the container or EXIF states, as written there.</summary>
    public string? CreationTime { get; init; }

    /// <summary>Camera make, as written there.</summary>
    public string? Make { get; init; }

    /// <summary>Camera model, as written there.</summary>
    public string? Model { get; init; }

    /// <summary>Location tag, as written there (ISO 6709 in most containers).</summary>
    public string? Location { get; init; }

    /// <summary>Audio codecs, in stream order.</summary>
    public IReadOnlyList<string> Audio { get; init; } = [];

    /// <summary>Null where the file is footage that can be looked into; else why it is not, one sentence.</summary>
    public string? Problem { get; init; }
}
