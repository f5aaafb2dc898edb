using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Asks ffmpeg what a player finds in a clip: <c>-c copy -f framehash -hash sha256</c>, which anybody can run too.</summary>
public static class FfmpegPlayer
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <summary>Every packet of a clip, as ffmpeg demuxes it. The clip's bytes are copied into a scratch folder for it.</summary>
    /// <param name="clip">The clip's bytes.</param>
    /// <param name="cancel">Ends ffmpeg.</param>
    /// <returns>Without packets, and with the reason, where ffmpeg is not installed (no program is named then) or cannot read the clip.</returns>
    public static async Task<PlayedClip> AskAsync(Stream clip, CancellationToken cancel)
    {
        if (!ChildProgram.Installed("ffmpeg")) return new("", null, "ffmpeg is not installed here.");
        using Scratch scratch = Scratch.New(Path.Combine(Path.GetTempPath(), "evidencevault-verify"));
        // Without an ending: ffmpeg is to go by the bytes, as the clip's maker cannot be trusted for the name.
        string file = Path.Combine(scratch.Path, "clip");
        await using (FileStream copy = File.Create(file)) await clip.CopyToAsync(copy, cancel);
        string program = $"ffmpeg {await Ffmpeg.VersionAsync(cancel)}";
        var packets = new List<PlayedPacket>();
        // -copyinkf: packets before the first key frame count too.
        ProgramResult result = await ChildProgram.LinesAsync(Ffmpeg.Call(Patience,
            ["-copyts", .. Ffmpeg.Input(file), "-map", "0", "-c", "copy", "-copyinkf", "-avoid_negative_ts", "disabled", "-f", "framehash", "-hash", "sha256", "-"]),
            line => { if (PacketHashes.Read(line) is { } packet) packets.Add(new(packet.Stream, packet.Bytes, packet.Sha256)); }, cancel);
        return result.Good ? new(program, packets, "") : new(program, null, $"ffmpeg cannot read the clip ({Names.Printable(result.Reason.Replace(Ffmpeg.Name(file), "the clip", StringComparison.Ordinal))}).");
    }
}
