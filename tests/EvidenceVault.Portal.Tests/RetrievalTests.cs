using System.Net;
using Azure.Storage.Blobs;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Storage.Azure;
using Mediator;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

public class RetrievalTests(PortalBench bench)
{
    private static Task<HttpResponseMessage> AskAsync(HttpClient client, string reference, string reason = "Viewing for charging decision", string password = PortalBench.Password) =>
        PortalBench.PostAsync(client, "/retrieve/" + reference, ("reason", reason), ("password", password));

    private async Task<byte[]> DeliverAsync(string reference, int bytes)
    {
        byte[] content = System.Security.Cryptography.RandomNumberGenerator.GetBytes(bytes);
        string file = Path.Combine(Directory.CreateTempSubdirectory("evidencevault-portal-").FullName, "film.MOV");
        await File.WriteAllBytesAsync(file, content);
        await using ServiceProvider maker = new ServiceCollection().AddLogging()
            .AddEvidenceVault(bench.Vault, new() { Analyse = false }, new Caller(Environment.UserName)).AddAzureStorage(bench.Azurite.Options).AddFootageAnalysis().BuildServiceProvider();
        await maker.GetRequiredService<IMediator>().Send(new IngestFile(file, PortalBench.Case, "CAM-7", ExhibitReference.Parse(reference), null));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        return content;
    }

    // What is stored, altered behind the vault's back.
    private async Task HarmAsync(string reference, Func<long, long> where)
    {
        ExhibitRow row = bench.Vault.Exhibits.Find(ExhibitReference.Parse(reference))!;
        BlobClient blob = new BlobServiceClient(bench.Azurite.ConnectionString).GetBlobContainerClient("evidence").GetBlobClient($"{bench.Vault.Keys.Log.Origin}/{row.Address}");
        Azure.Storage.Blobs.Models.BlobProperties facts = await blob.GetPropertiesAsync();
        byte[] stored = (await blob.DownloadContentAsync()).Value.Content.ToArray();
        stored[where(stored.Length)] ^= 1;
        await blob.UploadAsync(new BinaryData(stored), new Azure.Storage.Blobs.Models.BlobUploadOptions { Metadata = facts.Metadata });
    }

    [Fact]
    public async Task What_is_retrieved_is_the_Master_byte_for_byte_and_the_reason_is_in_the_log_before_it()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        HttpResponseMessage answer = await AskAsync(officer, "AB/1");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("AB-1.mp4", answer.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
        Assert.Equal(bench.Master, await answer.Content.ReadAsByteArrayAsync());
        EntryShown entry = bench.Entries().Last(e => e.Action == "retrieved");
        Assert.Equal(("done", "officer", "Viewing for charging decision", "AB/1"), (entry.Outcome, entry.Actor, entry.Reason, entry.Exhibit));
    }

    [Fact]
    public async Task Without_a_reason_or_the_password_nothing_is_given_out()
    {
        using HttpClient officer = await bench.SignedInAsync("reviewer");
        (string Reason, string Password, string Told)[] tries =
            [("  ", PortalBench.Password, "Enter why you need it"), ("because", "", "Enter your password"), ("because", "wrong wrong wrong", "The password is not right")];
        foreach (var (reason, password, told) in tries)
        {
            int given = bench.Entries(1000).Count(e => e.Action == "retrieved");
            HttpResponseMessage answer = await AskAsync(officer, "AB/1", reason, password);
            Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
            Assert.Contains(told, await answer.Content.ReadAsStringAsync());
            Assert.Equal(given, bench.Entries(1000).Count(e => e.Action == "retrieved"));
        }
    }

    [Fact]
    public async Task Somebody_of_another_case_gets_nothing_and_that_is_in_the_log()
    {
        using HttpClient stranger = await bench.SignedInAsync("stranger-officer");
        HttpResponseMessage answer = await AskAsync(stranger, "AB/1");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        EntryShown entry = bench.Entries().Last(e => e.Action == "retrieved");
        Assert.Equal(("refused", "stranger-officer"), (entry.Outcome, entry.Actor));
    }

    [Fact]
    public async Task Of_a_blob_that_was_damaged_in_the_store_nobody_gets_a_whole_copy_and_an_entry_says_so()
    {
        byte[] content = await DeliverAsync("AB/71", 9 << 20);
        await HarmAsync("AB/71", length => length - 100);
        using HttpClient officer = await bench.SignedInAsync("officer");
        int got = 0;
        Exception? cut = await Record.ExceptionAsync(async () =>
        {
            HttpResponseMessage answer = await AskAsync(officer, "AB/71");
            byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
            got = bytes.Length;
        });
        Assert.IsType<HttpRequestException>(cut);
        Assert.NotEqual(content.Length, got);
        EntryShown entry = bench.Entries().Last(e => e.Action == "retrieved" && e.Exhibit == "AB/71");
        Assert.Equal("failed", entry.Outcome);
    }

    [Fact]
    public async Task A_small_blob_that_was_damaged_is_told_on_a_page_and_not_a_byte_of_it_leaves()
    {
        await DeliverAsync("AB/72", 3000);
        await HarmAsync("AB/72", length => length / 2);
        using HttpClient officer = await bench.SignedInAsync("officer");
        HttpResponseMessage answer = await AskAsync(officer, "AB/72");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("The evidence is not as it should be", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Where_the_custody_log_cannot_be_written_nothing_is_given_out()
    {
        using HttpClient officer = await bench.SignedInAsync("officer");
        string form = await officer.GetStringAsync("/retrieve/AB/1");
        await using var other = new SqliteConnection($"Data Source={bench.Vault.Database.Path};Pooling=False");
        await other.OpenAsync();
        await using (var begin = other.CreateCommand())
        {
            begin.CommandText = "BEGIN EXCLUSIVE";
            await begin.ExecuteNonQueryAsync();
        }
        string token = System.Text.RegularExpressions.Regex.Match(form, "name=\"form\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value;
        HttpResponseMessage answer = await officer.PostAsync("/retrieve/AB/1", new FormUrlEncodedContent([new("form", token), new("reason", "Nobody can write it down"), new("password", PortalBench.Password)]));
        Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        await using (var end = other.CreateCommand())
        {
            end.CommandText = "ROLLBACK";
            await end.ExecuteNonQueryAsync();
        }
        Assert.DoesNotContain(bench.Entries(), e => e.Reason == "Nobody can write it down");
    }
}
