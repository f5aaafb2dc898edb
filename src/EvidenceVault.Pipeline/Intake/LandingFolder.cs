using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>How a landing folder is watched.</summary>
public sealed record LandingFolderOptions
{
    /// <summary>When a file counts as delivered.</summary>
    public RestRules Rest { get; init; } = RestRules.Default;

    /// <summary>How long to wait for word of a change before looking anyway.</summary>
    public TimeSpan PollingInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Folders below a drop that are gone into; what lies deeper is told as a problem.</summary>
    public int MaxDepth { get; init; } = 32;
}

/// <summary>
/// A folder on this machine that drops land in: <c>&lt;case&gt;/&lt;camera&gt;/&lt;drop&gt;/…</c> (docs/drop-manifest.md). Whoever can write to it is
/// not trusted: links are not followed, pipes and devices not opened, and no name leads out of it.
/// </summary>
public sealed partial class LandingFolder : DropSource, IDisposable
{
    private const int LevelsAboveDrop = 3;

    private readonly string _root;
    private readonly LandingFolderOptions _options;
    private readonly FolderBell _bell;

    /// <summary>Watches a folder, which need not be there yet.</summary>
    /// <param name="path">The folder. It is made absolute, and is this source's id.</param>
    /// <param name="options">How it is watched.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Told when changes cannot be watched for, only polled.</param>
    public LandingFolder(string path, LandingFolderOptions options, TimeProvider time, ILogger<LandingFolder> log) : base(options.Rest, time)
    {
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        _options = options;
        _bell = new(_root, time, options.PollingInterval, log);
    }

    /// <inheritdoc/>
    public override string Id => $"folder:{_root}";

    /// <inheritdoc/>
    public override Task<Stream> OpenAsync(DropFile file, CancellationToken cancel)
    {
        string name = Names.Printable(file.RelativePath);
        try
        {
            using PosixFolder folder = OpenFolderOf(file.Path, out string last);
            var handle = folder.OpenFile(last, out EntryFacts facts);
            if (facts.Version != file.Version)
            {
                handle.Dispose();
                throw new DropFileException("changed", $"The file '{name}' has changed since it was seen. Nothing of it is sealed yet; it is taken when it has come to rest again.");
            }
            return Task.FromResult<Stream>(new DropFileStream(new FileStream(handle, FileAccess.Read, bufferSize: 0), name, facts.Version.Bytes,
                e => e is IOException or UnauthorizedAccessException ? Unreadable(name, e) : null));
        }
        catch (PosixException e) { throw Told(e, name); }
    }

    /// <inheritdoc/>
    public override Task<FileVersion?> VersionAsync(DropFile file, CancellationToken cancel)
    {
        try
        {
            using PosixFolder folder = OpenFolderOf(file.Path, out string last);
            return Task.FromResult(folder.Look(last) is { Kind: EntryKind.File } facts ? facts.Version : null);
        }
        catch (PosixException e) when (e.IsGone) { return Task.FromResult<FileVersion?>(null); }
        catch (PosixException e) { throw Told(e, Names.Printable(file.RelativePath)); }
    }

    /// <inheritdoc/>
    public override Task WaitForChangeAsync(CancellationToken cancel) => _bell.WaitAsync(cancel);

    /// <inheritdoc/>
    public void Dispose() => _bell.Dispose();

    /// <inheritdoc/>
    protected override Task<IReadOnlyList<SeenEntry>> ListAsync(CancellationToken cancel)
    {
        try
        {
            using PosixFolder root = PosixFolder.OpenRoot(_root);
            var found = new List<SeenEntry>();
            Walk(root, "", 0, found, cancel);
            return Task.FromResult<IReadOnlyList<SeenEntry>>(found);
        }
        catch (PosixException e)
        {
            throw new UnreachableException($"The landing folder '{_root}' cannot be read ({e.Message}).", "No new footage is taken from it; what is sealed is safe, and what lies there stays.",
                "Check that the folder is there, mounted, and readable by this program; it is tried again.", e);
        }
    }

    /// <inheritdoc/>
    protected override Task<IReadOnlySet<string>> AsideAsync(string dropFolder, IReadOnlyList<ManifestFile> absent, CancellationToken cancel)
    {
        var aside = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            using PosixFolder root = PosixFolder.OpenRoot(_root);
            using PosixFolder taken = root.OpenBelow([NameInDrop.TakenFolder, .. dropFolder.Split('/')]);
            foreach (ManifestFile file in absent)
            {
                string[] parts = file.LiesAt.Split('/');
                try
                {
                    using PosixFolder? below = parts.Length > 1 ? taken.OpenBelow(parts.AsSpan(..^1)) : null;
                    if ((below ?? taken).Look(parts[^1]) is { Kind: EntryKind.File } facts && facts.Version.Bytes == file.Bytes) aside.Add(file.Name);
                }
                catch (PosixException e) when (e.IsGone) { /* not moved aside: it is missing */ }
            }
        }
        catch (PosixException e) when (e.IsGone) { /* nothing of this drop was moved aside */ }
        catch (PosixException e)
        {
            throw new UnreachableException($"The folder of taken files below '{_root}' cannot be read ({e.Message}).",
                "It cannot be told whether files of a manifest are missing or were taken before; nothing is lost.", $"Make '{NameInDrop.TakenFolder}' readable by this program; it is tried again.", e);
        }
        return Task.FromResult<IReadOnlySet<string>>(aside);
    }

    private void Walk(PosixFolder folder, string prefix, int depth, List<SeenEntry> found, CancellationToken cancel)
    {
        try
        {
            foreach ((string? name, string likeness) in folder.Names())
            {
                cancel.ThrowIfCancellationRequested();
                if (depth == 0 && likeness == NameInDrop.TakenFolder) continue;
                string path = prefix + likeness;
                if (name is null)
                {
                    found.Add(Obstacle(path, "bad-name", "has a name that is not UTF-8, so it cannot be opened or recorded under its name",
                        "Rename it, and it will be taken."));
                }
                else Visit(folder, name, path, depth, found, cancel);
            }
        }
        // The root's failures, and those of our own process, are not about one folder of it.
        catch (PosixException e) when (depth > 0 && !e.IsOurs && !e.IsGone)
        {
            found.Add(Unreadable(prefix[..^1], "folder", e.Message));
        }
        catch (PosixException e) when (depth > 0 && e.IsGone) { /* vanished while it was listed: the next look tells */ }
    }

    private void Visit(PosixFolder folder, string name, string path, int depth, List<SeenEntry> found, CancellationToken cancel)
    {
        if (folder.Look(name) is not { } facts) return; // vanished since it was listed
        switch (facts.Kind)
        {
            case EntryKind.File when folder.MayRead(name):
                found.Add(new(path, facts.Version));
                break;
            case EntryKind.File:
                found.Add(Unreadable(path, "file", "permission denied"));
                break;
            case EntryKind.Folder when depth >= LevelsAboveDrop + _options.MaxDepth:
                found.Add(Obstacle(path, "too-deep", $"lies more than {_options.MaxDepth} folders below its drop and is not gone into", "Move its files up, and they will be taken."));
                break;
            case EntryKind.Folder:
                Enter(folder, name, path, depth, found, cancel);
                break;
            case EntryKind.Link:
                found.Add(Obstacle(path, "link-not-followed", "is a symbolic link, and links are never followed", "Put the file itself in the drop."));
                break;
            default:
                found.Add(Obstacle(path, "not-a-file", "is a pipe, socket or device and is not opened", "Take it out of the drop."));
                break;
        }
    }

    private void Enter(PosixFolder parent, string name, string path, int depth, List<SeenEntry> found, CancellationToken cancel)
    {
        PosixFolder folder;
        try { folder = parent.OpenFolder(name); }
        catch (PosixException e) when (e.IsGone) { return; } // swapped or gone since the look: the next look tells
        catch (PosixException e) when (!e.IsOurs)
        {
            found.Add(Unreadable(path, "folder", e.Message));
            return;
        }
        using (folder) Walk(folder, path + "/", depth + 1, found, cancel);
    }

    private static SeenEntry Obstacle(string path, string kind, string fault, string next) =>
        new(path, null, (kind, $"'{Names.Printable(path)}' {fault}. Nothing of it is taken; it stays where it is. {next}"));

    private static SeenEntry Unreadable(string path, string what, string why) =>
        Obstacle(path, "unreadable", $"is a {what} that cannot be read ({why})", "Make it readable by this program; it is tried again at every look.");

    private PosixFolder OpenFolderOf(string path, out string last)
    {
        string[] parts = Parts(path);
        last = parts[^1];
        using PosixFolder root = PosixFolder.OpenRoot(_root);
        return root.OpenBelow(parts.AsSpan(..^1));
    }

    // Paths come back from records that outlive a process: they are held to the rule here as well.
    private static string[] Parts(string path)
    {
        string[] parts = path.Split('/');
        return parts.Any(p => p is "" or "." or ".." || p.Contains('\0'))
            ? throw new ArgumentException($"'{Names.Printable(path)}' is not a path below a landing folder.", nameof(path))
            : parts;
    }

    private static DropFileException Told(PosixException e, string name) => e.IsGone
        ? new("vanished", $"The file '{name}' is no longer there. Nothing of it is sealed; if it comes back it is taken.", e)
        : Unreadable(name, e);

    private static DropFileException Unreadable(string name, Exception e) =>
        new("unreadable", $"The file '{name}' cannot be read ({e.Message}). Nothing of it is sealed; it stays in the drop and is tried again.", e);
}

/// <summary>Registration of landing folders.</summary>
public static class LandingFolderRegistration
{
    /// <summary>Adds a landing folder as one of the drop sources. May be called several times.</summary>
    public static IServiceCollection AddLandingFolder(this IServiceCollection services, string path, LandingFolderOptions? options = null) =>
        services.AddSingleton<IDropSource>(s => new LandingFolder(path, options ?? new(), s.GetService<TimeProvider>() ?? TimeProvider.System,
            s.GetRequiredService<ILogger<LandingFolder>>()));
}
