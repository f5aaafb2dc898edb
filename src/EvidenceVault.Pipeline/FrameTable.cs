using System.Collections.Concurrent;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Retrieval;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

/// <summary>Where a clip would really begin and end.</summary>
/// <param name="Start">PTS seconds of its first picture: the key frame at or before the start asked for.</param>
/// <param name="End">PTS seconds of the end of its last picture.</param>
/// <param name="Frames">Pictures in it.</param>
public sealed record ForeseenClip(double Start, double End, int Frames);

/// <summary>The times of a Master's pictures, from its packet index. Pure.</summary>
internal sealed class FrameTable
{
    private readonly double[] _shown; // PTS seconds, in order
    private readonly List<(double Pts, double Dts, bool Key)> _decoded; // in the order of decoding

    private FrameTable(List<(double Pts, double Dts, bool Key)> decoded) => (_decoded, _shown) = (decoded, [.. decoded.Select(f => f.Pts).Order()]);

    /// <summary>Reads a packet index; null where it has no video with times.</summary>
    /// <exception cref="EvidenceException">It is not one.</exception>
    public static FrameTable? Read(Stream index)
    {
        var found = new List<(int Stream, long? Pts, long? Dts, bool Key)>();
        if (!PacketIndex.TryRead(index, (line, _) => found.Add((line.Stream, line.Pts, line.Dts, line.Key)), out PacketIndex? read, out string problem))
            throw new EvidenceException(problem, "The times of frames are not known; the Master is as it was.", "Tell the vault's administrator.");
        if (read.Streams.FirstOrDefault(s => s.Kind == "video") is not { } video || TimeBaseOf(video) is not { } tick) return null;
        List<(double, double, bool)> decoded = [.. found.Where(f => f.Stream == video.Number && (f.Pts ?? f.Dts) is not null).Select(f => ((f.Pts ?? f.Dts)!.Value * tick, (f.Dts ?? f.Pts)!.Value * tick, f.Key))];
        return decoded.Count == 0 ? null : new(decoded);
    }

    /// <summary>The bounds of the clip that would be cut for those asked for (<see cref="Analysis.IClipCutter"/>): from the key frame at or before the start until decoding reaches the end. Null where they lie outside of the footage.</summary>
    public ForeseenClip? Foresee(double from, double to)
    {
        if (!(to > from) || from > _shown[^1] || to <= _shown[0]) return null;
        int first = 0;
        double key = double.NegativeInfinity;
        for (int i = 0; i < _decoded.Count; i++)
        {
            if (_decoded[i] is { Key: true } frame && frame.Pts <= from && frame.Pts > key) (first, key) = (i, frame.Pts);
        }
        int until = first;
        double last = _decoded[first].Pts;
        for (; until < _decoded.Count && (until == first || _decoded[until].Dts < to); until++) last = Math.Max(last, _decoded[until].Pts);
        return new(_decoded[first].Pts, EndOf(last), until - first);
    }

    /// <summary>PTS seconds of some pictures around a time, in order.</summary>
    public IReadOnlyList<double> Around(double pts, int most)
    {
        int at = Array.BinarySearch(_shown, pts), from = Math.Clamp((at < 0 ? ~at : at) - (most / 2), 0, Math.Max(0, _shown.Length - most));
        return _shown[from..Math.Min(_shown.Length, from + most)];
    }

    // A picture stays until the next one; the last as long as the one before it.
    private double EndOf(double pts)
    {
        int at = Array.BinarySearch(_shown, pts);
        return at + 1 < _shown.Length ? _shown[at + 1] : at > 0 ? pts + (pts - _shown[at - 1]) : pts;
    }

    private static double? TimeBaseOf(IndexedStream stream) => stream.TimeBase.Split('/') is [var up, var down]
        ? double.Parse(up, System.Globalization.CultureInfo.InvariantCulture) / double.Parse(down, System.Globalization.CultureInfo.InvariantCulture) : null;
}

/// <summary>Frame tables of the Masters that are being looked at, read from their sealed packet indexes.</summary>
internal sealed class FrameTables(Vault vault, IEvidenceStore store)
{
    private const int Kept = 8;

    private readonly ConcurrentDictionary<string, Lazy<Task<FrameTable?>>> _tables = new();

    /// <summary>The table of a Master; null where it has no packet index, or one without times.</summary>
    /// <exception cref="EvidenceException">The index is not given back as it was sealed.</exception>
    public async Task<FrameTable?> OfAsync(ExhibitReference master)
    {
        if (vault.Exhibits.Derivatives(master).FirstOrDefault(d => d.Role == PacketIndex.Role && d.StoredAt is not null) is not { } index) return null;
        // Few are looked at at once; which of them goes matters little.
        if (_tables.Count >= Kept && !_tables.ContainsKey(index.Sha256!)) _tables.Clear();
        Lazy<Task<FrameTable?>> reading = _tables.GetOrAdd(index.Sha256!, _ => new(() => Task.Run(() => ReadAsync(index))));
        try
        {
            return await reading.Value.ConfigureAwait(false);
        }
        catch
        {
            _tables.TryRemove(KeyValuePair.Create(index.Sha256!, reading));
            throw;
        }
    }

    private async Task<FrameTable?> ReadAsync(ExhibitRow index)
    {
        Stream stored = await store.OpenReadAsync(ContentAddress.Parse(index.Address!), CancellationToken.None).ConfigureAwait(false);
        await using var held = new VerifiedStream(stored, new(index.Sha256!, index.Sha512!, index.Bytes!.Value), _ => Task.CompletedTask);
        return FrameTable.Read(held);
    }
}
