using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>What a clip of these bounds would hold, before it is cut. Recorded as viewed: it tells where the Master's key frames are.</summary>
/// <param name="Reference">The Master.</param>
/// <param name="From">Start asked for, PTS seconds.</param>
/// <param name="To">End asked for, likewise.</param>
public sealed record ForeseeClip(ExhibitReference Reference, double? From, double? To) : IEvidenceAccess, IRequest<ClipOutlook>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => ReadPlayback.Watchers;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    /// <inheritdoc/>
    public JsonObject? Detail => From is { } from && To is { } to && double.IsFinite(from) && double.IsFinite(to) ? new() { ["what"] = "clip-bounds", ["from"] = from, ["to"] = to } : new() { ["what"] = "clip-bounds" };
}

/// <summary>A clip that might be cut.</summary>
/// <param name="Exhibit">The Master.</param>
/// <param name="Recording">When it was recorded; null where nothing is known of it.</param>
/// <param name="Clip">Where the clip would begin and end; null where the bounds are none of the footage, none were given, or frames have no known times.</param>
/// <param name="TimesKnown">False where there is no packet index to foresee anything from.</param>
public sealed record ClipOutlook(ExhibitRow Exhibit, RecordingRow? Recording, ForeseenClip? Clip, bool TimesKnown);

/// <summary>The times of the frames around one, for stepping through footage that is being shown; part of that look (<see cref="ReadPlayback"/>).</summary>
/// <param name="Reference">The Master that is shown.</param>
/// <param name="Pts">The time, PTS seconds.</param>
public sealed record ListFrames(ExhibitReference Reference, double Pts) : IVaultRequest, IRequest<IReadOnlyList<double>>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => ReadPlayback.Watchers;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;
}

internal sealed class ForeseeClipHandler(Vault vault, FrameTables tables, Caller caller) : IRequestHandler<ForeseeClip, ClipOutlook>
{
    public async ValueTask<ClipOutlook> Handle(ForeseeClip request, CancellationToken cancellationToken)
    {
        ExhibitRow row = vault.Exhibits.Find(request.Reference)!;
        if (row.Parent is not null) throw new RefusedException($"{row.Reference} is a {row.Role}, made from {row.Parent}.", "Nothing was made of it.", $"Cut a clip of {row.Parent}.");
        try
        {
            FrameTable? table = await tables.OfAsync(request.Reference).ConfigureAwait(false);
            return new(row, vault.Recordings.Find(request.Reference), request is { From: { } from, To: { } to } ? table?.Foresee(from, to) : null, table is not null);
        }
        catch (EvidenceException e)
        {
            await vault.Sequencer.RecordAsync(FailedAccess.Of(Acts.Viewed, row, caller, e.What)).ConfigureAwait(false);
            throw;
        }
    }
}

internal sealed class ListFramesHandler(FrameTables tables) : IRequestHandler<ListFrames, IReadOnlyList<double>>
{
    private const int Most = 512;

    public async ValueTask<IReadOnlyList<double>> Handle(ListFrames request, CancellationToken cancellationToken) =>
        await tables.OfAsync(request.Reference).ConfigureAwait(false) is { } table ? table.Around(request.Pts, Most) : [];
}
