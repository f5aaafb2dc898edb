using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

/// <summary>
/// A vault's home folder, opened: keys, database, access list, scratch. One object that the hosts open at start and dispose at
/// the end; everything else is made from it.
/// </summary>
public sealed class Vault : IAsyncDisposable
{
    internal const string AccessFileName = "access.json", DatabaseFileName = "vault.db", PolicyFileName = "policy", WitnessFolderName = "witness", DeploymentsFileName = "deployments.json";

    // What is recorded where a file of deployments that was there is there no more.
    private const string NoDeployments = "none";

    private LogPolicy _policy;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private Vault(string home, KeyRing keys, VaultDatabase database, AccessList access, LogPolicy policy, TimeProvider clock)
    {
        (Home, Keys, Database, Access, Clock) = (home, keys, database, access, clock);
        _policy = policy;
        Sequencer = new Sequencer(database, keys, clock);
        Log = new CustodyLog(database);
        Index = new EntryIndex(database);
        Exhibits = new Exhibits(database);
        Search = new ExhibitSearch(database);
        Requests = new ExhibitRequests(database);
        Drops = new Drops(database);
        Stills = new SeriesOfStills(database);
        Uploads = new Uploads(database);
        Timestamps = new TimestampTokens(database);
        Disclosures = new Disclosures(database);
        Recordings = new Recordings(database);
        Notes = new Notes(database);
    }

    /// <summary>The folder, mode 0700.</summary>
    public string Home { get; }

    /// <summary>The key ring.</summary>
    public KeyRing Keys { get; }

    /// <summary>The database.</summary>
    public VaultDatabase Database { get; }

    /// <summary>Who may do what.</summary>
    public AccessList Access { get; }

    /// <summary>The one writer.</summary>
    public Sequencer Sequencer { get; }

    /// <summary>The custody log, to read.</summary>
    public CustodyLog Log { get; }

    /// <summary>What the log's entries are looked up by.</summary>
    public EntryIndex Index { get; }

    /// <summary>Finds exhibits.</summary>
    public ExhibitSearch Search { get; }

    /// <summary>Who asked for an exhibit of a case that they are no member of, to read.</summary>
    public ExhibitRequests Requests { get; }

    /// <summary>The exhibits, to read.</summary>
    public Exhibits Exhibits { get; }

    /// <summary>The drops, to read.</summary>
    public Drops Drops { get; }

    /// <summary>The disclosures that were asked for in the portal, to read.</summary>
    public Disclosures Disclosures { get; }

    /// <summary>The drops that are sent through the portal, to read.</summary>
    public Uploads Uploads { get; }

    /// <summary>Which stills were looked at as a series, to read.</summary>
    public SeriesOfStills Stills { get; }

    /// <summary>Whose cosignatures the log's checkpoints need: the file <c>policy</c> (C2SP tlog-policy), with the log keys that are valid now. A
    /// retired key is not in it: whoever got hold of one must not be believed.</summary>
    public LogPolicy WitnessPolicy => _policy = WitnessPolicyFile.WithLogKeys(_policy, Keys.ValidLogKeys);

    /// <summary>The keys that the log is or was signed with.</summary>
    internal IReadOnlyList<VerifierKey> LogKeys => [.. Keys.AllLogKeys.Select(VerifierKey.Parse)];

    /// <summary>The demonstration witness's folder: its key and its memory.</summary>
    public string WitnessFolder => Path.Combine(Home, WitnessFolderName);

    internal string PolicyFile => Path.Combine(Home, PolicyFileName);

    internal string DemonstrationKeyFile => Publishing.WitnessFolder.PathOfKey(WitnessFolder);

    /// <summary>The newest checkpoint that meets the policy's quorum where it covers an entry, else the newest one.</summary>
    /// <param name="index">The entry.</param>
    internal byte[] CheckpointCovering(ulong index)
    {
        using LogSnapshot log = Log.Snapshot();
        ulong cosigned = log.CosignedSize(HeadChoice.NameOf(WitnessPolicy));
        return log.NoteAt(cosigned > index ? cosigned : log.Size)!;
    }

    /// <summary>The time stamps, to read.</summary>
    public TimestampTokens Timestamps { get; }

    /// <summary>When Masters were recorded, to read.</summary>
    public Recordings Recordings { get; }

    /// <summary>What people noted about exhibits, to read.</summary>
    public Notes Notes { get; }

    internal TimeProvider Clock { get; }

    /// <summary>Where working copies lie.</summary>
    public string ScratchRoot => Path.Combine(Home, "work");

    /// <summary>Where drop receipts are put for the technician.</summary>
    public string Receipts => Path.Combine(Home, "receipts");

    /// <summary>Who may do what, as a file.</summary>
    internal string AccessFile => Path.Combine(Home, AccessFileName);

    /// <summary>The settings that deployments have of their own, where there is such a file.</summary>
    public string DeploymentsFile => Path.Combine(Home, DeploymentsFileName);

    /// <summary>The settings that deployments have of their own, as the file has them now: read anew for each analysis, and a change recorded before it is
    /// used. A mistake in it keeps nothing from being sealed.</summary>
    /// <exception cref="UnreachableException">The file cannot be read or understood: until it can, nothing is analysed.</exception>
    public async Task<Deployments> DeploymentsAsync()
    {
        try
        {
            byte[]? content = File.Exists(DeploymentsFile) ? await File.ReadAllBytesAsync(DeploymentsFile).ConfigureAwait(false) : null;
            Deployments deployments = content is null ? Deployments.None : Deployments.Read(content);
            await Sequencer.CommitAsync(change => NoteDeployments(change, content)).ConfigureAwait(false);
            return deployments;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new UnreachableException(
                $"The settings of deployments in {DeploymentsFile} cannot be used. {e.Message}", "Footage is sealed and stored as ever; its analysis waits.",
                "Mend the file (docs/drop-manifest.md says what it may hold) or take it away; the next look carries on.", e);
        }
    }

    private static void NoteDeployments(Change change, byte[]? content)
    {
        // A vault that never had the file has nothing to tell.
        if (content is null && Settings.Get(change.Connection, change.Transaction, "deployments") is null) return;
        string sha256 = content is null ? NoDeployments : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        if (Settings.Set(change, "deployments", sha256))
            change.Record(new(Acts.ConfigurationChanged, Environment.UserName) { Detail = new JsonObject { ["what"] = "deployments", ["sha256"] = sha256 } });
    }

    /// <summary>The CA certificates handed to whoever checks seals.</summary>
    public string CaFile => Path.Combine(Home, "ca.pem");

    /// <summary>The log's verifier keys, one a line, as handed to whoever checks the log.</summary>
    public string VerifierKeyFile => Path.Combine(Home, "log.vkey");

    /// <summary>Opens the vault at this folder, making it the first time.</summary>
    /// <param name="home">The folder.</param>
    /// <param name="clock">The vault's clock.</param>
    /// <param name="outside">Keys that lie in an HSM or a key vault.</param>
    /// <exception cref="UnreachableException">The folder, the keys or the database cannot be opened.</exception>
    /// <exception cref="RefusedException">The keys are not those that the log recorded, or others can reach them.</exception>
    public static Task<Vault> OpenAsync(string home, TimeProvider clock, OutsideKeys? outside = null) => OpenAsync(home, clock, outside, acceptMissingKeys: false);

    internal static async Task<Vault> OpenAsync(string home, TimeProvider clock, OutsideKeys? outside, bool acceptMissingKeys)
    {
        home = Path.GetFullPath(home);
        try
        {
            Directory.CreateDirectory(home, OwnerOnly);
            // The database first: it says which keys are in use, and so what a change of keys that was cut off came to.
            var database = new VaultDatabase(Path.Combine(home, DatabaseFileName));
            EntryIndex.Fill(database);
            KeyRing keys = KeyRing.OpenOrCreate(home, clock, database.KeysInUse, outside, acceptMissingKeys);
            string accessFile = Path.Combine(home, AccessFileName);
            bool newAccess = !File.Exists(accessFile);
            if (newAccess) WriteOnce(accessFile, AccessList.ForMaker(Environment.UserName).ToJson());
            LogPolicy policy = WitnessPolicyFile.OpenOrMake(Path.Combine(home, PolicyFileName), Path.Combine(home, WitnessFolderName), keys.ValidLogKeys);
            var vault = new Vault(home, keys, database, AccessList.Read(accessFile), policy, clock);
            await vault.RecordBeginningsAsync().ConfigureAwait(false);
            vault.WritePublicFiles();
            Scratch.Sweep(vault.ScratchRoot);
            return vault;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreachableException($"The vault's folder {home} cannot be opened ({e.Message}).", "Nothing was read or written.", "Check that the folder exists, is yours and has space, then try again.", e);
        }
    }

    /// <summary>Derives the whole log again and checks it by every key that may have signed it.</summary>
    public Proof.VerificationReport CheckLog(IProgress<Proof.LogCheckProgress>? progress, CancellationToken cancel) => Log.Check(Keys.AllLogKeys, Keys.ValidLogKeys, progress, cancel);

    /// <summary>The keys that the log last recorded as in use.</summary>
    internal string? KeysInUse() => Database.KeysInUse();

    /// <summary>What is handed to whoever checks seals and the log. A crash before leaves the files of before; the next start writes them.</summary>
    internal void WritePublicFiles()
    {
        WriteOnce(CaFile, System.Text.Encoding.ASCII.GetBytes(Keys.Seal.CaPem));
        WriteOnce(VerifierKeyFile, System.Text.Encoding.UTF8.GetBytes(string.Concat(Keys.ValidLogKeys.Select(k => k + "\n"))));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Sequencer.DisposeAsync().ConfigureAwait(false);
        Keys.Dispose();
    }

    /// <summary>The first entries of every log: the keys it begins with and who may do what. Decided by what the log lacks and not
    /// by what this process made, so that a crash between making a key and recording it is mended by the next start.</summary>
    private Task RecordBeginningsAsync()
    {
        string access = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Access.ToJson()));
        string policy = HeadChoice.NameOf(WitnessPolicy);
        return Sequencer.CommitAsync(change =>
        {
            // Asked here and not before: meanwhile another process may have rotated keys, and this ring has followed.
            if (Settled(change, Settings.Keys, Keys.InUse))
            {
                change.Record(new(Acts.KeyEvent, Program)
                {
                    Detail = new JsonObject { ["event"] = "in-use", ["logKey"] = Keys.Log.VerifierKey, ["sealCertificateSha256"] = Keys.Seal.CertificateSha256, ["contentKey"] = Keys.Wrapper.CurrentKeyId },
                });
            }
            if (Settled(change, "access", access))
                change.Record(new(Acts.ConfigurationChanged, Environment.UserName) { Detail = new JsonObject { ["what"] = "access-list", ["sha256"] = access } });
            if (Settled(change, "policy", policy))
                change.Record(new(Acts.ConfigurationChanged, Environment.UserName) { Detail = new JsonObject { ["what"] = "witness-policy", ["sha256"] = policy } });
        });

        static bool Settled(Change change, string name, string value) => Settings.Set(change, name, value);
    }

    /// <summary>The actor of what the vault does by itself.</summary>
    public const string Program = "evidencevault";

    internal static void WriteOnce(string path, byte[] content)
    {
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content)) return;
        string draft = $"{path}.{Environment.ProcessId}.tmp";
        using (var file = new FileStream(draft, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, path, overwrite: true);
    }
}
