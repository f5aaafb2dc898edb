using System.Globalization;
using System.Text.Json;
using EvidenceVault.Analysis.OpenCv;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Words;
using OpenCvSharp;

// The analysis program. It is started by FootageAnalyser, reads one file, and writes only into the folder it is given:
//   EvidenceVault.Analysis.OpenCv analyse VIDEO --out DIR --settings FILE [--report-only] [--parent] [--limited] [--threads N]
// --limited: whoever started it has set walls and limits, which all that it starts inherits.
// Exit 0: analysis.json is written (a file that is no footage is a report too). 2: wrong use. 3: something needed is missing.
return await ProgramEntry.RunAsync(args);

internal static class ProgramEntry
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["analyse", var video, "--out", var folder, "--settings", var settingsFile, .. var more])
        {
            await Console.Error.WriteLineAsync("Usage: EvidenceVault.Analysis.OpenCv analyse VIDEO --out DIR --settings FILE [--report-only] [--parent] [--limited] [--threads N]");
            return 2;
        }
        using var cancel = new CancellationTokenSource();
        if (more.Contains("--parent")) StopWithParent(cancel);
        Sandbox.Inside = more.Contains("--limited");
        int threads = more.SkipWhile(word => word != "--threads").Skip(1).FirstOrDefault() is { } told && int.TryParse(told, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0;
        Ffmpeg.DecoderThreads = threads;
        Cv2.SetNumThreads(Math.Max(1, threads)); // one unless told: the decoder has the other core. What is found does not depend on the count
        try
        {
            var settings = JsonSerializer.Deserialize<AnalysisSettings>(await File.ReadAllTextAsync(settingsFile), AnalysisJson.Options) ?? new();
            var probe = new FootageProbe();
            bool pictures = !more.Contains("--report-only");
            // First, so that it is there however the rest ends.
            string? index = pictures && !Directory.Exists(video) && !Stills.IsStill(video) ? await PacketIndexing.WriteAsync(video, folder, cancel.Token) : null;
            var report = await new VideoAnalysis(probe, new ClipCutter(probe), folder, Say).RunAsync(video, pictures ? folder : null, settings, cancel.Token);
            if (pictures) report = await PacketEvidence.ProveAsync(report, index, folder, cancel.Token);
            await File.WriteAllTextAsync(Path.Combine(folder, FootageAnalyser.ReportFile), AnalysisJson.Write(report), CancellationToken.None);
            Say(1);
            return 0;
        }
        catch (UnreachableException cause)
        {
            await Console.Error.WriteLineAsync(cause.Message);
            return 3;
        }
        catch (OperationCanceledException) { return 130; }
    }

    private static void Say(double done) => Console.Out.WriteLine(FootageAnalyser.ProgressWord + done.ToString("0.000", CultureInfo.InvariantCulture));

    // The parent holds our standard input open and never writes: its end is the parent's end, even by kill -9.
    private static void StopWithParent(CancellationTokenSource cancel)
    {
        var input = Console.OpenStandardInput();
        new Thread(() =>
        {
            byte[] one = new byte[1];
            while (input.Read(one) > 0) { /* nothing is said to us; only the end matters */ }
            try { cancel.Cancel(); }
            catch (ObjectDisposedException) { /* we have finished already */ }
        })
        { IsBackground = true }.Start();
    }
}
