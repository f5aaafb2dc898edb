using System.IO.Compression;
using CsCheck;
using EvidenceVault.Testing;

namespace EvidenceVault.Proof.Tests;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public class ZipFormTests
{
    [Fact]
    public void Crc32_gives_the_published_check_value_however_it_is_fed()
    {
        var whole = new Crc32();
        whole.Append("123456789"u8);
        Assert.Equal(0xcbf43926, whole.Value);
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Int[0, 60]).Sample((bytes, cut) =>
        {
            var once = new Crc32();
            once.Append(bytes);
            var twice = new Crc32();
            twice.Append(bytes.AsSpan(0, Math.Min(cut, bytes.Length)));
            twice.Append(bytes.AsSpan(Math.Min(cut, bytes.Length)));
            return once.Value == twice.Value;
        });
    }

    [Fact]
    public void What_is_written_is_a_zip_to_another_reader()
    {
        (string, byte[])[] files = [("a/b.txt", "hello"u8.ToArray()), ("empty", []), ("z", new byte[100_000])];
        using var zip = new ZipArchive(new MemoryStream(BundleMaker.ZipOf(files)), ZipArchiveMode.Read);
        Assert.Equal(files.Select(f => f.Item1), zip.Entries.Select(e => e.FullName));
        foreach ((string name, byte[] bytes) in files)
        {
            var read = new MemoryStream();
            using (Stream open = zip.GetEntry(name)!.Open()) open.CopyTo(read);
            Assert.Equal(bytes, read.ToArray());
        }
    }

    [Fact]
    public void A_number_that_does_not_fit_goes_into_a_zip64_field()
    {
        const long large = 5_000_000_000;
        byte[] local = ZipForm.LocalHeader("v", large, 7);
        Assert.Equal(30 + 1 + 20, local.Length);
        byte[] directory = ZipForm.Directory([new("v", large, 7, 0), new("w", 1, 7, large + local.Length)], large + local.Length + 32);
        using var zip = new ZipArchive(new Sparse(local, directory, large + local.Length + 32), ZipArchiveMode.Read);
        Assert.Equal([large, 1], zip.Entries.Select(e => e.Length));
    }

    // A file of gigabytes that is zeroes between its start and its end.
    private sealed class Sparse(byte[] start, byte[] end, long endAt) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => false;
        public override long Length => endAt + end.Length;
        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int n = (int)Math.Min(count, Length - Position);
            for (int i = 0; i < n; i++, Position++)
                buffer[offset + i] = Position < start.Length ? start[Position] : Position >= endAt ? end[Position - endAt] : (byte)0;
            return n;
        }

        public override long Seek(long offset, SeekOrigin origin) =>
            Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };

        public override void Flush() { }
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
