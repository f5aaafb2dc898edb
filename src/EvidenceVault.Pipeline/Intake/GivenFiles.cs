using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>Files that an operator names on the command line. Their folder is the operator's own choice; the file itself must be a
/// plain file and no link.</summary>
public sealed class GivenFiles : IDropSource
{
    /// <summary>The source's id.</summary>
    public const string SourceId = "given";

    /// <inheritdoc/>
    public string Id => SourceId;

    /// <summary>What the file looks like now, to be ingested: its absolute path is its path in this source.</summary>
    /// <exception cref="RefusedException">There is no such file, or it is not a plain one.</exception>
    public static DropFile Look(string path)
    {
        string full = Path.GetFullPath(path);
        string name = Path.GetFileName(full);
        try
        {
            using PosixFolder folder = PosixFolder.OpenRoot(Path.GetDirectoryName(full) ?? "/");
            return folder.Look(name) is { Kind: EntryKind.File } facts
                ? new(full, name, facts.Version, null)
                : throw new RefusedException($"'{Names.Printable(path)}' is not a plain file.", "Nothing was taken.", "Name the file itself: links, folders, pipes and devices are not followed.");
        }
        catch (PosixException e)
        {
            throw new RefusedException($"'{Names.Printable(path)}' cannot be read ({e.Message}).", "Nothing was taken.", "Check the path and that you may read the file.", e);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<DropSighting>> ScanAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<DropSighting>>([]);

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(DropFile file, CancellationToken cancel)
    {
        string name = Names.Printable(file.RelativePath);
        try
        {
            using PosixFolder folder = PosixFolder.OpenRoot(Path.GetDirectoryName(file.Path) ?? "/");
            var handle = folder.OpenFile(Path.GetFileName(file.Path), out EntryFacts facts);
            if (facts.Version == file.Version)
            {
                return Task.FromResult<Stream>(new DropFileStream(new FileStream(handle, FileAccess.Read, bufferSize: 0), name, facts.Version.Bytes,
                    e => e is IOException or UnauthorizedAccessException ? new DropFileException("unreadable", $"The file '{name}' could not be read to its end ({e.Message}). Nothing of it is sealed yet; give it again.", e) : null));
            }
            handle.Dispose();
            throw new DropFileException("changed", $"The file '{name}' has changed since it was seen.");
        }
        catch (PosixException e)
        {
            throw new DropFileException(e.IsGone ? "vanished" : "unreadable", $"The file '{name}' cannot be read ({e.Message}).", e);
        }
    }

    /// <inheritdoc/>
    public Task<FileVersion?> VersionAsync(DropFile file, CancellationToken cancel)
    {
        try
        {
            using PosixFolder folder = PosixFolder.OpenRoot(Path.GetDirectoryName(file.Path) ?? "/");
            return Task.FromResult(folder.Look(Path.GetFileName(file.Path)) is { Kind: EntryKind.File } facts ? facts.Version : null);
        }
        catch (PosixException e) when (e.IsGone)
        {
            return Task.FromResult<FileVersion?>(null);
        }
    }

    /// <summary>Never: a file that an operator named stays where it is.</summary>
    public Task MoveAsideAsync(DropFile file, CancellationToken cancel) => throw new DropFileException("not-moved", "A file named on the command line is never moved.");

    /// <summary>Nothing ever arrives here by itself.</summary>
    public Task WaitForChangeAsync(CancellationToken cancel) => Task.Delay(Timeout.Infinite, cancel);
}
