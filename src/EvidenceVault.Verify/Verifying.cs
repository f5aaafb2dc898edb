using System.Globalization;
using System.Text;
using EvidenceVault.Proof;

namespace EvidenceVault.Verify;

/// <summary>Runs a check that was asked for and prints what came of it. This file and those beside it are also compiled into
/// <c>evidencevault</c>, so that <c>evidencevault verify</c> and <c>evidencevault-verify</c> cannot differ.</summary>
internal static class Verifying
{
    public const int Holds = 0, DoesNotHold = 1;

    /// <summary>Columns, where the output is not a terminal.</summary>
    public const int WidthOfFiles = 100;

    private const int MostGivenBytes = 1 << 20;

    /// <summary>Checks, prints to <paramref name="output"/>, and gives the exit code.</summary>
    /// <exception cref="VerifyTrouble">Nothing could be checked.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<int> RunAsync(VerifyRequest request, TextWriter output, int width, ProgressLine progress, TimeProvider clock, CancellationToken cancel)
    {
        DateTimeOffset now = clock.GetUtcNow();
        VerificationReport report;
        try
        {
            report = request.IsSealedFile ? await CheckFileAsync(request, now, progress, cancel).ConfigureAwait(false) : await CheckBundleAsync(request, now, progress, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw VerifyTrouble.OutOfReach($"'{Shown(request.Path)}' cannot be read ({e.Message}).");
        }
        finally
        {
            progress.Clear();
        }
        if (request.Json) await output.WriteLineAsync(report.ToJson()).ConfigureAwait(false);
        else ReportPage.Write(output, report, width, $"{Shown(request.Path)}, checked {Moment(now, clock.LocalTimeZone)}");
        return report.Holds ? Holds : DoesNotHold;
    }

    /// <summary>Text of others, fit for a terminal.</summary>
    public static string Shown(string text) => string.Concat(text.Select(c =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate ? $"\\u{(int)c:x4}" : c.ToString()));

    private static async Task<VerificationReport> CheckBundleAsync(VerifyRequest request, DateTimeOffset now, ProgressLine progress, CancellationToken cancel)
    {
        bool folder = Directory.Exists(request.Path);
        if (!folder && !File.Exists(request.Path)) throw VerifyTrouble.Misused($"There is no '{Shown(request.Path)}'.", "Check the path.");
        if (!folder && !LooksLikeZip(request.Path))
        {
            throw VerifyTrouble.Misused($"'{Shown(request.Path)}' is neither a folder nor a ZIP.",
                "Name the folder or ZIP of a bundle; to check a single file, give its seal too: --seal seal.json --signature seal.cms --ca ca.pem.");
        }
        using LogPlace? log = request.Log is { } place ? LogPlace.Of(place) : null;
        var given = new GivenTrust
        {
            Policy = request.Policy is { } policy ? Given(policy) : null,
            CaPem = request.Ca is { } ca ? Text(ca) : null,
            TsaPem = request.Tsa is { } tsa ? Text(tsa) : null,
            Remembered = [.. request.Remembered.Select(r => new RememberedCheckpoint(Path.GetFileName(r), Given(r)))],
            Log = log?.Reader,
            Player = request.Player,
        };
        if (folder) return await BundleCheck.RunAsync(BagSource.Folder(request.Path), given, now, progress, cancel).ConfigureAwait(false);
        using ZipBag zip = BagSource.Zip(request.Path);
        return await BundleCheck.RunAsync(zip, given, now, progress, cancel).ConfigureAwait(false);
    }

    private static async Task<VerificationReport> CheckFileAsync(VerifyRequest request, DateTimeOffset now, ProgressLine progress, CancellationToken cancel)
    {
        if (request.Policy is not null || request.Log is not null || request.Remembered.Count > 0)
            throw VerifyTrouble.Misused("--policy, --log and --remembered are about the custody log, which a single file is not checked against.", "Leave them out, or name the bundle.");
        if (request is not { Seal: { } seal, Signature: { } signature, Ca: { } ca })
            throw VerifyTrouble.Misused("To check a single file, its seal, the seal's signature and the CA certificate are all needed.", "Give --seal seal.json --signature seal.cms --ca ca.pem.");
        if (!File.Exists(request.Path)) throw VerifyTrouble.Misused($"There is no file '{Shown(request.Path)}'.", "Check the path.");
        if (request.Timestamp is null != request.Tsa is null)
            throw VerifyTrouble.Misused("A time stamp is checked against the certificate of the authority that made it: one of the two was given without the other.", "Give both --timestamp seal.tst and --tsa tsa.pem.");
        var given = new SealedFile
        {
            Seal = Given(seal),
            Signature = Given(signature),
            CaPem = Text(ca),
            Timestamp = request.Timestamp is { } timestamp ? Given(timestamp) : null,
            TsaPem = request.Tsa is { } tsa ? Text(tsa) : null,
            PacketProof = request.PacketProof is { } proof ? Given(proof, PacketProof.MostBytes) : null,
        };
        using FileStream file = Open();
        VerificationReport report = SealedFileCheck.Run(file, file.Length, given, now, progress, cancel);
        return new([.. report.Findings, .. await SealedFileCheck.ClipAsync(Open, given, request.Player, cancel).ConfigureAwait(false)]);

        FileStream Open() => new(request.Path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete });
    }

    private static bool LooksLikeZip(string path)
    {
        if (path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)) return true;
        using FileStream file = File.OpenRead(path);
        return file.ReadByte() == 'P' && file.ReadByte() == 'K';
    }

    private static byte[] Given(string path, int most = MostGivenBytes)
    {
        try
        {
            if (!File.Exists(path)) throw VerifyTrouble.Misused($"There is no file '{Shown(path)}'.", "Check the path.");
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[Math.Min(most, file.Length) + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length < bytes.Length ? bytes[..length] : throw VerifyTrouble.Misused($"'{Shown(path)}' is larger than {most >> 20} MiB, which no such file is.", "Check that it is the right one.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw VerifyTrouble.OutOfReach($"'{Shown(path)}' cannot be read ({e.Message}).");
        }
    }

    private static string Text(string path) => Encoding.Latin1.GetString(Given(path));

    private static string Moment(DateTimeOffset moment, TimeZoneInfo zone)
    {
        string utc = moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return zone.GetUtcOffset(moment) == TimeSpan.Zero ? utc : $"{utc} ({TimeZoneInfo.ConvertTime(moment, zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)})";
    }
}
