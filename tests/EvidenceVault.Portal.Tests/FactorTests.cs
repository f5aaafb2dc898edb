using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Accounts;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>Signing in with more than a password, and with a passkey in its place, in a real Chromium.</summary>
public class FactorTests(PortalBench bench) : BrowserTest(bench)
{
    private EntryShown NewestOf(string action) => Bench.Entries().Last(e => e.Action == action);

    private async Task<IPage> NewcomerAsync(string name)
    {
        IPage page = await OpenAsync();
        await page.GotoAsync(await FirstUse.InviteAsync(Bench.App.Services, name));
        await page.GetByLabel("New password").FillAsync(PortalBench.Password);
        await page.GetByLabel("The same password again").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set password" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Your password is set" }).WaitForAsync();
        return page;
    }

    // RFC 6238 with SHA-1, 30 seconds and six digits, which is what apps take for granted.
    private static string Code(string key, DateTimeOffset now)
    {
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648 section 6
        string bits = string.Concat(key.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant().Select(c => Convert.ToString(letters.IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        byte[] secret = [.. bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2))];
        byte[] step = BitConverter.GetBytes(now.ToUnixTimeSeconds() / 30);
        Array.Reverse(step);
#pragma warning disable CA5350 // it is what the standard names
        byte[] mac = HMACSHA1.HashData(secret, step);
#pragma warning restore CA5350
        int at = mac[^1] & 15;
        return ((((mac[at] & 0x7F) << 24) | (mac[at + 1] << 16) | (mac[at + 2] << 8) | mac[at + 3]) % 1_000_000).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Codes_of_an_app_are_set_up_asked_for_and_stood_in_for_once_by_a_recovery_code()
    {
        IPage page = await NewcomerAsync("coder");
        await SignInAsync(page, "coder");
        await page.GetByRole(AriaRole.Link, new() { Name = "coder" }).ClickAsync();
        await LookAsync(page, "account");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set up codes" }).ClickAsync();
        await page.GetByText("There is a problem").WaitForAsync();
        await LookAsync(page, "account-with-errors");
        await page.Locator("#password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set up codes" }).ClickAsync();
        string key = await page.Locator("#key").InnerTextAsync();
        await LookAsync(page, "account-set-up");
        await page.GetByLabel("Code").FillAsync("000000");
        await page.Locator("#password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for codes from now on" }).ClickAsync();
        await page.GetByText("The code is not right").First.WaitForAsync();
        await page.GetByLabel("Code").FillAsync(Code(key, DateTimeOffset.UtcNow));
        await page.Locator("#password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for codes from now on" }).ClickAsync();
        await page.GetByText("Codes are asked for from now on").WaitForAsync();
        await LookAsync(page, "account-recovery-codes");
        string recovery = await page.Locator("#recovery-codes li").First.InnerTextAsync();
        Assert.Equal("codes-on", (string?)NewestOf("account-event").Detail!["event"]);

        // The password alone lets nobody in any more.
        using HttpClient thief = Bench.Client();
        HttpResponseMessage half = await PortalBench.PostAsync(thief, "/sign-in", ("account", "coder"), ("password", PortalBench.Password));
        Assert.StartsWith("/sign-in/code", half.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await thief.GetAsync("/account")).StatusCode);
        Assert.Contains("The code is not right", await (await PortalBench.PostAsync(thief, "/sign-in/code", ("code", "123456"))).Content.ReadAsStringAsync());
        Assert.Equal(("refused", "coder", "wrong-code"), (NewestOf("signed-in").Outcome, NewestOf("signed-in").Actor, (string?)NewestOf("signed-in").Detail!["why"]));

        IPage other = await OpenAsync();
        await other.GotoAsync("/sign-in?to=/account");
        await other.GetByLabel("Account").FillAsync("coder");
        await other.GetByLabel("Password").FillAsync(PortalBench.Password);
        await other.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await LookAsync(other, "sign-in-code");
        await other.GetByLabel("Code").FillAsync(Code(key, DateTimeOffset.UtcNow));
        await other.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await other.GetByRole(AriaRole.Heading, new() { Name = "Your account" }).WaitForAsync();
        Assert.Equal("password-and-code", (string?)NewestOf("signed-in").Detail!["with"]);

        foreach (bool first in (bool[])[true, false])
        {
            using HttpClient client = Bench.Client();
            await PortalBench.PostAsync(client, "/sign-in", ("account", "coder"), ("password", PortalBench.Password));
            HttpResponseMessage answer = await PortalBench.PostAsync(client, "/sign-in/code", ("code", recovery));
            Assert.Equal(first ? HttpStatusCode.Redirect : HttpStatusCode.OK, answer.StatusCode);
        }

        await other.GetByText("Ask for no codes any more").ClickAsync();
        await other.Locator("#password").FillAsync(PortalBench.Password);
        await other.GetByRole(AriaRole.Button, new() { Name = "Ask for no codes" }).ClickAsync();
        await other.GetByRole(AriaRole.Button, new() { Name = "Set up codes" }).WaitForAsync();
        NothingToComplainOf();
    }

    [Fact]
    public async Task Whoever_lost_the_phone_and_the_recovery_codes_gets_in_by_a_link_with_which_the_administrator_took_the_codes_away()
    {
        using HttpClient owner = Bench.Client(), administrator = await Bench.SignedInAsync("administrator");
        await PortalBench.PostAsync(owner, await FirstUse.InviteAsync(Bench.App.Services, "loser"), ("password", PortalBench.Password), ("again", PortalBench.Password));
        await PortalBench.PostAsync(owner, "/sign-in", ("account", "loser"), ("password", PortalBench.Password));
        string page = await owner.GetStringAsync("/account");
        string token = System.Text.RegularExpressions.Regex.Match(page, "name=\"form\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value;
        page = await (await owner.PostAsync("/account/SetUp", new FormUrlEncodedContent([new("form", token), new("password", PortalBench.Password)]))).Content.ReadAsStringAsync();
        string key = System.Text.RegularExpressions.Regex.Match(page, "id=\"key\">([^<]+)<").Groups[1].Value;
        token = System.Text.RegularExpressions.Regex.Match(page, "name=\"form\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value;
        page = await (await owner.PostAsync("/account/TurnOn", new FormUrlEncodedContent([new("form", token), new("password", PortalBench.Password), new("code", Code(key, DateTimeOffset.UtcNow))]))).Content.ReadAsStringAsync();
        Assert.Contains("Codes are asked for from now on", page);

        // A new link alone does not take them away.
        await PortalBench.PostAsync(administrator, "/accounts", ("account", "loser"));
        using HttpClient again = Bench.Client();
        Assert.StartsWith("/sign-in/code", (await PortalBench.PostAsync(again, "/sign-in", ("account", "loser"), ("password", PortalBench.Password))).Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Contains("with a password and codes", await administrator.GetStringAsync("/accounts"));

        await PortalBench.PostAsync(administrator, "/accounts", ("account", "loser"), ("lost", "true"));
        EntryShown entry = Bench.Entries().Last(e => (string?)e.Detail?["event"] == "second-factors-taken-away");
        Assert.Equal(("administrator", "loser"), (entry.Actor, entry.Personal["account"]!.GetValue<string>()));
        Assert.Equal("/", (await PortalBench.PostAsync(again, "/sign-in", ("account", "loser"), ("password", PortalBench.Password))).Headers.Location!.ToString());
        // And whoever was signed in is so no more.
        Assert.Equal(HttpStatusCode.Redirect, (await owner.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task A_code_without_a_password_before_it_lets_nobody_in()
    {
        using HttpClient client = Bench.Client();
        Assert.Contains("The code is not right", await (await PortalBench.PostAsync(client, "/sign-in/code", ("code", "123456"))).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_passkey_lets_its_owner_in_without_a_password_and_counts_as_the_password_given_again()
    {
        IPage page = await NewcomerAsync("keyholder");
        // A passkey belongs to a name, and 127.0.0.1 is none (WebAuthn level 3 section 5.1.2, relying party identifiers).
        string local = $"http://localhost:{Bench.Address.Port}";
        AlsoOurs = local + "/";
        ICDPSession session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("WebAuthn.enable");
        await session.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new JsonObject { ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true },
        });
        await page.GotoAsync(local + "/sign-in?to=/account");
        await LookAsync(page, "sign-in-with-passkey");
        await page.GetByLabel("Account").FillAsync("keyholder");
        await page.GetByLabel("Password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.GetByText("You have no passkey.").WaitForAsync();
        await page.GetByLabel("What do you call the device?").FillAsync("My laptop <b>");
        await page.Locator("#passkey-password").FillAsync("wrong wrong wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await page.GetByText("It was not confirmed that it is you.").WaitForAsync();
        await page.Locator("#passkey-password").FillAsync(PortalBench.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await page.GetByText("My laptop <b>, made").WaitForAsync();
        await LookAsync(page, "account-with-passkey");
        Assert.Equal("passkey-added", (string?)NewestOf("account-event").Detail!["event"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await page.GotoAsync(local + "/sign-in?to=/account");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await page.GetByText("Signed in as keyholder").WaitForAsync();
        Assert.Equal("passkey", (string?)NewestOf("signed-in").Detail!["with"]);
        // It was shown minutes ago, so that no password is asked for now.
        await page.GetByText("Take away the passkey").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take away" }).ClickAsync();
        await page.GetByText("You have no passkey.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        // What was taken away opens nothing any more.
        await page.GotoAsync(local + "/sign-in");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await page.GetByText("The passkey is not known here").WaitForAsync();
        Assert.Equal("wrong-passkey", (string?)NewestOf("signed-in").Detail!["why"]);
        NothingToComplainOf();
    }
}
