using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using EvidenceVault.Pipeline.Access;
using EvidenceVault.Pipeline.UseCases;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Portal.Doors;
using Mediator;

namespace EvidenceVault.Portal.Apis;

/// <summary>Files that are to be added to a drop.</summary>
/// <param name="Files">Each with its name below the folder that was chosen and its length in bytes; at most 1,000 at once.</param>
internal sealed record FilesToList(IReadOnlyList<OfferedFile> Files);

/// <summary>A file whose blocks were all sent.</summary>
/// <param name="Blocks">The ids of its blocks, in order.</param>
/// <param name="Sha256">SHA-256 of the whole, 64 lower-case hex digits.</param>
internal sealed record FileSent(IReadOnlyList<string> Blocks, string Sha256);

/// <summary>What the page of a drop needs while it sends files and watches what becomes of them.</summary>
internal static class Drops
{
    private const int MostAtOnce = 1000;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1), Sign = TimeSpan.FromSeconds(15);

    public static void MapDrops(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder drops = app.MapGroup("/api/drops").RequireRateLimiting(PortalApp.Sending).WithMetadata(new OpenToAttribute(Role.Technician))
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        drops.MapGet("/{id}", (string id, long? after, IMediator mediator, CancellationToken cancel) => mediator.Send(new WatchDrop(id, after ?? 0), cancel))
            .WithName("WatchDrop").WithSummary("How a drop stands: how many of its files are in each state, and some of them one by one.").Produces<DropStanding>();
        drops.MapGet("/{id}/events", async (string id, long? after, HttpContext context, IMediator mediator, TimeProvider clock) =>
            {
                // Asked before the first byte, so that a refusal is told as one.
                DropStanding first = await mediator.Send(new WatchDrop(id, after ?? 0), context.RequestAborted);
                return TypedResults.ServerSentEvents(ChangesAsync(first, () => mediator.Send(new WatchDrop(id, after ?? 0), context.RequestAborted), clock, context.RequestAborted));
            })
            .WithName("DropEvents").WithSummary("The same each time that it changes, as server-sent events. It ends when nothing more will happen, and after as long as a session lasts.").Produces<string>(contentType: "text/event-stream");
        drops.MapPost("/{id}/files", (string id, FilesToList files, IMediator mediator, CancellationToken cancel) => files.Files is { Count: > 0 and <= MostAtOnce } some
                ? mediator.Send(new ListFiles(id, some), cancel)
                : throw new RefusedException($"Between 1 and {MostAtOnce} files can be added at once.", "None was added.", "Add them in several goes."))
            .WithName("ListFiles").WithSummary("Adds files to a drop that was begun. Those that it has keep their numbers.").Produces<IReadOnlyList<ListedFile>>();
        drops.MapPost("/{id}/files/{number}/address", (string id, long number, IMediator mediator, CancellationToken cancel) => mediator.Send(new AddressFile(id, number), cancel))
            .WithName("AddressFile").WithSummary("Where to send one file's blocks, for a short while, and which of them are there.").Produces<SendingTo>();
        drops.MapPost("/{id}/files/{number}/delivery", (string id, long number, FileSent sent, IMediator mediator, CancellationToken cancel) => mediator.Send(new DeliverFile(id, number, sent.Blocks ?? [], sent.Sha256), cancel))
            // The ids of up to 50,000 blocks.
            .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(8 << 20)).WithName("DeliverFile").WithSummary("Puts a file together of its blocks and delivers it into the drop, never over another. The answer comes once it is durable.").Produces<ListedFile>();
        drops.MapPost("/{id}/completion", async (string id, IMediator mediator, CancellationToken cancel) =>
            {
                await mediator.Send(new CompleteDrop(id), cancel);
                return await mediator.Send(new WatchDrop(id), cancel);
            })
            .WithName("CompleteDrop").WithSummary("Ends a drop of which every file was delivered: its manifest is put beside them, and the vault takes them.").Produces<DropStanding>();
        MapReceipt(drops);
    }

    private static void MapReceipt(RouteGroupBuilder drops)
    {
        drops.MapGet("/{id}/receipt.json", async (string id, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new ShowDropReceipt(id), cancel) is { Receipt: { } receipt } ? Results.Bytes(receipt.Receipt, "application/json", $"{id}-receipt.json") : Results.NotFound())
            .WithName("GetReceipt").WithSummary("The newest receipt of a drop, canonical JSON.").Produces<string>(contentType: "application/json").ProducesProblem(StatusCodes.Status404NotFound);
        drops.MapGet("/{id}/receipt.p7s", async (string id, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new ShowDropReceipt(id), cancel) is { Receipt: { } receipt } ? Results.Bytes(receipt.Signature, "application/pkcs7-signature", $"{id}-receipt.json.p7s") : Results.NotFound())
            .WithName("GetReceiptSignature").WithSummary("The vault's signature over the newest receipt, CMS (detached).").Produces<byte[]>(contentType: "application/pkcs7-signature").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async IAsyncEnumerable<SseItem<DropStanding?>> ChangesAsync(DropStanding first, Func<ValueTask<DropStanding>> ask, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancel)
    {
        long began = clock.GetTimestamp(), told = began;
        string? shown = null;
        for (DropStanding now = first; ; now = await ask())
        {
            string text = System.Text.Json.JsonSerializer.Serialize(now);
            if (text != shown)
            {
                yield return new(now, "standing");
                (shown, told) = (text, clock.GetTimestamp());
            }
            else if (clock.GetElapsedTime(told) > Sign)
            {
                // A sign of life: proxies close what is silent.
                yield return new(null, "same");
                told = clock.GetTimestamp();
            }
            if (now.Finished || clock.GetElapsedTime(began) > PortalApp.Session) yield break;
            await Task.Delay(Look, clock, cancel);
        }
    }
}
