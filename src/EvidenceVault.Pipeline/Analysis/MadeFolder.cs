using System.Runtime.InteropServices;
using System.Text.Json;

namespace EvidenceVault.Pipeline.Analysis;

/// <summary>
/// What the analysis program left in its folder, believed in nothing. It may have been taken over by what it decoded, and its walls end at this
/// folder: a link in it that points at the key ring would otherwise be followed, and stored as a picture, by the vault itself.
/// </summary>
internal static class MadeFolder
{
    private const int PartsMax = 100_000, FilesMax = 20_000, TextMax = 8_000, VersionsMax = 16, VersionMax = 200;
    private const string Next = "Try once more; if it ends so again, look at the file by hand and report the fault.";

    /// <summary>The report, where it and all it names are as they must be; else one that says what is wrong.</summary>
    /// <param name="folder">The folder; nothing runs any more that could write to it.</param>
    /// <param name="settings">The settings it was given: what it says of them is not asked.</param>
    /// <param name="reportBytesMax">Largest report that is read.</param>
    public static AnalysisReport Read(string folder, AnalysisSettings settings, int reportBytesMax)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFileSystemEntries(folder))
        {
            if (!IsPlainFile(path)) return Failed("The analysis program left something in its folder that is no plain file.");
            names.Add(Path.GetFileName(path));
        }
        if (!names.Contains(FootageAnalyser.ReportFile)) return Failed("The analysis program ended without a report.");
        string file = Path.Combine(folder, FootageAnalyser.ReportFile);
        if (new FileInfo(file).Length > reportBytesMax) return Failed("The analysis program's report is larger than any report can be.");
        AnalysisReport report;
        try
        {
            report = AnalysisJson.Read(File.ReadAllText(file)) with { Settings = settings };
            AnalysisJson.Write(report); // 1e999 can be read, as infinity, and not be written again
        }
        catch (Exception cause) when (cause is JsonException or ArgumentException or FormatException) { return Failed("The analysis program's report cannot be read."); }
        return Fault(report, names) is { } fault ? Failed($"The analysis program's report is not to be believed: {fault}.") : report;

        AnalysisReport Failed(string what) => FootageAnalyser.Failed(settings, what, Next);
    }

    /// <summary>What in a report no honest program would write, or null.</summary>
    internal static string? Fault(AnalysisReport report, IReadOnlySet<string> there)
    {
        // The reader lets null through as an element of a list.
        if (((IEnumerable<object?>)[.. report.Keyframes, .. report.Clips, .. report.Activity, .. report.Segments, .. report.Readable, .. report.Skipped, .. report.Notes, .. report.ViewingCopies, .. report.Storyboard, .. report.Stills ?? []]).Contains(null)) return "a part of it is missing";
        string[] files =
        [
            .. report.Keyframes.Select(k => k.File), .. report.Clips.Select(c => c.File), .. report.Activity.Select(a => a.File),
            .. report.ViewingCopies.Select(v => v.File), .. report.Storyboard.Select(s => s.File),
            .. report.ContactSheet is { } sheet ? [sheet.File] : Array.Empty<string>(),
        ];
        if (files.Length > FilesMax || report.Segments.Count > PartsMax || report.Readable.Count > PartsMax || report.Skipped.Count > PartsMax || report.Notes.Count > PartsMax || report.Stills?.Count > PartsMax) return "it lists more than there can be";
        if (files.Any(f => !there.Contains(f) || f == FootageAnalyser.ReportFile)) return "it names a file that it did not make";
        if (files.Distinct(StringComparer.Ordinal).Count() != files.Length) return "it names a file twice";
        if (report.Problem?.Length > TextMax || report.Notes.Any(n => n.Length > TextMax) || report.Segments.Any(s => s.OpenedBecause.Length > TextMax || s.ClosedBecause.Length > TextMax)) return "it has a sentence without end";
        if (report.Versions.Count > VersionsMax || report.Versions.Any(v => v.Key.Length > VersionMax || v.Value is null || v.Value.Length > VersionMax)) return "its versions are none";
        if (report.ViewingCopies.Any(v => v.Method.Length > TextMax || v.Reasons.Count > VersionsMax || v.Reasons.Any(r => r is null || r.Length > TextMax))) return "a viewing copy's reasons are none";
        if (report.Stills?.Any(s => s.File.Length > TextMax || s.Taken?.Length > TextMax) == true) return "a still has a name or a time without end";
        if (report.Keyframes.Any(k => k.Still is { } still && (still < 1 || still > (report.Stills?.Count ?? 0)))) return "a picture is of a still that is none";
        if (report.Segments.Any(s => s.Box.Count != 4)) return "a box has no four numbers";
        if (report.Segments.Any(s => s.Tracks.Any(t => t is null || t.Points.Any(p => p is null || p.Box.Count != 4)))) return "a track has no boxes";
        if (report.Segments.Sum(s => s.Tracks.Sum(t => (long)t.Points.Count)) > Trails.MostOfReport) return "it lists more than there can be";
        return null;
    }

    // statx(2): the mode, 16 bits, stands at byte 28; its upper four bits are the kind, 8 for a plain file (inode(7)). Links are not followed.
    private static bool IsPlainFile(string path)
    {
        const int here = -100 /* AT_FDCWD */, noFollow = 0x100 /* AT_SYMLINK_NOFOLLOW */;
        const uint kind = 1 /* STATX_TYPE */;
        byte[] facts = new byte[256];
        return statx(here, path, noFollow, kind, facts) == 0 && BitConverter.ToUInt16(facts, 28) >> 12 == 8;
    }

#pragma warning disable SYSLIB1054 // LibraryImport would need unsafe code in the whole project
    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] facts);
#pragma warning restore SYSLIB1054
}
