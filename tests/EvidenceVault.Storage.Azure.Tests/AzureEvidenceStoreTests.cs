using System.Collections.Concurrent;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Testing;

namespace EvidenceVault.Storage.Azure.Tests;

public sealed class AzureEvidenceStoreTests(AzuriteFixture azurite) : EvidenceStoreCompliance, IClassFixture<AzuriteFixture>, IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("evidencevault-keys-").FullName;
    private readonly Dictionary<string, KeyRing> rings = [];

    public void Dispose()
    {
        foreach (KeyRing ring in rings.Values) ring.Dispose();
        Directory.Delete(home, recursive: true);
    }

    protected override async Task<IEvidenceStore> StoreAsync() => await StoreUnderAsync("vault");

    protected override async Task FlipStoredByteAsync(ContentAddress address, long offset)
    {
        (byte[] bytes, IDictionary<string, string> metadata) = await RawAsync(address);
        bytes[offset < 0 ? bytes.Length + offset : offset] ^= 0x01;
        await OverwriteAsync(address, bytes, metadata);
    }

    [Fact]
    public async Task What_lies_in_the_store_is_not_the_footage_but_its_cipher()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = new byte[100_000]; // all zero: any part stored plainly would stand out
        ContentAddress address = await StoreBytesAsync(store, bytes);

        (byte[] raw, IDictionary<string, string> metadata) = await RawAsync(address);
        Assert.True(raw.Distinct().Count() > 200);
        Assert.Contains("\"AES_GCM_256\"", metadata["encryptiondata"]);
        Assert.Contains("\"A256KWP\"", metadata["encryptiondata"]);
    }

    [Fact]
    public async Task Evidence_does_not_open_under_another_vaults_keys()
    {
        ContentAddress address = await StoreBytesAsync(await StoreAsync(), [1, 2, 3]);
        IEvidenceStore thief = await StoreUnderAsync("other", folderOf: "vault");
        await Assert.ThrowsAsync<EvidenceException>(() => thief.OpenReadAsync(address, Cancel));
    }

    [Fact]
    public async Task Two_vaults_on_one_service_hold_the_same_bytes_each_under_its_own_keys()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(1000);
        IEvidenceStore one = await StoreAsync(), two = await StoreUnderAsync("other");
        ContentAddress address = await StoreBytesAsync(one, bytes);
        Assert.False(await two.ExistsAsync(address, Cancel));

        await StoreBytesAsync(two, bytes);
        Assert.Equal(bytes, await ReadAsync(one, address));
        Assert.Equal(bytes, await ReadAsync(two, address));
    }

    [Fact]
    public async Task Bytes_without_their_encryption_metadata_are_not_handed_out()
    {
        IEvidenceStore store = await StoreAsync();
        ContentAddress address = await StoreBytesAsync(store, [1, 2, 3]);
        await OverwriteAsync(address, [1, 2, 3], new Dictionary<string, string>());
        await Assert.ThrowsAsync<EvidenceException>(() => store.OpenReadAsync(address, Cancel));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("")]
    public async Task Broken_encryption_metadata_is_said_to_be_a_finding(string broken)
    {
        IEvidenceStore store = await StoreAsync();
        ContentAddress address = await StoreBytesAsync(store, [1, 2, 3]);
        (byte[] raw, _) = await RawAsync(address);
        await OverwriteAsync(address, raw, new Dictionary<string, string> { ["encryptiondata"] = broken });
        await Assert.ThrowsAsync<EvidenceException>(() => store.OpenReadAsync(address, Cancel));
    }

    [Fact]
    public async Task Regions_in_another_order_are_found()
    {
        const int region = 12 + (4 << 20) + 16;
        IEvidenceStore store = await StoreAsync();
        ContentAddress address = await StoreBytesAsync(store, RandomNumberGenerator.GetBytes(8 << 20));
        (byte[] raw, IDictionary<string, string> metadata) = await RawAsync(address);
        await OverwriteAsync(address, [.. raw[region..], .. raw[..region]], metadata);
        await Assert.ThrowsAsync<EvidenceException>(() => ReadAsync(store, address));
    }

    [Fact]
    public async Task Azurite_has_no_immutability_and_the_protection_says_so()
    {
        IEvidenceStore store = await StoreAsync();
        Protection protection = await store.ProtectAsync(await StoreBytesAsync(store, [4, 5]), Cancel);
        Assert.Equal(("application", "application"), (protection.Immutability, protection.LegalHold));
        Assert.Contains("501", protection.Note);
    }

    [Fact]
    public async Task No_client_of_the_vault_can_overwrite_or_delete_placed_evidence()
    {
        IEvidenceStore store = await StoreAsync();
        byte[] bytes = RandomNumberGenerator.GetBytes(1000);
        ContentAddress address = await StoreBytesAsync(store, bytes);
        BlobServiceClient service = AzureBlobService.Create(azurite.Options);
        BlobContainerClient container = service.GetBlobContainerClient("evidence");
        BlobClient blob = container.GetBlobClient(NameOf(address));
        Uri elsewhere = service.GetBlobContainerClient("staging").GetBlobClient("x").Uri;

        ConcurrentBag<string> passed = [];
        foreach ((string name, Func<Task> harm) in new (string, Func<Task>)[]
        {
            ("delete", () => blob.DeleteAsync()),
            ("delete if exists", () => blob.DeleteIfExistsAsync()),
            ("upload", () => blob.UploadAsync(new BinaryData("x"), overwrite: true)),
            ("upload create-only", () => blob.UploadAsync(new BinaryData("x"), overwrite: false)),
            ("upload in blocks", () => blob.OpenWriteAsync(overwrite: true)),
            ("metadata", () => blob.SetMetadataAsync(new Dictionary<string, string>())),
            ("headers", () => blob.SetHttpHeadersAsync(new BlobHttpHeaders())),
            ("copy over it", () => blob.StartCopyFromUriAsync(elsewhere)),
            ("synchronous copy over it", () => blob.SyncCopyFromUriAsync(elsewhere)),
            ("end of legal hold", () => blob.SetLegalHoldAsync(false)),
            ("end of immutability", () => blob.DeleteImmutabilityPolicyAsync()),
            ("delete the container", () => container.DeleteAsync()),
            ("access policy", () => container.SetAccessPolicyAsync(PublicAccessType.Blob)),
        })
        {
            try
            {
                await harm();
                passed.Add(name);
            }
            catch (RefusedException)
            {
                // as it must be
            }
        }

        Assert.Empty(passed);
        Assert.Equal(bytes, await ReadAsync(store, address));
    }

    private KeyRing RingOf(string vault)
    {
        if (!rings.TryGetValue(vault, out KeyRing? ring)) rings[vault] = ring = KeyRing.OpenOrCreate(Path.Combine(home, vault), TimeProvider.System);
        return ring;
    }

    private async Task<IEvidenceStore> StoreUnderAsync(string vault, string? folderOf = null)
    {
        AzureEvidenceStore store = new(azurite.Options, RingOf(vault).Wrapper, RingOf(folderOf ?? vault).Log.Origin, TimeProvider.System);
        Assert.Contains("answers", await store.CheckAsync(Cancel));
        return store;
    }

    private static async Task<ContentAddress> StoreBytesAsync(IEvidenceStore store, byte[] bytes)
    {
        string id = NewId();
        await store.StageAsync(id, new MemoryStream(bytes), Cancel);
        await store.PlaceAsync(id, AddressOf(bytes), Cancel);
        return AddressOf(bytes);
    }

    // An insider with the account's key: a client of the SDK's own, without the vault's rule.
    private BlobClient Insider(ContentAddress address) => new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("evidence").GetBlobClient(NameOf(address));

    private string NameOf(ContentAddress address) => $"{RingOf("vault").Log.Origin}/{address.Path}";

    private async Task<(byte[] Bytes, IDictionary<string, string> Metadata)> RawAsync(ContentAddress address)
    {
        BlobDownloadResult found = await Insider(address).DownloadContentAsync(Cancel);
        return (found.Content.ToArray(), found.Details.Metadata);
    }

    private Task OverwriteAsync(ContentAddress address, byte[] bytes, IDictionary<string, string> metadata) =>
        Insider(address).UploadAsync(new MemoryStream(bytes), new BlobUploadOptions { Metadata = metadata }, Cancel);
}
