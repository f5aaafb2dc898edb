using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Storage.Azure;
using EvidenceVault.Storage.Azure.Drops;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EvidenceVault.Portal.Tests;

/// <summary>A technician's side of a drop, as the browser does it but without one, and the worker's rounds over the container that the portal delivers to.</summary>
internal sealed class DropBench(HttpClient technician, string token)
{
    public const string Camera = "CAM-7";

    public HttpClient Technician => technician;

    public static async Task<DropBench> SignedInAsync(PortalBench bench, string account = "technician")
    {
        HttpClient client = await bench.SignedInAsync(account);
        string token = Regex.Match(await client.GetStringAsync("/help"), "name=\"form-token\" content=\"([^\"]+)\"").Groups[1].Value;
        return new(client, token);
    }

    /// <summary>Begins a drop through the two forms; its name.</summary>
    public async Task<string> BeginAsync(string camera = Camera, params (string Name, string Value)[] clock)
    {
        HttpResponseMessage answer = await PortalBench.PostAsync(technician, "/drops/new", ("case", PortalBench.Case), ("camera", camera), ("initials", "TD"));
        Assert.True(answer.StatusCode == HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync());
        string to = answer.Headers.Location!.ToString();
        // The page for it has the rest as hidden fields.
        answer = await PortalBench.PostAsync(technician, to, [("zone", "utc"), ("do", "begin"), .. clock]);
        Assert.True(answer.StatusCode == HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync());
        return answer.Headers.Location!.ToString().Split('/')[^1];
    }

    public async Task<HttpResponseMessage> PostAsync(string address, object? body = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, address) { Content = JsonContent.Create(body ?? new { }) };
        request.Headers.Add("X-Form-Token", token);
        return await technician.SendAsync(request);
    }

    public async Task<JsonNode> MustPostAsync(string address, object? body = null)
    {
        HttpResponseMessage answer = await PostAsync(address, body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{address}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    public Task<JsonNode> ListAsync(string drop, params (string Name, byte[] Content)[] files) => MustPostAsync($"/api/drops/{drop}/files", new { files = files.Select(f => new { name = f.Name, bytes = f.Content.Length }) });

    public async Task<string> AddressAsync(string drop, long number) => (string)(await MustPostAsync($"/api/drops/{drop}/files/{number}/address"))["url"]!;

    /// <summary>Sends a block to an address, as a browser does.</summary>
    public static async Task<HttpResponseMessage> StageAsync(string url, string id, byte[] content, byte[]? md5 = null)
    {
        using HttpClient client = new();
        using HttpRequestMessage request = new(HttpMethod.Put, $"{url}&comp=block&blockid={Uri.EscapeDataString(id)}") { Content = new ByteArrayContent(content) };
        request.Headers.Add("x-ms-version", "2025-01-05");
        if (md5 is not null) request.Content.Headers.ContentMD5 = md5;
        return await client.SendAsync(request);
    }

    public static string BlockId(int index) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{index:D6}-block"));

    /// <summary>Sends a file in blocks and has it delivered.</summary>
    public async Task SendAsync(string drop, long number, byte[] content, string? sha256 = null, int blockBytes = 1 << 20)
    {
        string url = await AddressAsync(drop, number);
        List<string> ids = [];
        foreach (byte[] block in content.Chunk(blockBytes))
        {
            ids.Add(BlockId(ids.Count));
            HttpResponseMessage staged = await StageAsync(url, ids[^1], block, MD5.HashData(block));
            Assert.True(staged.IsSuccessStatusCode, $"{(int)staged.StatusCode} {await staged.Content.ReadAsStringAsync()}");
        }
        await MustPostAsync($"/api/drops/{drop}/files/{number}/delivery", new { blocks = ids, sha256 = sha256 ?? Convert.ToHexStringLower(SHA256.HashData(content)) });
    }

    /// <summary>The worker's rounds, as many as there is something to do.</summary>
    public static async Task WorkAsync(PortalBench bench, bool analyse)
    {
        await using ServiceProvider worker = new ServiceCollection().AddLogging()
            .AddEvidenceVault(bench.Vault, new() { Analyse = analyse }, new Caller(Environment.UserName)).AddAzureStorage(bench.Azurite.Options).AddFootageAnalysis(o => o.ScratchFolder = bench.Vault.ScratchRoot)
            .AddDropContainer(new() { PollingInterval = TimeSpan.FromMilliseconds(200) }).BuildServiceProvider();
        DropRounds rounds = new(bench.Vault, worker.GetRequiredService<EvidenceFlow>(), [.. worker.GetServices<Pipeline.Intake.IDropSource>()], new(), TimeProvider.System, worker.GetRequiredService<ILogger<DropRounds>>());
        await rounds.RunAsync(once: true, TimeSpan.FromMinutes(1), null, TestContext.Current.CancellationToken);
    }
}
