using System.Net;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Accounts;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

public class SignInTests(PortalBench bench)
{
    private const string Wrong = "The account or the password is not right";

    private EntryShown NewestOf(string action) => bench.Entries().Last(e => e.Action == action);

    private async Task<string> OwnAccountAsync(string name)
    {
        await using AsyncServiceScope scope = bench.App.Services.CreateAsyncScope();
        var invitations = scope.ServiceProvider.GetRequiredService<Invitations>();
        return await invitations.InviteAsync(await invitations.MakeAsync(name, "test"), "test");
    }

    [Fact]
    public async Task A_wrong_password_and_an_account_that_there_is_not_are_answered_alike_and_both_are_in_the_log()
    {
        using HttpClient client = bench.Client();
        HttpResponseMessage wrong = await PortalBench.PostAsync(client, "/sign-in", ("account", "auditor"), ("password", "not the password"));
        Assert.Contains(Wrong, await wrong.Content.ReadAsStringAsync());
        EntryShown entry = NewestOf("signed-in");
        Assert.Equal(("refused", "auditor", "wrong-password"), (entry.Outcome, entry.Actor, (string?)entry.Detail!["why"]));

        HttpResponseMessage unknown = await PortalBench.PostAsync(client, "/sign-in", ("account", "my secret by mistake"), ("password", "x"));
        Assert.Contains(Wrong, await unknown.Content.ReadAsStringAsync());
        entry = NewestOf("signed-in");
        Assert.Equal(("refused", SigningIn.Nobody, "no-such-account"), (entry.Outcome, entry.Actor, (string?)entry.Detail!["why"]));
        Assert.DoesNotContain(bench.Entries(3), e => e.ToString().Contains("by mistake", StringComparison.Ordinal) || new JsonObject { ["p"] = e.Personal.DeepClone() }.ToJsonString().Contains("by mistake", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Five_wrong_passwords_lock_an_account_even_for_the_right_one()
    {
        using HttpClient client = bench.Client();
        Assert.Contains("Your password is set", await (await PortalBench.PostAsync(client, await OwnAccountAsync("locksmith"), ("password", PortalBench.Password), ("again", PortalBench.Password))).Content.ReadAsStringAsync());
        for (int i = 0; i < 5; i++) await PortalBench.PostAsync(client, "/sign-in", ("account", "locksmith"), ("password", "wrong wrong wrong"));
        HttpResponseMessage right = await PortalBench.PostAsync(client, "/sign-in", ("account", "locksmith"), ("password", PortalBench.Password));
        Assert.Contains(Wrong, await right.Content.ReadAsStringAsync());
        Assert.Equal("locked", (string?)NewestOf("signed-in").Detail!["why"]);
        // A new link unlocks it: its owner has shown to the administrator who they are.
        await PortalBench.PostAsync(client, await OwnAccountAsync("locksmith"), ("password", "another three words"), ("again", "another three words"));
        Assert.Equal(HttpStatusCode.Redirect, (await PortalBench.PostAsync(client, "/sign-in", ("account", "locksmith"), ("password", "another three words"))).StatusCode);
    }

    [Fact]
    public async Task The_cookie_of_a_session_is_out_of_reach_of_scripts_and_of_other_sites_and_worth_nothing_after_signing_out()
    {
        string name = "leaver";
        using HttpClient client = bench.Client();
        await PortalBench.PostAsync(client, await OwnAccountAsync(name), ("password", PortalBench.Password), ("again", PortalBench.Password));
        HttpResponseMessage signedIn = await PortalBench.PostAsync(client, "/sign-in", ("account", name), ("password", PortalBench.Password));
        string cookie = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"), c => c.StartsWith("evidencevault=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);

        using HttpClient thief = new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = bench.Address };
        thief.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.OK, (await thief.GetAsync("/")).StatusCode);
        HttpResponseMessage page = await client.GetAsync("/");
        string token = System.Text.RegularExpressions.Regex.Match(await page.Content.ReadAsStringAsync(), "name=\"form\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value;
        Assert.Equal(HttpStatusCode.Redirect, (await client.PostAsync("/sign-out", new FormUrlEncodedContent([new("form", token)]))).StatusCode);
        Assert.Equal("signed-out", NewestOf("signed-out").Action);
        Assert.Equal(HttpStatusCode.Redirect, (await thief.GetAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("/cases/OP-HERON", "/cases/OP-HERON")]
    [InlineData("//evil.example/", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("/\\evil.example", "/")]
    public async Task After_signing_in_one_is_where_one_wanted_to_go_but_never_elsewhere(string to, string lands)
    {
        using HttpClient client = bench.Client();
        HttpResponseMessage answer = await PortalBench.PostAsync(client, "/sign-in?to=" + Uri.EscapeDataString(to), ("account", "officer"), ("password", PortalBench.Password));
        Assert.Equal(lands, answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_form_that_did_not_come_from_the_page_is_refused()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        foreach (string address in (string[])["/sign-out", "/sign-in", "/set-password", "/retrieve/AB/1"])
            Assert.Equal(HttpStatusCode.BadRequest, (await officer.PostAsync(address, new FormUrlEncodedContent([new("reason", "x"), new("password", PortalBench.Password)]))).StatusCode);
    }

    [Fact]
    public async Task A_link_for_a_password_works_once()
    {
        using HttpClient client = bench.Client();
        string link = await OwnAccountAsync("once");
        Assert.Contains("not the same", await (await PortalBench.PostAsync(client, link, ("password", PortalBench.Password), ("again", "other"))).Content.ReadAsStringAsync());
        Assert.Contains("12 characters or more", await (await PortalBench.PostAsync(client, link, ("password", "short"), ("again", "short"))).Content.ReadAsStringAsync());
        Assert.Contains("Your password is set", await (await PortalBench.PostAsync(client, link, ("password", PortalBench.Password), ("again", PortalBench.Password))).Content.ReadAsStringAsync());
        Assert.Contains("not valid any more", await (await PortalBench.PostAsync(client, link, ("password", "a third of my own"), ("again", "a third of my own"))).Content.ReadAsStringAsync());
        // Nor one that was made for somebody else, or for nobody.
        Assert.Contains("not valid any more", await (await PortalBench.PostAsync(client, link.Replace("account=once", "account=officer", StringComparison.Ordinal), ("password", PortalBench.Password), ("again", PortalBench.Password))).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task One_address_may_not_try_on_and_on()
    {
        await using var app = await bench.StartAsync(triesAMinute: 3);
        using HttpClient client = new() { BaseAddress = new(app.Urls.First()) };
        for (int i = 0; i < 3; i++) Assert.Contains(Wrong, await (await PortalBench.PostAsync(client, "/sign-in", ("account", "no one"), ("password", "x"))).Content.ReadAsStringAsync());
        HttpResponseMessage fourth = await PortalBench.PostAsync(client, "/sign-in", ("account", "officer"), ("password", PortalBench.Password));
        Assert.Equal(HttpStatusCode.TooManyRequests, fourth.StatusCode);
        Assert.Contains("Too many tries", await fourth.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("http://0.0.0.0:8086")]
    [InlineData("http://vault.example")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("8086")]
    public void The_portal_does_not_listen_where_passwords_would_travel_in_the_open(string url) =>
        Assert.Throws<Pipeline.Words.RefusedException>(() => new PortalOptions { Vault = "v", Storage = "s", Url = url }.Checked());

    [Theory]
    [InlineData("heron quay lantern", true)]
    [InlineData("short", false)]
    [InlineData("aaaaaaaaaaaaaaaa", false)]
    [InlineData("Password12345", false)]
    [InlineData("officerofficer", false)]
    [InlineData("ein langes wort für alle", true)]
    public void A_password_must_be_long_and_not_what_is_guessed_first(string password, bool good) => Assert.Equal(good, PasswordRules.WhyNot(password, "officer") is null);

    [Fact]
    public async Task Every_answer_tells_the_browser_to_run_nothing_from_elsewhere_and_to_keep_nothing()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        foreach (string address in (string[])["/", "/cases/OP-HERON", "/exhibits/AB/1", "/help", "/nowhere", "/accounts"])
        {
            HttpResponseMessage answer = await officer.GetAsync(address);
            Assert.Equal(Doors.Headers.Policy, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.True(answer.Headers.CacheControl!.NoStore, address);
        }
    }
}
