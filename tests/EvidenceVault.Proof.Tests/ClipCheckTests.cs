using System.Security.Cryptography;
using System.Text;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

/// <summary>The checker of clips, on a made-up container: four bytes of header before each packet, and what an insider with every key could write.</summary>
public sealed class ClipCheckTests
{
    private const int First = 30, Count = 12;
    private static readonly IndexedStream Video = new(0, "video", "h264", "1/25"), Sound = new(1, "audio", "aac", "1/48000");

    // A Master of 100 frames and 130 pieces of sound.
    private static readonly byte[][] Frames = [.. Enumerable.Range(0, 100).Select(i => RandomNumberGenerator.GetBytes(20 + (i % 7)))];
    private static readonly byte[][] Pieces = [.. Enumerable.Range(0, 130).Select(_ => RandomNumberGenerator.GetBytes(9))];
    private static readonly PacketLine[] FrameLines = [.. Frames.Select((f, i) => LineOf(Video, i, f))], PieceLines = [.. Pieces.Select((p, i) => LineOf(Sound, i, p))];
    private static readonly string Master = new('a', 64);

    [Fact]
    public void An_unbroken_run_of_the_master_holds_and_the_bytes_of_the_container_are_counted()
    {
        (byte[] clip, PacketProof proof) = Clip();
        Finding found = Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(proof)));
        Assert.True(found.Holds, found.Sentence);
        Assert.Contains("video 31 to 42 of 100, from 1.200 s; audio 41 to 55 of 130", found.Sentence);
        // Ten bytes at the start, four before each of the 27 packets, three at the end.
        Assert.Contains($"The other {10 + (4 * (Count + 15)) + 3} of its", found.Sentence);
    }

    [Fact]
    public void A_packet_in_many_pieces_holds()
    {
        // As MPEG-TS cuts them: pieces of five bytes with two between, and the rest after one.
        byte[] frame = Frames[4], clip = [9, 9, .. frame[..5], 0, 0, .. frame[5..10], 0, 0, .. frame[10..15], 0, 0, .. frame[15..20], 0, .. frame[20..]];
        Finding found = Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(ProofOf(clip, [new(0, FrameLines[4..5], 4, [[new(2, 5, 4), new(1, frame.Length - 20, 1)]])]))));
        Assert.True(found.Holds, found.Sentence);
        Assert.Contains("The other 9 of its", found.Sentence);
    }

    [Fact]
    public void A_packet_exchanged_for_another_of_the_same_master_is_named()
    {
        (byte[] clip, PacketProof proof) = Clip(order: [.. Enumerable.Range(First, Count).Select(i => i == First + 5 ? 71 : i)]);
        // The insider's proof tells the truth about the bytes, and the tree does not have them there.
        Finding found = Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(proof)));
        Assert.False(found.Holds);
        Assert.Contains("not an unbroken run of the Master's sealed packet index", found.Sentence);
        found = Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(proof), Index()));
        Assert.Contains("in the place of packet 36 of the Master's video (1.400 s) stands packet 72, which the Master has at 2.840 s", found.Sentence);
    }

    [Fact]
    public void A_packet_exchanged_under_the_old_proof_is_named()
    {
        (byte[] clip, PacketProof proof) = Clip();
        (byte[] other, _) = Clip(order: [.. Enumerable.Range(First, Count).Select(i => i == First + 5 ? First + 5 - 7 : i)]);
        Assert.Equal(clip.Length, other.Length);
        IReadOnlyList<Finding> found = ClipCheck.Run(new MemoryStream(other), Again(proof));
        Assert.Contains(found, f => f.Sentence.Contains("1 of 12 are not where its proof says. The first is packet 36 of the Master's video, of 1.400 s"));
        Assert.Contains(found, f => f.Sentence.Contains("not the file that its packet proof was made for"));
    }

    [Fact]
    public void A_packet_dropped_is_named()
    {
        (byte[] clip, PacketProof proof) = Clip(order: [.. Enumerable.Range(First, Count).Where(i => i != First + 5)]);
        Finding found = Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(proof)));
        Assert.Contains("not an unbroken run", found.Sentence);
        found = Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(proof), Index()));
        Assert.Contains("packet 36 of the Master's video (1.400 s) was left out", found.Sentence);
    }

    [Fact]
    public void A_tree_made_anew_by_an_insider_is_told_from_the_sealed_one()
    {
        PacketLine[] forged = [.. FrameLines.Select((l, i) => i == 35 ? FrameLines[71] : l)];
        (byte[] clip, PacketProof proof) = Clip(order: [.. Enumerable.Range(First, Count).Select(i => i == 35 ? 71 : i)], tree: forged);
        Assert.True(Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(proof))).Holds, "without the index only the log can tell");
        Finding found = Assert.Single(ClipCheck.Run(new MemoryStream(clip), Again(proof), Index()));
        Assert.Contains("lead to another packet index than that of the Master, which is sealed here as AB/1/9", found.Sentence);
        Assert.Contains("in the place of packet 36", found.Sentence);
    }

    [Fact]
    public void A_player_that_finds_other_packets_is_told_packet_by_packet()
    {
        (_, PacketProof proof) = Clip();
        List<PlayedPacket> played = [.. FrameLines[First..(First + Count)].Select(l => new PlayedPacket(0, l.Bytes, l.Sha256)), .. PieceLines[40..55].Select(l => new PlayedPacket(1, l.Bytes, l.Sha256))];
        Assert.Equal(Verdict.Holds, ClipCheck.Judge(new("ffmpeg 7", played, ""), proof).Verdict);
        Assert.Equal(Verdict.Note, ClipCheck.Judge(null, proof).Verdict);
        Assert.Equal(Verdict.Fails, ClipCheck.Judge(new("ffmpeg 7", null, "It is damaged."), proof).Verdict);

        Assert.Contains("packet 36 of the Master's video (1.400 s) was left out", ClipCheck.Judge(new("ffmpeg 7", [.. played.Where((_, i) => i != 5)], ""), proof).Sentence);
        Assert.Contains("was put in a packet that is none of this run", ClipCheck.Judge(new("ffmpeg 7", [.. played[..5], new(0, 3, new('e', 64)), .. played[5..]], ""), proof).Sentence);
        Assert.Contains("in the place of packet 36 of the Master's video (1.400 s) stands packet 38 of the Master's video (1.480 s) once more", ClipCheck.Judge(new("ffmpeg 7", [.. played[..5], played[7], .. played[6..]], ""), proof).Sentence);
        Assert.Contains("a stream 2 that the proof does not know", ClipCheck.Judge(new("ffmpeg 7", [.. played, new(2, 3, new('e', 64))], ""), proof).Sentence);
    }

    [Fact]
    public void Bytes_counted_twice_and_a_clip_cut_off_are_refused()
    {
        (byte[] clip, PacketProof proof) = Clip();
        Assert.Contains(ClipCheck.Run(new MemoryStream(clip[..^40]), Again(proof)), f => f.Sentence.Contains("it was cut off"));
        ProvenPacket[] late = [.. proof.Streams[1].Packets.Select((p, i) => i == 0 ? p with { Runs = [p.Runs[0] with { Skip = p.Runs[0].Skip - 6 }] } : p)];
        PacketProof twice = With(proof, [proof.Streams[0], proof.Streams[1] with { Packets = late }]);
        Assert.Contains(ClipCheck.Run(new MemoryStream(clip), Again(twice)), f => f.Sentence.Contains("counts bytes of the clip twice"));
    }

    [Fact]
    public void Any_bit_of_clip_or_proof_turned_over_fails() => Gen.Select(Gen.Int[0, int.MaxValue], Gen.Bool).Sample((which, ofClip) =>
    {
        (byte[] clip, PacketProof proof) = Clip();
        byte[] text = proof.ToBytes();
        if (ofClip) clip = Flip.Bit(clip, which % (8 * clip.Length));
        else text = Flip.Bit(text, which % (8 * text.Length));
        if (!PacketProof.TryParse(text, out PacketProof? read, out string problem))
        {
            Assert.EndsWith(".", problem);
            return;
        }
        if (ClipCheck.Run(new MemoryStream(clip), read).Any(f => !f.Holds)) return;
        // Left are the words that neither clip nor tree is about. They are of the proof, whose hash the clip's seal has, and which Master it is is compared with that seal.
        Assert.False(ofClip, $"bit {which} of the clip changed and nothing was found");
        Assert.True(Described(read) != Described(proof), $"bit {which} of the proof changed and nothing was found");
    }, iter: 2000, threads: 1);

    [Fact]
    public void No_text_makes_the_readers_throw() => Gen.Select(Gen.Int[0, 100_000], Gen.Byte.Array[0, 40]).Sample((at, junk) =>
    {
        byte[] text = Clip().Proof.ToBytes();
        at %= text.Length;
        byte[] spoilt = [.. text[..at], .. junk, .. text[Math.Min(text.Length, at + junk.Length)..]];
        if (PacketProof.TryParse(spoilt, out PacketProof? proof, out _)) _ = ClipCheck.Run(new MemoryStream(text), proof);
        _ = PacketIndex.TryRead(new MemoryStream(spoilt), null, out _, out _);
        _ = PacketIndex.TryRead(new MemoryStream([.. Encoding.ASCII.GetBytes(IndexText())[..(at % IndexText().Length)], .. junk]), null, out _, out _);
    }, iter: 500, threads: 1);

    [Fact]
    public void An_index_is_read_in_one_pass_and_gives_the_roots()
    {
        Assert.True(PacketIndex.TryRead(new MemoryStream(Encoding.ASCII.GetBytes(IndexText())), null, out PacketIndex? index, out string problem), problem);
        Assert.Equal((Master, 100UL, 130UL), (index.MasterSha256, index.Streams[0].Packets, index.Streams[1].Packets));
        Assert.Equal(Root(FrameLines), index.Streams[0].Root);
        foreach (string bad in (string[])[IndexText()[1..], IndexText() + "0,1", IndexText() + "2,0,0,1,K," + Master + "\n", IndexText() + "0,01,0,1,K," + Master + "\n", IndexText() + new string('0', 600) + "\n"])
            Assert.False(PacketIndex.TryRead(new MemoryStream(Encoding.ASCII.GetBytes(bad)), null, out _, out _));
    }

    private sealed record Part(int Number, PacketLine[] Lines, int From, ByteRun[][] Runs);

    // A clip of frames in this order, with fifteen pieces of sound between them.
    private static (byte[] Clip, PacketProof Proof) Clip(int[]? order = null, PacketLine[]? tree = null)
    {
        order ??= [.. Enumerable.Range(First, Count)];
        var clip = new MemoryStream();
        clip.Write("CONTAINER:"u8);
        var runs = new List<ByteRun[]>[] { [], [] };
        long[] end = [0, 0];
        for (int i = 0; i < Math.Max(order.Length, 15); i++)
        {
            if (i < order.Length) Put(0, Frames[order[i]]);
            if (i < 15) Put(1, Pieces[40 + i]);
        }
        clip.Write("END"u8);
        byte[] bytes = clip.ToArray();
        return (bytes, ProofOf(bytes, [new(0, [.. order.Select(i => FrameLines[i])], First, [.. runs[0]]), new(1, PieceLines[40..55], 40, [.. runs[1]])], tree));

        void Put(int stream, byte[] packet)
        {
            clip.Write([1, 2, 3, 4]);
            runs[stream].Add([new(clip.Length - end[stream], packet.Length, 1)]);
            clip.Write(packet);
            end[stream] = clip.Length;
        }
    }

    private static PacketProof ProofOf(byte[] bytes, Part[] parts, PacketLine[]? tree = null) => new()
    {
        ClipSha256 = Bytes.Hex(SHA256.HashData(bytes)),
        ClipBytes = bytes.Length,
        MasterSha256 = Master,
        Streams = [.. parts.Select(p =>
        {
            PacketLine[] all = p.Number == 0 ? tree ?? FrameLines : PieceLines;
            IndexedStream of = (p.Number == 0 ? Video : Sound) with { Packets = (ulong)all.Length, Root = Root(all) };
            return new ProvenStream(p.Number, of, (ulong)p.From, MerkleRange.Proof((ulong)p.From, (ulong)p.Lines.Length, (ulong)all.Length, all.Select(l => l.LeafHash())), [.. p.Lines.Zip(p.Runs, (l, r) => new ProvenPacket(l, r))]);
        })],
    };

    private static PacketProof With(PacketProof proof, IReadOnlyList<ProvenStream> streams) =>
        new() { ClipSha256 = proof.ClipSha256, ClipBytes = proof.ClipBytes, MasterSha256 = proof.MasterSha256, Streams = streams };

    private static IndexAtHand Index() => new("AB/1/9", [Video with { Packets = 100, Root = Root(FrameLines) }, Sound with { Packets = 130, Root = Root(PieceLines) }], (run, _) => new(run.First, run.Of.Number == 0 ? FrameLines[First..(First + Count)] : PieceLines[40..55])
    {
        Elsewhere = run.Of.Number == 0 ? FrameLines.Select((l, i) => (l, i)).Where(l => l.i is < First or >= First + Count).ToDictionary(l => l.l.Sha256, l => ((ulong)l.i, l.l)) : [],
    });

    private static PacketProof Again(PacketProof proof) => PacketProof.TryParse(proof.ToBytes(), out PacketProof? read, out string problem) ? read : throw new FormatException(problem);

    private static string Described(PacketProof proof) => string.Join(' ', proof.Streams.Select(s => $"{s.Number} {s.Of.Kind} {s.Of.Codec} {s.Of.TimeBase} {s.Of.Packets}").Prepend(proof.MasterSha256));

    private static string IndexText() => PacketIndex.Head(Master, [Video, Sound]) + string.Concat(FrameLines.Concat(PieceLines).Select(l => l.Text + "\n"));

    private static PacketLine LineOf(IndexedStream stream, int i, byte[] bytes) => new(stream.Number, i, i - 1, bytes.Length, i % 10 == 0, Bytes.Hex(SHA256.HashData(bytes)));

    private static byte[] Root(IEnumerable<PacketLine> lines)
    {
        var tree = new TreeFrontier();
        foreach (PacketLine line in lines) tree.Append(line.LeafHash());
        return tree.Root();
    }
}
