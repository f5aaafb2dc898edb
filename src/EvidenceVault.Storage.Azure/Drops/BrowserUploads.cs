using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Storage.Azure.Drops;

/// <summary>
/// Files that browsers send, gathered in a container of their own beside the drop container, and copied from there by the service itself. The service takes blocks only by the permission to write, which overwrites too
/// (REST API, Put Block and Put Block List); so no browser is ever given an address in the drop container, and what is whole is put there by the vault, create-only.
/// </summary>
/// <param name="service">The blob service, by its account key: addresses are signed with it.</param>
/// <param name="container">The drop container.</param>
public sealed class BrowserUploads(BlobServiceClient service, string container) : IUploadPlace
{
    private const int MostOrigins = 64, MostRules = 5; // Set Blob Service Properties
    private const string Method = "PUT", Headers = "content-type,content-md5,x-ms-*", Exposed = "x-ms-*";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    private readonly BlobContainerClient _drops = service.GetBlobContainerClient(container), _gathering = service.GetBlobContainerClient(container + "-incoming");

    /// <inheritdoc/>
    public string Source => $"container:{container}";

    /// <inheritdoc/>
    public string Address => _gathering.Uri.AbsoluteUri.TrimEnd('/') + "/";

    /// <inheritdoc/>
    public async Task ReadyAsync(string origin, CancellationToken cancel)
    {
        if (!_gathering.CanGenerateSasUri)
            throw new RefusedException("The blob service is not known by its account key.", "No address to send files to can be signed; everything else works.", "Set EVIDENCEVAULT_STORAGE to a connection string with the account key.");
        try
        {
            await _drops.CreateIfNotExistsAsync(PublicAccessType.None, cancellationToken: cancel);
            await _gathering.CreateIfNotExistsAsync(PublicAccessType.None, cancellationToken: cancel);
            BlobServiceProperties properties = await service.GetPropertiesAsync(cancel);
            if (!Allow(properties.Cors, origin)) return;
            await service.SetPropertiesAsync(properties, cancel);
        }
        catch (RequestFailedException e) when (e.Status == 403)
        {
            throw new RefusedException(
                $"The blob service does not let the portal say which pages may send to it ({e.ErrorCode}).", "Files can be sent from browsers only once it is said.",
                $"Set a CORS rule of the blob service by hand: origin {origin}, method {Method}, allowed headers {Headers}, exposed headers {Exposed}; or let the portal's key set service properties.", e);
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel)) { throw StorageFailures.Unreachable("making the place for files from browsers ready", e); }
    }

    /// <inheritdoc/>
    public async Task BeginAsync(string path, CancellationToken cancel)
    {
        BlobClient marker = _drops.GetBlobClient(path);
        await AskAsync("marking a drop as arriving", async () =>
        {
            if (await marker.ExistsAsync(cancel)) return;
            try { await marker.UploadAsync(new BinaryData([]), new BlobUploadOptions { Conditions = new() { IfNoneMatch = ETag.All } }, cancel); }
            catch (RequestFailedException e) when (e.Status == 409) { /* there already is what was wanted */ }
        }, cancel);
    }

    /// <inheritdoc/>
    public UploadAddress AddressOf(string path, DateTimeOffset until)
    {
        BlockBlobClient file = _gathering.GetBlockBlobClient(path);
        // One blob, by name; to write, which is what blocks need: not to read, list or delete.
        BlobSasBuilder signing = new(BlobSasPermissions.Write, until)
        {
            BlobContainerName = _gathering.Name,
            BlobName = path,
            Resource = "b",
            Protocol = file.Uri.Scheme == Uri.UriSchemeHttps ? SasProtocol.Https : SasProtocol.HttpsAndHttp,
        };
        return new(file.GenerateSasUri(signing).AbsoluteUri, until);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, long>> BlocksAsync(string path, CancellationToken cancel) => AskAsync("looking which blocks are there", () => ListBlocksAsync(_gathering.GetBlockBlobClient(path), cancel), cancel);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, long>> DeliveredAsync(string prefix, CancellationToken cancel) => AskAsync<IReadOnlyDictionary<string, long>>("looking what was delivered", async () =>
    {
        var there = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (BlobItem blob in _drops.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancel)) there[blob.Name] = blob.Properties.ContentLength ?? 0;
        return there;
    }, cancel);

    /// <inheritdoc/>
    public Task DeliverAsync(string path, IReadOnlyList<string> blocks, long bytes, CancellationToken cancel) => AskAsync("delivering a file", async () =>
    {
        BlobClient delivered = _drops.GetBlobClient(path);
        BlockBlobClient gathered = _gathering.GetBlockBlobClient(path);
        if (!await IsThereAsync(delivered, bytes, cancel))
        {
            ETag version = await PutTogetherAsync(gathered, blocks, bytes, cancel);
            // A crash after this line leaves the file in both places.
            await CopyAsync(gathered, version, delivered, cancel);
            if (!await IsThereAsync(delivered, bytes, cancel)) throw new IOException("the copy into the drop did not come to be");
        }
        await gathered.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancel);
    }, cancel);

    /// <inheritdoc/>
    public Task DeliverManifestAsync(string path, byte[] manifest, CancellationToken cancel) => AskAsync("delivering the manifest", async () =>
    {
        BlobClient blob = _drops.GetBlobClient(path);
        try
        {
            await blob.UploadAsync(new BinaryData(manifest), new BlobUploadOptions { HttpHeaders = new() { ContentType = "application/json" }, Conditions = new() { IfNoneMatch = ETag.All } }, cancel);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            if ((await blob.DownloadContentAsync(cancel)).Value.Content.ToMemory().Span.SequenceEqual(manifest)) return;
            throw new EvidenceException("Another manifest lies in the drop already.", "It was not overwritten; the drop is taken by what it says.", "Compare the receipt with what was sent, and report it as a finding.", e);
        }
    }, cancel);

    /// <inheritdoc/>
    public Task DiscardAsync(string folder, CancellationToken cancel) => AskAsync("discarding what was not delivered", async () =>
    {
        // Blocks that were never put together are in no listing that can be deleted from; the service forgets them after a week.
        await foreach (BlobItem blob in _gathering.GetBlobsAsync(new GetBlobsOptions { Prefix = folder + "/" }, cancel))
            await _gathering.DeleteBlobIfExistsAsync(blob.Name, DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancel);
    }, cancel);

    private static async Task<IReadOnlyDictionary<string, long>> ListBlocksAsync(BlockBlobClient file, CancellationToken cancel)
    {
        try
        {
            BlockList list = await file.GetBlockListAsync(BlockListTypes.All, cancellationToken: cancel);
            // The same id in both lists: what was sent last is what would be put together.
            return list.CommittedBlocks.Concat(list.UncommittedBlocks).GroupBy(b => b.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().SizeLong, StringComparer.Ordinal);
        }
        catch (RequestFailedException e) when (e.Status == 404) { return new Dictionary<string, long>(); }
    }

    private static async Task<ETag> PutTogetherAsync(BlockBlobClient gathered, IReadOnlyList<string> blocks, long bytes, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, long> there = await ListBlocksAsync(gathered, cancel);
        if (blocks.Any(b => b is null || !there.ContainsKey(b)) || blocks.Sum(b => there[b]) != bytes)
            throw new RefusedException("Not all of the file is there.", "It was not delivered; the blocks that are there are kept.", "Choose the same file again and send what is missing.");
        return (await gathered.CommitBlockListAsync(blocks, cancellationToken: cancel)).Value.ETag;
    }

    private static async Task CopyAsync(BlockBlobClient gathered, ETag version, BlobClient delivered, CancellationToken cancel)
    {
        CopyFromUriOperation copy = await delivered.StartCopyFromUriAsync(
            gathered.Uri, new BlobCopyFromUriOptions { SourceConditions = new() { IfMatch = version }, DestinationConditions = new() { IfNoneMatch = ETag.All } }, cancel);
        await copy.WaitForCompletionAsync(Look, cancel);
    }

    /// <summary>True where the file lies delivered; what is left of a copy that came to nothing is removed, as nothing else can be put in its place.</summary>
    private static async Task<bool> IsThereAsync(BlobClient delivered, long bytes, CancellationToken cancel)
    {
        try
        {
            BlobProperties there = await delivered.GetPropertiesAsync(cancellationToken: cancel);
            if (there.BlobCopyStatus is CopyStatus.Pending) throw new IOException("the service is still copying it");
            if (there.BlobCopyStatus is null or CopyStatus.Success)
            {
                return there.ContentLength == bytes ? true
                    : throw new EvidenceException("A file of another length lies in its place in the drop.", "It was not overwritten.", "Withdraw the drop and begin another; report it as a finding.");
            }
            await delivered.DeleteAsync(DeleteSnapshotsOption.None, new BlobRequestConditions { IfMatch = there.ETag }, cancel);
            return false;
        }
        catch (RequestFailedException e) when (e.Status == 404) { return false; }
    }

    /// <summary>Adds an origin to the rules; false where they allow it already. The service knows at most five rules of 64 origins.</summary>
    private static bool Allow(IList<BlobCorsRule> rules, string origin)
    {
        BlobCorsRule? ours = rules.FirstOrDefault(r => r is { AllowedMethods: Method, AllowedHeaders: Headers, ExposedHeaders: Exposed });
        List<string> origins = [.. (ours?.AllowedOrigins ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        if (origins.Contains(origin) || origins.Contains("*")) return false;
        if (ours is null && rules.Count >= MostRules) throw new RefusedException("The blob service has as many CORS rules as it can.", "Files can be sent from browsers only once one is for the portal.", $"Remove one, or add the origin {origin} by hand.");
        if (ours is null) rules.Insert(0, ours = new BlobCorsRule { AllowedMethods = Method, AllowedHeaders = Headers, ExposedHeaders = Exposed, MaxAgeInSeconds = 600 });
        // The newest stay: a portal that listens elsewhere today leaves yesterday's origin behind.
        ours.AllowedOrigins = string.Join(',', origins.TakeLast(MostOrigins - 1).Append(origin));
        return true;
    }

    private static Task AskAsync(string doing, Func<Task> ask, CancellationToken cancel) => AskAsync<object?>(doing, async () =>
    {
        await ask();
        return null;
    }, cancel);

    private static async Task<T> AskAsync<T>(string doing, Func<Task<T>> ask, CancellationToken cancel)
    {
        try { return await ask(); }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel)) { throw StorageFailures.Unreachable(doing, e); }
    }
}
