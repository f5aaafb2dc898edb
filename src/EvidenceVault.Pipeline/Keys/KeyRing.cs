using System.Security.Cryptography;
using System.Text.Json;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>
/// The vault's keys, from <c>&lt;vault home&gt;/keys/keyring.json</c> (mode 0600 in a folder of mode 0700), made at first start.
/// The file is written whole under another name, flushed and linked into place: a crash leaves no key ring or a whole one, and of
/// two processes that start at the same first moment one makes it and both use it.
/// </summary>
public sealed class KeyRing : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyFolder = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly CertificateSealSigner seal;

    private KeyRing(string path, bool created, KeyRingFile file, TimeProvider clock)
    {
        Path = path;
        WasCreated = created;
        Wrapper = new AesKeyWrapper(file.ContentKeys);
        Log = new Ed25519LogSigner(file.Log);
        seal = new CertificateSealSigner(file.Seal, clock);
    }

    /// <summary>The key ring file.</summary>
    public string Path { get; }

    /// <summary>True where this call made the key ring: an event for the custody log. False where another process made it at the same moment.</summary>
    public bool WasCreated { get; }

    /// <summary>Wraps the content keys of stored evidence.</summary>
    public IKeyWrapper Wrapper { get; }

    /// <summary>Signs the custody log.</summary>
    public ILogSigner Log { get; }

    /// <summary>Signs seals and receipts.</summary>
    public ISealSigner Seal => seal;

    /// <summary>Opens the key ring below <paramref name="home"/>, and makes it if there is none.</summary>
    /// <param name="home">The vault's home folder; made (mode 0700) if it is not there.</param>
    /// <param name="clock">Tells the certificates' validity and the time in each signature.</param>
    /// <exception cref="RefusedException">Others can read it, or it is damaged: the vault must not start.</exception>
    /// <exception cref="UnreachableException">It cannot be read or written now.</exception>
    public static KeyRing OpenOrCreate(string home, TimeProvider clock)
    {
        string folder = System.IO.Path.Combine(home, "keys");
        string path = System.IO.Path.Combine(folder, "keyring.json");
        try
        {
            Directory.CreateDirectory(home, OwnerOnlyFolder);
            Directory.CreateDirectory(folder, OwnerOnlyFolder);
            RequireOwnerOnly(folder);

            // A crash while drafting leaves the draft, keys and all, in its scratch folder: nothing was ever stored under them.
            string drafts = System.IO.Path.Combine(folder, "drafts");
            Scratch.Sweep(drafts);

            bool created = !File.Exists(path) && Create(drafts, path, clock);
            RequireOwnerOnly(path);
            return new KeyRing(path, created, KeyRingFile.FromJson(File.ReadAllBytes(path)), clock);
        }
        catch (Exception e) when (e is JsonException or CryptographicException)
        {
            throw new RefusedException(
                $"The key ring '{path}' is damaged: {e.Message}",
                "Evidence stored under it cannot be read without its keys, and nothing was changed.",
                "Put the key ring back from your backup, then start again; do not remove it, or new keys are made that open nothing stored before.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreachableException(
                $"The key ring '{path}' cannot be read or written: {e.Message}",
                "No evidence was read or changed.",
                "Check the disk and that the vault's own user owns the folder, then start again.", e);
        }
    }

    /// <summary>Forgets the signing keys.</summary>
    public void Dispose() => seal.Dispose();

    private static bool Create(string drafts, string path, TimeProvider clock)
    {
        using Scratch scratch = Scratch.New(drafts);
        string draft = System.IO.Path.Combine(scratch.Path, "keyring.json");
        using (FileStream file = new(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            file.Write(KeyRingFile.New(clock).ToJson());
            file.Flush(flushToDisk: true);
        }

        // Up to here a crash leaves only the draft. The link is the moment at which the vault has keys.
        bool created = DurableFile.TryLink(draft, path);
        if (created) DurableFolder.Flush(System.IO.Path.GetFullPath(System.IO.Path.Combine(path, "..", ".."))); // the name of keys/ itself
        return created;
    }

    private static void RequireOwnerOnly(string path)
    {
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & Others) == 0) return;
        throw new RefusedException(
            $"Other users of this machine can reach '{path}' (mode {Convert.ToString((int)mode, 8)}).",
            "Whoever read the keys could read evidence and sign in the vault's name; the vault does not start with keys that others can read.",
            $"Find out who could read it; if the keys are still good, run: chmod go= '{path}'");
    }
}
