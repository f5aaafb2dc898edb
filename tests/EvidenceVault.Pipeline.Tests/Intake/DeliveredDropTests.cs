using System.Text;
using EvidenceVault.Pipeline.Intake;

namespace EvidenceVault.Pipeline.Tests.Intake;

/// <summary>Drops as the portal delivers them: marked as arriving until the manifest is there, files by number with their names in it, and the clock read twice.</summary>
public sealed class DeliveredDropTests
{
    private static readonly DateTimeOffset Eight = new(2026, 3, 1, 20, 0, 0, TimeSpan.Zero);

    private static DropManifest Manifest(params ManifestFile[] files) => new("OP-HERON", "CAM-7", "AB", "URN/1", "technician", null, new(Eight, Eight.AddSeconds(42), 0.5, "speaking clock"), files)
    {
        ClockAgain = new(Eight.AddHours(1), Eight.AddHours(1).AddSeconds(43), 0.5, null),
    };

    private static ManifestFile File(string name, string content, string? storedAs = null) => new(name, Encoding.UTF8.GetByteCount(content), Landing.Sha256(content)) { StoredAs = storedAs };

    [Fact]
    public void What_is_written_as_a_manifest_is_read_as_it_was_meant()
    {
        DropManifest manifest = Manifest(File("DCIM/é \"one\".mp4", "a", "files/00001"), File("b.mp4", "b"));
        DropManifest read = DropManifestReader.Read(DropManifestText.Write(manifest)).Manifest!;
        Assert.Equal(manifest.Files, read.Files);
        Assert.Equal((manifest.Clock, manifest.ClockAgain, "AB", "URN/1", "technician"), (read.Clock, read.ClockAgain, read.ExhibitPrefix, read.AuthorityUrn, read.Technician));
        Assert.Equal(DropManifestText.Write(manifest), DropManifestText.Write(read));
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("/out")]
    [InlineData("files/../../out")]
    [InlineData("files//1")]
    [InlineData(".done")]
    [InlineData("drop.json")]
    [InlineData("a b")]
    [InlineData("")]
    public void A_place_that_is_not_plain_is_refused(string storedAs) => Assert.Null(DropManifestReader.Read(DropManifestText.Write(Manifest(File("a.mp4", "a", storedAs)))).Manifest);

    [Fact]
    public void Two_files_at_one_place_are_refused()
    {
        ManifestReading reading = DropManifestReader.Read(DropManifestText.Write(Manifest(File("a.mp4", "a", "files/1"), File("files/1", "b"))));
        Assert.Equal("manifest-names-twice", Assert.Single(reading.Problems).Kind);
    }

    [Fact]
    public async Task Nothing_of_a_drop_that_is_arriving_is_taken_before_its_manifest_and_then_all_of_it_under_the_names_that_it_gives()
    {
        using var landing = new Landing();
        landing.Put("OP-HERON/CAM-7/d/.arriving", "");
        landing.Put("OP-HERON/CAM-7/d/files/00001", "one");
        landing.Put("OP-HERON/CAM-7/d/files/00002", "two");
        Assert.Empty(await landing.ScanAsync());
        landing.Time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await landing.ScanAsync());

        landing.Put("OP-HERON/CAM-7/d/drop.json", DropManifestText.Write(Manifest(File("DCIM/one.mp4", "one", "files/00001"), File("../two.mp4"[3..], "two", "files/00002"))));
        DropSighting drop = await landing.ScanOneAsync();
        Assert.Equal(
            [("OP-HERON/CAM-7/d/files/00001", "DCIM/one.mp4", "one"), ("OP-HERON/CAM-7/d/files/00002", "two.mp4", "two")],
            drop.Ready.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => (f.Path, f.RelativePath, f.RelativePath.Contains("one", StringComparison.Ordinal) ? "one" : "two")));
        Assert.All(drop.Ready, f => Assert.Equal(f.RelativePath, f.Expected!.Name));
        Assert.Empty(drop.Problems);
        Assert.Equal((0, 0), (drop.StillArriving, drop.Missing.Count));
    }

    [Fact]
    public async Task What_was_moved_aside_is_found_by_its_place_and_not_told_as_missing()
    {
        using var landing = new Landing();
        landing.Put("OP-HERON/CAM-7/d/files/00001", "one");
        landing.Put("OP-HERON/CAM-7/d/drop.json", DropManifestText.Write(Manifest(File("DCIM/one.mp4", "one", "files/00001"))));
        DropSighting drop = await landing.ScanOneAsync();
        await landing.Source.MoveAsideAsync(Assert.Single(drop.Ready), TestContext.Current.CancellationToken);
        Assert.Empty(await landing.ScanAsync());
        landing.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await landing.ScanAsync());
    }

    [Fact]
    public void Two_readings_of_a_clock_come_to_the_smallest_interval_that_holds_what_either_leaves_possible()
    {
        ClockObservation slow = new(Eight, Eight.AddSeconds(42), 0.5, null), slower = new(Eight, Eight.AddSeconds(43), 0.5, null), sure = new(Eight, Eight.AddSeconds(42.1), 0.1, null);
        Assert.Equal(new ClockOffset(42, 0.5), ClockOffset.From(slow, null));
        Assert.Equal(new ClockOffset(42.5, 1), ClockOffset.From(slow, slower));
        Assert.Equal(ClockOffset.From(slow, slower), ClockOffset.From(slower, slow));
        Assert.Equal(new ClockOffset(42, 0.5), ClockOffset.From(slow, sure));
    }
}
