using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Proof;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Packet indexes and packet proofs over what ffmpeg really writes, and what an insider could do to a clip with it.</summary>
public sealed class PacketProofTests
{
    [Theory]
    [InlineData("mp4", "libx264", "aac")]
    [InlineData("mkv", "libx264", "aac")]
    [InlineData("avi", "mpeg4", "pcm_s16le")]
    [InlineData("ts", "libx264", "aac")]
    [InlineData("ts", "mpeg2video", "mp2")]
    [InlineData("mov", "libx264", null)]
    public async Task A_clip_is_proved_without_its_master_and_framehash_agrees_with_the_index(string container, string video, string? audio)
    {
        using var bench = new Bench();
        (string master, string index, ClipReport clip, PacketProof proof) = await MadeAsync(bench, container, video, audio);
        string file = bench.File(clip.File);
        Assert.Equal("." + container, Path.GetExtension(file));

        Finding found = Assert.Single(Judge(file, proof));
        Assert.True(found.Holds, found.Sentence);
        Assert.Equal(clip.Packets, proof.Packets);
        Assert.Equal(audio is null ? 1 : 2, proof.Streams.Count);
        Finding played = ClipCheck.Judge(await Asked(file), proof);
        Assert.True(played.Verdict == Verdict.Holds, played.Sentence);

        // What a stranger gets from ffmpeg is what the index says, of the Master and of the clip.
        Assert.Equal((await Asked(master)).Packets!.Select(p => (p.Stream, p.Bytes, p.Sha256)).Order(), Lines(index).Select(l => (l.Stream, l.Bytes, l.Sha256)).Order());
        PacketLine[] lines = [.. Lines(index)];
        foreach (ProvenStream stream in proof.Streams)
        {
            PacketLine[] ofStream = [.. lines.Where(l => l.Stream == stream.Of.Number)];
            string[] ofClip = [.. (await Asked(file)).Packets!.Where(p => p.Stream == stream.Number).Select(p => p.Sha256)];
            Assert.Equal(ofStream.Skip((int)stream.First).Take(ofClip.Length).Select(l => l.Sha256), ofClip);
            Assert.True(ofClip.Length > 20 && ofStream.Length > ofClip.Length);
        }
    }

    [Fact]
    public async Task Real_footage_is_proved_too()
    {
        using var bench = new Bench();
        foreach (string name in (string[])["dvrscan_traffic_camera.mp4", "vtest.avi", "dvrscan_traffic_camera_vfr.mp4", "psd_issue-134-rotate.mp4"])
        {
            string master = Bench.Footage(name), folder = bench.Output(name);
            string index = (await PacketIndexing.WriteAsync(master, folder, default))!;
            ClipReport clip = await bench.Cutter.CutAsync(master, 4, 9, Path.Combine(folder, name), default);
            PacketProof proof = await ClipProving.MakeAsync(index, Path.Combine(folder, clip.File), clip, default);
            Finding found = Assert.Single(Judge(Path.Combine(folder, clip.File), proof));
            Assert.True(found.Holds, $"{name}: {found.Sentence}");
            Finding played = ClipCheck.Judge(await Asked(Path.Combine(folder, clip.File)), proof);
            Assert.True(played.Verdict == Verdict.Holds, $"{name}: {played.Sentence}");
        }
    }

    [Theory]
    [InlineData("mp4", "libx264")]
    [InlineData("mkv", "libx264")]
    [InlineData("avi", "mpeg4")]
    [InlineData("ts", "libx264")]
    public async Task A_clip_with_a_packet_dropped_is_refused_and_the_packet_named(string container, string video)
    {
        using var bench = new Bench();
        (_, string index, ClipReport clip, PacketProof proof) = await MadeAsync(bench, container, video, null);
        string dropped = bench.Make("dropped." + container, "-copyts", "-i", bench.File(clip.File), "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='eq(n,17)'", "-avoid_negative_ts", "disabled");
        await MustBeRefusedAsync(index, dropped, proof, Number(proof, 17) + " was left out");
    }

    [Theory]
    [InlineData("mp4", "libx264")]
    [InlineData("mkv", "libx264")]
    [InlineData("avi", "mpeg4")]
    [InlineData("ts", "libx264")]
    public async Task A_clip_with_a_packet_exchanged_for_another_of_the_same_master_is_refused_and_both_are_named(string container, string video)
    {
        using var bench = new Bench();
        // All key frames, so that ffmpeg itself can put one from elsewhere in.
        (string master, string index, ClipReport clip, PacketProof proof) = await MadeAsync(bench, container, video, null, "-g", "1", "-bf", "0");
        string cut = bench.File(clip.File), parts = bench.Output("parts");
        string[] list =
        [
            bench.Make($"parts/1.{container}", "-i", cut, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='gte(n,17)'"),
            bench.Make($"parts/2.{container}", "-i", master, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='not(eq(n,170))'"),
            bench.Make($"parts/3.{container}", "-i", cut, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='lte(n,17)'"),
        ];
        await File.WriteAllLinesAsync(bench.File("parts/list"), list.Select(f => $"file '{f}'"));
        string exchanged = bench.Make("exchanged." + container, "-f", "concat", "-auto_convert", "0", "-safe", "0", "-i", Path.Combine(parts, "list"), "-map", "0", "-c", "copy");
        await MustBeRefusedAsync(index, exchanged, proof, $"in the place of {Number(proof, 17)} stands packet 171");
    }

    [Fact]
    public async Task A_packet_hidden_from_the_player_by_the_container_alone_is_found_by_asking_one()
    {
        using var bench = new Bench();
        (_, _, ClipReport clip, PacketProof proof) = await MadeAsync(bench, "mkv", "libx264", null);
        string file = bench.File(clip.File);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        // The element that holds the packet is renamed to Void (RFC 9559 and RFC 8794 section 11.3.4): its bytes stay where the proof says, and no player shows them.
        long at = proof.Streams[0].Packets.Take(18).SelectMany(p => p.Runs).Aggregate(0L, (end, r) => end + r.Skip + r.Length) - proof.Streams[0].Packets[17].Line.Bytes;
        int head = (int)at - 1;
        while (bytes[head] != 0xa3) head--;
        Assert.InRange(at - head, 5, 13);
        bytes[head] = 0xec;
        await File.WriteAllBytesAsync(file, bytes);
        PacketProof refitted = new() { ClipSha256 = Hash(bytes), ClipBytes = bytes.Length, MasterSha256 = proof.MasterSha256, Streams = proof.Streams };
        Assert.True(Assert.Single(Judge(file, refitted)).Holds);
        Finding played = ClipCheck.Judge(await Asked(file), refitted);
        Assert.Equal(Verdict.Fails, played.Verdict);
        Assert.Contains(Number(proof, 17) + " was left out", played.Sentence);
    }

    [Fact]
    public async Task A_file_that_is_no_footage_has_no_index_and_one_that_is_cut_off_has_what_can_be_read()
    {
        using var bench = new Bench();
        string text = bench.File("note.txt");
        await File.WriteAllTextAsync(text, "no footage\n");
        Assert.Null(await PacketIndexing.WriteAsync(text, bench.Output("a"), default));
        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.File("a")));

        string whole = bench.Make("whole.ts", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=3", "-c:v", "mpeg2video");
        byte[] bytes = await File.ReadAllBytesAsync(whole);
        await File.WriteAllBytesAsync(bench.File("cut.ts"), bytes[..(bytes.Length / 2)]);
        string index = (await PacketIndexing.WriteAsync(bench.File("cut.ts"), bench.Output("b"), default))!;
        Assert.InRange(Lines(index).Count(), 20, 60);
    }

    [Fact]
    public async Task The_index_is_there_where_the_analysis_comes_to_nothing_and_a_proof_beside_each_clip_where_it_does_not()
    {
        using var bench = new Bench();
        // Sound alone: packets, and nothing to look at.
        string sound = bench.Make("sound.mp4", "-f", "lavfi", "-i", "sine=frequency=440:duration=4", "-c:a", "aac");
        AnalysisReport report = await bench.Analyser.AnalyseAsync(sound, bench.Output("sound"), new(), null, default);
        Assert.NotNull(report.Problem);
        Assert.True(Lines(bench.File("sound/packets.csv")).Count() > 100);

        AnalysisReport found = await bench.Analyser.AnalyseAsync(Bench.Footage("dvrscan_traffic_camera.mp4"), bench.Output("found"), new(), null, default);
        Assert.NotEmpty(found.Clips);
        Assert.All(found.Clips, clip =>
        {
            Assert.True(PacketProof.TryParse(File.ReadAllBytes(bench.File($"found/{clip.File}.proof")), out PacketProof? proof, out string problem), problem);
            Assert.True(Assert.Single(Judge(bench.File($"found/{clip.File}"), proof)).Holds);
        });
    }

    // By the clip alone with the old proof; by a proof that an insider makes to fit; and with the Master's index at hand, or a player, what was done is named.
    private static async Task MustBeRefusedAsync(string index, string altered, PacketProof honest, string named)
    {
        Assert.All(Judge(altered, honest), f => Assert.False(f.Holds));
        Assert.Equal(Verdict.Fails, ClipCheck.Judge(await Asked(altered), honest).Verdict);
        Finding played = ClipCheck.Judge(await Asked(altered), honest, AtHand(index));
        Assert.True(played.Sentence.Contains(named), $"{named}: {played.Sentence}");

        PacketProof fitted = await FittedAsync(index, altered, honest);
        Finding found = Assert.Single(Judge(altered, fitted));
        Assert.False(found.Holds);
        Assert.Contains("not an unbroken run of the Master's sealed packet index", found.Sentence);
        found = Assert.Single(Judge(altered, fitted, AtHand(index)));
        Assert.True(found.Sentence.Contains(named), $"{named}: {found.Sentence}");
    }

    // The truth about where what lies in the altered clip, under the Master's own root and hashes.
    internal static async Task<PacketProof> FittedAsync(string index, string clip, PacketProof honest, bool treeToo = false)
    {
        var packets = new List<ProbedPacket>();
        Assert.True((await PacketListing.PacketsAsync(clip, packets.Add, default)).Good);
        IReadOnlyList<ProbedStream> streams = await PacketListing.StreamsAsync(clip, default);
        ILookup<string, PacketLine> known = Lines(index).ToLookup(l => l.Sha256);
        using FileStream bytes = File.OpenRead(clip);
        var places = TransportPackets.IsTransportStream(bytes) ? TransportPackets.Places(bytes, streams[0].Id!.Value, packets) : WholePackets.Places(bytes, packets);
        ProvenPacket[] run = [.. packets.Zip(places, (p, runs) => new ProvenPacket(known[p.Line.Sha256].First(), runs))];
        byte[] all = await File.ReadAllBytesAsync(clip);
        ProvenStream stream = honest.Streams[0] with { Packets = run };
        if (treeToo)
        {
            byte[][] leaves = [.. Lines(index).Select(l => l.LeafHash())];
            var tree = new TreeFrontier();
            foreach (byte[] leaf in leaves) tree.Append(leaf);
            stream = stream with { Of = stream.Of with { Root = tree.Root() }, Hashes = MerkleRange.Proof(stream.First, (ulong)run.Length, (ulong)leaves.Length, leaves) };
        }
        var made = new PacketProof { ClipSha256 = Hash(all), ClipBytes = all.Length, MasterSha256 = honest.MasterSha256, Streams = [stream] };
        return PacketProof.TryParse(made.ToBytes(), out PacketProof? read, out string problem) ? read : throw new FormatException(problem);
    }

    private static IndexAtHand AtHand(string index)
    {
        using FileStream text = File.OpenRead(index);
        Assert.True(PacketIndex.TryRead(text, null, out PacketIndex? read, out string problem), problem);
        return new("AB/1/9", read.Streams, (run, _) =>
        {
            PacketLine[] lines = [.. Lines(index).Where(l => l.Stream == run.Of.Number)];
            int first = (int)run.First;
            return new(run.First, lines[first..Math.Min(lines.Length, first + run.Packets.Count)])
            {
                Elsewhere = lines.Select((l, i) => (l, i)).Where(l => l.i < first || l.i >= first + run.Packets.Count).DistinctBy(l => l.l.Sha256).ToDictionary(l => l.l.Sha256, l => ((ulong)l.i, l.l)),
            };
        });
    }

    private static async Task<(string Master, string Index, ClipReport Clip, PacketProof Proof)> MadeAsync(Bench bench, string container, string video, string? audio, params string[] more)
    {
        string[] sound = audio is null ? [] : ["-f", "lavfi", "-i", "sine=frequency=440:duration=8", "-c:a", audio];
        string[] input = [.. sound.Take(4)], codec = [.. sound.Skip(4)];
        string master = bench.Make("master." + container, ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=8", .. input, "-c:v", video, "-g", "25", .. codec, .. more]);
        string index = (await PacketIndexing.WriteAsync(master, bench.Folder, default))!;
        ClipReport clip = await bench.Cutter.CutAsync(master, 3, 5, bench.File("clip." + container), default);
        return (master, index, clip, await ClipProving.MakeAsync(index, bench.File(clip.File), clip, default));
    }

    private static string Number(PacketProof proof, int n) => $"packet {proof.Streams[0].First + (ulong)n + 1} of the Master's video ({proof.Streams[0].Of.Seconds(proof.Streams[0].Packets[n].Line.Pts ?? proof.Streams[0].Packets[n].Line.Dts)})";

    private static IReadOnlyList<Finding> Judge(string file, PacketProof proof, IndexAtHand? index = null)
    {
        using FileStream clip = File.OpenRead(file);
        return ClipCheck.Run(clip, proof, index);
    }

    private static async Task<PlayedClip> Asked(string file)
    {
        await using FileStream clip = File.OpenRead(file);
        return await FfmpegPlayer.AskAsync(clip, default);
    }

    private static IEnumerable<PacketLine> Lines(string index) =>
        File.ReadLines(index).Where(l => !l.StartsWith('#')).Select(l => PacketLine.TryParse(l, out PacketLine line) ? line : throw new FormatException(l));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
}
