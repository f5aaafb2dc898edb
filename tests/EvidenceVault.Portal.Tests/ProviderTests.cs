using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;

namespace EvidenceVault.Portal.Tests;

/// <summary>Signing in by OpenID Connect at a real provider (oidc-provider from npm), in a real Chromium. The provider is another site than the portal to the browser, as it is in life.</summary>
public sealed class ProviderTests(PortalBench bench) : BrowserTest(bench)
{
    private const string Secret = "of this test alone";

    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-provider-").FullName;
    private Process _provider = null!;
    private WebApplication _app = null!;
    private string _address = "";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        int port = FreePort();
        _address = $"http://127.0.0.1:{port}";
        var people = new JsonObject
        {
            ["s-1"] = new JsonObject { ["preferred_username"] = "vouched-reviewer", ["roles"] = new JsonArray("CpsReviewer@OP-HERON", "SomethingElse") },
            ["s-2"] = new JsonObject { ["preferred_username"] = "officer", ["roles"] = new JsonArray("CaseOfficer@*") },
            ["s-3"] = new JsonObject { ["preferred_username"] = "vouched-plain", ["roles"] = new JsonArray("CaseOfficer") },
        };
        string folder = Path.Combine(Root.Folder, "tests", "EvidenceVault.Portal.Tests", "Provider");
        _provider = Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "provider.mjs"), _address + Provider.CallbackPath, Secret, people.ToJsonString()]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string issuer = await _provider.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The provider did not start: " + await _provider.StandardError.ReadToEndAsync());
        _provider.ErrorDataReceived += (_, _) => { }; // read on, or it would wait for a reader
        _provider.BeginErrorReadLine();
        string secret = Path.Combine(_folder, "secret");
        await File.WriteAllTextAsync(secret, Secret + "\n");
        _app = await Bench.StartAsync(100_000, _address, new ProviderOptions { Authority = issuer, ClientId = "portal", SecretFile = secret, Name = "the example provider" });
        Elsewhere = issuer;
    }

    public override async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _provider.Kill(entireProcessTree: true);
        await _provider.WaitForExitAsync();
        _provider.Dispose();
        Directory.Delete(_folder, recursive: true);
        await base.DisposeAsync();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // At the provider's own pages.
    private static async Task AtProviderAsync(IPage page, string subject, bool knowsUs = false)
    {
        await page.GetByPlaceholder("Enter any login").FillAsync(subject);
        await page.GetByPlaceholder("and password").FillAsync("any");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign-in" }).ClickAsync();
        if (!knowsUs) await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
    }

    private async Task<IPage> ToProviderAsync(string to)
    {
        IPage page = await OpenAsync(address: _address);
        await page.GotoAsync(to);
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with the example provider" }).ClickAsync();
        return page;
    }

    private EntryShown NewestOf(string action) => Bench.Entries().Last(e => e.Action == action);

    [Fact]
    public async Task Whoever_the_provider_vouches_for_has_the_roles_it_names_in_the_cases_it_names_and_confirms_there_before_retrieving()
    {
        IPage page = await OpenAsync(address: _address);
        await page.GotoAsync("/exhibits/AB/1");
        await LookAsync(page, "sign-in-with-provider");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with the example provider" }).ClickAsync();
        await AtProviderAsync(page, "s-1");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Exhibit AB/1", Exact = true }).WaitForAsync();
        EntryShown entry = NewestOf("signed-in");
        Assert.Equal(("done", "vouched-reviewer", "provider"), (entry.Outcome, entry.Actor, (string?)entry.Detail!["with"]));
        Assert.Equal("""["CpsReviewer@OP-HERON","SomethingElse"]""", Bench.Entries(60).Last(e => e.Action == "account-event" && (string?)e.Detail!["event"] == "roles-vouched").Detail!["roles"]!.ToJsonString());

        // Another case is not among them, and no other role.
        await page.GotoAsync("/cases/OP-EGRET");
        await page.GetByRole(AriaRole.Heading, new() { Name = "You cannot do this" }).WaitForAsync();
        await page.GotoAsync("/accounts");
        await page.GetByRole(AriaRole.Heading, new() { Name = "You cannot do this" }).WaitForAsync();

        await page.GotoAsync("/retrieve/AB/1");
        await page.GetByLabel("Why do you need it?").FillAsync("Review");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retrieve" }).ClickAsync();
        await page.GetByText("Confirm that it is you, then send the form again").WaitForAsync();
        await LookAsync(page, "retrieve-to-confirm");
        await page.GetByRole(AriaRole.Link, new() { Name = "Confirm that it is you", Exact = true }).ClickAsync();
        await LookAsync(page, "confirm");
        // Somebody at another's screen takes out of the address that the password is to be asked for: the provider sends them back as they are, and that confirms nothing.
        IAPIResponse sent = await page.Context.APIRequest.GetAsync("/sign-in/provider?again=true&to=/retrieve/AB/1", new() { MaxRedirects = 0 });
        await page.GotoAsync(System.Text.RegularExpressions.Regex.Replace(sent.Headers["location"], "&(prompt|max_age)=[^&]*", ""));
        await page.GetByText("Confirm that it is you before you go on").WaitForAsync();
        await page.GotoAsync("/confirm?to=/retrieve/AB/1");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in once more with the example provider" }).ClickAsync();
        await AtProviderAsync(page, "s-1", knowsUs: true);
        await page.GetByText("You confirmed within the last five minutes").WaitForAsync();
        await page.GetByLabel("Why do you need it?").FillAsync("Review");
        IDownload download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Retrieve" }).ClickAsync());
        Assert.Equal(Bench.Master, await File.ReadAllBytesAsync(await download.PathAsync()));
        NothingToComplainOf();
    }

    [Fact]
    public async Task Somebody_of_the_same_name_at_the_provider_does_not_become_whoever_has_the_account_here()
    {
        IPage page = await ToProviderAsync("/sign-in");
        await AtProviderAsync(page, "s-2");
        await page.GetByText("cannot be linked to your organisation’s account").WaitForAsync();
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" }).WaitForAsync();
    }

    [Fact]
    public async Task A_role_without_a_case_opens_no_case_that_the_access_list_does_not_name()
    {
        IPage page = await ToProviderAsync("/sign-in?to=/cases/OP-HERON");
        await AtProviderAsync(page, "s-3");
        await page.GetByRole(AriaRole.Heading, new() { Name = "You cannot do this" }).WaitForAsync();
    }

    [Theory]
    [InlineData("CaseOfficer", "CaseOfficer")]
    [InlineData("[\"CaseOfficer@OP-HERON\",\"Auditor\"]", "CaseOfficer@OP-HERON Auditor")]
    [InlineData("[1,2]", "")]
    [InlineData("[", "")]
    public void A_claim_is_a_word_or_a_list_of_words(string claim, string words) => Assert.Equal(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), Provider.Words(claim));

    [Fact]
    public void Half_a_setting_is_refused_and_so_is_a_provider_over_plain_http()
    {
        static ProviderOptions? From(params (string Name, string Value)[] set) => ProviderOptions.From(name => set.FirstOrDefault(s => s.Name == "EVIDENCEVAULT_OIDC_" + name["EVIDENCEVAULT_OIDC_".Length..]).Value);
        Assert.Null(From());
        Assert.Throws<Pipeline.Words.RefusedException>(() => From(("EVIDENCEVAULT_OIDC_AUTHORITY", "https://id.example")));
        Assert.Throws<Pipeline.Words.RefusedException>(() => From(("EVIDENCEVAULT_OIDC_AUTHORITY", "http://id.example"), ("EVIDENCEVAULT_OIDC_CLIENT", "portal")));
        Assert.Equal("https://id.example", From(("EVIDENCEVAULT_OIDC_AUTHORITY", "https://id.example"), ("EVIDENCEVAULT_OIDC_CLIENT", "portal"))!.Authority);
    }
}
