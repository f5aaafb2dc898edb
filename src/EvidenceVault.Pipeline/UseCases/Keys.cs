using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Lists the vault's keys, public parts only.</summary>
public sealed record ListKeys : IVaultRequest, IRequest<IReadOnlyList<ListedKey>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Administrator, Role.Auditor];

    /// <inheritdoc/>
    public string Action => Acts.KeyEvent;
}

/// <summary>Makes a new key and uses it from now on. What the old one made still checks and opens.</summary>
/// <param name="Use">Which kind.</param>
/// <param name="Why">The reason.</param>
public sealed record RotateKey(KeyUse Use, string? Why) : IEvidenceAccess, IRecordsItself, IRequest<IReadOnlyList<ListedKey>>
{
    /// <summary>Of a seal key: whether it gets a new authority too, for verifiers to be given.</summary>
    public bool NewAuthority { get; init; }

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Administrator];

    /// <inheritdoc/>
    public string Action => Acts.KeyEvent;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        bool outside = Use switch { KeyUse.Log => vault.Keys.Outside.Log is not null, KeyUse.Seal => vault.Keys.Outside.Seal is not null, _ => vault.Keys.Outside.Content is not null };
        if (outside) throw new RefusedException($"The {Use.ToString().ToLowerInvariant()} key lies outside the vault.", "No key was changed.", "Rotate it where it lies, then start the vault with the new one.");
        return RingChange.CarryOutAsync(vault, caller, Why, Next, (before, after) => new JsonObject
        {
            ["event"] = "rotated",
            ["use"] = Use.ToString().ToLowerInvariant(),
            ["new"] = after[^1].Fingerprint,
            ["old"] = new JsonArray([.. before.Where(k => k.State is KeyListing.Current or KeyListing.Overlap).Select(k => JsonValue.Create(k.Fingerprint))]),
            ["newAuthority"] = NewAuthority,
        }, Use);
    }

    private KeyRingFile Next(KeyRingFile ring, TimeProvider clock) => Use switch
    {
        KeyUse.Log => ring.RotateLog(clock),
        KeyUse.Seal => ring.RotateSeal(NewAuthority, clock),
        _ => ring.RotateContent(clock),
    };
}

/// <summary>Ends the overlap of a log key that was rotated: it signs no more, and what it signs from then on is refused.</summary>
/// <param name="Id">Its key ID, 8 hex digits.</param>
/// <param name="Why">The reason.</param>
public sealed record RetireLogKey(string Id, string? Why) : IEvidenceAccess, IRecordsItself, IRequest<IReadOnlyList<ListedKey>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Administrator];

    /// <inheritdoc/>
    public string Action => Acts.KeyEvent;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller) => RingChange.CarryOutAsync(vault, caller, Why, (ring, clock) => ring.RetireLog(Id, clock), (before, _) => new JsonObject
    {
        ["event"] = "retired",
        ["use"] = "log",
        ["retired"] = before.First(k => k.Id == Id).Fingerprint,
    }, KeyUse.Log);
}

/// <summary>Writes a passphrase-protected backup of keys and access list, and of the database where asked for. Recorded, with the reason,
/// before the first byte leaves.</summary>
/// <param name="Output">The file to make; it must not be there yet.</param>
/// <param name="Passphrase">What protects it.</param>
/// <param name="Why">The reason.</param>
public sealed record BackUpKeys(string Output, Passphrase Passphrase, string? Why) : IEvidenceAccess, IRecordsItself, IRequest<BackedUp>
{
    /// <summary>Whether the database goes with them: custody log and catalogue.</summary>
    public bool WithDatabase { get; init; }

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Administrator];

    /// <inheritdoc/>
    public string Action => Acts.KeyEvent;

    /// <inheritdoc/>
    public string? Reason => Why;

    /// <inheritdoc/>
    public bool NeedsReason => true;

    internal KeyBackup? Recorded { get; private set; }

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        if (Path.Exists(Path.GetFullPath(Output))) throw new RefusedException($"'{Names.Printable(Output)}' is there already.", "Nothing was written over it.", "Choose another name with -o.");
        Recorded = KeyBackup.New(vault.Clock);
        // Before the database is copied, so that the copy holds this entry too: what it restores to is the log as of this backup.
        return vault.Sequencer.RecordAsync(new CustodyAct(Acts.KeyEvent, caller.Account)
        {
            Reason = Why,
            Detail = new JsonObject { ["event"] = "backed-up", ["backup"] = Recorded.Id, ["database"] = WithDatabase },
        });
    }
}

/// <summary>A backup that was written.</summary>
/// <param name="Id">The SHA-256 of its certificate, as the custody log names it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="LogSize">Entries in the log that it holds; null without the database.</param>
public sealed record BackedUp(string Id, long Bytes, ulong? LogSize);

internal sealed class ListKeysHandler(Vault vault) : IRequestHandler<ListKeys, IReadOnlyList<ListedKey>>
{
    public ValueTask<IReadOnlyList<ListedKey>> Handle(ListKeys request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Keys.List());
}

// The act and its entry are one commit, made before the handler: it only tells.
internal sealed class RotateKeyHandler(Vault vault) : IRequestHandler<RotateKey, IReadOnlyList<ListedKey>>
{
    public ValueTask<IReadOnlyList<ListedKey>> Handle(RotateKey request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Keys.List());
}

internal sealed class RetireLogKeyHandler(Vault vault) : IRequestHandler<RetireLogKey, IReadOnlyList<ListedKey>>
{
    public ValueTask<IReadOnlyList<ListedKey>> Handle(RetireLogKey request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Keys.List());
}

internal sealed class BackUpKeysHandler(Vault vault) : IRequestHandler<BackUpKeys, BackedUp>
{
    public ValueTask<BackedUp> Handle(BackUpKeys request, CancellationToken cancellationToken)
    {
        using KeyBackup backup = request.Recorded ?? throw new InvalidOperationException("A backup was not recorded before it was carried out.");
        // The copy of the database is plain for a while: in the keys' own folder, and swept if this process dies.
        using Scratch scratch = vault.Keys.Folder.NewDraft();
        List<BackupPart> parts =
        [
            new(KeyBackup.Ring, () => new MemoryStream(vault.Keys.File.ToJson())),
            new(KeyBackup.Access, () => File.OpenRead(vault.AccessFile)),
            new(KeyBackup.Policy, () => File.OpenRead(vault.PolicyFile)),
        ];
        // The policy names the demonstration witness by its key: without it no later checkpoint would meet the quorum.
        if (File.Exists(vault.DemonstrationKeyFile)) parts.Add(new(KeyBackup.WitnessKey, () => File.OpenRead(vault.DemonstrationKeyFile)));
        if (File.Exists(vault.DeploymentsFile)) parts.Add(new(KeyBackup.Deployments, () => File.OpenRead(vault.DeploymentsFile)));
        ulong? size = null;
        if (request.WithDatabase)
        {
            string copy = Path.Combine(scratch.Path, "copy");
            size = vault.Database.CopyTo(copy);
            parts.Add(new(KeyBackup.Database, () => File.OpenRead(copy)));
        }
        string made = backup.Write(scratch.Path, request.Passphrase, parts);
        return ValueTask.FromResult(new BackedUp(backup.Id, PutInPlace(made, Path.GetFullPath(request.Output)), size));
    }

    private static long PutInPlace(string made, string output)
    {
        try
        {
            // The output may be on another disk: a draft beside it, so that a file of its name is whole or not there.
            using Scratch beside = Scratch.New(Path.GetDirectoryName(output)!, ".evidencevault-draft-");
            string draft = Path.Combine(beside.Path, "backup");
            using (FileStream from = File.OpenRead(made))
            using (FileStream to = new(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                from.CopyTo(to);
                to.Flush(flushToDisk: true);
            }
            File.Move(draft, output, overwrite: false);
            DurableFolder.Flush(Path.GetDirectoryName(output)!);
            return new FileInfo(output).Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreachableException($"The backup could not be written to '{Names.Printable(output)}' ({e.Message}).", "There is no backup of that name; that it was asked for is in the custody log.", "Check the folder and its space, then run the same command again.", e);
        }
    }
}

/// <summary>A change of the key ring and its custody entry, as one: see <see cref="RingFolder"/> for the steps and what a kill leaves.</summary>
internal static class RingChange
{
    public static async Task CarryOutAsync(
        Vault vault, Caller caller, string? why, Func<KeyRingFile, TimeProvider, KeyRingFile> next, Func<IReadOnlyList<ListedKey>, IReadOnlyList<ListedKey>, JsonObject> detail, KeyUse use)
    {
        KeyRing keys = vault.Keys;
        using IDisposable only = keys.Folder.Lock();
        keys.Folder.Settle(InUse);
        KeyRingFile before = keys.Folder.Read();
        KeyRingFile after = next(before, vault.Clock);
        JsonObject what = detail(Of(before), Of(after));
        string inUse = keys.InUseOf(after);
        try
        {
            keys.Folder.Replace(after);
            // Step 4: from this commit on every process signs, seals and wraps with the new ring.
            await vault.Sequencer.CommitAsync(change =>
            {
                change.Record(new(Acts.KeyEvent, caller.Account) { Reason = why, Detail = what });
                change.UseKeys(inUse);
            }).ConfigureAwait(false);
        }
        finally
        {
            // Whatever came back, the database says whether it happened. Where it cannot be asked, this throws, and the next start settles it.
            keys.Folder.Settle(InUse);
            keys.InForce(vault.KeysInUse());
        }
        vault.WritePublicFiles();

        bool InUse(KeyRingFile ring) => keys.InUseOf(ring) == vault.KeysInUse();

        IReadOnlyList<ListedKey> Of(KeyRingFile ring) => [.. KeyListing.Of(ring, keys.Outside).Where(k => k.Use == use)];
    }
}
