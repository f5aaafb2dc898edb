using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>A case's recordings and what moved in them, on one clock. Recorded as viewed, with the window.</summary>
/// <param name="CaseName">The case.</param>
/// <param name="From">Beginning of the window; null for the beginning of the first recording.</param>
/// <param name="To">Its end; null for the end of the last.</param>
/// <param name="Page">Which page of the list of recordings, from 1.</param>
public sealed record ShowTimeline(string CaseName, DateTimeOffset? From, DateTimeOffset? To, int Page) : IEvidenceAccess, IRecordsItself, IRequest<Timeline>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public string? Case => CaseName;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        var detail = new JsonObject { ["what"] = "timeline" };
        if (From is { } from) detail["from"] = ExhibitChanges.Text(from);
        if (To is { } to) detail["to"] = ExhibitChanges.Text(to);
        return vault.Sequencer.RecordAsync(new CustodyAct(Acts.Viewed, caller.Account) { Case = CaseName, Detail = detail });
    }
}

/// <summary>A window of a case's timeline.</summary>
public sealed record Timeline
{
    /// <summary>Exhibits on a page of the list.</summary>
    public const int OnPage = 50;

    /// <summary>No more are counted and listed: who looks for one among more makes the window smaller.</summary>
    public const int MostCounted = 10_000;

    /// <summary>The case's name; null where there is none of this name.</summary>
    public required string? Case { get; init; }

    /// <summary>Beginning of the window.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Its end.</summary>
    public DateTimeOffset To { get; init; }

    /// <summary>From the first frame of all recordings to the last; empty where none is placed.</summary>
    public RecordedSpan Span { get; init; } = new(null, null);

    /// <summary>Recordings in the window; <see cref="MostCounted"/> where there are as many or more.</summary>
    public long Count { get; init; }

    /// <summary>Each of them where they are few; else empty.</summary>
    public IReadOnlyList<RecordingRow> Drawn { get; init; } = [];

    /// <summary>Those that lie close together as one, where they are many.</summary>
    public IReadOnlyList<RecordingCluster> Clusters { get; init; } = [];

    /// <summary>What moved in those that are drawn.</summary>
    public IReadOnlyList<PlacedSegment> Segments { get; init; } = [];

    /// <summary>True where there is more motion than is drawn.</summary>
    public bool SegmentsLeftOut { get; init; }

    /// <summary>The page of the list.</summary>
    public IReadOnlyList<RecordingRow> Listed { get; init; } = [];

    /// <summary>What moved in those on the page.</summary>
    public IReadOnlyList<PlacedSegment> ListedSegments { get; init; } = [];

    /// <summary>Which page, from 1.</summary>
    public int Page { get; init; } = 1;

    /// <summary>How many there are.</summary>
    public int Pages { get; init; } = 1;

    /// <summary>Some of those whose time is not known.</summary>
    public IReadOnlyList<RecordingRow> WithoutTime { get; init; } = [];

    /// <summary>How many there are of these.</summary>
    public long CountWithoutTime { get; init; }
}

internal sealed class ShowTimelineHandler(Vault vault) : IRequestHandler<ShowTimeline, Timeline>
{
    private const int MostDrawn = 400, MostSegments = 2000, Stretches = 100, MostCameras = 40;
    private const long Shortest = 1000; // milliseconds: no window is shorter

    public ValueTask<Timeline> Handle(ShowTimeline request, CancellationToken cancellationToken)
    {
        string name = request.CaseName;
        if (!vault.Exhibits.HasCase(name)) return ValueTask.FromResult(new Timeline { Case = null });
        Recordings recordings = vault.Recordings;
        RecordedSpan span = recordings.Span(name);
        IReadOnlyList<RecordingRow> withoutTime = recordings.WithoutTime(name, Timeline.OnPage);
        var empty = new Timeline { Case = name, Span = span, WithoutTime = withoutTime, CountWithoutTime = withoutTime.Count < Timeline.OnPage ? withoutTime.Count : recordings.CountWithoutTime(name, Timeline.MostCounted) };
        if (span is not { From: { } first, To: { } last }) return ValueTask.FromResult(empty);

        (long from, long to) = Window(request, first, last);
        long count = recordings.Count(name, from, to, Timeline.MostCounted);
        int pages = (int)Math.Clamp((count + Timeline.OnPage - 1) / Timeline.OnPage, 1, int.MaxValue), page = Math.Clamp(request.Page, 1, pages);
        IReadOnlyList<RecordingRow> listed = recordings.InOrder(name, from, to, (page - 1) * Timeline.OnPage, Timeline.OnPage);
        IReadOnlyList<RecordingRow> drawn = count > MostDrawn ? [] : count <= Timeline.OnPage ? listed : recordings.InOrder(name, from, to, 0, MostDrawn);
        IReadOnlyList<PlacedSegment> segments = drawn.Count == 0 ? [] : recordings.Segments([.. drawn.Select(r => r.Exhibit)], MostSegments + 1);
        return ValueTask.FromResult(empty with
        {
            From = DateTimeOffset.FromUnixTimeMilliseconds(from),
            To = DateTimeOffset.FromUnixTimeMilliseconds(to),
            Count = count,
            Drawn = drawn,
            Clusters = count > MostDrawn ? recordings.Clustered(name, from, Math.Max(1, (to - from + Stretches) / Stretches), Stretches, MostCameras) : [],
            Segments = [.. segments.Take(MostSegments)],
            SegmentsLeftOut = segments.Count > MostSegments,
            Listed = listed,
            ListedSegments = listed.Count == 0 ? [] : recordings.Segments([.. listed.Select(r => r.Exhibit)], MostSegments),
            Page = page,
            Pages = pages,
        });
    }

    // A window that was asked for the wrong way round, or for no time at all, is mended, not refused.
    private static (long From, long To) Window(ShowTimeline request, long first, long last)
    {
        // A little more than all of it, so that nothing lies on the edge.
        long beside = Math.Max(Shortest, (last - first) / 50);
        long from = request.From?.ToUnixTimeMilliseconds() ?? first - beside, to = request.To?.ToUnixTimeMilliseconds() ?? last + beside;
        if (to < from) (from, to) = (to, from);
        return (from, Math.Max(to, from + Shortest));
    }
}
