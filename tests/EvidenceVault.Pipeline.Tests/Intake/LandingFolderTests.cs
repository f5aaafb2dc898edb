using System.Diagnostics;
using System.Runtime.InteropServices;
using EvidenceVault.Pipeline.Intake;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EvidenceVault.Pipeline.Tests.Intake;

public sealed class LandingFolderTests : IDisposable
{
    private const string Drop = "OP-HERON/CAM-7/2026-03-01";
    private readonly Landing _landing = new();

    public void Dispose() => _landing.Dispose();

    [Fact]
    public async Task A_file_waits_for_the_quiet_period_and_is_then_ready_with_case_and_camera_of_its_folders()
    {
        _landing.Put($"{Drop}/DCIM/clip.mp4");

        DropSighting first = await _landing.ScanOneAsync();
        Assert.Empty(first.Ready);
        Assert.Equal(1, first.StillArriving);

        _landing.Time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(1, (await _landing.ScanOneAsync()).StillArriving);

        _landing.Time.Advance(TimeSpan.FromSeconds(0.1));
        DropSighting atRest = await _landing.ScanOneAsync();
        Assert.Equal((Drop, "OP-HERON", "CAM-7", 0), (atRest.Name, atRest.Case, atRest.Camera, atRest.StillArriving));
        DropFile file = Assert.Single(atRest.Ready);
        Assert.Equal(($"{Drop}/DCIM/clip.mp4", "DCIM/clip.mp4", 7L), (file.Path, file.RelativePath, file.Version.Bytes));
        Assert.Equal("footage", await _landing.ReadAsync(file));
        Assert.Equal(file.Version, await _landing.Source.VersionAsync(file, default));
        Assert.Empty(atRest.Problems);
    }

    [Fact]
    public async Task A_file_that_grows_starts_its_quiet_period_again()
    {
        string path = _landing.Put($"{Drop}/clip.mp4");
        await _landing.ScanAsync();
        _landing.Time.Advance(TimeSpan.FromSeconds(8));
        await File.AppendAllTextAsync(path, "more", TestContext.Current.CancellationToken);
        await _landing.ScanAsync();
        _landing.Time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(1, (await _landing.ScanOneAsync()).StillArriving);
        _landing.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Single((await _landing.ScanOneAsync()).Ready);
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(2107)]
    public async Task A_camera_with_a_wrong_clock_neither_hastens_nor_holds_up_its_files(int year)
    {
        File.SetLastWriteTimeUtc(_landing.Put($"{Drop}/clip.mp4"), new DateTime(year, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(1, (await _landing.ScanOneAsync()).StillArriving);
        Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
    }

    [Fact]
    public async Task A_done_marker_brings_everything_to_rest_at_once_but_for_a_file_that_changes_after_it()
    {
        string growing = _landing.Put($"{Drop}/a.mp4");
        _landing.Put($"{Drop}/b.mp4");
        _landing.Put($"{Drop}/.done", "");
        Assert.Equal(["a.mp4", "b.mp4"], (await _landing.ScanOneAsync()).Ready.Select(f => f.RelativePath).Order());

        await File.AppendAllTextAsync(growing, "more", TestContext.Current.CancellationToken);
        DropSighting after = await _landing.ScanOneAsync();
        Assert.Equal(["b.mp4"], after.Ready.Select(f => f.RelativePath));
        Assert.Equal(1, after.StillArriving);
    }

    [Fact]
    public async Task A_complete_manifest_brings_its_files_to_rest_at_once_and_gives_case_camera_and_expectations()
    {
        _landing.Put($"{Drop}/one.mp4", "first");
        _landing.Put($"{Drop}/sub/two.mp4", "second");
        _landing.Put($"{Drop}/drop.json", Landing.ManifestJson("OP-GULL", "CAM-9", ("one.mp4", "first"), ("sub/two.mp4", "second")));

        DropSighting drop = await _landing.ScanOneAsync();

        Assert.Equal(("OP-GULL", "CAM-9", 0), (drop.Case, drop.Camera, drop.StillArriving));
        Assert.Equal(["one.mp4", "sub/two.mp4"], drop.Ready.Select(f => f.RelativePath).Order());
        Assert.All(drop.Ready, f => Assert.Equal(f.RelativePath, f.Expected?.Name));
        Assert.Equal(Landing.Sha256(File.ReadAllText(_landing.At($"{Drop}/drop.json"))), drop.ManifestSha256);
        Assert.Empty(drop.Problems);
        Assert.Empty(drop.Missing);
    }

    [Fact]
    public async Task An_incomplete_manifest_is_waited_for_and_then_its_missing_file_is_told_and_the_rest_taken()
    {
        _landing.Put($"{Drop}/here.mp4", "here");
        _landing.Put($"{Drop}/short.mp4", "sho");
        _landing.PutManifest(Drop, ("here.mp4", "here"), ("short.mp4", "short"), ("gone.mp4", "gone"));

        Assert.Equal(3, (await _landing.ScanOneAsync()).StillArriving);

        DropSighting quiet = await _landing.ScanAfterAsync(10);
        Assert.Equal(["here.mp4"], quiet.Ready.Select(f => f.RelativePath));
        Assert.Equal(2, quiet.StillArriving); // the short one, and the one that has not come
        Assert.Empty(quiet.Missing);

        DropSighting late = await _landing.ScanAfterAsync(50);
        Assert.Equal(["here.mp4", "short.mp4"], late.Ready.Select(f => f.RelativePath).Order());
        Assert.Equal(["gone.mp4"], late.Missing.Select(f => f.Name));
        Assert.Equal(0, late.StillArriving);
        Assert.Equal([("size-mismatch", "short.mp4")], late.Problems.Select(p => (p.Kind, p.RelativePath)));
    }

    [Fact]
    public async Task The_last_file_to_arrive_completes_the_manifest()
    {
        _landing.PutManifest(Drop, ("a.mp4", "a"), ("b.mp4", "bb"));
        _landing.Put($"{Drop}/a.mp4", "a");
        Assert.Empty((await _landing.ScanOneAsync()).Ready);
        _landing.Put($"{Drop}/b.mp4", "bb");
        Assert.Equal(2, (await _landing.ScanOneAsync()).Ready.Count);
    }

    [Fact]
    public async Task A_file_the_manifest_does_not_name_is_taken_after_its_quiet_period_and_told_as_extra()
    {
        _landing.PutManifest(Drop, ("a.mp4", "a"));
        _landing.Put($"{Drop}/a.mp4", "a");
        _landing.Put($"{Drop}/surprise.mp4");

        DropSighting first = await _landing.ScanOneAsync();
        Assert.Equal((1, 1), (first.Ready.Count, first.StillArriving));

        DropSighting later = await _landing.ScanAfterAsync(10);
        Assert.Equal(["a.mp4", "surprise.mp4"], later.Ready.Select(f => f.RelativePath).Order());
        Assert.Equal([("extra", "surprise.mp4")], later.Problems.Select(p => (p.Kind, p.RelativePath)));
    }

    [Fact]
    public async Task A_name_that_differs_only_in_case_or_Unicode_form_is_still_the_manifests_file()
    {
        _landing.Put($"{Drop}/cafe\u0301.MP4", "footage"); // as a Mac writes it
        _landing.PutManifest(Drop, ("café.mp4", "footage"));
        DropFile file = Assert.Single((await _landing.ScanOneAsync()).Ready);
        Assert.Equal(("cafe\u0301.MP4", "café.mp4"), (file.RelativePath, file.Expected?.Name));
    }

    [Fact]
    public async Task A_half_written_manifest_holds_the_drop_until_it_is_whole()
    {
        string whole = Landing.ManifestJson("OP-GULL", "CAM-9", ("a.mp4", "a"));
        _landing.Put($"{Drop}/a.mp4", "a");
        _landing.Put($"{Drop}/drop.json", whole[..40]);
        DropSighting half = await _landing.ScanOneAsync();
        Assert.Equal((0, 2), (half.Ready.Count, half.StillArriving));
        Assert.Empty(half.Problems);

        _landing.Put($"{Drop}/drop.json", whole);
        DropSighting now = await _landing.ScanOneAsync();
        Assert.Equal("OP-GULL", now.Case);
        Assert.Single(now.Ready);
    }

    public static TheoryData<string, string> BadManifests => new()
    {
        { "no json at all", "manifest-not-json" },
        { "", "manifest-not-json" },
        { "{\"version\":\"evidencevault/drop/1\",\"case\":\"A\",\"case\":\"B\",\"camera\":\"C\",\"files\":[]}", "manifest-not-json" },
        { Landing.ManifestJson("OP-HERON", "CAM-7", ("../../etc/passwd", "x")), "manifest-names-outside" },
        { Landing.ManifestJson("OP-HERON", "CAM-7", ("/etc/passwd", "x")), "manifest-names-outside" },
        { Landing.ManifestJson("OP-HERON", "CAM-7", ("a.mp4", "x"), ("A.MP4", "x")), "manifest-names-twice" },
        { new string('[', 100_000), "manifest-not-json" },
    };

    [Theory, MemberData(nameof(BadManifests))]
    public async Task A_bad_manifest_is_told_and_the_files_are_taken_by_the_layout(string manifest, string kind)
    {
        _landing.Put($"{Drop}/a.mp4", "a");
        _landing.Put($"{Drop}/drop.json", manifest);

        DropSighting drop = await _landing.ScanAfterAsync(10);

        Assert.Equal(("OP-HERON", "CAM-7"), (drop.Case, drop.Camera));
        Assert.Equal(["a.mp4"], drop.Ready.Select(f => f.RelativePath));
        Assert.Null(drop.Manifest);
        Assert.Equal(kind, Assert.Single(drop.Problems).Kind);
    }

    [Fact]
    public async Task A_manifest_too_large_to_hold_is_not_read_and_the_files_are_taken_by_the_layout()
    {
        _landing.Put($"{Drop}/a.mp4", "a");
        // All hole: it takes no disk, but who reads it sits over it for minutes, or fails.
        await using (FileStream big = File.Create(_landing.At($"{Drop}/drop.json"))) big.SetLength(100L << 30);

        DropSighting drop = await _landing.ScanAfterAsync(10);

        Assert.Equal(["a.mp4"], drop.Ready.Select(f => f.RelativePath));
        Assert.Equal("manifest-too-large", Assert.Single(drop.Problems).Kind);
    }

    [Fact]
    public async Task Hostile_names_are_taken_as_they_are()
    {
        string[] names =
        [
            "two\nlines.mp4", "bell\a.mp4", "🚤🌊.mp4", new string('n', 251) + ".mp4", "-rf", "..\\..\\windows.mp4", "%2e%2e%2f.mp4", " ", "...",
            "\u202egnp.mp4", ".hidden.mp4", "a'b\"c$(reboot).mp4", "empty.mp4",
        ];
        foreach (string name in names) _landing.Put($"{Drop}/{name}", name == "empty.mp4" ? "" : name);

        DropSighting drop = await _landing.ScanAfterAsync(10);

        Assert.Equal(names.Order(StringComparer.Ordinal), drop.Ready.Select(f => f.RelativePath).Order(StringComparer.Ordinal));
        Assert.Empty(drop.Problems);
        foreach (DropFile file in drop.Ready) Assert.Equal(file.RelativePath == "empty.mp4" ? "" : file.RelativePath, await _landing.ReadAsync(file));
    }

    [Fact]
    public async Task A_name_that_is_not_UTF_8_is_told_and_left()
    {
        _landing.Put($"{Drop}/good.mp4");
        Sh($"touch \"$(printf '{_landing.At(Drop)}/bad\\377.mp4')\"");
        DropSighting drop = await _landing.ScanAfterAsync(10);
        Assert.Equal(["good.mp4"], drop.Ready.Select(f => f.RelativePath));
        DropProblem problem = Assert.Single(drop.Problems);
        Assert.Equal(("bad-name", "bad\ufffd.mp4"), (problem.Kind, problem.RelativePath));

        Sh($"cd '{_landing.At(Drop)}' && mv \"$(printf 'bad\\377.mp4')\" renamed.mp4");
        Assert.Equal(["good.mp4", "renamed.mp4"], (await _landing.ScanAfterAsync(10)).Ready.Select(f => f.RelativePath).Order());
    }

    [Fact]
    public async Task Links_pipes_and_sockets_are_told_and_never_opened_while_hard_links_are_files()
    {
        Directory.CreateDirectory(_landing.Outside("secret"));
        File.WriteAllText(_landing.Outside("secret/key"), "secret");
        string good = _landing.Put($"{Drop}/good.mp4");
        File.CreateSymbolicLink(_landing.At($"{Drop}/file-link.mp4"), _landing.Outside("secret/key"));
        File.CreateSymbolicLink(_landing.At($"{Drop}/broken-link"), _landing.Outside("nothing"));
        Directory.CreateSymbolicLink(_landing.At($"{Drop}/folder-link"), _landing.Outside("secret"));
        Directory.CreateSymbolicLink(_landing.At($"{Drop}/loop"), _landing.At(Drop));
        Sh($"mkfifo '{_landing.At(Drop)}/pipe'; ln '{good}' '{_landing.At(Drop)}/hard.mp4'");
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, default);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_landing.At($"{Drop}/socket")));

        DropSighting drop = await _landing.ScanAfterAsync(10);

        Assert.Equal(["good.mp4", "hard.mp4"], drop.Ready.Select(f => f.RelativePath).Order());
        Assert.Equal(
            [("link-not-followed", "broken-link"), ("link-not-followed", "file-link.mp4"), ("link-not-followed", "folder-link"), ("link-not-followed", "loop"), ("not-a-file", "pipe"), ("not-a-file", "socket")],
            drop.Problems.Select(p => (p.Kind, p.RelativePath)).OrderBy(p => p.RelativePath, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    [InlineData("drop")]
    [InlineData("case")]
    public async Task A_file_or_folder_swapped_for_a_link_after_the_look_opens_nothing_outside(string swapped)
    {
        File.WriteAllText(_landing.Outside("secret"), "secret");
        _landing.Put($"{Drop}/sub/clip.mp4", "inside");
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
        string victim = swapped switch { "file" => $"{Drop}/sub/clip.mp4", "folder" => $"{Drop}/sub", "drop" => Drop, _ => "OP-HERON" };
        if (swapped == "file")
        {
            File.Move(_landing.At(victim), _landing.Outside("moved"));
            File.CreateSymbolicLink(_landing.At(victim), _landing.Outside("moved"));
        }
        else
        {
            Directory.Move(_landing.At(victim), _landing.Outside("moved"));
            Directory.CreateSymbolicLink(_landing.At(victim), _landing.Outside("moved"));
        }

        var refused = await Assert.ThrowsAsync<DropFileException>(() => _landing.Source.OpenAsync(file, default));

        Assert.Equal("vanished", refused.Kind);
        Assert.Null(await _landing.Source.VersionAsync(file, default));
        await Assert.ThrowsAsync<DropFileException>(() => _landing.Source.MoveAsideAsync(file, default));
    }

    [Fact]
    public async Task A_file_swapped_for_a_pipe_after_the_look_does_not_hang_the_reader()
    {
        string path = _landing.Put($"{Drop}/clip.mp4");
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
        File.Delete(path);
        Sh($"mkfifo '{path}'");
        var refused = await Assert.ThrowsAsync<DropFileException>(() => _landing.Source.OpenAsync(file, default).WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal("vanished", refused.Kind);
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("OP-HERON/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("OP-HERON//clip.mp4")]
    [InlineData("OP-HERON/clip\0.mp4")]
    public async Task A_recorded_path_that_leads_out_of_the_root_is_refused(string path)
    {
        var file = new DropFile(path, "x", new(1, "1"), null);
        await Assert.ThrowsAsync<ArgumentException>(() => _landing.Source.OpenAsync(file, default));
        await Assert.ThrowsAsync<ArgumentException>(() => _landing.Source.VersionAsync(file, default));
        await Assert.ThrowsAsync<ArgumentException>(() => _landing.Source.MoveAsideAsync(file, default));
    }

    [Fact]
    public async Task A_file_that_vanished_between_look_and_opening_is_told_as_vanished()
    {
        string path = _landing.Put($"{Drop}/clip.mp4");
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
        File.Delete(path);
        Assert.Equal("vanished", (await Assert.ThrowsAsync<DropFileException>(() => _landing.Source.OpenAsync(file, default))).Kind);
        Assert.Null(await _landing.Source.VersionAsync(file, default));
    }

    [Fact]
    public async Task A_file_that_changed_between_look_and_opening_is_told_as_changed_and_comes_to_rest_anew()
    {
        string path = _landing.Put($"{Drop}/clip.mp4");
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
        await File.AppendAllTextAsync(path, "more", TestContext.Current.CancellationToken);
        Assert.Equal("changed", (await Assert.ThrowsAsync<DropFileException>(() => _landing.Source.OpenAsync(file, default))).Kind);
        Assert.Equal("footagemore", await _landing.ReadAsync(Assert.Single((await _landing.ScanAfterAsync(10)).Ready)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_grows_or_shrinks_while_it_is_read_is_told_as_changed(bool grows)
    {
        string path = _landing.Put($"{Drop}/clip.mp4", new byte[300_000]);
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
        await using Stream stream = await _landing.Source.OpenAsync(file, default);
        Assert.Equal(1000, await stream.ReadAsync(new byte[1000], TestContext.Current.CancellationToken));
        await using (FileStream writer = File.OpenWrite(path)) writer.SetLength(grows ? 400_000 : 200_000);

        var changed = await Assert.ThrowsAsync<DropFileException>(() => stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));

        Assert.Equal("changed", changed.Kind);
        Assert.NotEqual(file.Version, await _landing.Source.VersionAsync(file, default));
    }

    [Fact]
    public async Task A_file_rewritten_with_the_same_length_while_it_is_read_shows_in_its_version()
    {
        string path = _landing.Put($"{Drop}/clip.mp4", "before");
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
        await Task.Delay(20, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(path, "after!", TestContext.Current.CancellationToken);
        Assert.NotEqual(file.Version, await _landing.Source.VersionAsync(file, default));
    }

    [Fact]
    public async Task Unreadable_files_and_folders_are_told_and_taken_once_they_can_be_read()
    {
        _landing.Put($"{Drop}/good.mp4");
        File.SetUnixFileMode(_landing.Put($"{Drop}/locked.mp4"), UnixFileMode.None);
        _landing.Put($"{Drop}/shut/clip.mp4");
        File.SetUnixFileMode(_landing.At($"{Drop}/shut"), UnixFileMode.None);
        File.SetUnixFileMode(_landing.Root, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Path.GetDirectoryName(_landing.Root)!, (UnixFileMode)0b111_101_101);

        DropSighting drop = await AsNobodyAsync(() => _landing.ScanAfterAsync(10));

        Assert.Equal(["good.mp4"], drop.Ready.Select(f => f.RelativePath));
        Assert.Equal([("unreadable", "locked.mp4"), ("unreadable", "shut")], drop.Problems.Select(p => (p.Kind, p.RelativePath)).Order());

        var locked = new DropFile($"{Drop}/locked.mp4", "locked.mp4", new(7, "0"), null);
        var refused = await AsNobodyAsync(() => Assert.ThrowsAsync<DropFileException>(() => _landing.Source.OpenAsync(locked, default)));
        Assert.Equal("unreadable", refused.Kind);

        File.SetUnixFileMode(_landing.At($"{Drop}/locked.mp4"), (UnixFileMode)0b110_100_100);
        File.SetUnixFileMode(_landing.At($"{Drop}/shut"), (UnixFileMode)0b111_101_101);
        DropSighting mended = await AsNobodyAsync(() => _landing.ScanAfterAsync(10));
        Assert.Equal(3, mended.Ready.Count);
        Assert.Empty(mended.Problems);
    }

    [Fact]
    public async Task Temporary_names_wait_and_are_told_when_nobody_writes_them_any_more_unless_the_manifest_names_them()
    {
        string[] temporary = ["clip.mp4.part", "x.tmp", "y.filepart", "z~", ".clip.mp4.Ab3dE9"];
        foreach (string name in temporary) _landing.Put($"{Drop}/{name}");
        Assert.Equal(5, (await _landing.ScanOneAsync()).StillArriving);
        DropSighting drop = await _landing.ScanAfterAsync(10);
        Assert.Empty(drop.Ready);
        Assert.Equal(temporary.Order(), drop.Problems.Where(p => p.Kind == "temporary-name").Select(p => p.RelativePath).Order());

        _landing.PutManifest(Drop, ("x.tmp", "footage"));
        Assert.Equal(["x.tmp"], (await _landing.ScanOneAsync()).Ready.Select(f => f.RelativePath));
    }

    [Theory]
    [InlineData("OP HERON/CAM-7/d", "OP HERON")]
    [InlineData("OP-HERON/CAM;7/d", "CAM;7")]
    [InlineData("lost+found/x/y", "lost+found")]
    public async Task A_bad_case_or_camera_folder_is_told_with_what_to_do_and_nothing_of_it_taken(string folder, string named)
    {
        _landing.Put($"{folder}/clip.mp4");
        DropSighting drop = await _landing.ScanAfterAsync(10);
        Assert.Empty(drop.Ready);
        Assert.Equal(("", ""), (drop.Case, drop.Camera));
        DropProblem problem = Assert.Single(drop.Problems);
        Assert.Equal("bad-name", problem.Kind);
        Assert.Contains($"'{named}'", problem.Sentence);
        Assert.Contains("Rename the folder", problem.Sentence);

        _landing.PutManifest(folder, ("clip.mp4", "footage"));
        Assert.Single((await _landing.ScanOneAsync()).Ready);
    }

    [Fact]
    public async Task A_drop_folder_may_have_any_name()
    {
        _landing.Put("OP-HERON/CAM-7/card 1 (Tuesday)/clip.mp4");
        Assert.Equal("OP-HERON/CAM-7/card 1 (Tuesday)", (await _landing.ScanAfterAsync(10)).Name);
    }

    [Theory]
    [InlineData("card-1")]
    [InlineData("tuesday/card-1")]
    public async Task A_folder_above_the_third_level_is_a_drop_when_it_has_a_manifest(string folder)
    {
        _landing.Put($"{folder}/DCIM/100/a/b/clip.mp4", "footage");
        _landing.Put($"{folder}/drop.json", Landing.ManifestJson("OP-GULL", "CAM-9", ("DCIM/100/a/b/clip.mp4", "footage")));
        DropSighting drop = await _landing.ScanOneAsync();
        Assert.Equal((folder, "OP-GULL", "CAM-9"), (drop.Name, drop.Case, drop.Camera));
        Assert.Equal("DCIM/100/a/b/clip.mp4", Assert.Single(drop.Ready).RelativePath);
    }

    [Fact]
    public async Task A_folder_above_the_third_level_with_a_bad_manifest_is_told_and_left()
    {
        _landing.Put("card-1/clip.mp4");
        _landing.Put("card-1/drop.json", "{");
        DropSighting drop = await _landing.ScanAfterAsync(10);
        Assert.Empty(drop.Ready);
        Assert.Equal(["manifest-not-json", "not-placed"], drop.Problems.Select(p => p.Kind).Order());
    }

    [Fact]
    public async Task Files_that_lie_in_no_drop_are_told_and_left()
    {
        _landing.Put("clip.mp4");
        _landing.Put("OP-HERON/clip.mp4");
        _landing.Put("OP-HERON/CAM-7/clip.mp4");
        DropSighting strays = await _landing.ScanAfterAsync(10);
        Assert.Equal(("", 0), (strays.Name, strays.Ready.Count));
        Assert.Equal(["OP-HERON/CAM-7/clip.mp4", "OP-HERON/clip.mp4", "clip.mp4"],
            strays.Problems.Where(p => p.Kind == "misplaced").Select(p => p.RelativePath).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Folders_nested_deeper_than_the_limit_are_told_and_not_gone_into()
    {
        string deep = string.Join('/', Enumerable.Repeat("d", 32));
        _landing.Put($"{Drop}/{deep}/clip.mp4");
        _landing.Put($"{Drop}/{deep}/d/clip.mp4");
        DropSighting drop = await _landing.ScanAfterAsync(10);
        Assert.Equal([$"{deep}/clip.mp4"], drop.Ready.Select(f => f.RelativePath));
        Assert.Equal(("too-deep", $"{deep}/d"), (drop.Problems.Single().Kind, drop.Problems.Single().RelativePath));
    }

    [Fact]
    public async Task A_hundred_thousand_files_are_looked_over_in_seconds()
    {
        Directory.CreateDirectory(_landing.At(Drop));
        for (int i = 0; i < 100_000; i++) File.Create(_landing.At($"{Drop}/{i}.jpg")).Dispose();
        await _landing.ScanAsync();
        _landing.Time.Advance(TimeSpan.FromSeconds(10));
        var watch = Stopwatch.StartNew();
        Assert.Equal(100_000, (await _landing.ScanOneAsync()).Ready.Count);
        TestContext.Current.TestOutputHelper?.WriteLine($"one look over 100,000 files: {watch.Elapsed.TotalSeconds:0.00} s");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}"); // 11 s were measured on two cores at a load of 42
    }

    [Fact]
    public async Task Drops_come_in_the_order_in_which_they_were_first_seen()
    {
        _landing.Put("OP-HERON/CAM-7/z/clip.mp4");
        await _landing.ScanAsync();
        _landing.Time.Advance(TimeSpan.FromSeconds(1));
        _landing.Put("OP-HERON/CAM-7/a/clip.mp4");
        Assert.Equal(["OP-HERON/CAM-7/z", "OP-HERON/CAM-7/a"], (await _landing.ScanAsync()).Select(d => d.Name));
    }

    [Fact]
    public async Task A_landing_folder_that_is_not_there_is_out_of_reach_and_is_found_when_it_comes()
    {
        using var source = new LandingFolder(_landing.Outside("later"), new(), _landing.Time, NullLogger<LandingFolder>.Instance);
        var unreachable = await Assert.ThrowsAsync<Words.UnreachableException>(() => source.ScanAsync(default));
        Assert.Contains("later", unreachable.What);
        Directory.CreateDirectory(_landing.Outside("later"));
        Assert.Empty(await source.ScanAsync(default));
    }

    [Fact]
    public async Task Taken_files_move_below_taken_and_the_manifest_does_not_miss_them()
    {
        _landing.Put($"{Drop}/sub/a.mp4", "a");
        _landing.Put($"{Drop}/b.mp4", "b");
        _landing.PutManifest(Drop, ("sub/a.mp4", "a"), ("b.mp4", "b"));
        DropSighting drop = await _landing.ScanOneAsync();

        await _landing.Source.MoveAsideAsync(drop.Ready.Single(f => f.RelativePath == "sub/a.mp4"), default);

        Assert.Equal("a", File.ReadAllText(_landing.At($".taken/{Drop}/sub/a.mp4")));
        DropSighting after = await _landing.ScanOneAsync();
        Assert.Equal(["b.mp4"], after.Ready.Select(f => f.RelativePath));
        Assert.Equal((0, 0), (after.StillArriving, after.Missing.Count));

        await _landing.Source.MoveAsideAsync(after.Ready.Single(), default);
        await _landing.Source.MoveAsideAsync(after.Ready.Single(), default); // as after a crash
        Assert.Empty(await _landing.ScanAsync());
    }

    [Fact]
    public async Task Moving_aside_never_overwrites_and_refuses_a_file_that_changed()
    {
        _landing.Put($".taken/{Drop}/{new string('n', 255)}", "earlier");
        string path = _landing.Put($"{Drop}/{new string('n', 255)}", "later");
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);

        await File.AppendAllTextAsync(path, "!", TestContext.Current.CancellationToken);
        Assert.Equal("changed", (await Assert.ThrowsAsync<DropFileException>(() => _landing.Source.MoveAsideAsync(file, default))).Kind);
        Assert.True(File.Exists(path));

        await _landing.Source.MoveAsideAsync(Assert.Single((await _landing.ScanAfterAsync(10)).Ready), default);
        Assert.False(File.Exists(path));
        Assert.Equal("earlier", File.ReadAllText(_landing.At($".taken/{Drop}/{new string('n', 255)}")));
        Assert.Equal("later!", File.ReadAllText(_landing.At($".taken/{Drop}/{new string('n', 250)}~2")));
    }

    [Fact]
    public async Task Moving_aside_does_not_go_through_a_link()
    {
        Directory.CreateDirectory(_landing.Outside("elsewhere"));
        Directory.CreateSymbolicLink(_landing.At(".taken"), _landing.Outside("elsewhere"));
        string path = _landing.Put($"{Drop}/clip.mp4");
        DropFile file = Assert.Single((await _landing.ScanAfterAsync(10)).Ready);
        await Assert.ThrowsAsync<Words.UnreachableException>(() => _landing.Source.MoveAsideAsync(file, default));
        Assert.True(File.Exists(path));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_landing.Outside("elsewhere")));
    }

    [Fact]
    public async Task Scanning_and_reading_leave_the_source_as_it_was()
    {
        _landing.Put($"{Drop}/clip.mp4");
        _landing.PutManifest(Drop, ("clip.mp4", "footage"));
        string before = Sh($"cd '{_landing.Root}' && find . -printf '%p %m %s %T@ %i\\n' | sort");
        await _landing.ReadAsync(Assert.Single((await _landing.ScanAfterAsync(10)).Ready));
        Assert.Equal(before, Sh($"cd '{_landing.Root}' && find . -printf '%p %m %s %T@ %i\\n' | sort"));
    }

    [Fact]
    public async Task A_new_file_rings_long_before_the_polling_interval()
    {
        using var source = new LandingFolder(_landing.Root, new() { PollingInterval = TimeSpan.FromHours(1) }, TimeProvider.System, NullLogger<LandingFolder>.Instance);
        Task change = source.WaitForChangeAsync(TestContext.Current.CancellationToken);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.False(change.IsCompleted);
        _landing.Put($"{Drop}/clip.mp4");
        await change.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Without_any_change_the_polling_interval_rings_also_where_the_folder_is_not_there()
    {
        using var source = new LandingFolder(_landing.Outside("later"), new(), _landing.Time, NullLogger<LandingFolder>.Instance);
        Task change = source.WaitForChangeAsync(TestContext.Current.CancellationToken);
        _landing.Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(change.IsCompleted);
        _landing.Time.Advance(TimeSpan.FromSeconds(0.2));
        await change.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        Task change = _landing.Source.WaitForChangeAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => change);
    }

    [Fact]
    public void Several_landing_folders_can_be_registered()
    {
        using ServiceProvider services = new ServiceCollection().AddLogging()
            .AddLandingFolder(_landing.Root).AddLandingFolder(_landing.Outside("other")).BuildServiceProvider();
        Assert.Equal([$"folder:{_landing.Root}", $"folder:{_landing.Outside("other")}"], services.GetServices<IDropSource>().Select(s => s.Id));
    }

    private static string Sh(string command)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardOutput = true })!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        return output;
    }

    /// <summary>Runs on a thread of its own whose file system rights are nobody's: root may read everything.
    /// A landing folder does its file system calls on the calling thread, so all of them are made as nobody.</summary>
    private static async Task<T> AsNobodyAsync<T>(Func<Task<T>> action)
    {
        if (geteuid() != 0) return await action();
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously); // the test goes on as itself
        var thread = new Thread(() =>
        {
            _ = setfsuid(65534); // Linux: of this thread only; drops the rights to pass by permissions as well (capabilities(7))
            try { result.SetResult(action().GetAwaiter().GetResult()); }
            catch (Exception e) { result.SetException(e); }
        });
        thread.Start();
        return await result.Task;
    }

    [DllImport("libc")] private static extern uint geteuid();

    [DllImport("libc")] private static extern int setfsuid(uint id);
}
