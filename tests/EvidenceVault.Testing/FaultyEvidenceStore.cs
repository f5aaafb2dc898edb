using System.Collections.Concurrent;
using EvidenceVault.Pipeline.Storage;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Testing;

/// <summary>
/// A store on which every write fails twice before it succeeds: first without having been persisted, then persisted but reported
/// failed. Whatever stands on a store must come through both.
/// </summary>
public sealed class FaultyEvidenceStore(IEvidenceStore inner) : IEvidenceStore
{
    private readonly ConcurrentDictionary<string, int> attempts = new();

    /// <summary>Failures given so far.</summary>
    public int Failures { get; private set; }

    public string Encryption => inner.Encryption;

    public Task StageAsync(string stagingId, Stream content, CancellationToken cancel) =>
        WriteAsync($"stage {stagingId}", async () => { await inner.StageAsync(stagingId, content, cancel); return true; });

    public Task<Placement> PlaceAsync(string stagingId, ContentAddress address, CancellationToken cancel) =>
        WriteAsync($"place {stagingId} {address}", () => inner.PlaceAsync(stagingId, address, cancel));

    public Task<Protection> ProtectAsync(ContentAddress address, CancellationToken cancel) =>
        WriteAsync($"protect {address}", () => inner.ProtectAsync(address, cancel));

    public Task DiscardAsync(string stagingId, CancellationToken cancel) =>
        WriteAsync($"discard {stagingId}", async () => { await inner.DiscardAsync(stagingId, cancel); return true; });

    public Task<Stream> OpenReadAsync(ContentAddress address, CancellationToken cancel) => inner.OpenReadAsync(address, cancel);

    public Task<Stream> OpenReadAsync(ContentAddress address, long offset, long length, CancellationToken cancel) => inner.OpenReadAsync(address, offset, length, cancel);

    public Task<bool> ExistsAsync(ContentAddress address, CancellationToken cancel) => inner.ExistsAsync(address, cancel);

    public Task<string> CheckAsync(CancellationToken cancel) => inner.CheckAsync(cancel);

    private async Task<T> WriteAsync<T>(string what, Func<Task<T>> write)
    {
        int attempt = attempts.AddOrUpdate(what, 1, (_, n) => n + 1);
        if (attempt == 1) throw Failure($"{what}: not persisted");
        T done = await write();
        if (attempt == 2) throw Failure($"{what}: persisted but reported failed");
        return done;
    }

    private UnreachableException Failure(string what)
    {
        Failures++;
        return new($"The faulty store failed on purpose ({what}).", "Nothing placed before was changed.", "Try again.");
    }
}
