using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using EvidenceVault.Pipeline;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.Custody;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using EvidenceVault.Portal.Watching;
using Mediator;
using Microsoft.Net.Http.Headers;

namespace EvidenceVault.Portal.Apis;

/// <summary>What a player and a page that waits ask for.</summary>
internal static class WatchingApi
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    public static void MapWatching(this IEndpointRouteBuilder app)
    {
        var watchers = new OpenToAttribute(Role.CaseOfficer, Role.CpsReviewer);
        app.MapMethods("/api/play/{ticket}", [HttpMethods.Get, HttpMethods.Head], PlayAsync)
            .WithName("PlayExhibit").WithSummary("Parts of footage that is being shown, as the player asks for them (RFC 9110 section 14), each held to the seal. The ticket is on the page that shows it.")
            .Produces<byte[]>(StatusCodes.Status200OK, "video/mp4", "video/webm", "image/jpeg", "text/vtt").Produces<byte[]>(StatusCodes.Status206PartialContent, "video/mp4", "video/webm", "image/jpeg", "text/vtt")
            .ProducesProblem(StatusCodes.Status403Forbidden).Produces(StatusCodes.Status416RangeNotSatisfiable).WithMetadata(watchers);
        app.MapGet("/api/play/{ticket}/frames", FramesAsync)
            .WithName("ListFrames").WithSummary("The times of the frames around one, PTS seconds of the Master, in order. Empty where they are not known.")
            .Produces<double[]>().ProducesProblem(StatusCodes.Status403Forbidden).WithMetadata(watchers);
        app.MapGet("/api/works/{id}", (string id, HttpContext context, Works works, CancellationToken cancel) => TypedResults.ServerSentEvents(WatchAsync(id, context.User.Identity!.Name!, works, cancel)))
            .WithName("WatchWork").WithSummary("How something stands that was asked for, as server-sent events, until it is done.")
            .Produces<WorkShown>(StatusCodes.Status200OK, "text/event-stream").WithMetadata(watchers);
    }

    private static async Task<IResult> PlayAsync(string ticket, HttpContext context, PlaybackTickets tickets, Vault vault, IMediator mediator, CancellationToken cancel)
    {
        Ticket held = await HoldAsync(ticket, TicketFor.Bytes, context, tickets, vault);
        OpenedExhibit opened = await mediator.Send(new ReadPlayback(held.Exhibit), cancel);
        // Ranges, HEAD and what cannot be satisfied are the framework's; the stream is read only where a range is.
        return new HeldPart(Results.Stream(opened.Content, held.MediaType, entityTag: new EntityTagHeaderValue($"\"{opened.Exhibit.Sha256}\""), enableRangeProcessing: true));
    }

    // What turns out not to be as sealed once part of it has been sent: it is in the log, and the player has been told a length, and sees that it did not get it.
    private sealed class HeldPart(IResult part) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            try
            {
                await part.ExecuteAsync(httpContext);
            }
            catch (VaultException) when (httpContext.Response.HasStarted)
            {
                httpContext.Abort();
            }
        }
    }

    private static async Task<IResult> FramesAsync(string ticket, double at, HttpContext context, PlaybackTickets tickets, Vault vault, IMediator mediator, CancellationToken cancel)
    {
        Ticket held = await HoldAsync(ticket, TicketFor.Frames, context, tickets, vault);
        return TypedResults.Ok(await mediator.Send(new ListFrames(held.Exhibit, at), cancel));
    }

    private static async Task<Ticket> HoldAsync(string ticket, TicketFor what, HttpContext context, PlaybackTickets tickets, Vault vault)
    {
        if (tickets.Read(context.User, ticket, what, out string why) is { } held) return held;
        await vault.Sequencer.RecordAsync(new CustodyAct(Acts.Viewed, context.User.Identity!.Name!) { Outcome = Proof.Outcome.Refused, Detail = new JsonObject { ["what"] = "playback", ["why"] = why } });
        throw new RefusedException(why == "too-old" ? "This has been open for too long." : "This is not for you to play, or no longer.", "Nothing was given out; the refusal is in the custody log.", "Load the page again.");
    }

    private static async IAsyncEnumerable<WorkShown> WatchAsync(string id, string account, Works works, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Look);
        for (WorkShown? last = null; ;)
        {
            WorkShown now = works.Find(id, account);
            if (now != last) yield return now;
            if (now.State != "running") yield break;
            last = now;
            await timer.WaitForNextTickAsync(cancel);
        }
    }
}
