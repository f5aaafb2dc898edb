using System.Runtime.InteropServices;

namespace EvidenceVault.Pipeline.Words;

/// <summary>Flushes a folder's entries: without it a file's name may be lost although its bytes are on disk (fsync(2), notes).</summary>
internal static class DurableFolder
{
    /// <exception cref="IOException">It could not be flushed.</exception>
    public static void Flush(string folder)
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

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static extern int FSync(int handle);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        public static extern int Close(int handle);
    }
}
