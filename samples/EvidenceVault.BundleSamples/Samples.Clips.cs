using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;

namespace EvidenceVault.BundleSamples;

/// <summary>Clips and their packet proofs (FORMAT.md sections 12 and 13). Whoever tampered holds every key: seals, entries and bundle are made right again.</summary>
internal static partial class Samples
{
    private const string Clip = "AB/1/1";

    private static readonly int[] s_run = [1, 2, 3, 4];

    private static IEnumerable<Sample> Clips()
    {
        yield return Holds("clip-with-packet-proof", "A clip without its Master, with the proof that its frames are an unbroken run of the Master's.", OfClip(s_run).Bag);
        yield return Holds("clip-with-packet-proof-and-index", "A clip with its packet proof and the Master's packet index, without the Master.", OfClip(s_run, withIndex: true).Bag);
        yield return Holds("clip-without-packet-proof", "A clip whose seal names no packet proof: it holds, and that nothing is shown of its frames is noted.", OfClip(s_run, named: false).Bag);
        yield return Fails("clip-frame-exchanged-all-mended", "A frame of the clip was replaced by another of the same Master, and everything made right again but the Master's tree.", ClipCheck.Claim, Clip, OfClip([1, 2, 5, 4]));
        yield return Fails("clip-frame-left-out-all-mended", "A frame of the clip was left out, and everything made right again but the Master's tree.", ClipCheck.Claim, Clip, OfClip([1, 2, 4]));
        yield return Fails("clip-frames-swapped-all-mended", "Two frames of the clip changed places, and everything made right again but the Master's tree.", ClipCheck.Claim, Clip, OfClip([1, 3, 2, 4]));
        yield return Fails("clip-frame-exchanged-under-its-old-proof", "A frame of the clip was replaced by another of the same Master; its packet proof is the old one, and everything else made right again.", ClipCheck.Claim, Clip, OfClip([1, 2, 5, 4], proofOf: s_run));
        yield return Fails("clip-frame-left-out-under-its-old-proof", "A frame of the clip was left out; its packet proof is the old one, and everything else made right again.", ClipCheck.Claim, Clip, OfClip([1, 2, 4], proofOf: s_run));
        yield return Fails("clip-tree-made-anew", "A frame of the clip was replaced and a tree made that has it so; the Master's packet index, which is in the bundle, has another.", ClipCheck.Claim, Clip, OfClip([1, 2, 5, 4], tree: [0, 1, 2, 5, 4, 5], withIndex: true));
        yield return Fails("clip-of-another-master", "The packet proof is of a clip of another Master than the one that the clip's seal names.", ClipCheck.Claim, Clip, OfClip(s_run, master: new string('b', 64)));
        yield return Fails("packet-proof-taken-out", "The clip's packet proof was taken out of the bundle, and everything else made right again.", ClipCheck.Claim, Clip, OfClip(s_run, withProof: false));
        yield return Fails("packet-proof-of-other-bytes", "The packet proof points at bytes of the clip beside its frames, and everything else was made right again.", ClipCheck.Claim, Clip, OfClip(s_run, spoil: t => t.Replace(" 8+1152", " 0+1152", StringComparison.Ordinal)));
    }

    /// <summary>A clip of these frames of the Master AB/1, which is sealed and logged and stays behind.</summary>
    /// <param name="frames">The clip's frames.</param>
    /// <param name="proofOf">The frames that its proof is of, where those are others.</param>
    /// <param name="tree">The frames of the tree that the proof leads to; the Master's where it is not said.</param>
    /// <param name="withProof">Whether the proof is in the bundle.</param>
    /// <param name="withIndex">Whether the Master's packet index is.</param>
    /// <param name="named">Whether the clip's seal names its proof.</param>
    /// <param name="master">The Master that the proof names.</param>
    /// <param name="spoil">Changes the proof's text.</param>
    private static Made OfClip(int[] frames, int[]? proofOf = null, int[]? tree = null, bool withProof = true, bool withIndex = false, bool named = true, string? master = null, Func<string, string>? spoil = null)
    {
        var story = new Story();
        SampleExhibit footage = story.Master("AB/1", Case, "MOV001.AVI", Footage.Avi(1));
        string footageSha256 = Convert.ToHexStringLower(SHA256.HashData(footage.Content));
        PacketLine[] lines = [.. Enumerable.Range(0, Footage.Frames).Select(LineOf)];
        byte[] clip = Footage.Avi(1, frames), shown = Footage.Avi(1, proofOf ?? frames);
        string proofText = ProofText(shown, proofOf ?? frames, tree is null ? lines : [.. tree.Select(LineOf)], master ?? footageSha256);
        byte[] proof = Encoding.ASCII.GetBytes(spoil?.Invoke(proofText) ?? proofText);

        var settings = new JsonObject { ["method"] = "stream copy, never re-encoded" };
        if (named) settings[PacketProof.Setting] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(proof)) };
        SampleExhibit made = story.Derivative(Clip, Case, footage, "clip", "video/x-msvideo", "segment-001.avi", clip, settings);
        SampleExhibit beside = story.Derivative(Clip + "/1", Case, made, PacketProof.Role, "text/plain", "segment-001.avi.proof", proof, new JsonObject { ["format"] = PacketProof.Version });
        byte[] text = Encoding.ASCII.GetBytes(PacketIndex.Head(footageSha256, [s_stream]) + string.Concat(lines.Select(l => l.Text + "\n")));
        if (!PacketIndex.TryRead(new MemoryStream(text), null, out PacketIndex? index, out string problem)) throw new InvalidOperationException(problem);
        SampleExhibit list = story.Derivative("AB/1/2", Case, footage, PacketIndex.Role, "text/csv", "packets.csv", text, PacketIndexSeal.Settings(index));
        story.View(made, Case);

        SampleExhibit[] exhibits = [made, .. withProof ? [beside] : Array.Empty<SampleExhibit>(), .. withIndex ? [list] : Array.Empty<SampleExhibit>()];
        int export = story.Export(Id, Case, exhibits, s_policy, TestKeys.CaPem);
        return new(SampleBag.Of(story, Id, Case, exhibits, export, story.Checkpoint((ulong)export + 1, TestKeys.Log, s_outside), s_policy), story);
    }

    private static readonly IndexedStream s_stream = new(0, "video", "rawvideo", "1/6");

    private static PacketLine LineOf(int frame)
    {
        byte[] bytes = Footage.Frame(1, frame);
        return new(0, frame, frame, bytes.Length, true, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static string ProofText(byte[] clip, int[] frames, PacketLine[] tree, string master)
    {
        byte[][] leaves = [.. tree.Select(l => l.LeafHash())];
        var frontier = new TreeFrontier();
        foreach (byte[] leaf in leaves) frontier.Append(leaf);
        var packets = new List<ProvenPacket>();
        int end = 0;
        foreach (int frame in frames)
        {
            byte[] bytes = Footage.Frame(1, frame);
            int at = end + clip.AsSpan(end).IndexOf(bytes);
            packets.Add(new(LineOf(frame), [new(at - end, bytes.Length, 1)]));
            end = at + bytes.Length;
        }
        IndexedStream of = s_stream with { Packets = (ulong)tree.Length, Root = frontier.Root() };
        var proof = new PacketProof
        {
            ClipSha256 = Convert.ToHexStringLower(SHA256.HashData(clip)),
            ClipBytes = clip.Length,
            MasterSha256 = master,
            Streams = [new(0, of, (ulong)frames[0], MerkleRange.Proof((ulong)frames[0], (ulong)frames.Length, (ulong)tree.Length, leaves), packets)],
        };
        return Encoding.ASCII.GetString(proof.ToBytes());
    }
}
