using System.Security.Cryptography;
using EvidenceVault.Portal.Accounts;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>The pages in a real Chromium: whole journeys, by mouse and by keyboard, with scripts and without, each page in each state held to WCAG 2.2 A and AA by axe.</summary>
public class PagesTests(PortalBench bench) : BrowserTest(bench)
{
    [Fact]
    public async Task A_case_officer_finds_the_exhibit_sees_what_moved_and_retrieves_it_unchanged()
    {
        IPage page = await OpenAsync();
        await page.GotoAsync("/cases/OP-HERON");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Sign in", Exact = true }).WaitForAsync();
        await LookAsync(page, "sign-in");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "sign-in-with-errors");
        await page.GetByLabel("Account").FillAsync("officer");
        await page.GetByLabel("Password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();

        // Where one wanted to go in the first place.
        await page.GetByRole(AriaRole.Heading, new() { Name = "OP-HERON" }).WaitForAsync();
        await LookAsync(page, "case");
        Assert.Equal("OP-HERON – EvidenceVault", await page.TitleAsync());
        await page.GetByText(Path.GetFileName(PortalBench.HostileName.Replace("/", "_"))).WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "AB/1", Exact = true }).ClickAsync();

        await page.GetByRole(AriaRole.Heading, new() { Name = "Exhibit AB/1", Exact = true }).WaitForAsync();
        await page.GetByText(Convert.ToHexStringLower(SHA256.HashData(Bench.Master))).WaitForAsync();
        Assert.True(await page.Locator("img.ev-picture").CountAsync() >= 2);
        await page.WaitForFunctionAsync("[...document.images].every(i => i.complete && i.naturalWidth > 0)");
        await LookAsync(page, "exhibit");

        await page.GetByRole(AriaRole.Button, new() { Name = "Retrieve this exhibit" }).ClickAsync();
        await LookAsync(page, "retrieve");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retrieve" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "retrieve-with-errors");
        await page.GetByLabel("Why do you need it?").FillAsync("Viewing for charging decision");
        await page.GetByLabel("Your password again").FillAsync(PortalBench.Password);
        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Retrieve" }).ClickAsync());
        Assert.Null(await download.FailureAsync());
        Assert.Equal("AB-1.mp4", download.SuggestedFilename);
        Assert.Equal(Bench.Master, await File.ReadAllBytesAsync(await download.PathAsync()));

        await page.GotoAsync("/exhibits/AB/1");
        await page.GetByText("Viewing for charging decision").First.WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "AB/1/1", Exact = true }).First.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Exhibit AB/1/1", Exact = true }).WaitForAsync();
        await LookAsync(page, "derivative");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Sign in", Exact = true }).WaitForAsync();
        NothingToComplainOf();
    }

    [Fact]
    public async Task Every_other_page_in_every_state_keeps_the_rules()
    {
        IPage page = await OpenAsync();
        foreach (string name in (string[])["help", "accessibility", "nowhere"])
        {
            await page.GotoAsync("/" + name);
            await LookAsync(page, name);
        }
        await page.GotoAsync(await FirstUse.InviteAsync(Bench.App.Services, "newcomer"));
        await LookAsync(page, "set-password");
        await page.GetByLabel("New password").FillAsync("short");
        await page.GetByLabel("The same password again").FillAsync("short");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set password" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "set-password-with-errors");
        await page.GetByLabel("New password").FillAsync(PortalBench.Password);
        await page.GetByLabel("The same password again").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set password" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Your password is set" }).WaitForAsync();
        await LookAsync(page, "set-password-done");

        await SignInAsync(page, "newcomer");
        await LookAsync(page, "cases-of-nobody");
        await page.GotoAsync("/cases/OP-HERON");
        await page.GetByRole(AriaRole.Heading, new() { Name = "You cannot do this" }).WaitForAsync();
        await LookAsync(page, "refused");

        IPage administrator = await OpenAsync();
        await SignInAsync(administrator, "administrator");
        await LookAsync(administrator, "cases-of-administrator");
        await administrator.GetByRole(AriaRole.Link, new() { Name = "Accounts" }).ClickAsync();
        await LookAsync(administrator, "accounts");
        await administrator.GetByRole(AriaRole.Textbox, new() { Name = "Account" }).FillAsync("bad name <b>");
        await administrator.GetByRole(AriaRole.Button, new() { Name = "Make link" }).ClickAsync();
        await administrator.GetByText("There is a problem").WaitForAsync();
        await LookAsync(administrator, "accounts-with-errors");
        await administrator.GetByRole(AriaRole.Textbox, new() { Name = "Account" }).FillAsync("colleague");
        await administrator.GetByRole(AriaRole.Button, new() { Name = "Make link" }).ClickAsync();
        await administrator.GetByText("The link is ready").WaitForAsync();
        await LookAsync(administrator, "accounts-with-link");
        // The link leads to where the colleague chooses a password.
        IPage colleague = await OpenAsync();
        await colleague.GotoAsync((await administrator.Locator("#link").InnerTextAsync()).Trim());
        await colleague.GetByText("It is for the account colleague").WaitForAsync();

        await administrator.GetByRole(AriaRole.Link, new() { Name = "Cameras" }).ClickAsync();
        await administrator.GetByRole(AriaRole.Heading, new() { Name = "Cameras and drop sources" }).WaitForAsync();
        await LookAsync(administrator, "deployments");
        await administrator.GetByRole(AriaRole.Link, new() { Name = "Health" }).ClickAsync();
        await administrator.GetByText("What the vault stands on").WaitForAsync();
        await LookAsync(administrator, "health");

        IPage officer = await OpenAsync();
        await SignInAsync(officer, "officer");
        await LookAsync(officer, "cases");
        NothingToComplainOf();
    }

    [Fact]
    public async Task Without_scripts_the_whole_way_to_a_retrieved_exhibit_is_the_same()
    {
        IPage page = await OpenAsync(scripts: false);
        await SignInAsync(page, "reviewer");
        await page.GetByRole(AriaRole.Link, new() { Name = "OP-HERON" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "AB/1", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Retrieve this exhibit" }).ClickAsync();
        await page.GetByLabel("Why do you need it?").FillAsync("Continuity check");
        await page.GetByLabel("Your password again").FillAsync(PortalBench.Password);
        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Retrieve" }).ClickAsync());
        Assert.Equal(Bench.Master, await File.ReadAllBytesAsync(await download.PathAsync()));
        NothingToComplainOf();
    }

    [Fact]
    public async Task By_keyboard_alone_one_signs_in_finds_an_exhibit_and_asks_for_it()
    {
        IPage page = await OpenAsync();
        await page.GotoAsync("/sign-in");
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to main content", await page.EvaluateAsync<string>("document.activeElement.textContent"));
        await TabToAsync(page, "account");
        await page.Keyboard.TypeAsync("officer");
        await TabToAsync(page, "password");
        await page.Keyboard.TypeAsync(PortalBench.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Signed in as officer").WaitForAsync();
        foreach (string link in (string[])["OP-HERON", "AB/1", "Retrieve this exhibit"])
        {
            await TabToAsync(page, link);
            await page.Keyboard.PressAsync("Enter");
            await page.WaitForLoadStateAsync();
            await page.WaitForFunctionAsync("link => document.readyState === 'complete' && ![...document.activeElement.childNodes].some(n => n.textContent === link)", link);
        }
        await page.GetByRole(AriaRole.Heading, new() { Name = "Retrieve exhibit AB/1" }).WaitForAsync();
        NothingToComplainOf();
    }

    // Goes on with Tab until the field or link of this id or text has the focus, which must be seen.
    private static async Task TabToAsync(IPage page, string wanted)
    {
        for (int i = 0; i < 60; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (!await page.EvaluateAsync<bool>("wanted => document.activeElement.id === wanted || document.activeElement.textContent.trim() === wanted", wanted)) continue;
            Assert.True(await page.EvaluateAsync<bool>("(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' || s.boxShadow !== 'none'; })()"), $"{wanted} has the focus, and nothing shows it");
            return;
        }
        Assert.Fail($"Tab does not lead to {wanted}.");
    }
}
