namespace EvidenceVault.EndToEnd;

public sealed class FuzzTests
{
    [Fact]
    public async Task Forty_broken_files_are_sealed_and_answered_for_and_the_worker_lives()
    {
        using var programs = new Programs("");
        Ran ran = await programs.RunAsync("dotnet", Programs.BenchmarksProgram, "fuzz-analysis", "--worker", Programs.WorkerProgram, "--files", "40", "--seed", "14", "--analysis-seconds", "60");
        Assert.True(ran.Code == 0, ran.Out + ran.Error);
        Assert.Contains("files 40,", ran.Out, StringComparison.Ordinal);
        Assert.Contains("sealed and retrieved 40, worker alive", ran.Out, StringComparison.Ordinal);
    }
}
