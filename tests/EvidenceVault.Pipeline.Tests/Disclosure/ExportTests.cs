using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Testing;

namespace EvidenceVault.Pipeline.Tests.Disclosure;

public sealed class ExportTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task A_bundle_is_written()
    {
        await using ExportBench bench = await ExportBench.NewAsync(azurite);
        byte[] content = await bench.IngestAsync("AB/1");
        ExportedBundle made = await bench.ExportAsync("bundle", "AB/1");
        Assert.Equal(content, File.ReadAllBytes(bench.At("bundle/data/exhibits/AB-1/AB-1.avi")));
        System.Diagnostics.Process.Start("cp", ["-r", bench.At("bundle"), "/tmp/first-bundle"]).WaitForExit();
        Assert.True(made.QuorumHolds);
    }
}
