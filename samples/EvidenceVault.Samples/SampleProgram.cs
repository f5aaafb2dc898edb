using System.Diagnostics;
using System.Globalization;

namespace EvidenceVault.Samples;

/// <summary>The command line. Exit codes: 0 done, 2 wrong use, 3 something needed is out of reach.</summary>
internal static class SampleProgram
{
    private static string Help => $"""
        EvidenceVault.Samples renders covert-camera scenes with exact ground truth.

        Make the two sample drops (only what is not there yet):
          EvidenceVault.Samples --out DIR
            DIR/OP-HERON/CAM-1/2026-03-14-dusk/   by layout; ends with a .done marker
            DIR/OP-HERON/CAM-2/2026-03-15-quay/   with a drop.json manifest
            DIR/../truth/<drop>/<file>.json       what really happens in each file

        Render one scene:
          EvidenceVault.Samples --scene NAME --out FILE [--seed N] [--seconds S] [--size WxH]
                [--fps F] [--codec h264|h265|mjpeg] [--noise LEVELS] [--wind 0..4] [--no-clock]
                [--kbps N] [--disturbed rain,insects,shake,gainsteps] [--audio] [--truth FILE]
          FILE ends in .mp4, .mov, .mkv or .avi. Defaults: seed 1, 20 s, 640x360, 12.5 fps, h264.
          Without --noise the scene's light decides: day 2, dusk 4, infra-red 6 grey levels.

        Scenes:
        {string.Join("\n", Scene.Names.Select(s => $"  {s.Key,-12} {s.Value}"))}

        Examples:
          EvidenceVault.Samples --out .evidencevault/drops
          EvidenceVault.Samples --scene dusk-field --seed 7 --seconds 30 --size 1280x720 --out field.mp4 --truth field.json
          EvidenceVault.Samples --scene ir-small-16 --seed 3 --size 1920x1080 --fps 25 --codec h265 --noise 8 --out far.mkv
        """;

    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        try
        {
            if (args.Length == 0 || args.Any(a => a is "--help" or "-h" or "help"))
            {
                output.WriteLine(Help);
                return args.Length == 0 ? 2 : 0;
            }
            Options options = new(args);
            string target = options.Text("--out") ?? throw new ArgumentException("--out is missing: it says where the samples go.");
            return options.Text("--scene") is { } name ? One(name, target, options, output) : Both(target, options, output);
        }
        catch (ArgumentException wrong)
        {
            errors.WriteLine($"{wrong.Message} Nothing was rendered. Run with --help for examples.");
            return 2;
        }
        catch (Exception failed) when (failed is FfmpegException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(failed is FfmpegException ? failed.Message : $"The samples could not be written: {failed.Message} No drop was left half made. Check the folder's rights and free space, then run this again.");
            return 3;
        }
    }

    private static int Both(string folder, Options options, TextWriter output)
    {
        options.NoMore();
        long began = Stopwatch.GetTimestamp();
        int made = Drops.Make(folder, output.WriteLine);
        output.WriteLine(made == 0
            ? "Nothing to do: both drops are there."
            : string.Create(CultureInfo.InvariantCulture, $"Made {made} drop(s) in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s."));
        return 0;
    }

    private static int One(string name, string file, Options options, TextWriter output)
    {
        (int width, int height) = options.Size("--size") ?? (640, 360);
        Scene scene = new()
        {
            Name = name,
            Seed = (ulong)(options.Number("--seed") is { } seed ? seed >= 0 && seed == Math.Floor(seed) ? seed : throw new ArgumentException("--seed must be a whole number from 0.") : 1),
            Seconds = options.Number("--seconds") ?? 20,
            Width = width,
            Height = height,
            Fps = options.Number("--fps") ?? 12.5,
            Noise = options.Number("--noise"),
            Wind = options.Number("--wind") ?? 1,
            Kbps = options.Number("--kbps") is { } kbps ? kbps is >= 16 and <= 100_000 ? (int)kbps : throw new ArgumentException("--kbps goes from 16 to 100000.") : null,
            Disturbed = Enum.TryParse(options.Text("--disturbed") ?? "None", ignoreCase: true, out Disturbance by) ? by : throw new ArgumentException("--disturbed takes some of rain,insects,shake,gainsteps, with commas between."),
        };
        if (options.Flag("--no-clock")) scene = scene with { Clock = null };
        Codec codec = options.Text("--codec") switch
        {
            null or "h264" => Codec.H264,
            "h265" => Codec.H265,
            "mjpeg" => Codec.Mjpeg,
            var other => throw new ArgumentException($"--codec '{other}' is not known: h264, h265 or mjpeg."),
        };
        string? truthFile = options.Text("--truth");
        bool audio = options.Flag("--audio");
        options.NoMore();
        int tenth = 0;
        Truth truth = SceneRenderer.Render(scene, codec, file, new Lines(done =>
        {
            if ((int)(done * 10) <= tenth) return;
            tenth = (int)(done * 10);
            output.WriteLine($"{name}: {tenth * 10} %");
        }), audio);
        if (truthFile is not null) Making.Durable.Write(truthFile, System.Text.Encoding.UTF8.GetBytes(truth.ToJson()));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {truth.Frames} frames, {truth.Segments.Count} segments, {new FileInfo(file).Length} bytes"));
        return 0;
    }

    private sealed class Lines(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }

    private sealed class Options
    {
        private static readonly string[] Flags = ["--no-clock", "--audio"];
        private static readonly string[] Values = ["--out", "--scene", "--seed", "--seconds", "--size", "--fps", "--codec", "--noise", "--wind", "--truth", "--kbps", "--disturbed"];
        private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);

        public Options(string[] args)
        {
            for (int i = 0; i < args.Length; i++)
            {
                string name = args[i], value = "";
                if (Values.Contains(name))
                    value = ++i < args.Length ? args[i] : throw new ArgumentException($"{name} needs a value.");
                else if (!Flags.Contains(name))
                    throw new ArgumentException($"'{name}' is not an option.");
                if (!_given.TryAdd(name, value)) throw new ArgumentException($"{name} is given twice.");
            }
        }

        public string? Text(string name) => _given.Remove(name, out string? value) ? value : null;

        public bool Flag(string name) => _given.Remove(name);

        public double? Number(string name) => Text(name) is not { } text ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number
            : throw new ArgumentException($"{name} '{text}' is not a number.");

        public (int, int)? Size(string name)
        {
            if (Text(name) is not { } text) return null;
            string[] parts = text.Split('x');
            return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int w) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int h)
                ? (w, h) : throw new ArgumentException($"{name} '{text}' is not WIDTHxHEIGHT, such as 1280x720.");
        }

        /// <summary>Throws when an option was given that this use has no place for.</summary>
        public void NoMore()
        {
            if (_given.Count > 0) throw new ArgumentException($"{_given.Keys.First()} goes only with --scene.");
        }
    }
}
