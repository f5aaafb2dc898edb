using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Storage.Azure.Drops;
using EvidenceVault.Testing;

namespace EvidenceVault.Storage.Azure.Tests.Drops;

public sealed class ContainerDropSourceTests : IClassFixture<AzuriteFixture>
{
    private const string Drop = "OP-HERON/CAM-7/2026-03-01";

    // The quiet period is judged by time that passes: short enough to wait for, long enough to see a file before it.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    // Timers may fire some milliseconds before their time.
    private static readonly TimeSpan Waited = Quiet + TimeSpan.FromSeconds(0.5);

    private readonly BlobServiceClient _service;
    private readonly BlobContainerClient _container;
    private readonly ContainerDropSource _source;

    public ContainerDropSourceTests(AzuriteFixture azurite)
    {
        _service = AzureBlobService.Create(azurite.Options);
        string name = $"drops-{Guid.NewGuid():N}";
        _container = _service.GetBlobContainerClient(name);
        _source = new ContainerDropSource(_service, new() { Container = name, Rest = RestRules.Of(Quiet) }, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_that_is_not_there_is_made_and_holds_nothing()
    {
        Assert.Empty(await _source.ScanAsync(Cancel));
        Assert.True(await _container.ExistsAsync(Cancel));
        Assert.True((await _container.GetPropertiesAsync(cancellationToken: Cancel)).Value.PublicAccess is null or PublicAccessType.None);
    }

    [Fact]
    public async Task A_blob_waits_for_the_quiet_period_and_is_read_as_it_was_put()
    {
        await PutAsync($"{Drop}/DCIM/two\u00e9 🚤.mp4", "footage");
        Assert.Equal(1, Assert.Single(await _source.ScanAsync(Cancel)).StillArriving);
        await Task.Delay(Waited, Cancel);
        DropSighting drop = Assert.Single(await _source.ScanAsync(Cancel));
        Assert.Equal((Drop, "OP-HERON", "CAM-7", 0), (drop.Name, drop.Case, drop.Camera, drop.StillArriving));
        DropFile file = Assert.Single(drop.Ready);
        Assert.Equal("DCIM/two\u00e9 🚤.mp4", file.RelativePath);
        Assert.Equal("footage", await ReadAsync(file));
        Assert.Equal(file.Version, await _source.VersionAsync(file, Cancel));
    }

    [Fact]
    public async Task A_complete_manifest_brings_its_blobs_to_rest_at_once()
    {
        await PutAsync($"{Drop}/a.mp4", "a");
        await PutAsync($"{Drop}/empty.mp4", "");
        await PutManifestAsync(("a.mp4", "a"), ("empty.mp4", ""));
        DropSighting drop = Assert.Single(await _source.ScanAsync(Cancel));
        Assert.Equal(["a.mp4", "empty.mp4"], drop.Ready.Select(f => f.RelativePath).Order());
        Assert.NotNull(drop.Manifest);
        Assert.NotNull(drop.ManifestSha256);
        Assert.Equal("", await ReadAsync(drop.Ready.Single(f => f.RelativePath == "empty.mp4")));
    }

    [Fact]
    public async Task A_done_marker_brings_blobs_to_rest_and_a_missing_file_is_told()
    {
        await PutAsync($"{Drop}/a.mp4", "a");
        await PutManifestAsync(("a.mp4", "a"), ("b.mp4", "b"));
        await PutAsync($"{Drop}/.done", "");
        DropSighting drop = Assert.Single(await _source.ScanAsync(Cancel));
        Assert.Equal(["a.mp4"], drop.Ready.Select(f => f.RelativePath));
        Assert.Equal(["b.mp4"], drop.Missing.Select(f => f.Name));
        Assert.Equal(0, drop.StillArriving);
    }

    [Fact]
    public async Task A_blob_replaced_after_it_was_seen_is_told_as_changed()
    {
        DropFile file = await ReadyAsync("a.mp4", "before");
        await PutAsync(file.Path, "after!");
        Assert.Equal("changed", (await Assert.ThrowsAsync<DropFileException>(() => _source.OpenAsync(file, Cancel))).Kind);
        Assert.NotEqual(file.Version, await _source.VersionAsync(file, Cancel));
        Assert.Equal("changed", (await Assert.ThrowsAsync<DropFileException>(() => _source.MoveAsideAsync(file, Cancel))).Kind);
        Assert.True(await _container.GetBlobClient(file.Path).ExistsAsync(Cancel));
    }

    [Fact]
    public async Task A_blob_replaced_while_it_is_read_is_told_as_changed()
    {
        DropFile file = await ReadyAsync("a.mp4", new string('x', 9_000_000));
        await using Stream stream = await _source.OpenAsync(file, Cancel);
        await stream.ReadExactlyAsync(new byte[10], Cancel);
        await PutAsync(file.Path, new string('y', 9_000_000));
        Assert.Equal("changed", (await Assert.ThrowsAsync<DropFileException>(() => stream.CopyToAsync(Stream.Null, Cancel))).Kind);
    }

    [Fact]
    public async Task A_blob_that_vanished_is_told_as_vanished()
    {
        DropFile file = await ReadyAsync("a.mp4", "a");
        await _container.DeleteBlobAsync(file.Path, cancellationToken: Cancel);
        Assert.Equal("vanished", (await Assert.ThrowsAsync<DropFileException>(() => _source.OpenAsync(file, Cancel))).Kind);
        Assert.Null(await _source.VersionAsync(file, Cancel));
        Assert.Equal("vanished", (await Assert.ThrowsAsync<DropFileException>(() => _source.MoveAsideAsync(file, Cancel))).Kind);
    }

    [Fact]
    public async Task Taken_blobs_move_below_taken_and_the_manifest_does_not_miss_them()
    {
        await PutAsync($"{Drop}/sub/a.mp4", "a", new Dictionary<string, string> { ["camera"] = "seven" });
        await PutManifestAsync(("sub/a.mp4", "a"));
        DropFile file = Assert.Single(Assert.Single(await _source.ScanAsync(Cancel)).Ready);

        await _source.MoveAsideAsync(file, Cancel);
        await _source.MoveAsideAsync(file, Cancel); // as after a crash

        Assert.Empty(await _source.ScanAsync(Cancel));
        BlobClient moved = _container.GetBlobClient($".taken/{Drop}/sub/a.mp4");
        Assert.Equal("a", (await moved.DownloadContentAsync(Cancel)).Value.Content.ToString());
        Assert.Equal("seven", (await moved.GetPropertiesAsync(cancellationToken: Cancel)).Value.Metadata["camera"]);
        Assert.False(await _container.GetBlobClient(file.Path).ExistsAsync(Cancel));
    }

    [Fact]
    public async Task A_crash_between_copy_and_delete_is_carried_on_and_another_file_of_the_name_is_never_overwritten()
    {
        await PutAsync($".taken/{Drop}/a.mp4", "earlier");
        DropFile file = await ReadyAsync("a.mp4", "later");
        BlobClient copy = _container.GetBlobClient($".taken/{Drop}/a.mp4~2");
        var started = await copy.StartCopyFromUriAsync(_container.GetBlobClient(file.Path).Uri,
            new BlobCopyFromUriOptions { Metadata = new Dictionary<string, string> { ["evidencevaultmoved"] = file.Version.Stamp } }, Cancel);
        await started.WaitForCompletionAsync(Cancel);

        await _source.MoveAsideAsync(file, Cancel);

        Assert.False(await _container.GetBlobClient(file.Path).ExistsAsync(Cancel));
        Assert.Equal("earlier", (await _container.GetBlobClient($".taken/{Drop}/a.mp4").DownloadContentAsync(Cancel)).Value.Content.ToString());
        Assert.Equal("later", (await copy.DownloadContentAsync(Cancel)).Value.Content.ToString());
        Assert.False(await _container.GetBlobClient($".taken/{Drop}/a.mp4~3").ExistsAsync(Cancel));
    }

    [Fact]
    public async Task A_bad_manifest_is_told_and_the_blobs_are_taken_by_the_layout()
    {
        await PutAsync($"{Drop}/a.mp4", "a");
        await PutAsync($"{Drop}/drop.json", "{ not json");
        Assert.Equal(2, Assert.Single(await _source.ScanAsync(Cancel)).StillArriving);
        await Task.Delay(Waited, Cancel);
        DropSighting drop = Assert.Single(await _source.ScanAsync(Cancel));
        Assert.Equal("manifest-not-json", Assert.Single(drop.Problems).Kind);
        Assert.Equal(["a.mp4"], drop.Ready.Select(f => f.RelativePath));
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_out_of_reach()
    {
        BlobServiceClient nobody = AzureBlobService.Create(new()
        {
            ConnectionString = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:1/a;",
            Retries = 0,
        });
        var source = new ContainerDropSource(nobody, new(), TimeProvider.System);
        Assert.Equal("container:drops", source.Id);
        await Assert.ThrowsAsync<UnreachableException>(() => source.ScanAsync(Cancel));
        await Assert.ThrowsAsync<UnreachableException>(() => source.OpenAsync(new DropFile("a/b/c/d", "d", new(1, "\"x\""), null), Cancel));
    }

    private async Task<DropFile> ReadyAsync(string name, string content)
    {
        await PutAsync($"{Drop}/{name}", content);
        await PutAsync($"{Drop}/.done", "");
        return Assert.Single(Assert.Single(await _source.ScanAsync(Cancel)).Ready);
    }

    private async Task PutAsync(string name, string content, Dictionary<string, string>? metadata = null)
    {
        await _container.CreateIfNotExistsAsync(cancellationToken: Cancel);
        await _container.GetBlobClient(name).UploadAsync(BinaryData.FromString(content), new BlobUploadOptions { Metadata = metadata }, Cancel);
    }

    private Task PutManifestAsync(params (string Name, string Content)[] files) => PutAsync($"{Drop}/drop.json", JsonSerializer.Serialize(new
    {
        version = DropManifestReader.Version,
        @case = "OP-HERON",
        camera = "CAM-7",
        files = files.Select(f => new { name = f.Name, bytes = Encoding.UTF8.GetByteCount(f.Content), sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(f.Content))) }),
    }));

    private async Task<string> ReadAsync(DropFile file)
    {
        using var reader = new StreamReader(await _source.OpenAsync(file, Cancel));
        return await reader.ReadToEndAsync(Cancel);
    }
}
