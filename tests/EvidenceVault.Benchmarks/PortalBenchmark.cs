using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Samples;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Benchmarks;

/// <summary>
/// How long the portal's pages and APIs take with a full vault and many users at once: the portal as it is built, in a process of its own, over HTTP; each page asked by all users at once, each waiting a second
/// between an answer and the next request, as nobody reads faster; <c>--pause 0</c> asks without a pause, which shows what the machine can give at most. Prints the median of the rounds' 95th percentiles, a line each: <c>p95 NAME MS</c>.
/// </summary>
internal static partial class PortalBenchmark
{
    private const string Password = "heron quay lantern";

    private static readonly (string Name, Role Role)[] People =
        [("technician", Role.Technician), ("officer", Role.CaseOfficer), ("reviewer", Role.CpsReviewer), ("auditor", Role.Auditor), ("administrator", Role.Administrator)];

    private sealed record Measured(string Name, string Account, Func<Random, string> Address);

    public static async Task<int> RunAsync(string[] args)
    {
        Asked asked = Asked.Read(args);
        string folder = Directory.CreateTempSubdirectory("evidencevault-bench-portal-").FullName;
        AzuriteFixture azurite = new();
        await azurite.InitializeAsync();
        try
        {
            string home = Path.Combine(folder, "vault");
            Stopwatch watch = Stopwatch.StartNew();
            await MakeAsync(home, azurite, asked);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loaded {asked.Exhibits} exhibits and {asked.Entries} entries in {watch.Elapsed.TotalSeconds:F0} s"));
            using Process portal = Start(asked.Portal, home, azurite, ["--url", "http://127.0.0.1:0"]);
            try
            {
                Uri address = await AddressAsync(portal);
                Dictionary<string, string> cookies = [];
                foreach (var (name, _) in People) cookies[name] = await SignInAsync(asked.Portal, home, azurite, address, name);
                return await MeasureAsync(asked, address, cookies);
            }
            finally
            {
                portal.Kill();
                await portal.WaitForExitAsync();
            }
        }
        finally
        {
            await azurite.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MakeAsync(string home, AzuriteFixture azurite, Asked asked)
    {
        await (await Vault.OpenAsync(home, TimeProvider.System)).DisposeAsync();
        await File.WriteAllBytesAsync(Path.Combine(home, "access.json"), new AccessList(
            [new(Environment.UserName, Enum.GetValues<Role>(), ["*"]), .. People.Select(p => new Grant(p.Name, [p.Role], ["*"]))]).ToJson());
        var first = ExhibitReference.Of("AB", 1);
        await using (Vault vault = await Vault.OpenAsync(home, TimeProvider.System)) await IngestAsync(vault, azurite, first);
        LoadClock clock = new();
        await using Vault loaded = await Vault.OpenAsync(home, clock);
        await PortalLoad.FillAsync(loaded, loaded.Exhibits.Find(first)!, asked.Exhibits, asked.Entries, clock);
    }

    private static async Task IngestAsync(Vault vault, AzuriteFixture azurite, ExhibitReference first)
    {
        await using ServiceProvider maker = new ServiceCollection().AddLogging()
            .AddEvidenceVault(vault, new(), new Caller(Environment.UserName)).AddAzureStorage(azurite.Options).AddFootageAnalysis(o => o.ScratchFolder = vault.ScratchRoot).BuildServiceProvider();
        await maker.GetRequiredService<IEvidenceStore>().CheckAsync(CancellationToken.None);
        string scene = Path.Combine(vault.ScratchRoot, "scene.mp4");
        Directory.CreateDirectory(Path.GetDirectoryName(scene)!);
        SceneRenderer.Render(new() { Name = "dusk-field", Seed = 31, Seconds = 20, Width = 480, Height = 270 }, Codec.H264, scene);
        await maker.GetRequiredService<IMediator>().Send(new IngestFile(scene, PortalLoad.BigCase, "CAM-0", first, null));
    }

    private static Process Start(string program, string home, AzuriteFixture azurite, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new("dotnet", [program, "--vault", home, .. arguments]) { RedirectStandardOutput = true };
        start.Environment["EVIDENCEVAULT_STORAGE"] = azurite.ConnectionString;
        return Process.Start(start)!;
    }

    private static async Task<Uri> AddressAsync(Process portal)
    {
        while (await portal.StandardOutput.ReadLineAsync() is { } line)
            if (line.StartsWith("portal ", StringComparison.Ordinal)) return new(line["portal ".Length..].Trim());
        throw new InvalidOperationException("The portal did not start.");
    }

    // Signs in as a person does, and gives the session's cookie: one person with many tabs, as the portal limits how often one place may sign in.
    private static async Task<string> SignInAsync(string program, string home, AzuriteFixture azurite, Uri address, string account)
    {
        using Process invited = Start(program, home, azurite, ["--url", address.AbsoluteUri, "--invite", account]);
        string link = (await invited.StandardOutput.ReadToEndAsync()).Trim();
        await invited.WaitForExitAsync();
        CookieContainer cookies = new();
        using HttpClient client = new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = cookies }) { BaseAddress = address };
        await PostAsync(client, link, ("password", Password), ("again", Password));
        await PostAsync(client, "/sign-in", ("account", account), ("password", Password));
        return cookies.GetCookieHeader(address) is { } header && header.Contains("evidencevault=", StringComparison.Ordinal) ? header : throw new InvalidOperationException($"{account} could not sign in.");
    }

    private static async Task PostAsync(HttpClient client, string page, params (string Name, string Value)[] fields)
    {
        string html = await client.GetStringAsync(page);
        Dictionary<string, string> form = Hidden().Matches(html[html.IndexOf("<main", StringComparison.Ordinal)..]).ToDictionary(m => m.Groups["name"].Value, m => WebUtility.HtmlDecode(m.Groups["value"].Value));
        foreach (var (name, value) in fields) form[name] = value;
        using FormUrlEncodedContent content = new(form);
        (await client.PostAsync(new Uri(client.BaseAddress!, page).GetLeftPart(UriPartial.Path), content)).Dispose();
    }

    private static async Task<int> MeasureAsync(Asked asked, Uri address, Dictionary<string, string> cookies)
    {
        foreach (Measured page in Pages(asked.Exhibits))
        {
            if (asked.Only is { } only && !page.Name.Contains(only, StringComparison.Ordinal)) continue;
            await LoopAsync(asked.Users, TimeSpan.FromSeconds(0.5), TimeSpan.Zero, address, cookies[page.Account], page); // what is only done once
            List<double> rounds = [];
            for (int round = 0; round < asked.Rounds; round++)
            {
                List<double> times = await LoopAsync(asked.Users, TimeSpan.FromSeconds(asked.Seconds), asked.Pause, address, cookies[page.Account], page);
                times.Sort();
                rounds.Add(times[(int)Math.Ceiling(times.Count * 0.95) - 1]);
            }
            rounds.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p95 {page.Name} {rounds[rounds.Count / 2]:F1}"));
        }
        return 0;
    }

    private static async Task<List<double>> LoopAsync(int users, TimeSpan time, TimeSpan pause, Uri address, string cookie, Measured page)
    {
        Stopwatch watch = Stopwatch.StartNew();
        List<double>[] times = await Task.WhenAll(Enumerable.Range(0, users).Select(user => Task.Run(async () =>
        {
            Random random = new(user);
            if (pause > TimeSpan.Zero) await Task.Delay(pause * random.NextDouble()); // not all in step
            using HttpClient client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = address };
            client.DefaultRequestHeaders.Add("Cookie", cookie);
            List<double> mine = [];
            do
            {
                long began = Stopwatch.GetTimestamp();
                using HttpResponseMessage answer = await client.GetAsync(page.Address(random));
                _ = await answer.Content.ReadAsByteArrayAsync();
                mine.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (answer.StatusCode != HttpStatusCode.OK) throw new InvalidOperationException($"{page.Name} answered {(int)answer.StatusCode} for {answer.RequestMessage!.RequestUri}: the measure is void.");
                if (pause > TimeSpan.Zero) await Task.Delay(pause);
            }
            while (watch.Elapsed < time);
            return mine;
        })));
        return [.. times.SelectMany(t => t)];
    }

    private static IEnumerable<Measured> Pages(int exhibits)
    {
        string any(Random random) => string.Create(CultureInfo.InvariantCulture, $"AB/{random.Next(2, exhibits)}");
        yield return new("cases", "officer", _ => "/");
        yield return new("case", "officer", random => $"/cases/{PortalLoad.BigCase}?page={random.Next(1, exhibits / 250)}");
        yield return new("case-small", "officer", random => $"/cases/{PortalLoad.CaseOf(random.Next(1, 5))}");
        yield return new("exhibit", "officer", random => $"/exhibits/{any(random)}");
        yield return new("exhibit-much-looked-at", "officer", _ => "/exhibits/AB/5");
        yield return new("retrieve-form", "officer", random => $"/retrieve/{any(random)}");
        yield return new("watch-form", "officer", _ => "/watch/AB/1");
        yield return new("cut-form", "officer", _ => "/cut/AB/1");
        yield return new("timeline", "officer", _ => $"/cases/{PortalLoad.BigCase}/timeline");
        yield return new("search-reference", "officer", random => $"/search?reference=AB/{random.Next(1, 100)}");
        yield return new("search-name", "officer", random => $"/search?name=clip-{random.Next(2, exhibits)}");
        yield return new("search-case-camera", "officer", random => $"/search?case={PortalLoad.CaseOf(random.Next(1, 5))}&camera=CAM-{random.Next(PortalLoad.Cameras)}");
        yield return new("api-exhibits", "officer", _ => $"/api/exhibits?case={PortalLoad.BigCase}");
        yield return new("requests", "officer", _ => "/requests");
        yield return new("case-requests", "officer", _ => $"/cases/{PortalLoad.BigCase}/requests");
        yield return new("log", "auditor", _ => "/log");
        yield return new("log-of-person", "auditor", random => $"/log?person=officer-{random.Next(40)}");
        yield return new("log-of-exhibit", "auditor", random => $"/log?exhibit={any(random)}");
        yield return new("log-refused", "auditor", _ => "/log?outcome=refused");
        yield return new("log-of-case-action", "auditor", _ => $"/log?case={PortalLoad.BigCase}&action=retrieved");
        yield return new("log-entry", "auditor", random => $"/log/{random.Next(1, exhibits * 5)}");
        yield return new("log-consistency", "auditor", random => $"/log/consistency?old={random.Next(1, exhibits * 5)}");
        yield return new("log-unusual", "auditor", _ => "/log/unusual");
        yield return new("api-log", "auditor", _ => $"/api/log?case={PortalLoad.BigCase}");
        yield return new("api-log-proof", "auditor", random => $"/api/log/{random.Next(1, exhibits * 5)}/proof");
        yield return new("verify", "reviewer", _ => "/verify");
        yield return new("verify-reference", "reviewer", random => $"/verify?exhibit={any(random)}");
        yield return new("continuity", "reviewer", random => $"/continuity/{any(random)}");
        yield return new("disclose-form", "reviewer", _ => $"/cases/{PortalLoad.BigCase}/disclose");
        yield return new("disclosures", "reviewer", _ => $"/cases/{PortalLoad.BigCase}/disclosures");
        yield return new("drops", "technician", _ => "/drops");
        yield return new("drop-form", "technician", _ => "/drops/new");
        yield return new("accounts", "administrator", _ => "/accounts");
        yield return new("deployments", "administrator", _ => "/deployments");
        yield return new("health", "administrator", _ => "/health");
        yield return new("api-health", "administrator", _ => "/api/health");
        yield return new("api-me", "officer", _ => "/api/me");
        yield return new("account", "officer", _ => "/account");
        yield return new("help", "officer", _ => "/help");
    }

    private sealed record Asked(string Portal, int Exhibits, long Entries, int Users, double Seconds, int Rounds, TimeSpan Pause, string? Only)
    {
        public static Asked Read(string[] args)
        {
            Asked asked = new("", 100_000, 1_000_000, 20, 6, 3, TimeSpan.FromSeconds(1), null);
            for (int i = 0; i < args.Length; i += 2)
            {
                if (i + 1 == args.Length) throw new FormatException($"'{args[i]}' needs a value.");
                int number(int least) => int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= least ? n : throw new FormatException($"{args[i]} takes a number from {least}.");
                asked = args[i] switch
                {
                    "--portal" => asked with { Portal = args[i + 1] },
                    "--exhibits" => asked with { Exhibits = number(1000) },
                    "--entries" => asked with { Entries = number(1000) },
                    "--users" => asked with { Users = number(1) },
                    "--seconds" => asked with { Seconds = number(1) },
                    "--rounds" => asked with { Rounds = number(1) },
                    "--pause" => asked with { Pause = TimeSpan.FromSeconds(number(0)) },
                    "--only" => asked with { Only = args[i + 1] },
                    _ => throw new FormatException($"There is no option '{args[i]}': portal takes --portal, --exhibits, --entries, --users, --seconds, --rounds, --pause and --only."),
                };
            }
            return File.Exists(asked.Portal) ? asked : throw new FormatException("Name the portal's program with --portal.");
        }
    }

    [GeneratedRegex("<input[^>]*name=\"(?<name>[^\"]*)\"[^>]*type=\"hidden\"[^>]*value=\"(?<value>[^\"]*)\"|<input[^>]*type=\"hidden\"[^>]*name=\"(?<name>[^\"]*)\"[^>]*value=\"(?<value>[^\"]*)\"")]
    private static partial Regex Hidden();
}
