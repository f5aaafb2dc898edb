using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Tests.Records;

public class LogSnapshotTests
{
    [Fact]
    public async Task Every_entry_is_proved_to_be_in_the_log_and_every_size_to_be_its_start()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await GrowAsync(temp, 600);
        using LogSnapshot log = temp.Vault.Log.Snapshot();
        byte[] root = Root(log.Note!);
        byte[][] leaves = [.. temp.Vault.Log.Entries(null).Select(e => MerkleTree.LeafHash(e.Bytes))];

        Assert.Equal(root, log.Root(log.Size));
        for (ulong i = 0; i < log.Size; i += 7)
        {
            Assert.True(MerkleTree.VerifyInclusion(i, log.Size, leaves[i], log.InclusionProof(i, log.Size), root));
            Assert.True(MerkleTree.VerifyConsistency(i, log.Size, log.Root(i), root, log.ConsistencyProof(i, log.Size)));
        }
        Assert.Equal(temp.Vault.Log.InclusionProof(3, 500), log.InclusionProof(3, 500));
        Assert.Equal(temp.Vault.Log.ConsistencyProof(3, 500), log.ConsistencyProof(3, 500));
    }

    [Fact]
    public async Task A_snapshot_does_not_see_what_is_appended_after_it()
    {
        await using TempVault temp = await TempVault.NewAsync();
        using LogSnapshot log = temp.Vault.Log.Snapshot();
        await GrowAsync(temp, 300);
        Assert.Equal(log.Root(log.Size), Root(log.Note!));
        Assert.Throws<EvidenceException>(() => log.Root(log.Size + 1));
    }

    private static Task GrowAsync(TempVault temp, int entries) =>
        Task.WhenAll(Enumerable.Range(0, entries).Select(_ => temp.Vault.Sequencer.RecordAsync(TempVault.Act())));

    private static byte[] Root(byte[] note) => SignedNote.TryParse(note, out SignedNote? signed, out string problem) && Checkpoint.TryParse(signed.Text, out Checkpoint? checkpoint, out problem)
        ? checkpoint.Root : throw new FormatException(problem);
}
