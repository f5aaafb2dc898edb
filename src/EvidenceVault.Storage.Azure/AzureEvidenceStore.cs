using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using EvidenceVault.Pipeline.Keys;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Storage.Azure;

/// <summary>
/// Evidence in Azure Blob storage. Two containers: <c>staging</c>, where bytes arrive under a name of their own, and <c>evidence</c>,
/// where they get their content address by a copy inside the service, made only where nothing is yet. Bytes are encrypted in this
/// process by the Azure SDK's client-side encryption, version 2 (AES-256-GCM in regions of 4 MiB, a fresh key for each blob). Each vault has
/// a folder of its own in <c>evidence</c>, by its log's origin: two vaults may share a service and hold the same bytes, each under its keys.
/// </summary>
public sealed class AzureEvidenceStore : IEvidenceStore
{
    internal const string StagingContainer = "staging";
    internal const string EvidenceContainer = "evidence";
    private const string EncryptionMetadata = "encryptiondata";

    // Blocks of 8 MiB: four in flight hold about 64 MiB here, and 50,000 blocks (the service's limit) hold 390 GiB.
    private static readonly StorageTransferOptions Blocks = new()
    {
        InitialTransferSize = 8 << 20,
        MaximumTransferSize = 8 << 20,
        MaximumConcurrency = 4,
    };

    private static readonly TimeSpan CopyPoll = TimeSpan.FromMilliseconds(250);

    private readonly BlobServiceClient service;
    private readonly BlobContainerClient staging;
    private readonly BlobContainerClient evidence;
    private readonly IKeyWrapper keys;
    private readonly string folder;
    private readonly TimeProvider clock;
    private readonly TimeSpan immutableFor;

    /// <summary>A store on the service that the options name.</summary>
    /// <param name="options">The service.</param>
    /// <param name="keys">Wraps the key of each blob.</param>
    /// <param name="origin">The origin of the vault's log, which names its folder.</param>
    /// <param name="clock">Tells until when to ask for immutability.</param>
    /// <exception cref="RefusedException">The options name no service.</exception>
    public AzureEvidenceStore(AzureStorageOptions options, IKeyWrapper keys, string origin, TimeProvider clock)
    {
        service = AzureBlobService.Create(options);
        staging = service.GetBlobContainerClient(StagingContainer);
        evidence = service.GetBlobContainerClient(EvidenceContainer);
        this.clock = clock;
        immutableFor = options.ImmutableFor;
        this.keys = keys;
        folder = origin + "/";
    }

    /// <inheritdoc/>
    public string Encryption => "azure-client-side-v2.0-aes-256-gcm";

    // Anew for each blob: keys may be rotated while the store is in use. V2_0 is the newest version this SDK writes (it reads 2.1,
    // which differs in that the region length may be chosen).
    private ClientSideEncryptionOptions UnderCurrentKey() => new(ClientSideEncryptionVersion.V2_0)
    {
        KeyEncryptionKey = new KeyRingKey(keys, keys.CurrentKeyId),
        KeyResolver = new KeyRingKeys(keys),
        KeyWrapAlgorithm = KeyRingKey.Algorithm,
    };

    /// <inheritdoc/>
    public async Task StageAsync(string stagingId, Stream content, CancellationToken cancel)
    {
        BlobClient blob = Staged(stagingId).WithClientSideEncryptionOptions(UnderCurrentKey());
        using SourceStream source = new(content);
        try
        {
            // No blob is there until the last request commits the blocks; a crash before it leaves blocks that the service drops
            // after a week, or that the next staging of this id replaces.
            await blob.UploadAsync(source, new BlobUploadOptions { TransferOptions = Blocks }, cancel).ConfigureAwait(false);
        }
        catch (Exception) when (source.Failure is not null)
        {
            source.Failure.Throw(); // the file's failure, not the service's: the caller must not take one for the other
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable($"storing the staged bytes '{stagingId}'", e);
        }
    }

    /// <inheritdoc/>
    public async Task<Placement> PlaceAsync(string stagingId, ContentAddress address, CancellationToken cancel)
    {
        BlobClient from = Staged(stagingId);
        BlobClient to = Placed(address);
        try
        {
            if (await PropertiesAsync(to, cancel).ConfigureAwait(false) is null)
                await CopyAsync(from, to, cancel).ConfigureAwait(false);

            // Whoever made the copy, and however often the request was sent: what counts is what lies there now.
            BlobProperties placed = await CopiedAsync(to, cancel).ConfigureAwait(false) ?? throw StagedBytesMissing(stagingId, address);

            // A crash here leaves both copies; the next call finds the placed one and comes back to this line.
            await from.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancel).ConfigureAwait(false);
            return IsCopyOf(from, placed) ? Placement.Created : Placement.AlreadyThere;
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable($"placing '{address.Path}'", e);
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(ContentAddress address, CancellationToken cancel) => OpenAsync(address, new(), cancel);

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(ContentAddress address, long offset, long length, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        // The SDK fetches the regions that the range lies in, and holds each to its place by its nonce.
        return OpenAsync(address, new() { Range = new(offset, length) }, cancel);
    }

    private async Task<Stream> OpenAsync(ContentAddress address, BlobDownloadOptions part, CancellationToken cancel)
    {
        BlobClient blob = Placed(address).WithClientSideEncryptionOptions(UnderCurrentKey());
        try
        {
            BlobDownloadStreamingResult found = await blob.DownloadStreamingAsync(part, cancel).ConfigureAwait(false);
            if (found.Details.Metadata.ContainsKey(EncryptionMetadata)) return new DecryptedStream(address.Path, found.Content);

            // Without its metadata the SDK would hand out whatever lies there as if it were the evidence.
            await found.Content.DisposeAsync().ConfigureAwait(false);
            throw StorageFailures.NotEncrypted(address.Path);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw StorageFailures.Missing(address.Path, e);
        }
        catch (RequestFailedException e) when (e.Status == 416)
        {
            throw StorageFailures.Altered(address.Path, e); // shorter than what was placed there
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable($"opening '{address.Path}'", e);
        }
        catch (Exception e) when (StorageFailures.IsOfIntegrity(e))
        {
            throw StorageFailures.Altered(address.Path, e);
        }
    }

    /// <inheritdoc/>
    public async Task<Protection> ProtectAsync(ContentAddress address, CancellationToken cancel)
    {
        BlobClient blob = Placed(address);
        DateTimeOffset until = clock.GetUtcNow() + immutableFor;
        BlobImmutabilityPolicy policy = new() { ExpiresOn = until, PolicyMode = BlobImmutabilityPolicyMode.Unlocked };
        try
        {
            string? noPolicy = await RefusalAsync(() => blob.SetImmutabilityPolicyAsync(policy, cancellationToken: cancel)).ConfigureAwait(false);
            string? noHold = await RefusalAsync(() => blob.SetLegalHoldAsync(true, cancel)).ConfigureAwait(false);
            string note = string.Join(' ',
                noPolicy is null ? $"The service holds the blob unchanged until {until:yyyy-MM-dd}." : $"The service answered {noPolicy} to immutability: this program refuses to overwrite or delete it.",
                noHold is null ? "The service holds it under a legal hold." : $"The service answered {noHold} to a legal hold: this program refuses to delete it.");
            return new(noPolicy is null ? "service" : "application", noHold is null ? "service" : "application", note);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw StorageFailures.Missing(address.Path, e);
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable($"protecting '{address.Path}'", e);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(ContentAddress address, CancellationToken cancel)
    {
        try
        {
            return await PropertiesAsync(Placed(address), cancel).ConfigureAwait(false) is not null;
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable($"looking for '{address.Path}'", e);
        }
    }

    /// <inheritdoc/>
    public async Task DiscardAsync(string stagingId, CancellationToken cancel)
    {
        try
        {
            await Staged(stagingId).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable($"discarding the staged bytes '{stagingId}'", e);
        }
    }

    /// <inheritdoc/>
    public async Task<string> CheckAsync(CancellationToken cancel)
    {
        try
        {
            await staging.CreateIfNotExistsAsync(cancellationToken: cancel).ConfigureAwait(false);
            await evidence.CreateIfNotExistsAsync(cancellationToken: cancel).ConfigureAwait(false);
            return $"The blob service at {service.Uri.GetLeftPart(UriPartial.Path)} answers; the containers '{StagingContainer}' and '{EvidenceContainer}' are there.";
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel))
        {
            throw StorageFailures.Unreachable("making sure that its containers are there", e);
        }
    }

    private BlobClient Placed(ContentAddress address) => evidence.GetBlobClient(folder + address.Path);

    private BlobClient Staged(string stagingId) => staging.GetBlobClient(Names.Require(stagingId, "staging id"));

    private static async Task<BlobProperties?> PropertiesAsync(BlobClient blob, CancellationToken cancel)
    {
        try
        {
            return await blob.GetPropertiesAsync(cancellationToken: cancel).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound || e.Status == 404 && e.ErrorCode is null)
        {
            return null; // a missing container is another error code, and a failure
        }
    }

    private static async Task CopyAsync(BlobClient from, BlobClient to, CancellationToken cancel)
    {
        try
        {
            // No metadata is given, so the service copies the staged blob's, which is what decrypts it (Copy Blob, x-ms-meta-name).
            await to.StartCopyFromUriAsync(from.Uri, new BlobCopyFromUriOptions
            {
                DestinationConditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            }, cancel).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Somebody placed the same bytes meanwhile, or this very request had arrived before and its answer was lost.
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            // The staged bytes are gone: placed and taken away by a call that died or runs beside this one, or really gone.
        }
    }

    /// <summary>The placed blob's properties once its copy has succeeded; null where nothing lies there.</summary>
    private async Task<BlobProperties?> CopiedAsync(BlobClient blob, CancellationToken cancel)
    {
        while (true)
        {
            BlobProperties? found = await PropertiesAsync(blob, cancel).ConfigureAwait(false);
            if (found is null || found.BlobCopyStatus is null or CopyStatus.Success) return found;
            if (found.BlobCopyStatus is not CopyStatus.Pending)
            {
                throw new EvidenceException(
                    $"The service broke off the copy to '{blob.Name}' ({found.CopyStatusDescription}) and left an empty blob there.",
                    "The bytes are not lost: the staged copy and the source are untouched. The vault itself overwrites nothing, not even this.",
                    "Remove the empty blob with the storage account's own tools, then ingest the file again.");
            }
            await Task.Delay(CopyPoll, clock, cancel).ConfigureAwait(false);
        }
    }

    private static bool IsCopyOf(BlobClient from, BlobProperties placed) =>
        placed.CopySource is { } source && source.AbsolutePath == from.Uri.AbsolutePath;

    private static EvidenceException StagedBytesMissing(string stagingId, ContentAddress address) => new(
        $"Neither the staged bytes '{stagingId}' nor '{address.Path}' are in the store.",
        "The file is not stored; its source is untouched.",
        "Ingest the file again.");

    /// <summary>Null where the service did what was asked; its answer where it does not have the feature.</summary>
    private static async Task<string?> RefusalAsync<T>(Func<Task<Response<T>>> ask)
    {
        try
        {
            await ask().ConfigureAwait(false);
            return null;
        }
        catch (RequestFailedException e) when (e.Status is 400 or 405 or 409 or 501)
        {
            // 501: not implemented (Azurite). 400 and 409: an account or container without version-level immutability.
            return $"{e.Status} {e.ErrorCode}".TrimEnd();
        }
    }
}
