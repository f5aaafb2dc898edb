using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EvidenceVault.Pipeline.Analysis;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>What an analysis program that has been taken over can reach. Shell scripts stand in its place: they try.</summary>
public class SandboxTests
{
    private const string Secret = "a-secret-that-nobody-inside-may-see";

    private static void NeedsWalls() => Assert.SkipUnless(Sandbox.Here.Walled, Sandbox.Here.Told);

    private static async Task<(AnalysisReport Report, string Made)> RunAsync(Bench bench, Bench scripts, string script, string bubblewrap = "bwrap", AnalysisLimits? limits = null)
    {
        string program = scripts.File("program");
        await File.WriteAllTextAsync(program, "#!/bin/bash\n" + script);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var taken = new Bench(o => (o.Program, o.Bubblewrap) = (program, bubblewrap));
        string master = bench.File("master.mp4"), made = bench.Output();
        await File.WriteAllTextAsync(master, "the footage");
        return (await taken.Analyser.AnalyseAsync(master, made, new() { Limits = limits ?? new() }, null, default), made);
    }

    [Theory]
    [InlineData("bwrap", false)]
    [InlineData("", true)]
    public async Task A_program_taken_over_reaches_no_file_but_the_footage_and_no_network(string bubblewrap, bool reaches)
    {
        if (!reaches) NeedsWalls();
        using var bench = new Bench();
        using var scripts = new Bench();
        string ring = bench.File("keyring.json");
        await File.WriteAllTextAsync(ring, Secret);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var (_, made) = await RunAsync(bench, scripts, $$"""
            [ "$1" = analyse ] && cat "$2" > footage.txt
            cat '{{ring}}' > ring.txt 2>/dev/null
            ls -A /home /root /var /etc /proc/{{Environment.ProcessId}}/ > ls.txt 2>/dev/null
            (echo > /dev/tcp/127.0.0.1/{{port}}) 2>/dev/null && echo connected > network.txt
            {{(reaches ? "exit 0" : "(echo altered > \"$2\"; echo altered > \"$0\"; touch /usr/bin/evidencevault-altered /evidencevault-altered) 2>/dev/null")}}
            exit 0
            """, bubblewrap);
        Assert.Equal("the footage", (await File.ReadAllTextAsync(Path.Combine(made, "footage.txt"))).Trim());
        Assert.Equal(reaches, (await File.ReadAllTextAsync(Path.Combine(made, "ring.txt"))).Contains(Secret));
        Assert.Equal(reaches, File.Exists(Path.Combine(made, "network.txt")));
        if (reaches) return;
        Assert.Equal("the footage", await File.ReadAllTextAsync(bench.File("master.mp4")));
        Assert.DoesNotContain("passwd", await File.ReadAllTextAsync(Path.Combine(made, "ls.txt")));
        Assert.DoesNotContain("environ", await File.ReadAllTextAsync(Path.Combine(made, "ls.txt")));
        Assert.False(File.Exists("/usr/bin/evidencevault-altered") || File.Exists("/evidencevault-altered"));
    }

    [Theory]
    [InlineData("bwrap")]
    [InlineData("")]
    public async Task With_walls_or_without_the_environment_is_empty(string bubblewrap)
    {
        using var bench = new Bench();
        using var scripts = new Bench();
        Environment.SetEnvironmentVariable("EVIDENCEVAULT_TEST_SECRET", Secret);
        try
        {
            var (_, made) = await RunAsync(bench, scripts, "env > env.txt\n", bubblewrap);
            string[] names = [.. (await File.ReadAllLinesAsync(Path.Combine(made, "env.txt"))).Select(l => l.Split('=')[0]).Order()];
            Assert.DoesNotContain("EVIDENCEVAULT_TEST_SECRET", names);
            string[] known = ["PATH", "HOME", "LC_ALL", "TZ", "DOTNET_DbgEnableMiniDump", "DOTNET_EnableDiagnostics", "DOTNET_ROOT", "PWD", "OLDPWD", "SHLVL", "_"];
            Assert.Empty(names.Except(known));
        }
        finally { Environment.SetEnvironmentVariable("EVIDENCEVAULT_TEST_SECRET", null); }
    }

    [Theory]
    [InlineData("bwrap", "for i in $(seq 200); do sleep 4321 & done; wait", "processes")]
    [InlineData("", "for i in $(seq 200); do sleep 4322 & done; wait", "processes")]
    [InlineData("bwrap", "while :; do :; done", "processor time")]
    [InlineData("", "while :; do :; done", "processor time")]
    [InlineData("bwrap", "bomb() { if [ $1 -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & fi; sleep 4323; }; bomb 7", "processes")] // ends by itself at 255, should the limit not hold
    [InlineData("bwrap", "trap '' TERM INT HUP; sleep 4324", "longer than")]
    public async Task A_bomb_ends_as_a_report_and_leaves_nothing_running(string bubblewrap, string script, string says)
    {
        if (bubblewrap.Length > 0) NeedsWalls();
        using var bench = new Bench();
        using var scripts = new Bench();
        var limits = new AnalysisLimits { Time = TimeSpan.FromSeconds(says == "longer than" ? 1 : 60), Processor = TimeSpan.FromSeconds(says == "processor time" ? 1 : 600), Processes = 40 };
        var (report, _) = await RunAsync(bench, scripts, script + "\n", bubblewrap, limits);
        Assert.Contains(says, report.Problem);
        Assert.Contains("the Master is whole and unaltered", report.Problem);
        Assert.DoesNotContain(Process.GetProcesses(), p => Words(p).Any(w => w is "4321" or "4322" or "4323" or "4324" || w == scripts.File("program")));

        static string[] Words(Process process)
        {
            try { return File.ReadAllText($"/proc/{process.Id}/cmdline").Split('\0'); }
            catch (IOException) { return []; /* it has ended */ }
        }
    }

    [Fact]
    public async Task Frames_without_end_stop_at_the_time_that_a_file_has()
    {
        using var bench = new Bench();
        string file = bench.Make("tiny.avi", "-f", "lavfi", "-i", "color=c=black:size=16x16:rate=1000:duration=400", "-c:v", "mpeg4", "-g", "1000");
        var report = await bench.Analyser.AnalyseAsync(file, null, new() { Limits = new() { Time = TimeSpan.FromSeconds(3) } }, null, default);
        Assert.Contains("longer than 00:00:03", report.Problem);
    }

    [Fact]
    public async Task A_small_file_that_unpacks_to_more_than_memory_stops_at_the_memory_that_a_file_has()
    {
        using var bench = new Bench();
        string file = bench.Make("bomb.mkv", "-f", "lavfi", "-i", "color=c=black:size=8000x8000:rate=5:duration=2", "-c:v", "png", "-pix_fmt", "rgb24");
        Assert.True(new FileInfo(file).Length < 5_000_000, "the bomb is no bomb");
        var report = await bench.Analyser.AnalyseAsync(file, null, new() { Limits = new() { MemoryBytes = 300_000_000 } }, null, default);
        Assert.Contains("memory", report.Problem);
    }

    [Fact]
    public async Task A_still_that_claims_a_monstrous_size_is_told_and_not_tried()
    {
        using var bench = new Bench();
        byte[] bytes = await File.ReadAllBytesAsync(bench.Make("still.jpg", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1"));
        // ITU-T T.81 B.2.2: in the frame header, height and width follow marker, length and precision.
        int header = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        bytes.AsSpan(header + 5, 4).Fill(0xFF);
        await File.WriteAllBytesAsync(bench.File("bomb.jpg"), bytes);
        var report = await bench.Analyser.AnalyseAsync(bench.File("bomb.jpg"), bench.Output(), new(), null, default);
        Assert.Contains("the Master is whole and unaltered", report.Problem);
        Assert.DoesNotContain("was ended because", report.Problem);
    }

    [Theory]
    [InlineData("ln -s /etc/passwd still.jpg; echo '{\"frames\":1}' > analysis.json", "no plain file")]
    [InlineData("ln -s /etc/passwd analysis.json", "no plain file")]
    [InlineData("mkfifo analysis.json", "no plain file")]
    [InlineData("mkdir more; echo '{\"frames\":1}' > analysis.json", "no plain file")]
    [InlineData("echo '{\"frames\":1e999}' > analysis.json", "cannot be read")]
    [InlineData("echo '{\"segments\":[{\"start\":0,\"end\":1e999,\"peak\":0,\"peakScore\":0,\"box\":[0,0,1,1],\"openedBecause\":\"\",\"closedBecause\":\"\"}]}' > analysis.json", "cannot be read")]
    [InlineData("echo '{\"segments\":[null]}' > analysis.json", "not to be believed")]
    [InlineData("echo '{\"keyframes\":[{\"file\":\"../../keyring.json\",\"kind\":\"still\",\"sha256\":\"\",\"bytes\":1}]}' > analysis.json", "not to be believed")]
    [InlineData("touch a.jpg; echo '{\"keyframes\":[{\"file\":\"a.jpg\",\"kind\":\"still\",\"sha256\":\"\",\"bytes\":1},{\"file\":\"a.jpg\",\"kind\":\"still\",\"sha256\":\"\",\"bytes\":1}]}' > analysis.json", "not to be believed")]
    public async Task What_it_leaves_behind_is_not_followed_and_not_believed(string script, string says)
    {
        using var bench = new Bench();
        using var scripts = new Bench();
        var (report, _) = await RunAsync(bench, scripts, script + "\n");
        Assert.Contains(says, report.Problem);
        Assert.Empty(report.Keyframes);
    }

    [Fact]
    public async Task It_cannot_say_that_it_was_asked_for_something_else()
    {
        using var bench = new Bench();
        using var scripts = new Bench();
        var (report, _) = await RunAsync(bench, scripts, "echo '{\"frames\":1,\"settings\":{\"preRoll\":99}}' > analysis.json\n");
        Assert.Null(report.Problem);
        Assert.Equal(2, report.Settings.PreRoll);
    }

    [Fact]
    public void A_bubblewrap_that_does_not_work_is_told_and_limits_stay()
    {
        using var bench = new Bench();
        string program = bench.File("bwrap");
        File.WriteAllText(program, "#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var sandbox = Sandbox.Of(program);
        Assert.False(sandbox.Walled);
        Assert.Contains("No permissions to create new namespace", sandbox.Told);
        Assert.Contains("not installed", Sandbox.Of("no-such-bwrap").Told);
    }

    [Fact]
    public async Task What_ffmpeg_is_started_on_by_the_vault_itself_has_walls_too()
    {
        NeedsWalls();
        using var bench = new Bench();
        await File.WriteAllTextAsync(bench.File("keyring.json"), Secret);
        await File.WriteAllTextAsync(bench.File("footage.txt"), "the footage");
        var said = new List<string>();
        await ChildProgram.LinesAsync(new("sh", ["-c", "cat keyring.json ../*/keyring.json; cat \"${3#file:}\"; ls /etc", "sh", "-i", "file:" + bench.File("footage.txt"), bench.File("keyring.json")], TimeSpan.FromSeconds(20)), said.Add, default);
        await ChildProgram.LinesAsync(new("sh", ["-c", "cat \"$1\"", "sh", bench.File("keyring.json")], TimeSpan.FromSeconds(20)), said.Add, default);
        Assert.DoesNotContain(Secret, said);
        Assert.DoesNotContain("passwd", said);
    }

    [Fact]
    public async Task With_walls_or_without_the_same_footage_gives_the_same_report()
    {
        NeedsWalls();
        using var bench = new Bench();
        using var bare = new Bench(o => o.Bubblewrap = "");
        string file = bench.Make("plain.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=3", "-pix_fmt", "yuv420p");
        byte[] bytes = await File.ReadAllBytesAsync(file);
        await File.WriteAllBytesAsync(bench.File("broken.mp4"), bytes[..(bytes.Length * 2 / 3)]); // without its index: ffmpeg's own words are in the report
        foreach (string name in (string[])["plain.mp4", "broken.mp4"])
        {
            string walled = AnalysisJson.Write(await bench.Analyser.AnalyseAsync(bench.File(name), null, new(), null, default));
            Assert.Equal(walled, AnalysisJson.Write(await bare.Analyser.AnalyseAsync(bench.File(name), null, new(), null, default)));
        }
    }
}
