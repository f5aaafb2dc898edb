using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>
/// The files of <c>keys/</c>. A ring is changed under a lock, in steps that a kill can part anywhere:
/// <code>
///   step                                          a kill after it leaves                                   settled by
///   1. the new ring as a draft, flushed           a draft in drafts/                                       swept
///   2. the old ring linked as keyring.json.previous   two names of the old ring                           the second name is dropped
///   3. the draft renamed to keyring.json          new ring in place, old one beside it, no entry           the old ring is put back
///   4. the custody entry commits                  new ring in place, old one beside it, entry recorded     the old one is dropped
///   5. the old ring's second name is dropped      the new ring                                             nothing to settle
/// </code>
/// So there is a whole ring under the name at every moment, and what the log has recorded decides which of two it is. Nothing was
/// stored or signed with keys that are taken back at step 3: they come into use by the entry of step 4, whose checkpoint they sign first.
/// </summary>
internal sealed class RingFolder(string home)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyFolder = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private string Folder { get; } = Path.Combine(home, "keys");

    public string RingPath => Path.Combine(Folder, "keyring.json");

    private string PreviousPath => RingPath + ".previous";

    private string Drafts => Path.Combine(Folder, "drafts");

    public bool HasRing => File.Exists(RingPath);

    /// <summary>Makes the folders, mode 0700, and holds the one lock on them until disposed. A kill gives the lock back.</summary>
    public IDisposable Lock()
    {
        Directory.CreateDirectory(home, OwnerOnlyFolder);
        Directory.CreateDirectory(Folder, OwnerOnlyFolder);
        RequireOwnerOnly(Folder);
        for (int tries = 0; ; tries++)
        {
            try
            {
                return new FileStream(Path.Combine(Folder, "keyring.lock"), new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly });
            }
            catch (IOException) when (tries < 600)
            {
                Thread.Sleep(50);
            }
        }
    }

    /// <summary>A folder for drafts, keys and all, which the next start sweeps if this process dies.</summary>
    public Scratch NewDraft() => Scratch.New(Drafts);

    public void SweepDrafts() => Scratch.Sweep(Drafts);

    /// <summary>Reads the ring.</summary>
    /// <exception cref="RefusedException">Others can reach it.</exception>
    public KeyRingFile Read()
    {
        RequireOwnerOnly(RingPath);
        return KeyRingFile.FromJson(File.ReadAllBytes(RingPath));
    }

    /// <summary>The ring and, while a change is under way or was cut off, the one before it. Asks for no lock.</summary>
    public IEnumerable<KeyRingFile> ReadBoth()
    {
        yield return Read();
        byte[]? previous = null;
        try { previous = File.ReadAllBytes(PreviousPath); }
        catch (FileNotFoundException) { /* the usual case: no change is under way */ }
        if (previous is not null) yield return KeyRingFile.FromJson(previous);
    }

    /// <summary>Makes the first ring. False where one is there.</summary>
    public bool Create(byte[] ring)
    {
        using Scratch scratch = NewDraft();
        // Up to the link a crash leaves only the draft. The link is the moment at which the vault has keys.
        bool created = DurableFile.TryLink(Draft(scratch, ring), RingPath);
        if (created) DurableFolder.Flush(Path.GetFullPath(home)); // the name of keys/ itself
        return created;
    }

    /// <summary>Steps 1 to 3. Needs the lock, and a folder that is settled.</summary>
    public void Replace(KeyRingFile next)
    {
        using Scratch scratch = NewDraft();
        string draft = Draft(scratch, next.ToJson());
        if (!DurableFile.TryLink(RingPath, PreviousPath)) throw new IOException($"'{PreviousPath}' is there already.");
        File.Move(draft, RingPath, overwrite: true);
        DurableFolder.Flush(Folder);
    }

    /// <summary>Ends a change that may have been cut off: keeps the ring that is in use by what the log recorded, and drops the other name.
    /// Needs the lock. Step 5 is this, too.</summary>
    /// <param name="inUse">Whether a ring is the one that the log recorded as in use.</param>
    /// <exception cref="RefusedException">Neither ring is.</exception>
    public void Settle(Func<KeyRingFile, bool> inUse)
    {
        if (!File.Exists(PreviousPath)) return;
        bool keep = HasRing && inUse(Read());
        if (!keep)
        {
            if (!inUse(KeyRingFile.FromJson(File.ReadAllBytes(PreviousPath))))
            {
                throw new RefusedException(
                    $"Neither '{RingPath}' nor the ring beside it holds the keys that the custody log recorded as in use.",
                    "A change of keys was cut off, and the database is not the one it was made for. Nothing was changed.",
                    "Put back the database and the key ring of one and the same backup, or ask for help; remove neither ring.");
            }
            File.Move(PreviousPath, RingPath, overwrite: true);
            DurableFolder.Flush(Folder);
        }
        // Where both are names of one file, rename(2) leaves both.
        if (!File.Exists(PreviousPath)) return;
        using Scratch scratch = NewDraft();
        File.Move(PreviousPath, Path.Combine(scratch.Path, "previous"));
        DurableFolder.Flush(Folder);
    }

    public static void RequireOwnerOnly(string path)
    {
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & Others) == 0) return;
        throw new RefusedException(
            $"Other users of this machine can reach '{path}' (mode {Convert.ToString((int)mode, 8)}).",
            "Whoever read the keys could read evidence and sign in the vault's name; the vault does not start with keys that others can read.",
            $"Find out who could read it; if the keys are still good, run: chmod go= '{path}'");
    }

    private static string Draft(Scratch scratch, byte[] ring)
    {
        string draft = Path.Combine(scratch.Path, "keyring.json");
        using FileStream file = new(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(ring);
        file.Flush(flushToDisk: true);
        return draft;
    }
}
