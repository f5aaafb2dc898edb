using System.Text.Json.Nodes;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.Records;
using EvidenceVault.Pipeline.Retrieval;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;
using Mediator;

namespace EvidenceVault.Pipeline.UseCases;

/// <summary>What of an exhibit is to be shown.</summary>
public enum Showing
{
    /// <summary>The exhibit itself where any browser plays it; else its viewing copy.</summary>
    Fitting,

    /// <summary>The exhibit itself, whatever it is.</summary>
    Original,

    /// <summary>Its viewing copy.</summary>
    Copy,
}

/// <summary>Has footage shown in a browser. Recorded as viewed, of the exhibit and of what is shown in its place, before anything can be read; the parts that the browser then asks for (<see cref="ReadPlayback"/>) are of this entry.</summary>
/// <param name="Reference">A Master, a clip or a viewing copy.</param>
/// <param name="Show">What of it.</param>
public sealed record PlayExhibit(ExhibitReference Reference, Showing Show) : IEvidenceAccess, IRecordsItself, IRequest<Playback>
{
    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => ReadPlayback.Watchers;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;

    /// <inheritdoc/>
    public bool NeedsReason => false;

    Task IRecordsItself.RecordAsync(Vault vault, Caller caller)
    {
        var chosen = PlaybackChoice.Of(vault, vault.Exhibits.Find(Reference)!, Show);
        List<CustodyAct> acts = [On(chosen.Asked, new() { ["what"] = "playback", ["shown"] = chosen.Played?.Reference ?? "nothing" })];
        if (chosen.Played is { } played && played.Reference != chosen.Asked.Reference) acts.Add(On(played, new() { ["what"] = "playback", ["of"] = chosen.Asked.Reference }));
        return vault.Sequencer.RecordAsync(acts);

        CustodyAct On(ExhibitRow row, JsonObject detail) => new(Acts.Viewed, caller.Account) { Case = row.Case, Camera = row.Camera, Exhibit = row.Ref, Sha256 = row.Sha256, Detail = detail };
    }
}

/// <summary>Footage to be shown, with what is known of it.</summary>
public sealed record Playback
{
    /// <summary>The exhibit that was asked for.</summary>
    public required ExhibitRow Asked { get; init; }

    /// <summary>What is shown: the exhibit itself or its viewing copy; null where there is nothing that can be.</summary>
    public ExhibitRow? Played { get; init; }

    /// <summary>True where what is shown was re-encoded, and is not the evidence.</summary>
    public bool IsCopy { get; init; }

    /// <summary>Why not every browser plays the exhibit itself, a sentence each; empty where all do.</summary>
    public IReadOnlyList<string> Obstacles { get; init; } = [];

    /// <summary>True where there is a viewing copy.</summary>
    public bool HasCopy { get; init; }

    /// <summary>Media type of what is shown.</summary>
    public string MediaType { get; init; } = "application/octet-stream";

    /// <summary>PTS seconds of the Master where the player is at 0.</summary>
    public double PtsAtZero { get; init; }

    /// <summary>From the first frame to the last.</summary>
    public double Seconds { get; init; }

    /// <summary>Average frames a second; null where it is not known.</summary>
    public double? FrameRate { get; init; }

    /// <summary>True where frames are not evenly spaced.</summary>
    public bool VariableFrameRate { get; init; }

    /// <summary>When it was recorded; null where nothing is known of it.</summary>
    public RecordingRow? Recording { get; init; }

    /// <summary>Intervals of motion within it.</summary>
    public IReadOnlyList<SegmentRow> Segments { get; init; } = [];

    /// <summary>The files of its storyboard: the list of thumbnails (WebVTT), and the sheets that they are on.</summary>
    public IReadOnlyList<ExhibitRow> Storyboard { get; init; } = [];

    /// <summary>What people noted about it.</summary>
    public IReadOnlyList<NoteRow> Notes { get; init; } = [];
}

/// <summary>Opens what is being shown, for whatever part the browser asks for next. The entry was made by <see cref="PlayExhibit"/>, which the host must have sent for the same person before; whether they may is asked again.</summary>
/// <param name="Reference">What is shown.</param>
public sealed record ReadPlayback(ExhibitReference Reference) : IVaultRequest, IRequest<OpenedExhibit>
{
    internal static readonly Role[] Watchers = [Role.CaseOfficer, Role.CpsReviewer];

    /// <inheritdoc/>
    public IReadOnlyCollection<Role> OneOf => Watchers;

    /// <inheritdoc/>
    public string Action => Acts.Viewed;

    /// <inheritdoc/>
    public ExhibitReference? Exhibit => Reference;
}

/// <summary>Decides what of an exhibit is shown.</summary>
/// <param name="Asked">The exhibit asked for.</param>
/// <param name="Master">The Master it is of: itself, or what it was made from.</param>
/// <param name="Probe">What the Master is; null where nobody could tell.</param>
/// <param name="Played">What is shown; null for nothing.</param>
/// <param name="Copy">The viewing copy, where there is one.</param>
/// <param name="Obstacles">Why not every browser plays the exhibit itself.</param>
internal sealed record PlaybackChoice(ExhibitRow Asked, ExhibitRow Master, ProbeReport? Probe, ExhibitRow? Played, ExhibitRow? Copy, IReadOnlyList<string> Obstacles)
{
    public static PlaybackChoice Of(Vault vault, ExhibitRow asked, Showing show)
    {
        ExhibitRow master = asked.Parent is null ? asked : vault.Exhibits.Find(ExhibitReference.Parse(asked.Parent)) ?? asked;
        ProbeReport? probe = master.Analysis is null ? null : AnalysisJson.Probe(master.Analysis);
        if (!IsFootage(asked, probe)) return new(asked, master, probe, null, null, [asked.Parent is null && master.Analysis is null ? "It has not been looked into yet." : "It is no footage."]);
        if (!IsStored(asked)) return new(asked, master, probe, null, null, [asked.Problem ?? "It is not stored yet."]);
        ExhibitRow? copy = asked.Role == EvidenceFlow.ViewingCopyRole ? asked : vault.Exhibits.Derivatives(master.Ref)
            .FirstOrDefault(d => d.Role == EvidenceFlow.ViewingCopyRole && d.Segment == asked.Segment && (asked.Parent is null || asked.Segment is not null) && IsStored(d));
        IReadOnlyList<string> obstacles = asked.Role == EvidenceFlow.ViewingCopyRole ? [] : ObstaclesOf(asked, probe);
        ExhibitRow? played = show switch
        {
            Showing.Original => asked,
            Showing.Copy => copy,
            _ => obstacles.Count == 0 ? asked : copy,
        };
        return new(asked, master, probe, played, copy, obstacles);
    }

    private static bool IsStored(ExhibitRow row) => row.StoredAt is not null && row.State != ExhibitState.Damaged && row.Bytes > 0;

    private static bool IsFootage(ExhibitRow row, ProbeReport? probe) =>
        row.Role is EvidenceFlow.ClipRole or EvidenceFlow.ViewingCopyRole || (row.Parent is null && probe is { Codec: not null, Container: not ("jpeg" or "jpeg-folder" or "none") });

    // A clip holds the Master's own frames, in a container that its name tells.
    private static IReadOnlyList<string> ObstaclesOf(ExhibitRow row, ProbeReport? probe)
    {
        if (probe is null) return ["What it is encoded with is not known."];
        string? container = row.Parent is null ? null : Path.GetExtension(row.RelativePath ?? "").ToLowerInvariant() switch { ".mp4" or ".mov" => "mov,mp4", ".webm" => "matroska,webm", var other => other.TrimStart('.') };
        return Viewing.NeedsViewingCopy(probe with { Container = container ?? probe.Container, Problem = null });
    }

    /// <summary>Media type of what is shown.</summary>
    public string MediaType => Played?.Role == EvidenceFlow.ViewingCopyRole ? "video/mp4"
        : Path.GetExtension(Played is { Parent: not null } ? Played.RelativePath : null) is ".webm" || (Played is { Parent: null } && Probe!.Container.Split(',') is var names && names.Contains("webm") && !names.Contains("mp4")) ? "video/webm"
        : "video/mp4";

    /// <summary>PTS seconds of the Master where the player is at 0.</summary>
    public double PtsAtZero => Played switch
    {
        { Role: EvidenceFlow.ClipRole } clip => KeptClip.Of(clip, null).GotStart,
        { Role: EvidenceFlow.ViewingCopyRole } copy => (double?)Proof.SealManifest.Parse(copy.Seal).Derivation?.Settings["masterPtsAtZero"] ?? Probe?.FirstPts ?? 0,
        _ => Probe?.FirstPts ?? 0,
    };
}

internal sealed class PlayExhibitHandler(Vault vault) : IRequestHandler<PlayExhibit, Playback>
{
    public ValueTask<Playback> Handle(PlayExhibit request, CancellationToken cancellationToken)
    {
        var chosen = PlaybackChoice.Of(vault, vault.Exhibits.Find(request.Reference)!, request.Show);
        bool whole = chosen.Asked.Parent is null;
        KeptClip? clip = KeptClip.Read(chosen.Asked);
        return ValueTask.FromResult(new Playback
        {
            Asked = chosen.Asked,
            Played = chosen.Played,
            IsCopy = chosen.Played?.Role == EvidenceFlow.ViewingCopyRole,
            HasCopy = chosen.Copy is not null,
            Obstacles = chosen.Obstacles,
            MediaType = chosen.MediaType,
            PtsAtZero = chosen.PtsAtZero,
            Seconds = clip is not null ? clip.GotEnd - clip.GotStart : Math.Max(0, (chosen.Probe?.LastPts ?? 0) - (chosen.Probe?.FirstPts ?? 0)),
            FrameRate = chosen.Probe?.FrameRate,
            VariableFrameRate = chosen.Probe?.VariableFrameRate ?? false,
            Recording = vault.Recordings.Find(chosen.Master.Ref),
            Segments = whole ? vault.Exhibits.Segments(request.Reference) : [],
            Storyboard = whole ? [.. vault.Exhibits.Derivatives(request.Reference).Where(d => d.Role == "storyboard" && d.StoredAt is not null)] : [],
            Notes = vault.Notes.Of(request.Reference, ShowNote.MostShown),
        });
    }
}

internal sealed class ReadPlaybackHandler(Vault vault, IEvidenceStore store, BlockHolding holding, Caller caller) : IRequestHandler<ReadPlayback, OpenedExhibit>
{
    public ValueTask<OpenedExhibit> Handle(ReadPlayback request, CancellationToken cancellationToken)
    {
        ExhibitRow row = vault.Exhibits.Find(request.Reference) ?? throw new RefusedException($"There is no exhibit {request.Reference}.", "Nothing was given out.", "Open the page again.");
        if (row.StoredAt is null || row.State == ExhibitState.Damaged)
            throw new EvidenceException($"Exhibit {row.Reference} is '{row.State}' and cannot be given out.", row.Problem ?? "It is not stored yet.", "Its page says how it stands.");
        var address = ContentAddress.Parse(row.Address!);
        return ValueTask.FromResult(new OpenedExhibit(row, new HeldStream(
            (offset, length, cancel) => store.OpenReadAsync(address, offset, length, cancel), new(row.Sha256!, row.Sha512!, row.Bytes!.Value),
            () => holding.Of(row, caller), cause => vault.Sequencer.RecordAsync(FailedAccess.Of(Acts.Viewed, row, caller, cause.What)))));
    }
}
