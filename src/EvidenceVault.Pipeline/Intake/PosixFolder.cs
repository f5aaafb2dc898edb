using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EvidenceVault.Pipeline.Intake;

/// <summary>What a name in a folder stands for, not following a link.</summary>
internal enum EntryKind { File, Folder, Link, Other }

/// <summary>A name's facts at one moment.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Version">Length and modification time.</param>
/// <param name="Identity">Device and inode: two names with the same are one file.</param>
internal readonly record struct EntryFacts(EntryKind Kind, FileVersion Version, (uint, uint, ulong) Identity);

/// <summary>
/// A folder held by its descriptor. .NET opens by path and follows links on the way; whoever may write to a landing folder could
/// swap a folder for a link between our look and our opening. Here every part of a path is opened relative to the folder before it with
/// O_NOFOLLOW, so nothing outside the root can be reached (POSIX.1-2017 openat; Linux statx(2), renameat2(2)).
/// </summary>
internal sealed class PosixFolder : IDisposable
{
    private readonly SafeFileHandle _handle;

    private PosixFolder(SafeFileHandle handle) => _handle = handle;

    /// <summary>Opens the root of a source. It may itself be a link: where it points is the operator's choice.</summary>
    /// <exception cref="PosixException">It cannot be opened.</exception>
    public static PosixFolder OpenRoot(string path) => new(Checked(Native.open(path, Native.ReadFolder)));

    /// <summary>Opens a folder in this one; never through a link.</summary>
    /// <exception cref="PosixException">It cannot be opened; <see cref="PosixException.IsGone"/> where no folder is there.</exception>
    public PosixFolder OpenFolder(string name) => new(Checked(Native.openat(_handle, name, Native.ReadFolder | Native.NoFollow)));

    /// <summary>Opens a folder some levels down.</summary>
    /// <exception cref="PosixException">It cannot be opened.</exception>
    public PosixFolder OpenBelow(ReadOnlySpan<string> parts)
    {
        PosixFolder at = OpenFolder("."); // a descriptor of its own, so that the caller may close both
        foreach (string part in parts)
        {
            try
            {
                PosixFolder next = at.OpenFolder(part);
                at.Dispose();
                at = next;
            }
            catch
            {
                at.Dispose();
                throw;
            }
        }
        return at;
    }

    /// <summary>Opens a regular file for reading. Anything else is refused unopened: opening a pipe would hang, a device might act.</summary>
    /// <exception cref="PosixException">It cannot be opened; <see cref="PosixException.IsGone"/> where no file is there.</exception>
    public SafeFileHandle OpenFile(string name, out EntryFacts facts)
    {
        if (Look(name) is not { Kind: EntryKind.File }) throw new PosixException(Native.ENOENT);
        // O_NONBLOCK: should a pipe have taken the name since the look, opening it still returns at once.
        SafeFileHandle file = Checked(Native.openat(_handle, name, Native.ReadFile | Native.NoFollow));
        try
        {
            facts = Facts(file, "", Native.AT_EMPTY_PATH)!.Value;
            if (facts.Kind != EntryKind.File) throw new PosixException(Native.ENOENT);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What a name stands for now; null when nothing has it.</summary>
    /// <exception cref="PosixException">It cannot be told.</exception>
    public EntryFacts? Look(string name) => Facts(_handle, name, Native.AT_SYMLINK_NOFOLLOW);

    /// <summary>True where this process may read the file.</summary>
    public bool MayRead(string name) =>
        Native.faccessat(_handle, name, Native.R_OK, Native.AT_EACCESS | Native.AT_SYMLINK_NOFOLLOW) == 0
        || Marshal.GetLastPInvokeError() is not (Native.EACCES or Native.EPERM);

    /// <summary>The names in this folder as they come, without end in memory. A name that is not UTF-8 has no string that opens it:
    /// it comes as null with a likeness of it to print.</summary>
    /// <exception cref="PosixException">The folder cannot be read (further).</exception>
    public IEnumerable<(string? Name, string Likeness)> Names()
    {
        using SafeFileHandle own = Checked(Native.openat(_handle, ".", Native.ReadFolder)); // its own position
        nint stream = Native.fdopendir(own);
        if (stream == 0) throw new PosixException(Marshal.GetLastPInvokeError());
        own.SetHandleAsInvalid(); // closedir closes it
        try
        {
            byte[] buffer = new byte[256];
            while (true)
            {
                nint entry = Native.readdir(stream);
                if (entry == 0)
                {
                    if (Marshal.GetLastPInvokeError() is not 0 and var error) throw new PosixException(error);
                    yield break;
                }
                // struct dirent of 64-bit Linux: d_ino 8, d_off 8, d_reclen 2, d_type 1, then the name and a NUL.
                const int nameOffset = 19;
                int room = Math.Min((ushort)Marshal.ReadInt16(entry, 16) - nameOffset, buffer.Length);
                Marshal.Copy(entry + nameOffset, buffer, 0, room);
                ReadOnlySpan<byte> bytes = buffer.AsSpan(0, buffer.AsSpan(0, room).IndexOf((byte)0));
                if (bytes is [(byte)'.'] or [(byte)'.', (byte)'.']) continue;
                string likeness = Encoding.UTF8.GetString(bytes);
                yield return (System.Text.Unicode.Utf8.IsValid(bytes) ? likeness : null, likeness);
            }
        }
        finally
        {
            _ = Native.closedir(stream);
        }
    }

    /// <summary>Makes a folder if none is there.</summary>
    /// <exception cref="PosixException">It cannot be made.</exception>
    public void MakeFolder(string name)
    {
        if (Native.mkdirat(_handle, name, 0b111_101_000) != 0 && Marshal.GetLastPInvokeError() is not Native.EEXIST and var error)
            throw new PosixException(error);
    }

    /// <summary>Renames into another folder, never over a name that is taken.</summary>
    /// <returns>False when the name is taken.</returns>
    /// <exception cref="PosixException">It cannot be renamed.</exception>
    public bool Rename(string name, PosixFolder into, string newName)
    {
        if (Native.renameat2(_handle, name, into._handle, newName, Native.RENAME_NOREPLACE) == 0) return true;
        int error = Marshal.GetLastPInvokeError();
        if (error == Native.EEXIST) return false;
        if (error is not (Native.EINVAL or Native.ENOSYS)) throw new PosixException(error);
        // A file system that cannot say no-replace (NFS, some FUSE): look, then rename. Only this program writes below .taken/.
        if (into.Look(newName) is not null) return false;
        return Native.renameat2(_handle, name, into._handle, newName, 0) == 0 ? true : throw new PosixException(Marshal.GetLastPInvokeError());
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static EntryFacts? Facts(SafeFileHandle at, string name, int flags)
    {
        if (Native.statx(at, name, flags, Native.STATX_BASIC_STATS, out Native.Statx s) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error is Native.ENOENT or Native.ENOTDIR ? null : throw new PosixException(error);
        }
        EntryKind kind = (s.Mode & 0xF000) switch
        {
            0x8000 => EntryKind.File,
            0x4000 => EntryKind.Folder,
            0xA000 => EntryKind.Link,
            _ => EntryKind.Other,
        };
        // Int128: a file's time may be any 64-bit number of seconds, and hostile.
        Int128 ticks = DateTime.UnixEpoch.Ticks + ((Int128)s.ModifiedSeconds * TimeSpan.TicksPerSecond) + (s.ModifiedNanoseconds / 100);
        return new(kind, new((long)s.Size, ticks.ToString()), (s.DeviceMajor, s.DeviceMinor, s.Inode));
    }

    private static SafeFileHandle Checked(int descriptor) =>
        descriptor >= 0 ? new(descriptor, ownsHandle: true) : throw new PosixException(Marshal.GetLastPInvokeError());

#pragma warning disable SYSLIB1054 // LibraryImport would need unsafe code in the whole project
    private static class Native
    {
        public const int EPERM = 1, ENOENT = 2, EACCES = 13, EEXIST = 17, ENOTDIR = 20, EINVAL = 22, ENOSYS = 38;
        public const int AT_SYMLINK_NOFOLLOW = 0x100, AT_EACCESS = 0x200, AT_EMPTY_PATH = 0x1000;
        public const int R_OK = 4;
        public const uint STATX_BASIC_STATS = 0x7ff, RENAME_NOREPLACE = 1;

        private const int O_NOCTTY = 0x100, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;

        // The two flags differ between the architectures of Linux.
        private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
        public static readonly int NoFollow = Arm ? 0x8000 : 0x20000;
        public static readonly int ReadFolder = (Arm ? 0x4000 : 0x10000) | O_CLOEXEC;
        public static readonly int ReadFile = O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

        [DllImport("libc", SetLastError = true)]
        public static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern int openat(SafeFileHandle at, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern int statx(SafeFileHandle at, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int flags, uint mask, out Statx facts);

        [DllImport("libc", SetLastError = true)]
        public static extern int faccessat(SafeFileHandle at, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int mode, int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern nint fdopendir(SafeFileHandle folder);

        [DllImport("libc", SetLastError = true)]
        public static extern nint readdir(nint stream);

        [DllImport("libc", SetLastError = true)]
        public static extern int closedir(nint stream);

        [DllImport("libc", SetLastError = true)]
        public static extern int mkdirat(SafeFileHandle at, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint mode);

        [DllImport("libc", SetLastError = true)]
        public static extern int renameat2(SafeFileHandle at, [MarshalAs(UnmanagedType.LPUTF8Str)] string name,
            SafeFileHandle into, [MarshalAs(UnmanagedType.LPUTF8Str)] string newName, uint flags);

        /// <summary>struct statx, the same on every architecture (statx(2)).</summary>
        [StructLayout(LayoutKind.Explicit, Size = 256)]
        public struct Statx
        {
            [FieldOffset(28)] public ushort Mode;
            [FieldOffset(32)] public ulong Inode;
            [FieldOffset(40)] public ulong Size;
            [FieldOffset(112)] public long ModifiedSeconds;
            [FieldOffset(120)] public uint ModifiedNanoseconds;
            [FieldOffset(136)] public uint DeviceMajor;
            [FieldOffset(140)] public uint DeviceMinor;
        }
    }
#pragma warning restore SYSLIB1054
}

/// <summary>A refusal of the operating system, by its number.</summary>
internal sealed class PosixException(int error) : IOException(new Win32Exception(error).Message)
{
    private const int ENOENT = 2, EMFILE = 24, ENFILE = 23, ENOMEM = 12, ENOTDIR = 20, ELOOP = 40;

    /// <summary>True where nothing of the kind asked for has the name: it is gone, or a link, or something else.</summary>
    public bool IsGone => error is ENOENT or ENOTDIR or ELOOP;

    /// <summary>True where this process or machine is at an end of its means, which says nothing about the file.</summary>
    public bool IsOurs => error is EMFILE or ENFILE or ENOMEM;
}
