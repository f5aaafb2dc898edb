using CsCheck;
using Dapper;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Tests.Records;

public class SequencerTests
{
    [Fact]
    public async Task A_change_that_throws_takes_its_entries_with_it_and_leaves_its_neighbours()
    {
        await using TempVault temp = await TempVault.NewAsync();
        ulong before = temp.Vault.Log.Size();
        Task good1 = temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        Task bad = temp.Vault.Sequencer.CommitAsync(change =>
        {
            change.Record(TempVault.Act("AB/1"));
            change.Record(TempVault.Act("AB/1"));
            throw new InvalidOperationException("the act was stopped");
        });
        Task good2 = temp.Vault.Sequencer.RecordAsync(TempVault.Act("AB/1"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        await Task.WhenAll(good1, good2);

        Assert.Equal(before + 2, temp.Vault.Log.Size());
        Assert.Equal(1, Assert.Single(temp.Entries("AB/1")).Seq);
        temp.MustHold();
    }

    [Fact]
    public async Task A_thousand_writers_share_commits_and_every_entry_has_its_number()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(() => temp.Vault.Sequencer.RecordAsync(TempVault.Act($"AB/{1 + (i % 7)}")))));

        for (int exhibit = 1; exhibit <= 7; exhibit++)
        {
            IReadOnlyList<CustodyEntry> entries = temp.Entries($"AB/{exhibit}");
            Assert.Equal(Enumerable.Range(1, entries.Count).Select(i => (long)i), entries.Select(e => e.Seq!.Value));
        }
        using var connection = new SqliteConnection($"Data Source={temp.DatabaseFile}");
        long checkpoints = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM custody_checkpoint");
        Assert.InRange(checkpoints, 1, 900); // group commit: fewer fsyncs than entries
        temp.MustHold();
    }

    [Fact]
    public async Task Two_processes_on_one_database_append_to_one_log()
    {
        await using TempVault temp = await TempVault.NewAsync();
        // A second sequencer on the same file is what another process is: it shares nothing in memory with the first.
        await using Vault other = await Vault.OpenAsync(temp.Home, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => (i % 2 == 0 ? temp.Vault : other).Sequencer.RecordAsync(TempVault.Act("AB/1"))));

        Assert.Equal(60, temp.Entries("AB/1").Count);
        temp.MustHold();
    }

    [Fact]
    public async Task The_log_goes_on_after_a_restart_at_any_size()
    {
        await using TempVault temp = await TempVault.NewAsync();
        foreach (int more in new[] { 1, 3, 250, 1, 300, 2 })
        {
            await Task.WhenAll(Enumerable.Range(0, more).Select(_ => temp.Vault.Sequencer.RecordAsync(TempVault.Act())));
            await temp.ReopenAsync();
        }
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        temp.MustHold();
    }

    [Theory]
    [InlineData("UPDATE custody_entry SET entry = x'7b7d' WHERE idx = 0")]
    [InlineData("DELETE FROM custody_entry WHERE idx = 0")]
    [InlineData("UPDATE custody_checkpoint SET root = zeroblob(32)")]
    [InlineData("DELETE FROM custody_checkpoint")]
    [InlineData("DELETE FROM custody_disclosure")]
    [InlineData("INSERT OR REPLACE INTO custody_entry (idx, leaf_hash, entry) VALUES (0, zeroblob(32), x'7b7d')")]
    public async Task The_database_itself_refuses_to_change_what_is_recorded(string attack)
    {
        await using TempVault temp = await TempVault.NewAsync();
        using var connection = new SqliteConnection($"Data Source={temp.DatabaseFile}");
        connection.Open();
        Assert.Contains("append-only", Assert.Throws<SqliteException>(() => connection.Execute(attack)).Message);
        temp.MustHold();
    }

    [Fact]
    public async Task Any_byte_of_any_entry_changed_behind_its_back_is_named_by_its_index()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => temp.Vault.Sequencer.RecordAsync(TempVault.Act("AB/1"))));
        using var connection = new SqliteConnection($"Data Source={temp.DatabaseFile}");
        connection.Open();
        connection.Execute("DROP TRIGGER custody_entry_no_update");
        var entries = connection.Query<(long Idx, byte[] Entry)>("SELECT idx, entry FROM custody_entry").AsList();

        Gen.Select(Gen.Int[0, entries.Count - 1], Gen.Int[0, 10_000], Gen.Int[1, 255]).Sample((which, where, flip) =>
        {
            (long index, byte[] entry) = entries[which];
            byte[] changed = [.. entry];
            changed[where % changed.Length] ^= (byte)flip;
            connection.Execute("UPDATE custody_entry SET entry = @changed WHERE idx = @index", new { changed, index });
            VerificationReport report = temp.Check();
            connection.Execute("UPDATE custody_entry SET entry = @entry WHERE idx = @index", new { entry, index });
            return !report.Holds && report.Findings.Any(f => !f.Holds && f.Entry == (ulong)index);
        }, iter: 40, threads: 1);
        temp.MustHold();
    }

    [Fact]
    public async Task A_log_that_was_cut_short_is_never_signed_again()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => temp.Vault.Sequencer.RecordAsync(TempVault.Act())));
        using (var connection = new SqliteConnection($"Data Source={temp.DatabaseFile}"))
        {
            connection.Open();
            connection.Execute("DROP TRIGGER custody_entry_no_delete; DROP TRIGGER custody_disclosure_no_delete; DELETE FROM custody_disclosure; DELETE FROM custody_entry WHERE idx = (SELECT MAX(idx) FROM custody_entry)");
        }
        await Assert.ThrowsAsync<EvidenceException>(() => temp.Vault.Sequencer.RecordAsync(TempVault.Act()));
        Assert.False(temp.Check().Holds);
    }

    [Fact]
    public async Task What_opens_an_entry_is_what_it_committed_to()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act("AB/1"));
        RecordedEntry recorded = Assert.Single(temp.Vault.Log.Entries(ExhibitReference.Parse("AB/1")));
        Assert.True(CustodyEntry.TryParse(recorded.Bytes, out CustodyEntry? entry, out _));
        Assert.All(recorded.Disclosures, d => Assert.True(d.CheckAgainst(entry).Holds));
        Assert.Equal("tester", recorded.Disclosures.Single(d => d.Name == "actor").Value!.GetValue<string>());
        Assert.DoesNotContain("tester", System.Text.Encoding.UTF8.GetString(recorded.Bytes));
    }

    [Fact]
    public async Task The_vault_folder_and_its_keys_are_for_its_owner_alone()
    {
        await using TempVault temp = await TempVault.NewAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(temp.Home, "keys", "keyring.json")));
        Assert.Contains(temp.Entries(), e => e.Action == "key-event");
    }
}
