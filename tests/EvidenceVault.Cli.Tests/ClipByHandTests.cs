using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>The steps that HOW-TO-VERIFY.txt gives for clips, run as they stand with public tools, on real clips: honest, and tampered with.</summary>
public sealed class ClipByHandTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly Workplace work = new() { Storage = azurite.ConnectionString };

    public void Dispose() => work.Dispose();

    private async Task RunAsync(string program, params string[] arguments)
    {
        Ran ran = await work.RunProgramAsync(program, arguments);
        Assert.True(ran.Code == 0, ran.Error);
    }

    private Task FfmpegAsync(params string[] arguments) => RunAsync("ffmpeg", ["-v", "error", "-y", .. arguments]);

    /// <summary>A vault with a Master, a clip of it by hand, and the bundle of that clip: its folder and the commands of the step on clips.</summary>
    private async Task<(string Clip, string Proof, string[] Steps)> DiscloseAsync(string container, string[] coding, bool whole)
    {
        await FfmpegAsync(["-f", "lavfi", "-i", $"testsrc2=size=160x120:rate=25:duration=8,noise=alls=8:all_seed={Random.Shared.Next(1, 1_000_000)}", "-f", "lavfi", "-i", "sine=frequency=440:duration=8", .. coding, "master." + container]);
        Ran ran = await work.RunAsync("ingest", "master." + container, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1");
        Assert.True(ran.Code == 0, ran.Error);
        ran = await work.RunAsync("clip", "AB/1", "--from", "3", "--to", "5", "--reason", "The lorry", "--json");
        Assert.True(ran.Code == 0, ran.Error);
        string clip = ran.Json.GetProperty("exhibit").GetString()!;
        ran = await work.RunAsync(whole ? ["export", "AB/1", "--with-derivatives", "-o", "bundle", "--reason", "Served"] : ["export", clip, "-o", "bundle", "--reason", "Served"]);
        Assert.True(ran.Code == 0, ran.Error);
        string[] lines = File.ReadAllLines(work.File("bundle/HOW-TO-VERIFY.txt"));
        string[] steps = [.. lines.SkipWhile(l => l != $"Clip {clip}, cut from AB/1").TakeWhile(l => !l.StartsWith("That the root", StringComparison.Ordinal)).Skip(1).TakeWhile(l => !l.StartsWith("Clip ", StringComparison.Ordinal)).Where(l => l.StartsWith("  $ ", StringComparison.Ordinal)).Select(l => l[4..])];
        Assert.Equal(5, steps.Length);
        string File_(string reference) => Directory.GetFiles(work.File($"bundle/data/exhibits/{reference.Replace('/', '-')}")).Single();
        return (File_(clip), File_(clip + "/1"), steps);
    }

    /// <summary>What each step comes to: <c>same</c>, or what it says instead.</summary>
    private async Task<string[]> FollowAsync(string[] steps)
    {
        var said = new List<string>();
        foreach (string step in steps)
        {
            Ran ran = await work.RunProgramAsync("sh", "-c", "cd bundle && " + step);
            string[] lines = ran.Out.Trim().Split('\n');
            said.Add(ran.Code == 0 && Array.TrueForAll(lines, l => l == "same" || l.EndsWith(" same", StringComparison.Ordinal)) ? "same" : ran.Out.Contains("NOT THE SAME", StringComparison.Ordinal) ? "not" : "nothing");
        }
        return [.. said];
    }

    [Theory]
    [InlineData("mp4", "-c:v libx264 -g 25 -c:a aac")]
    [InlineData("mkv", "-c:v libx264 -g 25 -c:a aac")]
    [InlineData("ts", "-c:v libx264 -g 25 -c:a aac")]
    public async Task The_published_steps_show_an_honest_clip_and_find_a_dropped_packet_whatever_is_made_of_the_proof(string container, string coding)
    {
        (string clip, string proof, string[] steps) = await DiscloseAsync(container, coding.Split(' '), whole: false);
        Assert.Equal(["same", "same", "same", "same", "same"], await FollowAsync(steps));

        string[] told = File.ReadAllLines(proof);
        await FfmpegAsync("-copyts", "-i", clip, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='eq(n,17)'", "-avoid_negative_ts", "disabled", "dropped." + container);
        File.Copy(work.File("dropped." + container), clip, overwrite: true);
        Assert.Equal(["same", "nothing", "same", "nothing", "same"], await FollowAsync(steps));

        // An insider makes the proof fit the clip: the line goes, and the counts and hashes are those of what is there.
        List<string> fitted = [.. told];
        int first = fitted.FindIndex(l => l.StartsWith("stream 0 ", StringComparison.Ordinal)), packet = first;
        while (!char.IsAsciiDigit(fitted[packet][0])) packet++;
        fitted.RemoveAt(packet + 17);
        string[] words = fitted[first].Split(' ');
        words[^1] = (int.Parse(words[^1]) - 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
        fitted[first] = string.Join(' ', words);
        byte[] now = File.ReadAllBytes(clip);
        fitted[1] = $"clip {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(now))} {now.Length}";
        File.WriteAllText(proof, string.Concat(fitted.Select(l => l + "\n")));
        Assert.Equal(["nothing", "same", "same", "same", "not"], await FollowAsync(steps));
    }

    [Fact]
    public async Task They_find_a_packet_that_was_exchanged_and_with_the_index_they_make_the_root_anew()
    {
        // All key frames, so that ffmpeg itself can put one from elsewhere in.
        (string clip, string proof, string[] steps) = await DiscloseAsync("avi", ["-c:v", "mpeg4", "-g", "1", "-bf", "0", "-map", "0:v"], whole: true);
        Assert.Contains("packets", File.ReadAllText(work.File("bundle/HOW-TO-VERIFY.txt")), StringComparison.Ordinal);
        Assert.EndsWith(".csv", steps[4]);
        Assert.Equal(["same", "same", "same", "same", "same"], await FollowAsync(steps));

        await FfmpegAsync("-i", clip, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='gte(n,17)'", "1.avi");
        await FfmpegAsync("-i", "master.avi", "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='not(eq(n,170))'", "2.avi");
        await FfmpegAsync("-i", clip, "-map", "0", "-c", "copy", "-bsf:v", "noise=drop='lte(n,17)'", "3.avi");
        File.WriteAllText(work.File("list"), "file 1.avi\nfile 2.avi\nfile 3.avi\n");
        await FfmpegAsync("-f", "concat", "-i", "list", "-map", "0", "-c", "copy", "exchanged.avi");
        File.Copy(work.File("exchanged.avi"), clip, overwrite: true);
        Assert.Equal(["same", "nothing", "same", "nothing", "same"], await FollowAsync(steps));

        // The proof made to fit: the hash of the frame that was put in, at the place of the one that is gone.
        List<string> fitted = [.. File.ReadAllLines(proof)];
        int packet = fitted.FindIndex(l => char.IsAsciiDigit(l[0])) + 17;
        string hash = Directory.GetFiles(work.File("bundle/data/exhibits"), "*.csv", SearchOption.AllDirectories).Select(File.ReadAllLines).Single()
            .Where(l => l.StartsWith("0,", StringComparison.Ordinal)).ElementAt(170).Split(',')[5];
        fitted[packet] = fitted[packet].Replace(fitted[packet].Split(',', ' ')[5], hash, StringComparison.Ordinal);
        byte[] now = File.ReadAllBytes(clip);
        fitted[1] = $"clip {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(now))} {now.Length}";
        File.WriteAllText(proof, string.Concat(fitted.Select(l => l + "\n")));
        Assert.Equal(["nothing", "same", "same", "same", "not"], await FollowAsync(steps));
    }

    [Fact]
    public async Task The_program_in_a_bundle_is_the_one_in_the_format_s_description()
    {
        await DiscloseAsync("mkv", ["-c:v", "libx264", "-g", "25", "-map", "0:v"], whole: false);
        Assert.Equal(ProgramIn(File.ReadAllLines(work.File("bundle/HOW-TO-VERIFY.txt"))), ProgramIn(File.ReadAllLines(Path.Combine(Workplace.Root, "src/EvidenceVault.Proof/FORMAT.md"))));

        static string[] ProgramIn(string[] lines) => [.. lines.SkipWhile(l => !l.StartsWith("    # check-proof", StringComparison.Ordinal)).TakeWhile(l => l != "    # end")];
    }
}
