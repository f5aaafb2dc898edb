using System.Security.Cryptography;
using EvidenceVault.Pipeline.Words;

namespace EvidenceVault.Pipeline.Disclosure;

/// <summary>Writes a bundle so that something of the name asked for exists only once it is whole and on disk.</summary>
internal static class BundleWriting
{
    private const string DraftPrefix = ".evidencevault-draft-";
    private const int BlockBytes = 1 << 20;

    /// <summary>True where the name asks for a ZIP.</summary>
    public static bool IsZip(string output) => output.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses an output that cannot become one, before anything is recorded.</summary>
    /// <exception cref="RefusedException">It is there already, or its folder is not.</exception>
    public static void RequireFree(string output)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        if (Path.Exists(full)) throw new RefusedException($"'{Names.Printable(output)}' is there already.", "Nothing was given out, and nothing was written over it.", "Choose another name with -o.");
        if (Path.GetDirectoryName(full) is not { } parent || !Directory.Exists(parent))
            throw new RefusedException($"There is no folder to put '{Names.Printable(output)}' in.", "Nothing was given out.", "Make the folder, or choose another with -o.");
    }

    /// <summary>Writes the files in order into a draft beside the output, holding each to its hash, flushes everything, and gives the draft
    /// its name. A crash leaves the draft, hidden and named as one; a draft folder has no tag manifest and a draft ZIP no directory until the end.</summary>
    /// <exception cref="EvidenceException">The store did not give back what was sealed.</exception>
    /// <exception cref="RefusedException">The output cannot be written, as when the disk is full.</exception>
    public static async Task WriteAsync(ComposedBundle bundle, string output, IProgress<long>? progress, CancellationToken cancel)
    {
        RequireFree(output);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        string parent = Path.GetDirectoryName(full)!;
        try
        {
            using Scratch draft = Scratch.New(parent, DraftPrefix);
            string part = Path.Combine(draft.Path, "part");
            var run = new Run(progress, cancel);
            if (IsZip(full)) await WriteZipAsync(bundle.Files, part, run).ConfigureAwait(false);
            else await WriteFolderAsync(bundle.Files, part, run).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            // The moment at which the bundle exists. Both refuse to take the place of anything.
            if (IsZip(full)) File.Move(part, full, overwrite: false);
            else Directory.Move(part, full);
            DurableFolder.Flush(parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"'{Names.Printable(output)}' cannot be written ({e.Message}).", "No bundle was made; the exhibits are untouched, and the export stays recorded.", "Check the folder and the space, or choose another with -o.", e);
        }
    }

    private static async Task WriteFolderAsync(IReadOnlyList<PlannedFile> files, string root, Run run)
    {
        // Payload first and the tag manifest last: what is left by a crash is not a bag.
        foreach (PlannedFile file in files.OrderBy(f => f.IsPayload ? 0 : f.Path.StartsWith("tagmanifest", StringComparison.Ordinal) ? 2 : 1))
        {
            string path = Path.Combine(root, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            await CopyAsync(file, run, block => target.WriteAsync(block, run.Cancel)).ConfigureAwait(false);
            target.Flush(flushToDisk: true);
        }
        foreach (string folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Append(root)) DurableFolder.Flush(folder);
    }

    private static async Task WriteZipAsync(IReadOnlyList<PlannedFile> files, string path, Run run)
    {
        await using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var zip = new ZipWriting(target);
        foreach (PlannedFile file in files)
        {
            zip.Begin(file.Path, file.Bytes);
            await CopyAsync(file, run, block => zip.WriteAsync(block, run.Cancel)).ConfigureAwait(false);
            zip.End();
        }
        zip.Finish();
        target.Flush(flushToDisk: true);
    }

    private static async Task CopyAsync(PlannedFile file, Run run, Func<ReadOnlyMemory<byte>, ValueTask> write)
    {
        await using Stream source = await file.OpenAsync(run.Cancel).ConfigureAwait(false);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long done = 0;
        int read;
        while ((read = await source.ReadAsync(run.Block, run.Cancel).ConfigureAwait(false)) > 0)
        {
            done += read;
            if (done > file.Bytes) break;
            sha256.AppendData(run.Block, 0, read);
            await write(run.Block.AsMemory(0, read)).ConfigureAwait(false);
            run.Wrote(read);
        }
        string found = Convert.ToHexStringLower(sha256.GetHashAndReset());
        if (done == file.Bytes && found == file.Sha256) return;
        throw new EvidenceException(
            $"What was read for {file.Path} is not what was sealed: {(done > file.Bytes ? "more than" : "")} {done} bytes with SHA-256 {found}; sealed were {file.Bytes} bytes with SHA-256 {file.Sha256}.".Replace("  ", " ", StringComparison.Ordinal),
            "What is stored is not what was sealed: no bundle was made.", "Keep the store as it is and tell the vault's administrator.");
    }

    private sealed class Run(IProgress<long>? progress, CancellationToken cancel)
    {
        private long _written;

        public CancellationToken Cancel => cancel;

        public byte[] Block { get; } = new byte[BlockBytes];

        public void Wrote(int bytes) => progress?.Report(_written += bytes);
    }
}
