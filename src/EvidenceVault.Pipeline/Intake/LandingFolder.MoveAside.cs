using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Intake;

public sealed partial class LandingFolder
{
    private const int MaxSuffix = 1000;

    /// <inheritdoc/>
    public override Task MoveAsideAsync(DropFile file, CancellationToken cancel)
    {
        string name = Names.Printable(file.RelativePath);
        try
        {
            string[] parts = Parts(file.Path);
            using PosixFolder root = PosixFolder.OpenRoot(_root);
            using PosixFolder taken = MakeTaken(root, parts);
            if (!TryOpenBelow(root, parts, out PosixFolder? folder) || folder.Look(parts[^1]) is not { Kind: EntryKind.File } before)
            {
                folder?.Dispose();
                // A crash after the rename and before the caller's record leaves just this: the move is done.
                if (taken.Look(parts[^1])?.Version == file.Version) return Task.CompletedTask;
                throw new DropFileException("vanished", $"The file '{name}' is no longer in the drop. What is sealed of it is safe; there is nothing to move.");
            }
            using (folder) Move(folder, parts[^1], before, taken, file.Version, name);
            return Task.CompletedTask;
        }
        catch (PosixException e)
        {
            throw new UnreachableException($"The file '{name}' cannot be moved below '{NameInDrop.TakenFolder}' ({e.Message}).", "It is sealed and read back, and it stays in the drop.",
                "Give this program the right to write to the landing folder, on one file system, or leave --move-after away.", e);
        }
    }

    private static void Move(PosixFolder folder, string last, EntryFacts before, PosixFolder taken, FileVersion version, string name)
    {
        var changed = new DropFileException("changed", $"The file '{name}' has changed since it was sealed, so it is not moved aside. What was sealed is safe; the file as it is now is taken when it has come to rest.");
        if (before.Version != version) throw changed;

        string free = last;
        for (int i = 2; !folder.Rename(last, taken, free); i++)
        {
            if (i > MaxSuffix) throw new DropFileException("unreadable", $"The file '{name}' cannot be moved aside: {MaxSuffix} files of its name lie there already. It is sealed and stays in the drop. Clear '{NameInDrop.TakenFolder}'.");
            free = $"{Shortened(last)}~{i}";
        }
        // Between the look and the rename another file may have taken the name. That one goes back: it is not sealed.
        if (taken.Look(free) is { } after && after.Identity == before.Identity && after.Version == version) return;
        if (!taken.Rename(free, folder, last))
            throw new DropFileException("changed", $"While the file '{name}' was moved aside another took its place; that one now lies below '{NameInDrop.TakenFolder}' as '{Names.Printable(free)}', unsealed. Move it back into the drop, and it will be taken.");
        throw changed;
    }

    private static PosixFolder MakeTaken(PosixFolder root, string[] parts)
    {
        PosixFolder at = root.OpenFolder(".");
        try
        {
            foreach (string part in parts[..^1].Prepend(NameInDrop.TakenFolder))
            {
                at.MakeFolder(part);
                PosixFolder next = at.OpenFolder(part);
                at.Dispose();
                at = next;
            }
            return at;
        }
        catch
        {
            at.Dispose();
            throw;
        }
    }

    private static bool TryOpenBelow(PosixFolder root, string[] parts, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PosixFolder? folder)
    {
        folder = null;
        try { folder = root.OpenBelow(parts.AsSpan(..^1)); }
        catch (PosixException e) when (e.IsGone) { return false; }
        return true;
    }

    // A name may have 255 bytes: the suffix needs five.
    private static string Shortened(string name)
    {
        while (System.Text.Encoding.UTF8.GetByteCount(name) > 250) name = name[..^(char.IsLowSurrogate(name[^1]) ? 2 : 1)];
        return name;
    }
}
