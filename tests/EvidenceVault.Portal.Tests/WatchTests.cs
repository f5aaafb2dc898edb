using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Watching;
using EvidenceVault.Proof;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>Player, timeline, cutting and notes in a real Chromium, over footage that was really analysed.</summary>
public class WatchTests(PortalBench bench) : BrowserTest(bench)
{
    // The page's policy forbids what WaitForFunctionAsync does in it.
    private static async Task UntilAsync(IPage page, string holds)
    {
        for (var clock = Stopwatch.StartNew(); !await page.EvaluateAsync<bool>($"!!({holds})"); await page.WaitForTimeoutAsync(50))
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "Not within a minute: " + holds);
    }

    // Waits until the picture that was asked for is there, and gives the time that the browser says it has.
    private static async Task<double> ShownAsync(IPage page)
    {
        await UntilAsync(page, "!document.querySelector('video').seeking && document.querySelector('video').readyState >= 2 && document.getElementById('player').dataset.shown !== undefined");
        await page.WaitForTimeoutAsync(400);
        return double.Parse((await page.Locator("#player").GetAttributeAsync("data-shown"))!, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task The_original_plays_seeks_and_steps_frame_by_frame_and_both_clocks_go_with_it()
    {
        await WatchedFootage.ClockedAsync(Bench);
        IPage page = await OpenAsync();
        await SignInAsync(page, "officer");
        await page.GotoAsync("/exhibits/WC/1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Watch it" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Watch exhibit WC/1" }).WaitForAsync();
        await page.GetByText("This is the original, byte for byte as it was sealed").WaitForAsync();

        var clock = Stopwatch.StartNew();
        await page.GetByRole(AriaRole.Button, new() { Name = "Play", Exact = true }).ClickAsync();
        await UntilAsync(page, "document.querySelector('video').currentTime > 0.5");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true }).ClickAsync();
        Assert.Equal(480, await page.EvaluateAsync<int>("document.querySelector('video').videoWidth"));

        // The frames' own times, from the packet index.
        string frames = (await page.Locator("#player").GetAttributeAsync("data-frames"))!;
        double[] times = JsonSerializer.Deserialize<double[]>(await page.EvaluateAsync<string>("async address => JSON.stringify(await (await fetch(address)).json())", frames + "?at=0"))!;
        Assert.Equal(times.Order(), times);
        await page.EvaluateAsync("document.querySelector('video').currentTime = 5.01");
        double at = await ShownAsync(page);
        int place = Array.FindLastIndex(times, t => t <= at + 0.001);
        Assert.Equal(times[place], at, 0.005);
        await page.GetByRole(AriaRole.Button, new() { Name = "Frame forward" }).ClickAsync();
        Assert.Equal(times[place + 1], await ShownAsync(page), 0.005);
        await page.GetByRole(AriaRole.Button, new() { Name = "Frame forward" }).PressAsync(".");
        Assert.Equal(times[place + 2], await ShownAsync(page), 0.005);
        await page.GetByRole(AriaRole.Button, new() { Name = "Frame back" }).ClickAsync();
        Assert.Equal(times[place + 1], await ShownAsync(page), 0.005);

        // The camera was 90 seconds slow.
        double shown = await ShownAsync(page);
        DateTimeOffset camera = WatchedFootage.Stated.AddSeconds(shown);
        Assert.StartsWith(camera.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), await page.Locator("#clock-camera").InnerTextAsync());
        string corrected = await page.Locator("#clock-corrected").InnerTextAsync();
        Assert.StartsWith(camera.AddSeconds(90).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), corrected);
        Assert.EndsWith("± 0.5 s", corrected);
        await page.GetByLabel("Speed").SelectOptionAsync("8");
        Assert.Equal(8, await page.EvaluateAsync<double>("document.querySelector('video').playbackRate"));
        await LookAsync(page, "watch");
        NothingToComplainOf();
    }

    [Fact]
    public async Task Motion_is_reached_by_keyboard_and_the_storyboard_shows_where_one_scrubs()
    {
        await WatchedFootage.ClockedAsync(Bench);
        SegmentRow first = Bench.Vault.Exhibits.Segments(ExhibitReference.Parse("WC/1"))[0];
        IPage page = await OpenAsync();
        await SignInAsync(page, "reviewer");
        await page.GotoAsync("/watch/WC/1");
        await UntilAsync(page, "document.querySelector('video').readyState >= 1");
        for (int i = 0; i < 60 && !await page.EvaluateAsync<bool>("!!document.activeElement.closest('.ev-bar')"); i++) await page.Keyboard.PressAsync("Tab");
        Assert.StartsWith("Motion 1, from", await page.EvaluateAsync<string>("document.activeElement.getAttribute('aria-label')"));
        await page.Keyboard.PressAsync("Enter");
        await UntilAsync(page, FormattableString.Invariant($"Math.abs(document.querySelector('video').currentTime - {first.Start}) < 0.05"));
        Assert.EndsWith("/watch/WC/1", page.Url);

        await page.Locator("#position").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await UntilAsync(page, "!document.getElementById('preview').hidden && document.getElementById('player').dataset.preview");
        Assert.True(await page.EvaluateAsync<bool>("(() => { const c = document.getElementById('preview'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 < 3 && v > 0); })()"));
        Assert.True(await page.EvaluateAsync<double>("document.querySelector('video').currentTime") > first.Start + 0.5);
        NothingToComplainOf();
    }

    [Fact]
    public async Task What_no_browser_plays_is_said_so_and_its_viewing_copy_is_made_shown_and_labelled()
    {
        await WatchedFootage.ForeignAsync(Bench, "WD/1");
        IPage page = await OpenAsync();
        await SignInAsync(page, "officer");
        await page.GotoAsync("/watch/WD/1");
        await page.GetByText("There is nothing here that a browser can play").WaitForAsync();
        await LookAsync(page, "watch-nothing");
        await page.GetByRole(AriaRole.Button, new() { Name = "Have a viewing copy made" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make viewing copy" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "viewing-copy-with-errors");
        await page.GetByLabel("Why do you need it?").FillAsync("To look at it at all");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make viewing copy" }).ClickAsync();
        await page.GetByText("It is done").WaitForAsync();
        await LookAsync(page, "work-done");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go to what was made" }).ClickAsync();
        await page.GetByText("It was re-encoded and is not the evidence").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Play", Exact = true }).ClickAsync();
        await UntilAsync(page, "document.querySelector('video').currentTime > 0.3");
        await LookAsync(page, "watch-copy");
        ExhibitRow copy = Bench.Vault.Exhibits.Derivatives(ExhibitReference.Parse("WD/1")).Single(d => d is { Role: "viewing-copy", Segment: null });
        Assert.Contains(Bench.Entries(60), e => e.Action == "viewed" && e.Exhibit == copy.Reference && (string?)e.Detail!["of"] == "WD/1");

        // Where somebody wants the original all the same, the page says what came of it.
        await page.GotoAsync("/watch/WD/1?show=original");
        await page.GetByText("This browser cannot play the file").WaitForAsync();
        await LookAsync(page, "watch-cannot-play");
    }

    [Fact]
    public async Task From_the_timeline_one_comes_to_the_player_cuts_a_clip_and_retrieves_it_and_it_proves_itself()
    {
        await WatchedFootage.ClockedAsync(Bench);
        IPage page = await OpenAsync();
        await SignInAsync(page, "officer");
        await page.GotoAsync("/cases/OP-HERON");
        await page.GetByRole(AriaRole.Link, new() { Name = "Timeline of all cameras" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Timeline of OP-HERON" }).WaitForAsync();
        await TheNightAsync(page);
        await LookAsync(page, "timeline");

        // Zoomed in twice and moved to the beginning, only the first is left.
        await page.GetByRole(AriaRole.Region, new() { Name = "Timeline." }).FocusAsync();
        await page.Keyboard.PressAsync("+");
        await page.WaitForURLAsync("**/timeline?from=*");
        await page.GetByText("0 recordings from").WaitForAsync();
        await LookAsync(page, "timeline-empty");
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.GetByText("1 recording from").WaitForAsync();
        Assert.Equal("WC/1", (await page.Locator("#timeline tbody th a").InnerTextAsync()).Trim());
        // Corrected by ninety seconds.
        await page.GetByRole(AriaRole.Cell, new() { Name = WatchedFootage.Stated.AddSeconds(90).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) }).First.WaitForAsync();
        await page.GetByText("+90 s ± 0.5 s").WaitForAsync();
        Assert.True(await page.Locator("svg .ev-timeline__motion").CountAsync() > 0);
        await page.Locator("#timeline tbody td a").First.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Watch exhibit WC/1" }).WaitForAsync();
        await UntilAsync(page, "document.querySelector('video').readyState >= 2 && document.querySelector('video').currentTime > 0");

        // From here, and for two seconds.
        await page.GetByRole(AriaRole.Button, new() { Name = "Set to here as the start" }).ClickAsync();
        await page.EvaluateAsync("document.querySelector('video').currentTime += 2");
        await ShownAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set to here as the end" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "See what you would get" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "What you would get" }).WaitForAsync();
        await LookAsync(page, "cut");
        string[] foreseen = [.. await page.Locator("#bounds tbody tr").Nth(1).Locator("td").AllInnerTextsAsync()];
        await page.GetByRole(AriaRole.Button, new() { Name = "Cut and seal the clip" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "cut-with-errors");
        await page.GetByLabel("Why do you need the clip?").FillAsync("The lorry, for the interview");
        await page.GetByLabel("Your password again").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cut and seal the clip" }).ClickAsync();
        await page.GetByText("It is done").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go to what was made" }).ClickAsync();

        string reference = Regex.Match(page.Url, "exhibits/(WC/1/[0-9]+)$").Groups[1].Value;
        ExhibitRow clip = Bench.Vault.Exhibits.Find(ExhibitReference.Parse(reference))!;
        KeptClip kept = KeptClip.Read(clip)!;
        // What was foreseen is what was got.
        Assert.Equal(kept.GotStart, SecondsOf(foreseen[0]), 0.002);
        Assert.Equal(kept.GotEnd, SecondsOf(foreseen[1]), 0.002);
        await page.GetByRole(AriaRole.Button, new() { Name = "Watch it" }).ClickAsync();
        await page.GetByText("This is the clip as it was sealed").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Play", Exact = true }).ClickAsync();
        await UntilAsync(page, "document.querySelector('video').currentTime > 0.3");
        await LookAsync(page, "watch-clip");

        await page.GotoAsync("/retrieve/" + reference);
        await page.GetByLabel("Why do you need it?").FillAsync("The lorry, for the interview");
        await page.GetByLabel("Your password again").FillAsync(PortalBench.Password);
        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Retrieve" }).ClickAsync());
        string retrieved = await download.PathAsync();
        Assert.Equal(clip.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(retrieved))));

        // A check as anybody would do it, with Proof alone: the seal is of these bytes, and each frame of the clip is the Master's.
        await HoldsAsync(clip, retrieved);
        NothingToComplainOf();
    }

    // The window of the drop with a clock, asked for by the form: other tests deliver to this case too.
    private static async Task TheNightAsync(IPage page)
    {
        DateTimeOffset begins = WatchedFootage.Stated.AddSeconds(90);
        await page.GetByLabel("From (UTC)").FillAsync(begins.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        await page.GetByLabel("To (UTC)").FillAsync(begins.AddHours(1).AddSeconds(20).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        await page.GetByRole(AriaRole.Button, new() { Name = "Show", Exact = true }).ClickAsync();
        await page.GetByText("2 recordings from").WaitForAsync();
    }

    private static double SecondsOf(string shown) => PtsText.TryRead(shown, out double seconds) ? seconds : throw new FormatException(shown);

    private async Task HoldsAsync(ExhibitRow clip, string retrieved)
    {
        ExhibitRow proof = Bench.Vault.Exhibits.Derivatives(ExhibitReference.Parse(clip.Reference)).Single(d => d.Role == PacketProof.Role);
        using var bytes = new MemoryStream();
        await using (Stream stored = await Bench.Store.OpenReadAsync(ContentAddress.Parse(proof.Address!), CancellationToken.None)) await stored.CopyToAsync(bytes);
        var given = new SealedFile { Seal = clip.Seal!, Signature = clip.SealCms!, CaPem = await File.ReadAllTextAsync(Bench.Vault.CaFile), PacketProof = bytes.ToArray() };
        await using FileStream file = File.OpenRead(retrieved);
        Assert.All(SealedFileCheck.Run(file, file.Length, given, DateTimeOffset.UtcNow).Findings, f => Assert.True(f.Holds, f.Sentence));
        IReadOnlyList<Finding> ofClip = await SealedFileCheck.ClipAsync(() => File.OpenRead(retrieved), given, null, CancellationToken.None);
        Assert.NotEmpty(ofClip);
        Assert.All(ofClip, f => Assert.True(f.Holds, f.Sentence));
        Assert.True(PacketProof.TryParse(given.PacketProof, out PacketProof? parsed, out string problem), problem);
        Assert.Equal(Bench.Vault.Exhibits.Find(ExhibitReference.Parse(clip.Parent!))!.Sha256, parsed.MasterSha256);
    }

    [Fact]
    public async Task Without_scripts_one_zooms_watches_from_a_time_and_cuts_a_clip()
    {
        await WatchedFootage.ClockedAsync(Bench);
        IPage page = await OpenAsync(scripts: false);
        await SignInAsync(page, "reviewer");
        await page.GotoAsync("/cases/OP-HERON/timeline");
        await TheNightAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Zoom in" }).ClickAsync();
        await page.GetByText("0 recordings from").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Later" }).ClickAsync();
        await page.GetByText("1 recording from").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "WC/2", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Go to 1" }).ClickAsync();
        await page.WaitForURLAsync("**/watch/WC/2?t=*");
        SegmentRow first = Bench.Vault.Exhibits.Segments(ExhibitReference.Parse("WC/2"))[0];
        Assert.Contains($"#t={first.Start.ToString("0.######", CultureInfo.InvariantCulture)}", await page.Locator("video").GetAttributeAsync("src"));
        Assert.True(await page.Locator("video").EvaluateAsync<bool>("v => v.controls"));
        await page.GetByLabel("To", new() { Exact = true }).FillAsync(Plain.Pts(first.Start + 1));
        await page.GetByRole(AriaRole.Button, new() { Name = "See what you would get" }).ClickAsync();
        await page.GetByLabel("Why do you need the clip?").FillAsync("Continuity check");
        await page.GetByLabel("Your password again").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cut and seal the clip" }).ClickAsync();
        for (var clock = Stopwatch.StartNew(); !await page.GetByText("It is done").IsVisibleAsync(); await page.WaitForTimeoutAsync(500))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3) && page.Url.Contains("/works/", StringComparison.Ordinal) && await page.GetByText("%").CountAsync() > 0, page.Url + ": " + await page.Locator("main").InnerTextAsync());
            await page.GetByRole(AriaRole.Link, new() { Name = "See how it stands now" }).ClickAsync(new() { Timeout = 5000 });
        }
        await page.GetByRole(AriaRole.Button, new() { Name = "Go to what was made" }).ClickAsync();
        await page.GetByText("Clip: the Master’s own frames").First.WaitForAsync();
    }

    [Fact]
    public async Task Bounds_that_are_none_of_the_footage_are_told_beside_the_fields()
    {
        await WatchedFootage.ClockedAsync(Bench);
        IPage page = await OpenAsync();
        await SignInAsync(page, "officer");
        foreach (var (from, to, told) in ((string, string, string)[])[("5", "3", "The end must be later than the start"), ("x", "3", "Enter where the clip should start"), ("500", "600", "The footage has nothing between these times")])
        {
            await page.GotoAsync($"/cut/WC/1?from={from}&to={to}");
            await page.GetByRole(AriaRole.Link, new() { Name = told }).WaitForAsync();
        }
        await LookAsync(page, "cut-outside");
        NothingToComplainOf();
    }

    [Fact]
    public async Task A_note_is_kept_with_all_its_versions_and_each_is_an_entry_that_commits_to_its_text()
    {
        await WatchedFootage.ClockedAsync(Bench);
        const string Hostile = "<img src=x onerror=alert(1)> white van, plate unreadable";
        IPage page = await OpenAsync();
        await SignInAsync(page, "officer");
        await page.GotoAsync("/watch/WC/2");
        await page.GetByRole(AriaRole.Link, new() { Name = "Write a note" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Write note" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "note-with-errors");
        await page.GetByLabel("Note").FillAsync(Hostile);
        await page.GetByLabel("Time within the footage").FillAsync("0:04.5");
        await page.GetByRole(AriaRole.Button, new() { Name = "Write note" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Exhibit WC/2", Exact = true }).WaitForAsync();
        await page.GetByText(Hostile).WaitForAsync();
        EntryShown entry = Bench.Entries().Last(e => e.Action == "noted");
        Assert.Equal(("WC/2", "officer", Hostile, 1, 4.5), (entry.Exhibit, entry.Actor, (string?)entry.Personal["text"], (long)entry.Detail!["version"]!, (double)entry.Detail["pts"]!));
        Assert.DoesNotContain("van", entry.Detail.ToJsonString(), StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Link, new() { Name = "Change or see versions of note" }).ClickAsync();
        await page.GetByLabel("Note").FillAsync("White van, plate ends in 7");
        await page.GetByRole(AriaRole.Button, new() { Name = "Write new version" }).ClickAsync();
        await page.GetByText("version 2").First.WaitForAsync();
        await page.GetByText("White van, plate ends in 7").WaitForAsync();
        Assert.Equal(0, await page.GetByText(Hostile).CountAsync());
        await page.GetByRole(AriaRole.Link, new() { Name = "Change or see versions of note" }).ClickAsync();
        await page.GetByText(Hostile).WaitForAsync();
        await LookAsync(page, "note-versions");

        // It is on the player's page, and leads to its time; whoever brought the footage in does not see it.
        await page.GotoAsync("/watch/WC/2");
        await UntilAsync(page, "document.querySelector('video').readyState >= 1");
        await page.GetByRole(AriaRole.Link, new() { Name = "At 0:04.500" }).ClickAsync();
        await UntilAsync(page, "Math.abs(document.querySelector('video').currentTime - 4.5) < 0.1");
        await LookAsync(page, "watch-with-note");
        using HttpClient technician = await Bench.SignedInAsync("technician"), reviewer = await Bench.SignedInAsync("reviewer");
        Assert.DoesNotContain("White van", await technician.GetStringAsync("/exhibits/WC/2"), StringComparison.Ordinal);
        Assert.Contains("White van", await reviewer.GetStringAsync("/exhibits/WC/2"), StringComparison.Ordinal);
        Assert.DoesNotContain("Write new version", await reviewer.GetStringAsync("/notes/WC/2?number=1"), StringComparison.Ordinal);
        NothingToComplainOf();
    }

    [Fact]
    public async Task What_has_no_known_time_stands_apart_from_the_timeline_with_why()
    {
        await WatchedFootage.ForeignAsync(Bench, "WD/1");
        using HttpClient officer = await Bench.SignedInAsync("officer");
        string html = await officer.GetStringAsync("/cases/OP-HERON/timeline");
        string apart = html[html.IndexOf("Not on the timeline", StringComparison.Ordinal)..];
        Assert.Contains("/watch/WD/1", apart, StringComparison.Ordinal);
        Assert.Contains("The file does not state when it was recorded", apart, StringComparison.Ordinal);
        EntryShown entry = Bench.Entries()[^1];
        Assert.Equal(("viewed", "OP-HERON", "timeline"), (entry.Action, entry.Case, (string?)entry.Detail!["what"]));
    }
}
