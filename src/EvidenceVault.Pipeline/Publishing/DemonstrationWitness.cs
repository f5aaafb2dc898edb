using System.Net;
using System.Net.Http.Headers;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>
/// The vault's own witness, for the default install: it answers in this process what <c>evidencevault witness</c> answers over HTTP, from a
/// folder in the vault's home. It shows how witnesses work and catches mistakes. It is no outside witness: whoever
/// owns the vault owns its memory and its key.
/// </summary>
public sealed class DemonstrationWitness(string folder, IReadOnlyList<VerifierKey> logs, TimeProvider clock) : HttpMessageHandler
{
    /// <summary>Its name in the policy (FORMAT.md section 8).</summary>
    public const string Name = "demonstration";

    // No host has a name below .invalid (RFC 6761): should this ever reach a network, it goes nowhere.
    internal const string Address = "http://demonstration.invalid";

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        byte[] body = await request.Content!.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        using WitnessFolder own = await OpenAsync(cancellationToken).ConfigureAwait(false);
        WitnessReply reply = new Witness(own, logs, clock).AddCheckpoint(body);
        ByteArrayContent content = new(reply.Body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(reply.ContentType);
        return new((HttpStatusCode)reply.Status) { Content = content };
    }

    /// <summary>Held for one request: the worker and a command of the same vault take turns.</summary>
    private async Task<WitnessFolder> OpenAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return WitnessFolder.Open(folder, null);
            }
            catch (RefusedException e) when (e.InnerException is IOException)
            {
                await Task.Delay(Turn, clock, cancel).ConfigureAwait(false);
            }
            catch (UnreachableException e)
            {
                throw new HttpRequestException(e.What, e);
            }
        }
    }
}
