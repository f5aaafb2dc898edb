using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

/// <summary>What is asked of a restore.</summary>
/// <param name="Home">The vault's folder: new, or one that has lost its key ring.</param>
/// <param name="File">The backup.</param>
/// <param name="Passphrase">Its passphrase.</param>
public sealed record RestoreRequest(string Home, string File, Passphrase Passphrase)
{
    /// <summary>Why, for the custody log.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether to go on where the database has recorded keys that the backup is too old to hold.</summary>
    public bool AcceptMissingKeys { get; init; }

    /// <summary>Checkpoints that somebody kept, each a signed note: what tells that a database is older than the log was.</summary>
    public IReadOnlyList<byte[]> Remembered { get; init; } = [];
}

/// <summary>What a restore came to.</summary>
/// <param name="Put">The files that were put in place.</param>
/// <param name="Kept">The files that were there and were kept.</param>
/// <param name="Size">The entries of the log as restored, before the entry of the restore.</param>
/// <param name="Report">The check of the whole log, with a finding <c>remembered</c> for each checkpoint given.</param>
public sealed record RestoredVault(IReadOnlyList<string> Put, IReadOnlyList<string> Kept, ulong Size, VerificationReport Report);

/// <summary>
/// Puts a backup back into a vault's folder that is new or has lost its keys. Nothing that is there is written over. The key ring comes last: until it is in
/// place the vault does not start, and after a kill the same command does the rest. It runs before there is a vault, so its refusals are in no log.
/// </summary>
public static class VaultRestore
{
    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <exception cref="RefusedException">A key ring is there, the caller may not, or the backup cannot be opened or does not fit.</exception>
    public static async Task<RestoredVault> RunAsync(RestoreRequest request, Caller caller, TimeProvider clock, CancellationToken cancel)
    {
        string home = Path.GetFullPath(request.Home);
        RingFolder ring = new(home);
        var put = new List<string>();
        var kept = new List<string>();
        string id;
        using (ring.Lock())
        {
            if (ring.HasRing) throw new RefusedException($"There is a key ring at '{ring.RingPath}'.", "It was not written over: no key is ever replaced by an older one. Nothing was changed.", "Restore into a new folder with --vault DIR, and compare.");
            ring.SweepDrafts();
            using Scratch scratch = ring.NewDraft();
            using KeyBackup backup = KeyBackup.Open(request.File, scratch.Path, request.Passphrase, out IReadOnlyList<string> parts);
            string access = backup.Extract(scratch.Path, KeyBackup.Access);
            RequireAdministrator(home, access, caller);
            string database = Path.Combine(home, Vault.DatabaseFileName);
            RequireNoLeftovers(database);
            if (!File.Exists(database) && !parts.Contains(KeyBackup.Database))
                throw new RefusedException("The backup holds no database, and there is none in the vault's folder.", "Keys without the custody log are not a vault: nothing was put in place.", "Put vault.db back into the folder first, or use a backup that was made with --with-database.");
            byte[] keys = File.ReadAllBytes(backup.Extract(scratch.Path, KeyBackup.Ring));
            _ = KeyRingFile.FromJson(keys);

            // The database, then the list, then the ring: each whole or not there. A kill between them leaves a folder that does not start.
            if (parts.Contains(KeyBackup.Database) && !File.Exists(database)) Put(backup.Extract(scratch.Path, KeyBackup.Database), database);
            else kept.Add(Vault.DatabaseFileName);
            string accessFile = Path.Combine(home, Vault.AccessFileName);
            if (File.Exists(accessFile)) kept.Add(Vault.AccessFileName);
            else Put(access, accessFile);
            // What the demonstration witness remembered is not in a backup: it begins anew, and vouches for as little as before.
            string witness = Path.Combine(home, Vault.WitnessFolderName);
            Directory.CreateDirectory(witness, OwnerOnlyFolder);
            foreach ((string part, string to) in new[] { (KeyBackup.WitnessKey, Publishing.WitnessFolder.PathOfKey(witness)), (KeyBackup.Policy, Path.Combine(home, Vault.PolicyFileName)), (KeyBackup.Deployments, Path.Combine(home, Vault.DeploymentsFileName)) })
            {
                if (parts.Contains(part)) Put(backup.Extract(scratch.Path, part), to);
            }
            RequireFits(keys, database, request);
            ring.Create(keys);
            put.Add("keys/keyring.json");
            id = backup.Id;
        }
        // A kill from here on leaves a restored vault without the entry that says so; the next start works, and its checks are as good.
        return await CheckAsync(request, id, home, caller, clock, put, kept, cancel).ConfigureAwait(false);

        void Put(string from, string to)
        {
            (DurableFile.TryLink(from, to) ? put : kept).Add(Path.GetRelativePath(home, to));
        }
    }

    private static async Task<RestoredVault> CheckAsync(RestoreRequest request, string backup, string home, Caller caller, TimeProvider clock, List<string> put, List<string> kept, CancellationToken cancel)
    {
        // As restored: opening it may record what has changed since, such as the policy's log keys.
        ulong size = new CustodyLog(new VaultDatabase(Path.Combine(home, Vault.DatabaseFileName))).Size();
        await using Vault vault = await Vault.OpenAsync(home, clock, null, request.AcceptMissingKeys).ConfigureAwait(false);
        VerificationReport log = vault.CheckLog(null, cancel);
        List<Finding> remembered = [.. request.Remembered.Select(note => Remembered(vault, note, size))];
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.KeyEvent, caller.Account)
        {
            Reason = request.Reason,
            Detail = new JsonObject
            {
                ["event"] = "restored",
                ["backup"] = backup,
                ["database"] = put.Contains(Vault.DatabaseFileName),
                ["size"] = size,
                ["missingKeysAccepted"] = request.AcceptMissingKeys,
                ["rememberedHold"] = remembered.TrueForAll(f => f.Holds),
            },
        }).ConfigureAwait(false);
        return new(put, kept, size, new([.. log.Findings, .. remembered]));
    }

    /// <summary>Holds a checkpoint that somebody kept against the log as restored: an older database is not its continuation, and this says so.</summary>
    private static Finding Remembered(Vault vault, byte[] bytes, ulong size)
    {
        if (!SignedNote.TryParse(bytes, out SignedNote? note, out string problem)
            || !Checkpoint.TryParse(note.Text, out Checkpoint? checkpoint, out problem))
            return Found(Verdict.Fails, $"A checkpoint that was given cannot be read. {problem}");
        if (note.Verify([.. vault.Keys.AllLogKeys.Select(VerifierKey.Parse)]) is { Holds: false } verdict) return Found(Verdict.Fails, $"A checkpoint that was given is not signed by this log. {verdict.Sentence}");
        if (checkpoint.Size > size)
        {
            return Found(Verdict.Fails,
                $"The restored database is older than the log was: it has {size} entries, and a checkpoint of {checkpoint.Size} was signed. The last {checkpoint.Size - size} entries, and what they record, are not in this backup. "
                + "A log that goes on from here contradicts that checkpoint, and every witness that remembers it will say so: look for a newer backup first.");
        }
        using LogSnapshot snapshot = vault.Log.Snapshot();
        return snapshot.Root(checkpoint.Size).AsSpan().SequenceEqual(checkpoint.Root)
            ? Found(Verdict.Holds, $"The restored log begins with the {checkpoint.Size} entries of the checkpoint that was kept.")
            : Found(Verdict.Fails, $"The restored log is not the one that the checkpoint of {checkpoint.Size} entries was signed for: it was changed.");
    }

    private static Finding Found(Verdict verdict, string sentence) => new("remembered", verdict, sentence);

    // The list in the folder decides where there is one; else the one that the vault had. Deny by default.
    private static void RequireAdministrator(string home, string backedUp, Caller caller)
    {
        string there = Path.Combine(home, Vault.AccessFileName);
        AccessList access = AccessList.Read(File.Exists(there) ? there : backedUp);
        if (access.Allows(caller.Account, [Role.Administrator], null)) return;
        throw new RefusedException(
            $"The account '{Names.Printable(caller.Account)}' may not do this.", "Nothing was restored. There is no custody log here yet that could hold this refusal.",
            $"Run it as one of the vault's administrators: {string.Join(", ", access.People.Where(p => p.Roles.Contains(Role.Administrator)).Select(p => Names.Printable(p.Account)))}.");
    }

    // A write-ahead log that another database left would be folded into this one when it is opened (sqlite.org/wal.html, section 4).
    private static void RequireNoLeftovers(string database)
    {
        if (File.Exists(database)) return;
        foreach (string left in new[] { database + "-wal", database + "-shm", database + "-journal" }.Where(File.Exists))
            throw new RefusedException($"'{left}' is there without its database.", "It may hold the last entries of the custody log that was lost; nothing was put in place.", "Move it aside, keep it for an expert, then run the same command again.");
    }

    /// <summary>Refuses a ring that is too old for the database, before it is in place.</summary>
    private static void RequireFits(byte[] keys, string database, RestoreRequest request)
    {
        if (request.AcceptMissingKeys || new VaultDatabase(database).KeysInUse() is not { } inUse) return;
        if (KeyRing.Missing(KeyRingFile.FromJson(keys), inUse) is { Length: > 0 } missing)
        {
            throw new RefusedException(
                $"The database has recorded keys that this backup is too old to hold: {string.Join(", ", missing)}.",
                "What was stored under a missing content key could not be read. No key ring was put in place.",
                "Use a newer backup. If there is none, --accept-missing-keys goes on with these keys, and the custody log will say so.");
        }
    }
}
