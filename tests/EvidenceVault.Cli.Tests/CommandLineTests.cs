using System.CommandLine;
using System.Globalization;
using EvidenceVault.Cli.Commands;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Cli.Tests;

/// <summary>How the command line is read, and what needs no vault and no store.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly Workplace work = new();

    public void Dispose() => work.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("ingest")]
    [InlineData("list")]
    [InlineData("show")]
    [InlineData("retrieve")]
    [InlineData("seal")]
    [InlineData("analyse")]
    [InlineData("clip")]
    [InlineData("log")]
    [InlineData("log show")]
    [InlineData("log fsck")]
    [InlineData("log checkpoint")]
    [InlineData("log vkey")]
    [InlineData("log export")]
    [InlineData("tlog")]
    [InlineData("tlog fsck")]
    [InlineData("tlog verify-proof")]
    [InlineData("verify")]
    [InlineData("doctor")]
    public void Help_exits_0_and_shows_an_example(string command)
    {
        using var output = new StringWriter();
        int code = CommandTree.Build().Parse([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]).Invoke(new() { Output = output });
        Assert.Equal(0, code);
        Assert.Contains($"  evidencevault {command}".TrimEnd(), output.ToString().Split("Example")[^1]);
    }

    [Theory]
    [InlineData("ingest", "a", "--case", "OP-HERON", "--camera", "CAM-7")]
    [InlineData("ingest", "a", "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "ab/1")]
    [InlineData("show")]
    [InlineData("show", "AB")]
    [InlineData("show", "AB/1\n")]
    [InlineData("retrieve", "AB/1", "--reason", "x")]
    [InlineData("analyse", "v", "--region", "1,2,3")]
    [InlineData("analyse", "v", "--region", "1,2,0,4")]
    [InlineData("analyse", "v", "--ignore", "1,2,3")]
    [InlineData("analyse", "v", "--ignore", "1,2,3,4", "--ignore", "a,b,c,d")]
    [InlineData("analyse", "v", "--minimum-size", "-3")]
    [InlineData("analyse", "v", "--sensitivity", "shrill")]
    [InlineData("analyse", "v", "--sensitivity", "1")]
    [InlineData("analyse", "v", "--merge-gap", "NaN")]
    [InlineData("analyse", "v", "--pre-roll", "-1")]
    [InlineData("clip", "v", "--from", "x", "--to", "2", "-o", "c")]
    [InlineData("clip", "v", "--from", "1:61", "--to", "90", "-o", "c")]
    [InlineData("log", "show", "--last", "0")]
    [InlineData("log", "show", "--last", "many")]
    [InlineData("log", "fsck", "--nonsense")]
    [InlineData("nonsense")]
    public void A_wrong_call_is_an_error_of_parsing(params string[] arguments) => Assert.NotEmpty(CommandTree.Build().Parse(arguments).Errors);

    [Theory]
    [InlineData("12.5", 12.5)]
    [InlineData("1:02.5", 62.5)]
    [InlineData("1:00:01", 3601)]
    [InlineData("-0.5", -0.5)]
    public void A_time_is_read_as_seconds(string text, double seconds)
    {
        ParseResult parsed = CommandTree.Build().Parse(["clip", "v", $"--from={text}", "--to=9999", "-o", "c"]);
        Assert.Empty(parsed.Errors);
        Assert.Equal(seconds, parsed.GetValue<double>("--from"));
    }

    [Fact]
    public async Task What_is_asked_of_an_analysis_is_what_its_report_says_it_was_done_with()
    {
        string file = work.File("scene.mp4");
        Assert.Equal(0, (await work.RunProgramAsync("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=2", "-pix_fmt", "yuv420p", file)).Code);
        Ran ran = await work.RunAsync("analyse", file, "--json", "-o", work.File("found"), "--ignore", "0,0,10,20", "--ignore", "100,0,10,20", "--minimum-size", "30", "--sensitivity", "low", "--merge-gap", "7",
            "--pre-roll", "1.5", "--post-roll", "0", "--burst-gap", "60", "--no-viewing-copies", "--no-storyboard");
        Assert.True(ran.Code == 0, ran.Error);
        AnalysisReport report = AnalysisJson.Read(ran.Out);
        AnalysisSettings asked = report.Settings;
        Assert.Equal([[0, 0, 10, 20], [100, 0, 10, 20]], asked.Ignore);
        Assert.Equal((30, Sensitivity.Low, 7, 1.5, 0, 60), (asked.MinimumSize, asked.Sensitivity, asked.MergeGap, asked.PreRoll, asked.PostRoll, asked.BurstGap));
        Assert.Equal((true, false, false), (asked.Clips, asked.ViewingCopies, asked.Storyboard));
        Assert.Empty(report.Storyboard);
        Assert.Equal(AnalysisJson.Write(new AnalysisReport { Settings = new() { Clips = false } }), AnalysisJson.Write(new AnalysisReport { Settings = AnalysisJson.Read((await work.RunAsync("analyse", file, "--json")).Out).Settings }));

        ran = await work.RunAsync("analyse", file, "--post-roll", "999999");
        Assert.Equal(2, ran.Code);
        Assert.Contains("The time kept after an event is no number of seconds from 0 to 3600.", ran.Error);
    }

    [Fact]
    public void A_reason_is_not_asked_for_by_the_parser() => Assert.Empty(CommandTree.Build().Parse(["retrieve", "AB/1", "-o", "f"]).Errors);

    [Fact]
    public void An_argument_with_an_at_sign_is_a_name_and_no_response_file() =>
        Assert.Empty(CommandTree.Build().Parse(["analyse", "@nowhere"], new() { ResponseFileTokenReplacer = null }).Errors);

    [Fact]
    public void What_follows_worker_is_the_workers()
    {
        Assert.Equal(["--help", "--vault", "x"], WorkerCommand.ArgumentsIn(["worker", "--help", "--vault", "x"])!.Value.Arguments);
        Assert.Equal("v", WorkerCommand.ArgumentsIn(["--vault", "v", "worker", "--once"])!.Value.Vault);
        Assert.Equal("v", WorkerCommand.ArgumentsIn(["--vault=v", "worker"])!.Value.Vault);
        Assert.Null(WorkerCommand.ArgumentsIn(["list", "worker"]));
    }

    [Fact]
    public void A_moment_is_told_in_UTC_and_in_local_time_with_its_offset()
    {
        var moment = new DateTimeOffset(2026, 7, 1, 23, 30, 0, TimeSpan.Zero);
        var london = TimeZoneInfo.CreateCustomTimeZone("London in summer", TimeSpan.FromHours(1), null, null);
        Assert.Equal("2026-07-01 23:30:00 UTC (2026-07-02 00:30:00 +01:00)", Plain.Moment(moment, london));
        Assert.Equal("2026-07-01 23:30:00 UTC", Plain.Moment(moment, TimeZoneInfo.Utc));
    }

    [Fact]
    public void Progress_in_a_file_is_at_most_a_line_a_second()
    {
        using var output = new StringWriter();
        var clock = new SteppedClock();
        var progress = new Progressing.PlainLines<int>(clock, n => n.ToString(CultureInfo.InvariantCulture), output);
        for (int tenth = 0; tenth < 25; tenth++, clock.Advance(TimeSpan.FromMilliseconds(100))) progress.Report(tenth);
        Assert.Equal(["0", "10", "20"], output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Brackets_in_a_table_are_text()
    {
        using var output = new StringWriter();
        new Page(output).Table([new("Name")], [["[red]x[/]"], ["[/]"]]);
        Assert.Contains("[red]x[/]", output.ToString());
    }

    [Fact]
    public async Task A_call_without_a_command_exits_2_in_three_lines_and_the_help_exits_0()
    {
        Ran bare = await work.RunAsync();
        Assert.Equal((2, 3), (bare.Code, bare.Error.TrimEnd().Split('\n').Length));
        Ran help = await work.RunAsync("--help");
        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.Contains("doctor", help.Out);
    }

    [Fact]
    public async Task A_vault_that_is_not_there_is_refused_and_not_made()
    {
        foreach (string[] call in (string[][])[["list"], ["show", "AB/1"], ["retrieve", "AB/1", "-o", "f", "--reason", "r"], ["log", "fsck"], ["--vault", "elsewhere", "log", "vkey"]])
            Assert.Equal(2, (await work.RunAsync(call)).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(work.Folder));
    }

    [Fact]
    public async Task A_bad_name_is_refused_before_a_vault_is_made()
    {
        string file = work.Write("a.bin", [1]);
        Assert.Equal(2, (await work.RunAsync("ingest", file, "--case", "../x", "--camera", "CAM-7", "--exhibit", "AB/1")).Code);
        Assert.Equal(2, (await work.RunAsync("ingest", file, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1/1")).Code);
        Assert.False(Directory.Exists(work.Vault));
    }

    [Fact]
    public async Task A_store_that_does_not_answer_exits_3_and_says_what_to_do()
    {
        string file = work.Write("a.bin", [1, 2, 3]);
        Ran ran = await work.RunAsync("ingest", file, "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1");
        Assert.True(ran.Code == 3, ran.Error);
        Assert.Equal(3, ran.Error.TrimEnd().Split('\n').Length);
        Assert.DoesNotContain("   at ", ran.Error);
        Assert.Equal(3, (await work.RunAsync("doctor")).Code);
    }

    [Fact]
    public async Task Analysis_needs_no_vault_and_prints_its_report_alone()
    {
        Ran ran = await work.RunAsync("analyse", Workplace.Footage("tree.avi"), "--json");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.True(ran.Json.GetProperty("frames").GetInt64() > 0);
        Assert.Equal(System.Text.Json.JsonValueKind.Array, ran.Json.GetProperty("segments").ValueKind);
        Assert.False(Directory.Exists(work.Vault));
    }

    [Fact]
    public async Task A_file_that_is_no_footage_gives_a_report_with_the_problem_and_exit_1()
    {
        string file = work.Write("notes.mp4", "notes"u8.ToArray());
        Ran ran = await work.RunAsync("analyse", file, "--json");
        Assert.Equal(1, ran.Code);
        Assert.False(string.IsNullOrEmpty(ran.Json.GetProperty("problem").GetString()));
        Assert.Equal(2, (await work.RunAsync("analyse", "nowhere.mp4", "--json")).Code);
    }

    [Fact]
    public async Task A_clip_is_cut_and_a_file_that_is_there_is_not_overwritten()
    {
        string video = Workplace.Footage("vtest.avi");
        Ran ran = await work.RunAsync("clip", video, "--from", "2", "--to", "0:04", "-o", "clip.avi", "--json");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Equal(ran.Json.GetProperty("packets").GetInt64(), ran.Json.GetProperty("packetsOfMaster").GetInt64());
        Assert.True(File.Exists(work.File(ran.Json.GetProperty("file").GetString()!)));
        Assert.Equal(2, (await work.RunAsync("clip", video, "--from", "2", "--to", "4", "-o", "clip.avi")).Code);
        Assert.Equal(2, (await work.RunAsync("clip", video, "--from", "4", "--to", "2", "-o", "other.avi")).Code);
    }

    private sealed class SteppedClock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Advance(TimeSpan by) => now += by.Ticks;
    }
}
