using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Proof;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>How a drop that was sent through the portal stands now. It tells names and states and gives out nothing of evidence.</summary>
/// <param name="Id">The drop.</param>
/// <param name="After">Lines after this number.</param>
public sealed record WatchDrop(string Id, long After = 0) : OfDrop(Id), IRequest<DropStanding>
{
    /// <summary>Lines at once.</summary>
    public const int MostLines = 100;

    /// <inheritdoc/>
    public override string Action => Acts.Viewed;
}

/// <summary>How a drop stands.</summary>
/// <param name="State">One of <see cref="UploadState"/>.</param>
/// <param name="Files">Its files.</param>
/// <param name="FilesSent">How many lie in the drop source.</param>
/// <param name="Counts">How many stand in each state of an exhibit; under an empty word those that were not taken note of.</param>
/// <param name="Lines">Some of its files.</param>
/// <param name="Finished">True where nothing more will happen by itself.</param>
public sealed record DropStanding(string State, long Files, long FilesSent, IReadOnlyDictionary<string, long> Counts, IReadOnlyList<DropFileStanding> Lines, bool Finished);

/// <summary>Shows the receipt of a drop that was sent through the portal: hashes, exhibits, their seals and where they are in the log. Recorded as viewed.</summary>
/// <param name="Id">The drop.</param>
/// <param name="Page">From 1.</param>
public sealed record ShowDropReceipt(string Id, int Page = 1) : OfDrop(Id), IEvidenceAccess, IRecordsItself, IRequest<ShownReceipt>
{
    /// <summary>Exhibits on a page.</summary>
    public const int OnPage = 200;

    /// <inheritdoc/>
    public override string Action => Acts.Viewed;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        UploadRow row = vault.Find(Id);
        return vault.Sequencer.RecordAsync(new CustodyAct(Action, caller.Account) { Case = row.Case, Camera = row.Camera, Detail = new JsonObject { ["what"] = "drop-receipt", ["drop"] = row.Id } });
    }
}

/// <summary>A drop's receipt as it stands.</summary>
/// <param name="Upload">The drop.</param>
/// <param name="Receipt">The newest receipt, signed; null while none was issued.</param>
/// <param name="Facts">What it states.</param>
/// <param name="Exhibits">Some of its exhibits.</param>
/// <param name="Head">The custody log's newest checkpoint.</param>
/// <param name="Page">Which page.</param>
/// <param name="Pages">How many there are.</param>
public sealed record ShownReceipt(UploadRow Upload, ReceiptRow? Receipt, JsonObject? Facts, IReadOnlyList<SealedOfDrop> Exhibits, Checkpoint? Head, int Page, int Pages);

internal sealed class WatchDropHandler(Vault vault) : IRequestHandler<WatchDrop, DropStanding>
{
    // Nothing more happens to these by itself.
    private static readonly string[] Ends = [ExhibitState.Analysed, ExhibitState.NotAnalysed, ExhibitState.Damaged];

    public ValueTask<DropStanding> Handle(WatchDrop request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.Find(request.Id);
        IReadOnlyDictionary<string, long> counts = vault.Uploads.Counts(row);
        bool finished = row.State == UploadState.Withdrawn || (row.State == UploadState.Sent && counts.Keys.All(Ends.Contains));
        return ValueTask.FromResult(new DropStanding(row.State, row.Files, row.FilesSent, counts, vault.Uploads.Standing(row, request.After, WatchDrop.MostLines), finished));
    }
}

internal sealed class ShowDropReceiptHandler(Vault vault) : IRequestHandler<ShowDropReceipt, ShownReceipt>
{
    public ValueTask<ShownReceipt> Handle(ShowDropReceipt request, CancellationToken cancellationToken)
    {
        UploadRow row = vault.Find(request.Id);
        DropRow? drop = vault.Drops.Find(row.Source, row.Folder);
        ReceiptRow? receipt = drop is null ? null : vault.Drops.NewestReceipt(drop.Id);
        Checkpoint? head = vault.Log.NewestCheckpoint() is { } note && SignedNote.TryParse(note, out SignedNote? signed, out _) && Checkpoint.TryParse(signed.Text, out Checkpoint? parsed, out _) ? parsed : null;
        int pages = drop is null ? 1 : Math.Max(1, (int)((vault.Uploads.ExhibitsOf(drop.Id) + ShowDropReceipt.OnPage - 1) / ShowDropReceipt.OnPage)), page = Math.Clamp(request.Page, 1, pages);
        return ValueTask.FromResult(new ShownReceipt(
            row, receipt, receipt is null ? null : JsonNode.Parse(receipt.Receipt)!.AsObject(), drop is null ? [] : vault.Uploads.Sealed(drop.Id, (page - 1) * ShowDropReceipt.OnPage, ShowDropReceipt.OnPage), head, page, pages));
    }
}
