using EvidenceVault.Pipeline.Analysis;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline;

/// <summary>What the analysis left of a Master's packets in its output folder, checked before it is sealed: the program that made it has read hostile
/// video, and is believed in nothing that can be derived again.</summary>
/// <param name="Index">The packet index; null where there is none that is good.</param>
/// <param name="IndexSha256">SHA-256 of its bytes.</param>
/// <param name="Proofs">SHA-256 of each clip's proof, by the clip's name in the folder.</param>
/// <param name="Problems">Why something that was there is not used, a sentence each.</param>
internal sealed record PacketFiles(PacketIndex? Index, string? IndexSha256, IReadOnlyDictionary<string, string> Proofs, IReadOnlyList<string> Problems)
{
    public static PacketFiles None { get; } = new(null, null, new Dictionary<string, string>(), []);

    public static PacketFiles In(string folder, IReadOnlyList<ClipReport> clips, string masterSha256, CancellationToken cancel)
    {
        var problems = new List<string>();
        (PacketIndex? index, string? indexSha256) = IndexIn(Path.Combine(folder, PacketIndexing.FileName), masterSha256, problems);
        var proofs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string clip in clips.Select(c => Path.GetFileName(c.File)).Distinct(StringComparer.Ordinal))
        {
            string file = Path.Combine(folder, clip), beside = Path.Combine(folder, ClipProving.FileName(clip));
            if (index is null || !IsPlain(file) || !IsPlain(beside) || new FileInfo(beside).Length > PacketProof.MostBytes) continue;
            byte[] bytes = File.ReadAllBytes(beside);
            if (Wrong(bytes, file, index, cancel) is { } problem) problems.Add($"The packet proof of {clip} does not hold. {problem}");
            else proofs[clip] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        }
        return new(index, indexSha256, proofs, problems);
    }

    private static (PacketIndex?, string?) IndexIn(string path, string masterSha256, List<string> problems)
    {
        if (!IsPlain(path)) return default;
        using FileStream text = File.OpenRead(path);
        if (!PacketIndex.TryRead(text, null, out PacketIndex? index, out string problem)) problems.Add(problem);
        else if (index.MasterSha256 == masterSha256)
        {
            text.Position = 0;
            return (index, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(text)));
        }
        else problems.Add("The packet index is of another file than this Master.");
        return default;
    }

    // A link would have us seal some other file of this machine.
    private static bool IsPlain(string path) => new FileInfo(path) is { Exists: true, LinkTarget: null };

    private static string? Wrong(byte[] bytes, string clip, PacketIndex index, CancellationToken cancel)
    {
        if (!PacketProof.TryParse(bytes, out PacketProof? proof, out string problem)) return problem;
        if (proof.MasterSha256 != index.MasterSha256) return "It is of another Master.";
        using FileStream file = File.OpenRead(clip);
        // Nothing around a run is told: what is wrong is a fault of the program's, not of the evidence.
        return ClipCheck.Run(file, proof, new("", index.Streams, (run, _) => new(run.First, [])), cancel).FirstOrDefault(f => !f.Holds)?.Sentence;
    }
}
