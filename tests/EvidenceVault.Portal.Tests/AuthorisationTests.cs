using System.Net;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Proof;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

/// <summary>Every address of the running portal, for every role, member of the case and stranger to it. The addresses are asked of the portal itself: one that is not in the table fails the test.</summary>
public class AuthorisationTests(PortalBench bench)
{
    private const string Anyone = "anyone", SignedIn = "signed-in", Nobody = "nobody", Asset = "assets/";

    private sealed record Rule(string Address, string For, bool OfCase = false, string Method = "GET", bool MayBeMissing = false);

    // For each route: an address of it, and for whom it is. OfCase: strangers with the same role are refused too. What is sent by another method than GET brings no token, so that nothing is changed: it is open where the token is
    // what is missed.
    private static readonly Dictionary<string, Rule> Table = new()
    {
        [""] = new("/", SignedIn),
        ["sign-in"] = new("/sign-in", Anyone),
        ["set-password"] = new("/set-password?account=officer&code=x", Anyone),
        ["sign-out"] = new("/sign-out", SignedIn),
        ["trouble"] = new("/trouble", Anyone),
        ["help"] = new("/help", Anyone),
        ["help/technician"] = new("/help/technician", Anyone),
        ["help/case-officer"] = new("/help/case-officer", Anyone),
        ["help/reviewer"] = new("/help/reviewer", Anyone),
        ["help/auditor"] = new("/help/auditor", Anyone),
        ["help/administrator"] = new("/help/administrator", Anyone),
        ["accessibility"] = new("/accessibility", Anyone),
        ["cases/{name}"] = new("/cases/OP-HERON", "technician officer reviewer auditor", OfCase: true),
        ["exhibits/{**reference}"] = new("/exhibits/AB/1", "technician officer reviewer auditor", OfCase: true),
        ["pictures/{**reference}"] = new("/pictures/{picture}", "officer reviewer", OfCase: true),
        // The form says nothing of the exhibit; its sending is asked for by RetrievalTests.
        ["retrieve/{**reference}"] = new("/retrieve/AB/1", "officer reviewer"),
        ["watch/{**reference}"] = new("/watch/AB/1", "officer reviewer", OfCase: true),
        ["cut/{**reference}"] = new("/cut/AB/1", "officer reviewer", OfCase: true),
        ["cases/{name}/timeline"] = new("/cases/OP-HERON/timeline", "officer reviewer", OfCase: true),
        // The form says nothing of the exhibit; notes are read by the exhibit's own page.
        ["notes/{**reference}"] = new("/notes/AB/1", "officer reviewer auditor"),
        ["viewing-copy/{**reference}"] = new("/viewing-copy/AB/1", "officer reviewer"),
        // Somebody else's is told as unknown.
        ["works/{id}"] = new("/works/none", "officer reviewer"),
        ["api/works/{id}"] = new("/api/works/none", "officer reviewer"),
        // A ticket is somebody's own (PlaybackTests); none is nobody's.
        ["api/play/{ticket}"] = new("/api/play/none", ""),
        ["api/play/{ticket}/frames"] = new("/api/play/none/frames?at=0", ""),
        ["accounts"] = new("/accounts", "administrator"),
        ["search"] = new("/search?reference=AB", "technician officer reviewer auditor"),
        ["api/exhibits"] = new("/api/exhibits?case=OP-HERON", "technician officer reviewer auditor", OfCase: true),
        ["requests"] = new("/requests", "officer"),
        // Of an exhibit of the case, made by its stranger: both may see it. RequestTests and CrossCaseTests ask for the others.
        ["requests/{id:long}"] = new("/requests/{request}", "officer"),
        ["cases/{name}/requests"] = new("/cases/OP-HERON/requests", "officer", OfCase: true),
        ["log"] = new("/log", "officer reviewer auditor"),
        ["log/{index:long:min(0)}"] = new("/log/{entry}", "officer reviewer auditor", OfCase: true),
        ["log/consistency"] = new("/log/consistency?old=1", "officer reviewer auditor"),
        ["log/check"] = new("/log/check", "auditor"),
        ["log/unusual"] = new("/log/unusual", "auditor"),
        ["api/log"] = new("/api/log?case=OP-HERON", "officer reviewer auditor", OfCase: true),
        ["api/log/{index:long:min(0)}/proof"] = new("/api/log/{entry}/proof", "officer reviewer auditor", OfCase: true),
        ["api/log/{index:long:min(0)}/entry"] = new("/api/log/{entry}/entry", "officer reviewer auditor", OfCase: true),
        ["api/log/consistency"] = new("/api/log/consistency?old=1", "officer reviewer auditor"),
        ["api/log/export.csv"] = new("/api/log/export.csv?exhibit=AB/1", "officer reviewer auditor"),
        ["api/log/export.json"] = new("/api/log/export.json?exhibit=AB/1", "officer reviewer auditor"),
        ["deployments"] = new("/deployments", "administrator"),
        ["health"] = new("/health", "administrator"),
        ["api/health"] = new("/api/health", "administrator"),
        ["sign-in/code"] = new("/sign-in/code", Anyone),
        ["sign-in/provider/{handler?}"] = new("/sign-in/provider", Anyone),
        ["confirm"] = new("/confirm", SignedIn),
        ["account/{handler?}"] = new("/account", SignedIn),
        ["api/passkeys/sign-in-options"] = new("/api/passkeys/sign-in-options", Anyone, Method: "POST"),
        ["api/passkeys/sign-in"] = new("/api/passkeys/sign-in", Anyone, Method: "POST"),
        ["api/passkeys/options"] = new("/api/passkeys/options", SignedIn, Method: "POST"),
        ["api/passkeys"] = new("/api/passkeys", SignedIn, Method: "POST"),
        ["verify"] = new("/verify", "officer reviewer auditor"),
        ["continuity/{**reference}"] = new("/continuity/AB/1", "officer reviewer auditor", OfCase: true),
        ["cases/{name}/disclose"] = new("/cases/OP-HERON/disclose", "officer reviewer", OfCase: true),
        ["cases/{name}/disclosures"] = new("/cases/OP-HERON/disclosures", "officer reviewer auditor", OfCase: true),
        ["cases/{name}/disclosures/{id}"] = new("{disclosure}", "officer reviewer auditor", OfCase: true),
        ["cases/{name}/disclosures/{id}/receipts/{number:long}"] = new("{disclosure}/receipts/1", "officer reviewer auditor", OfCase: true),
        // Of a bundle of another case nothing is said, not even that it is one.
        ["api/verify/bundle"] = new($"/api/verify/bundle?id={new string('a', 32)}&exportEntry=1&bundleSha256={new string('b', 64)}&checkpoint=x", "officer reviewer auditor"),
        ["api/verifier-page"] = new("/api/verifier-page", SignedIn),
        ["api/continuity"] = new("/api/continuity?exhibit=AB/1", "officer reviewer auditor", OfCase: true),
        ["api/cases/{name}/disclosures/{id}/bundle"] = new("/api{disclosure}/bundle", "officer reviewer", OfCase: true),
        ["api/cases/{name}/disclosures/{id}/progress"] = new("/api{disclosure}/progress", "officer reviewer auditor", OfCase: true),
        ["drops"] = new("/drops", "technician"),
        ["drops/new"] = new("/drops/new", "technician"),
        // The forms say nothing of a case; their sending is asked for by DropTests, as is that of the addresses below /api/drops.
        ["drops/new/clock"] = new("/drops/new/clock?case=OP-HERON&camera=CAM-7", "technician"),
        ["drops/{id}"] = new("/drops/{drop}", "technician", OfCase: true),
        ["drops/{id}/withdraw"] = new("/drops/{drop}/withdraw", "technician", OfCase: true),
        ["drops/{id}/receipt"] = new("/drops/{drop}/receipt", "technician", OfCase: true),
        ["drops/{id}/labels"] = new("/drops/{drop}/labels", "technician", OfCase: true),
        ["api/drops/{id}"] = new("/api/drops/{drop}", "technician", OfCase: true),
        ["api/drops/{id}/events"] = new("/api/drops/{drop}/events", "technician", OfCase: true),
        ["api/drops/{id}/receipt.json"] = new("/api/drops/{drop}/receipt.json", "technician", OfCase: true, MayBeMissing: true),
        ["api/drops/{id}/receipt.p7s"] = new("/api/drops/{drop}/receipt.p7s", "technician", OfCase: true, MayBeMissing: true),
        ["api/drops/{id}/files"] = new("/api/drops/{drop}/files", "technician", Method: "POST"),
        ["api/drops/{id}/files/{number}/address"] = new("/api/drops/{drop}/files/1/address", "technician", Method: "POST"),
        ["api/drops/{id}/files/{number}/delivery"] = new("/api/drops/{drop}/files/1/delivery", "technician", Method: "POST"),
        ["api/drops/{id}/completion"] = new("/api/drops/{drop}/completion", "technician", Method: "POST"),
        ["api/me"] = new("/api/me", SignedIn),
        ["api/openapi.json"] = new("/api/openapi.json", SignedIn),
    };

    private IEnumerable<RouteEndpoint> Endpoints() => bench.App.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>();

    private static string Key(RouteEndpoint endpoint) => (endpoint.RoutePattern.RawText ?? "").TrimStart('/');

    [Fact]
    public void Every_address_says_for_whom_it_is_and_stands_in_the_table()
    {
        Assert.All(Endpoints(), e => Assert.NotNull(e.Metadata.GetMetadata<IAudience>()));
        // Style, scripts and icon are for anyone.
        Assert.All(Endpoints().Where(e => Key(e).StartsWith(Asset, StringComparison.Ordinal)), e => Assert.True(e.Metadata.GetMetadata<IAudience>()!.Anyone));
        Assert.Equal(Table.Keys.Order(), Endpoints().Select(Key).Where(k => !k.StartsWith(Asset, StringComparison.Ordinal)).Distinct().Order());
    }

    [Fact]
    public async Task Every_address_is_open_to_whom_it_is_for_and_to_nobody_else_and_each_refusal_is_in_the_log()
    {
        string picture = bench.Vault.Exhibits.Derivatives(Pipeline.Words.ExhibitReference.Parse("AB/1")).First(d => d.Role == "keyframe").Reference;
        string entryOfCase = bench.Vault.Log.Entries(Pipeline.Words.ExhibitReference.Parse("AB/1"))[0].Index.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string asked = await bench.RequestAsync("stranger-officer", picture); // of another exhibit than RequestTests ask for
        string disclosure;
        using (HttpClient officer = await bench.SignedInAsync("officer"))
        {
            disclosure = await Reviewing.MakeBundleAsync(officer, picture);
            await PortalBench.PostAsync(officer, disclosure, ("on", "Solicitor for the first defendant"), ("day", "1"), ("month", "3"), ("year", "2026"));
        }
        DropBench technician = await DropBench.SignedInAsync(bench);
        string drop = await technician.BeginAsync();
        await PortalBench.PostAsync(technician.Technician, $"/drops/{drop}/withdraw", ("reason", "Its events then end"));
        string[] people = [Nobody, .. PortalBench.Roles, .. PortalBench.Roles.Select(r => "stranger-" + r)];
        var wrong = new List<string>();
        foreach (string who in people)
        {
            using HttpClient client = who == Nobody ? bench.Client() : await bench.SignedInAsync(who);
            foreach (Rule rule in Table.Values)
            {
                // Signing out is tried by SignInTests: here it would end the session.
                string address = rule.Address.Replace("{picture}", picture, StringComparison.Ordinal).Replace("{entry}", entryOfCase, StringComparison.Ordinal).Replace("{request}", asked, StringComparison.Ordinal)
                    .Replace("{disclosure}", disclosure, StringComparison.Ordinal).Replace("{drop}", drop, StringComparison.Ordinal);
                ulong size = bench.Vault.Log.Size();
                using HttpRequestMessage request = new(new(rule.Method), address);
                HttpResponseMessage answer = await client.SendAsync(request);
                bool stranger = who.StartsWith("stranger-", StringComparison.Ordinal);
                bool open = rule.For == Anyone || (who != Nobody && (rule.For == SignedIn || rule.For.Split(' ').Contains(who.Replace("stranger-", "", StringComparison.Ordinal))) && !(rule.OfCase && stranger));
                bool isOpen = answer.StatusCode == (rule.Method == "GET" ? HttpStatusCode.OK : HttpStatusCode.BadRequest) || (rule.MayBeMissing && answer.StatusCode == HttpStatusCode.NotFound) || (rule.Address is "/trouble" or "/sign-in/provider" && answer.StatusCode == HttpStatusCode.NotFound)
                    || (answer.StatusCode == HttpStatusCode.Redirect && !answer.Headers.Location!.ToString().StartsWith("/sign-in?to=", StringComparison.Ordinal));
                if (open != isOpen) wrong.Add($"{who} at {address}: {(int)answer.StatusCode}, wanted {(open ? "open" : "refused")}");
                if (open || who == Nobody) continue;
                if (answer.StatusCode != HttpStatusCode.Forbidden) wrong.Add($"{who} at {address}: refused with {(int)answer.StatusCode}");
                CustodyEntry newest = bench.Newest();
                if (bench.Vault.Log.Size() == size || newest.Outcome != Outcome.Refused) wrong.Add($"{who} at {address}: the refusal is not in the log");
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Exhibits_of_other_cases_are_not_told_apart_from_exhibits_that_there_are_not()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        foreach (string address in (string[])["/exhibits/XY/1", "/pictures/XY/1", "/cases/OP-EGRET", "/cases/OP-NONE"])
            Assert.Equal(HttpStatusCode.Forbidden, (await officer.GetAsync(address)).StatusCode);
        foreach (string address in (string[])["/exhibits/..%2f..%2fetc", "/exhibits/AB", "/exhibits/AB/x", "/nowhere"])
            Assert.Equal(HttpStatusCode.NotFound, (await officer.GetAsync(address)).StatusCode);
    }
}
