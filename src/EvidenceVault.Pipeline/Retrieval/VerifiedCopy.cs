using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Retrieval;

/// <summary>Writes an exhibit out so that a file of the name asked for exists only once its bytes are known to be the sealed ones.</summary>
internal static class VerifiedCopy
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Copies, hashing on the way, into a draft beside the output, then gives it its name. A crash leaves the draft, never a
    /// file of the output's name that is short or wrong.</summary>
    /// <exception cref="RefusedException">The output is there already, or cannot be written.</exception>
    /// <exception cref="EvidenceException">The bytes are not those that were sealed.</exception>
    public static async Task WriteAsync(Stream stored, FileDigests sealedAs, string output, IProgress<long>? progress, CancellationToken cancel)
    {
        string full = Path.GetFullPath(output);
        if (Path.Exists(full)) throw new RefusedException($"'{Names.Printable(output)}' is there already.", "Nothing was written over it.", "Choose another name with -o.");
        using Scratch draft = NewDraft(full);
        string part = Path.Combine(draft.Path, "part");
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long done = 0;
        await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            byte[] block = new byte[BlockBytes];
            int read;
            while ((read = await stored.ReadAsync(block, cancel).ConfigureAwait(false)) > 0)
            {
                sha256.AppendData(block, 0, read);
                try
                {
                    await file.WriteAsync(block.AsMemory(0, read), cancel).ConfigureAwait(false);
                }
                catch (IOException e)
                {
                    throw CannotWrite(output, e);
                }
                done += read;
                progress?.Report(done);
            }
            file.Flush(flushToDisk: true);
        }
        string found = Convert.ToHexStringLower(sha256.GetHashAndReset());
        if (found != sealedAs.Sha256 || done != sealedAs.Bytes) throw VerifiedStream.NotAsSealed(done, found, sealedAs);
        File.Move(part, full, overwrite: false);
    }

    private static Scratch NewDraft(string full)
    {
        try
        {
            return Scratch.New(Path.GetDirectoryName(full)!, ".evidencevault-draft-");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(full, e);
        }
    }

    private static RefusedException CannotWrite(string output, Exception e) => new(
        $"'{Names.Printable(output)}' cannot be written ({e.Message}).", "The exhibit is untouched.", "Check the folder and the space, or choose another with -o.", e);
}
