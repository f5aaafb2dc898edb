using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using EvidenceVault.Testing;

namespace EvidenceVault.Storage.Azure.Tests;

public sealed class AzureLogStoreTests(AzuriteFixture azurite) : LogStoreCompliance, IClassFixture<AzuriteFixture>
{
    private const string Origin = "evidencevault.local/1f3a9c20";

    private BlobContainerClient Container => new(azurite.ConnectionString, AzureLogStore.LogContainer);

    protected override async Task<ILogStore> StoreAsync()
    {
        await Container.DeleteIfExistsAsync();
        return new AzureLogStore(azurite.Options, Origin);
    }

    protected override ILogStore Again(ILogStore store) => new AzureLogStore(azurite.Options, Origin);

    protected override Task AlterAsync(ILogStore store, string name, byte[] content) => Container.GetBlobClient($"{Origin}/{name}").UploadAsync(new BinaryData(content), overwrite: true);

    [Fact]
    public async Task What_is_published_carries_the_headers_that_a_web_server_needs()
    {
        ILogStore store = await StoreAsync();
        await store.CreateAsync(new(0, 0, 256), new byte[8192], CancellationToken.None);
        await store.CreateAsync(new(0, 1, 3), new byte[96], CancellationToken.None);
        await store.ReplaceHeadAsync(null, "one\n"u8.ToArray(), CancellationToken.None);
        Assert.Equal(("application/octet-stream", "public, max-age=31536000, immutable"), await HeadersAsync("tile/0/000"));
        Assert.Equal(("application/octet-stream", "public, max-age=60"), await HeadersAsync("tile/0/001.p/3"));
        Assert.Equal(("text/plain; charset=utf-8", "no-cache"), await HeadersAsync("checkpoint"));

        async Task<(string, string)> HeadersAsync(string name)
        {
            BlobProperties found = await Container.GetBlobClient($"{Origin}/{name}").GetPropertiesAsync();
            return (found.ContentType, found.CacheControl);
        }
    }

    [Fact]
    public async Task Two_vaults_publish_side_by_side_on_one_account()
    {
        ILogStore store = await StoreAsync(), other = new AzureLogStore(azurite.Options, "evidencevault.local/2b");
        Assert.True(await store.ReplaceHeadAsync(null, "one\n"u8.ToArray(), CancellationToken.None));
        Assert.Null(await other.HeadAsync(CancellationToken.None));
        Assert.True(await other.ReplaceHeadAsync(null, "two\n"u8.ToArray(), CancellationToken.None));
        Assert.Equal("one\n"u8.ToArray(), (await store.HeadAsync(CancellationToken.None))!.Note);
    }

    [Fact]
    public async Task No_client_of_the_vault_can_overwrite_or_delete_a_published_tile()
    {
        ILogStore store = await StoreAsync();
        await store.CreateAsync(new(0, 0, 3), new byte[96], CancellationToken.None);
        BlobClient tile = AzureBlobService.Create(azurite.Options).GetBlobContainerClient(AzureLogStore.LogContainer).GetBlobClient($"{Origin}/tile/0/000.p/3");
        await Assert.ThrowsAsync<RefusedException>(() => tile.UploadAsync(new BinaryData("other"), overwrite: true));
        await Assert.ThrowsAsync<RefusedException>(() => tile.DeleteAsync());
        Assert.Equal(96, (await store.ReadAsync(new TilePath(0, 0, 3), CancellationToken.None))!.Length);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_told_as_such()
    {
        AzureStorageOptions nowhere = new() { ConnectionString = azurite.ConnectionString.Replace($":{azurite.Port}/", ":9/", StringComparison.Ordinal), Retries = 0 };
        await Assert.ThrowsAsync<UnreachableException>(() => new AzureLogStore(nowhere, Origin).HeadAsync(CancellationToken.None));
    }
}
