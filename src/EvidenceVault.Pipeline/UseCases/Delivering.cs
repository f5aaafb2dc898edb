using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Intake;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>How much may be sent through the portal.</summary>
/// <param name="Bytes">Length of all files of a drop, bytes.</param>
/// <param name="Files">Files of a drop.</param>
/// <param name="Begun">Drops that one account may have begun and not ended.</param>
public sealed record UploadLimits(long Bytes, int Files, int Begun);

/// <summary>How drops are sent through the portal.</summary>
public sealed record DeliveryOptions
{
    /// <summary>By role: who holds none of these can send nothing. The largest of the roles that an account holds in the case counts.</summary>
    public IReadOnlyDictionary<Role, UploadLimits> Limits { get; init; } = new Dictionary<Role, UploadLimits> { [Role.Technician] = new(2L << 40, 10_000, 20) };

    /// <summary>How long an address to send a file to is good for. A browser asks for another in time.</summary>
    public TimeSpan AddressFor { get; init; } = TimeSpan.FromMinutes(15);
}

/// <summary>Begins a drop: what is known of it before its files. Gives its name.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="Camera">The camera.</param>
/// <param name="ExhibitPrefix">Initials for its exhibits; null for those that the worker uses.</param>
/// <param name="AuthorityUrn">The reference number of the authority.</param>
/// <param name="Clock">A reading of the camera's clock.</param>
/// <param name="ClockAgain">A second one.</param>
public sealed record BeginDrop(string CaseName, string Camera, string? ExhibitPrefix, string? AuthorityUrn, ClockObservation? Clock, ClockObservation? ClockAgain) : IVaultRequest, IRequest<string>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => Senders;

    /// <inheritdoc/>
    public string Action => Acts.DropBegun;

    /// <inheritdoc/>
    public string? Case => CaseName;

    internal static readonly Role[] Senders = [Role.Technician];
}

/// <summary>What all requests about a drop that was begun have in common: they are asked for in its case.</summary>
/// <param name="Id">The drop's name.</param>
public abstract record OfDrop(string Id) : IVaultRequest
{
    /// <inheritdoc/>
    public virtual IReadOnlyCollection<Role> OneOf => BeginDrop.Senders;

    /// <inheritdoc/>
    public abstract string Action { get; }

    /// <inheritdoc/>
    public string? Upload => Id;
}

/// <summary>A file that is to be sent.</summary>
/// <param name="Name">Its path below the folder that was chosen, '/' between parts.</param>
/// <param name="Bytes">Its length.</param>
public sealed record OfferedFile(string Name, long Bytes);

/// <summary>A file of a drop with its number, by which it is sent.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sent">True where it lies in the drop already.</param>
public sealed record ListedFile(long Number, string Name, long Bytes, bool Sent);

/// <summary>Adds files to a drop. Files that it has already keep their numbers, so that whoever was interrupted chooses the same files again.</summary>
public sealed record ListFiles(string Id, IReadOnlyList<OfferedFile> Files) : OfDrop(Id), IRequest<IReadOnlyList<ListedFile>>
{
    /// <inheritdoc/>
    public override string Action => Acts.DropListed;
}

/// <summary>Where to send a file's blocks, and which of them are there.</summary>
/// <param name="Url">The address, good for blocks of this one file; null where the file lies in the drop already.</param>
/// <param name="Until">When it runs out.</param>
/// <param name="Seconds">How long that is from now: a browser's clock may be wrong.</param>
/// <param name="Blocks">The ids of blocks that were received whole.</param>
public sealed record SendingTo(string? Url, DateTimeOffset Until, double Seconds, IReadOnlyCollection<string> Blocks);

/// <summary>Asks where to send a file to.</summary>
public sealed record AddressFile(string Id, long Number) : OfDrop(Id), IRequest<SendingTo>
{
    /// <inheritdoc/>
    public override string Action => Acts.DropListed;
}

/// <summary>Delivers a file whose blocks are all there.</summary>
/// <param name="Id">The drop.</param>
/// <param name="Number">The file.</param>
/// <param name="Blocks">The ids of its blocks, in order.</param>
/// <param name="Sha256">SHA-256 of the whole, as the browser computed it while it sent, 64 lower-case hex digits.</param>
public sealed record DeliverFile(string Id, long Number, IReadOnlyList<string> Blocks, string Sha256) : OfDrop(Id), IRequest<ListedFile>
{
    /// <inheritdoc/>
    public override string Action => Acts.DropListed;
}

/// <summary>Ends a drop of which every file lies in the drop source: its manifest is put beside them, last, and the worker takes them.</summary>
public sealed record CompleteDrop(string Id) : OfDrop(Id), IRequest<UploadRow>
{
    /// <inheritdoc/>
    public override string Action => Acts.DropSent;
}

/// <summary>Withdraws a drop before it was sent whole.</summary>
/// <param name="Id">The drop.</param>
/// <param name="Why">The reason.</param>
public sealed record WithdrawDrop(string Id, string? Why) : OfDrop(Id), IRequest<UploadRow>
{
    /// <inheritdoc/>
    public override string Action => Acts.DropWithdrawn;

    /// <inheritdoc/>
    public string? Reason => Why;
}

/// <summary>A drop, what was declared with it, and how far the camera's clock was out.</summary>
public sealed record ShownUpload(UploadRow Row, DropManifest Declared, ClockOffset? Offset, string Place);

/// <summary>Shows a drop that is or was sent through the portal. Gives out nothing of evidence.</summary>
public sealed record ShowUpload(string Id) : OfDrop(Id), IRequest<ShownUpload>
{
    /// <inheritdoc/>
    public override string Action => Acts.Viewed;
}

/// <summary>Lists the drops of the caller's cases, the newest first.</summary>
/// <param name="Page">From 1.</param>
public sealed record ListUploads(int Page) : IVaultRequest, IRequest<UploadPage>
{
    /// <summary>Drops on a page.</summary>
    public const int OnPage = 25;

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => BeginDrop.Senders;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;
}

/// <summary>A page of drops.</summary>
public sealed record UploadPage(IReadOnlyList<UploadRow> Rows, int Page, int Pages, long All);

/// <summary>Finds drops and says what is wrong where one cannot be gone on with.</summary>
internal static class BegunDrops
{
    public static UploadRow Find(this Vault vault, string id) => vault.Uploads.Find(id)
        ?? throw new RefusedException("There is no drop of this name.", "Nothing was sent or changed.", "Go to your drops and choose one.");

    public static UploadRow FindBegun(this Vault vault, string id) => vault.Find(id) is { State: UploadState.Begun } row ? row : throw Ended();

    public static UploadFileRow FindFile(this Vault vault, UploadRow row, long number) => vault.Uploads.File(row.Id, number)
        ?? throw new RefusedException($"The drop has no file {number}.", "Nothing was sent or changed.", "Choose the files again.");

    public static RefusedException Ended() => new("This drop was sent or withdrawn already.", "Nothing was changed; what was sent is safe.", "Begin another drop for what is still to be sent.");

    /// <summary>Where a file lies below the drop source: made of its number, never of its name.</summary>
    public static string PathOf(UploadRow row, long number) => $"{row.Folder}/{StoredAs(number)}";

    public static string StoredAs(long number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"files/{number:D5}");
}

internal sealed class BeginDropHandler(Vault vault, Caller caller, IUploadPlace place, DeliveryOptions options) : IRequestHandler<BeginDrop, string>
{
    public async ValueTask<string> Handle(BeginDrop request, CancellationToken cancellationToken)
    {
        Names.Require(request.CaseName, "case");
        Names.Require(request.Camera, "camera");
        int most = Allowed.Of(vault, caller, options, request.CaseName).Begun;
        if (vault.Uploads.BegunBy(caller.Account) >= most)
            throw new RefusedException($"You have {most} drops that you began and did not finish.", "Nothing was begun.", "Finish or withdraw one of them first.");
        DateTimeOffset now = vault.Clock.GetUtcNow();
        DropManifest declared = new(request.CaseName, request.Camera, request.ExhibitPrefix, request.AuthorityUrn, caller.Account, null, request.Clock, []) { ClockAgain = request.ClockAgain };
        // The reader's own rules: what it would not believe later is refused now.
        if (DropManifestReader.Read(DropManifestText.Write(declared)) is { Manifest: null, Problems: [var fault, ..] }) throw new RefusedException(fault.Sentence, "Nothing was begun.", "Correct what it names and try again.");
        UploadRow row = new()
        {
            Id = $"{now:yyyyMMdd-HHmmss}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}",
            Case = request.CaseName,
            Camera = request.Camera,
            State = UploadState.Begun,
            Account = caller.Account,
            Declared = JsonSerializer.Serialize(declared),
            Source = place.Source,
            BegunAt = ExhibitChanges.Text(now),
        };
        await vault.Sequencer.CommitAsync(change =>
        {
            Uploads.Begin(change, row);
            change.Record(new(Acts.DropBegun, caller.Account)
            {
                Case = row.Case,
                Camera = row.Camera,
                Detail = new JsonObject { ["drop"] = row.Id, ["clockReadings"] = (request.Clock is null ? 0 : 1) + (request.ClockAgain is null ? 0 : 1) },
                Personal = request.AuthorityUrn is { } urn ? [new("authorityUrn", urn)] : [],
            });
        }).ConfigureAwait(false);
        return row.Id;
    }
}

internal static class Allowed
{
    /// <summary>The widest limits of the roles that the caller holds in a case.</summary>
    public static UploadLimits Of(Vault vault, Caller caller, DeliveryOptions options, string caseName) => options.Limits
        .Where(l => vault.Access.Allows(caller.Account, [l.Key], caseName)).Select(l => l.Value)
        .Aggregate(new UploadLimits(0, 0, 0), (a, b) => new(Math.Max(a.Bytes, b.Bytes), Math.Max(a.Files, b.Files), Math.Max(a.Begun, b.Begun)));
}

internal sealed class ListFilesHandler(Vault vault, Caller caller, DeliveryOptions options) : IRequestHandler<ListFiles, IReadOnlyList<ListedFile>>
{
    // What a line of the manifest takes beside the name.
    private const int BesideName = 200;

    public async ValueTask<IReadOnlyList<ListedFile>> Handle(ListFiles request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.FindBegun(request.Id);
        foreach (OfferedFile file in request.Files) Require(file);
        UploadLimits most = Allowed.Of(vault, caller, options, row.Case);
        (long Number, bool Fresh)[] added = await vault.Sequencer.CommitAsync(change =>
        {
            if (!Uploads.IsBegun(change, row.Id)) throw BegunDrops.Ended();
            (long, bool)[] numbers = [.. request.Files.Select(f => Uploads.Add(change, row.Id, f.Name, NameInDrop.Key(f.Name), f.Bytes) ?? throw Differs(f.Name))];
            (long files, long bytes, long names) = Uploads.Sum(change, row.Id);
            if (files > most.Files || bytes > most.Bytes || names + (files * BesideName) > DropManifestReader.MaxBytes - BesideName * 8)
                throw new RefusedException(
                    $"The drop would have {files} files of {Plain.Scale(bytes)}; {most.Files} files of {Plain.Scale(most.Bytes)} may be sent in one, or fewer where their names are long.", "None of these files was added.", "Divide them into several drops.");
            if (numbers.Any(n => n.Item2))
                change.Record(new(Acts.DropListed, caller.Account) { Case = row.Case, Camera = row.Camera, Detail = new JsonObject { ["drop"] = row.Id, ["files"] = files, ["bytes"] = bytes } });
            return numbers;
        }).ConfigureAwait(false);
        Dictionary<long, UploadFileRow> rows = vault.Uploads.Files(row.Id).ToDictionary(f => f.Number);
        return [.. added.Select(a => rows[a.Number]).Select(f => new ListedFile(f.Number, f.Name, f.Bytes, f.SentAt is not null))];
    }

    private static void Require(OfferedFile file)
    {
        if (file is null || file.Name is null || file.Bytes < 0) throw new RefusedException("A file has no name or no length.", "None of these files was added.", "Choose the files again.");
        if (NameInDrop.Fault(file.Name) is { } fault)
            throw new RefusedException(
                $"The file '{Names.Printable(file.Name)}' {fault}.", "None of these files was added: a manifest cannot name it.", "Leave this file out and bring it in through a landing folder, which takes any name; do not rename evidence.");
    }

    private static RefusedException Differs(string name) => new(
        $"The drop has a file '{Names.Printable(name)}' of another length already, or one whose name differs only in letter case.", "None of these files was added; what was sent is safe.",
        "Choose the same files as before, or begin another drop for the others.");
}

internal sealed class AddressFileHandler(Vault vault, IUploadPlace place, DeliveryOptions options) : IRequestHandler<AddressFile, SendingTo>
{
    public async ValueTask<SendingTo> Handle(AddressFile request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.FindBegun(request.Id);
        UploadFileRow file = vault.FindFile(row, request.Number);
        string path = BegunDrops.PathOf(row, file.Number);
        // Whole seconds: an address has no others.
        DateTimeOffset until = DateTimeOffset.FromUnixTimeSeconds((vault.Clock.GetUtcNow() + options.AddressFor).ToUnixTimeSeconds());
        if (file.SentAt is not null) return new(null, until, 0, []);
        // Before anything can lie there: a crash after this line leaves a marked folder with nothing in it.
        await place.BeginAsync($"{row.Folder}/{NameInDrop.ArrivingMarker}", cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, long> blocks = await place.BlocksAsync(path, cancellationToken).ConfigureAwait(false);
        return new(place.AddressOf(path, until).Url, until, options.AddressFor.TotalSeconds, [.. blocks.Keys]);
    }
}

internal sealed class DeliverFileHandler(Vault vault, IUploadPlace place) : IRequestHandler<DeliverFile, ListedFile>
{
    public async ValueTask<ListedFile> Handle(DeliverFile request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.FindBegun(request.Id);
        UploadFileRow file = vault.FindFile(row, request.Number);
        if (request.Sha256 is not { Length: 64 } || !request.Sha256.All(char.IsAsciiHexDigitLower)) throw new RefusedException("The file's SHA-256 is not one.", "The file was not delivered; its blocks are kept.", "Load the page again and go on.");
        if (file.SentAt is not null && file.Sha256 != request.Sha256)
            throw new RefusedException($"Another file was sent as '{Names.Printable(file.Name)}' before.", "What was sent first is safe; this one was not delivered.", "Check which of the two belongs to the drop. If it is this one, withdraw the drop and begin another.");
        if (file.SentAt is null)
        {
            await place.BeginAsync($"{row.Folder}/{NameInDrop.ArrivingMarker}", cancellationToken).ConfigureAwait(false);
            await place.DeliverAsync(BegunDrops.PathOf(row, file.Number), request.Blocks, file.Bytes, cancellationToken).ConfigureAwait(false);
            // A crash before this commit leaves the file in the drop and the record waiting: delivering it again finds it there.
            await vault.Sequencer.CommitAsync(change => Uploads.SetSent(change, row.Id, file.Number, request.Sha256)).ConfigureAwait(false);
        }
        return new(file.Number, file.Name, file.Bytes, true);
    }
}

internal sealed class CompleteDropHandler(Vault vault, Caller caller, IUploadPlace place) : IRequestHandler<CompleteDrop, UploadRow>
{
    public async ValueTask<UploadRow> Handle(CompleteDrop request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.Find(request.Id);
        // An answer that was lost is asked for again.
        if (row.State == UploadState.Sent) return row;
        if (row.State == UploadState.Withdrawn) throw BegunDrops.Ended();
        IReadOnlyList<UploadFileRow> files = vault.Uploads.Files(row.Id);
        if (files.Count == 0) throw new RefusedException("The drop has no files.", "Nothing was delivered.", "Choose the files to send.");
        IReadOnlyDictionary<string, long> there = await place.DeliveredAsync(row.Folder + "/", cancellationToken).ConfigureAwait(false);
        if (files.FirstOrDefault(f => f.SentAt is null || !there.TryGetValue(BegunDrops.PathOf(row, f.Number), out long bytes) || bytes != f.Bytes) is { } missing)
            throw new RefusedException($"The file '{Names.Printable(missing.Name)}' was not sent whole.", "The drop is not delivered yet; what was sent of it is kept.", "Choose the same files again and send what is missing.");
        DropManifest manifest = JsonSerializer.Deserialize<DropManifest>(row.Declared)! with
        {
            Files = [.. files.Select(f => new ManifestFile(f.Name, f.Bytes, f.Sha256!) { StoredAs = BegunDrops.StoredAs(f.Number) })],
        };
        byte[] text = DropManifestText.Write(manifest);
        // From here on nobody withdraws it: a drop whose manifest lies there is taken.
        if (row.State == UploadState.Begun && !await vault.Sequencer.CommitAsync(change => Uploads.Move(change, row.Id, UploadState.Begun, UploadState.Completing)).ConfigureAwait(false) && vault.Find(row.Id).State == UploadState.Withdrawn)
            throw BegunDrops.Ended();
        // The last of its files: from here on the worker takes the drop. A crash before the commit leaves it delivered and the record completing; completing it again finds these very bytes there.
        await place.DeliverManifestAsync($"{row.Folder}/{NameInDrop.Manifest}", text, cancellationToken).ConfigureAwait(false);
        await vault.Sequencer.CommitAsync(change =>
        {
            if (!Uploads.Move(change, row.Id, UploadState.Completing, UploadState.Sent)) return;
            change.Record(new(Acts.DropSent, caller.Account)
            {
                Case = row.Case,
                Camera = row.Camera,
                Sha256 = Convert.ToHexStringLower(SHA256.HashData(text)),
                Detail = new JsonObject { ["drop"] = row.Id, ["files"] = row.Files, ["bytes"] = row.Bytes },
            });
        }).ConfigureAwait(false);
        return vault.Find(row.Id);
    }
}

internal sealed class WithdrawDropHandler(Vault vault, Caller caller, IUploadPlace place) : IRequestHandler<WithdrawDrop, UploadRow>
{
    public async ValueTask<UploadRow> Handle(WithdrawDrop request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.Find(request.Id);
        if (string.IsNullOrWhiteSpace(request.Why)) throw new RefusedException("No reason was given.", "The drop stands as it was.", "Say why it is withdrawn: the court may ask.");
        if (row.State is UploadState.Sent or UploadState.Completing) throw BegunDrops.Ended();
        // First the record. The manifest is never written after it: what was delivered stays where it is, marked as arriving, and is taken by nobody.
        if (row.State == UploadState.Begun)
            await vault.Sequencer.CommitAsync(change =>
            {
                if (!Uploads.Move(change, row.Id, UploadState.Begun, UploadState.Withdrawn)) throw BegunDrops.Ended();
                change.Record(new(Acts.DropWithdrawn, caller.Account) { Case = row.Case, Camera = row.Camera, Reason = request.Why, Detail = new JsonObject { ["drop"] = row.Id, ["files"] = row.Files, ["filesSent"] = row.FilesSent } });
            }).ConfigureAwait(false);
        await place.DiscardAsync(row.Folder, cancellationToken).ConfigureAwait(false);
        return vault.Find(row.Id);
    }
}

internal sealed class ShowUploadHandler(Vault vault, IUploadPlace place) : IRequestHandler<ShowUpload, ShownUpload>
{
    public ValueTask<ShownUpload> Handle(ShowUpload request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.Find(request.Id);
        DropManifest declared = JsonSerializer.Deserialize<DropManifest>(row.Declared)!;
        return ValueTask.FromResult(new ShownUpload(row, declared, declared.Clock is { } clock ? ClockOffset.From(clock, declared.ClockAgain) : null, place.Address));
    }
}

internal sealed class ListUploadsHandler(Vault vault, Caller caller) : IRequestHandler<ListUploads, UploadPage>
{
    public ValueTask<UploadPage> Handle(ListUploads request, CancellationToken cancellationToken)
    {
        HashSet<string> cases = [.. vault.Access.People.Where(p => p.Account == caller.Account && p.Roles.Any(request.OneOf.Contains)).SelectMany(p => p.Cases)];
        IReadOnlyCollection<string>? asked = cases.Contains("*") ? null : cases;
        int page = Math.Max(1, request.Page);
        (IReadOnlyList<UploadRow> rows, long all) = vault.Uploads.Newest(asked, (int)Math.Min(int.MaxValue / 2, (page - 1L) * ListUploads.OnPage), ListUploads.OnPage);
        return ValueTask.FromResult(new UploadPage(rows, page, Math.Max(1, (int)((all + ListUploads.OnPage - 1) / ListUploads.OnPage)), all));
    }
}
