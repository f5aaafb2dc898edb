using System.Net;
using EvidenceVault.Proof;

namespace EvidenceVault.Verify;

/// <summary>Reads a published log (C2SP tlog-tiles) from a folder or a URL. It is believed in nothing.</summary>
internal sealed class LogPlace : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private readonly HttpClient? _http;

    private LogPlace(TileLogReader reader, HttpClient? http) => (Reader, _http) = (reader, http);

    public TileLogReader Reader { get; }

    /// <summary>The log at a place.</summary>
    /// <exception cref="VerifyTrouble">There is no such folder.</exception>
    public static LogPlace Of(string place)
    {
        if (Uri.TryCreate(place, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
        {
            var http = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All, MaxAutomaticRedirections = 3, UseCookies = false }) { Timeout = s_longest };
            return new(ReaderOf((name, most, cancel) => GetAsync(http, url, name, most, cancel)), http);
        }
        if (!Directory.Exists(place)) throw VerifyTrouble.Misused($"There is no folder '{Verifying.Shown(place)}'.", "Give --log the folder of an exported log, or its URL.");
        return new(ReaderOf((name, most, cancel) => ReadAsync(Path.Combine(place, name), most, cancel)), null);
    }

    public void Dispose() => _http?.Dispose();

    private static TileLogReader ReaderOf(Func<string, int, CancellationToken, Task<byte[]?>> read) => new()
    {
        Checkpoint = cancel => read("checkpoint", TileLogReader.MostCheckpointBytes, cancel),
        Tile = (path, cancel) => read(path.ToString(), TileLogReader.MostBytes(path), cancel),
    };

    private static async Task<byte[]?> ReadAsync(string path, int most, CancellationToken cancel)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return await AtMostAsync(file, most, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw VerifyTrouble.OutOfReach($"The log's '{Verifying.Shown(path)}' cannot be read ({e.Message}).");
        }
    }

    private static async Task<byte[]?> GetAsync(HttpClient http, Uri log, string name, int most, CancellationToken cancel)
    {
        var address = new Uri(log.AbsoluteUri.EndsWith('/') ? log : new Uri(log.AbsoluteUri + "/"), name);
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
            if (!answer.IsSuccessStatusCode) throw Unreachable($"it answers {(int)answer.StatusCode}");
            await using Stream content = await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            return await AtMostAsync(content, most, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw Unreachable($"it did not answer within {s_longest.TotalSeconds:0} seconds");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e.Message);
        }

        VerifyTrouble Unreachable(string why) => VerifyTrouble.OutOfReach($"The log at {address} cannot be read: {why}.", "Check the address and the network, or give a copy of the log in a folder.");
    }

    private static async Task<byte[]> AtMostAsync(Stream stream, int most, CancellationToken cancel)
    {
        byte[] bytes = new byte[most];
        int length = await stream.ReadAtLeastAsync(bytes, most, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        return bytes[..length];
    }
}
