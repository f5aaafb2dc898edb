using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
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
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private Vault(string home, KeyRing keys, VaultDatabase database, AccessList access, LogPolicy policy, TimeProvider clock)
    {
        (Home, Keys, Database, Access, WitnessPolicy) = (home, keys, database, access, policy);
        Sequencer = new Sequencer(database, keys.Log, clock);
        Log = new CustodyLog(database);
        Exhibits = new Exhibits(database);
        Drops = new Drops(database);
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

    /// <summary>The exhibits, to read.</summary>
    public Exhibits Exhibits { get; }

    /// <summary>The drops, to read.</summary>
    public Drops Drops { get; }

    /// <summary>Whose cosignatures the log's checkpoints need: the file <c>policy</c> (C2SP tlog-policy).</summary>
    public LogPolicy WitnessPolicy { get; }

    /// <summary>The policy that bundles carry (C2SP tlog-policy).</summary>
    internal byte[] Policy() => WitnessPolicy.Content.ToArray();

    /// <summary>The keys that the log is or was signed with.</summary>
    internal IReadOnlyList<VerifierKey> LogKeys => [.. WitnessPolicy.Logs.Select(l => l.Key)];

    /// <summary>The demonstration witness's folder: its key and its memory.</summary>
    public string WitnessFolder => Path.Combine(Home, "witness");

    /// <summary>The newest checkpoint that meets the policy's quorum where it covers an entry, else the newest one.</summary>
    /// <param name="index">The entry.</param>
    internal byte[] CheckpointCovering(ulong index)
    {
        using LogSnapshot log = Log.Snapshot();
        ulong cosigned = log.CosignedSize(HeadChoice.NameOf(WitnessPolicy));
        return log.NoteAt(cosigned > index ? cosigned : log.Size)!;
    }

    /// <summary>Where working copies lie.</summary>
    public string ScratchRoot => Path.Combine(Home, "work");

    /// <summary>Where drop receipts are put for the technician.</summary>
    public string Receipts => Path.Combine(Home, "receipts");

    /// <summary>The CA certificate handed to whoever checks seals.</summary>
    public string CaFile => Path.Combine(Home, "ca.pem");

    /// <summary>The log's verifier key, as handed to whoever checks the log.</summary>
    public string VerifierKeyFile => Path.Combine(Home, "log.vkey");

    /// <summary>Opens the vault at this folder, making it the first time.</summary>
    /// <exception cref="UnreachableException">The folder, the keys or the database cannot be opened.</exception>
    public static async Task<Vault> OpenAsync(string home, TimeProvider clock)
    {
        home = Path.GetFullPath(home);
        try
        {
            Directory.CreateDirectory(home, OwnerOnly);
            KeyRing keys = KeyRing.OpenOrCreate(home, clock);
            string accessFile = Path.Combine(home, "access.json");
            bool newAccess = !File.Exists(accessFile);
            if (newAccess) WriteOnce(accessFile, AccessList.ForMaker(Environment.UserName).ToJson());
            LogPolicy policy = WitnessPolicyFile.OpenOrMake(Path.Combine(home, "policy"), Path.Combine(home, "witness"), keys.Log.VerifierKey);
            var vault = new Vault(home, keys, new VaultDatabase(Path.Combine(home, "vault.db")), AccessList.Read(accessFile), policy, clock);
            await vault.RecordBeginningsAsync().ConfigureAwait(false);
            WriteOnce(vault.CaFile, System.Text.Encoding.ASCII.GetBytes(keys.Seal.CaPem));
            WriteOnce(vault.VerifierKeyFile, System.Text.Encoding.UTF8.GetBytes(keys.Log.VerifierKey + "\n"));
            Scratch.Sweep(vault.ScratchRoot);
            return vault;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreachableException($"The vault's folder {home} cannot be opened ({e.Message}).", "Nothing was read or written.", "Check that the folder exists, is yours and has space, then try again.", e);
        }
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
        string keys = string.Join(' ', Keys.Log.VerifierKey, Keys.Seal.CertificateSha256, Keys.Wrapper.CurrentKeyId);
        return Sequencer.CommitAsync(change =>
        {
            if (Settled(change, "keys", keys))
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
