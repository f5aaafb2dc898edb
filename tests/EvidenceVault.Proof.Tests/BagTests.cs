using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using CsCheck;
using EvidenceVault.Testing;

namespace EvidenceVault.Proof.Tests;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class BagTests : IDisposable
{
    // Made once: the tests change copies.
    private static readonly BundleMaker Whole = BundleMaker.Whole();

    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-bag-").FullName;

    private string Root => Path.Combine(_folder, "bag");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_bag_that_sha256sum_accepts_holds()
    {
        Whole.WriteFolder(Root);
        foreach (string list in (string[])["manifest-sha256.txt", "tagmanifest-sha256.txt"])
        {
            using Process check = Process.Start(new ProcessStartInfo("sha256sum", ["-c", "--strict", "--quiet", list]) { WorkingDirectory = Root })!;
            check.WaitForExit();
            Assert.Equal(0, check.ExitCode);
        }
        Bag bag = Bag.Read(BagSource.Folder(Root));
        Assert.All(bag.Findings, f => Assert.Equal(Verdict.Holds, f.Verdict));
        Assert.Equal(["bag-form", "bag-complete", "bag-payload", "bag-tags"], bag.Findings.Select(f => f.Claim));
    }

    [Fact]
    public void Progress_ends_at_the_number_of_bytes_there_are()
    {
        Whole.WriteFolder(Root);
        var reports = new System.Collections.Concurrent.ConcurrentBag<BagProgress>();
        Bag.Read(BagSource.Folder(Root), new Reports(reports.Add));
        long total = Whole.Files.Values.Sum(f => (long)f.Length);
        Assert.Equal(total, reports.Max(r => r.Done));
        Assert.All(reports, r => Assert.Equal(total, r.Total));
    }

    [Fact]
    public void A_cancelled_check_ends()
    {
        Whole.WriteFolder(Root);
        Assert.ThrowsAny<OperationCanceledException>(() => Bag.Read(BagSource.Folder(Root), cancel: new(canceled: true)));
    }

    [Fact]
    public void Hashes_of_a_file_of_several_blocks_are_those_of_the_framework()
    {
        byte[] bytes = new byte[(3 << 20) + 17];
        new Random(1).NextBytes(bytes);
        Directory.CreateDirectory(Path.Combine(Root, "data/exhibits"));
        File.WriteAllBytes(Path.Combine(Root, "data/exhibits/x"), bytes);
        File.WriteAllBytes(Path.Combine(Root, "data/y"), bytes);
        Bag bag = Bag.Read(BagSource.Folder(Root));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), bag.Files["data/exhibits/x"].Sha256);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(bytes)), bag.Files["data/exhibits/x"].Sha512);
        Assert.Equal(bag.Files["data/exhibits/x"].Sha256, bag.Files["data/y"].Sha256);
        Assert.Null(bag.Files["data/y"].Sha512);
    }

    [Fact]
    public void Links_devices_and_empty_folders_are_told_and_not_followed()
    {
        Whole.WriteFolder(Root);
        string outside = Path.Combine(_folder, "outside");
        File.WriteAllText(outside, "what is not in the bag");
        File.CreateSymbolicLink(Path.Combine(Root, "data/link"), outside);
        Directory.CreateSymbolicLink(Path.Combine(Root, "data/above"), "..");
        Directory.CreateDirectory(Path.Combine(Root, "data/empty"));
        using (Process make = Process.Start("mkfifo", Path.Combine(Root, "data/pipe"))) make.WaitForExit();
        Bag bag = Bag.Read(BagSource.Folder(Root));
        Assert.Equal(["data/above", "data/empty", "data/link", "data/pipe"], bag.Findings.Where(f => !f.Holds).Select(f => f.Subject).Order());
        Assert.All(bag.Findings.Where(f => !f.Holds), f => Assert.Equal("bag-form", f.Claim));
        Assert.DoesNotContain("data/link", bag.Files.Keys);
        // A file exchanged for a link to the same bytes is missing, not whole.
        File.Move(Path.Combine(Root, "verify.html"), Path.Combine(_folder, "verify.html"));
        File.CreateSymbolicLink(Path.Combine(Root, "verify.html"), Path.Combine(_folder, "verify.html"));
        Assert.Contains(Bag.Read(BagSource.Folder(Root)).Findings, f => f is { Claim: "bag-complete", Holds: false, Subject: "verify.html" });
    }

    [Fact]
    public void A_file_that_may_not_be_read_fails_and_is_named()
    {
        Whole.WriteFolder(Root);
        IBagSource listed = BagSource.Folder(Root);
        File.Delete(Path.Combine(Root, "data/log/checkpoint"));
        File.AppendAllText(Path.Combine(Root, "verify.html"), "more");
        Bag bag = Bag.Read(listed);
        Assert.Equal(["data/log/checkpoint", "verify.html"], bag.Findings.Where(f => !f.Holds).Select(f => f.Subject).Order());
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("data/../bagit.txt")]
    [InlineData("data/./x")]
    [InlineData("data//x")]
    [InlineData("data/-rf")]
    [InlineData("data/a%20b")]
    [InlineData("data\\x")]
    [InlineData("data/\u00e9")]
    public void A_manifest_that_names_what_it_may_not_is_refused(string path)
    {
        BundleMaker made = Copy();
        made.Change("manifest-sha256.txt", b => [.. b, .. Encoding.UTF8.GetBytes($"{new string('0', 64)}  {path}\n")]);
        made.WriteFolder(Root);
        Assert.Contains(Bag.Read(BagSource.Folder(Root)).Findings, f => f is { Claim: "bag-form", Holds: false, Subject: "manifest-sha256.txt" });
    }

    [Fact]
    public void A_folder_that_is_not_there_is_no_finding_but_an_error()
    {
        Assert.ThrowsAny<IOException>(() => BagSource.Folder(Path.Combine(_folder, "nowhere")));
        Assert.ThrowsAny<IOException>(() => BagSource.Zip(Path.Combine(_folder, "nowhere")));
    }

    // ZIPs. What another packer makes is judged by what is in it.
    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void A_zip_of_another_packer_holds_and_is_noted(CompressionLevel level)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.CreateEntry("AB/");
            foreach ((string path, byte[] content) in Whole.Files.Reverse())
            {
                using Stream entry = zip.CreateEntry("AB/" + path, level).Open();
                entry.Write(content);
            }
        }
        Bag bag = ReadZip(bytes.ToArray());
        Assert.DoesNotContain(bag.Findings, f => !f.Holds);
        Assert.Equal(Verdict.Note, Assert.Single(bag.Findings, f => f.Claim == "container-form").Verdict);
    }

    [Fact]
    public void A_zip64_of_another_packer_is_read()
    {
        if (Run("zip", "-v") is null) Assert.Skip("NOT CHECKED: Info-ZIP's zip is not on the PATH.");
        Whole.WriteFolder(Root);
        // From a pipe, so that zip cannot know the length and writes ZIP64 and data descriptors.
        Assert.Equal(0, Run("sh", "-c", "cd bag && zip -q -r -fz ../made.zip ."));
        using ZipBag zip = BagSource.Zip(Path.Combine(_folder, "made.zip"));
        Assert.DoesNotContain(Bag.Read(zip).Findings, f => !f.Holds);
    }

    public static TheoryData<string, Func<byte[]>> Hostile => new()
    {
        { "empty", () => [] },
        { "not a zip", () => Encoding.ASCII.GetBytes(new string('x', 5000)) },
        { "cut off", () => Good()[..^30] },
        { "named twice", () => BundleMaker.ZipOf([("bagit.txt", [1]), ("data/x", [1]), ("data/x", [2])]) },
        { "named in two letter cases", () => BundleMaker.ZipOf([("bagit.txt", [1]), ("data/X", [1]), ("data/x", [2])]) },
        { "an absolute name", () => BundleMaker.ZipOf([("/bagit.txt", [1])]) },
        { "a name that climbs", () => BundleMaker.ZipOf([("../bagit.txt", [1])]) },
        { "a name with a backslash", () => BundleMaker.ZipOf([("data\\x", [1])]) },
        { "encrypted", () => Set(Good(), Central(Good()) + 8, 1) },
        { "another method", () => Set(Good(), Central(Good()) + 10, 99) },
        { "a length that lies in the directory", () => Set(Good(), Central(Good()) + 24, 77) },
        { "a length that lies in the file's header", () => Set(Good(), 22, 77) },
        { "another name in the file's header", () => Set(Good(), 30, (byte)'X') },
        { "another CRC in the file's header", () => Flip.Bit(Good(), 14 * 8) },
        { "overlapping", () => Set(Good(), Central(Good(), 1) + 42, 0, 0, 0, 0) },
        { "an offset outside", () => Set(Good(), Central(Good()) + 42, 0xff, 0xff, 0xff, 0x7f) },
        { "more files than there are", () => Set(Good(), Good().Length - 12, 99, 0, 99, 0) },
        { "a directory outside", () => Set(Good(), Good().Length - 6, 0xff, 0xff, 0xff, 0x7f) },
        { "two ends", TwoEnds },
        { "a link", () => Set(Set(Good(), Central(Good()) + 5, 3), Central(Good()) + 38, 0, 0, 0, 0xa0) },
        { "a bomb", Bomb },
    };

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void A_hostile_zip_is_refused_whole(string what, Func<byte[]> zip)
    {
        Bag bag = ReadZip(zip());
        Assert.True(bag.Findings.Count > 0 && bag.Findings.All(f => f is { Claim: "bag-form", Holds: false }), $"{what}\n{string.Join('\n', bag.Findings)}");
    }

    [Fact]
    public void A_packed_file_longer_or_shorter_than_its_zip_says_is_never_whole()
    {
        foreach (int said in (int[])[10, 5000])
        {
            var packed = new MemoryStream();
            using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true)) deflate.Write(new byte[1000]);
            byte[] zip = BundleMaker.ZipOf([("bagit.txt", packed.ToArray())]);
            int central = Central(zip);
            foreach (int header in (int[])[8, central + 10]) zip[header] = 8;
            foreach (int length in (int[])[22, central + 24]) BitConverter.GetBytes(said).CopyTo(zip, length);
            Bag bag = ReadZip(zip);
            Assert.Null(bag.Files["bagit.txt"].Sha256);
            Assert.Contains(bag.Findings, f => f is { Claim: "bag-form", Holds: false, Subject: "bagit.txt" });
        }
    }

    [Fact]
    public void A_wrong_check_number_in_a_zip_is_noted_where_the_file_is_right()
    {
        byte[] zip = Whole.Zip();
        int central = Central(zip);
        foreach (int crc in (int[])[14, central + 16]) zip[crc] ^= 1;
        Bag bag = ReadZip(zip);
        Assert.DoesNotContain(bag.Findings, f => !f.Holds);
        Assert.Contains(bag.Findings, f => f is { Claim: "container-form", Verdict: Verdict.Note, Subject: "HOW-TO-VERIFY.txt" });
    }

    [Fact]
    public void Damaged_zips_and_random_bytes_never_throw()
    {
        byte[] zip = Good();
        Gen.Select(Gen.Int[0, zip.Length - 1], Gen.Byte, Gen.Int[0, zip.Length]).Sample((at, with, cut) =>
        {
            byte[] bad = [.. zip];
            bad[at] = with;
            _ = ReadZip(bad).Findings;
            _ = ReadZip(bad[..cut]).Findings;
        }, iter: 500, threads: 1);
        Gen.Byte.Array[0, 400].Sample(bytes => ReadZip(bytes).Findings.Any(f => !f.Holds), iter: 300, threads: 1);
    }

    private static byte[] Good() => BundleMaker.ZipOf([("bagit.txt", [1, 2, 3]), ("data/x", [4, 5])]);

    private static byte[] Set(byte[] zip, int at, params byte[] with)
    {
        with.CopyTo(zip, at);
        return zip;
    }

    // Where the directory's record number n begins.
    private static int Central(byte[] zip, int n = 0)
    {
        int at = -1;
        for (int i = 0; i <= n; i++) at += 1 + zip.AsSpan(at + 1).IndexOf("PK\x01\x02"u8);
        return at;
    }

    private static byte[] TwoEnds()
    {
        byte[] zip = Good(), end = zip[^22..];
        BitConverter.GetBytes((ushort)22).CopyTo(zip, zip.Length - 2);
        return [.. zip, .. end];
    }

    private static byte[] Bomb()
    {
        var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true)) deflate.Write(new byte[40 << 20]);
        byte[] zip = BundleMaker.ZipOf([("bagit.txt", packed.ToArray())]);
        int central = Central(zip);
        foreach (int method in (int[])[8, central + 10]) zip[method] = 8;
        foreach (int length in (int[])[22, central + 24]) BitConverter.GetBytes(40 << 20).CopyTo(zip, length);
        return zip;
    }

    private static BundleMaker Copy()
    {
        var copy = new BundleMaker(Whole.Keys);
        foreach ((string path, byte[] bytes) in Whole.Files) copy.Files[path] = bytes;
        return copy;
    }

    private Bag ReadZip(byte[] bytes)
    {
        string path = Path.Combine(_folder, "made.zip");
        File.WriteAllBytes(path, bytes);
        using ZipBag zip = BagSource.Zip(path);
        return Bag.Read(zip);
    }

    private int? Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private sealed class Reports(Action<BagProgress> report) : IProgress<BagProgress>
    {
        public void Report(BagProgress value) => report(value);
    }
}
