using EvidenceVault.Benchmarks;
using EvidenceVault.Benchmarks.Analysis;

// Benchmarks print their measures and end with a line `ratio NAME VALUE`.
try
{
    return args switch
    {
        ["ingest", .. var rest] => await IngestBenchmark.RunAsync(rest),
        ["verify", .. var rest] => await VerifyBenchmark.RunAsync(rest),
        ["portal", .. var rest] => await PortalBenchmark.RunAsync(rest),
        ["log", .. var rest] => await LogBenchmark.RunAsync(rest),
        ["publish-crash", .. var rest] => await PublishCrash.RunAsync(rest),
        ["publish-child", var when, var home, var folder] => await PublishCrash.PublishAsync(when, home, folder),
        ["fuzz-analysis", .. var rest] => await AnalysisFuzz.RunAsync(rest),
        ["measure", var what, var file, var connection, var home] => await IngestMeasure.RunAsync(what, file, connection, home),
        ["analysis", .. var rest] => await BenchAnalysis.RunAsync(rest),
        ["validate-analysis", .. var rest] => await ValidateAnalysis.RunAsync(rest),
        ["log-sample", .. var rest] => await LogSample.RunAsync(rest),
        _ => WrongUse("Say which benchmark: EvidenceVault.Benchmarks ingest [--size 4GB] [--rounds 2] | log [--entries 1000000] [--rounds 4] [--seconds 5] | verify --verifier PROGRAM [--size 2GB] [--rounds 5] | publish-crash [--rounds 60] | fuzz-analysis --worker PROGRAM [--files 2000] [--seed N] | portal --portal PROGRAM [--exhibits 100000] [--entries 1000000] [--users 20] [--seconds 4] [--rounds 3] | log-sample --entries 70000 DIR"),
    };
}
catch (FormatException e)
{
    return WrongUse(e.Message);
}

static int WrongUse(string sentence)
{
    Console.Error.WriteLine(sentence);
    return 2;
}
