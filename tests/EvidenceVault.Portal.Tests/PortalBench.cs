using System.Net;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Accounts;
using EvidenceVault.Proof;
using EvidenceVault.Samples;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(EvidenceVault.Portal.Tests.PortalBench))]
// They ask what the newest entries of one log are.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace EvidenceVault.Portal.Tests;

/// <summary>The portal as it runs, over a real vault with footage that was really analysed, on a real Azurite. Two cases; somebody for each role in the first, and strangers to it, who have the same role in the second.</summary>
public sealed class PortalBench : IAsyncLifetime
{
    public const string Case = "OP-HERON", OtherCase = "OP-EGRET", Password = "heron quay lantern", HostileName = "<script>document.title='owned'</script>'\"&.mp4";

    public static readonly string[] Roles = ["technician", "officer", "reviewer", "auditor", "administrator"];

    private readonly AzuriteFixture _azurite = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("evidencevault-portal-").FullName;

    internal Vault Vault { get; private set; } = null!;
    internal WebApplication App { get; private set; } = null!;
    internal IEvidenceStore Store => App.Services.GetRequiredService<IEvidenceStore>();
    internal AzuriteFixture Azurite => _azurite;

    public Uri Address { get; private set; } = null!;

    /// <summary>What was delivered as AB/1.</summary>
    public byte[] Master { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        await _azurite.InitializeAsync();
        string home = Path.Combine(_folder, "vault");
        await (await Vault.OpenAsync(home, TimeProvider.System)).DisposeAsync();
        Role[] roles = [Role.Technician, Role.CaseOfficer, Role.CpsReviewer, Role.Auditor, Role.Administrator];
        await File.WriteAllBytesAsync(Path.Combine(home, "access.json"), new AccessList(
        [
            new(Environment.UserName, Enum.GetValues<Role>(), ["*"]),
            .. Roles.Zip(roles, (name, role) => new Grant(name, [role], [Case])),
            .. Roles.Zip(roles, (name, role) => new Grant("stranger-" + name, [role], [OtherCase])),
        ]).ToJson());
        Vault = await Vault.OpenAsync(home, TimeProvider.System);
        App = await StartAsync(triesAMinute: 100_000);
        Address = new(App.Urls.First());
        await IngestAsync();
        foreach (string name in Roles.Concat(Roles.Select(r => "stranger-" + r))) await HavePasswordAsync(name);
    }

    /// <summary>Another portal over the same vault.</summary>
    internal async Task<WebApplication> StartAsync(int triesAMinute, string url = "http://127.0.0.1:0", ProviderOptions? provider = null)
    {
        var options = new PortalOptions { Vault = Vault.Home, Storage = _azurite.ConnectionString, Url = url, TriesAMinute = triesAMinute, Provider = provider };
        WebApplication app = await PortalApp.BuildAsync(options.Checked(), Vault, TimeProvider.System);
        await app.StartAsync();
        return app;
    }

    private async Task IngestAsync()
    {
        await using ServiceProvider maker = new ServiceCollection().AddLogging()
            .AddEvidenceVault(Vault, new(), new Caller(Environment.UserName)).AddAzureStorage(_azurite.Options).AddFootageAnalysis(o => o.ScratchFolder = Vault.ScratchRoot).BuildServiceProvider();
        await maker.GetRequiredService<IEvidenceStore>().CheckAsync(CancellationToken.None);
        string scene = Path.Combine(_folder, HostileName.Replace("/", "_"));
        SceneRenderer.Render(new() { Name = "dusk-field", Seed = 31, Seconds = 20, Width = 480, Height = 270 }, Codec.H264, scene);
        Master = await File.ReadAllBytesAsync(scene);
        var mediator = maker.GetRequiredService<IMediator>();
        await mediator.Send(new IngestFile(scene, Case, "CAM-7", ExhibitReference.Parse("AB/1"), null));
        string other = Path.Combine(_folder, "other.bin");
        await File.WriteAllBytesAsync(other, [1, 2, 3]);
        await mediator.Send(new IngestFile(other, OtherCase, "CAM-9", ExhibitReference.Parse("XY/1"), null));
    }

    /// <summary>Has an account choose the password, through the page for it.</summary>
    private async Task HavePasswordAsync(string name)
    {
        using HttpClient nobody = Client();
        string link = await FirstUse.InviteAsync(App.Services, name);
        HttpResponseMessage set = await PostAsync(nobody, link, ("password", Password), ("again", Password));
        Assert.Contains("Your password is set", await set.Content.ReadAsStringAsync());
    }

    /// <summary>A browser without a session, that does not follow redirects.</summary>
    public HttpClient Client() => new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(4) };

    /// <summary>A browser in which an account has signed in.</summary>
    public async Task<HttpClient> SignedInAsync(string account)
    {
        HttpClient client = Client();
        HttpResponseMessage answer = await PostAsync(client, "/sign-in", ("account", account), ("password", Password));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return client;
    }

    /// <summary>Fills in the form of a page and sends it, as a browser without scripts does.</summary>
    public static async Task<HttpResponseMessage> PostAsync(HttpClient client, string page, params (string Name, string Value)[] fields)
    {
        string html = await client.GetStringAsync(page);
        Dictionary<string, string> form = Regex.Matches(html[html.IndexOf("<main", StringComparison.Ordinal)..], "<input[^>]*type=\"hidden\"[^>]*>").Select(m => m.Value)
            .ToDictionary(tag => Regex.Match(tag, "name=\"([^\"]*)\"").Groups[1].Value, tag => WebUtility.HtmlDecode(Regex.Match(tag, "value=\"([^\"]*)\"").Groups[1].Value));
        foreach (var (name, value) in fields) form[name] = value;
        return await client.PostAsync(page.Split('?')[0], new FormUrlEncodedContent(form));
    }

    /// <summary>The newest entries of the custody log, the newest last.</summary>
    internal IReadOnlyList<EntryShown> Entries(int most = 20) => [.. Vault.Log.Entries(null, most).Select(EntryShown.Of)];

    /// <summary>The newest entry.</summary>
    internal CustodyEntry Newest()
    {
        RecordedEntry newest = Vault.Log.Entries(null, 1)[^1];
        Assert.True(CustodyEntry.TryParse(newest.Bytes, out CustodyEntry? entry, out string problem), problem);
        return entry;
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        // Every test ends with the verifier: whatever was done, the log holds.
        Assert.True(Vault.CheckLog(null, CancellationToken.None).Holds);
        await Vault.DisposeAsync();
        await _azurite.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
