using System.Net;
using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Cli;

/// <summary>Reads a published log (C2SP tlog-tiles) from a folder or over HTTP, never more of a resource than it could rightly hold.</summary>
internal static class TileLogSource
{
    private const int Attempts = 3;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    public static bool IsUrl(string place) => place.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || place.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>A log in a folder.</summary>
    /// <exception cref="RefusedException">There is no such folder.</exception>
    public static TileLogReader OfFolder(string folder)
    {
        if (!Directory.Exists(folder)) throw new RefusedException($"There is no folder '{Names.Printable(folder)}'.", "Nothing was checked.", "Check the path.");
        return new()
        {
            Checkpoint = cancel => ReadAsync("checkpoint", TileLogReader.MostCheckpointBytes, cancel),
            Tile = (path, cancel) => ReadAsync(path.ToString(), TileLogReader.MostBytes(path), cancel),
        };

        async Task<byte[]?> ReadAsync(string name, int most, CancellationToken cancel)
        {
            try
            {
                await using FileStream file = new(Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous);
                return await ReadAtMostAsync(file, most, cancel);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
        }
    }

    /// <summary>A log at a URL, to which <c>checkpoint</c> and <c>tile/…</c> are added. A resource is missing where the answer is 404 or 410.</summary>
    /// <exception cref="FormatException">It is no http or https URL.</exception>
    public static TileLogReader OfUrl(HttpClient http, string url)
    {
        if (!Uri.TryCreate(url.EndsWith('/') ? url : url + "/", UriKind.Absolute, out Uri? prefix) || prefix.Query.Length > 0 || prefix.Fragment.Length > 0)
            throw new FormatException($"'{Names.Printable(url)}' is not the URL of a log: give the address that 'checkpoint' and 'tile/…' lie below.");
        return new()
        {
            Checkpoint = cancel => GetAsync("checkpoint", TileLogReader.MostCheckpointBytes, cancel),
            Tile = (path, cancel) => GetAsync(path.ToString(), TileLogReader.MostBytes(path), cancel),
        };

        async Task<byte[]?> GetAsync(string name, int most, CancellationToken cancel)
        {
            var address = new Uri(prefix, name);
            for (int attempt = 1; ; attempt++)
            {
                string trouble;
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(s_longest);
                try
                {
                    using HttpResponseMessage answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                    if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
                    if (answer.IsSuccessStatusCode)
                    {
                        await using Stream content = await answer.Content.ReadAsStreamAsync(limit.Token);
                        return await ReadAtMostAsync(content, most, limit.Token);
                    }
                    trouble = $"it answers {(int)answer.StatusCode}";
                    if ((int)answer.StatusCode is not (429 or >= 500)) attempt = Attempts;
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    trouble = $"it did not answer within {s_longest.TotalSeconds:0} seconds";
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    trouble = e.Message;
                }
                if (attempt >= Attempts)
                    throw new UnreachableException($"{address} cannot be read: {trouble}", "The check was not made to its end: nothing is known of the rest of the log.", "Check the address and the network, then try again.");
                await Task.Delay(s_pause * attempt, cancel);
            }
        }
    }

    /// <summary>A client that follows few redirects, keeps no cookies, and unpacks what is compressed.</summary>
    public static HttpClient NewClient() => new(new SocketsHttpHandler
    {
        AutomaticDecompression = DecompressionMethods.All,
        MaxAutomaticRedirections = 3,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        MaxResponseHeadersLength = 64,
    })
    {
        // Each request has its own limit.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static async Task<byte[]> ReadAtMostAsync(Stream stream, int most, CancellationToken cancel)
    {
        using var read = new MemoryStream();
        byte[] buffer = new byte[Math.Min(most, 64 << 10)];
        while (read.Length < most)
        {
            int got = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - read.Length)), cancel);
            if (got == 0) break;
            read.Write(buffer, 0, got);
        }
        return read.ToArray();
    }
}
