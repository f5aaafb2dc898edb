using System.Text;
using EvidenceVault.Proof;

namespace EvidenceVault.Pipeline.Disclosure.Report;

/// <summary>The step of HOW-TO-VERIFY.txt that checks clips by their packet proofs (FORMAT.md section 13), with ffmpeg and plain Python.</summary>
internal static class ClipSteps
{
    /// <summary>RFC 6962 section 2.1 in a few lines. FORMAT.md section 13 has the same, and a test holds them to each other.</summary>
    public const string Program = """"
            # check-proof: python3 check-proof.py PROOF [INDEX]
            import hashlib, sys
            def sha(data): return hashlib.sha256(data).digest()
            def root(lo, hi):                     # of the tree over packets lo to hi - 1
                if hi <= first or lo >= first + count:
                    return hashes.pop(0) if hashes else b""     # no packet of the clip in it
                if hi - lo == 1: return sha(b"\0" + lines[lo - first])
                k = 1                             # the largest power of two below hi - lo
                while 2 * k < hi - lo: k *= 2
                return sha(b"\1" + root(lo, lo + k) + root(lo + k, hi))
            bad = 0
            for part in open(sys.argv[1], "rb").read().split(b"\nstream ")[1:]:
                head, *rest = part.rstrip(b"\n").split(b"\n")
                word = head.split(b" ")
                size, first, count = int(word[7]), int(word[11]), int(word[13])
                sealed = bytes.fromhex(word[9].decode())
                hashes = [bytes.fromhex(r[5:].decode()) for r in rest if r[:5] == b"hash "]
                lines = [r.split(b" ")[0] for r in rest if r[:5] != b"hash "]
                good = len(lines) == count > 0 and first + count <= size
                good = good and root(0, size) == sealed and not hashes
                if good and len(sys.argv) > 2:    # the same from every line of the packet index
                    index = open(sys.argv[2], "rb").read().split(b"\n")
                    lines = [i for i in index if i.startswith(word[2] + b",")]
                    first, count = 0, len(lines)
                    good = count == size and root(0, size) == sealed
                print(head.decode(), "same" if good else "NOT THE SAME")
                bad += not good
            sys.exit(bad)
            # end
        """";

    private const string Extracted = "python3 -c \"$(sed -n '/^    # check-proof/,/^    # end/s/^    //p' HOW-TO-VERIFY.txt)\"";

    /// <summary>Adds the step where the bundle has clips with proofs; false where it has none.</summary>
    /// <param name="text">The text so far.</param>
    /// <param name="contents">The bundle.</param>
    /// <param name="number">The step's number.</param>
    public static bool Append(StringBuilder text, BundleContents contents, string number)
    {
        List<(DisclosedExhibit Clip, DisclosedExhibit Proof, DisclosedExhibit? Index)> clips = [.. Proven(contents)];
        if (clips.Count == 0) return false;
        text.Append($"""
            {number}. ARE THE CLIPS THE MASTER'S OWN FOOTAGE?

            A clip is a part of a Master, cut out and not re-encoded. Video is stored as packets, one
            for each picture. When the Master was analysed, each of its packets got a line with its
            times, its length and its SHA-256, and the lines were bound together in a tree of hashes
            (RFC 6962, as certificate logs are) with one hash on top, the root. A clip's packet
            proof lists the clip's packets and the few hashes that lead from them to that root. So
            it shows without the Master that they are the Master's, in its order, with none left
            out in between. It takes ffmpeg, awk and Python 3, and these steps for each clip:

            a. The clip's seal names its proof, and the proof names this clip (it says: same, twice).
            b. The proof is to the Master that the clip was cut from (same).
            c. What a player finds in the clip is what the proof lists: ffmpeg prints the SHA-256 of
               each packet, and it must be the same list (same). A clip in which one packet is
               another, is missing or is one too many gives another list.
            d. The listed packets are an unbroken run of the Master's: the hashes lead to the root
               (it says 'same' for each stream). This is the program, a text that you can read:


            """.ReplaceLineEndings("\n"));
        foreach (string line in Program.ReplaceLineEndings("\n").Split('\n')) text.Append($"{line}\n");
        text.Append('\n');
        foreach ((DisclosedExhibit clip, DisclosedExhibit proof, DisclosedExhibit? index) in clips)
        {
            text.Append($"Clip {clip.Reference}, cut from {clip.Manifest.Derivation!.Parent}\n\n");
            text.Append($"  $ grep -q \"\\\"packetProof\\\":{{\\\"sha256\\\":\\\"$(sha256sum < {proof.File} | cut -c 1-64)\\\"}}\" {clip.SealFile} && echo same\n");
            text.Append($"  $ grep -qx \"clip $(sha256sum < {clip.File} | cut -c 1-64) $(wc -c < {clip.File} | tr -d ' ')\" {proof.File} && echo same\n");
            text.Append($"  $ grep -q \"\\\"parentSha256\\\":\\\"$(sed -n 's/^master //p' {proof.File})\\\"\" {clip.SealFile} && echo same\n");
            text.Append($"  $ [ \"$({Player(clip.File)} | awk -F', *' '!/^#/ {{ print $1, $6 }}' | sort -s -n -k 1,1)\" = \"$(awk '/^stream / {{ n = $2 }} /^[0-9]/ {{ split($1, f, \",\"); print n, f[6] }}' {proof.File})\" ] && echo same\n");
            text.Append($"  $ {Extracted} {proof.File}{(index is null ? "" : " " + index.File)}\n\n");
        }
        text.Append("""
            That the root is the Master's is the word of the seal, and the log remembers when it was
            given. Where the bundle has the Master's packet index, the last command has made the root
            anew from every line of it. Whoever has the Master itself lists its packets in the same
            way, and finds those of the clip in that list, next to one another:

              > ffmpeg -i MASTER -map 0 -c copy -copyinkf -f framehash -hash sha256 -


            """.ReplaceLineEndings("\n"));
        return true;
    }

    private static string Player(string file) => $"ffmpeg -v error -copyts -i {file} -map 0 -c copy -copyinkf -avoid_negative_ts disabled -f framehash -hash sha256 -";

    private static IEnumerable<(DisclosedExhibit Clip, DisclosedExhibit Proof, DisclosedExhibit? Index)> Proven(BundleContents contents)
    {
        foreach (DisclosedExhibit clip in contents.InOrder)
        {
            if (clip.Manifest.Derivation is not { Role: "clip" } made || made.Settings[PacketProof.Setting]?["sha256"]?.GetValue<string>() is not { } named) continue;
            if (contents.Exhibits.FirstOrDefault(e => e.Manifest is { Derivation.Role: PacketProof.Role } m && m.Sha256 == named && m.Derivation.Parent == clip.Reference.Text) is not { } proof) continue;
            yield return (clip, proof, contents.Exhibits.FirstOrDefault(e => e.Manifest.Derivation is { Role: PacketIndex.Role } index && index.Parent == made.Parent));
        }
    }
}
