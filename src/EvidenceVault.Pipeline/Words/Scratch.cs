namespace EvidenceVault.Pipeline.Words;

/// <summary>
/// A folder of the vault's own working files, the only place from which the vault deletes. A crash leaves the folder. One in the
/// vault's own place is swept at the next start; one in a folder that is not the vault's, by the next that is made there.
/// </summary>
public sealed class Scratch : IDisposable
{
    // Names this machine, and is locked as long as its process lives; the system lets go of it even after kill -9. What another machine left in a
    // shared folder stays: whether its lock is seen from here depends on the file system.
    private const string HeldName = ".held";

    private readonly FileStream? _held;

    private Scratch(string path, FileStream? held) => (Path, _held) = (path, held);

    /// <summary>The folder, mode 0700.</summary>
    public string Path { get; }

    /// <summary>A new, empty folder below <paramref name="root"/>, which is made (mode 0700) if it is not there. In a folder that is
    /// not the vault's, a prefix hides it and says whose it is.</summary>
    public static Scratch New(string root, string prefix = "")
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(root, ownerOnly);
        if (prefix.Length > 0) SweepAbandoned(root, prefix);
        string path = System.IO.Path.Combine(root, $"{prefix}{Environment.ProcessId}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(path, ownerOnly);
        return new(path, prefix.Length > 0 ? Hold(path) : null);
    }

    // Opening and locking are two steps: the file gets its name only once it is locked, or a sweep between the two would take it for abandoned.
    private static FileStream Hold(string folder)
    {
        string making = System.IO.Path.Combine(folder, HeldName + "-making");
        var held = new FileStream(making, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        held.Write(System.Text.Encoding.UTF8.GetBytes(Environment.MachineName));
        held.Flush();
        File.Move(making, System.IO.Path.Combine(folder, HeldName));
        return held;
    }

    // What a killed process left in somebody's folder may be evidence in clear.
    private static void SweepAbandoned(string root, string prefix)
    {
        foreach (string folder in Directory.EnumerateDirectories(root, prefix + "*", new EnumerationOptions { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None }))
        {
            string held = System.IO.Path.Combine(folder, HeldName);
            try
            {
                // A folder without it is of this moment, or not ours.
                if (!File.Exists(held)) continue;
                bool ours;
                using (var file = new FileStream(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) // nobody holds it
                using (var reader = new StreamReader(file)) ours = reader.ReadToEnd() == Environment.MachineName;
                if (ours) Remove(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody works in it, or it is another account's: neither is ours to delete.
            }
        }
    }

    /// <summary>Deletes the folders below <paramref name="root"/> whose process is gone. Call once at start.</summary>
    public static void Sweep(string root)
    {
        if (!Directory.Exists(root)) return;
        foreach (string folder in Directory.EnumerateDirectories(root))
        {
            string owner = System.IO.Path.GetFileName(folder).Split('-')[0];
            if (int.TryParse(owner, out int id) && !Directory.Exists($"/proc/{id}"))
                Remove(folder);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Remove(Path);
        _held?.Dispose(); // last: let go of before, a sweep would delete beside us
    }

#pragma warning disable RS0030 // the one place that may delete
    private static void Remove(string folder)
    {
        try { Directory.Delete(folder, recursive: true); }
        catch (DirectoryNotFoundException) { /* gone already is what was wanted */ }
    }
#pragma warning restore RS0030
}
