using System.Buffers;
using System.Security.Cryptography;

namespace EvidenceVault.Proof;

/// <summary>A packet that a player finds in a clip.</summary>
/// <param name="Stream">The clip's stream.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
public readonly record struct PlayedPacket(int Stream, long Bytes, string Sha256);

/// <summary>What a player finds in a clip.</summary>
/// <param name="Program">Which one: <c>ffmpeg 7.1</c>; empty where none could be asked.</param>
/// <param name="Packets">Every packet, each stream's in order; null where it could not be asked.</param>
/// <param name="Problem">Why not, a sentence.</param>
public sealed record PlayedClip(string Program, IReadOnlyList<PlayedPacket>? Packets, string Problem);

/// <summary>Asks a player what it finds in a clip. This project starts no programs: whoever can, hands this in.</summary>
/// <param name="clip">The clip's bytes.</param>
/// <param name="cancel">Ends the asking.</param>
public delegate Task<PlayedClip> ClipPlayer(Stream clip, CancellationToken cancel);

/// <summary>
/// Checks that every packet of a clip is a packet of its Master, in order and with none in between left out, by the clip and its proof alone
/// (FORMAT.md section 13).
/// </summary>
public static class ClipCheck
{
    /// <summary>The claims.</summary>
    public const string Claim = "clip-packets", PlaybackClaim = "clip-playback";

    private const int BlockBytes = 1 << 20, MostTold = 5;

    /// <summary>Reads the clip once from end to end and judges it. It never throws for what clip and proof hold.</summary>
    /// <param name="clip">The clip's bytes.</param>
    /// <param name="proof">Its proof, which is not believed in anything.</param>
    /// <param name="index">The Master's own packet index, where it is at hand: the proof must lead to it, and what was done can be told packet by packet.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="IOException">The clip cannot be read; <see cref="InvalidDataException"/> too from a damaged ZIP.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<Finding> Run(Stream clip, PacketProof proof, IndexAtHand? index = null, CancellationToken cancel = default)
    {
        var findings = new List<Finding>();
        foreach (ProvenStream stream in proof.Streams) JudgeRun(stream, index, findings);
        var reading = new Reading(proof);
        reading.Read(clip, cancel);
        if (reading.Problem is { } problem) findings.Add(Finding.Bad(Claim, problem));
        foreach ((ProvenStream stream, string?[] found) in proof.Streams.Zip(reading.Found)) JudgeBytes(stream, found, findings);
        if (reading.Sha256 != proof.ClipSha256 || reading.Bytes != proof.ClipBytes)
            findings.Add(Finding.Bad(Claim, $"The clip is not the file that its packet proof was made for: its SHA-256 is {reading.Sha256}, where the proof says {proof.ClipSha256}."));
        if (findings.Count == 0)
        {
            findings.Add(Finding.Good(Claim,
                $"Each of the clip's {Printable.Count((ulong)proof.Packets)} packets is, byte for byte, a packet of the Master with SHA-256 {proof.MasterSha256}, in the Master's order and with none in between left out: "
                + string.Join("; ", proof.Streams.Select(Span))
                + $". The other {Printable.Count((ulong)(reading.Bytes - reading.PacketBytes))} of its {Printable.Count((ulong)reading.Bytes)} bytes are its container's and no footage."));
        }
        return findings;
    }

    /// <summary>Claim <c>clip-playback</c>: a player finds the packets of the proof, and no others.</summary>
    /// <param name="played">What a player was found to find; null where none was asked.</param>
    /// <param name="proof">The clip's proof.</param>
    /// <param name="index">The Master's packet index, where it is at hand.</param>
    public static Finding Judge(PlayedClip? played, PacketProof proof, IndexAtHand? index = null)
    {
        if (played?.Packets is not { } packets)
        {
            if (played is { Program.Length: > 0 }) return Finding.Bad(PlaybackClaim, $"A player cannot show this clip. {played.Problem}");
            return Finding.Remark(PlaybackClaim, (played is null ? "" : $"{played.Problem} ")
                + "Whether a player shows the packets that were proved and no others was not asked: for that, 'evidencevault verify' takes ffmpeg, where it is installed.");
        }
        var told = new List<string>();
        foreach (ProvenStream stream in proof.Streams)
        {
            string[] found = [.. packets.Where(p => p.Stream == stream.Number).Select(p => p.Sha256)];
            PacketLine[] due = [.. stream.Packets.Select(p => p.Line)];
            if (found.SequenceEqual(due.Select(d => d.Sha256))) continue;
            told.AddRange(RunStory.Tell(found, index?.Around(stream, found) ?? new(stream.First, due), stream.Of));
        }
        if (packets.FirstOrDefault(p => proof.Streams.All(s => s.Number != p.Stream)) is { Sha256: not null } other) told.Add($"it finds a stream {other.Stream} that the proof does not know");
        return told.Count == 0
            ? Finding.Good(PlaybackClaim, $"{Printable.Of(played.Program)}, asked what a player finds in the clip, finds exactly these {Printable.Count((ulong)packets.Count)} packets, in this order, and no others.")
            : Finding.Bad(PlaybackClaim, $"A player is shown something else than the footage that was proved. {Printable.Of(played.Program)} finds: {Listed(told)}.");
    }

    // Is the list of packets an unbroken run of the Master's?
    private static void JudgeRun(ProvenStream stream, IndexAtHand? index, List<Finding> findings)
    {
        bool holds = MerkleRange.Verify(stream.First, stream.Of.Packets, [.. stream.Packets.Select(p => p.Line.LeafHash())], stream.Hashes, stream.Of.Root);
        IndexedStream? known = index?.Streams.FirstOrDefault(s => s.Number == stream.Of.Number);
        bool same = index is null || (known is not null && known with { Root = stream.Of.Root } == stream.Of && known.Root.AsSpan().SequenceEqual(stream.Of.Root));
        if (holds && same) return;
        string[] listed = [.. stream.Packets.Select(p => p.Line.Sha256)];
        string[] told = index is null ? [] : [.. RunStory.Tell(listed, index.Around(stream, listed), stream.Of)];
        findings.Add(Finding.Bad(Claim,
            (holds
                ? $"The packets listed for the clip's {stream.Of.Kind} (stream {stream.Number}) lead to another packet index than that of the Master, which is sealed here as {index!.Exhibit}."
                : $"The packets listed for the clip's {stream.Of.Kind} (stream {stream.Number}) are not an unbroken run of the Master's sealed packet index: one was left out, put in, exchanged or altered since.")
            + (told.Length == 0 ? "" : $" By the index: {Listed(told)}.")));
    }

    // Are the bytes in the clip those of the packets listed?
    private static void JudgeBytes(ProvenStream stream, string?[] found, List<Finding> findings)
    {
        int[] wrong = [.. Enumerable.Range(0, found.Length).Where(i => found[i] is { } sha256 && sha256 != stream.Packets[i].Line.Sha256)];
        if (wrong.Length == 0) return;
        PacketLine line = stream.Packets[wrong[0]].Line;
        int twin = stream.Packets.Select(p => p.Line.Sha256).ToList().IndexOf(found[wrong[0]]!);
        string instead = twin < 0 ? "other bytes stand in its place" : $"in its place stand the bytes of packet {RunStory.Number(stream.First + (ulong)twin)}, of {stream.Of.Seconds(Time(stream.Packets[twin].Line))}";
        findings.Add(Finding.Bad(Claim,
            $"The clip's {stream.Of.Kind} (stream {stream.Number}) does not hold the Master's packets as they were: {Printable.Count((ulong)wrong.Length)} of {Printable.Count((ulong)found.Length)} are not where its proof says. "
            + $"The first is packet {RunStory.Number(stream.First + (ulong)wrong[0])} of the Master's {stream.Of.Kind}, of {stream.Of.Seconds(Time(line))}: {instead}."));
    }

    private static string Span(ProvenStream s) =>
        $"{s.Of.Kind} {RunStory.Number(s.First)} to {RunStory.Number(s.First + (ulong)s.Packets.Count - 1)} of {Printable.Count(s.Of.Packets)}, from {s.Of.Seconds(Time(s.Packets[0].Line))}";

    private static long? Time(PacketLine line) => line.Pts ?? line.Dts;

    private static string Listed(IReadOnlyList<string> told) => string.Join("; ", told.Take(MostTold)) + (told.Count > MostTold ? $"; and {told.Count - MostTold} things more" : "");

    /// <summary>One pass over the clip: the whole of it and each packet's ranges are hashed as they go by.</summary>
    private sealed class Reading
    {
        private readonly Cursor[] _cursors;
        private long _at;

        public Reading(PacketProof proof)
        {
            Found = [.. proof.Streams.Select(s => new string?[s.Packets.Count])];
            _cursors = [.. proof.Streams.Zip(Found, (s, found) => new Cursor(s, found))];
        }

        /// <summary>Per stream and packet the SHA-256 of what lies in its ranges; null where that was not read to its end.</summary>
        public string?[][] Found { get; }

        public string Sha256 { get; private set; } = "";

        public long Bytes => _at;

        public long PacketBytes { get; private set; }

        public string? Problem { get; private set; }

        public void Read(Stream clip, CancellationToken cancel)
        {
            using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
            try
            {
                while (_cursors.Where(c => !c.AtEnd).MinBy(c => c.Start) is { } next)
                {
                    if (next.Start < _at)
                    {
                        Problem = $"The proof counts bytes of the clip twice: packet {RunStory.Number(next.Number)} is said to begin at byte {next.Start}, inside another.";
                        break;
                    }
                    if (!Take(next.Start - _at, null) || !Take(next.Length, next))
                    {
                        Problem = $"The clip ends at byte {Printable.Count((ulong)_at)}, before the packets that its proof lists: it was cut off.";
                        break;
                    }
                    PacketBytes += next.Length;
                    next.Advance();
                }
                Take(long.MaxValue, null);
                Sha256 = Proof.Bytes.Hex(whole.GetHashAndReset());
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(block);
                foreach (Cursor cursor in _cursors) cursor.Dispose();
            }

            bool Take(long bytes, Cursor? of)
            {
                while (bytes > 0)
                {
                    cancel.ThrowIfCancellationRequested();
                    int read = clip.Read(block, 0, (int)Math.Min(bytes, block.Length));
                    if (read == 0) return false;
                    whole.AppendData(block, 0, read);
                    of?.Hash.AppendData(block, 0, read);
                    (bytes, _at) = (bytes - read, _at + read);
                }
                return true;
            }
        }
    }

    /// <summary>Goes through the ranges of one stream in order. Each begins where the one before ended, or after it: a proof has no other spelling.</summary>
    private sealed class Cursor : IDisposable
    {
        private readonly ProvenStream _stream;
        private readonly string?[] _found;
        private int _packet, _run;
        private long _times, _end;

        public Cursor(ProvenStream stream, string?[] found)
        {
            (_stream, _found) = (stream, found);
            Settle();
        }

        public IncrementalHash Hash { get; } = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public bool AtEnd => _packet == _stream.Packets.Count;

        public ulong Number => _stream.First + (ulong)_packet;

        public long Start => _end + Run.Skip;

        public long Length => Run.Length;

        private ByteRun Run => _stream.Packets[_packet].Runs[_run];

        public void Advance()
        {
            _end += Run.Skip + Run.Length;
            if (++_times < Run.Times) return;
            (_times, _run) = (0, _run + 1);
            Settle();
        }

        public void Dispose() => Hash.Dispose();

        // Past the packets that are complete, those of no bytes too.
        private void Settle()
        {
            while (!AtEnd && _run == _stream.Packets[_packet].Runs.Count)
            {
                _found[_packet++] = Proof.Bytes.Hex(Hash.GetHashAndReset());
                _run = 0;
            }
        }
    }
}

/// <summary>A Master's packet index that is at hand beside a clip of it.</summary>
/// <param name="Exhibit">What it is sealed as.</param>
/// <param name="Streams">Its streams, their roots derived from its lines.</param>
/// <param name="Around">Reads it again for what it says of a run, and of packets by their SHA-256.</param>
public sealed record IndexAtHand(string Exhibit, IReadOnlyList<IndexedStream> Streams, Func<ProvenStream, IReadOnlyCollection<string>, MasterRun> Around);

/// <summary>What of a Master's index is known about a run: its lines from the run's first packet on, and where else the clip's packets stand in it.</summary>
/// <param name="First">The number of the first, from 0.</param>
/// <param name="Lines">The lines that the run should have.</param>
public sealed record MasterRun(ulong First, IReadOnlyList<PacketLine> Lines)
{
    /// <summary>Other packets of the Master by their SHA-256, with their numbers; null where the rest of the Master is not known.</summary>
    public IReadOnlyDictionary<string, (ulong Number, PacketLine Line)>? Elsewhere { get; init; }
}

/// <summary>Tells in words how a run of packets differs from the Master's.</summary>
internal static class RunStory
{
    // How far ahead a packet is looked for before it counts as gone.
    private const int Reach = 512;

    /// <summary>A packet's number as a person counts, from 1.</summary>
    public static string Number(ulong index) => Printable.Count(index + 1);

    public static IEnumerable<string> Tell(IReadOnlyList<string> found, MasterRun master, IndexedStream stream)
    {
        IReadOnlyList<PacketLine> due = master.Lines;
        int i = 0, j = 0;
        while (i < found.Count || j < due.Count)
        {
            if (i < found.Count && j < due.Count && found[i] == due[j].Sha256)
            {
                (i, j) = (i + 1, j + 1);
                continue;
            }
            (int more, int fewer) = Next(found, i, due, j);
            int exchanged = Math.Min(more, fewer);
            for (int k = 0; k < exchanged; k++) yield return $"in the place of {Named(j + k)} stands {Whose(found[i + k])}";
            if (fewer > exchanged) yield return fewer - exchanged == 1 ? $"{Named(j + exchanged)} was left out" : $"{fewer - exchanged} packets were left out, from {Named(j + exchanged)} on";
            for (int k = exchanged; k < more; k++) yield return $"before {(j + fewer < due.Count ? Named(j + fewer) : "the end")} was put in {Whose(found[i + k])}";
            (i, j) = (i + more, j + fewer);
        }

        string Named(int k) => $"packet {Number(master.First + (ulong)k)} of the Master's {stream.Kind} ({stream.Seconds(due[k].Pts ?? due[k].Dts)})";

        string Whose(string sha256)
        {
            int at = due.Select(d => d.Sha256).ToList().IndexOf(sha256);
            return at >= 0 ? $"{Named(at)} once more"
                : master.Elsewhere is null ? "a packet that is none of this run"
                : master.Elsewhere.TryGetValue(sha256, out var other) ? $"packet {Number(other.Number)}, which the Master has at {stream.Seconds(other.Line.Pts ?? other.Line.Dts)}"
                : "what is no packet of the Master";
        }
    }

    // The nearest place at which both go on alike: how many of the found and of the due lie before it.
    private static (int More, int Fewer) Next(IReadOnlyList<string> found, int i, IReadOnlyList<PacketLine> due, int j)
    {
        int left = found.Count - i, right = due.Count - j;
        for (int sum = 1; sum <= Math.Min(left + right, Reach); sum++)
        {
            // An exchange of one for one is the likeliest, then what keeps the two closest in number.
            foreach (int more in Enumerable.Range(0, sum + 1).OrderBy(m => Math.Abs((2 * m) - sum)))
            {
                int fewer = sum - more;
                if (more > left || fewer > right) continue;
                if (more == left && fewer == right) return (more, fewer);
                if (more < left && fewer < right && found[i + more] == due[j + fewer].Sha256) return (more, fewer);
            }
        }
        return (left, right);
    }
}
