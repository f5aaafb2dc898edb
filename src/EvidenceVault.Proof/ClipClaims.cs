using System.Text.Json.Nodes;

namespace EvidenceVault.Proof;

/// <summary>What a seal claims about a clip's packets or a packet index, held against the files (FORMAT.md sections 12 and 13).</summary>
internal static class ClipClaims
{
    public const string IndexClaim = "packet-index";

    private const string ClipRole = "clip";

    public static bool IsClip(SealManifest seal) => seal.Derivation?.Role == ClipRole;

    /// <summary>SHA-256 of the packet proof that a clip's seal names; null where it names none, with a sentence where it names one and not well.</summary>
    public static string? ProofSha256(SealManifest seal, out string problem)
    {
        problem = "";
        if (seal.Derivation?.Settings[PacketProof.Setting] is not { } named) return null;
        if (named is JsonObject { Count: 1 } one && one["sha256"] is JsonValue value && value.TryGetValue(out string? sha256) && Forms.IsSha256(sha256)) return sha256;
        problem = $"The clip's seal names a packet proof, and not in the form that FORMAT.md lays down ('{PacketProof.Setting}').";
        return null;
    }

    public static Finding NoProof() => Finding.Remark(ClipCheck.Claim,
        "No packet proof goes with this clip: that its packets are an unbroken run of the Master's is not shown here. It can be shown with the Master.");

    /// <summary>Claim <c>clip-packets</c>.</summary>
    /// <param name="seal">The clip's seal.</param>
    /// <param name="proofBytes">The proof that it names.</param>
    /// <param name="index">The Master's packet index, where it is at hand.</param>
    /// <param name="open">Opens the clip.</param>
    /// <param name="proof">The proof, where it could be read.</param>
    /// <param name="cancel">Ends the check.</param>
    public static IReadOnlyList<Finding> Judge(SealManifest seal, byte[] proofBytes, IndexAtHand? index, Func<Stream> open, out PacketProof? proof, CancellationToken cancel)
    {
        if (!PacketProof.TryParse(proofBytes, out proof, out string problem)) return [Finding.Bad(ClipCheck.Claim, problem)];
        using Stream clip = open();
        IReadOnlyList<Finding> findings = ClipCheck.Run(clip, proof, index, cancel);
        return proof.MasterSha256 == seal.Derivation!.ParentSha256
            ? findings
            : [.. findings.Where(f => !f.Holds), Finding.Bad(ClipCheck.Claim, $"The packet proof is for a clip of another Master (SHA-256 {proof.MasterSha256}) than the one that the clip's seal names.")];
    }

    /// <summary>Claim <c>packet-index</c>: the file is an index of the Master that the seal names, and its trees have the roots that the seal states.</summary>
    public static Finding JudgeIndex(SealManifest seal, Stream file, out PacketIndex? index)
    {
        if (!PacketIndex.TryRead(file, null, out index, out string problem)) return Finding.Bad(IndexClaim, problem);
        if (index.MasterSha256 != seal.Derivation!.ParentSha256) return Finding.Bad(IndexClaim, "The packet index is of another Master than the one that its seal names.");
        if (!JsonNode.DeepEquals(seal.Derivation.Settings, PacketIndexSeal.Settings(index))) return Finding.Bad(IndexClaim, "The packet index does not have the streams, packets and roots that its seal states.");
        return Finding.Good(IndexClaim, $"The packet index lists {string.Join(" and ", index.Streams.Select(s => $"{Printable.Count(s.Packets)} {s.Kind} packets"))} of the Master, and has the roots that its seal states.");
    }
}

/// <summary>What the seal of a packet index states under <c>settings</c> (FORMAT.md section 12).</summary>
public static class PacketIndexSeal
{
    /// <summary>The settings of an index.</summary>
    public static JsonObject Settings(PacketIndex index) => new()
    {
        ["format"] = PacketIndex.Version,
        ["streams"] = new JsonArray([.. index.Streams.Select(s => (JsonNode)new JsonObject
        {
            ["stream"] = s.Number,
            ["kind"] = s.Kind,
            ["codec"] = s.Codec,
            ["timeBase"] = s.TimeBase,
            ["packets"] = s.Packets,
            ["root"] = Bytes.Hex(s.Root),
        })]),
    };
}
