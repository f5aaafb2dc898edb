using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Verify.Tests;

public sealed class VerifierTests(VerifierProgram program) : IClassFixture<VerifierProgram>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-verify-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_is_one_file_of_at_most_15_MB_that_needs_nothing_beside_it()
    {
        Assert.Equal(0, (await program.RunAsync("--version")).Code);
        Assert.InRange(new FileInfo(program.Path).Length, 1, 15_000_000);
        string alone = Path.Combine(Directory.CreateDirectory(At("alone")).FullName, "v");
        File.Copy(program.Path, alone);
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(alone, ["--help"]) { RedirectStandardOutput = true })!;
        Assert.Contains("Usage", await process.StandardOutput.ReadToEndAsync());
    }

    [Fact]
    public async Task A_whole_bundle_holds_in_a_folder_and_in_a_zip_with_a_time_stamp_and_given_keys()
    {
        using var tsa = new OpensslTsa();
        var made = new BundleMaker();
        made.Record();
        made.Files[BundlePath.SealTimestamp("AB/1")] = tsa.Stamp(made.Files[BundlePath.SealSignature("AB/1")]);
        made.Files[BundlePath.Tsa] = Encoding.ASCII.GetBytes(tsa.CaPem);
        made.Seal().Sign().List();
        made.WriteFolder(At("bag"));
        Write("bag.zip", made.Zip());
        string policy = Write("policy", made.Keys.Policy), ca = Write("ca.pem", Encoding.ASCII.GetBytes(made.Keys.CaPem)), kept = Write("kept", made.Files[BundlePath.Checkpoint]);
        foreach (string bag in (string[])[At("bag"), At("bag.zip")])
        {
            Ran ran = await program.RunAsync(bag, "--json", "--policy", policy, $"--ca={ca}", "--remembered", kept);
            Assert.True(ran.Code == 0, ran.Out + ran.Error);
            Assert.True(ran.Json["holds"]!.GetValue<bool>());
            string[] claims = [.. ran.Json["findings"]!.AsArray().Select(f => f!["claim"]!.GetValue<string>())];
            Assert.Contains("timestamp", claims);
            Assert.Contains("remembered", claims);
            Assert.All(ran.Json["findings"]!.AsArray(), f => Assert.NotEqual("fails", f!["verdict"]!.GetValue<string>()));
        }
        Ran page = await program.RunAsync(At("bag"));
        Assert.Equal(0, page.Code);
        Assert.StartsWith("IT HOLDS\n", page.Out);
        Assert.Empty(page.Error);
    }

    [Fact]
    public async Task Damage_ends_with_1_and_the_answer_comes_first_and_names_it()
    {
        BundleMaker made = BundleMaker.Whole();
        made.Change("data/exhibits/AB-1/AB-1.mp4", bytes => [(byte)(bytes[0] ^ 1), .. bytes[1..]]);
        made.WriteFolder(At("bag"));
        Ran ran = await program.RunAsync(At("bag"));
        Assert.Equal(1, ran.Code);
        string[] lines = ran.Out.Split('\n');
        Assert.Equal("IT DOES NOT HOLD", lines[0]);
        Assert.Contains("data/exhibits/AB-1/AB-1.mp4", lines[1]);
        Assert.Contains("What does not hold", ran.Out);
        Assert.All(lines.Where(l => !l.Split(' ').Any(w => w.Length >= 64)), l => Assert.InRange(l.Length, 0, 100));
    }

    [Fact]
    public async Task Every_sample_bundle_is_judged_as_it_says_and_what_was_done_is_named()
    {
        string[] samples = [.. Directory.EnumerateFiles(Path.Combine(VerifierProgram.Root, "samples", "bundles"), "expected.json", SearchOption.AllDirectories).Select(p => Path.GetDirectoryName(p)!)];
        Assert.True(samples.Length > 80, $"{samples.Length} samples");
        foreach (string sample in samples)
        {
            JsonNode expected = JsonNode.Parse(File.ReadAllText(Path.Combine(sample, "expected.json")))!;
            bool holds = expected["holds"]!.GetValue<bool>();
            Ran ran = await program.RunAsync(Directory.Exists(Path.Combine(sample, "bag")) ? Path.Combine(sample, "bag") : Path.Combine(sample, "bag.zip"), "--json");
            Assert.True(ran.Code == (holds ? 0 : 1) && ran.Json["holds"]!.GetValue<bool>() == holds, $"{sample}: {ran.Code}\n{ran.Out}{ran.Error}");
            string? claim = (string?)expected["claim"], subject = (string?)expected["subject"];
            Assert.True(holds || ran.Json["findings"]!.AsArray().Any(f => (string?)f!["verdict"] == "fails" && (string?)f["claim"] == claim && (subject is null || (string?)f["subject"] == subject)),
                $"{sample}: nothing fails {claim} of {subject}\n{ran.Out}");
        }
    }

    [Fact]
    public async Task A_single_file_is_checked_against_its_seal()
    {
        BundleMaker made = BundleMaker.Whole();
        string file = Write("AB-1.mp4", made.Bytes["AB/1"]), seal = Write("seal.json", made.Files[BundlePath.Seal("AB/1")]), cms = Write("seal.cms", made.Files[BundlePath.SealSignature("AB/1")]);
        string ca = Write("ca.pem", Encoding.ASCII.GetBytes(made.Keys.CaPem));
        Assert.Equal(0, (await program.RunAsync(file, "--seal", seal, "--signature", cms, "--ca", ca)).Code);
        File.AppendAllText(file, "more");
        Assert.Equal(1, (await program.RunAsync(file, "--seal", seal, "--signature", cms, "--ca", ca)).Code);
    }

    [Fact]
    public async Task A_single_clip_is_checked_against_its_packet_proof_and_that_no_player_was_asked_is_said()
    {
        string bag = Path.Combine(VerifierProgram.Root, "samples", "bundles", "valid", "clip-with-packet-proof", "bag", "data");
        string clip = Path.Combine(bag, "exhibits/AB-1-1/AB-1-1.avi"), proof = Path.Combine(bag, "exhibits/AB-1-1-1/AB-1-1-1.proof");
        string[] sealing = ["--seal", Path.Combine(bag, "seals/AB-1-1/seal.json"), "--signature", Path.Combine(bag, "seals/AB-1-1/seal.cms"), "--ca", Path.Combine(bag, "keys/ca.pem"), "--json"];
        Ran ran = await program.RunAsync([clip, .. sealing, "--packet-proof", proof]);
        Assert.True(ran.Code == 0, ran.Out + ran.Error);
        Assert.Equal(("holds", "note"), (Of("clip-packets"), Of("clip-playback")));
        ran = await program.RunAsync([clip, .. sealing]);
        Assert.Equal((0, "note"), (ran.Code, Of("clip-packets")));
        ran = await program.RunAsync([clip, .. sealing, "--packet-proof", Write("other.proof", [.. File.ReadAllBytes(proof)[..^1], (byte)'1', (byte)'\n'])]);
        Assert.Equal((1, "fails"), (ran.Code, Of("clip-packets")));
        byte[] bytes = File.ReadAllBytes(clip);
        bytes[3000] ^= 1;
        ran = await program.RunAsync([Write("changed.avi", bytes), .. sealing, "--packet-proof", proof]);
        Assert.Equal((1, "fails"), (ran.Code, Of("clip-packets")));

        string Of(string claim) => ran.Json["findings"]!.AsArray().First(f => (string?)f!["claim"] == claim)!["verdict"]!.GetValue<string>();
    }

    [Fact]
    public async Task Wrong_use_ends_with_2_and_says_what_to_do()
    {
        string file = Write("a.txt", [1]);
        foreach (string[] arguments in (string[][])[[], [At("nowhere")], [file], [file, "--seal", file], [_folder, "--nonsense", "x"], [_folder, "--policy"], [_folder, "--ca", file, "--ca", file], [_folder, file], [_folder, "--log", At("nowhere")], [_folder, "--remembered", At("nowhere")]])
        {
            Ran ran = await program.RunAsync(arguments);
            Assert.True(ran.Code == 2, $"{string.Join(' ', arguments)}: {ran.Code} {ran.Error}");
            Assert.Equal(3, ran.Error.TrimEnd().Split('\n').Length);
            Assert.Empty(ran.Out);
        }
    }

    [Fact]
    public async Task A_log_that_cannot_be_reached_ends_with_3()
    {
        BundleMaker made = BundleMaker.Whole();
        made.WriteFolder(At("bag"));
        string kept = Write("kept", made.Keys.Log.SignNote(made.CheckpointAt(3).ToText()).ToBytes());
        // The discard port: nothing listens there.
        Ran ran = await program.RunAsync(At("bag"), "--remembered", kept, "--log", "http://127.0.0.1:9/");
        Assert.Equal(3, ran.Code);
        Assert.Empty(ran.Out);
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }
}
