using EvidenceVault.Pipeline.Words;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Publishing;

/// <summary>
/// Where the log is published, as C2SP tlog-tiles lays it out. Tiles and bundles are create-only; only the checkpoint is ever replaced, and
/// only by whoever has seen the one that is there. Every driver passes the suite LogStoreCompliance. Drivers throw
/// <see cref="UnreachableException"/> when trying again may help and <see cref="EvidenceException"/> when other bytes lie at a name.
/// </summary>
public interface ILogStore
{
    /// <summary>Where it is, for a reader; without secrets.</summary>
    string Place { get; }

    /// <summary>The published checkpoint, or null where none is.</summary>
    Task<PublishedHead?> HeadAsync(CancellationToken cancel);

    /// <summary>The bytes of a tile or bundle, or null where it is not published.</summary>
    Task<byte[]?> ReadAsync(TilePath tile, CancellationToken cancel);

    /// <summary>Puts a tile or bundle in its place and returns once it is durable. Where the place is taken, the bytes there must be the same.</summary>
    /// <exception cref="EvidenceException">Other bytes are there; they stay.</exception>
    Task CreateAsync(TilePath tile, byte[] content, CancellationToken cancel);

    /// <summary>Replaces the checkpoint, durably, where it is still the one that was seen (null: none). False where it is another by now.</summary>
    Task<bool> ReplaceHeadAsync(PublishedHead? seen, byte[] note, CancellationToken cancel);
}

/// <summary>A published checkpoint.</summary>
/// <param name="Note">Its bytes, a signed note.</param>
/// <param name="Version">The store's mark of this very content.</param>
public sealed record PublishedHead(byte[] Note, string Version)
{
    /// <summary>The name that it is published under.</summary>
    public const string Name = "checkpoint";
}

/// <summary>What every driver and server says of published files.</summary>
public static class PublishedHeaders
{
    /// <summary>Cache-Control of the checkpoint: it changes (C2SP tlog-tiles, "Checkpoints").</summary>
    public const string Checkpoint = "no-cache";

    /// <summary>Content-Type of the checkpoint (C2SP tlog-tiles, "Checkpoints").</summary>
    public const string CheckpointType = "text/plain; charset=utf-8";

    /// <summary>Cache-Control of a tile or bundle. A full one never changes. A partial one does not either, but a log may take it away once
    /// the full one is there, so that it is kept for a short time only.</summary>
    public static string Of(TilePath tile) => tile.Width == TilePath.FullWidth ? "public, max-age=31536000, immutable" : "public, max-age=60";

    /// <summary>Other bytes lie at the place of a tile.</summary>
    public static EvidenceException OtherBytes(TilePath tile, string place) => new(
        $"'{tile}' is published at {place} with other bytes than the custody log gives.",
        "Either what was published was altered, or this vault's log is not the one that was published there. Nothing was replaced.",
        "Run 'evidencevault log fsck'. If the log is whole, publish to an empty place and keep the old one for an expert.");
}
