using System.Security.Cryptography;

namespace EvidenceVault.Pipeline.Words;

/// <summary>The SHA-256 of each block of a file, in order. Made while the whole of the file was held to its seal, so that a part of it can be held to the seal without the rest.</summary>
public sealed class BlockDigests
{
    /// <summary>Bytes of a block; the last may be shorter. As long as what the store encrypts as one, so that no more than one of these is fetched for it.</summary>
    public const int BlockBytes = 4 << 20;

    private readonly byte[] _digests;

    private BlockDigests(byte[] digests) => _digests = digests;

    /// <summary>How many blocks.</summary>
    public int Count => _digests.Length / SHA256.HashSizeInBytes;

    /// <summary>Reads what <see cref="ToBytes"/> wrote, for a file of this length; null where it is of another number of blocks.</summary>
    public static BlockDigests? Read(byte[]? digests, long fileBytes) => digests is not null && digests.Length == BlocksOf(fileBytes) * SHA256.HashSizeInBytes ? new(digests) : null;

    /// <summary>The digests of a file of one block at most, which are the file's own.</summary>
    public static BlockDigests? OfSmall(string sha256, long fileBytes) => fileBytes is > 0 and <= BlockBytes ? new(Convert.FromHexString(sha256)) : null;

    /// <summary>The digests, one after the other.</summary>
    public byte[] ToBytes() => [.. _digests];

    /// <summary>True where these are the bytes of a block.</summary>
    /// <param name="block">Its number, from 0.</param>
    /// <param name="bytes">All of its bytes.</param>
    public bool Matches(long block, ReadOnlySpan<byte> bytes) =>
        block < Count && SHA256.HashData(bytes).AsSpan().SequenceEqual(_digests.AsSpan((int)block * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes));

    private static long BlocksOf(long bytes) => (bytes + BlockBytes - 1) / BlockBytes;
}
