using System.Diagnostics;
using System.Text.Json;
using Azure.Storage.Blobs;
using EvidenceVault.Testing;

namespace EvidenceVault.EndToEnd;

/// <summary>A trail camera's stills, by the worker as it ships: each an exhibit of its own, and together a series in which somebody is found.</summary>
public sealed class StillSeriesTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string Card = "OP-HERON/CAM-1/night", Folder = Card + "/DCIM/100TRAIL";
    private static readonly DateTime Noon = new(2026, 3, 14, 12, 0, 0);

    /// <summary>A still of a yard with some grain, in which somebody may stand.</summary>
    private static async Task ShootAsync(Programs programs, string folder, string name, DateTime taken, int seed, int? mover = null)
    {
        string path = Path.Combine(programs.Drops, folder, name), drawn = Path.Combine(programs.Folder, "drawn.jpg");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string boxes = string.Concat(Enumerable.Range(0, 12).Select(i => $"drawbox=x={i * 97 % 560}:y={i * 61 % 400}:w={30 + (i % 4 * 12)}:h={24 + (i % 3 * 14)}:color=0x{40 + (i * 9):x2}{60 + (i * 7):x2}{50 + i:x2}:t=fill,"));
        string somebody = mover is { } x ? $"drawbox=x={x}:y=200:w=70:h=160:color=0xd6cfd2:t=fill," : "";
        Ran ran = await programs.RunAsync("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", $"color=c=0x5a6e46:size=640x480,{boxes}{somebody}noise=alls=6:all_seed={seed + 1}", "-frames:v", "1", "-q:v", "3", "-update", "1", drawn);
        Assert.True(ran.Code == 0, ran.Error);
        await File.WriteAllBytesAsync(path, ExifStill.Dated(await File.ReadAllBytesAsync(drawn), taken, "+01:00"));
    }

    /// <summary>Five bursts of three, ten minutes apart, of which the third has somebody; and one still in the camera's next folder.</summary>
    private static async Task ShootCardAsync(Programs programs)
    {
        for (int burst = 0; burst < 5; burst++)
            for (int shot = 0; shot < 3; shot++)
                await ShootAsync(programs, Folder, $"IMG_{8 + (burst * 3) + shot}.JPG", Noon.AddMinutes(10 * burst).AddSeconds(shot), (burst * 3) + shot, burst == 2 ? 80 + (shot * 190) : null);
        await ShootAsync(programs, Card + "/DCIM/101TRAIL", "IMG_1.JPG", Noon.AddHours(2), 99);
        await File.WriteAllTextAsync(Path.Combine(programs.Drops, Card, ".done"), "");
    }

    private static async Task<JsonElement[]> ListAsync(Programs programs, bool series) =>
        [.. (await programs.MustRunAsync("list", "--json")).Json.EnumerateArray().Where(e => e.GetProperty("role").GetString() == (series ? "still-series" : null))];

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    [Fact]
    public async Task A_series_is_looked_at_by_the_settings_of_its_deployment()
    {
        using var programs = new Programs(azurite.ConnectionString);
        await ShootCardAsync(programs);
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(programs.Vault, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName, "deployments.json"),
            """{ "deployments": [{ "case": "OP-HERON", "camera": "CAM-1", "ignore": [[40, 160, 600, 240]] }] }""");
        Ran worker = await programs.WorkerAsync();
        Assert.True(worker.Code == 0, worker.Out + worker.Error);

        // The other test finds somebody here; this deployment has the place left out.
        string series = Text(Assert.Single(await ListAsync(programs, series: true)), "exhibit");
        JsonElement shown = (await programs.MustRunAsync("show", series, "--json")).Json;
        Assert.Equal("analysed", Text(shown, "state"));
        Assert.Empty(shown.GetProperty("segments").EnumerateArray());
        Assert.Contains("the same byte for byte", (await programs.MustRunAsync("reproduce", series)).Out);
    }

    [Fact]
    public async Task The_stills_of_a_drop_are_looked_at_as_a_series_that_is_sealed_recorded_shown_reproduced_and_disclosed()
    {
        using var programs = new Programs(azurite.ConnectionString);
        await ShootCardAsync(programs);
        Ran worker = await programs.WorkerAsync();
        Assert.True(worker.Code == 0, worker.Out + worker.Error);

        // Each still is what it was without a series.
        JsonElement[] stills = await ListAsync(programs, series: false);
        Assert.Equal(16, stills.Length);
        Assert.All(stills, s => Assert.Equal(("analysed", 1), (Text(s, "state"), s.GetProperty("keyframes").GetInt32())));

        // The series: fifteen stills in the order of the counter, one event, in the third burst.
        JsonElement listed = Assert.Single(await ListAsync(programs, series: true));
        string series = Text(listed, "exhibit");
        JsonElement shown = (await programs.MustRunAsync("show", series, "--json")).Json;
        string[] members = [.. shown.GetProperty("stills").EnumerateArray().Select(s => s.GetString()!)];
        var names = new Dictionary<string, string>();
        foreach (JsonElement still in stills) names[Text(still, "exhibit")] = Text((await programs.MustRunAsync("show", Text(still, "exhibit"), "--json")).Json, "originalName");
        Assert.Equal(Enumerable.Range(8, 15).Select(n => $"DCIM/100TRAIL/IMG_{n}.JPG"), members.Select(m => names[m]));
        Assert.Equal(("analysed", members[0]), (Text(shown, "state"), Text(shown, "parent")));
        JsonElement found = Assert.Single(shown.GetProperty("segments").EnumerateArray());
        Assert.Equal((1200.0, 1202.0), (found.GetProperty("start").GetDouble(), found.GetProperty("end").GetDouble()));
        JsonElement[] pictures = [.. shown.GetProperty("derivatives").EnumerateArray()];
        Assert.Single(pictures, p => Text(p, "role") == "contact-sheet");
        JsonElement closest = Assert.Single(pictures, p => Text(p, "file") == "segment-001-closest.jpg");
        string text = (await programs.MustRunAsync("show", series)).Out;
        Assert.Contains("Events, in time since the first still", text);
        Assert.Contains("20:00.000", text);
        Assert.Contains($"Looked at in  {series}", string.Join('\n', (await programs.MustRunAsync("show", members[7])).Out.Split('\n').Select(l => l.TrimEnd())), StringComparison.Ordinal);

        // Seals: the list names each still with its hash, a picture the still that it is.
        await programs.MustRunAsync("seal", Text(closest, "exhibit"), "-o", "seal");
        using (JsonDocument seal = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(programs.Folder, "seal/manifest.json"))))
        {
            Assert.Equal((series, Text(listed, "sha256")), (Text(seal.RootElement, "parent"), Text(seal.RootElement, "parentSha256")));
            Assert.Contains(seal.RootElement.GetProperty("settings").GetProperty("still").GetString(), members[6..9]);
        }
        await programs.MustRunAsync("retrieve", series, "-o", "series.json", "--reason", "To read it");
        using (JsonDocument list = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(programs.Folder, "series.json"))))
        {
            Assert.Equal(members.Select(m => (m, Text(stills.Single(s => Text(s, "exhibit") == m), "sha256"))), list.RootElement.GetProperty("stills").EnumerateArray().Select(s => (Text(s, "exhibit"), Text(s, "sha256"))));
        }

        // The record: the analysis, and for each still that it was looked at.
        JsonElement[] entries = [.. (await programs.MustRunAsync("log", "show", "--json")).Json.EnumerateArray()];
        Assert.Equal(members.Order(), entries.Where(e => Text(e, "action") == "in-series").Select(e => Text(e, "exhibit")).Order());
        JsonElement analysed = Assert.Single(entries, e => Text(e, "action") == "analysed" && e.GetProperty("exhibit").GetString() == series);
        Assert.Equal((15, 1), (analysed.GetProperty("detail").GetProperty("frames").GetInt32(), analysed.GetProperty("detail").GetProperty("segments").GetInt32()));

        Assert.Contains("the same byte for byte", (await programs.MustRunAsync("reproduce", series)).Out);
        Assert.Contains($"evidencevault reproduce {series}", (await programs.MustRunAsync("reproduce", members[7])).Out);
        Assert.Equal(2, (await programs.EvidenceVaultAsync("clip", series, "--from", "0", "--to", "1", "--reason", "A clip of stills")).Code);

        await programs.MustRunAsync(["export", .. members, "--with-derivatives", "-o", "bundle", "--reason", "Served on the defence"]);
        Ran verified = await programs.MustRunAsync("verify", "bundle", "--json");
        Assert.True(verified.Json.GetProperty("holds").GetBoolean());
        Assert.Contains(verified.Json.GetProperty("findings").EnumerateArray(), f => Text(f, "claim") == "derivation" && f.GetProperty("subject").GetString() == Text(closest, "exhibit") && Text(f, "verdict") == "holds");

        // Run again there is nothing to do; what comes later makes a series of its own, with what was left alone, folder by folder.
        long size = (await programs.MustRunAsync("log", "checkpoint", "--json")).Json.GetProperty("size").GetInt64();
        Assert.Equal(0, (await programs.WorkerAsync()).Code);
        Assert.Equal(size + 2, (await programs.MustRunAsync("log", "checkpoint", "--json")).Json.GetProperty("size").GetInt64());
        await ShootAsync(programs, Card + "/DCIM/101TRAIL", "IMG_2.JPG", Noon.AddHours(2).AddSeconds(1), 100, 200);
        await ShootAsync(programs, Folder, "IMG_23.JPG", Noon.AddHours(1), 101);
        Assert.Equal(0, (await programs.WorkerAsync()).Code);
        JsonElement[] both = await ListAsync(programs, series: true);
        Assert.Equal(2, both.Length);
        string later = Text(both.Single(s => Text(s, "exhibit") != series), "exhibit");
        Assert.Equal(["DCIM/101TRAIL/IMG_1.JPG", "DCIM/101TRAIL/IMG_2.JPG"], await NamesAsync((await programs.MustRunAsync("show", later, "--json")).Json.GetProperty("stills")));
        await programs.MustRunAsync("log", "fsck");

        async Task<string[]> NamesAsync(JsonElement of)
        {
            var read = new List<string>();
            foreach (JsonElement still in of.EnumerateArray()) read.Add(Text((await programs.MustRunAsync("show", still.GetString()!, "--json")).Json, "originalName"));
            return [.. read];
        }
    }

    [Fact]
    public async Task Killed_between_any_two_steps_and_run_again_the_series_is_the_one_that_an_undisturbed_run_makes()
    {
        using Programs undisturbed = new(azurite.ConnectionString), killed = new(azurite.ConnectionString);
        await ShootCardAsync(undisturbed);
        await ShootCardAsync(killed);
        Assert.Equal(0, (await undisturbed.WorkerAsync()).Code);

        // In the middle of the single analyses; then in the middle of the series, a little later each time, until it is recorded.
        Assert.True(await KillAtAsync(killed, "analysed: ", 0));
        int hit = 0;
        for (int wait = 0; (await ListAsync(killed, series: true)).Length == 0; wait += 140)
        {
            Assert.DoesNotContain((await killed.MustRunAsync("log", "show", "--json")).Json.EnumerateArray(), e => Text(e, "action") == "in-series");
            hit += await KillAtAsync(killed, "still-series.json  fetching", wait) ? 1 : 0;
        }
        Assert.True(hit >= 3, $"killed {hit} times");
        Ran last = await killed.WorkerAsync();
        Assert.True(last.Code == 0, last.Out + last.Error);

        Assert.Equal(await MadeAsync(undisturbed), await MadeAsync(killed));
        await killed.MustRunAsync("log", "fsck");
        await killed.MustRunAsync(["export", Text((await ListAsync(killed, series: true))[0], "exhibit"), "--with-derivatives", "-o", "bundle", "--reason", "To check it"]);
        await killed.MustRunAsync("verify", "bundle");
    }

    [Fact]
    public async Task A_still_that_the_store_does_not_give_back_stops_neither_the_worker_nor_the_record_of_the_series()
    {
        using var programs = new Programs(azurite.ConnectionString);
        await ShootAsync(programs, Folder, "IMG_1.JPG", Noon, 1);
        await File.WriteAllTextAsync(Path.Combine(programs.Drops, Card, ".done"), "");
        Assert.Equal(0, (await programs.WorkerAsync()).Code);
        Assert.Empty(await ListAsync(programs, series: true));
        string origin = (await File.ReadAllTextAsync(Path.Combine(programs.Vault, "log.vkey"))).Split('+')[0], address = Text(Assert.Single(await ListAsync(programs, series: false)), "address");
        BlobClient blob = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("evidence").GetBlobClient($"{origin}/{address}");
        Assert.True(await blob.ExistsAsync());
        await blob.UploadAsync(new BinaryData("other bytes"), overwrite: true);

        await ShootAsync(programs, Folder, "IMG_2.JPG", Noon.AddSeconds(1), 2);
        Ran worker = await programs.WorkerAsync();
        Assert.True(worker.Code == 0, worker.Out + worker.Error);
        JsonElement series = Assert.Single(await ListAsync(programs, series: true));
        Assert.Equal("not-analysed", Text(series, "state"));
        Assert.Contains("The stills have no analysis as a series", Text(series, "problem"));
        Assert.Equal(2, (await programs.MustRunAsync("show", Text(series, "exhibit"), "--json")).Json.GetProperty("stills").GetArrayLength());
        await programs.MustRunAsync("log", "fsck");
    }

    /// <summary>What was made of the stills, as sealed: series, members, pictures, hashes.</summary>
    private static async Task<string[]> MadeAsync(Programs programs)
    {
        var made = new List<string>();
        foreach (JsonElement line in (await programs.MustRunAsync("list", "--json")).Json.EnumerateArray())
        {
            JsonElement shown = (await programs.MustRunAsync("show", Text(line, "exhibit"), "--json")).Json;
            made.Add($"{Text(shown, "exhibit")} {Text(shown, "state")} {Text(shown, "sha256")} {string.Join(' ', shown.GetProperty("stills").EnumerateArray())} {shown.GetProperty("series")}");
            made.AddRange(shown.GetProperty("derivatives").EnumerateArray().Select(d => $"{Text(d, "exhibit")} {Text(d, "role")} {Text(d, "sha256")}"));
        }
        return [.. made];
    }

    /// <summary>Runs the worker and kills it (SIGKILL) a while after it has said something; false where it ended by itself.</summary>
    private static async Task<bool> KillAtAsync(Programs programs, string line, int wait)
    {
        using Process worker = programs.StartWorker();
        string? said;
        while ((said = await worker.StandardOutput.ReadLineAsync()) is not null && !said.Contains(line, StringComparison.Ordinal)) { }
        if (said is not null) await Task.Delay(wait);
        if (worker.HasExited) return false;
        worker.Kill();
        await worker.WaitForExitAsync();
        return said is not null;
    }
}
