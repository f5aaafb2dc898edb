namespace EvidenceVault.Samples;

/// <summary>How a scene is encoded.</summary>
public enum Codec
{
    /// <summary>H.264 by libx264, limited range, a key frame every two seconds, no B-frames.</summary>
    H264,

    /// <summary>H.265 by libx265, likewise.</summary>
    H265,

    /// <summary>Motion JPEG, full range: every frame a picture.</summary>
    Mjpeg,
}

/// <summary>ffmpeg is missing, failed or could not write. The message says what to do.</summary>
public sealed class FfmpegException(string message, Exception? cause = null) : Exception(message, cause);
