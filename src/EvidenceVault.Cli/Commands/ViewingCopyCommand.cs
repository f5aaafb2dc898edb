using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using EvidenceVault.Cli.Show;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Cli.Commands;

/// <summary>Makes viewing copies: of a file, without a vault; of an exhibit, as a sealed sub-exhibit of it.</summary>
internal static class ViewingCopyCommand
{
    public static Command Build()
    {
        var what = new Argument<string>("VIDEO|EXHIBIT") { Description = "A video file, which is only read; or, with --reason, an exhibit such as AB/1." };
        var output = new Option<string?>("--output", "-o") { Description = "The copy; it must not be there yet. Of an exhibit: also retrieve the copy to this file.", HelpName = "FILE" };
        var reason = new Option<string?>("--reason") { Description = "Why you need it: makes a copy of an exhibit, and is recorded before the exhibit is decrypted.", HelpName = "TEXT" };
        var command = new Command("viewing-copy", "Re-encode footage that a browser cannot play, labelled and with every frame at its own time. For looking: the Master is the evidence.") { what, output, reason, CommandTree.Json };
        Examples.Of(command,
            "evidencevault viewing-copy MOV001.AVI -o look.mp4",
            "evidencevault viewing-copy AB/1 --reason \"Viewing in the browser\"",
            "evidencevault viewing-copy AB/1 -o AB-1-viewing.mp4 --reason \"Viewing with the case officer\"");
        command.SetAction((parsed, cancel) =>
        {
            string named = parsed.GetRequiredValue(what);
            string? file = parsed.GetValue(output), why = parsed.GetValue(reason);
            bool json = parsed.GetValue(CommandTree.Json);
            // A file is one that is there; else an exhibit is meant, and without a reason the vault refuses and records that.
            if (why is null && (Path.Exists(named) || !ExhibitReference.TryParse(named, out _))) return OfFileAsync(named, file, json, cancel);
            return ExhibitReference.TryParse(named, out ExhibitReference exhibit)
                ? OfExhibitAsync(CommandTree.Home(parsed), exhibit, file, why, json, cancel)
                : throw new RefusedException($"'{Names.Printable(named)}' is not an exhibit reference.", "Nothing was made.", "Give initials, a stroke and a number, such as AB/1; or, for a file, leave --reason out.");
        });
        return command;
    }

    private static async Task<int> OfFileAsync(string video, string? output, bool json, CancellationToken cancel)
    {
        string full = Arguments.ExistingVideo(video);
        if (output is null) throw new RefusedException("No name was given for the copy.", "Nothing was made.", "Give one with -o, such as -o look.mp4.");
        if (Path.GetDirectoryName(Path.GetFullPath(output)) is not { } folder || !Directory.Exists(folder))
            throw new RefusedException($"There is no folder for '{Names.Printable(output)}'.", "Nothing was made; the video is as it was.", "Make the folder first, or choose another with -o.");
        string hash;
        await using (FileStream file = OpenPlain(full, video)) hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
        await using ServiceProvider services = Host.WithoutVault();
        ViewingCopyReport copy = await Progressing.FractionAsync("copying for viewing", progress =>
            services.GetRequiredService<IViewingCopyMaker>().MakeAsync(full, ViewingLabel.Of(null, hash), null, output, progress, cancel));
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(copy, AnalysisJson.Options));
            return ExitCode.Done;
        }
        Console.WriteLine($"{Names.Printable(Path.Combine(folder, copy.File))}  {Plain.Bytes(copy.Bytes)}  SHA-256 {copy.Sha256}");
        Console.WriteLine($"All {copy.Frames} frames that decode, each at its own time; 0 s of the copy is PTS {Plain.Pts(copy.MasterPts)} of the video. Not the evidence.");
        Console.WriteLine(copy.Reasons.Count == 0 ? "A browser would have played the video as it is." : "Made because: " + string.Join(' ', copy.Reasons.Select(Trouble.OneLine)));
        foreach (string note in copy.Notes) Console.WriteLine($"Note: {Trouble.OneLine(note)}");
        return ExitCode.Done;
    }

    private static async Task<int> OfExhibitAsync(string home, ExhibitReference reference, string? output, string? reason, bool json, CancellationToken cancel)
    {
        await using Host host = await Host.OpenAsync(home);
        ExhibitRow copy = await Progressing.RunAsync(report => host.SendAsync(new MakeViewingCopy(reference, reason, report), cancel));
        // Giving it out is an act of its own, with its own entry.
        if (output is not null) await Progressing.BytesAsync($"{copy.Reference} writing", report => host.SendAsync(new RetrieveExhibit(ExhibitReference.Parse(copy.Reference), output, reason, report), cancel));
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(new { exhibit = copy.Reference, parent = copy.Parent, role = copy.Role, sha256 = copy.Sha256, bytes = copy.Bytes, file = output }, AnalysisJson.Options));
        else
        {
            Console.WriteLine($"{copy.Reference}  viewing copy of {copy.Parent}  {Plain.Bytes(copy.Bytes!.Value)}  SHA-256 {copy.Sha256}");
            Console.WriteLine(output is null ? $"To watch it: evidencevault retrieve {copy.Reference} -o FILE --reason TEXT" : $"Written to {Names.Printable(output)}. Not the evidence.");
        }
        return ExitCode.Done;
    }

    private static FileStream OpenPlain(string full, string named)
    {
        try { return File.OpenRead(full); }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new RefusedException($"'{Names.Printable(named)}' cannot be read as a file ({e.Message}).", "Nothing was made.", "Name a video file. A folder of stills needs no copy: every browser shows them.", e);
        }
    }
}
