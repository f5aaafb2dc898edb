using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EvidenceVault.Proof;

/// <summary>What a file of a bag was found to be.</summary>
/// <param name="Path">From the bag's root.</param>
/// <param name="Bytes">Its length as read.</param>
/// <param name="Sha256">Lower-case hex; null where it could not be read.</param>
/// <param name="Sha512">Lower-case hex, of exhibits only.</param>
/// <param name="Problem">Why it could not be read, a sentence.</param>
public sealed record ReadFile(string Path, long Bytes, string? Sha256, string? Sha512, string? Problem);

/// <summary>How far a check has come.</summary>
/// <param name="Done">Bytes read.</param>
/// <param name="Total">Bytes there are to read.</param>
public readonly record struct BagProgress(long Done, long Total);

/// <summary>
/// A bag (RFC 8493, BagIt 1.0, in the one spelling of FORMAT.md section 10), read once from end to end. Memory stays flat: two blocks for
/// each processor, and one line for each file.
/// </summary>
public sealed class Bag
{
    private const string Declaration = "bagit.txt", About = "bag-info.txt", Manifest = "manifest-sha256.txt", TagManifest = "tagmanifest-sha256.txt", Fetch = "fetch.txt";
    private const string Payload = "data/", Exhibits = "data/exhibits/";
    private const string DeclarationText = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
    private const string Oxum = "Payload-Oxum";
    private const int MostAboutBytes = 1 << 20, MostManifestBytes = 1 << 28;

    private readonly IBagSource _source;
    private readonly Dictionary<string, ReadFile> _files;

    private Bag(IBagSource source, Dictionary<string, ReadFile> files)
    {
        _source = source;
        _files = files;
        Findings = source.IsReadable ? [.. Judge()] : source.Findings;
    }

    /// <summary>Claims <c>bag-form</c>, <c>bag-complete</c>, <c>bag-payload</c>, <c>bag-tags</c>, and <c>container-form</c> of a ZIP.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>All files by path.</summary>
    public IReadOnlyDictionary<string, ReadFile> Files => _files;

    /// <summary>Reads every file and judges the bag. It never throws for what the bag holds.</summary>
    /// <param name="source">Where it lies.</param>
    /// <param name="progress">Told after each block, from several threads.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Bag Read(IBagSource source, IProgress<BagProgress>? progress = null, CancellationToken cancel = default)
    {
        long total = source.Files.Sum(f => Math.Min(f.Bytes, long.MaxValue / BagSource.MostFiles)), done = 0;
        var read = new ReadFile[source.Files.Count];
        // The largest first, so that no processor is left with a large one at the end.
        int[] order = [.. Enumerable.Range(0, read.Length).OrderByDescending(i => source.Files[i].Bytes)];
        using var blocks = new ThreadLocal<byte[][]>(StreamHash.NewBlocks);
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel };
        Parallel.ForEach(System.Collections.Concurrent.Partitioner.Create(order, loadBalance: true), options, i =>
            read[i] = ReadOne(source, source.Files[i], blocks.Value!, bytes => progress?.Report(new(Interlocked.Add(ref done, bytes), total)), cancel));
        return new(source, read.ToDictionary(f => f.Path, StringComparer.Ordinal));
    }

    /// <summary>The bytes of a file that is small, read again and held to the hash that was found; null and a sentence where they cannot be had.</summary>
    public byte[]? Content(string path, int most, out string problem)
    {
        problem = "";
        if (!_files.TryGetValue(path, out ReadFile? file))
            problem = $"The file {Printable.Of(path)} is not there.";
        else if (file.Problem is not null)
            problem = file.Problem;
        else if (file.Bytes > most)
            problem = $"The file {path} is larger than {most} bytes, which it cannot rightly be.";
        if (problem.Length > 0) return null;
        byte[] bytes = new byte[file!.Bytes];
        try
        {
            using Stream stream = _source.Open(new(path, file.Bytes));
            stream.ReadExactly(bytes);
            if (Bytes.Hex(SHA256.HashData(bytes)) == file.Sha256) return bytes;
            problem = $"The file {path} changed while it was being checked.";
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            problem = Unreadable(path, e);
        }
        return null;
    }

    /// <summary>Opens a file for a second reading. Whoever reads it holds it to the hash that was found.</summary>
    /// <exception cref="IOException">It cannot be read; <see cref="InvalidDataException"/> too while a damaged ZIP is unpacked.</exception>
    internal Stream Open(ReadFile file) => file.Bytes > 0 ? _source.Open(new(file.Path, file.Bytes)) : Stream.Null;

    private static ReadFile ReadOne(IBagSource source, BagFile file, byte[][] blocks, Action<int> read, CancellationToken cancel)
    {
        bool exhibit = file.Path.StartsWith(Exhibits, StringComparison.Ordinal);
        try
        {
            // What is listed as empty is not opened: there may be nothing there that ends.
            using Stream stream = file.Bytes > 0 ? source.Open(file) : Stream.Null;
            StreamHash hash = StreamHash.Of(stream, file.Bytes, exhibit, blocks, read, cancel);
            return hash.Bytes == file.Bytes
                ? new(file.Path, hash.Bytes, hash.Sha256, hash.Sha512, null)
                : new(file.Path, file.Bytes, null, null, $"The file {file.Path} has {(hash.Bytes > file.Bytes ? "more" : "fewer")} bytes than its folder or ZIP says ({Printable.Count((ulong)file.Bytes)}): it is cut off, or is being changed.");
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            return new(file.Path, file.Bytes, null, null, Unreadable(file.Path, e));
        }
    }

    internal static bool IsUnreadable(Exception e) => e is IOException or UnauthorizedAccessException or InvalidDataException;

    internal static string Unreadable(string path, Exception e) => $"The file {path} cannot be read ({Printable.Of(e.Message)}).";

    private IEnumerable<Finding> Judge()
    {
        var form = new Tally("bag-form");
        var complete = new Tally("bag-complete");
        foreach (Finding f in _source.Findings.Where(f => f.Claim == "bag-form")) form.Fail(f.Sentence, subject: f.Subject);

        CheckDeclaration(form);
        CheckAbout(form);
        CheckCase(form);
        Dictionary<string, string>? payload = ReadManifest(Manifest, form), tags = ReadManifest(TagManifest, form);
        if (payload is not null) CheckComplete(complete, Manifest, payload, _files.Keys.Where(p => p.StartsWith(Payload, StringComparison.Ordinal)));
        if (tags is not null) CheckComplete(complete, TagManifest, tags, _files.Keys.Where(p => p != TagManifest && !p.StartsWith(Payload, StringComparison.Ordinal)));
        foreach (string manifest in (string[])[Manifest, TagManifest])
        {
            if (!_files.ContainsKey(manifest)) complete.Fail("This list of files is missing, so nothing says what the bag should hold.", subject: manifest);
        }
        foreach (string path in _files.Keys.Where(IsForeign).Order(StringComparer.Ordinal))
            complete.Fail(path == Fetch ? "This file says that some of the bag is elsewhere; a bag here is whole." : "This is a list of files of another kind; a bag here has two only.", subject: path);

        return
        [
            .. form.Conclude("The bag is made as RFC 8493 (BagIt 1.0) and the rules here say."),
            .. complete.Conclude($"The bag holds the {Printable.Count((ulong)_files.Count)} files that its lists name, and no others."),
            .. CheckHashes("bag-payload", Manifest, payload),
            .. CheckHashes("bag-tags", TagManifest, tags),
            .. _source.Findings.Where(f => f.Claim != "bag-form"),
        ];
    }

    // Section 10, rule 1.
    private void CheckDeclaration(Tally form)
    {
        if (Content(Declaration, DeclarationText.Length, out string problem) is not { } bytes)
            form.Fail($"What declares this to be a bag cannot be read. {problem}", subject: Declaration);
        else if (!bytes.AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(DeclarationText)))
            form.Fail("This is not the declaration that a bag of version 1.0 begins with.", subject: Declaration);
    }

    // Rule 5.
    private void CheckAbout(Tally form)
    {
        if (Content(About, MostAboutBytes, out string problem) is not { } bytes || ReadLines(bytes, out problem) is not { } lines)
        {
            form.Fail($"What the bag says of itself cannot be read. {problem}", subject: About);
            return;
        }
        (string Label, string Value)[] read = [.. lines.Select(line => line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? (line[..colon], line[(colon + 2)..]) : ("", ""))];
        if (read.Any(l => l.Label.Length == 0 || l.Value.Length == 0 || char.IsWhiteSpace(l.Label[0])))
        {
            form.Fail("A line is not of the form 'Label: value'.", subject: About);
            return;
        }
        ReadFile[] payload = [.. _files.Values.Where(f => f.Path.StartsWith(Payload, StringComparison.Ordinal))];
        string found = string.Create(CultureInfo.InvariantCulture, $"{payload.Aggregate(UInt128.Zero, (sum, f) => sum + (UInt128)f.Bytes)}.{payload.Length}");
        string[] said = [.. read.Where(l => string.Equals(l.Label, Oxum, StringComparison.OrdinalIgnoreCase)).Select(l => l.Value)];
        if (said is not [var one]) form.Fail($"It does not say once how much the bag holds ({Oxum}).", subject: About);
        else if (one != found) form.Fail($"The bag was made with {Amount(one)} and now has {Amount(found)}: something was added, removed or changed in length.", subject: About);

        static string Amount(string oxum) => oxum.Split('.') is [var bytes, var files] ? $"{Printable.Of(files)} files of {Printable.Of(bytes)} bytes in all" : $"'{Printable.Of(oxum)}'";
    }

    // Rule 4, its last part; the rest is asked where files are listed.
    private void CheckCase(Tally form)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string path in _files.Keys.Order(StringComparer.Ordinal))
        {
            if (!seen.TryAdd(path, path)) form.Fail($"This differs only in letter case from {seen[path]}: on many machines the two are one file.", subject: path);
        }
    }

    // Rule 3. Null where there is no list to go by; a bad line is told and left out.
    private Dictionary<string, string>? ReadManifest(string name, Tally form)
    {
        if (!_files.ContainsKey(name)) return null;
        if (Content(name, MostManifestBytes, out string problem) is not { } bytes || ReadLines(bytes, out problem) is not { } lines)
        {
            form.Fail($"The list of files cannot be read. {problem}", subject: name);
            return null;
        }
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        string last = "";
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length < 67 || !Forms.IsSha256(lines[i][..64]) || lines[i][64..66] != "  " || !BundlePath.IsGood(lines[i][66..]))
            {
                form.Fail($"Line {i + 1} is not a SHA-256, two spaces and a path.", subject: name);
                continue;
            }
            string path = lines[i][66..];
            if (string.CompareOrdinal(path, last) <= 0) form.Fail($"Line {i + 1} is out of order, or names {path} a second time.", subject: name);
            last = path;
            read[path] = lines[i][..64];
        }
        return read;
    }

    private static string[]? ReadLines(byte[] bytes, out string problem)
    {
        problem = "";
        try
        {
            string text = Bytes.StrictUtf8.GetString(bytes);
            if (text.Length == 0) return [];
            if (text.EndsWith('\n') && !text.Any(c => c < ' ' && c != '\n')) return text[..^1].Split('\n');
            problem = "It holds control characters, or its last line has no end.";
        }
        catch (ArgumentException)
        {
            problem = "It is not UTF-8 text.";
        }
        return null;
    }

    // Rule 2.
    private void CheckComplete(Tally complete, string manifest, Dictionary<string, string> named, IEnumerable<string> there)
    {
        HashSet<string> found = [.. there];
        foreach (string path in named.Keys.Where(p => !found.Contains(p)).Order(StringComparer.Ordinal))
            complete.Fail(_files.ContainsKey(path) ? $"{manifest} names this file, which belongs in the other list." : "This file is missing: the bag was made with it.", subject: path);
        foreach (string path in found.Where(p => !named.ContainsKey(p) && !IsForeign(p)).Order(StringComparer.Ordinal))
            complete.Fail($"This file was added, or its line removed: {manifest} does not name it.", subject: path);
    }

    private static bool IsForeign(string path) =>
        path == Fetch || path is not (Manifest or TagManifest) && !path.Contains('/') && path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase)
        && (path.StartsWith("manifest-", StringComparison.OrdinalIgnoreCase) || path.StartsWith("tagmanifest-", StringComparison.OrdinalIgnoreCase));

    private IEnumerable<Finding> CheckHashes(string claim, string manifest, Dictionary<string, string>? named)
    {
        var tally = new Tally(claim);
        if (named is null) tally.Fail($"There is no list {manifest} to compare the files with.", subject: manifest);
        int compared = 0;
        foreach ((string path, string sha256) in (named ?? []).OrderBy(n => n.Key, StringComparer.Ordinal))
        {
            if (!_files.TryGetValue(path, out ReadFile? file)) continue;
            compared++;
            if (file.Problem is not null) tally.Fail(file.Problem, subject: path);
            else if (file.Sha256 != sha256) tally.Fail($"This file is not as it was when the bag was made: its SHA-256 is {file.Sha256}, where the list says {sha256}.", subject: path);
        }
        return tally.Conclude($"Each of {Printable.Count((ulong)compared)} files has the SHA-256 that {manifest} names.");
    }
}
