using System.Diagnostics;
using System.Formats.Tar;
using System.Security.Cryptography;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Pipeline.Tests.Keys;

/// <summary>The whole folder is lost, and what a backup gives back.</summary>
public sealed class BackupTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private const string Secret = "five words of a word list";

    private readonly string folder = Directory.CreateTempSubdirectory("evidencevault-backup-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Backup => Path.Combine(folder, "vault.evbackup");

    private Task<BackedUp> BackUpAsync(Vault vault, bool database = true, string? reason = "weekly", string? to = null) =>
        Requests.SendAsync(vault, new BackUpKeys(to ?? Backup, new Passphrase(Secret), reason) { WithDatabase = database });

    private Task<RestoredVault> RestoreAsync(string home, string secret = Secret, string? account = null, bool accept = false, params byte[][] remembered) => VaultRestore.RunAsync(
        new(home, Backup, new Passphrase(secret)) { Reason = "the disk was lost", AcceptMissingKeys = accept, Remembered = remembered },
        new Caller(account ?? Environment.UserName), TimeProvider.System, CancellationToken.None);

    [Fact]
    public async Task The_whole_folder_is_lost_and_the_backup_gives_back_exhibit_log_and_keys()
    {
        byte[] content = RandomNumberGenerator.GetBytes(200_000);
        string home = Path.Combine(folder, "lost"), file = Path.Combine(folder, "quay.bin");
        await File.WriteAllBytesAsync(file, content);
        string face;
        byte[] kept, policy;
        BackedUp made;
        await using (Vault vault = await Vault.OpenAsync(home, TimeProvider.System))
        {
            await using ServiceProvider services = Services(vault);
            await services.GetRequiredService<EvidenceFlow>().ReadyTheStoreAsync(CancellationToken.None);
            await services.GetRequiredService<Mediator.IMediator>().Send(new IngestFile(file, "OP-HERON", "CAM-7", ExhibitReference.Parse("AB/1"), null));
            await Requests.SendAsync(vault, new RotateKey(KeyUse.Log, "before the backup"));
            await Requests.SendAsync(vault, new RotateKey(KeyUse.Content, "before the backup"));
            made = await BackUpAsync(vault);
            face = vault.Keys.InUse;
            policy = vault.WitnessPolicy.Content.ToArray();
            kept = vault.Log.NewestCheckpoint()!;
        }
        Directory.Delete(home, recursive: true);

        RestoredVault restored = await RestoreAsync(home, remembered: kept);

        Assert.True(restored.Report.Holds, string.Join('\n', restored.Report.Findings.Where(f => !f.Holds).Select(f => f.Sentence)));
        Assert.Equal(made.LogSize, restored.Size); // its own entry is in it: nothing was lost
        Assert.Contains(restored.Report.Findings, f => f is { Claim: "remembered", Holds: true });
        await using Vault again = await Vault.OpenAsync(home, TimeProvider.System);
        Assert.Equal(face, again.Keys.InUse);
        Assert.Equal(policy, File.ReadAllBytes(again.PolicyFile));
        Assert.Equal(again.WitnessPolicy.Witnesses[0].Key.ToString(), Pipeline.Publishing.WitnessFolder.VerifierKeyOf(again.WitnessFolder));
        await using ServiceProvider after = Services(again);
        string output = Path.Combine(folder, "out.bin");
        await after.GetRequiredService<Mediator.IMediator>().Send(new RetrieveExhibit(ExhibitReference.Parse("AB/1"), output, "after the loss", new Progress<long>()));
        Assert.Equal(content, await File.ReadAllBytesAsync(output));
        await again.Sequencer.RecordAsync(TempVault.Act());
        Assert.True(again.CheckLog(null, CancellationToken.None).Holds);
        CustodyEntry[] events = [.. again.Log.Entries(null).Select(e => CustodyEntry.TryParse(e.Bytes, out CustodyEntry? entry, out _) ? entry : null!).Where(e => e.Action == Acts.KeyEvent)];
        Assert.Equal(["in-use", "rotated", "rotated", "backed-up", "restored"], events.Select(e => (string?)e.Detail!["event"]));
        Assert.Equal(made.Id, (string?)events[^1].Detail!["backup"]);
        Assert.Equal(made.Id, (string?)events[^2].Detail!["backup"]);
    }

    [Fact]
    public async Task Stock_openssl_opens_a_backup_as_its_own_instructions_say()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await BackUpAsync(temp.Vault);
        byte[] ring = File.ReadAllBytes(temp.Vault.Keys.Path);
        string open = Directory.CreateDirectory(Path.Combine(folder, "open")).FullName;
        TarFile.ExtractToDirectory(Backup, open, overwriteFiles: false);
        File.WriteAllText(Path.Combine(open, "passphrase"), Secret + "\n");
        string[] commands = [.. File.ReadAllLines(Path.Combine(open, "HOW-TO-RESTORE.txt")).Where(l => l.StartsWith("  ", StringComparison.Ordinal))];
        Assert.True(commands.Length >= 6);
        foreach (string command in commands) Assert.True(Run(open, command) is (0, _), $"{command}: {Run(open, command).Said}");

        Assert.Equal(KeyRingFile.FromJson(ring).ToJson(), File.ReadAllBytes(Path.Combine(open, "keyring.json")));
        Assert.Equal(File.ReadAllBytes(temp.Vault.AccessFile), File.ReadAllBytes(Path.Combine(open, "access.json")));
        Assert.Equal(temp.Vault.Log.Size(), VaultDatabase.SizeOfCopy(Path.Combine(open, "vault.db")));
        // The strength that is promised, as openssl reads it.
        (_, string how) = Run(open, "openssl pkcs12 -in backup.p12 -passin file:passphrase -info -noout");
        Assert.Contains("PBES2", how);
        Assert.Contains("AES-256-CBC", how);
        Assert.Contains("hmacWithSHA256", how);
        Assert.Contains("Iteration 600000", how);
    }

    [Fact]
    public async Task Nothing_of_a_backup_is_readable_without_the_passphrase_and_none_of_its_bytes_can_be_changed()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await BackUpAsync(temp.Vault, database: false);
        byte[] good = File.ReadAllBytes(Backup);
        Assert.True(good.AsSpan().IndexOf(Convert.ToBase64String(temp.Vault.Keys.File.LogKeys[0].Seed).Select(c => (byte)c).ToArray()) < 0);
        Assert.True(good.AsSpan().IndexOf(temp.Vault.Keys.File.ContentKeys[0].Key) < 0);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Backup));

        string home = Path.Combine(folder, "elsewhere");
        await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(home, "quite another passphrase"));
        // A byte of each file's content. (Of the tar's own headers some bytes mean nothing.)
        foreach (int at in await ContentOffsetsAsync())
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            File.WriteAllBytes(Backup, bad);
            RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(home));
            Assert.DoesNotContain("no database", refused.What, StringComparison.Ordinal);
        }
        File.WriteAllBytes(Backup, good[..(good.Length / 2)]);
        await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(home));
        Assert.False(File.Exists(Path.Combine(home, "keys", "keyring.json")));
    }

    [Fact]
    public async Task A_part_made_by_somebody_who_knows_only_the_certificate_is_not_believed()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await BackUpAsync(temp.Vault);
        string open = Directory.CreateDirectory(Path.Combine(folder, "open")).FullName;
        TarFile.ExtractToDirectory(Backup, open, overwriteFiles: false);
        // Another backup's database and hashes: well-formed, and signed by another key.
        string other = Path.Combine(folder, "other.evbackup"), open2 = Directory.CreateDirectory(Path.Combine(folder, "open2")).FullName;
        await BackUpAsync(temp.Vault, to: other);
        TarFile.ExtractToDirectory(other, open2, overwriteFiles: false);
        File.Copy(Path.Combine(open2, "vault.db.cms"), Path.Combine(open, "vault.db.cms"), overwrite: true);
        await RepackAsync(open);
        Assert.Contains("vault.db.cms", (await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(Path.Combine(folder, "new")))).What);
        foreach (string name in new[] { "SHA256SUMS", "SHA256SUMS.p7s", "keyring.json.cms", "access.json.cms", "policy.cms", "witness-key.json.cms", "HOW-TO-RESTORE.txt" }) File.Copy(Path.Combine(open2, name), Path.Combine(open, name), overwrite: true);
        await RepackAsync(open);
        await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(Path.Combine(folder, "new")));
    }

    [Fact]
    public async Task A_key_ring_that_is_there_is_never_written_over()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await BackUpAsync(temp.Vault);
        await Requests.SendAsync(temp.Vault, new RotateKey(KeyUse.Content, "after the backup"));
        byte[] ring = File.ReadAllBytes(temp.Vault.Keys.Path);
        await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(temp.Home));
        Assert.Equal(ring, File.ReadAllBytes(temp.Vault.Keys.Path));
    }

    [Fact]
    public async Task A_database_older_than_a_checkpoint_that_somebody_kept_is_told_plainly()
    {
        byte[] kept;
        string home;
        await using (TempVault temp = await TempVault.NewAsync())
        {
            await BackUpAsync(temp.Vault);
            await temp.Vault.Sequencer.RecordAsync(TempVault.Act(), TempVault.Act());
            kept = temp.Vault.Log.NewestCheckpoint()!;
            home = Path.Combine(folder, "restored");
        }
        RestoredVault restored = await RestoreAsync(home, remembered: kept);
        Finding told = Assert.Single(restored.Report.Findings, f => f.Claim == "remembered");
        Assert.False(told.Holds);
        Assert.Contains("The last 2 entries", told.Sentence);
        Assert.False(restored.Report.Holds);
    }

    [Fact]
    public async Task A_lost_ring_goes_back_beside_a_database_that_survived_and_one_too_old_is_refused_until_that_is_accepted()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await BackUpAsync(temp.Vault, database: false);
        string inUse = temp.Vault.Keys.InUse;
        File.Move(temp.Vault.Keys.Path, Path.Combine(folder, "lost-ring"));
        RestoredVault restored = await RestoreAsync(temp.Home);
        Assert.Equal(["keys/keyring.json"], restored.Put);
        Assert.True(restored.Report.Holds);
        await temp.ReopenAsync();
        Assert.Equal(inUse, temp.Vault.Keys.InUse);

        await Requests.SendAsync(temp.Vault, new RotateKey(KeyUse.Content, "after the backup"));
        File.Move(temp.Vault.Keys.Path, Path.Combine(folder, "lost-ring-2"));
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(temp.Home));
        Assert.Contains(temp.Vault.Keys.Wrapper.CurrentKeyId, refused.What);
        Assert.False(File.Exists(temp.Vault.Keys.Path));
        Assert.True((await RestoreAsync(temp.Home, accept: true)).Report.Holds);
        await temp.ReopenAsync();
        Assert.Equal(true, (bool?)temp.Entries().Last(e => (string?)e.Detail?["event"] == "restored").Detail!["missingKeysAccepted"]);
        temp.MustHold();
    }

    [Fact]
    public async Task Only_an_administrator_backs_up_or_restores_and_a_backup_needs_a_reason()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await Assert.ThrowsAsync<RefusedException>(() => BackUpAsync(temp.Vault, reason: null));
        await Assert.ThrowsAsync<RefusedException>(() => Requests.SendAsync(temp.Vault, new BackUpKeys(Backup, new Passphrase(Secret), "mine now"), "somebody"));
        Assert.False(File.Exists(Backup));
        Assert.Equal(2, temp.Entries().Count(e => e is { Action: Acts.KeyEvent, Outcome: Outcome.Refused }));
        await BackUpAsync(temp.Vault);
        string home = Path.Combine(folder, "restored");
        await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(home, account: "somebody"));
        Assert.False(File.Exists(Path.Combine(home, "vault.db")));
        Assert.Throws<RefusedException>(() => new Passphrase("short"));
    }

    [Fact]
    public async Task A_restore_killed_before_the_ring_was_in_place_is_carried_on_by_the_same_command()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await BackUpAsync(temp.Vault);
        string home = Directory.CreateDirectory(Path.Combine(folder, "restored")).FullName;
        temp.Vault.Database.CopyTo(Path.Combine(home, "vault.db")); // what a kill after the first file leaves
        await Assert.ThrowsAsync<RefusedException>(() => Vault.OpenAsync(home, TimeProvider.System));
        RestoredVault restored = await RestoreAsync(home);
        Assert.True(restored.Report.Holds);
        Assert.Equal(["access.json", "witness/key.json", "policy", "keys/keyring.json"], restored.Put);
    }

    [Fact]
    public async Task The_settings_of_deployments_go_with_a_backup_and_come_back()
    {
        await using TempVault temp = await TempVault.NewAsync();
        byte[] own = """{ "deployments": [ { "case": "OP-HERON", "camera": "CAM-7", "minimumSize": 40 } ] }"""u8.ToArray();
        File.WriteAllBytes(temp.Vault.DeploymentsFile, own);
        await BackUpAsync(temp.Vault);
        string home = Path.Combine(folder, "restored");
        Assert.Contains("deployments.json", (await RestoreAsync(home)).Put);
        Assert.Equal(own, File.ReadAllBytes(Path.Combine(home, "deployments.json")));
    }

    [Fact]
    public async Task A_write_ahead_log_left_by_another_database_stops_a_restore()
    {
        await using TempVault temp = await TempVault.NewAsync();
        await BackUpAsync(temp.Vault);
        string home = Directory.CreateDirectory(Path.Combine(folder, "restored")).FullName;
        File.WriteAllText(Path.Combine(home, "vault.db-wal"), "left");
        await Assert.ThrowsAsync<RefusedException>(() => RestoreAsync(home));
        Assert.False(File.Exists(Path.Combine(home, "vault.db")));
    }

    private ServiceProvider Services(Vault vault) => new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging()
        .AddAzureStorage(azurite.Options).AddFootageAnalysis().AddEvidenceVault(vault, new FlowOptions { Analyse = false }, new Caller(Environment.UserName)).BuildServiceProvider();

    private async Task<List<int>> ContentOffsetsAsync()
    {
        var offsets = new List<int>();
        await using FileStream file = File.OpenRead(Backup);
        await using TarReader tar = new(file);
        while (await tar.GetNextEntryAsync() is { } entry) offsets.Add((int)(entry.DataOffset + (entry.Length / 2)));
        return offsets;
    }

    private async Task RepackAsync(string from)
    {
        await using FileStream output = File.Create(Backup);
        await using TarWriter tar = new(output);
        foreach (string file in Directory.EnumerateFiles(from)) await tar.WriteEntryAsync(file, Path.GetFileName(file));
    }

    private static (int Code, string Said) Run(string folder, string command)
    {
        ProcessStartInfo start = new("/bin/sh") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command + " 2>&1");
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
