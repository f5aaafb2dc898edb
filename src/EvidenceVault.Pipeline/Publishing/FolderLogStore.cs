using System.Security.Cryptography;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>A published log in a folder, ready for any web server. A crash leaves at most a draft in a hidden folder beside the tiles.</summary>
public sealed class FolderLogStore(string folder) : ILogStore
{
    private readonly string _folder = Path.GetFullPath(folder);

    /// <inheritdoc/>
    public string Place => $"the folder {Names.Printable(_folder)}";

    private string Head => Path.Combine(_folder, PublishedHead.Name);

    /// <inheritdoc/>
    public Task<PublishedHead?> HeadAsync(CancellationToken cancel) => ReachAsync("reading the checkpoint", async () =>
        await ReadAsync(Head, cancel).ConfigureAwait(false) is { } note ? Of(note) : null);

    /// <inheritdoc/>
    public Task<byte[]?> ReadAsync(TilePath tile, CancellationToken cancel) => ReachAsync($"reading '{tile}'", () => ReadAsync(PathOf(tile), cancel));

    /// <inheritdoc/>
    public Task CreateAsync(TilePath tile, byte[] content, CancellationToken cancel) => ReachAsync($"writing '{tile}'", async () =>
    {
        string path = PathOf(tile);
        MakeFolders(Path.GetDirectoryName(path)!);
        if (await LinkAsync(path, content, cancel).ConfigureAwait(false)) return true;
        byte[]? there = await ReadAsync(path, cancel).ConfigureAwait(false);
        return there.AsSpan().SequenceEqual(content) ? true : throw PublishedHeaders.OtherBytes(tile, Place);
    });

    /// <inheritdoc/>
    public Task<bool> ReplaceHeadAsync(PublishedHead? seen, byte[] note, CancellationToken cancel) => ReachAsync("writing the checkpoint", async () =>
    {
        MakeFolders(_folder);
        if (seen is null) return await LinkAsync(Head, note, cancel).ConfigureAwait(false) || Same(await ReadAsync(Head, cancel).ConfigureAwait(false), note);
        // Between comparing and renaming nobody else may rename: the lock is the kernel's and ends with the process.
        using FileStream? only = TryLock();
        if (only is null) return false; // another process is replacing it now
        byte[]? there = await ReadAsync(Head, cancel).ConfigureAwait(false);
        if (Same(there, note)) return true;
        if (!Same(there, seen.Note)) return false;
        using Scratch scratch = Draft();
        string draft = await WriteAsync(scratch, note, cancel).ConfigureAwait(false);
        File.Move(draft, Head, overwrite: true); // rename(2): whoever reads meanwhile sees the old one or the new one
        DurableFolder.Flush(_folder);
        return true;
    });

    private FileStream? TryLock()
    {
        const int wouldBlock = 11; // EAGAIN: .NET takes FileShare.None as flock(LOCK_EX | LOCK_NB)
        try
        {
            return new(Path.Combine(_folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == wouldBlock)
        {
            return null;
        }
    }

    private static bool Same(byte[]? one, byte[] other) => one is not null && one.AsSpan().SequenceEqual(other);

    private static PublishedHead Of(byte[] note) => new(note, Convert.ToHexStringLower(SHA256.HashData(note)));

    private string PathOf(TilePath tile) => Path.Combine(_folder, tile.ToString());

    private Scratch Draft() => Scratch.New(_folder, ".evidencevault-");

    private async Task<bool> LinkAsync(string path, byte[] content, CancellationToken cancel)
    {
        using Scratch scratch = Draft();
        return DurableFile.TryLink(await WriteAsync(scratch, content, cancel).ConfigureAwait(false), path);
    }

    private static async Task<string> WriteAsync(Scratch scratch, byte[] content, CancellationToken cancel)
    {
        string draft = Path.Combine(scratch.Path, "draft");
        await using FileStream file = new(draft, FileMode.CreateNew, FileAccess.Write);
        await file.WriteAsync(content, cancel).ConfigureAwait(false);
        file.Flush(flushToDisk: true);
        return draft;
    }

    private static async Task<byte[]?> ReadAsync(string path, CancellationToken cancel)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Makes a folder and those above it, each one's name flushed: a tile whose folder is lost in a power cut is lost.</summary>
    private static void MakeFolders(string path)
    {
        if (Directory.Exists(path)) return;
        string above = Path.GetDirectoryName(path)!;
        MakeFolders(above);
        Directory.CreateDirectory(path);
        DurableFolder.Flush(above);
    }

    private async Task<T> ReachAsync<T>(string doing, Func<Task<T>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreachableException(
                $"The log could not be published to {Place}: {doing} failed ({e.Message}).",
                "The custody log itself is whole and goes on; what was published before stands.",
                "Check the disk (space, permissions); the next publishing carries on.", e);
        }
    }
}
