using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline;

/// <summary>One process at a time carries an exhibit on. The lock is the kernel's (flock) and ends with the process, however it
/// ends; the empty file it leaves means nothing.</summary>
internal sealed class ExhibitLock : IDisposable
{
    private readonly FileStream _file;

    private ExhibitLock(FileStream file) => _file = file;

    public static ExhibitLock? TryTake(string home, ExhibitReference reference)
    {
        string folder = Path.Combine(home, "locks");
        Directory.CreateDirectory(folder);
        try
        {
            return new(new FileStream(Path.Combine(folder, reference.FileSafe), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();

    // EAGAIN: .NET takes FileShare.None as flock(LOCK_EX | LOCK_NB).
    private const int WouldBlock = 11;
}
