using System.Text.Json;
using EvidenceVault.Testing;

namespace EvidenceVault.Cli.Tests;

/// <summary>Viewing copies by the command line: of a file without a vault, and of an exhibit with a real vault on a real Azurite.</summary>
public sealed class ViewingCopyTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly Workplace work = new() { Storage = azurite.ConnectionString };

    public void Dispose() => work.Dispose();

    private async Task MakeAsync(string name)
    {
        // No two tests may seal the same bytes: they share the store, and each has keys of its own.
        Ran made = await work.RunProgramAsync("ffmpeg", "-v", "error", "-f", "lavfi", "-i", $"color=gray:size=320x240:rate=10:duration=4,noise=alls=20:all_seed={Random.Shared.Next(1, 1_000_000)}", "-c:v", "mpeg4", "-q:v", "5", work.File(name));
        Assert.True(made.Code == 0, made.Error);
    }

    private async Task<JsonElement[]> LogAsync(string action) =>
        [.. (await work.RunAsync("log", "show", "--json")).Json.EnumerateArray().Where(e => e.GetProperty("action").GetString() == action)];

    [Fact]
    public async Task A_file_is_copied_for_viewing_without_a_vault_and_never_over_another()
    {
        await MakeAsync("quay.avi");
        Ran ran = await work.RunAsync("viewing-copy", "quay.avi", "-o", "look.mp4", "--json");
        Assert.True(ran.Code == 0, ran.Error);
        Assert.Equal(40, ran.Json.GetProperty("frames").GetInt32());
        Assert.Equal("look.mp4", ran.Json.GetProperty("file").GetString());
        Assert.Contains("mpeg4", string.Join(' ', ran.Json.GetProperty("reasons").EnumerateArray()));
        Ran probed = await work.RunProgramAsync("ffprobe", "-v", "error", "-show_entries", "stream=codec_name:format_tags=title", "-of", "default=nk=1:nw=1", "look.mp4");
        Assert.Contains("h264", probed.Out);
        Assert.Contains("VIEWING COPY - NOT THE EVIDENCE", probed.Out);
        Assert.Equal(2, (await work.RunAsync("viewing-copy", "quay.avi", "-o", "look.mp4")).Code);
        Assert.Equal(2, (await work.RunAsync("viewing-copy", "quay.avi")).Code);
        Assert.Equal(2, (await work.RunAsync("viewing-copy", "gone.avi", "-o", "gone.mp4")).Code);
        Assert.False(Directory.Exists(work.Vault));
    }

    [Fact]
    public async Task A_copy_of_an_exhibit_needs_a_reason_and_is_a_sealed_sub_exhibit_with_its_own_entries()
    {
        await MakeAsync("quay.avi");
        Ran taken = await work.RunAsync("ingest", work.File("quay.avi"), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1");
        Assert.True(taken.Code == 0, taken.Error);
        Assert.Equal(2, (await work.RunAsync("viewing-copy", "AB/1")).Code);
        Assert.Equal("refused", Assert.Single(await LogAsync("copy-asked")).GetProperty("outcome").GetString());

        Ran made = await work.RunAsync("viewing-copy", "AB/1", "--reason", "Viewing in the browser", "-o", "look.mp4", "--json");
        Assert.True(made.Code == 0, made.Error);
        string copy = made.Json.GetProperty("exhibit").GetString()!;
        Assert.Equal(("AB/1", "viewing-copy"), (made.Json.GetProperty("parent").GetString(), made.Json.GetProperty("role").GetString()));
        Assert.Equal(made.Json.GetProperty("sha256").GetString(), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(work.File("look.mp4")))));
        JsonElement derived = Assert.Single(await LogAsync("derived"), e => e.GetProperty("exhibit").GetString() == copy);
        Assert.Equal("Viewing in the browser", derived.GetProperty("reason").GetString());
        Assert.Equal(copy, Assert.Single(await LogAsync("retrieved")).GetProperty("exhibit").GetString());

        // The seal says what it was made from, and how.
        Assert.Equal(0, (await work.RunAsync("seal", copy, "-o", "seal")).Code);
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(work.File("seal/manifest.json")));
        Assert.Equal("AB/1", manifest.RootElement.GetProperty("parent").GetString());
        Assert.Equal("viewing-copy", manifest.RootElement.GetProperty("role").GetString());
        Assert.StartsWith("re-encoded for viewing, not the evidence", manifest.RootElement.GetProperty("settings").GetProperty("method").GetString());

        // Asked again it is the same one, and not another.
        Ran again = await work.RunAsync("viewing-copy", "AB/1", "--reason", "Once more", "--json");
        Assert.Equal(copy, again.Json.GetProperty("exhibit").GetString());
        Assert.Equal(2, (await work.RunAsync("viewing-copy", copy, "--reason", "A copy of a copy")).Code);
        Assert.Equal(0, (await work.RunAsync("log", "fsck")).Code);
    }

    [Fact]
    public async Task Who_may_not_retrieve_may_not_have_a_copy_made_and_the_refusal_is_logged()
    {
        await MakeAsync("quay.avi");
        Assert.Equal(0, (await work.RunAsync("ingest", work.File("quay.avi"), "--case", "OP-HERON", "--camera", "CAM-7", "--exhibit", "AB/1")).Code);
        string access = Path.Combine(work.Vault, "access.json");
        string whole = await File.ReadAllTextAsync(access);
        await File.WriteAllTextAsync(access, whole.Replace("\"CaseOfficer\",", "", StringComparison.OrdinalIgnoreCase).Replace("\"CpsReviewer\",", "", StringComparison.OrdinalIgnoreCase)
            .Replace("\"case-officer\",", "", StringComparison.Ordinal).Replace("\"cps-reviewer\",", "", StringComparison.Ordinal));
        Assert.NotEqual(whole, await File.ReadAllTextAsync(access));
        Ran refused = await work.RunAsync("viewing-copy", "AB/1", "--reason", "Curious");
        Assert.True(refused.Code == 2, refused.Error);
        Assert.Equal("refused", Assert.Single(await LogAsync("copy-asked")).GetProperty("outcome").GetString());
    }
}
