using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Cli.Commands;

/// <summary>Cuts clips by hand: of a file, without a vault; of an exhibit, as a sealed sub-exhibit of it.</summary>
internal static class ClipCommand
{
    public static Command Build()
    {
        var what = new Argument<string>("VIDEO|EXHIBIT") { Description = "A video file, which is only read; or, with --reason, an exhibit such as AB/1." };
        var from = new Option<double>("--from") { Description = "Start, in the footage's own time (PTS): 12.5 or 1:02.5.", HelpName = "TIME", Required = true, CustomParser = Arguments.ReadSeconds };
        var to = new Option<double>("--to") { Description = "End.", HelpName = "TIME", Required = true, CustomParser = Arguments.ReadSeconds };
        var output = new Option<string?>("--output", "-o") { Description = "The clip; it must not be there yet. Its packet proof goes beside it, with .proof added. The ending is changed where another container is needed to keep the packets as they are. Of an exhibit: also retrieve clip and proof to these files.", HelpName = "FILE" };
        var reason = new Option<string?>("--reason") { Description = "Why you need it: cuts a clip of an exhibit, and is recorded before the exhibit is decrypted.", HelpName = "TEXT" };
        var command = new Command("clip", "Cut a clip by stream copy, never re-encoded, with a proof that its packets are an unbroken run of the video's.") { what, from, to, output, reason, CommandTree.Json };
        Examples.Of(command,
            "evidencevault clip MOV001.MP4 --from 12 --to 31.5 -o lorry.mp4",
            "evidencevault clip AB/1 --from 12 --to 31.5 --reason \"The lorry, for the interview\"");
        command.SetAction((parsed, cancel) =>
        {
            string named = parsed.GetRequiredValue(what);
            double start = parsed.GetRequiredValue(from), end = parsed.GetRequiredValue(to);
            string? file = parsed.GetValue(output), why = parsed.GetValue(reason);
            bool json = parsed.GetValue(CommandTree.Json);
            // A file is one that is there; else an exhibit is meant, and without a reason the vault refuses and records that.
            if (why is null && (Path.Exists(named) || !ExhibitReference.TryParse(named, out _))) return OfFileAsync(named, start, end, file, json, cancel);
            return ExhibitReference.TryParse(named, out ExhibitReference exhibit)
                ? OfExhibitAsync(CommandTree.Home(parsed), exhibit, start, end, file, why, json, cancel)
                : throw new RefusedException($"'{Names.Printable(named)}' is not an exhibit reference.", "Nothing was made.", "Give initials, a stroke and a number, such as AB/1; or, for a file, leave --reason out.");
        });
        return command;
    }

    private static async Task<int> OfFileAsync(string video, double from, double to, string? output, bool json, CancellationToken cancel)
    {
        string full = Arguments.ExistingVideo(video);
        if (output is null) throw new RefusedException("No name was given for the clip.", "No clip was made; the video is as it was.", "Give one with -o, such as -o lorry.mp4.");
        if (Path.GetDirectoryName(Path.GetFullPath(output)) is not { } folder || !Directory.Exists(folder))
            throw new RefusedException($"There is no folder for '{Names.Printable(output)}'.", "No clip was made; the video is as it was.", "Make the folder first, or choose another with -o.");
        await using ServiceProvider services = Host.WithoutVault();
        (ClipReport clip, string? proof, string? problem) = await services.GetRequiredService<IProvenClips>().CutAsync(full, from, to, Path.GetFullPath(output), cancel);
        if (json)
        {
            JsonObject told = JsonSerializer.SerializeToNode(clip, AnalysisJson.Options)!.AsObject();
            told["proof"] = proof;
            told["proofProblem"] = problem;
            Console.Out.WriteLine(told.ToJsonString(AnalysisJson.Options));
            return ExitCode.Done;
        }
        Console.WriteLine($"{Names.Printable(Path.Combine(folder, clip.File))}  {Plain.Bytes(clip.Bytes)}  SHA-256 {clip.Sha256}");
        Console.WriteLine(Bounds(clip.AskedStart, clip.AskedEnd, clip.GotStart, clip.GotEnd, clip.Packets, "video"));
        foreach (string left in clip.LeftOut) Console.WriteLine(Trouble.OneLine(left));
        Console.WriteLine(proof is null ? Trouble.OneLine(problem!) : $"{Names.Printable(Path.Combine(folder, proof))}  its packet proof  SHA-256 {await Sha256Async(Path.Combine(folder, proof), cancel)}");
        return ExitCode.Done;
    }

    private static async Task<int> OfExhibitAsync(string home, ExhibitReference reference, double from, double to, string? output, string? reason, bool json, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        KeptClip kept = await Progressing.RunAsync(report => host.SendAsync(new CutClip(reference, from, to, reason, report), cancel));
        string? file = output is null ? null : Path.ChangeExtension(output, Path.GetExtension(kept.Clip.RelativePath)), proof = file is null || kept.Proof is null ? null : file + ".proof";
        // Giving it out is an act of its own, with its own entry for each of the two.
        if (file is not null) await RetrieveAsync(kept.Clip.Reference, file);
        if (proof is not null) await RetrieveAsync(kept.Proof!.Reference, proof);
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(
                new
                {
                    exhibit = kept.Clip.Reference,
                    parent = kept.Clip.Parent,
                    role = kept.Clip.Role,
                    sha256 = kept.Clip.Sha256,
                    bytes = kept.Clip.Bytes,
                    file,
                    kept.AskedStart,
                    kept.AskedEnd,
                    kept.GotStart,
                    kept.GotEnd,
                    kept.Packets,
                    proof = kept.Proof?.Reference,
                    proofSha256 = kept.Proof?.Sha256,
                    proofFile = proof,
                    kept.Notes,
                }, AnalysisJson.Options));
            return ExitCode.Done;
        }
        Console.WriteLine($"{kept.Clip.Reference}  clip of {kept.Clip.Parent}  {Plain.Bytes(kept.Clip.Bytes!.Value)}  SHA-256 {kept.Clip.Sha256}");
        Console.WriteLine(Bounds(kept.AskedStart, kept.AskedEnd, kept.GotStart, kept.GotEnd, kept.Packets, "Master"));
        if (kept.Proof is { } proven) Console.WriteLine($"{proven.Reference}  its packet proof  SHA-256 {proven.Sha256}");
        foreach (string note in kept.Notes) Console.WriteLine($"Note: {Trouble.OneLine(note)}");
        Console.WriteLine(file is null ? $"To watch it: evidencevault retrieve {kept.Clip.Reference} -o FILE --reason TEXT" : $"Written to {Names.Printable(file)}{(proof is null ? "" : $" and {Names.Printable(proof)}")}.");
        return ExitCode.Done;

        Task<Pipeline.Records.ExhibitRow> RetrieveAsync(string exhibit, string to) =>
            Progressing.BytesAsync($"{exhibit} writing", report => host.SendAsync(new RetrieveExhibit(ExhibitReference.Parse(exhibit), to, reason, report), cancel));
    }

    private static string Bounds(double askedStart, double askedEnd, double gotStart, double gotEnd, long packets, string of) =>
        $"Asked {Plain.Pts(askedStart)} to {Plain.Pts(askedEnd)}, got {Plain.Pts(gotStart)} to {Plain.Pts(gotEnd)}; all {packets} packets are the {of}'s own.";

    private static async Task<string> Sha256Async(string file, CancellationToken cancel)
    {
        await using FileStream read = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(read, cancel));
    }
}
