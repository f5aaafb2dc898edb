using System.CommandLine;
using System.Globalization;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Cli.Commands;

/// <summary>Looks into footage without a vault.</summary>
internal static class AnalyseCommand
{
    private static readonly AnalysisSettings Usual = new();

    public static Command Build()
    {
        var video = Arguments.Video();
        var output = new Option<string?>("--output", "-o") { Description = "A new or empty folder for keyframes, contact sheet, activity curve, clips and analysis.json. Without it, only the report is made.", HelpName = "DIR" };
        var region = new Option<IReadOnlyList<int>?>("--region") { Description = "Look only here: x,y,width,height in pixels of the upright frame.", HelpName = "X,Y,W,H", CustomParser = Arguments.ReadRegion };
        var ignore = new Option<IReadOnlyList<int>[]?>("--ignore") { Description = "Do not look here: x,y,width,height in pixels of the upright frame. May be given several times.", HelpName = "X,Y,W,H", CustomParser = Arguments.ReadBoxes };
        var minimum = new Option<int>("--minimum-size") { Description = "What stays shorter than this on its longer side, in pixels of the upright frame, is no event.", HelpName = "PIXELS", CustomParser = Arguments.ReadPixels };
        var sensitivity = new Option<string>("--sensitivity")
        {
            Description = "low: for windy and wet places; fewer false events, and somebody far off may be missed. normal: people, vehicles and boats count; leaves, rain and water do not. high: for quiet places where nothing must be missed; more false events.",
            HelpName = "low|normal|high",
            DefaultValueFactory = _ => "normal",
        };
        sensitivity.AcceptOnlyFromAmong("low", "normal", "high");
        var mergeGap = Seconds("--merge-gap", "Events that are no farther apart than this are one.", Usual.MergeGap);
        var preRoll = Seconds("--pre-roll", "Seconds kept before an event in its clip.", Usual.PreRoll);
        var postRoll = Seconds("--post-roll", "Seconds kept after an event in its clip.", Usual.PostRoll);
        var burstGap = Seconds("--burst-gap", "Of stills: shots farther apart than this, by the camera's clock, are of two bursts.", Usual.BurstGap);
        var noClips = new Option<bool>("--no-clips") { Description = "Cut no clips." };
        var noCopies = new Option<bool>("--no-viewing-copies") { Description = "Make no viewing copies of clips that a browser cannot play." };
        var noStoryboard = new Option<bool>("--no-storyboard") { Description = "Make no thumbnails for scrubbing." };
        var exhaustive = new Option<bool>("--exhaustive") { Description = "Decode every frame, and look at all that are at least 0.07 seconds apart. Without it, key frames and the sizes of packets decide which stretches are decoded." };
        var command = new Command("analyse", "Find motion in a video. Needs no vault and no storage; the video is only read.")
        {
            video, output, region, ignore, minimum, sensitivity, mergeGap, preRoll, postRoll, burstGap, noClips, noCopies, noStoryboard, exhaustive, CommandTree.Json,
        };
        Examples.Of(command, "evidencevault analyse MOV001.MP4 --json", "evidencevault analyse MOV001.MP4 -o found --region 0,300,1920,600 --no-clips", "evidencevault analyse MOV001.MP4 --ignore 0,0,1920,200 --ignore 1500,200,420,300 --minimum-size 40 --sensitivity low");
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.GetRequiredValue(video), parsed.GetValue(output),
            AnalysisEnvironment.Settings() with
            {
                Region = parsed.GetValue(region),
                Ignore = parsed.GetValue(ignore) ?? [],
                MinimumSize = parsed.GetValue(minimum),
                Sensitivity = Enum.Parse<Sensitivity>(parsed.GetRequiredValue(sensitivity), ignoreCase: true),
                MergeGap = parsed.GetValue(mergeGap),
                PreRoll = parsed.GetValue(preRoll),
                PostRoll = parsed.GetValue(postRoll),
                BurstGap = parsed.GetValue(burstGap),
                Clips = parsed.GetValue(output) is not null && !parsed.GetValue(noClips),
                ViewingCopies = !parsed.GetValue(noCopies),
                Storyboard = !parsed.GetValue(noStoryboard),
                Exhaustive = parsed.GetValue(exhaustive),
            },
            parsed.GetValue(CommandTree.Json), cancel));
        return command;
    }

    private static Option<double> Seconds(string name, string description, double usual) =>
        new(name) { Description = description, HelpName = "SECONDS", CustomParser = Arguments.ReadLength, DefaultValueFactory = _ => usual };

    private static async Task<int> RunAsync(string video, string? output, AnalysisSettings settings, bool json, CancellationToken cancel)
    {
        SettingsCheck.Require(settings);
        string full = Arguments.ExistingVideo(video);
        string? folder = output is null ? null : Arguments.NewFolder(output);
        await using ServiceProvider services = Host.WithoutVault();
        AnalysisReport report = await Progressing.FractionAsync("analysing", progress =>
            services.GetRequiredService<IFootageAnalyser>().AnalyseAsync(full, folder, settings, progress, cancel));
        if (json) await Console.Out.WriteAsync(AnalysisJson.Write(report));
        else Print(new Page(), report, Names.Printable(video), folder);
        if (report.Problem is null) return ExitCode.Done;
        return new Trouble(ExitCode.NotAsItShouldBe, $"'{Names.Printable(video)}' was not analysed.", report.Problem, "The file itself is as it was.").Tell();
    }

    private static void Print(Page page, AnalysisReport report, string video, string? folder)
    {
        page.Facts(
            ("Video", video), ("Frames decoded", report.Frames.ToString("N0", CultureInfo.InvariantCulture)),
            ("Decoded in full", report.Gate is { } gate ? $"{gate.DecodedSeconds.ToString("N1", CultureInfo.InvariantCulture)} seconds; the rest by its key frames (--exhaustive decodes every frame)" : null),
            ("Format", report.Probe is { } p ? $"{p.Container}, {p.Codec ?? "no video"}, {p.Width}x{p.Height}" : null),
            ("Results in", folder is null ? null : Names.Printable(folder)));
        if (report.Problem is null && report.Segments.Count == 0) page.Line("No motion was found.");
        if (report.Segments.Count > 0)
        {
            page.Table(
                [new("No.", Right: true), new("From", Right: true), new("To", Right: true), new("Most motion at", Right: true), new("Where x,y,w,h"), new("Opened because", Wraps: true)],
                report.Segments.Select((s, i) => (IEnumerable<string?>)
                    [(i + 1).ToString(CultureInfo.InvariantCulture), Plain.Pts(s.Start), Plain.Pts(s.End), Plain.Pts(s.Peak), string.Join(',', s.Box), s.OpenedBecause]));
        }
        foreach (string note in report.Notes) page.Line($"Note: {Trouble.OneLine(note)}");
    }
}
