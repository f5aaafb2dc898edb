using EvidenceVault.Benchmarks;

// Benchmarks print their measures and end with a line `ratio NAME VALUE`.
try
{
    return args switch
    {
        ["ingest", .. var rest] => await IngestBenchmark.RunAsync(rest),
        ["verify", .. var rest] => await VerifyBenchmark.RunAsync(rest),
        ["measure", var what, var file, var connection, var home] => await IngestMeasure.RunAsync(what, file, connection, home),
        _ => WrongUse("Say which benchmark: EvidenceVault.Benchmarks ingest [--size 4GB] [--rounds 2], or verify --verifier PROGRAM [--size 2GB] [--rounds 5]"),
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
