namespace EvidenceVault.Pipeline.Words;

/// <summary>
/// A folder of the vault's own working files, the only place from which the vault deletes. A crash leaves the folder;
/// the next start sweeps what no running process holds.
/// </summary>
public sealed class Scratch : IDisposable
{
    private Scratch(string path) => Path = path;

    /// <summary>The folder, mode 0700.</summary>
    public string Path { get; }

    /// <summary>A new, empty folder below <paramref name="root"/>, which is made (mode 0700) if it is not there. In a folder that is
    /// not the vault's, a prefix hides it and says whose it is.</summary>
    public static Scratch New(string root, string prefix = "")
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(root, ownerOnly);
        string path = System.IO.Path.Combine(root, $"{prefix}{Environment.ProcessId}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(path, ownerOnly);
        return new(path);
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
    public void Dispose() => Remove(Path);

#pragma warning disable RS0030 // the one place that may delete
    private static void Remove(string folder)
    {
        try { Directory.Delete(folder, recursive: true); }
        catch (DirectoryNotFoundException) { /* gone already is what was wanted */ }
    }
#pragma warning restore RS0030
}
