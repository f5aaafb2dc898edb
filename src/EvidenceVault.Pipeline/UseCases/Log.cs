using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>Reads the newest entries of the custody log, of one exhibit or of all. Recorded.</summary>
/// <param name="Of">The exhibit; null for all.</param>
/// <param name="Most">How many at most, the newest.</param>
public sealed record ReadLog(ExhibitReference? Of, int Most) : IEvidenceAccess, IRequest<IReadOnlyList<RecordedEntry>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Auditor, Role.CpsReviewer, Role.CaseOfficer];

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Of;

    /// <inheritdoc/>
    public bool NeedsReason => false;
}

/// <summary>Re-derives the whole log and says what holds. Reads no personal field, so it leaves no entry of its own.</summary>
public sealed record CheckLog(IProgress<LogCheckProgress>? Progress) : IVaultRequest, IRequest<VerificationReport>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => Enum.GetValues<Role>();

    /// <inheritdoc/>
    public string Action => Acts.LogRead;
}

/// <summary>The newest checkpoint, a signed note.</summary>
public sealed record NewestCheckpoint : IVaultRequest, IRequest<byte[]>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => Enum.GetValues<Role>();

    /// <inheritdoc/>
    public string Action => Acts.LogRead;
}

/// <summary>Asks the witnesses and publishes the log as it is now, whether or not they answer. It holds no personal field, so it leaves no entry.</summary>
public sealed record PublishLog : IVaultRequest, IRequest<PublishedLog>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Administrator, Role.Auditor, Role.Technician];

    /// <inheritdoc/>
    public string Action => Acts.LogPublished;
}

/// <summary>What was published, and how it stands.</summary>
/// <param name="Publication">What lies published now.</param>
/// <param name="Place">Where.</param>
/// <param name="State">How publishing and cosigning stand.</param>
public sealed record PublishedLog(Publication Publication, string Place, PublishingState State);

/// <summary>Writes the log as a C2SP tlog-tiles folder: checkpoint, tiles, entry bundles. Recorded.</summary>
/// <param name="Folder">An empty or new folder.</param>
public sealed record ExportLog(string Folder) : IEvidenceAccess, IRequest<ulong>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.Auditor, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.LogRead;

    /// <inheritdoc/>
    public bool NeedsReason => false;
}

internal sealed class ReadLogHandler(Vault vault, Caller caller) : IRequestHandler<ReadLog, IReadOnlyList<RecordedEntry>>
{
    public ValueTask<IReadOnlyList<RecordedEntry>> Handle(ReadLog request, CancellationToken cancellationToken)
    {
        // Entries of a case are for those who may see the case; those of no case (keys, start, stop) for all who may read the log.
        IReadOnlyList<RecordedEntry> seen =
        [
            .. vault.Log.Entries(request.Of, request.Most).Where(e =>
                !CustodyEntry.TryParse(e.Bytes, out CustodyEntry? entry, out _) || entry.Case is null || vault.Access.Allows(caller.Account, request.OneOf, entry.Case)),
        ];
        return ValueTask.FromResult(seen);
    }
}

internal sealed class CheckLogHandler(Vault vault) : IRequestHandler<CheckLog, VerificationReport>
{
    public ValueTask<VerificationReport> Handle(CheckLog request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(vault.CheckLog(request.Progress, cancellationToken));
}

internal sealed class NewestCheckpointHandler(Vault vault) : IRequestHandler<NewestCheckpoint, byte[]>
{
    public ValueTask<byte[]> Handle(NewestCheckpoint request, CancellationToken cancellationToken) => ValueTask.FromResult(vault.Log.NewestCheckpoint()!);
}

internal sealed class PublishLogHandler(LogPublishing publishing) : IRequestHandler<PublishLog, PublishedLog>
{
    public async ValueTask<PublishedLog> Handle(PublishLog request, CancellationToken cancellationToken)
    {
        Publication done = await publishing.RoundAsync(evenUncosigned: true, cancellationToken).ConfigureAwait(false);
        return new(done, publishing.Store.Place, publishing.State());
    }
}

internal sealed class ExportLogHandler(Vault vault, Cosigning cosigning) : IRequestHandler<ExportLog, ulong>
{
    public async ValueTask<ulong> Handle(ExportLog request, CancellationToken cancellationToken)
    {
        if (Directory.Exists(request.Folder) && Directory.EnumerateFileSystemEntries(request.Folder).Any())
            throw new RefusedException($"The folder '{Names.Printable(request.Folder)}' is not empty.", "Nothing was written.", "Name a new folder.");
        // The export is an entry itself, so its checkpoint is new: without this no witness would have cosigned it.
        await cosigning.RoundAsync(cancellationToken).ConfigureAwait(false);
        return (await new LogPublisher(vault.Log, new FolderLogStore(request.Folder), vault.LogKeys).PublishAsync(log => log.Note, cancellationToken).ConfigureAwait(false)).Size;
    }
}
