using System.Text;
using System.Text.Json;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>Reads what a file says of itself and checks it against what is really there.</summary>
public interface IFootageProbe
{
    /// <summary>The report of a video file, a JPEG still, or a folder of stills. What is no footage gives
    /// <see cref="ProbeReport.Container"/> <c>none</c> and a <see cref="ProbeReport.Problem"/>; nothing is thrown for what the file is.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="countFrames">True to decode every frame and count; false when the caller will count while it decodes.</param>
    /// <param name="cancel">Ends the programs started.</param>
    /// <exception cref="UnreachableException">ffprobe is not installed.</exception>
    Task<ProbeReport> ProbeAsync(string path, bool countFrames, CancellationToken cancel);

    /// <summary>The same, with every frame decoded and counted.</summary>
    /// <exception cref="UnreachableException">ffprobe is not installed.</exception>
    Task<ProbeReport> ProbeAsync(string path, CancellationToken cancel) => ProbeAsync(path, countFrames: true, cancel);
}

internal sealed class FootageProbe : IFootageProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5), CountingPatience = TimeSpan.FromHours(6);

    public async Task<ProbeReport> ProbeAsync(string path, bool countFrames, CancellationToken cancel)
    {
        Probed probed = await ExamineAsync(path, cancel);
        return countFrames && probed.Report.Problem is null && probed.Stream is { } stream ? probed.Report with { DecodedFrames = await CountAsync(path, stream, cancel) } : probed.Report;
    }

    /// <summary>The report without a count of frames, and the packets that it was made from.</summary>
    public async Task<Probed> ExamineAsync(string path, CancellationToken cancel)
    {
        if (Directory.Exists(path) || Stills.IsStill(path)) return new(Stills.Probe(path), null, []);
        if (new FileInfo(path) is not { Exists: true } file) return None("The file is not there.");
        if (file.Length == 0) return None("The file is empty (0 bytes).");

        var (result, json) = await ChildProgram.BytesAsync(
            Ffmpeg.Probe(Patience, path, "-show_format", "-show_streams", "-of", "json") with { OutputBytes = 16 << 20 }, cancel);
        if (!result.Good) return None($"The file is not footage that can be read ({Short(result, path)}).");
        ProbeReport report;
        int? video;
        try { (report, video) = ProbeReading.Streams(Encoding.UTF8.GetString(json)); }
        catch (JsonException) { return None("The file is not footage that can be read (ffprobe's answer about it is damaged)."); }
        if (video is not { } stream)
            return Without(report, report.Audio.Count > 0 ? "The file holds sound but no video." : "The file holds no video stream.");

        var packets = await PacketsAsync(path, stream, cancel);
        var pts = packets.Where(p => p.Pts is not null).Select(p => p.Pts!.Value).Order().ToList();
        if (pts.Count > 0)
        {
            double span = pts[^1] - pts[0];
            report = report with
            {
                FirstPts = pts[0],
                LastPts = pts[^1],
                VariableFrameRate = ProbeReading.Varies(pts),
                FrameRate = span > 0 ? Math.Round((pts.Count - 1) / span, 4) : null,
            };
        }
        else if (packets.Count > 0 && packets.TrueForAll(p => p.Duration > 0))
        {
            // A bare stream has no times: its pictures follow each other at the rate that it states.
            double whole = packets.Sum(p => p.Duration);
            report = report with { FirstPts = 0, LastPts = Math.Round(whole - packets[^1].Duration, 6), FrameRate = Math.Round(packets.Count / whole, 4) };
        }
        if (packets.Count == 0) return Without(report, "The file has a video stream with no frame in it.");
        if (report.Width <= 0 || report.Height <= 0) return Without(report, $"The video claims frames of {report.Width} by {report.Height} pixels, which is none.");
        if ((long)report.Width * report.Height > Ffmpeg.MaxPixels)
            return Without(report, $"The video claims frames of {report.Width} by {report.Height} pixels, more than the {Ffmpeg.MaxPixels} pixels that are decoded here.");
        return new(report, stream, packets);
    }

    /// <summary>The times of every packet of a stream, in file order; nothing is decoded.</summary>
    internal static async Task<List<PacketTime>> PacketsAsync(string path, int stream, CancellationToken cancel)
    {
        var packets = new List<PacketTime>();
        await ChildProgram.LinesAsync(
            Ffmpeg.Probe(Patience, path, "-select_streams", Ffmpeg.Number(stream), "-show_entries", "packet=pts_time,dts_time,duration_time,size,flags", "-of", "csv=p=0"),
            line => { if (ProbeReading.Packet(line) is { } packet) packets.Add(packet); }, cancel);
        return packets;
    }

    private static async Task<long> CountAsync(string path, int stream, CancellationToken cancel)
    {
        long frames = 0;
        await ChildProgram.LinesAsync(
            Ffmpeg.Call(CountingPatience, [.. Ffmpeg.Input(path), "-map", $"0:{stream}", "-f", "null", "-fps_mode", "passthrough", "-progress", "pipe:1", "-"]),
            line => { if (line.StartsWith("frame=", StringComparison.Ordinal) && long.TryParse(line[6..], out long n)) frames = n; }, cancel);
        return frames;
    }

    private static Probed None(string problem) => Without(new(), problem);

    private static Probed Without(ProbeReport report, string problem) => new(report with { Problem = problem }, null, []);

    // ffprobe puts the file's name, which is not ours to repeat in logs, before its reason.
    private static string Short(ProgramResult result, string path) =>
        Names.Printable(result.Reason.Replace(Ffmpeg.Name(path) + ": ", "", StringComparison.Ordinal));
}

/// <summary>What a probe found.</summary>
/// <param name="Report">What the file says of itself, checked.</param>
/// <param name="Stream">The video stream, or null where none can be looked at: stills, or a problem.</param>
/// <param name="Packets">Its packets, in file order.</param>
internal sealed record Probed(ProbeReport Report, int? Stream, IReadOnlyList<PacketTime> Packets);
