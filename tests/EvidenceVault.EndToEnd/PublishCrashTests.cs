namespace EvidenceVault.EndToEnd;

public sealed class PublishCrashTests
{
    [Fact]
    public async Task Killed_at_steps_of_publishing_the_next_start_serves_a_log_that_continues_all_that_was_seen()
    {
        using var programs = new Programs("");
        Ran ran = await programs.RunAsync("dotnet", Programs.BenchmarksProgram, "publish-crash", "--rounds", "6");
        Assert.True(ran.Code == 0, ran.Out + ran.Error);
        Assert.Contains("0 inconsistent", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(" 0 killed", ran.Out, StringComparison.Ordinal);
    }
}
