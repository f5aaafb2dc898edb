using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EvidenceVault.Samples.Making;

/// <summary>JPEG stills as a trail camera writes them: one picture a file, EXIF with make, model and time.</summary>
internal static class TrailStills
{
    /// <summary>Renders a scene as IMG_0001.JPG and on into a folder that exists. Still i was taken at clock + i / fps.</summary>
    public static Truth Render(Scene scene, string folder)
    {
        List<string> names = [];
        Truth truth = SceneRenderer.Render(scene, fullRange: true, (index, yuv) =>
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"IMG_{index + 1:0000}.JPG");
            DateTime taken = (scene.Clock ?? throw new ArgumentException("Stills need a clock: their EXIF says when they were taken.")).AddSeconds(Math.Round(index / scene.Fps, 3));
            byte[] still = WithExif(Encode(scene, yuv), taken);
            string path = Path.Combine(folder, name);
            Durable.Write(path, still);
            names.Add(name);
        });
        return truth with { Files = names };
    }

    private static byte[] Encode(Scene scene, ReadOnlySpan<byte> yuv)
    {
        ProcessStartInfo start = new("ffmpeg") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in $"-hide_banner -loglevel error -f rawvideo -pix_fmt yuv420p -color_range pc -video_size {scene.Width}x{scene.Height} -i pipe:0 -c:v mjpeg -q:v 6 -pix_fmt yuvj420p -threads 1 -frames:v 1 -fflags +bitexact -flags:v +bitexact -f image2pipe pipe:1".Split(' '))
            start.ArgumentList.Add(argument);
        using Process ffmpeg = VideoFile.Start(start);
        using MemoryStream jpeg = new();
        Task copying = ffmpeg.StandardOutput.BaseStream.CopyToAsync(jpeg);
        Task<string> complaints = ffmpeg.StandardError.ReadToEndAsync();
        ffmpeg.StandardInput.BaseStream.Write(yuv);
        ffmpeg.StandardInput.Close();
        copying.GetAwaiter().GetResult();
        ffmpeg.WaitForExit();
        if (ffmpeg.ExitCode != 0 || jpeg.Length == 0)
            throw new FfmpegException($"ffmpeg could not encode a still: {complaints.GetAwaiter().GetResult().Trim()}. No still was written. Check that this ffmpeg has the mjpeg encoder.");
        return jpeg.ToArray();
    }

    /// <summary>Puts the EXIF segment straight after SOI, where CIPA DC-008 (Exif 2.32) section 4.5.4 wants it.</summary>
    internal static byte[] WithExif(ReadOnlySpan<byte> jpeg, DateTime taken)
    {
        if (jpeg.Length < 4 || jpeg[0] != 0xFF || jpeg[1] != 0xD8) throw new ArgumentException("This is not a JPEG: it does not begin with SOI (FF D8).");
        byte[] tiff = Tiff(taken);
        // APP1: marker FF E1, length with itself (big-endian), "Exif" NUL NUL, TIFF.
        byte[] head = [0xFF, 0xD8, 0xFF, 0xE1, 0, 0, .. "Exif\0\0"u8];
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(4), (ushort)(2 + 6 + tiff.Length));
        return [.. head, .. tiff, .. jpeg[2..]];
    }

    /// <summary>TIFF 6.0 section 2, little-endian: IFD0 with make, model, time; the Exif IFD (tag 0x8769) with the time taken.</summary>
    private static byte[] Tiff(DateTime taken)
    {
        byte[] time = Text(taken.ToString("yyyy:MM:dd HH:mm:ss", CultureInfo.InvariantCulture));
        (ushort Tag, ushort Type, byte[] Value)[] ifd0 =
        [
            (0x010F, 2, Text(Maker.Name)),
            (0x0110, 2, Text(Maker.Model)),
            (0x0112, 3, [1, 0]),
            (0x0132, 2, time),
            (0x8769, 4, [0, 0, 0, 0]),
        ];
        (ushort Tag, ushort Type, byte[] Value)[] exif =
        [
            (0x9000, 7, "0232"u8.ToArray()),
            (0x9003, 2, time),
            (0x9004, 2, time),
        ];
        int exifAt = 8 + Size(ifd0);
        BinaryPrimitives.WriteUInt32LittleEndian(ifd0[^1].Value, (uint)exifAt);
        return [.. "II"u8, 42, 0, 8, 0, 0, 0, .. Directory(ifd0, 8), .. Directory(exif, exifAt)];
    }

    private static int Size((ushort, ushort, byte[] Value)[] entries) =>
        2 + (12 * entries.Length) + 4 + entries.Where(e => e.Value.Length > 4).Sum(e => Even(e.Value.Length));

    private static byte[] Directory((ushort Tag, ushort Type, byte[] Value)[] entries, int at)
    {
        byte[] ifd = new byte[Size(entries)];
        BinaryPrimitives.WriteUInt16LittleEndian(ifd, (ushort)entries.Length);
        int values = 2 + (12 * entries.Length) + 4;
        for (int i = 0; i < entries.Length; i++)
        {
            (ushort tag, ushort type, byte[] value) = entries[i];
            Span<byte> entry = ifd.AsSpan(2 + (12 * i), 12);
            int unit = type switch { 3 => 2, 4 => 4, _ => 1 };
            BinaryPrimitives.WriteUInt16LittleEndian(entry, tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], (uint)(value.Length / unit));
            if (value.Length <= 4)
            {
                value.CopyTo(entry[8..]);
                continue;
            }
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], (uint)(at + values));
            value.CopyTo(ifd, values);
            values += Even(value.Length);
        }
        return ifd;
    }

    private static int Even(int length) => (length + 1) & ~1;

    private static byte[] Text(string text) => Encoding.ASCII.GetBytes(text + "\0");
}
