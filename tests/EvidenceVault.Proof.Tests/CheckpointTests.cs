using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class CheckpointTests
{
    private const string Root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    [Theory]
    [InlineData($"example.com/log\n0\n{Root}\n")]
    [InlineData($"example.com/log\n18446744073709551615\n{Root}\n")]
    [InlineData($"an origin with blanks\n7\n{Root}\nextension\nand another\n")]
    public void A_checkpoint_reads_back_as_written(string text)
    {
        Assert.True(Checkpoint.TryParse(text, out var checkpoint, out string problem), problem);
        Assert.Equal(text, checkpoint.ToText());
        Assert.Equal(MerkleTree.EmptyRoot, checkpoint.Root);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData($"example.com/log\n1\n{Root}")]
    [InlineData("example.com/log\n1\n")]
    [InlineData($"\n1\n{Root}\n")]
    [InlineData($"example.com/log\n01\n{Root}\n")]
    [InlineData($"example.com/log\n+1\n{Root}\n")]
    [InlineData($"example.com/log\n-1\n{Root}\n")]
    [InlineData($"example.com/log\n 1\n{Root}\n")]
    [InlineData($"example.com/log\n1_0\n{Root}\n")]
    [InlineData($"example.com/log\n18446744073709551616\n{Root}\n")]
    [InlineData($"example.com/log\n\n{Root}\n")]
    [InlineData("example.com/log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n")] // stray trailing bits
    [InlineData("example.com/log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n")]
    [InlineData("example.com/log\n1\nAAAA\n")]
    [InlineData($"example.com/log\n1\n {Root}\n")]
    [InlineData($"example.com/log\n1\n{Root}\n\n")]
    [InlineData($"example.com/log\r\n1\r\n{Root}\r\n")]
    public void Any_other_spelling_is_rejected(string text)
    {
        Assert.False(Checkpoint.TryParse(text, out _, out string problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Random_text_never_throws() => Gen.String.Sample(text => { Checkpoint.TryParse(text, out _, out _); });
}
