using System.CommandLine;
using System.Text.Json;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Cli.Commands;

/// <summary>Cuts a clip without a vault.</summary>
internal static class ClipCommand
{
    public static Command Build()
    {
        var video = new Argument<string>("VIDEO") { Description = "A video file. It is only read." };
        var from = new Option<double>("--from") { Description = "Start, in the footage's own time (PTS): 12.5 or 1:02.5.", HelpName = "TIME", Required = true, CustomParser = Arguments.ReadSeconds };
        var to = new Option<double>("--to") { Description = "End.", HelpName = "TIME", Required = true, CustomParser = Arguments.ReadSeconds };
        var output = new Option<string>("--output", "-o") { Description = "The clip; it must not be there yet. The ending is changed where another container is needed to keep the packets as they are.", HelpName = "FILE", Required = true };
        var command = new Command("clip", "Cut a clip by stream copy, never re-encoded, and prove its packets against the video's. Needs no vault.") { video, from, to, output, CommandTree.Json };
        Examples.Of(command, "evidencevault clip MOV001.MP4 --from 12 --to 31.5 -o lorry.mp4");
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.GetRequiredValue(video), parsed.GetRequiredValue(from), parsed.GetRequiredValue(to), Path.GetFullPath(parsed.GetRequiredValue(output)), parsed.GetValue(CommandTree.Json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string video, double from, double to, string output, bool json, CancellationToken cancel)
    {
        string full = Arguments.ExistingVideo(video);
        if (Path.GetDirectoryName(output) is not { } folder || !Directory.Exists(folder))
            throw new RefusedException($"There is no folder for '{Names.Printable(output)}'.", "No clip was made; the video is as it was.", "Make the folder first, or choose another with -o.");
        await using ServiceProvider services = Host.WithoutVault();
        ClipReport clip = await services.GetRequiredService<IClipCutter>().CutAsync(full, from, to, output, cancel);
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(clip, AnalysisJson.Options));
            return ExitCode.Done;
        }
        Console.WriteLine($"{Names.Printable(Path.Combine(folder, clip.File))}  {Show.Words.Bytes(clip.Bytes)}  SHA-256 {clip.Sha256}");
        Console.WriteLine($"Asked {Show.Words.Pts(clip.AskedStart)} to {Show.Words.Pts(clip.AskedEnd)}, got {Show.Words.Pts(clip.GotStart)} to {Show.Words.Pts(clip.GotEnd)}; all {clip.Packets} packets are the video's own.");
        foreach (string left in clip.LeftOut) Console.WriteLine(Trouble.OneLine(left));
        return ExitCode.Done;
    }
}
