using System.Security.Cryptography;

namespace EvidenceVault.Proof;

/// <summary>The hashes of a stream, in one pass and flat memory.</summary>
/// <param name="Bytes">Bytes read.</param>
/// <param name="Sha256">Lower-case hex.</param>
/// <param name="Sha512">Lower-case hex, where it was asked for.</param>
internal readonly record struct StreamHash(long Bytes, string Sha256, string? Sha512)
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Two blocks, for one stream at a time.</summary>
    public static byte[][] NewBlocks() => [new byte[BlockBytes], new byte[BlockBytes]];

    /// <summary>Reads to the end, or to somewhere past <paramref name="most"/> bytes. SHA-512 of a block runs beside its SHA-256 and the reading of the next.</summary>
    public static StreamHash Of(Stream stream, long most, bool withSha512, byte[][] blocks, Action<int> read, CancellationToken cancel)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sha512 = withSha512 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA512) : null;
        (byte[] block, byte[] next) = (blocks[0], blocks[1]);
        long bytes = 0;
        int length = Fill(stream, block), following = 0;
        Exception? unreadable = null;
        while (length > 0 && bytes <= most)
        {
            cancel.ThrowIfCancellationRequested();
            bytes += length;
            if (sha512 is null) Along();
            else Parallel.Invoke(() => sha512.AppendData(block, 0, length), Along);
            if (unreadable is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(unreadable);
            read(length);
            (block, next, length) = (next, block, following);
        }
        return new(bytes, Proof.Bytes.Hex(sha256.GetHashAndReset()), sha512 is null ? null : Proof.Bytes.Hex(sha512.GetHashAndReset()));

        void Along()
        {
            sha256.AppendData(block, 0, length);
            try
            {
                following = Fill(stream, next);
            }
            catch (Exception e)
            {
                // Kept, so that it comes out as it is and not wrapped by whoever ran this.
                unreadable = e;
            }
        }
    }

    private static int Fill(Stream stream, byte[] block)
    {
        int done = 0;
        for (int read; done < block.Length && (read = stream.Read(block, done, block.Length - done)) > 0;) done += read;
        return done;
    }
}
