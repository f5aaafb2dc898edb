using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Samples.Making;

/// <summary>A file being written by ffmpeg from frames on its standard input. Until <see cref="Finish"/> it has a hidden name
/// beside its own, which is all that a crash leaves.</summary>
internal sealed class VideoFile : IDisposable
{
    private readonly Process _ffmpeg;
    private readonly Task<string> _complaints;
    private readonly string _making, _path;
    private bool _finished;

    private VideoFile(Process ffmpeg, string making, string path)
    {
        (_ffmpeg, _making, _path) = (ffmpeg, making, path);
        _complaints = ffmpeg.StandardError.ReadToEndAsync();
    }

    public static VideoFile Begin(Scene scene, Codec codec, string path, bool wind)
    {
        path = Path.GetFullPath(path);
        string making = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.making-{Environment.ProcessId}");
        ProcessStartInfo start = new("ffmpeg") { RedirectStandardInput = true, RedirectStandardError = true };
        foreach (string argument in Arguments(scene, codec, path, making, wind)) start.ArgumentList.Add(argument);
        return new(Start(start), making, path);
    }

    public void Write(ReadOnlySpan<byte> frame)
    {
        try
        {
            _ffmpeg.StandardInput.BaseStream.Write(frame);
        }
        catch (IOException cause)
        {
            // ffmpeg has gone; what it said says why.
            _ffmpeg.WaitForExit();
            throw Failed(cause);
        }
    }

    public void Finish()
    {
        try
        {
            _ffmpeg.StandardInput.Close();
        }
        catch (IOException cause)
        {
            _ffmpeg.WaitForExit();
            throw Failed(cause);
        }
        _ffmpeg.WaitForExit();
        if (_ffmpeg.ExitCode != 0) throw Failed(null);
        Durable.Flush(_making);
        File.Move(_making, _path, overwrite: true);
        _finished = true;
    }

    public void Dispose()
    {
        if (!_ffmpeg.HasExited)
        {
            _ffmpeg.Kill();
            _ffmpeg.WaitForExit();
        }
        _ffmpeg.Dispose();
        if (!_finished && File.Exists(_making)) File.Delete(_making);
    }

    internal static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception cause)
        {
            throw new FfmpegException("ffmpeg could not be started. No sample was made by it. Install ffmpeg (apt-get install ffmpeg) and run this again.", cause);
        }
    }

    private FfmpegException Failed(Exception? cause) => new(
        $"ffmpeg could not write {Path.GetFileName(_path)}: {_complaints.GetAwaiter().GetResult().Trim()} (exit {_ffmpeg.ExitCode}). " +
        "Nothing was left under that name. Check the free space and the folder's rights, and that this ffmpeg has the encoder.", cause);

    private static IEnumerable<string> Arguments(Scene scene, Codec codec, string path, string making, bool wind)
    {
        string container = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".mp4" => "mp4",
            ".mov" => "mov",
            ".mkv" => "matroska",
            ".avi" => "avi",
            var other => throw new ArgumentException($"'{other}' names no container that is written here. Let the file end in .mp4, .mov, .mkv or .avi."),
        };
        string fps = scene.Fps.ToString(CultureInfo.InvariantCulture), range = codec == Codec.Mjpeg ? "pc" : "tv";
        int group = Math.Max(1, (int)Math.Round(scene.Fps * 2));
        StringBuilder line = new();
        // One thread for the filters and a fixed number for the encoder: the bytes must not depend on the machine's load.
        line.Append(CultureInfo.InvariantCulture, $"-hide_banner -loglevel error -y -f rawvideo -pix_fmt yuv420p -color_range {range} -video_size {scene.Width}x{scene.Height} -framerate {fps} -i pipe:0 ");
        if (wind) line.Append(CultureInfo.InvariantCulture, $"-f lavfi -i anoisesrc=color=brown:amplitude=0.12:sample_rate=16000:seed={scene.Seed % 1000000}:duration={scene.Seconds} -map 0:v -map 1:a -c:a aac -b:a 24k -ac 1 ");
        string h264 = scene.Kbps is { } kbps ? $"-b:v {kbps}k -maxrate {kbps * 3 / 2}k -bufsize {kbps * 2}k" : "-crf 25";
        string h265 = scene.Kbps is { } rate ? $"-b:v {rate}k" : "-crf 27";
        line.Append(codec switch
        {
            // Cameras send no B-frames; a key frame every two seconds.
            Codec.H264 => $"-c:v libx264 -preset veryfast {h264} -bf 0 -g {group} -keyint_min {group} -sc_threshold 0 -threads 2 -pix_fmt yuv420p ",
            Codec.H265 => $"-c:v libx265 -preset superfast {h265} -pix_fmt yuv420p -x265-params log-level=error:pools=2:frame-threads=1:keyint={group}:min-keyint={group}:scenecut=0:bframes=0:info=0 ",
            _ => "-c:v mjpeg -q:v 9 -pix_fmt yuvj420p -threads 1 ",
        });
        if (codec == Codec.H265 && container is "mp4" or "mov") line.Append("-tag:v hvc1 ");
        line.Append("-fflags +bitexact -flags:v +bitexact -flags:a +bitexact ");
        if (container is "mp4" or "mov") line.Append("-movflags +use_metadata_tags ");
        List<string> arguments = [.. line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        if (scene.Clock is { } clock)
        {
            string shown = clock.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + "Z";
            // AVI knows only a date (the ICRD chunk).
            arguments.AddRange(["-metadata", container == "avi" ? $"date={shown}" : $"creation_time={shown}"]);
        }
        if (container is "mp4" or "mov") arguments.AddRange(["-metadata", $"make={Maker.Name}", "-metadata", $"model={Maker.Model}"]);
        return [.. arguments, "-f", container, making];
    }
}

/// <summary>What the sample camera calls itself.</summary>
internal static class Maker
{
    public const string Name = "EvidenceVault Samples";
    public const string Model = "Rendered Camera 1";
}

/// <summary>Writing so that a name never stands for half a file.</summary>
internal static class Durable
{
    public static void Flush(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Writes under a hidden name beside the real one, flushes to disk, then renames.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string making = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.making-{Environment.ProcessId}");
        using (FileStream stream = new(making, FileMode.Create, FileAccess.Write))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        File.Move(making, path, overwrite: true);
    }
}
