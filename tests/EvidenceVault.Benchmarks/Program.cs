using EvidenceVault.Benchmarks;

// Benchmarks print their measures and end with a line `ratio NAME VALUE`.
try
{
    return args switch
    {
        ["ingest", .. var rest] => await IngestBenchmark.RunAsync(rest),
        ["measure", var what, var file, var connection, var home] => await IngestMeasure.RunAsync(what, file, connection, home),
        ["log-sample", .. var rest] => await LogSample.RunAsync(rest),
        _ => WrongUse("Say which benchmark: EvidenceVault.Benchmarks ingest [--size 4GB] [--rounds 2]"),
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
