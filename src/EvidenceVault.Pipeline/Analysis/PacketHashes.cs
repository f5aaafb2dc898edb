using System.Globalization;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>A packet as <c>ffmpeg -c copy -f framehash -hash sha256</c> lists it.</summary>
internal readonly record struct HashedPacket(int Stream, double Pts, double Duration, string Sha256);

/// <summary>Reads a framehash listing, and compares a clip's with its Master's. Pure.</summary>
internal sealed class PacketHashes
{
    private readonly Dictionary<int, double> _timeBase = [];
    private readonly List<HashedPacket> _packets = [];

    public IReadOnlyList<HashedPacket> Packets => _packets;

    /// <summary>Takes one line; headers set the time bases.</summary>
    public void Line(string line)
    {
        if (line.StartsWith("#tb ", StringComparison.Ordinal))
        {
            string[] parts = line[4..].Split(':', '/');
            if (parts.Length == 3 && int.TryParse(parts[0], out int s) && double.TryParse(parts[1], CultureInfo.InvariantCulture, out double num)
                && double.TryParse(parts[2], CultureInfo.InvariantCulture, out double den) && den > 0)
                _timeBase[s] = num / den;
            return;
        }
        if (Read(line) is not { } packet) return;
        (int stream, long pts, long duration) = (packet.Stream, packet.Pts, packet.Duration);
        double unit = _timeBase.GetValueOrDefault(stream, 0);
        _packets.Add(new(stream, pts * unit, duration * unit, string.Intern(packet.Sha256)));
    }

    /// <summary>One line of a listing, times in its time base; null for a header.</summary>
    public static (int Stream, long Pts, long Duration, long Bytes, string Sha256)? Read(string line)
    {
        if (line.Length == 0 || line[0] == '#') return null;
        string[] fields = line.Split(',', StringSplitOptions.TrimEntries);
        // stream, dts, pts, duration, size, hash, then side data where there is any
        if (fields.Length < 6 || fields[5].Length != 64 || !int.TryParse(fields[0], out int stream) || !long.TryParse(fields[1], out long dts)
            || !long.TryParse(fields[2], out long pts) || !long.TryParse(fields[3], out long duration) || !long.TryParse(fields[4], out long bytes)) return null;
        // AVI and bare streams give no presentation time (libavutil: AV_NOPTS_VALUE), only an order: it stands in.
        if (pts == long.MinValue) pts = dts == long.MinValue ? 0 : dts;
        return (stream, pts, duration, bytes, fields[5]);
    }

    /// <summary>How many of the clip's packets stand in the Master in an unbroken run, each stream for itself, and where the
    /// first stream's (the video's) run lies. A run, not a set: nothing in between may be left out.</summary>
    /// <param name="clip">The clip's packets.</param>
    /// <param name="master">The Master's packets, or those around the clip.</param>
    /// <param name="streams">For each stream of the clip, the Master's stream it was copied from.</param>
    public static (long Found, IReadOnlyList<HashedPacket> Video) Compare(
        IReadOnlyList<HashedPacket> clip, IReadOnlyList<HashedPacket> master, IReadOnlyList<int> streams)
    {
        long found = 0;
        IReadOnlyList<HashedPacket> video = [];
        for (int s = 0; s < streams.Count; s++)
        {
            var mine = clip.Where(p => p.Stream == s).ToList();
            var theirs = master.Where(p => p.Stream == streams[s]).ToList();
            var (at, length) = LongestRun(mine, theirs);
            found += length;
            if (s == 0) video = theirs.GetRange(at, length);
        }
        return (found, video);
    }

    private static (int At, int Length) LongestRun(List<HashedPacket> mine, List<HashedPacket> theirs)
    {
        var best = (At: 0, Length: 0);
        for (int start = 0; mine.Count > 0 && start < theirs.Count && best.Length < mine.Count; start++)
        {
            int n = 0;
            while (n < mine.Count && start + n < theirs.Count && mine[n].Sha256 == theirs[start + n].Sha256) n++;
            if (n > best.Length) best = (start, n);
        }
        return best;
    }
}
