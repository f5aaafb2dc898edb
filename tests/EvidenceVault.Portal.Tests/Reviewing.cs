using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Storage.Azure;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

/// <summary>What tests of reviewers' pages have in common: exhibits of their own, bundles that were made, and the command line's verifier.</summary>
internal static partial class Reviewing
{
    public const string Why = "Served on the defence";

    /// <summary>Delivers a file that is no footage, and gives its bytes.</summary>
    public static async Task<byte[]> DeliverAsync(this PortalBench bench, string reference, int bytes, string caseName = PortalBench.Case)
    {
        byte[] content = System.Security.Cryptography.RandomNumberGenerator.GetBytes(bytes);
        string folder = Directory.CreateTempSubdirectory("evidencevault-review-").FullName, file = Path.Combine(folder, "film.MOV");
        await File.WriteAllBytesAsync(file, content);
        await using ServiceProvider maker = new ServiceCollection().AddLogging()
            .AddEvidenceVault(bench.Vault, new() { Analyse = false }, new Caller(Environment.UserName)).AddAzureStorage(bench.Azurite.Options).AddFootageAnalysis().BuildServiceProvider();
        await maker.GetRequiredService<IMediator>().Send(new IngestFile(file, caseName, "CAM-7", ExhibitReference.Parse(reference), null));
        Directory.Delete(folder, recursive: true);
        return content;
    }

    /// <summary>Alters what is stored of an exhibit, behind the vault's back.</summary>
    public static async Task HarmAsync(this PortalBench bench, string reference)
    {
        ExhibitRow row = bench.Vault.Exhibits.Find(ExhibitReference.Parse(reference))!;
        BlobClient blob = new BlobServiceClient(bench.Azurite.ConnectionString).GetBlobContainerClient("evidence").GetBlobClient($"{bench.Vault.Keys.Log.Origin}/{row.Address}");
        Azure.Storage.Blobs.Models.BlobProperties facts = await blob.GetPropertiesAsync();
        byte[] stored = (await blob.DownloadContentAsync()).Value.Content.ToArray();
        stored[stored.Length / 2] ^= 1;
        await blob.UploadAsync(new BinaryData(stored), new Azure.Storage.Blobs.Models.BlobUploadOptions { Metadata = facts.Metadata });
    }

    /// <summary>Goes through both steps of the form as a browser without scripts does. Gives the answer to the second.</summary>
    public static async Task<HttpResponseMessage> AskBundleAsync(HttpClient client, string references, string password = PortalBench.Password, string why = Why, params (string Name, string Value)[] more)
    {
        string form = $"/cases/{PortalBench.Case}/disclose";
        string review = await (await PortalBench.PostAsync(client, form, ("typed", references), ("go", "review"))).Content.ReadAsStringAsync();
        Assert.Contains("Make the disclosure bundle", review, StringComparison.Ordinal);
        return await client.PostAsync(form, new FormUrlEncodedContent(Hidden(review).Concat([new("reason", why), new("password", password), new("go", "make"), .. more.Select(m => KeyValuePair.Create(m.Name, m.Value))])));
    }

    /// <summary>Has a bundle made. Gives the address of its page once it is made or is not.</summary>
    public static async Task<string> MakeBundleAsync(HttpClient client, string references, params (string Name, string Value)[] more)
    {
        HttpResponseMessage asked = await AskBundleAsync(client, references, PortalBench.Password, Why, more);
        Assert.True(asked.StatusCode == HttpStatusCode.Redirect, await asked.Content.ReadAsStringAsync());
        string page = asked.Headers.Location!.ToString();
        for (int tries = 0; tries < 600; tries++)
        {
            if (!(await client.GetStringAsync(page)).Contains("Being made", StringComparison.Ordinal)) return page;
            await Task.Delay(100);
        }
        throw new TimeoutException("The bundle was not made in a minute.");
    }

    /// <summary>The fields of a page's form that nobody sees.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Hidden(string page) => HiddenField().Matches(page[page.IndexOf("<main", StringComparison.Ordinal)..]).Select(m => m.Value)
        .Select(tag => KeyValuePair.Create(FieldName().Match(tag).Groups[1].Value, WebUtility.HtmlDecode(FieldValue().Match(tag).Groups[1].Value)));

    /// <summary>Runs the command line's verifier.</summary>
    public static async Task<(int Code, string Said)> VerifyAsync(string bundle)
    {
        string program = Path.Combine(AppContext.BaseDirectory.Replace("tests/EvidenceVault.Portal.Tests", "src/EvidenceVault.Cli", StringComparison.Ordinal), "evidencevault");
        using Process process = Process.Start(new ProcessStartInfo(program, ["verify", bundle, "--json"]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetDirectoryName(bundle) })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said + await errors);
    }

    [GeneratedRegex("<input[^>]*type=\"hidden\"[^>]*>")]
    private static partial Regex HiddenField();

    [GeneratedRegex("name=\"([^\"]*)\"")]
    private static partial Regex FieldName();

    [GeneratedRegex("value=\"([^\"]*)\"")]
    private static partial Regex FieldValue();
}
