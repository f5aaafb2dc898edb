using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>Bundles with a clip and without its Master, honest and by an insider who holds the seal key and the log's, so that every hash and signature agrees.</summary>
public sealed class ClipBundleTests
{
    private static readonly DateTimeOffset Now = BundleMaker.Start.AddDays(30);

    [Theory]
    [InlineData("mp4", "libx264")]
    [InlineData("mkv", "libx264")]
    [InlineData("avi", "mpeg4")]
    [InlineData("ts", "libx264")]
    public async Task A_good_clip_holds_without_its_master_and_one_with_a_packet_dropped_is_refused(string container, string video)
    {
        using var bench = new Bench();
        Cut cut = await CutAsync(bench, container, video);
        VerificationReport report = await CheckAsync(bench, Made(cut, cut.Bytes, cut.Proof), asking: true);
        Assert.True(report.Holds, report.Answer);
        Assert.Equal(Verdict.Holds, Of(report, "clip-packets").Verdict);
        Assert.Equal(Verdict.Holds, Of(report, "clip-playback").Verdict);
        // The native verifier starts no program, and says so.
        report = await CheckAsync(bench, Made(cut, cut.Bytes, cut.Proof), asking: false);
        Assert.True(report.Holds, report.Answer);
        Assert.Equal(Verdict.Note, Of(report, "clip-playback").Verdict);

        string number = (cut.Proof.Streams[0].First + 18).ToString(System.Globalization.CultureInfo.InvariantCulture);
        byte[] dropped = File.ReadAllBytes(bench.Make("dropped." + container, "-copyts", "-i", bench.File(cut.File), "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='eq(n,17)'", "-avoid_negative_ts", "disabled"));
        report = await CheckAsync(bench, Made(cut, dropped, cut.Proof), asking: true);
        Assert.Equal(["clip-packets", "clip-playback"], Failed(report));
        Assert.Contains($"packet {number} of the Master's video", Of(report, "clip-playback").Sentence);
        Assert.Contains("was left out", Of(report, "clip-playback").Sentence);
        Assert.Equal(["clip-packets"], Failed(await CheckAsync(bench, Made(cut, dropped, cut.Proof), asking: false)));
    }

    [Fact]
    public async Task A_packet_exchanged_is_refused_whatever_the_insider_makes_of_the_proof_and_named_where_the_index_is_there()
    {
        using var bench = new Bench();
        Cut cut = await CutAsync(bench, "avi", "mpeg4", "-g", "1", "-bf", "0");
        byte[] exchanged = await ExchangedAsync(bench, cut);
        const string named = "stands packet 171, which the Master has at 6.800 s";

        VerificationReport report = await CheckAsync(bench, Made(cut, exchanged, cut.Proof), asking: true);
        Assert.Equal(["clip-packets", "clip-playback"], Failed(report));
        Assert.Contains("in the place of packet 93 of the Master's video (3.680 s) stands a packet that is none of this run", Of(report, "clip-playback").Sentence);

        PacketProof fitted = await PacketProofTests.FittedAsync(cut.Index, bench.File("exchanged.avi"), cut.Proof);
        report = await CheckAsync(bench, Made(cut, exchanged, fitted), asking: false);
        Assert.Equal(["clip-packets"], Failed(report));
        Assert.Contains("not an unbroken run of the Master's sealed packet index", Of(report, "clip-packets").Sentence);
        report = await CheckAsync(bench, Made(cut, exchanged, fitted, withIndex: true), asking: true);
        Assert.Contains(named, Of(report, "clip-packets").Sentence);

        // Another tree for it, too: the sealed index is another, and so is its Master.
        string[] lines = File.ReadAllLines(cut.Index);
        int head = lines.TakeWhile(l => l.StartsWith('#')).Count();
        lines[head + 92] = lines[head + 170];
        string forged = bench.File("forged.csv");
        File.WriteAllText(forged, string.Concat(lines.Select(l => l + "\n")));
        PacketProof anew = await PacketProofTests.FittedAsync(forged, bench.File("exchanged.avi"), cut.Proof, treeToo: true);
        report = await CheckAsync(bench, Made(cut, exchanged, anew, withIndex: true), asking: true);
        Assert.Equal(["clip-packets"], Failed(report).Where(c => c != "clip-playback"));
        Assert.Contains("lead to another packet index than that of the Master, which is sealed here as AB/1/9", Of(report, "clip-packets").Sentence);
        Assert.Contains(named, Of(report, "clip-packets").Sentence);
    }

    [Fact]
    public async Task A_proof_taken_out_exchanged_or_of_another_master_is_refused_and_an_index_that_was_changed_too()
    {
        using var bench = new Bench();
        Cut cut = await CutAsync(bench, "mp4", "libx264");
        VerificationReport report = await CheckAsync(bench, Made(cut, cut.Bytes, cut.Proof, withProof: false), asking: false);
        Assert.Equal(["clip-packets"], Failed(report));
        Assert.Contains("it was taken out", Of(report, "clip-packets").Sentence);

        report = await CheckAsync(bench, Made(cut, cut.Bytes, cut.Proof, master: new string('b', 64)), asking: false);
        Assert.Equal(["clip-packets"], Failed(report));
        Assert.Contains("of another Master", Of(report, "clip-packets").Sentence);

        report = await CheckAsync(bench, Made(cut, cut.Bytes, cut.Proof, withIndex: true), asking: false);
        Assert.True(report.Holds, report.Answer);
        Assert.Equal(Verdict.Holds, Of(report, "packet-index").Verdict);
        report = await CheckAsync(bench, Made(cut, cut.Bytes, cut.Proof, withIndex: true, change: lines => lines[^1] = lines[^2]), asking: false);
        Assert.Equal(["packet-index"], Failed(report));
    }

    private sealed record Cut(string File, string Master, string Index, byte[] Bytes, PacketProof Proof);

    private static async Task<Cut> CutAsync(Bench bench, string container, string video, params string[] more)
    {
        string master = bench.Make("master." + container, ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=8", "-c:v", video, "-g", "25", .. more]);
        string index = (await PacketIndexing.WriteAsync(master, bench.Folder, default))!;
        ClipReport clip = await bench.Cutter.CutAsync(master, 3, 5, bench.File("clip." + container), default);
        return new(clip.File, master, index, File.ReadAllBytes(bench.File(clip.File)), await ClipProving.MakeAsync(index, bench.File(clip.File), clip, default));
    }

    private static async Task<byte[]> ExchangedAsync(Bench bench, Cut cut)
    {
        string cutFile = bench.File(cut.File), parts = bench.Output("parts");
        string[] list =
        [
            bench.Make("parts/1.avi", "-i", cutFile, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='gte(n,17)'"),
            bench.Make("parts/2.avi", "-i", cut.Master, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='not(eq(n,170))'"),
            bench.Make("parts/3.avi", "-i", cutFile, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='lte(n,17)'"),
        ];
        await File.WriteAllLinesAsync(Path.Combine(parts, "list"), list.Select(f => $"file '{f}'"));
        return await File.ReadAllBytesAsync(bench.Make("exchanged.avi", "-f", "concat", "-safe", "0", "-i", Path.Combine(parts, "list"), "-map", "0", "-c", "copy"));
    }

    // Sealed, logged and signed as the vault would, whatever it is that is sealed.
    private static BundleMaker Made(Cut cut, byte[] clip, PacketProof proof, bool withProof = true, bool withIndex = false, string? master = null, Action<string[]>? change = null)
    {
        var made = new BundleMaker();
        made.Entry("vault-opened");
        string parent = master ?? proof.MasterSha256;
        byte[] bytes = proof.ToBytes();
        made.Add("AB/1/4", clip, "avi", "AB/1", settings: new() { ["packetProof"] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)) } }, parentSha256: parent);
        if (withProof) made.Add("AB/1/4/1", bytes, "bin", "AB/1/4", "packet-proof", new() { ["format"] = PacketProof.Version });
        if (withIndex)
        {
            using FileStream text = File.OpenRead(cut.Index);
            Assert.True(PacketIndex.TryRead(text, null, out PacketIndex? index, out string problem), problem);
            string[] lines = File.ReadAllLines(cut.Index);
            change?.Invoke(lines);
            made.Add("AB/1/9", System.Text.Encoding.ASCII.GetBytes(string.Concat(lines.Select(l => l + "\n"))), "csv", "AB/1", "packet-index", PacketIndexSeal.Settings(index), parent);
        }
        return made.Seal().Sign().List();
    }

    private static async Task<VerificationReport> CheckAsync(Bench bench, BundleMaker made, bool asking)
    {
        string folder = bench.File(Guid.NewGuid().ToString("N"));
        made.WriteFolder(folder);
        return await BundleCheck.RunAsync(BagSource.Folder(folder), new() { Player = asking ? FfmpegPlayer.AskAsync : null }, Now);
    }

    private static Finding Of(VerificationReport report, string claim) => report.Findings.First(f => f.Claim == claim);

    private static IEnumerable<string> Failed(VerificationReport report) => report.Findings.Where(f => !f.Holds).Select(f => f.Claim).Distinct();
}
