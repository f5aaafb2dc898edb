using System.Runtime.InteropServices;

namespace EvidenceVault.Pipeline.Keys;

/// <summary>Puts a file in place so that after a power cut it is there whole or not at all, and never in place of another.</summary>
internal static class DurableFile
{
    /// <summary>
    /// Gives <paramref name="draft"/>, whose bytes are flushed to disk, a second name that nobody has yet. False where the name is
    /// taken: whoever came first wins, whichever process it was. link(2) decides that in one step, where an "if it is not there"
    /// followed by a rename could replace the winner's file.
    /// </summary>
    public static bool TryLink(string draft, string path)
    {
        if (NativeMethods.Link(draft, path) != 0)
        {
            const int nameTaken = 17; // EEXIST, errno(3)
            int error = Marshal.GetLastPInvokeError();
            return error == nameTaken ? false : throw new IOException($"'{path}' could not be put in place: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
        FlushFolder(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>Flushes a folder's entries: without it a file's name may be lost although its bytes are on disk (fsync(2), notes).</summary>
    public static void FlushFolder(string folder)
    {
        int handle = NativeMethods.Open(folder, NativeMethods.ReadOnlyFolder);
        if (handle < 0) throw Failed();
        try
        {
            if (NativeMethods.FSync(handle) != 0) throw Failed();
        }
        finally
        {
            _ = NativeMethods.Close(handle); // nothing was written through it: its result cannot matter
        }

        IOException Failed() => new($"The folder '{folder}' could not be flushed to disk: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private static class NativeMethods
    {
        public const int ReadOnlyFolder = 0x80000; // O_RDONLY | O_CLOEXEC

        [DllImport("libc", EntryPoint = "link", SetLastError = true)]
        public static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string added);

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static extern int FSync(int handle);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        public static extern int Close(int handle);
    }
}
