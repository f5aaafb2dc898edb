namespace EvidenceVault.Analysis.OpenCv.Tests;

public sealed class FramesAsideTests : IDisposable
{
    private const int Length = 4096;

    private readonly string _folder = Directory.CreateTempSubdirectory("frames-aside-").FullName;

    [Fact]
    public void Frames_that_were_laid_aside_come_back_as_they_were_and_nothing_of_them_has_a_name()
    {
        using var aside = new FramesAside(_folder, Length);
        byte[][] frames = [.. Enumerable.Range(0, 20).Select(n => Enumerable.Range(0, Length).Select(i => (byte)((i * 7) + n)).ToArray())];
        Queue<(long Place, byte[] Frame)> waiting = new();
        long farthest = 0;
        byte[] back = new byte[Length];
        // As the scorer does: five wait at any time, and places are used again.
        foreach (byte[] frame in frames)
        {
            long place = Assert.IsType<long>(aside.Put(frame));
            farthest = Math.Max(farthest, place);
            waiting.Enqueue((place, frame));
            if (waiting.Count < 5) continue;
            (long first, byte[] was) = waiting.Dequeue();
            aside.Take(first, back);
            Assert.Equal(was, back);
        }
        Assert.Equal(4, farthest);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void Where_nothing_can_be_written_the_caller_keeps_the_frame()
    {
        // Linux's device that is always full.
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        using var aside = new FramesAside(() => File.OpenHandle("/dev/full", FileMode.Open, FileAccess.ReadWrite), Length);
        Assert.Null(aside.Put(new byte[Length]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
