using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

/// <summary>What all addresses below /api have in common.</summary>
public class ApiTests(PortalBench bench)
{
    [Fact]
    public async Task What_goes_wrong_is_told_as_problem_details_with_what_it_means_and_what_to_do_next()
    {
        using HttpClient nobody = bench.Client();
        HttpResponseMessage answer = await nobody.GetAsync("/api/me");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        JsonObject told = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal((401, "You are not signed in", "Nothing was changed.", "Sign in and do it again."), ((int?)told["status"], (string?)told["title"], (string?)told["meaning"], (string?)told["next"]));
        answer = await nobody.GetAsync("/api/nothing-here");
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task Who_is_signed_in_is_told_what_they_may_be()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        JsonObject me = (await officer.GetFromJsonAsync<JsonObject>("/api/me"))!;
        Assert.Equal("""{"account":"officer","grants":[{"roles":["CaseOfficer"],"cases":["OP-HERON"]}]}""", me.ToJsonString());
    }

    [Fact]
    public async Task The_document_describes_every_address_below_api_with_a_name_and_a_summary()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        JsonObject document = (await officer.GetFromJsonAsync<JsonObject>("/api/openapi.json"))!;
        Assert.StartsWith("3.", (string?)document["openapi"], StringComparison.Ordinal);
        string[] described = [.. document["paths"]!.AsObject().Select(p => p.Key).Order()];
        string[] there =
        [
            .. bench.App.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().Select(e => "/" + e.RoutePattern.RawText!.TrimStart('/'))
                .Where(r => r.StartsWith("/api/", StringComparison.Ordinal) && r != "/api/openapi.json").Select(r => System.Text.RegularExpressions.Regex.Replace(r, @"\{\**(\w+)[^}]*\}", "{$1}")).Distinct().Order(),
        ];
        Assert.Equal(there, described);
        foreach (JsonObject operation in document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Where(o => o.Value is JsonObject).Select(o => o.Value!.AsObject()))
        {
            Assert.False(string.IsNullOrEmpty((string?)operation["operationId"]));
            Assert.False(string.IsNullOrEmpty((string?)operation["summary"]));
        }
    }

    [Fact]
    public async Task What_changes_something_needs_the_token_of_a_page()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        HttpResponseMessage answer = await officer.PostAsync("/api/me", null);
        // There is no such method: but that is told only to whoever brings a token.
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        foreach (RouteEndpoint endpoint in bench.App.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>())
        {
            string route = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            foreach (string method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Where(m => m is not ("GET" or "HEAD")) ?? [])
            {
                if (!route.StartsWith("/api/", StringComparison.Ordinal)) continue;
                string address = System.Text.RegularExpressions.Regex.Replace(route, @"\{[^}]*\}", "1");
                using HttpRequestMessage request = new(new(method), address);
                using HttpClient technician = await bench.SignedInAsync("technician");
                HttpStatusCode status = (await technician.SendAsync(request)).StatusCode;
                Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden, $"{method} {address}: {(int)status}");
            }
        }
    }
}
