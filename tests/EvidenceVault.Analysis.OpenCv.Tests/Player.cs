using System.Text.Json;
using Microsoft.Playwright;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>What became of a video in the browser.</summary>
/// <param name="Plays">True where a frame was shown, playing went on, and a jump to the middle showed another.</param>
/// <param name="Width">Width shown, pixels.</param>
/// <param name="Height">Height shown, pixels.</param>
/// <param name="Duration">Seconds, as the browser has it.</param>
/// <param name="Why">What the browser said where it does not play.</param>
internal sealed record Played(bool Plays, int Width, int Height, double Duration, string Why);

/// <summary>A real Chromium with the network off that plays files from disk, as an officer's does.</summary>
internal sealed class Player : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowserContext _context;
    private readonly string _profile;

    private Player(IPlaywright playwright, IBrowserContext context, string profile) => (_playwright, _context, _profile) = (playwright, context, profile);

    public static async Task<Player> OpenAsync()
    {
        string chromium = Environment.GetEnvironmentVariable("EVIDENCEVAULT_CHROMIUM") ?? "/usr/bin/chromium";
        Assert.True(File.Exists(chromium), $"Chromium is not at {chromium}: apt-get install chromium, or set EVIDENCEVAULT_CHROMIUM.");
        var playwright = await Playwright.CreateAsync();
        string profile = Directory.CreateTempSubdirectory("evidencevault-player-").FullName;
        var context = await playwright.Chromium.LaunchPersistentContextAsync(profile, new()
        {
            ExecutablePath = chromium,
            Headless = true,
            Offline = true,
            ViewportSize = new() { Width = 1100, Height = 900 },
            Args =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--autoplay-policy=no-user-gesture-required", "--mute-audio",
            ],
        });
        context.SetDefaultTimeout(300_000);
        return new(playwright, context, profile);
    }

    /// <summary>Plays a file in a page of its own, which lies beside it.</summary>
    public async Task<Played> PlayAsync(string file, string? screenshot = null)
    {
        string page = file + ".html";
        await File.WriteAllTextAsync(page, "<!doctype html><meta charset=utf-8><title>Clip</title><style>body{margin:0;background:#444}video{max-width:1000px}</style><video id=v muted></video>");
        var tab = await _context.NewPageAsync();
        try
        {
            await tab.GotoAsync(new Uri(page).AbsoluteUri);
            string said = await tab.EvaluateAsync<string>("""
                async name => {
                  const v = document.getElementById('v');
                  const within = (seconds, what, promise) => Promise.race([promise, new Promise((_, no) => setTimeout(() => no(new Error('no ' + what + ' in ' + seconds + ' s')), seconds * 1000))]);
                  const frame = () => new Promise(yes => v.requestVideoFrameCallback((_, of) => yes(of)));
                  const failed = new Promise((_, no) => v.addEventListener('error', () => no(new Error('error ' + v.error.code + ' ' + v.error.message))));
                  failed.catch(() => {});
                  let why = '', plays = false;
                  try {
                    const first = frame();
                    v.src = encodeURIComponent(name);
                    await within(60, 'frame', Promise.race([first, failed]));
                    await within(60, 'playing', Promise.race([v.play(), failed]));
                    await within(60, 'second frame', Promise.race([frame(), failed]));
                    v.pause();
                    const middle = v.duration / 2, jumped = frame();
                    v.currentTime = middle;
                    const shown = await within(60, 'frame after a jump', Promise.race([jumped, failed]));
                    plays = v.videoWidth > 0 && Math.abs(shown.mediaTime - middle) < 1.5;
                    if (!plays) why = 'a jump to ' + middle + ' s showed ' + shown.mediaTime + ' s';
                  } catch (e) { why = e.message; }
                  return JSON.stringify({ plays, width: v.videoWidth, height: v.videoHeight, duration: Number.isFinite(v.duration) ? v.duration : 0, why });
                }
                """, Path.GetFileName(file));
            if (screenshot is not null) await tab.ScreenshotAsync(new() { Path = screenshot });
            return JsonSerializer.Deserialize<Played>(said, JsonSerializerOptions.Web)!;
        }
        finally { await tab.CloseAsync(); }
    }

    public async Task ShowAsync(string page, string screenshot)
    {
        var tab = await _context.NewPageAsync();
        await tab.GotoAsync(new Uri(page).AbsoluteUri);
        await tab.WaitForFunctionAsync("() => [...document.querySelectorAll('video')].every(v => v.readyState >= 2 || v.error)");
        await tab.ScreenshotAsync(new() { Path = screenshot, FullPage = true });
        await tab.CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        _playwright.Dispose();
        Directory.Delete(_profile, recursive: true);
    }
}
