using System.Net;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>A witness over HTTP: <c>POST /add-checkpoint</c> (C2SP tlog-witness) and nothing else.</summary>
public sealed class WitnessServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly WitnessFolder _folder;

    private WitnessServer(WebApplication app, WitnessFolder folder, VerifierKey key) => (_app, _folder, VerifierKey) = (app, folder, key.ToString());

    /// <summary>The key that checks its cosignatures.</summary>
    public string VerifierKey { get; }

    /// <summary>Where it listens.</summary>
    public string Address => _app.Urls.First();

    /// <summary>Starts it. It holds its folder until it is disposed.</summary>
    /// <param name="folder">Its key and memory.</param>
    /// <param name="name">Its name; null for the one that it has.</param>
    /// <param name="logs">The verifier keys of the logs that it knows.</param>
    /// <param name="listen">A loopback address and a port; port 0 for any free one.</param>
    /// <param name="clock">The time of its cosignatures.</param>
    /// <exception cref="RefusedException">The folder is taken, or the address is not on loopback.</exception>
    /// <exception cref="UnreachableException">The folder cannot be used, or the port is taken.</exception>
    public static async Task<WitnessServer> StartAsync(string folder, string? name, IReadOnlyList<VerifierKey> logs, IPEndPoint listen, TimeProvider clock)
    {
        if (!IPAddress.IsLoopback(listen.Address))
            throw new RefusedException($"{listen.Address} is not an address of this machine alone.", "The witness did not start.", "Listen on 127.0.0.1 and put a web server with TLS before it.");
        WitnessFolder own = WitnessFolder.Open(folder, name);
        Witness witness = new(own, logs, clock);
        // The empty builder reads no environment and no settings file: nothing outside can make it listen elsewhere.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestBodySize = WitnessRequest.MostBytes;
            o.Listen(listen);
        });
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapPost("/add-checkpoint", context => AnswerAsync(context, witness));
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            own.Dispose();
            throw new UnreachableException($"The witness cannot listen on {listen} ({e.Message}).", "It did not start.", "Name another port with --listen.", e);
        }
        return new(app, own, witness.Key);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _folder.Dispose();
    }

    private static async Task AnswerAsync(HttpContext context, Witness witness)
    {
        WitnessReply reply;
        try
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
            reply = witness.AddCheckpoint(body.GetBuffer().AsSpan(0, (int)body.Length));
        }
        catch (BadHttpRequestException e)
        {
            reply = new(e.StatusCode, "text/plain; charset=utf-8", "The request cannot be read: it is too large or broken off.\n"u8.ToArray());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EvidenceException && !context.RequestAborted.IsCancellationRequested)
        {
            // Nothing was cosigned: what could not be remembered is not vouched for. Its keeper is told on the terminal.
            await Console.Error.WriteLineAsync($"witness: {(e as EvidenceException)?.What ?? e.Message}").ConfigureAwait(false);
            reply = new(500, "text/plain; charset=utf-8", "The witness cannot use its memory now.\n"u8.ToArray());
        }
        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = reply.ContentType;
        context.Response.ContentLength = reply.Body.Length;
        await context.Response.Body.WriteAsync(reply.Body, context.RequestAborted).ConfigureAwait(false);
    }
}
