using System.Runtime.InteropServices;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>A file of a bag, as its folder or ZIP lists it.</summary>
/// <param name="Path">From the bag's root, with <c>/</c> between its parts.</param>
/// <param name="Bytes">Its length as listed.</param>
public sealed record BagFile(string Path, long Bytes);

/// <summary>Where a bag's files are read from. Nothing is ever unpacked or written.</summary>
public interface IBagSource
{
    /// <summary>All files whose paths a bag may hold, sorted by path; each path once.</summary>
    IReadOnlyList<BagFile> Files { get; }

    /// <summary>What of the folder or ZIP itself is not as it should be. A ZIP's may grow while files are read.</summary>
    IReadOnlyList<Finding> Findings { get; }

    /// <summary>False where the ZIP itself cannot be read, so that there is nothing else to judge.</summary>
    bool IsReadable { get; }

    /// <summary>Opens a file for reading from its start. May be called from several threads at once.</summary>
    /// <exception cref="IOException">It cannot be read; <see cref="InvalidDataException"/> too while a damaged ZIP is unpacked.</exception>
    Stream Open(BagFile file);
}

/// <summary>Bags as they are found: a folder or a ZIP.</summary>
public static class BagSource
{
    /// <summary>The most files that a bag may have.</summary>
    public const int MostFiles = 1_000_000;

    /// <summary>A bag in a folder.</summary>
    /// <exception cref="IOException">The folder is not there or cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be listed.</exception>
    public static IBagSource Folder(string path) => new FolderBag(path);

    /// <summary>A bag in a ZIP. It is disposed by whoever opened it.</summary>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ZipBag Zip(string path) => new(path);
}

internal sealed class FolderBag : IBagSource
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };

    private readonly string _root;
    private readonly List<BagFile> _files = [];
    private readonly List<Finding> _findings = [];

    public FolderBag(string root)
    {
        _root = Path.GetFullPath(root);
        List(new DirectoryInfo(_root), "");
        _files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
    }

    public IReadOnlyList<BagFile> Files => _files;

    public IReadOnlyList<Finding> Findings => _findings;

    public bool IsReadable => true;

    public Stream Open(BagFile file) => new FileStream(Path.Combine(_root, file.Path), new FileStreamOptions
    {
        // A hash is taken block by block; a buffer would only copy.
        BufferSize = 0,
        Options = FileOptions.SequentialScan,
        Share = FileShare.ReadWrite | FileShare.Delete,
    });

    // The length of a path ends the depth.
    private void List(DirectoryInfo folder, string prefix)
    {
        bool any = false;
        foreach (FileSystemInfo item in folder.EnumerateFileSystemInfos("*", Everything))
        {
            any = true;
            string path = prefix + item.Name;
            if (_files.Count == BagSource.MostFiles)
            {
                Refuse(path, $"The folder holds more than {BagSource.MostFiles} files; the rest was not looked at.");
                return;
            }
            if (!BundlePath.IsGood(path))
                Refuse(path, "The name is not one that a bag may hold; what it names was not looked at.");
            else if (item.Attributes.HasFlag(FileAttributes.ReparsePoint))
                Refuse(path, "This is a link to somewhere else, not a file; it was not followed.");
            else if (item is DirectoryInfo below)
                List(below, path + "/");
            else if (item is FileInfo { Length: 0 } && SpecialFile.IsOne(item.FullName))
                Refuse(path, "This is a device, a pipe or a socket, not a file; it was not opened.");
            else
                _files.Add(new(path, ((FileInfo)item).Length));
        }
        if (!any && prefix.Length > 0) Refuse(prefix[..^1], "This folder is empty; a bag holds none.");
    }

    private void Refuse(string path, string sentence) => _findings.Add(Finding.Bad("bag-form", sentence) with { Subject = Printable.Of(path) });
}

/// <summary>Tells a device, pipe or socket, whose opening could wait for ever, from a file. .NET does not say; their listed length is 0.</summary>
internal static class SpecialFile
{
    // statx(2): the one stat whose layout is the same on every Linux.
    private const int CurrentFolder = -100, NoFollow = 0x100, ModeAt = 28;
    private const uint TypeAsked = 1;
    private const ushort TypeMask = 0xF000, Regular = 0x8000;

    public static bool IsOne(string path)
    {
        if (!OperatingSystem.IsLinux()) return false;
        byte[] found = new byte[256];
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        return StatX(CurrentFolder, name, NoFollow, TypeAsked, found) == 0 && (BitConverter.ToUInt16(found, ModeAt) & TypeMask) != Regular;
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int StatX(int folder, byte[] path, int flags, uint mask, byte[] found);
}
