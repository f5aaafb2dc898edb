using System.Runtime.InteropServices;
using EvidenceVault.Pipeline.Words;

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
        DurableFolder.Flush(Path.GetDirectoryName(path)!);
        return true;
    }

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "link", SetLastError = true)]
        public static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string added);
    }
}
