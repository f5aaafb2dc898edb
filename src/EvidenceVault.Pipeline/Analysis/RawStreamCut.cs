namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A packet of a bare stream: where its bytes lie in the file, and how long its picture stands, seconds.</summary>
internal readonly record struct RawPacket(long Position, long Bytes, double Duration, bool Key);

/// <summary>The part of a bare H.264 or H.265 stream (ITU-T H.264 and H.265 Annex B) that a clip is: a run of its bytes, from a key frame on.
/// Such a stream has no times; its pictures follow at the rate that it states, and times here are counted so. Pure.</summary>
/// <param name="From">First byte.</param>
/// <param name="Until">The byte after the last.</param>
/// <param name="Start">Seconds at which the first picture stands.</param>
/// <param name="End">Seconds at which the last ends.</param>
/// <param name="Packets">Packets in it.</param>
internal sealed record RawStreamCut(long From, long Until, double Start, double End, int Packets)
{
    // Pictures are stored up to so many places before they are shown (H.264 Annex A: at most 16 frames wait).
    private const int Reordered = 16;

    public static bool IsRaw(string container) => container is "h264" or "hevc";

    /// <summary>A line of <c>packet=pos,size,duration_time,flags</c> as ffprobe orders them: duration_time, size, pos, flags.</summary>
    public static RawPacket? Packet(string line)
    {
        string[] parts = line.Split(',');
        return parts.Length >= 4 && double.TryParse(parts[0], System.Globalization.CultureInfo.InvariantCulture, out double duration) && duration is > 0 and < 10
            && long.TryParse(parts[1], out long bytes) && long.TryParse(parts[2], out long position) ? new(position, bytes, duration, parts[3].Contains('K')) : null;
    }

    /// <summary>The run from the last key frame at or before <paramref name="from"/>; null where the packets do not follow each other in the file.</summary>
    public static RawStreamCut? Of(IReadOnlyList<RawPacket> packets, double from, double to)
    {
        int first = 0, last = -1;
        double at = 0, start = 0, end = 0;
        for (int i = 0; i < packets.Count; i++)
        {
            if (i > 0 && packets[i].Position != packets[i - 1].Position + packets[i - 1].Bytes) return null;
            if (packets[i].Key && at <= from + 1e-9) (first, start) = (i, at);
            at += packets[i].Duration;
            if (at - packets[i].Duration < to) (last, end) = (i, at);
        }
        if (last < first) return null;
        // What is shown before the end may be stored after it.
        for (int more = 0; more < Reordered && last + 1 < packets.Count && !packets[last + 1].Key; more++) end += packets[++last].Duration;
        return new(packets[first].Position, packets[last].Position + packets[last].Bytes, Math.Round(start, 6), Math.Round(end, 6), last - first + 1);
    }
}
