using System.Net;
using System.Text.RegularExpressions;
using EvidenceVault.Testing;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>The help: that it can be read by anybody, and that it tells of the portal as it is.</summary>
public partial class HelpTests(PortalBench bench) : BrowserTest(bench)
{
    private static readonly string[] Pages = ["/help", "/help/technician", "/help/case-officer", "/help/reviewer", "/help/auditor", "/help/administrator"];

    // As the accounts of the bench are called, in the order of their pages.
    private static readonly (string Account, string Page)[] Roles = [("technician", "/help/technician"), ("officer", "/help/case-officer"), ("reviewer", "/help/reviewer"), ("auditor", "/help/auditor"), ("administrator", "/help/administrator")];

    private static readonly string Sources = Path.Combine(Root.Folder, "src", "EvidenceVault.Portal");

    [Fact]
    public async Task Each_page_of_help_is_read_before_anybody_has_signed_in_and_its_pictures_are_seen()
    {
        IPage page = await OpenAsync();
        foreach (string address in Pages)
        {
            await page.GotoAsync(address);
            await page.GetByRole(AriaRole.Heading, new() { Level = 1 }).WaitForAsync();
            // Pictures are loaded as one comes to them.
            int pictures = await page.Locator("main img").CountAsync();
            Assert.InRange(pictures, address == "/help" ? 0 : 2, 4);
            for (int i = 0; i < pictures; i++) await page.Locator("main img").Nth(i).ScrollIntoViewIfNeededAsync();
            await page.WaitForFunctionAsync("[...document.images].every(i => i.complete && i.naturalWidth > 0)");
            // The page keeps their place before they are there, and tells in words what is seen in them.
            Assert.True(await page.EvaluateAsync<bool>("[...document.images].every(i => i.width > 0 && i.naturalWidth === +i.getAttribute('width') && i.naturalHeight === +i.getAttribute('height') && i.alt.length > 30)"), address);
            await LookAsync(page, address[1..].Replace('/', '-'));
        }
        NothingToComplainOf();
    }

    [Fact]
    public async Task Without_scripts_somebody_who_has_signed_in_comes_to_the_page_of_their_role_and_to_all_that_it_leads_to()
    {
        foreach (var (account, address) in Roles)
        {
            IPage page = await OpenAsync(scripts: false);
            await SignInAsync(page, account);
            await page.GetByRole(AriaRole.Contentinfo).GetByRole(AriaRole.Link).First.ClickAsync();
            Assert.Equal(address, new Uri(page.Url).AbsolutePath);
            // Pictures that wait until one comes to them need a script to be waited for: here they are asked for by their addresses.
            foreach (ILocator picture in await page.Locator("main img").AllAsync())
            {
                IAPIResponse answer = await page.APIRequest.GetAsync((await picture.GetAttributeAsync("src"))!);
                Assert.Equal("image/png", answer.Headers["content-type"]);
                Assert.Equal((byte[])[0x89, (byte)'P', (byte)'N', (byte)'G'], (await answer.BodyAsync())[..4]);
            }
            foreach (ILocator link in await page.Locator("main a").AllAsync())
            {
                string to = (await link.GetAttributeAsync("href"))!;
                Assert.Equal((int)HttpStatusCode.OK, (await page.APIRequest.GetAsync(to)).Status);
            }
        }
        NothingToComplainOf();
    }

    [Fact]
    public void What_the_help_quotes_of_the_portal_stands_in_a_page_of_it()
    {
        string pages = string.Join('\n', Directory.EnumerateFiles(Path.Combine(Sources, "Pages"), "*.cs*", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(Path.GetDirectoryName(f)) != "Help").Concat([Path.Combine(Sources, "Doors", "Trouble.cs")]).Select(File.ReadAllText));
        var quoted = Directory.EnumerateFiles(Path.Combine(Sources, "Pages", "Help"), "*.cshtml")
            .SelectMany(f => Quotation().Matches(File.ReadAllText(f)).Select(m => (Page: Path.GetFileName(f), Words: m.Groups[1].Value))).ToList();
        Assert.True(quoted.Count > 100, $"Only {quoted.Count} quotations were found.");
        // The whole of a heading, button, link or label, not some part of a sentence that happens to have the same words.
        string[] gone = [.. quoted.Where(q => !Regex.IsMatch(pages, "[>\"]\\s*" + Regex.Escape(q.Words) + "\\s*[<\"@(]")).Select(q => $"{q.Page} quotes: {q.Words}")];
        Assert.Empty(gone);
    }

    [Fact]
    public void Each_picture_is_small_and_is_on_a_page()
    {
        string help = string.Join('\n', Directory.EnumerateFiles(Path.Combine(Sources, "Pages", "Help"), "*.cshtml").Select(File.ReadAllText));
        FileInfo[] pictures = new DirectoryInfo(Path.Combine(Sources, "assets", "help")).GetFiles("*.png");
        Assert.Equal(PictureOf().Matches(help).Select(m => m.Groups[1].Value).Order(), pictures.Select(p => Path.GetFileNameWithoutExtension(p.Name)).Order());
        Assert.All(pictures, p => Assert.InRange(p.Length, 1, 40 * 1024));
        Assert.InRange(pictures.Sum(p => p.Length), 1, 600 * 1024);
    }

    [GeneratedRegex("<strong class=\"ev-quoted\">(.+?)</strong>")]
    private static partial Regex Quotation();

    [GeneratedRegex("new HelpPicture\\(\"([^\"]+)\"")]
    private static partial Regex PictureOf();
}
