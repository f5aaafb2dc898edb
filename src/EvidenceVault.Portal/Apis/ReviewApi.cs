using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Disclosure;
using EvidenceVault.Pipeline.Disclosure.Report;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace EvidenceVault.Portal.Apis;

/// <summary>How far a bundle has come.</summary>
/// <param name="State">One of <see cref="DisclosureState"/>.</param>
/// <param name="Written">Bytes written.</param>
/// <param name="Total">Bytes in all; 0 until that is known.</param>
internal sealed record DisclosureProgress(string State, long Written, long Total);

/// <summary>What pages of reviewers ask for: comparing a bundle, continuity as a PDF, bundles and how far they have come.</summary>
internal static class ReviewApi
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500), Longest = TimeSpan.FromMinutes(15);

    public static void MapReview(this IEndpointRouteBuilder app)
    {
        var review = new OpenToAttribute(Role.CpsReviewer, Role.CaseOfficer, Role.Auditor);
        app.MapGet("/api/verify/bundle", CompareAsync).WithName("CompareBundle").WithSummary("Compares a disclosure bundle with the vault's log: whether it was made here, and whether the log still continues its record. Recorded.")
            .Produces<ComparedBundle>().ProducesProblem(StatusCodes.Status400BadRequest).WithMetadata(review);
        app.MapGet("/api/verifier-page", (VerifierPage page) => Results.File(page.Content, "text/html; charset=utf-8", "verify.html")).WithName("GetVerifierPage").WithSummary("The page that checks a bundle without a network: nothing of a case is in it.")
            .Produces(StatusCodes.Status200OK, contentType: "text/html").WithMetadata(new OpenToSignedInAttribute());
        app.MapGet("/api/continuity", ContinuityAsync).WithName("GetContinuityReport").WithSummary("The continuity report of exhibits of one case, as a PDF. Recorded.")
            .Produces(StatusCodes.Status200OK, contentType: "application/pdf").ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden).WithMetadata(review);
        app.MapGet("/api/cases/{name}/disclosures/{id}/bundle", BundleAsync).WithName("GetDisclosureBundle").WithSummary("A disclosure bundle as a ZIP, or the range of it that is asked for. Recorded.")
            .Produces(StatusCodes.Status200OK, contentType: "application/zip").Produces(StatusCodes.Status206PartialContent, contentType: "application/zip").ProducesProblem(StatusCodes.Status403Forbidden)
            .WithMetadata(new OpenToAttribute(Role.CpsReviewer, Role.CaseOfficer));
        app.MapGet("/api/cases/{name}/disclosures/{id}/progress", ProgressAsync).WithName("FollowDisclosure").WithSummary("How far a bundle has come, as server-sent events until it is made or is not.")
            .Produces<DisclosureProgress>(StatusCodes.Status200OK, "text/event-stream").ProducesProblem(StatusCodes.Status404NotFound).WithMetadata(review);
    }

    private static async Task<IResult> CompareAsync(IMediator mediator, string id, ulong exportEntry, string bundleSha256, string checkpoint, CancellationToken cancel)
    {
        bool good = IsHex(id, 32) && IsHex(bundleSha256, 64) && checkpoint.Length <= 16_384;
        return good ? Results.Ok(await mediator.Send(new CompareBundle(id, exportEntry, bundleSha256, checkpoint), cancel)) : Results.StatusCode(StatusCodes.Status400BadRequest);

        static bool IsHex(string text, int length) => text.Length == length && text.All(char.IsAsciiHexDigitLower);
    }

    private static async Task<IResult> ContinuityAsync(IMediator mediator, string[] exhibit, CancellationToken cancel)
    {
        List<ExhibitReference> asked = [];
        foreach (string text in exhibit)
        {
            if (!ExhibitReference.TryParse(text, out ExhibitReference one)) return Results.StatusCode(StatusCodes.Status400BadRequest);
            asked.Add(one);
        }
        if (asked.Count == 0) return Results.StatusCode(StatusCodes.Status400BadRequest);
        ReportPage report = await mediator.Send(new MakeContinuityReport(asked), cancel);
        return Results.File(report.ToPdf(), "application/pdf", $"continuity-{asked[0].FileSafe}.pdf");
    }

    private static async Task<IResult> BundleAsync(IMediator mediator, HttpContext context, string name, string id, CancellationToken cancel)
    {
        // A range from the end has no first byte that is known before the length is: it is recorded as the whole.
        long from = context.Request.GetTypedHeaders().Range?.Ranges.FirstOrDefault()?.From ?? 0;
        FetchedDisclosure fetched = await mediator.Send(new FetchDisclosure(name, id, from), cancel);
        return Results.File(fetched.File, "application/zip", $"{name}-{fetched.Row.AskedAt[..10]}-{id[..8]}.zip", entityTag: new EntityTagHeaderValue($"\"{fetched.Row.ZipSha256}\""), enableRangeProcessing: true);
    }

    private static async Task<Results<ServerSentEventsResult<DisclosureProgress>, NotFound>> ProgressAsync(IMediator mediator, TimeProvider clock, string name, string id, CancellationToken cancel) =>
        await mediator.Send(new ShowDisclosure(name, id), cancel) is { } shown ? TypedResults.ServerSentEvents(FollowAsync(mediator, clock, name, shown, cancel)) : TypedResults.NotFound();

    // Asked anew at each tick, with the right to know: what ends a session or a right ends this too.
    private static async IAsyncEnumerable<SseItem<DisclosureProgress>> FollowAsync(IMediator mediator, TimeProvider clock, string name, ShownDisclosure shown, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (DateTimeOffset end = clock.GetUtcNow() + Longest; ;)
        {
            DisclosureStanding now = shown.Standing;
            bool going = now.State == DisclosureState.Making && clock.GetUtcNow() < end;
            yield return new(new(now.State.ToString(), now.Step?.Written ?? 0, now.Step?.Total ?? 0), going ? "progress" : "end");
            if (!going) yield break;
            await Task.Delay(Tick, clock, cancel);
            if (await mediator.Send(new ShowDisclosure(name, now.Row.Id), cancel) is not { } next) yield break;
            shown = next;
        }
    }
}
