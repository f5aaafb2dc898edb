using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Makes the packet proof of a clip (Proof's FORMAT.md section 13): where its packets lie in it, and where they stand in its Master's packet index.</summary>
internal static class ClipProving
{
    /// <summary>A proof's name beside its clip.</summary>
    public static string FileName(string clip) => clip + ".proof";

    /// <summary>Makes the proof, and checks it as anybody would.</summary>
    /// <exception cref="EvidenceException">No proof can be made of it: the message says why.</exception>
    public static Task<PacketProof> MakeAsync(string index, string clip, ClipReport report, CancellationToken cancel) => MakeAsync(Read(index), index, clip, report, cancel);

    /// <summary>The same with the index read already: for many clips of one Master.</summary>
    /// <param name="master">The Master's packet index.</param>
    /// <param name="index">Its file.</param>
    /// <param name="clip">The clip.</param>
    /// <param name="report">What was cut.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <exception cref="EvidenceException">No proof can be made of it: the message says why.</exception>
    public static async Task<PacketProof> MakeAsync(PacketIndex master, string index, string clip, ClipReport report, CancellationToken cancel)
    {
        IReadOnlyList<ProbedStream> streams = await PacketListing.StreamsAsync(clip, cancel);
        var packets = new List<ProbedPacket>();
        ProgramResult listed = await PacketListing.PacketsAsync(clip, packets.Add, cancel);
        if (!listed.Good) throw Cannot($"ffprobe cannot list the clip's packets ({Names.Printable(listed.Reason)})");
        if (streams.Count != report.Streams.Count) throw Cannot($"it has {streams.Count} streams, and {report.Streams.Count} were copied");

        using FileStream bytes = File.OpenRead(clip);
        var made = new List<ProvenStream>();
        foreach (ProbedStream stream in streams)
        {
            int number = stream.Stream.Number;
            List<ProbedPacket> mine = [.. packets.Where(p => p.Line.Stream == number)];
            // A stream without a packet in the clip's span shows nothing, and nothing is claimed of it.
            if (mine.Count == 0) continue;
            IndexedStream of = master.Streams.FirstOrDefault(s => s.Number == report.Streams[number]) ?? throw Cannot($"the Master's stream {report.Streams[number]} is not in its packet index");
            (ulong first, List<PacketLine> lines) = RunIn(index, of, [.. mine.Select(p => p.Line.Sha256)], report.GotStart) ?? throw Cannot($"its {of.Kind} packets are not an unbroken run of the Master's");
            IReadOnlyList<byte[]> hashes = MerkleRange.Proof(first, (ulong)lines.Count, of.Packets, LeafHashes(index, of.Number));
            IEnumerable<List<ByteRun>> places = TransportPackets.IsTransportStream(bytes) && stream.Id is { } pid ? TransportPackets.Places(bytes, pid, mine) : WholePackets.Places(bytes, mine);
            made.Add(new(number, of, first, hashes, [.. lines.Zip(places, (line, runs) => new ProvenPacket(line, runs))]));
        }
        if (made.Count == 0) throw Cannot("it holds no packet");
        bytes.Position = 0;
        var proof = new PacketProof { ClipSha256 = report.Sha256, ClipBytes = report.Bytes, MasterSha256 = master.MasterSha256, Streams = made };
        // What is handed out is what anybody will read: the bytes, read again.
        if (!PacketProof.TryParse(proof.ToBytes(), out PacketProof? read, out string problem)) throw Cannot(problem);
        return ClipCheck.Run(bytes, read, cancel: cancel).FirstOrDefault(f => !f.Holds) is { } bad ? throw Cannot(bad.Sentence) : read;
    }

    /// <summary>Reads an index.</summary>
    /// <exception cref="EvidenceException">It is none.</exception>
    public static PacketIndex Read(string index)
    {
        using FileStream text = File.OpenRead(index);
        return PacketIndex.TryRead(text, null, out PacketIndex? read, out string problem) ? read : throw Cannot(problem);
    }

    // Where the run stands in the Master; of several places that are alike, such as silence, the one whose time is the clip's.
    private static (ulong First, List<PacketLine> Lines)? RunIn(string index, IndexedStream of, string[] run, double start)
    {
        int[] fallback = Fallbacks(run);
        var window = new Queue<PacketLine>();
        (ulong First, List<PacketLine> Lines)? best = null;
        double nearest = double.PositiveInfinity;
        int matched = 0;
        ulong number = 0;
        foreach (PacketLine line in Lines(index, of.Number))
        {
            window.Enqueue(line);
            if (window.Count > run.Length) window.Dequeue();
            number++;
            // Knuth, Morris and Pratt: one pass, and no packet of the Master is kept but those of one clip's length.
            while (matched > 0 && (matched == run.Length || run[matched] != line.Sha256)) matched = fallback[matched - 1];
            if (run[matched] == line.Sha256) matched++;
            if (matched < run.Length) continue;
            double away = Math.Abs(Seconds(of, window.Peek()) - start);
            if (best is not null && away >= nearest) continue;
            (best, nearest) = ((number - (ulong)run.Length, [.. window]), away);
        }
        return best;
    }

    private static int[] Fallbacks(string[] run)
    {
        int[] fallback = new int[run.Length];
        for (int i = 1, k = 0; i < run.Length; i++)
        {
            while (k > 0 && run[i] != run[k]) k = fallback[k - 1];
            if (run[i] == run[k]) k++;
            fallback[i] = k;
        }
        return fallback;
    }

    private static double Seconds(IndexedStream of, PacketLine line)
    {
        string[] parts = of.TimeBase.Split('/');
        return (line.Pts ?? line.Dts ?? 0) * double.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture) / double.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static IEnumerable<byte[]> LeafHashes(string index, int stream) => Lines(index, stream).Select(l => l.LeafHash());

    private static IEnumerable<PacketLine> Lines(string index, int stream)
    {
        string start = $"{stream},";
        foreach (string text in File.ReadLines(index))
        {
            if (text.StartsWith(start, StringComparison.Ordinal) && PacketLine.TryParse(text, out PacketLine line)) yield return line;
        }
    }

    internal static EvidenceException Cannot(string why) => new($"The clip has no packet proof: {why}.", "The clip is what it is; that its packets are the Master's can be checked with the Master.", "Nothing need be done.");
}

/// <summary>What the analysis leaves beside its report: the Master's packet index, and a proof for each clip.</summary>
internal static class PacketEvidence
{
    /// <summary>Makes the proofs of the clips of a report, each beside its clip. A clip that none can be made of is told in the notes.</summary>
    public static async Task<AnalysisReport> ProveAsync(AnalysisReport report, string? index, string folder, CancellationToken cancel)
    {
        if (report.Clips.Count == 0) return report;
        if (index is null || !File.Exists(index)) return report with { Notes = [.. report.Notes, ClipProving.Cannot("ffprobe lists no packets of its Master").Message] };
        var notes = new List<string>(report.Notes);
        PacketIndex master;
        try
        {
            master = ClipProving.Read(index);
        }
        catch (EvidenceException cause)
        {
            return report with { Notes = [.. notes, cause.Message] };
        }
        foreach (ClipReport clip in report.Clips)
        {
            try
            {
                PacketProof proof = await ClipProving.MakeAsync(master, index, Path.Combine(folder, clip.File), clip, cancel);
                await File.WriteAllBytesAsync(Path.Combine(folder, ClipProving.FileName(clip.File)), proof.ToBytes(), cancel);
            }
            catch (EvidenceException cause)
            {
                notes.Add(clip.Segment is { } segment ? $"Of segment {segment}: {cause.Message}" : cause.Message);
            }
        }
        return report with { Notes = notes };
    }
}

/// <summary>Finds packets that lie in one piece: MP4, Matroska, AVI, raw streams.</summary>
internal static class WholePackets
{
    // The demuxer names the packet's first byte, or its chunk's or block's header just before.
    private const int Slack = 64;

    public static IEnumerable<List<ByteRun>> Places(FileStream clip, List<ProbedPacket> packets)
    {
        long end = 0;
        int likely = 0;
        foreach (ProbedPacket packet in packets)
        {
            if (packet.Line.Bytes == 0)
            {
                yield return [];
                continue;
            }
            long near = packet.Position ?? end;
            int? off = Enumerable.Range(0, Slack).Prepend(likely).Cast<int?>().FirstOrDefault(o => near + o!.Value >= end && IsAt(clip, near + o.Value, packet.Line));
            if (off is not { } found) throw ClipProving.Cannot($"the bytes of a packet do not lie in one piece near byte {near}");
            likely = found;
            yield return [new(near + found - end, packet.Line.Bytes, 1)];
            end = near + found + packet.Line.Bytes;
        }
    }

    private static bool IsAt(FileStream clip, long at, PacketLine line)
    {
        if (at + line.Bytes > clip.Length || line.Bytes > int.MaxValue / 2) return false;
        byte[] bytes = System.Buffers.ArrayPool<byte>.Shared.Rent((int)line.Bytes);
        try
        {
            clip.Position = at;
            clip.ReadExactly(bytes, 0, (int)line.Bytes);
            return Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, (int)line.Bytes))) == line.Sha256;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}

/// <summary>Finds packets in an MPEG transport stream (ISO/IEC 13818-1, ITU-T H.222.0), where each lies in many pieces between headers.</summary>
internal static class TransportPackets
{
    private const int PacketBytes = 188, Sync = 0x47;

    public static bool IsTransportStream(FileStream clip)
    {
        byte[] start = new byte[(2 * PacketBytes) + 1];
        clip.Position = 0;
        return clip.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start[0] == Sync && start[PacketBytes] == Sync && start[2 * PacketBytes] == Sync;
    }

    /// <summary>The payload of the PID's PES packets, end to end, is the elementary stream; its packets follow one another in it.</summary>
    public static IEnumerable<List<ByteRun>> Places(FileStream clip, int pid, List<ProbedPacket> packets)
    {
        using IEnumerator<(long Start, long Length)> pieces = Pieces(clip, pid).GetEnumerator();
        (long Start, long Length) piece = default;
        long end = 0;
        foreach (ProbedPacket packet in packets)
        {
            var runs = new List<ByteRun>();
            for (long left = packet.Line.Bytes; left > 0;)
            {
                if (piece.Length == 0)
                {
                    if (!pieces.MoveNext()) throw ClipProving.Cannot("its transport stream ends before its last packet");
                    piece = pieces.Current;
                    continue;
                }
                long taken = Math.Min(left, piece.Length), skip = piece.Start - end;
                if (runs.Count > 0 && runs[^1] is var last && last.Skip == skip && last.Length == taken) runs[^1] = last with { Times = last.Times + 1 };
                else runs.Add(new(skip, taken, 1));
                end = piece.Start + taken;
                piece = (end, piece.Length - taken);
                left -= taken;
            }
            yield return runs;
        }
    }

    private static IEnumerable<(long Start, long Length)> Pieces(FileStream clip, int pid)
    {
        byte[] packet = new byte[PacketBytes];
        int header = 0; // bytes of a PES header that are still to come in the next transport packet
        using var reading = new FileStream(clip.Name, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 18);
        for (long at = 0; reading.ReadAtLeast(packet, PacketBytes, throwOnEndOfStream: false) == PacketBytes; at += PacketBytes)
        {
            if (packet[0] != Sync) throw ClipProving.Cannot($"its transport stream is out of step at byte {at}");
            // Section 2.4.3.2: PID, payload unit start, adaptation field control.
            if ((((packet[1] & 0x1f) << 8) | packet[2]) != pid || (packet[3] & 0x10) == 0) continue;
            int from = (packet[3] & 0x20) == 0 ? 4 : 5 + packet[4];
            if (from > PacketBytes) throw ClipProving.Cannot($"its transport stream is damaged at byte {at}");
            if ((packet[1] & 0x40) != 0)
            {
                // Section 2.4.3.6: start code, stream id, length, flags, and how long the rest of the header is.
                if (from + 9 > PacketBytes) throw ClipProving.Cannot($"its transport stream is damaged at byte {at}");
                header = 9 + packet[from + 8];
            }
            int skipped = Math.Min(header, PacketBytes - from);
            (from, header) = (from + skipped, header - skipped);
            if (from < PacketBytes) yield return (at + from, PacketBytes - from);
        }
    }
}
