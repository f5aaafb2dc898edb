using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Sealing;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline;

/// <summary>An exhibit decrypted into a scratch folder, for a program to look at.</summary>
internal static class WorkingCopy
{
    /// <summary>Writes an exhibit's bytes to a file, hashing as they go by.</summary>
    /// <returns>What is wrong with them, a sentence; null where they are what was sealed.</returns>
    /// <exception cref="UnreachableException">The store does not answer, or the file cannot be written.</exception>
    public static async Task<string?> WriteAsync(IEvidenceStore store, ExhibitRow row, string path, IProgress<long>? progress, CancellationToken cancel)
    {
        try
        {
            await using Stream stored = await store.OpenReadAsync(ContentAddress.Parse(row.Address!), cancel).ConfigureAwait(false);
            await using var reading = new MasterReading(stored, progress);
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
            await reading.CopyToAsync(file, 1 << 20, cancel).ConfigureAwait(false);
            return reading.Digests == new FileDigests(row.Sha256!, row.Sha512!, row.Bytes!.Value) ? null : $"The store gave back bytes with SHA-256 {reading.Digests.Sha256} for {row.Reference}.";
        }
        catch (EvidenceException e)
        {
            return e.What;
        }
        catch (IOException e)
        {
            throw new UnreachableException($"The working copy of {row.Reference} could not be written ({e.Message}).", "What is sealed stays sealed and stored; nothing was made of it.", "Free space in the vault's folder; the worker tries again by itself, a command is given again.", e);
        }
    }

    /// <summary>Writes the stills of a list into a folder, under the names that the list gives them.</summary>
    /// <returns>What is wrong with one of them, a sentence; null where all are what the list and their seals say.</returns>
    /// <exception cref="UnreachableException">The store does not answer, or a file cannot be written.</exception>
    public static async Task<string?> StillsAsync(Vault vault, IEvidenceStore store, StillList list, string folder, IProgress<double>? progress, CancellationToken cancel)
    {
        for (int i = 0; i < list.Stills.Count; i++)
        {
            ListedStill still = list.Stills[i];
            if (vault.Exhibits.Find(ExhibitReference.Parse(still.Exhibit)) is not { } row || row.Sha256 != still.Sha256) return $"The catalogue does not have still {still.Exhibit} as it was listed.";
            if (await WriteAsync(store, row, Path.Combine(folder, list.NameOf(i)), null, cancel).ConfigureAwait(false) is { } damage) return damage;
            progress?.Report((i + 1.0) / list.Stills.Count);
        }
        return null;
    }

    /// <summary>The name of an exhibit's working copy. Programs look at the bytes; the extension only helps with bare streams.</summary>
    public static string NameOf(ExhibitRow row) => "master" + SafeExtension(row.RelativePath);

    // The delivered name's extension where it is harmless.
    private static string SafeExtension(string? name)
    {
        string extension = Path.GetExtension(name ?? "");
        return extension.Length is > 1 and <= 6 && extension[1..].All(char.IsAsciiLetterOrDigit) ? extension.ToLowerInvariant() : ".bin";
    }
}
