using System.Diagnostics;
using System.Text.Json;
using EvidenceVault.Testing;
using Microsoft.Data.Sqlite;

namespace EvidenceVault.Cli.Tests;

/// <summary>A vault with the same scene as several exhibits. It is one vault for all tests, because a store belongs to one vault: what is drawn of
/// the same scene is the same bytes.</summary>
public sealed class AnalysedVault : IAsyncLifetime
{
    private readonly AzuriteFixture _azurite = new();

    internal Workplace Work { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _azurite.InitializeAsync();
        Work = new() { Storage = _azurite.ConnectionString };
        using Process ffmpeg = Process.Start("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=4", "-pix_fmt", "yuv420p", Work.File("scene.mp4")]);
        await ffmpeg.WaitForExitAsync();
        for (int i = 1; i <= 4; i++)
        {
            Ran ran = await Work.RunAsync("ingest", Work.File("scene.mp4"), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", $"AB/{i}");
            Assert.True(ran.Code == 0, ran.Error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Work.Dispose();
        await _azurite.DisposeAsync();
    }
}

/// <summary>An analysis done again gives what was sealed; where it does not, what differs is named.</summary>
public sealed class ReproduceTests(AnalysedVault vault) : IClassFixture<AnalysedVault>
{
    private readonly Workplace _work = vault.Work;

    private void Alter(string sql, string? before = null, string? after = null)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_work.Vault, "vault.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("@before", before ?? "");
        command.Parameters.AddWithValue("@after", after ?? "");
        Assert.True(command.ExecuteNonQuery() > 0, "nothing was altered");
    }

    [Fact]
    public async Task The_same_versions_give_the_same_bytes_and_the_log_says_who_asked()
    {
        Ran ran = await _work.RunAsync("reproduce", "AB/1", "--reason", "Asked by the defence's expert", "--json");
        Assert.True(ran.Code == 0, ran.Out + ran.Error);
        Assert.True(ran.Json.GetProperty("same").GetBoolean());
        Assert.True(ran.Json.GetProperty("derivatives").GetInt32() >= 2);
        Assert.Empty(ran.Json.GetProperty("versions").EnumerateArray());
        Assert.Contains("the same byte for byte", (await _work.RunAsync("reproduce", "AB/1")).Out);

        JsonElement[] custody = [.. (await _work.RunAsync("show", "AB/1", "--json")).Json.GetProperty("custody").EnumerateArray()];
        JsonElement asked = custody.First(e => e.GetProperty("action").GetString() == "reproduced" && e.GetProperty("reason").GetString() is not null), compared = custody.First(e => e.GetProperty("action").GetString() == "analysis-compared");
        Assert.Equal("Asked by the defence's expert", asked.GetProperty("reason").GetString());
        Assert.True(compared.GetProperty("detail").GetProperty("same").GetBoolean());
        Assert.Equal(0, (await _work.RunAsync("log", "fsck")).Code);
    }

    [Fact]
    public async Task It_runs_with_the_settings_of_the_record()
    {
        // Half the picture was looked at, by the record: what it then gives is not what is recorded, and the settings are not what differs.
        Alter("UPDATE exhibit SET analysis = replace(analysis, @before, @after) WHERE reference = 'AB/2'", "\"preRoll\": 2", "\"preRoll\": 1");
        Ran ran = await _work.RunAsync("reproduce", "AB/2", "--json");
        Assert.Equal(1, ran.Code);
        string[] differences = [.. ran.Json.GetProperty("differences").EnumerateArray().Select(d => d.GetString()!)];
        Assert.Contains(differences, d => d.Contains("altered after it was recorded", StringComparison.Ordinal));
        Assert.DoesNotContain(differences, d => d.Contains("'settings'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_version_is_named()
    {
        Alter("UPDATE exhibit SET analysis = replace(analysis, @before, @after) WHERE reference = 'AB/3'", "\"opencv\": \"", "\"opencv\": \"3.");
        Ran ran = await _work.RunAsync("reproduce", "AB/3");
        Assert.Equal(1, ran.Code);
        Assert.Matches(@"opencv was 3\.\d\S* then and is \d\S* now", ran.Out);
        Assert.DoesNotContain("ffmpeg was", ran.Out);
        Assert.Contains("Programs have changed since", ran.Out);
    }

    [Fact]
    public async Task A_derivative_that_differs_is_named()
    {
        JsonElement sheet = (await _work.RunAsync("show", "AB/4", "--json")).Json.GetProperty("derivatives").EnumerateArray().First(d => d.GetProperty("file").GetString() == "activity.png");
        string reference = sheet.GetProperty("exhibit").GetString()!;
        Alter($"UPDATE exhibit SET seal = CAST(replace(CAST(seal AS TEXT), @before, @after) AS BLOB) WHERE reference = '{reference}'", sheet.GetProperty("sha256").GetString(), new string('a', 64));
        Ran ran = await _work.RunAsync("reproduce", "AB/4");
        Assert.Equal(1, ran.Code);
        Assert.Contains($"{reference} (activity-curve activity.png) differs: sealed with SHA-256 aaaa", ran.Out);
        Assert.Contains("The programs are the same versions", ran.Out);
    }

    [Fact]
    public async Task Whoever_has_no_role_in_the_case_is_refused_and_a_derivative_is_not_reproduced()
    {
        Assert.Equal(2, (await _work.RunAsync("reproduce", "AB/1/1")).Code);
        string list = Path.Combine(_work.Vault, "access.json"), before = await File.ReadAllTextAsync(list);
        await File.WriteAllTextAsync(list, before.Replace("\"CaseOfficer\"", "\"Auditor\"", StringComparison.Ordinal).Replace("\"CpsReviewer\"", "\"Auditor\"", StringComparison.Ordinal));
        Ran ran = await _work.RunAsync("reproduce", "AB/1");
        Assert.Equal(2, ran.Code);
        Assert.Contains("may not do this", ran.Error);
        await File.WriteAllTextAsync(list, before);
    }
}
