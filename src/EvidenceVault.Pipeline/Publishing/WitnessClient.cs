using System.Net.Http.Headers;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>What a witness answered.</summary>
/// <param name="Status">HTTP status; null where it gave no answer.</param>
/// <param name="Body">The answer's body, at most 64 KiB.</param>
/// <param name="Trouble">Why there is no answer, a sentence.</param>
internal sealed record WitnessAnswer(int? Status, byte[] Body, string? Trouble)
{
    public static WitnessAnswer None(string why) => new(null, [], why);
}

/// <summary>Speaks C2SP tlog-witness. It decides nothing.</summary>
internal sealed class WitnessClient : IDisposable
{
    private const int MostAnswer = 64 << 10;

    private readonly HttpClient _http;
    private readonly HttpClient? _demonstration;

    /// <param name="patience">How long a witness may take.</param>
    /// <param name="demonstration">Answers for a demonstration witness that the policy gives no address.</param>
    public WitnessClient(TimeSpan patience, HttpMessageHandler? demonstration)
    {
        // A redirect could send the request anywhere; a witness's address is what the policy says.
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = patience }) { Timeout = patience };
        _demonstration = demonstration is null ? null : new(demonstration) { Timeout = patience };
    }

    public async Task<WitnessAnswer> AskAsync(PolicyWitness witness, WitnessRequest request, CancellationToken cancel)
    {
        (HttpClient? http, string url) = witness switch
        {
            { Url: { } address } => (_http, address),
            { IsDemonstration: true } => (_demonstration, DemonstrationWitness.Address),
            _ => (null, ""),
        };
        if (http is null) return WitnessAnswer.None("The policy gives it no address.");
        if (!Uri.TryCreate(url.TrimEnd('/') + "/add-checkpoint", UriKind.Absolute, out Uri? at) || at.Scheme is not ("http" or "https"))
            return WitnessAnswer.None("Its address in the policy is no http or https address.");
        try
        {
            using HttpRequestMessage message = new(HttpMethod.Post, at) { Content = new ByteArrayContent(request.ToBytes()) };
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
            using HttpResponseMessage answer = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            return await ReadAsync(answer.Content, cancel).ConfigureAwait(false) is { } body
                ? new((int)answer.StatusCode, body, null)
                : WitnessAnswer.None("Its answer is longer than 64 KiB.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return WitnessAnswer.None(e is OperationCanceledException ? "It did not answer in time." : $"It does not answer ({e.Message.TrimEnd('.')}).");
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _demonstration?.Dispose();
    }

    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        // A body that trickles in must not outlast the patience that the headers had.
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(TimeSpan.FromSeconds(10));
        using Stream stream = await content.ReadAsStreamAsync(late.Token).ConfigureAwait(false);
        byte[] body = new byte[MostAnswer + 1];
        int length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, late.Token).ConfigureAwait(false);
        return length > MostAnswer ? null : body[..length];
    }
}
