using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Pipeline.Tests.Keys;

/// <summary>Rotations through the same behaviours as the command line's, and what a kill between their steps leaves.</summary>
public sealed class RotationTests
{
    private static Task<IReadOnlyList<ListedKey>> RotateAsync(TempVault temp, KeyUse use, bool newAuthority = false) =>
        Requests.SendAsync(temp.Vault, new RotateKey(use, "a test") { NewAuthority = newAuthority });

    [Fact]
    public async Task A_new_log_key_signs_beside_the_old_one_until_that_is_retired()
    {
        await using TempVault temp = await TempVault.NewAsync();
        string old = temp.Vault.Keys.Log.VerifierKey, origin = temp.Vault.Keys.Log.Origin;
        await RotateAsync(temp, KeyUse.Log);
        string now = temp.Vault.Keys.Log.VerifierKey;

        Assert.NotEqual(old, now);
        Assert.Equal(origin, temp.Vault.Keys.Log.Origin);
        Assert.Equal($"{now}\n{old}\n", File.ReadAllText(temp.Vault.VerifierKeyFile));
        // Whoever knows either key accepts; the rotation's own checkpoint is signed by both.
        Assert.True(Newest(temp).Verify(VerifierKey.Parse(old)).Holds);
        Assert.True(Newest(temp).Verify(VerifierKey.Parse(now)).Holds);
        CustodyEntry entry = temp.Entries()[^1];
        Assert.Equal((Acts.KeyEvent, "rotated", now), (entry.Action, (string?)entry.Detail!["event"], (string?)entry.Detail!["new"]));
        Assert.Equal([old], entry.Detail!["old"]!.AsArray().Select(v => (string?)v));
        Assert.True(LogPolicy.TryParse(temp.Vault.WitnessPolicy.Content.Span, out LogPolicy? policy, out string problem), problem);
        Assert.True(policy.Evaluate(Newest(temp)).Signature.Holds);

        await Requests.SendAsync(temp.Vault, new RetireLogKey(KeyListing.IdOf(old), "everybody has the new one"));
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        Assert.False(Newest(temp).Verify(VerifierKey.Parse(old)).Holds);
        Assert.True(Newest(temp).Verify(VerifierKey.Parse(now)).Holds);
        Assert.Equal($"{now}\n", File.ReadAllText(temp.Vault.VerifierKeyFile));
        temp.MustHold();
        Finding signed = Assert.Single(temp.Check().Findings, f => f.Claim == "checkpoint-signature");
        Assert.Contains(KeyListing.IdOf(old), signed.Sentence);
        Assert.Contains(KeyListing.IdOf(now), signed.Sentence);
        await temp.ReopenAsync();
        temp.MustHold();
        Assert.Equal(["retired", "current"], temp.Vault.Keys.List().Where(k => k.Use == KeyUse.Log).Select(k => k.State));
    }

    [Fact]
    public async Task A_checkpoint_signed_with_a_retired_key_after_it_was_retired_is_refused()
    {
        await using TempVault temp = await TempVault.NewAsync();
        var stolen = new Ed25519LogSigner(temp.Vault.Keys.File.LogKeys[0]);
        await RotateAsync(temp, KeyUse.Log);
        await Requests.SendAsync(temp.Vault, new RetireLogKey(KeyListing.IdOf(stolen.VerifierKey), "it was stolen"));
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        temp.MustHold();

        Assert.True(Checkpoint.TryParse(Newest(temp).Text, out Checkpoint? head, out _));
        byte[] forged = SignedNote.Create(Newest(temp).Text).WithSignature(VerifierKey.Parse(stolen.VerifierKey), stolen.Sign(System.Text.Encoding.UTF8.GetBytes(Newest(temp).Text))).ToBytes();
        using (var connection = new SqliteConnection($"Data Source={temp.DatabaseFile};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "DROP TRIGGER custody_checkpoint_no_update; UPDATE custody_checkpoint SET note = $note WHERE size = $size";
            command.Parameters.AddWithValue("$note", forged);
            command.Parameters.AddWithValue("$size", (long)head.Size);
            Assert.Equal(1, command.ExecuteNonQuery());
        }
        Assert.Contains(temp.Check().Findings, f => f is { Claim: "checkpoint-signature", Holds: false } && f.Sentence.Contains("retired", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_current_log_key_cannot_be_retired_and_nothing_changes()
    {
        await using TempVault temp = await TempVault.NewAsync();
        byte[] ring = File.ReadAllBytes(temp.Vault.Keys.Path);
        string id = KeyListing.IdOf(temp.Vault.Keys.Log.VerifierKey);
        await Assert.ThrowsAsync<RefusedException>(() => Requests.SendAsync(temp.Vault, new RetireLogKey(id, "by mistake")));
        await Assert.ThrowsAsync<RefusedException>(() => Requests.SendAsync(temp.Vault, new RetireLogKey("00000000", "no such key")));
        Assert.Equal(ring, File.ReadAllBytes(temp.Vault.Keys.Path));
        temp.MustHold();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Seals_of_before_and_after_a_seal_rotation_both_check_against_ca_pem(bool newAuthority)
    {
        await using TempVault temp = await TempVault.NewAsync();
        byte[] content = "a manifest"u8.ToArray();
        byte[] before = temp.Vault.Keys.Seal.SignDetached(content);
        string oldCa = temp.Vault.Keys.Seal.CaPem, oldCertificate = temp.Vault.Keys.Seal.CertificateSha256;
        await RotateAsync(temp, KeyUse.Seal, newAuthority);
        byte[] after = temp.Vault.Keys.Seal.SignDetached(content);

        Assert.NotEqual(oldCertificate, temp.Vault.Keys.Seal.CertificateSha256);
        string ca = File.ReadAllText(temp.Vault.CaFile);
        Assert.True(SealCheck.Check(content, before, ca).Holds);
        Assert.True(SealCheck.Check(content, after, ca).Holds);
        Assert.Equal(!newAuthority, SealCheck.Check(content, after, oldCa).Holds);
        Assert.Equal(newAuthority ? 2 : 1, ca.Split("BEGIN CERTIFICATE").Length - 1);
        temp.MustHold();
    }

    [Fact]
    public async Task Content_is_wrapped_under_the_new_key_and_what_the_old_one_wrapped_still_opens()
    {
        await using TempVault temp = await TempVault.NewAsync();
        IKeyWrapper wrapper = temp.Vault.Keys.Wrapper;
        string old = wrapper.CurrentKeyId;
        byte[] wrapped = wrapper.Wrap(old, [1, 2, 3]);
        await RotateAsync(temp, KeyUse.Content);
        Assert.NotEqual(old, wrapper.CurrentKeyId);
        Assert.Equal([1, 2, 3], wrapper.Unwrap(old, wrapped));
        Assert.Equal([4], wrapper.Unwrap(wrapper.CurrentKeyId, wrapper.Wrap(wrapper.CurrentKeyId, [4])));
        await temp.ReopenAsync();
        Assert.Equal([1, 2, 3], temp.Vault.Keys.Wrapper.Unwrap(old, wrapped));
    }

    [Fact]
    public async Task A_process_that_runs_on_through_a_rotation_signs_seals_and_opens_with_the_new_keys()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await using Vault worker = await Vault.OpenAsync(temp.Home, TimeProvider.System);
        await RotateAsync(temp, KeyUse.Log);
        await RotateAsync(temp, KeyUse.Content);
        byte[] wrapped = temp.Vault.Keys.Wrapper.Wrap(temp.Vault.Keys.Wrapper.CurrentKeyId, [7]);
        Assert.Equal([7], worker.Keys.Wrapper.Unwrap(temp.Vault.Keys.Wrapper.CurrentKeyId, wrapped)); // before it records anything
        await RotateAsync(temp, KeyUse.Seal);
        string sealedBy = await worker.Sequencer.CommitAsync(change =>
        {
            change.Record(TempVault.Act());
            return worker.Keys.Seal.CertificateSha256;
        });
        Assert.Equal(temp.Vault.Keys.Seal.CertificateSha256, sealedBy);
        Assert.True(Newest(temp).Verify(VerifierKey.Parse(temp.Vault.Keys.Log.VerifierKey)).Holds);
        Assert.Equal(temp.Vault.Keys.Wrapper.CurrentKeyId, worker.Keys.Wrapper.CurrentKeyId);
        temp.MustHold();
    }

    [Fact]
    public async Task Rotations_while_others_write_lose_nothing()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await using Vault worker = await Vault.OpenAsync(temp.Home, TimeProvider.System);
        Task writing = Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (int i = 0; i < 25; i++) await worker.Sequencer.RecordAsync(TempVault.Act($"AB/{w + 1}"));
        })));
        for (int i = 0; i < 3; i++)
        {
            await RotateAsync(temp, KeyUse.Log);
            await RotateAsync(temp, KeyUse.Seal);
            await RotateAsync(temp, KeyUse.Content);
        }
        await writing;
        Assert.All(Enumerable.Range(1, 8), e => Assert.Equal(25, temp.Entries($"AB/{e}").Count));
        Assert.Equal(9, temp.Entries().Count(e => e.Action == Acts.KeyEvent && (string?)e.Detail?["event"] == "rotated"));
        temp.MustHold();
    }

    // Steps 2 and 3 of RingFolder, each followed by a kill: nothing of this process's memory is used again.
    [Theory]
    [InlineData("linked")]
    [InlineData("replaced")]
    [InlineData("recorded")]
    public async Task A_kill_between_any_two_steps_of_a_rotation_is_settled_by_the_next_start(string killedAfter)
    {
        await using TempVault temp = await TempVault.NewAsync();
        string before = temp.Vault.Keys.InUse, path = temp.Vault.Keys.Path;
        RingFolder folder = temp.Vault.Keys.Folder;
        KeyRingFile next = folder.Read().RotateContent(TimeProvider.System).RotateLog(TimeProvider.System);
        string after = temp.Vault.Keys.InUseOf(next);
        if (killedAfter == "linked") Assert.True(DurableFile.TryLink(path, path + ".previous"));
        else folder.Replace(next);
        if (killedAfter == "recorded")
        {
            await temp.Vault.Sequencer.CommitAsync(change =>
            {
                change.Record(TempVault.Act());
                change.UseKeys(after);
            });
        }
        await temp.ReopenAsync();
        Assert.Equal(killedAfter == "recorded" ? after : before, temp.Vault.Keys.InUse);
        Assert.False(File.Exists(path + ".previous"));
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        temp.MustHold();
        Assert.Equal(1, temp.Entries().Count(e => (string?)e.Detail?["event"] == "in-use")); // only the beginning: what was cut off left no entry
    }

    [Fact]
    public async Task A_rotation_that_cannot_be_recorded_does_not_happen()
    {
        await using TempVault temp = await TempVault.NewAsync();
        byte[] ring = File.ReadAllBytes(temp.Vault.Keys.Path);
        string inUse = temp.Vault.Keys.InUse;
        using (var connection = new SqliteConnection($"Data Source={temp.DatabaseFile};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "CREATE TRIGGER full BEFORE INSERT ON custody_checkpoint BEGIN SELECT RAISE(ABORT, 'no more'); END";
            command.ExecuteNonQuery();
            await Assert.ThrowsAnyAsync<Exception>(() => RotateAsync(temp, KeyUse.Log));
            command.CommandText = "DROP TRIGGER full";
            command.ExecuteNonQuery();
        }
        Assert.Equal(ring, File.ReadAllBytes(temp.Vault.Keys.Path));
        Assert.Equal(inUse, temp.Vault.Keys.InUse);
        await temp.Vault.Sequencer.RecordAsync(TempVault.Act());
        temp.MustHold();
    }

    [Fact]
    public async Task Only_an_administrator_rotates_only_for_a_reason_and_refusals_are_recorded()
    {
        await using TempVault temp = await TempVault.NewAsync();
        byte[] ring = File.ReadAllBytes(temp.Vault.Keys.Path);
        await Assert.ThrowsAsync<RefusedException>(() => Requests.SendAsync(temp.Vault, new RotateKey(KeyUse.Seal, "curious"), "somebody"));
        await Assert.ThrowsAsync<RefusedException>(() => Requests.SendAsync(temp.Vault, new RotateKey(KeyUse.Seal, " ")));
        await Assert.ThrowsAsync<RefusedException>(() => Requests.SendAsync(temp.Vault, new ListKeys(), "somebody"));
        Assert.Equal(ring, File.ReadAllBytes(temp.Vault.Keys.Path));
        Assert.Equal(["no-right", "no-reason", "no-right"], temp.Entries().Where(e => e.Outcome == Outcome.Refused).Select(e => (string?)e.Detail!["why"]));
    }

    [Fact]
    public async Task A_vault_with_records_and_no_key_ring_makes_no_new_keys()
    {
        await using TempVault temp = await TempVault.NewAsync();
        string moved = temp.Vault.Keys.Path + ".moved";
        File.Move(temp.Vault.Keys.Path, moved);
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => Vault.OpenAsync(temp.Home, TimeProvider.System));
        Assert.Contains("restore", refused.Next);
        Assert.False(File.Exists(temp.Vault.Keys.Path));
        File.Move(moved, temp.Vault.Keys.Path);
    }

    [Fact]
    public async Task A_key_ring_older_than_the_log_is_refused_and_names_what_is_missing()
    {
        await using TempVault temp = await TempVault.NewAsync();
        byte[] old = File.ReadAllBytes(temp.Vault.Keys.Path);
        await RotateAsync(temp, KeyUse.Content);
        byte[] now = File.ReadAllBytes(temp.Vault.Keys.Path);
        File.WriteAllBytes(temp.Vault.Keys.Path, old);
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => Vault.OpenAsync(temp.Home, TimeProvider.System));
        Assert.Contains(temp.Vault.Keys.Wrapper.CurrentKeyId, refused.What);
        File.WriteAllBytes(temp.Vault.Keys.Path, now);
        await temp.ReopenAsync();
        temp.MustHold();
    }

    [Fact]
    public async Task A_key_ring_of_the_first_format_is_read_and_rotated()
    {
        await using TempVault temp = await TempVault.NewAsync();
        KeyRingFile ring = temp.Vault.Keys.File;
        string first = System.Text.Json.JsonSerializer.Serialize(new
        {
            format = "evidencevault/keyring/1",
            log = new { origin = ring.LogKeys[0].Origin, seed = ring.LogKeys[0].Seed },
            seal = new { caCertificate = ring.SealKeys[0].CaCertificate, caKey = ring.SealKeys[0].CaKey, certificate = ring.SealKeys[0].Certificate, key = ring.SealKeys[0].Key },
            contentKeys = new[] { new { id = ring.ContentKeys[0].Id, key = ring.ContentKeys[0].Key } },
        });
        string inUse = temp.Vault.Keys.InUse;
        File.WriteAllText(temp.Vault.Keys.Path, first);
        await temp.ReopenAsync();
        Assert.Equal(inUse, temp.Vault.Keys.InUse);
        await RotateAsync(temp, KeyUse.Log);
        await temp.ReopenAsync();
        temp.MustHold();
    }

    private static SignedNote Newest(TempVault temp) => SignedNote.TryParse(temp.Vault.Log.NewestCheckpoint()!, out SignedNote? note, out string problem) ? note : throw new FormatException(problem);
}
