using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Storage.Azure;

/// <summary>The published log in the container <c>log</c>, below its origin, so that the logs of several vaults on one account never meet: plain, since it holds nothing personal and is meant for strangers. Tiles are put with
/// <c>If-None-Match: *</c>, the checkpoint with the ETag of the one that was seen. Each carries the headers that a web server needs to give it out.</summary>
public sealed class AzureLogStore : ILogStore
{
    internal const string LogContainer = "log";

    private readonly BlobContainerClient _container;
    private readonly string _prefix;
    private bool _isThere;

    /// <summary>The log's place on the service that the options name.</summary>
    /// <param name="options">The service.</param>
    /// <param name="origin">The log's origin.</param>
    /// <exception cref="RefusedException">The options name no service.</exception>
    public AzureLogStore(AzureStorageOptions options, string origin) => (_container, _prefix) = (AzureBlobService.Create(options).GetBlobContainerClient(LogContainer), origin + "/");

    /// <inheritdoc/>
    public string Place => $"the container '{LogContainer}' at {_container.Uri.GetLeftPart(UriPartial.Path)}/{_prefix}";

    /// <inheritdoc/>
    public Task<PublishedHead?> HeadAsync(CancellationToken cancel) => ReachAsync("reading the published checkpoint", cancel, async () =>
        await DownloadAsync(PublishedHead.Name, cancel).ConfigureAwait(false) is { } found ? new PublishedHead(found.Content.ToArray(), found.Details.ETag.ToString()) : null);

    /// <inheritdoc/>
    public Task<byte[]?> ReadAsync(TilePath tile, CancellationToken cancel) => ReachAsync($"reading '{tile}'", cancel, async () =>
        (await DownloadAsync(tile.ToString(), cancel).ConfigureAwait(false))?.Content.ToArray());

    /// <inheritdoc/>
    public Task CreateAsync(TilePath tile, byte[] content, CancellationToken cancel) => ReachAsync($"publishing '{tile}'", cancel, async () =>
    {
        BlobRequestConditions onlyNew = new() { IfNoneMatch = ETag.All };
        if (await PutAsync(tile.ToString(), content, "application/octet-stream", PublishedHeaders.Of(tile), onlyNew, cancel).ConfigureAwait(false)) return true;
        // Somebody put it there before, or this very request had arrived and its answer was lost.
        byte[]? there = (await DownloadAsync(tile.ToString(), cancel).ConfigureAwait(false))?.Content.ToArray();
        return there.AsSpan().SequenceEqual(content) ? true : throw PublishedHeaders.OtherBytes(tile, Place);
    });

    /// <inheritdoc/>
    public Task<bool> ReplaceHeadAsync(PublishedHead? seen, byte[] note, CancellationToken cancel) => ReachAsync("publishing the checkpoint", cancel, async () =>
    {
        BlobRequestConditions unchanged = seen is null ? new() { IfNoneMatch = ETag.All } : new() { IfMatch = new ETag(seen.Version) };
        if (await PutAsync(PublishedHead.Name, note, PublishedHeaders.CheckpointType, PublishedHeaders.Checkpoint, unchanged, cancel).ConfigureAwait(false)) return true;
        return (await DownloadAsync(PublishedHead.Name, cancel).ConfigureAwait(false))?.Content.ToArray() is { } there && there.AsSpan().SequenceEqual(note);
    });

    /// <summary>True where it was put; false where the conditions did not hold.</summary>
    private async Task<bool> PutAsync(string name, byte[] content, string type, string cache, BlobRequestConditions conditions, CancellationToken cancel)
    {
        if (!_isThere) await _container.CreateIfNotExistsAsync(cancellationToken: cancel).ConfigureAwait(false);
        _isThere = true;
        try
        {
            BlobUploadOptions how = new() { Conditions = conditions, HttpHeaders = new() { ContentType = type, CacheControl = cache } };
            await _container.GetBlobClient(_prefix + name).UploadAsync(new BinaryData(content), how, cancel).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return false;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            _isThere = false; // taken away since: the next round makes it again
            throw;
        }
    }

    private async Task<BlobDownloadResult?> DownloadAsync(string name, CancellationToken cancel)
    {
        try
        {
            return await _container.GetBlobClient(_prefix + name).DownloadContentAsync(cancel).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound || e.ErrorCode == BlobErrorCode.ContainerNotFound || (e.Status == 404 && e.ErrorCode is null))
        {
            return null;
        }
    }

    private static async Task<T> ReachAsync<T>(string doing, CancellationToken cancel, Func<Task<T>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable(doing, e);
        }
    }
}
