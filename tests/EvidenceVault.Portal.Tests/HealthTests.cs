using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Storage.Azure;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Portal.Tests;

/// <summary>What whoever runs the vault sees: how it is, and nothing of the evidence.</summary>
public class HealthTests(PortalBench bench)
{
    private const string Own = """{"deployments":[{"case":"OP-HERON","camera":"CAM-7","sensitivity":"low"}]}""";

    // As the worker writes it; the catalogue alone, so that no entry tells of what never was.
    private async Task WriteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={bench.Vault.Database.Path};Pooling=False");
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // all of it stands in this file
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task An_exhibit_that_could_not_be_taken_is_told_with_the_way_out_and_without_its_name()
    {
        const string name = "secret-name-of-a-file.mp4";
        await WriteAsync($"INSERT INTO exhibit (reference, prefix, number, case_name, camera, state, source, path, relative_path, seen_bytes, seen_stamp, staging_id, problem, received_at) " +
            $"VALUES ('ZZ/901', 'ZZ', 901, 'OP-HERON', 'CAM-7', 'failed', 'folder:elsewhere', 'x', '{name}', 3, '1', 'health-test', 'It vanished while it was read.', '2026-01-02T03:04:05.000Z')");
        using HttpClient administrator = await bench.SignedInAsync("administrator");
        string page = await administrator.GetStringAsync("/health");
        Assert.Contains("ZZ/901", page);
        Assert.Contains("Put the file back where it was delivered", page);
        Assert.DoesNotContain(name, page);

        JsonObject told = (await administrator.GetFromJsonAsync<JsonObject>("/api/health"))!;
        Assert.Contains(told["wanting"]!.AsArray(), w => (string?)w!["reference"] == "ZZ/901" && (string?)w["state"] == "failed");
        Assert.All(told["parts"]!.AsArray(), p => Assert.True((bool)p!["ok"]!, p.ToJsonString()));
        Assert.Equal(["Storage", "Custody log", "Time stamps", "Disk", "Versions"], told["parts"]!.AsArray().Select(p => (string?)p!["name"]));
    }

    [Fact]
    public async Task A_vault_to_which_nothing_has_come_yet_is_well()
    {
        string home = Directory.CreateTempSubdirectory("evidencevault-empty-").FullName;
        await using (Vault empty = await Vault.OpenAsync(home, TimeProvider.System))
        {
            Assert.Empty(empty.Exhibits.Wanting());
            Assert.Empty(empty.Drops.Sources());
            Assert.Empty(empty.Exhibits.Deployments(0, 10));
        }
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task A_store_that_is_out_of_reach_is_told_with_what_to_do()
    {
        await using ServiceProvider services = new ServiceCollection().AddLogging().AddEvidenceVault(bench.Vault, new(), new Caller("administrator"))
            .AddAzureStorage(new() { ConnectionString = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;" }).AddFootageAnalysis(o => o.ScratchFolder = bench.Vault.ScratchRoot).BuildServiceProvider();
        Health health = await services.GetRequiredService<Mediator.IMediator>().Send(new LookAtHealth(), CancellationToken.None);
        HealthPart storage = health.Parts.Single(p => p.Name == "Storage");
        Assert.False(storage.Ok);
        Assert.NotNull(storage.Mend);
    }

    [Fact]
    public async Task Cameras_are_shown_with_their_clocks_and_their_own_settings_and_a_mistake_in_those_is_told()
    {
        await WriteAsync("INSERT INTO deployment (case_name, camera, authority_urn, clock_offset_seconds, clock_uncertainty_seconds, clock_reference, observed_at) VALUES ('OP-HERON', 'CAM-7', 'urn:dsa:2026-17', -2.5, 1, 'GPS', '2026-01-02T03:04:05.000Z'); " +
            "INSERT INTO drop_delivery (source, name, case_name, camera, first_seen_at) VALUES ('folder:landing', 'night-1', 'OP-HERON', 'CAM-7', '2026-01-02T03:04:05.000Z')");
        using HttpClient administrator = await bench.SignedInAsync("administrator");
        try
        {
            await File.WriteAllTextAsync(bench.Vault.DeploymentsFile, Own);
            string page = await administrator.GetStringAsync("/deployments");
            foreach (string told in (string[])["urn:dsa:2026-17", "2.5 s ahead (± 1 s), against GPS", "folder:landing", "&quot;sensitivity&quot;"]) Assert.Contains(told, System.Net.WebUtility.HtmlDecode(page).Replace("\"", "&quot;", StringComparison.Ordinal));
            await File.WriteAllTextAsync(bench.Vault.DeploymentsFile, "{");
            Assert.Contains("Until then no footage is analysed", await administrator.GetStringAsync("/deployments"));
        }
        finally
        {
            await File.WriteAllTextAsync(bench.Vault.DeploymentsFile, """{"deployments":[]}""");
        }
    }
}
