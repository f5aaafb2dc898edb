using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Words;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Storage.Azure.Drops;

/// <summary>How a drop container is watched.</summary>
public sealed record ContainerDropOptions
{
    /// <summary>The container's name.</summary>
    public string Container { get; init; } = "drops";

    /// <summary>When a blob counts as delivered. A blob appears whole, but may be replaced or, as an append blob, grow.</summary>
    public RestRules Rest { get; init; } = RestRules.Default;

    /// <summary>How long between looks.</summary>
    public TimeSpan PollingInterval { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>
/// A blob container that drops land in, by the layout of a landing folder: <c>&lt;case&gt;/&lt;camera&gt;/&lt;drop&gt;/…</c> as parts of the
/// blobs' names. A blob's version is its ETag, and every read and delete carries it as a condition, so that other bytes are never
/// taken for those that were seen.
/// </summary>
public sealed class ContainerDropSource(BlobServiceClient service, ContainerDropOptions options, TimeProvider time) : DropSource(options.Rest, time)
{
    // On a moved blob: the ETag it had where it lay, which tells its copy from another file of its name.
    private const string MovedMark = "evidencevaultmoved";
    private const int MaxSuffix = 1000;

    private readonly BlobContainerClient _container = service.GetBlobContainerClient(options.Container);
    private readonly TimeProvider _time = time;

    /// <inheritdoc/>
    public override string Id => $"container:{options.Container}";

    /// <inheritdoc/>
    public override async Task<Stream> OpenAsync(DropFile file, CancellationToken cancel)
    {
        try
        {
            Stream blob = await _container.GetBlobClient(file.Path).OpenReadAsync(
                new BlobOpenReadOptions(allowModifications: false) { Conditions = new() { IfMatch = new ETag(file.Version.Stamp) } }, cancel);
            return new DropFileStream(blob, Names.Printable(file.RelativePath), file.Version.Bytes, e => Told(e, file, CancellationToken.None));
        }
        // A condition on a blob that is gone is not met either: Azurite answers 412 where the service answers 404.
        catch (RequestFailedException e) when (e.Status == 412) { throw await VersionAsync(file, cancel) is null ? Vanished(file, e) : Changed(file, e); }
        catch (Exception e) when (Told(e, file, cancel) is { } told) { throw told; }
    }

    /// <inheritdoc/>
    public override async Task<FileVersion?> VersionAsync(DropFile file, CancellationToken cancel)
    {
        try { return Version(await _container.GetBlobClient(file.Path).GetPropertiesAsync(cancellationToken: cancel)); }
        catch (RequestFailedException e) when (e.Status == 404) { return null; }
        catch (Exception e) when (Told(e, file, cancel) is { } told) { throw told; }
    }

    /// <summary>Copies the blob below <c>.taken/</c> on the service's side and deletes it where it lay, both only while it has the ETag it
    /// was sighted with. A crash between the two leaves both; calling again finds its own copy and deletes.</summary>
    public override async Task MoveAsideAsync(DropFile file, CancellationToken cancel)
    {
        BlobClient source = _container.GetBlobClient(file.Path);
        try
        {
            IDictionary<string, string>? metadata = await MetadataAsync(source, file, cancel);
            for (int i = 1; i <= MaxSuffix; i++)
            {
                BlobClient target = _container.GetBlobClient($"{TakenFolder}/{file.Path}{(i == 1 ? "" : $"~{i}")}");
                string? mark = await MarkAsync(target, cancel);
                if (mark is null && metadata is not null) mark = await CopyAsync(source, target, metadata, file.Version.Stamp, cancel);
                if (mark is null) break; // gone, and no copy of it is there
                if (mark != file.Version.Stamp) continue; // another file of this name
                if (metadata is not null)
                    await source.DeleteAsync(DeleteSnapshotsOption.None, new BlobRequestConditions { IfMatch = new ETag(file.Version.Stamp) }, cancel);
                return;
            }
        }
        catch (Exception e) when (Told(e, file, cancel) is { } told) { throw told; }
        throw new DropFileException("vanished", $"The file '{Names.Printable(file.RelativePath)}' is no longer in the drop, or has no free name below '{TakenFolder}'. What is sealed of it is safe; there is nothing to move.");
    }

    /// <inheritdoc/>
    public override Task WaitForChangeAsync(CancellationToken cancel) => Task.Delay(options.PollingInterval, _time, cancel);

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<SeenEntry>> ListAsync(CancellationToken cancel)
    {
        var found = new List<SeenEntry>();
        try
        {
            await foreach (BlobItem blob in _container.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Metadata }, cancel))
            {
                if (!blob.Name.StartsWith(TakenFolder + "/", StringComparison.Ordinal) && !IsFolderMark(blob))
                    found.Add(new(blob.Name, Version(blob)));
            }
            return found;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await MakeContainerAsync(cancel);
            return [];
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel)) { throw Unreachable(e); }
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlySet<string>> AsideAsync(string dropFolder, IReadOnlyList<ManifestFile> absent, CancellationToken cancel)
    {
        string prefix = $"{TakenFolder}/{dropFolder}/";
        Dictionary<string, ManifestFile> wanted = absent.ToDictionary(f => f.LiesAt, StringComparer.Ordinal);
        var aside = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await foreach (BlobItem blob in _container.GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancel))
            {
                if (wanted.TryGetValue(blob.Name[prefix.Length..], out ManifestFile? file) && blob.Properties.ContentLength == file.Bytes) aside.Add(file.Name);
            }
            return aside;
        }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel)) { throw Unreachable(e); }
    }

    /// <summary>The blob's metadata, if it is there in the version that was sighted; null when it is gone.</summary>
    private static async Task<IDictionary<string, string>?> MetadataAsync(BlobClient source, DropFile file, CancellationToken cancel)
    {
        try
        {
            BlobProperties there = await source.GetPropertiesAsync(cancellationToken: cancel);
            return Version(there) == file.Version ? there.Metadata : throw Changed(file, null);
        }
        catch (RequestFailedException e) when (e.Status == 404) { return null; }
    }

    /// <summary>The mark of a blob below <c>.taken/</c>; empty where it has none, null where no blob is there.</summary>
    private static async Task<string?> MarkAsync(BlobClient target, CancellationToken cancel)
    {
        try
        {
            BlobProperties there = await target.GetPropertiesAsync(cancellationToken: cancel);
            bool whole = there.BlobCopyStatus is null or CopyStatus.Success;
            return whole && there.Metadata.TryGetValue(MovedMark, out string? mark) ? mark : "";
        }
        catch (RequestFailedException e) when (e.Status == 404) { return null; }
    }

    private static async Task<string> CopyAsync(BlobClient source, BlobClient target, IDictionary<string, string> metadata, string stamp, CancellationToken cancel)
    {
        CopyFromUriOperation copy = await target.StartCopyFromUriAsync(source.Uri, new BlobCopyFromUriOptions
        {
            Metadata = new Dictionary<string, string>(metadata) { [MovedMark] = stamp },
            SourceConditions = new() { IfMatch = new ETag(stamp) },
            DestinationConditions = new() { IfNoneMatch = ETag.All },
        }, cancel);
        await copy.WaitForCompletionAsync(cancel);
        // What is deleted next must be here first: asked of the service, not assumed.
        return await MarkAsync(target, cancel) is { Length: > 0 } mark ? mark
            : throw new IOException($"the copy below '{TakenFolder}' did not come to be");
    }

    private async Task MakeContainerAsync(CancellationToken cancel)
    {
        try { await _container.CreateIfNotExistsAsync(PublicAccessType.None, cancellationToken: cancel); }
        catch (Exception e) when (StorageFailures.IsOfService(e, cancel)) { throw Unreachable(e); }
    }

    // Storage with folders of its own lists them as empty blobs; so do some upload programs, with a name that ends in '/'.
    private static bool IsFolderMark(BlobItem blob) => blob.Properties.ContentLength is 0 or null
        && (blob.Name.EndsWith('/') || (blob.Metadata.TryGetValue("hdi_isfolder", out string? folder) && folder == "true"));

    // "H": as in an HTTP header, with its quotes; a listing gives it without.
    private static FileVersion Version(BlobItem blob) => new(blob.Properties.ContentLength ?? 0, blob.Properties.ETag!.Value.ToString("H"));

    private static FileVersion Version(BlobProperties blob) => new(blob.ContentLength, blob.ETag.ToString("H"));

    private Exception? Told(Exception e, DropFile file, CancellationToken cancel)
    {
        return e switch
        {
            RequestFailedException { Status: 404 } => Vanished(file, e),
            RequestFailedException { Status: 412 } => Changed(file, e),
            RequestFailedException { Status: 401 or 403 or 409 } denied => new DropFileException("unreadable",
                $"The file '{Names.Printable(file.RelativePath)}' cannot be read or moved (the service answered {denied.Status} {denied.ErrorCode}). It stays in the drop and is tried again.", e),
            _ when StorageFailures.IsOfService(e, cancel) => Unreachable(e),
            _ => null,
        };
    }

    private static DropFileException Vanished(DropFile file, Exception cause) => new("vanished",
        $"The file '{Names.Printable(file.RelativePath)}' is no longer there. Nothing more of it is taken; if it comes back it is taken then.", cause);

    private static DropFileException Changed(DropFile file, Exception? cause) => new("changed",
        $"The file '{Names.Printable(file.RelativePath)}' has changed since it was seen. As it is now it is taken when it has come to rest again.", cause);

    private UnreachableException Unreachable(Exception e) => new(
        $"The drop container '{options.Container}' cannot be reached ({(e is RequestFailedException { Status: > 0 } r ? $"the service answered {r.Status} {r.ErrorCode}" : e.Message.Split('\n')[0].TrimEnd('.', '\r'))}).",
        "No new footage is taken from it; what is sealed is safe, and what lies there stays.", "It is tried again; if it goes on, check the service and the right to the container.", e);
}

/// <summary>Registration of drop containers.</summary>
public static class ContainerDropRegistration
{
    /// <summary>Adds a blob container as one of the drop sources; needs the <see cref="BlobServiceClient"/> that AddAzureStorage brings. May be
    /// called several times.</summary>
    public static IServiceCollection AddDropContainer(this IServiceCollection services, ContainerDropOptions? options = null) =>
        services.AddSingleton<IDropSource>(s => new ContainerDropSource(s.GetRequiredService<BlobServiceClient>(), options ?? new(),
            s.GetService<TimeProvider>() ?? TimeProvider.System));
}
