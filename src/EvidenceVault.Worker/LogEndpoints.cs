using EvidenceVault.Pipeline.Publishing;
using EvidenceVault.Proof;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace EvidenceVault.Worker;

/// <summary>The published log over HTTP (C2SP tlog-tiles) below <c>/log</c>: what is published, byte for byte, and nothing else. A name of any
/// other spelling is 404 before it reaches the store.</summary>
internal static class LogEndpoints
{
    public const string Prefix = "/log";

    public static void MapLog(this WebApplication app, ILogStore store)
    {
        string[] reads = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods($"{Prefix}/{PublishedHead.Name}", reads, async (HttpContext context) =>
            await AnswerAsync(context, PathOf(context) == $"{Prefix}/{PublishedHead.Name}" ? (await store.HeadAsync(context.RequestAborted).ConfigureAwait(false))?.Note : null, PublishedHeaders.CheckpointType, PublishedHeaders.Checkpoint).ConfigureAwait(false));
        app.MapMethods($"{Prefix}/tile/{{**name}}", reads, async (HttpContext context) =>
        {
            string path = PathOf(context);
            TilePath tile = default;
            byte[]? content = path.StartsWith(Prefix + "/", StringComparison.Ordinal) && TilePath.TryParse(path[(Prefix.Length + 1)..], out tile)
                ? await store.ReadAsync(tile, context.RequestAborted).ConfigureAwait(false) : null;
            await AnswerAsync(context, content, "application/octet-stream", content is null ? "no-store" : PublishedHeaders.Of(tile)).ConfigureAwait(false);
        });
    }

    /// <summary>The path as it was sent, not as the server decoded and tidied it: only the one spelling of a name is a name.</summary>
    private static string PathOf(HttpContext context) => context.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0];

    private static async Task AnswerAsync(HttpContext context, byte[]? content, string type, string cache)
    {
        if (content is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        context.Response.Headers[HeaderNames.CacheControl] = cache;
        context.Response.Headers[HeaderNames.XContentTypeOptions] = "nosniff";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.Body.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
    }
}
