using System.Text;
using CsCheck;

namespace EvidenceVault.Proof.Tests;

public class BundleManifestTests
{
    private static BundleManifest Good => new()
    {
        Id = "0123456789abcdef0123456789abcdef",
        Case = "OP-HERON",
        MadeAt = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero),
        Origin = "example.org/heron",
        Size = 12,
        Root = new string('c', 64),
        ExportEntry = 11,
        Redacted = ["actor", "reason"],
        Exhibits =
        [
            new("AB/1", "data/exhibits/AB-1/AB-1.mp4", "data/seals/AB-1/seal.json", "data/seals/AB-1/seal.cms", "data/seals/AB-1/seal.tst", [0, 3, 10], 3),
            new("AB/1/1", "data/exhibits/AB-1-1/AB-1-1.bin", "data/seals/AB-1-1/seal.json", "data/seals/AB-1-1/seal.cms", null, [4], 1),
        ],
        Files = [new("HOW-TO-VERIFY.txt", new string('a', 64), 5), new("data/keys/ca.pem", new string('b', 64), 0)],
    };

    [Fact]
    public void A_manifest_reads_back_as_written()
    {
        byte[] bytes = Good.ToCanonicalBytes();
        Assert.True(BundleManifest.TryParse(bytes, out var read, out string problem), problem);
        Assert.Equal(bytes, read.ToCanonicalBytes());
        Assert.Equal(Good.Exhibits[0].Entries, read.Exhibits[0].Entries);
        Assert.Null(read.Exhibits[1].Timestamp);
        Assert.StartsWith("""{"case":"OP-HERON","exhibits":[{"entries":[0,3,10],"exhibit":"AB/1","file":"data/exhibits/AB-1/AB-1.mp4","lastSeq":3,""", Encoding.UTF8.GetString(bytes));
    }

    public static TheoryData<string, Func<BundleManifest, BundleManifest>> Broken => new()
    {
        { "id", m => m with { Id = m.Id.ToUpperInvariant() } },
        { "case", m => m with { Case = "OP HERON" } },
        { "root", m => m with { Root = "cc" } },
        { "beyond 2^53", m => m with { Size = 1UL << 53 } },
        { "origin", m => m with { Origin = "two\nlines" } },
        { "no exhibit", m => m with { Exhibits = [] } },
        { "redacted", m => m with { Redacted = ["reason", "actor"] } },
        { "exhibits", m => m with { Exhibits = [m.Exhibits[1], m.Exhibits[0]] } },
        { "exhibits", m => m with { Exhibits = [m.Exhibits[0], m.Exhibits[0]] } },
        { "files", m => m with { Files = [m.Files[1], m.Files[0]] } },
        { "path", m => m with { Files = [new("data/../x", m.Root, 1)] } },
        { "path", m => m with { Files = [new("/data/x", m.Root, 1)] } },
        { "path", m => m with { Files = [new("data/-x", m.Root, 1)] } },
        { "bytes", m => m with { Files = [m.Files[0] with { Bytes = -1 }] } },
        { "file", m => m with { Exhibits = [m.Exhibits[0] with { File = "data/exhibits/AB-2/AB-2.mp4" }] } },
        { "file", m => m with { Exhibits = [m.Exhibits[0] with { File = "data/exhibits/AB-1/AB-1.MP4" }] } },
        { "file", m => m with { Exhibits = [m.Exhibits[0] with { File = "data/exhibits/AB-1/AB-1.a/b" }] } },
        { "timestamp", m => m with { Exhibits = [m.Exhibits[0] with { Timestamp = "data/seals/AB-1/seal.cms" }] } },
        { "rising", m => m with { Exhibits = [m.Exhibits[0] with { Entries = [3, 3] }] } },
        { "lastSeq", m => m with { Exhibits = [m.Exhibits[0] with { LastSeq = 0 }] } },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void A_manifest_that_breaks_a_rule_is_neither_written_nor_read(string named, Func<BundleManifest, BundleManifest> broken) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => broken(Good).ToCanonicalBytes()).Message);

    [Fact]
    public void A_member_that_the_version_does_not_name_is_refused()
    {
        string text = Encoding.UTF8.GetString(Good.ToCanonicalBytes());
        Assert.False(BundleManifest.TryParse(Encoding.UTF8.GetBytes(text.Replace("\"v\":", "\"u\":1,\"v\":")), out _, out string problem));
        Assert.Contains("'u'", problem);
        Assert.False(BundleManifest.TryParse(Encoding.UTF8.GetBytes(text.Replace("bundle/1", "bundle/2")), out _, out _));
        Assert.False(BundleManifest.TryParse(Encoding.UTF8.GetBytes(text.Replace("[0,3,10]", "[0,3,\"10\"]")), out _, out _));
    }

    [Fact]
    public void Damaged_bytes_never_throw()
    {
        byte[] bytes = Good.ToCanonicalBytes();
        Gen.Int[0, bytes.Length * 8 - 1].Sample(bit =>
        {
            byte[] damaged = Flip.Bit(bytes, bit);
            if (BundleManifest.TryParse(damaged, out var read, out _)) Assert.Equal(damaged, read.ToCanonicalBytes());
        });
    }

    [Theory]
    [InlineData("IMG_0001.MP4", "mp4")]
    [InlineData("a.tar.gz", "gz")]
    [InlineData("noextension", "bin")]
    [InlineData("trailing.", "bin")]
    [InlineData("x.toolong", "bin")]
    [InlineData("x.m p4", "bin")]
    [InlineData("x.é", "bin")]
    [InlineData(null, "bin")]
    public void An_extension_is_kept_only_where_it_is_plain(string? name, string extension) => Assert.Equal(extension, BundlePath.Extension(name));
}
