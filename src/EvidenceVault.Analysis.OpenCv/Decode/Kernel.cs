using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace EvidenceVault.Analysis.OpenCv.Decode;

/// <summary>What is asked of Linux so that decoders do not wait for us. Where it refuses, all goes on as before, and is only slower.</summary>
internal static class Kernel
{
    private const int SetPipeSize = 1031; // F_SETPIPE_SZ of fcntl(2)
    private const int PipeBytes = 1 << 20; // what fs.pipe-max-size allows anybody (pipe(7))
    private const int ThisThread = 0, BehindDecoders = 10; // setpriority(2): on Linux, nice is a thread's own

    /// <summary>Lets a pipe hold more. Linux gives it 64 KiB: of a working frame, a quarter, and each quarter costs a change of threads on both sides.</summary>
    public static void Widen(Stream stream)
    {
        if (stream is not AnonymousPipeClientStream pipe) return;
        bool held = false;
        try
        {
            pipe.SafePipeHandle.DangerousAddRef(ref held);
            _ = Fcntl((int)pipe.SafePipeHandle.DangerousGetHandle(), SetPipeSize, PipeBytes);
        }
        finally
        {
            if (held) pipe.SafePipeHandle.DangerousRelease();
        }
    }

    /// <summary>Lets others than this thread go first, as all of a decoder stands still while its one thread for filters does. The thread must not be of the
    /// pool: it cannot come back.</summary>
    public static void StepBack() => _ = SetPriority(ThisThread, 0, BehindDecoders);

#pragma warning disable SYSLIB1054 // LibraryImport would need unsafe code in the whole project
    [DllImport("libc", EntryPoint = "fcntl")]
    private static extern int Fcntl(int descriptor, int command, int argument);

    [DllImport("libc", EntryPoint = "setpriority")]
    private static extern int SetPriority(int which, int who, int nice);
#pragma warning restore SYSLIB1054
}
