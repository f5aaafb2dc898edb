using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace EvidenceVault.Testing;

/// <summary>A disk of a given size, mounted over a folder (tmpfs): a full disk that is one. Only root may mount; others' tests skip.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly string folder;

    private SmallDisk(string folder) => this.folder = folder;

    /// <summary>Mounts one of so many MiB over a folder that is there.</summary>
    public static SmallDisk Over(string folder, int mebibytes)
    {
        if (GetEffectiveUserId() != 0) Assert.Skip("A small disk can only be mounted by root: what a full disk does is not shown by this run.");
        if (!Mount("-t", "tmpfs", "-o", $"size={mebibytes}m", "none", folder)) Assert.Skip("This machine does not let root mount a tmpfs: what a full disk does is not shown by this run.");
        return new(folder);
    }

    /// <summary>Gives it another size; what lies on it stays.</summary>
    public void Resize(int mebibytes) => Assert.True(Mount("-o", $"remount,size={mebibytes}m", folder));

    /// <summary>Unmounts it; what lay on it is gone.</summary>
    public void Dispose() => Assert.True(Run("umount", "--lazy", folder));

    private static bool Mount(params string[] arguments) => Run("mount", arguments);

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    [DllImport("libc", EntryPoint = "geteuid")]
    private static extern uint GetEffectiveUserId();
}
