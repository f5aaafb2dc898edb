using System.Net;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.UseCases;

namespace EvidenceVault.Portal.Tests;

/// <summary>From a request for an exhibit of another case to its bytes, through the pages, and to its end. What runs out by itself is asked by CrossCaseTests, which can turn the clock.</summary>
public class RequestTests(PortalBench bench)
{
    [Fact]
    public async Task Somebody_asks_an_officer_of_the_case_says_yes_they_retrieve_it_and_it_ends_when_it_is_taken_back()
    {
        using HttpClient asker = await bench.SignedInAsync("stranger-officer"), officer = await bench.SignedInAsync("officer");
        Assert.Equal(HttpStatusCode.Forbidden, (await asker.GetAsync("/exhibits/AB/1")).StatusCode);
        string id = await bench.RequestAsync("stranger-officer", "AB/1", "The lorry <b>of</b> both cases");

        Assert.Contains("for exhibits of this case</a> from outside it", await officer.GetStringAsync("/cases/OP-HERON"));
        string list = await officer.GetStringAsync("/cases/OP-HERON/requests");
        Assert.Contains($"/requests/{id}", list);
        Assert.Contains("The lorry &lt;b&gt;of&lt;/b&gt; both cases", list);
        foreach (var fields in ((string, string)[][])[[], [("answer", "retrieve"), ("days", "900")], [("answer", "decline"), ("days", "7")]])
            Assert.Contains("There is a problem", await (await PortalBench.PostAsync(officer, $"/requests/{id}", fields)).Content.ReadAsStringAsync());
        Assert.Contains("May look and retrieve", await (await PortalBench.PostAsync(officer, $"/requests/{id}", ("answer", "retrieve"), ("days", "7"), ("words", "For the conference with counsel"))).Content.ReadAsStringAsync());
        Assert.Equal(Acts.AccessAnswered, bench.Newest().Action);

        Assert.Contains("May look and retrieve", await asker.GetStringAsync("/requests"));
        string exhibit = await asker.GetStringAsync("/exhibits/AB/1");
        Assert.Contains("Retrieve this exhibit", exhibit);
        Assert.Equal(HttpStatusCode.OK, (await asker.GetAsync(System.Text.RegularExpressions.Regex.Match(exhibit, "src=\"(/pictures/[^\"]+)\"").Groups[1].Value)).StatusCode);
        HttpResponseMessage bytes = await PortalBench.PostAsync(asker, "/retrieve/AB/1", ("reason", "Comparing the lorry"), ("password", PortalBench.Password));
        Assert.Equal(bench.Master, await bytes.Content.ReadAsByteArrayAsync());
        EntryShown retrieved = bench.Entries(1)[0];
        Assert.Equal((Acts.Retrieved, "stranger-officer", "AB/1", "Comparing the lorry"), (retrieved.Action, retrieved.Actor, retrieved.Exhibit, retrieved.Reason));
        // One exhibit is not its case.
        Assert.Equal(HttpStatusCode.Forbidden, (await asker.GetAsync("/cases/OP-HERON")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await asker.GetAsync("/cases/OP-HERON/requests")).StatusCode);
        Assert.DoesNotContain(">OP-HERON<", await asker.GetStringAsync("/log"));

        Assert.Contains("Take the approval back", await officer.GetStringAsync($"/requests/{id}"));
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("form", Token(await officer.GetStringAsync($"/requests/{id}")))]);
        Assert.Equal(HttpStatusCode.Redirect, (await officer.PostAsync($"/requests/{id}?handler=Withdraw", form)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await asker.GetAsync("/exhibits/AB/1")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await PortalBench.PostAsync(asker, "/retrieve/AB/1", ("reason", "Once more"), ("password", PortalBench.Password))).StatusCode);
        // A replayed form changes nothing.
        using var again = new FormUrlEncodedContent([KeyValuePair.Create("form", Token(await officer.GetStringAsync("/requests"))), KeyValuePair.Create("answer", "retrieve"), KeyValuePair.Create("days", "7")]);
        Assert.Equal(HttpStatusCode.Forbidden, (await officer.PostAsync($"/requests/{id}", again)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await asker.GetAsync("/exhibits/AB/1")).StatusCode);
    }

    [Fact]
    public async Task What_was_asked_for_in_vain_looks_like_what_nobody_has_answered()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        string there = await bench.RequestAsync("officer", "XY/1", "why"), nowhere = await bench.RequestAsync("officer", "QQ/77", "why");
        string[] told = [.. await Task.WhenAll(((string[])[there, nowhere]).Select(id => officer.GetStringAsync($"/requests/{id}")))];
        static string same(string html, string id, string exhibit) => System.Text.RegularExpressions.Regex.Replace(html[html.IndexOf("<main", StringComparison.Ordinal)..].Replace(exhibit, "R", StringComparison.Ordinal).Replace($"Request {id},", "Request N,", StringComparison.Ordinal).Replace($"/requests/{id}?", "/requests/N?", StringComparison.Ordinal), "value=\"CfDJ[^\"]*\"|\\d\\d:\\d\\d:\\d\\d", "");
        Assert.Equal(same(told[0], there, "XY/1"), same(told[1], nowhere, "QQ/77"));
        foreach (string id in (string[])[there, nowhere])
        {
            using var form = new FormUrlEncodedContent([KeyValuePair.Create("form", Token(await officer.GetStringAsync($"/requests/{id}")))]);
            Assert.Equal(HttpStatusCode.Redirect, (await officer.PostAsync($"/requests/{id}?handler=Withdraw", form)).StatusCode);
            Assert.Contains("Taken back", await officer.GetStringAsync($"/requests/{id}"));
        }
    }

    private static string Token(string html) => System.Text.RegularExpressions.Regex.Match(html[html.IndexOf("<main", StringComparison.Ordinal)..], "name=\"form\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value;
}
