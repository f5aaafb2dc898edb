using System.Text;
using System.Text.Json.Nodes;
using EvidenceVault.Proof;

namespace EvidenceVault.BundleSamples;

/// <summary>One sample and what every checker must say of it.</summary>
/// <param name="Folder"><c>valid</c> or <c>tampered</c>.</param>
/// <param name="Name">The folder's name: what was done.</param>
/// <param name="What">One sentence: what was done.</param>
/// <param name="Claim">The claim that must fail; null where all hold.</param>
/// <param name="Subject">What the failing finding must name.</param>
/// <param name="Bag">The bag.</param>
internal sealed record Sample(string Folder, string Name, string What, string? Claim, string? Subject, SampleBag Bag);

/// <summary>All samples. They are only ever added to: every later version of a checker must judge each as this one did.</summary>
internal static partial class Samples
{
    private const string Case = "OP-HERON", OtherCase = "OP-WREN";
    private const string Id = "5a3b1e0c7d92f4468b1c0a9e8d7f6b52";
    private const string Master = "data/exhibits/AB-1/AB-1.avi";

    // In the place of a subject: the path of the entry that records the export.
    private const string ExportEntry = "export-entry";

    private static readonly DateTimeOffset s_cosigned = new(2026, 6, 1, 18, 0, 0, TimeSpan.Zero);
    private static readonly CosignatureSigner s_outside = TestKeys.Witness("witness.example/north", s_cosigned), s_demonstration = TestKeys.Witness("sample.example/demonstration", s_cosigned);
    private static readonly byte[] s_policy = Policy($"witness north {s_outside.Key}\nquorum north\n");

    private static byte[] Policy(string rest) => Encoding.UTF8.GetBytes($"log {TestKeys.Log.VerifierKey}\n{rest}");

    public static IEnumerable<Sample> All() => [.. Valid(), .. Bytes(), .. Seals(), .. Stamps(), .. Entries(), .. Exhibits(), .. Heads(), .. Containers(), .. Clips()];

    // ---- Bundles that hold ----

    private static IEnumerable<Sample> Valid()
    {
        yield return Holds("one-exhibit", "One exhibit, cosigned by an outside witness.", One().Bag);
        yield return Holds("with-derivative", "A Master and a keyframe that was made from it.", WithKeyframe().Bag);
        yield return Holds("redacted", "One exhibit; reasons and the name as delivered are withheld.", One(redact: ["reason", "sourceName"]).Bag);
        yield return Holds("time-stamped", "One exhibit whose seal has a time stamp (RFC 3161).", One(stamp: Stamp).Bag);
        yield return Holds("two-exhibits", "Two exhibits of one case.", Two().Bag);
        yield return Holds("no-witness", "A policy that asks for no witness: it holds, and is noted.", One(policy: Policy("quorum none\n"), cosigners: []).Bag);
        yield return Holds("demonstration-witness", "Cosigned by the vault's own demonstration witness only: it holds, and is noted.",
            One(policy: Policy($"witness demonstration {s_demonstration.Key}\nquorum demonstration\n"), cosigners: [s_demonstration]).Bag);
        yield return Holds("two-of-three-witnesses", "A quorum of two out of three witnesses, of which two cosigned.", TwoOfThree());
        yield return Holds("certificate-expired-time-stamped", "The seal's certificate has run out, and a time stamp shows that the seal was made while it was valid.", One(signer: TestKeys.ExpiredSeal, sealedAt: s_in2020, stamp: e => Stamp(e, s_in2020)).Bag);
        SampleBag zip = One().Bag;
        zip.Zip = zip.ToZip();
        yield return Holds("zip", "One exhibit, as the vault writes a ZIP.", zip);
        SampleBag folder = One().Bag;
        folder.Zip = folder.ToZip(folder.Files.Reverse().Select(f => ($"OP-HERON-AB-1/{f.Key}", f.Value)));
        yield return Holds("zip-by-another-program", "One exhibit in a ZIP with the bag in a folder and in another order: it holds, and that its wrapping is another is noted.", folder);
    }

    private static readonly DateTimeOffset s_in2020 = new(2020, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static SampleBag TwoOfThree()
    {
        CosignatureSigner east = TestKeys.Witness("witness.example/east", s_cosigned.AddMinutes(1)), south = TestKeys.Witness("witness.example/south", s_cosigned);
        return One(policy: Policy($"witness north {s_outside.Key}\nwitness east {east.Key}\nwitness south {south.Key}\ngroup outside 2 north east south\nquorum outside\n"), cosigners: [s_outside, east]).Bag;
    }

    // ---- Bytes changed by somebody without keys ----

    private static IEnumerable<Sample> Bytes()
    {
        yield return Fails("video-byte-changed", "One bit of the footage was turned over.", "bag-payload", Master, One(), b => b.Flip(Master, 3000));
        yield return Fails("video-cut-short", "The last hundred bytes of the footage were cut off.", "bag-payload", Master, One(), b => b.Change(Master, c => c[..^100]));
        yield return Fails("video-byte-changed-manifests-mended", "One bit of the footage was turned over, and the manifests made right again.", "seal-binds", "AB/1", One(), b =>
        {
            b.Flip(Master, 3000);
            b.Mend();
        });
        yield return Fails("video-byte-changed-all-mended-but-the-seal", "One bit of the footage was turned over, and everything but its seal made right again with the vault's own key.", "seal-binds", "AB/1", One(), b =>
        {
            b.Flip(Master, 3000);
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("seal-byte-changed", "One bit of a seal's signature was turned over.", "bag-payload", "data/seals/AB-1/seal.cms", One(), b => b.Flip("data/seals/AB-1/seal.cms", -5));
        yield return Fails("seal-signature-changed-all-mended", "One bit of a seal's signature was turned over, and everything else made right again.", "seal-signature", "AB/1", One(), b =>
        {
            b.Flip("data/seals/AB-1/seal.cms", -5);
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("entry-byte-changed", "One character of a custody entry was changed.", "bag-payload", "data/log/entries/2.json", One(), b => b.ChangeText("data/log/entries/2.json", "09:21", "09:22"));
        yield return Fails("proof-byte-changed", "One bit of a proof was turned over.", "bag-payload", "data/log/entries/3.tlog-proof", One(), b => b.Flip("data/log/entries/3.tlog-proof", 40));
        yield return Fails("disclosure-byte-changed", "One bit of a disclosed field was turned over.", "bag-payload", "data/log/entries/2.disclosures", One(), b => b.Flip("data/log/entries/2.disclosures", 10));
        yield return Fails("report-changed", "The printed report was changed, and the manifests made right again.", "bundle-files", "data/report/continuity.html", One(), b =>
        {
            b.Change("data/report/continuity.html", _ => Encoding.ASCII.GetBytes("Nobody looked at this exhibit.\n"));
            b.Mend();
        });
        yield return Fails("how-to-verify-changed", "HOW-TO-VERIFY.txt was changed.", "bag-tags", "HOW-TO-VERIFY.txt", One(), b => b.Change("HOW-TO-VERIFY.txt", _ => Encoding.ASCII.GetBytes("All is well.\n")));
        yield return Fails("bundle-json-changed", "The case in bundle.json was changed, and the manifests made right again.", "bundle-signature", BundlePath.ManifestSignature, One(), b =>
        {
            b.ChangeText(BundlePath.Manifest, OneLineCase(Case), OneLineCase(OtherCase));
            b.Mend();
        });
        yield return Fails("bundle-json-re-signed-by-a-foreign-key", "bundle.json was changed and signed by a certificate of the same name from another authority.", "bundle-signature", BundlePath.ManifestSignature, One(), b =>
        {
            b.Manifest = b.Manifest with { MadeAt = b.Manifest.MadeAt.AddYears(-1) };
            b.Resign(TestKeys.ForeignSeal);
        });

        static string OneLineCase(string name) => $"\"case\":\"{name}\"";
    }

    // ---- Seals ----

    private static IEnumerable<Sample> Seals()
    {
        yield return Fails("seal-text-changed-all-mended", "The time in a seal was changed under its old signature, and everything else made right again.", "seal-content", "AB/1", One(), b =>
        {
            b.ChangeText("data/seals/AB-1/seal.json", "\"sealedAt\":\"2026-", "\"sealedAt\":\"2025-");
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("seal-made-anew-by-the-vault", "A seal with another time was signed with the vault's own key, and everything else made right again: the log remembers the first one.", "seal-logged", "AB/1", One(), b =>
        {
            b.ChangeText("data/seals/AB-1/seal.json", "\"sealedAt\":\"2026-", "\"sealedAt\":\"2025-");
            b.Files["data/seals/AB-1/seal.cms"] = TestKeys.Sign(b.Files["data/seals/AB-1/seal.json"], TestKeys.Seal, new DateTime(2025, 6, 1, 0, 0, 0, DateTimeKind.Utc));
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("seal-by-another-authority", "A seal was signed by a certificate of the same name from another authority.", "seal-chain", "AB/1", One(signer: TestKeys.ForeignSeal));
        yield return Fails("seal-by-a-server-certificate", "A seal was signed by a certificate of the right authority that is for web servers.", "seal-purpose", "AB/1", One(signer: TestKeys.WrongPurpose));
        yield return Fails("seal-of-another-exhibit", "The seal of AB/2 was put in the place of that of AB/1.", "seal-binds", "AB/1", Two(), b =>
        {
            foreach (string file in new[] { "seal.json", "seal.cms" }) b.Files[$"data/seals/AB-1/{file}"] = b.Files[$"data/seals/AB-2/{file}"];
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("seal-of-another-case", "The exhibit was sealed for another case.", "seal-binds", "AB/1", One(sealedFor: OtherCase));
        yield return Fails("certificate-expired", "The certificate of a seal ran out in 2021, and no time stamp shows that the seal was made before.", "seal-time", "AB/1", One(signer: TestKeys.ExpiredSeal, sealedAt: s_in2020));
        yield return Fails("certificate-expired-before-the-seal", "The certificate of a seal ran out before the time that the seal states.", "seal-time", "AB/1", One(signer: TestKeys.ExpiredSeal));
        yield return Fails("authority-swapped", "Everything was sealed and signed anew under another authority, whose certificate was put in.", "export-entry", ExportEntry, One(signer: TestKeys.ForeignSeal), b =>
        {
            b.Files[BundlePath.Ca] = TestKeys.ForeignCaPem;
            b.Resign(TestKeys.ForeignSeal);
        });
    }

    // ---- Time stamps ----

    private static IEnumerable<Sample> Stamps()
    {
        yield return Fails("time-stamp-of-something-else", "The time stamp is a good one, of something else.", "timestamp", "AB/1", One(stamp: e => TestKeys.Stamp(e.Seal, TestKeys.Tsa, s_cosigned.UtcDateTime)));
        yield return Fails("time-stamp-by-another-authority", "The time stamp is from an authority of the same name that nobody asked to trust.", "timestamp", "AB/1", One(stamp: e => TestKeys.Stamp(e.SealCms, TestKeys.ForeignTsa, s_cosigned.UtcDateTime)));
        yield return Fails("time-stamp-by-an-expired-authority", "The time stamp is of 2026, and the authority's certificate ran out in 2021.", "timestamp", "AB/1", One(stamp: e => TestKeys.Stamp(e.SealCms, TestKeys.ExpiredTsa, s_cosigned.UtcDateTime)));
        yield return Fails("time-stamp-changed-all-mended", "One bit of the time stamp was turned over, and everything else made right again.", "timestamp", "AB/1", One(stamp: Stamp), b =>
        {
            b.Flip("data/seals/AB-1/seal.tst", -5);
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("time-stamp-too-late-for-the-certificate", "The certificate of the seal ran out, and the time stamp is of a later time.", "seal-time", "AB/1", One(signer: TestKeys.ExpiredSeal, sealedAt: s_in2020, stamp: Stamp));
    }

    // ---- Entries, proofs, disclosures ----

    private static IEnumerable<Sample> Entries()
    {
        yield return Fails("entry-rewritten-all-mended", "The time of an entry was changed, and everything but the log made right again.", "entry-proof", "data/log/entries/2.json", One(), b =>
        {
            b.ChangeText("data/log/entries/2.json", "09:21", "09:22");
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("entry-removed", "An entry was taken out.", "bag-complete", "data/log/entries/6.json", One(), b => Without(b, 6));
        yield return Fails("entry-removed-all-mended", "The entry of somebody who looked at the exhibit was taken out, and everything else made right again with the vault's own key.", "exhibit-sequence", "AB/1", One(), b =>
        {
            Without(b, 6);
            BundleExhibit exhibit = b.Manifest.Exhibits[0];
            b.Manifest = b.Manifest with { Exhibits = [exhibit with { Entries = [.. exhibit.Entries.Where(i => i != 6)] }] };
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("last-entries-removed-all-mended", "The exhibit's last two entries were taken out and its last number stated lower.", "exhibit-sequence", "AB/1", One(), b =>
        {
            BundleExhibit exhibit = b.Manifest.Exhibits[0];
            foreach (ulong index in exhibit.Entries.TakeLast(2)) Without(b, index);
            b.Manifest = b.Manifest with { Exhibits = [exhibit with { Entries = [.. exhibit.Entries.SkipLast(2)], LastSeq = exhibit.LastSeq - 2 }] };
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("number-left-out-by-the-vault", "The vault itself left out a number: an access that it never logged.", "exhibit-sequence", "AB/1", One(gap: true));
        yield return Fails("entry-index-repeated", "bundle.json names one entry twice.", "bundle-form", BundlePath.Manifest, One(), b =>
            b.SignAs(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(b.Files[BundlePath.Manifest]).Replace("\"entries\":[2,3,", "\"entries\":[2,2,3,", StringComparison.Ordinal)), TestKeys.Seal));
        yield return Fails("entry-twice-under-two-indexes", "An entry was put in a second time, under the index of another.", "entry-proof", "data/log/entries/4.json", One(), b =>
        {
            b.Files["data/log/entries/4.json"] = b.Files["data/log/entries/3.json"];
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("entry-of-another-exhibit-added", "An entry of another exhibit was put in, with a good proof.", "bundle-files", "data/log/entries/6.json", Two(), (b, made) =>
        {
            SignedNote.TryParse(b.Files[BundlePath.Checkpoint], out SignedNote? note, out _);
            b.Files["data/log/entries/6.json"] = made.Story.Entries[6].Bytes;
            b.Files["data/log/entries/6.tlog-proof"] = LogProof.Of(6, made.Story.Proof(6, b.Manifest.Size), note!).ToBytes();
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("proof-changed-all-mended", "One hash of a proof was changed, and everything else made right again.", "entry-proof", "data/log/entries/3.json", One(), b =>
        {
            b.Change("data/log/entries/3.tlog-proof", c => Lines(c, 2, l => l[0] == 'A' ? $"B{l[1..]}" : $"A{l[1..]}"));
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("proof-of-another-entry", "The proof of entry 4 was put in the place of that of entry 3.", "entry-proof", "data/log/entries/3.tlog-proof", One(), b =>
        {
            b.Files["data/log/entries/3.tlog-proof"] = b.Files["data/log/entries/4.tlog-proof"];
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("disclosure-rewritten-all-mended", "A disclosed reason was replaced by another, and everything else made right again.", "disclosure", "data/log/entries/6.disclosures", One(), b =>
        {
            b.Change("data/log/entries/6.disclosures", c => Lines(c, 1, _ => Story.Field("reason", "Routine check", "6").Encoded));
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("redaction-with-a-wrong-salt", "A withheld field was shown later with the right words and a wrong salt.", "disclosure", "data/log/entries/6.disclosures", One(redact: ["reason"]), b =>
        {
            b.Change("data/log/entries/6.disclosures", c => [.. c, .. Encoding.ASCII.GetBytes(Story.Field("reason", "Looking for the boat", "wrong").Encoded + '\n')]);
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("disclosure-of-another-entry", "The reason of one entry was shown under another.", "disclosure", "data/log/entries/3.disclosures", One(), b =>
        {
            b.Files["data/log/entries/3.disclosures"] = b.Files["data/log/entries/6.disclosures"];
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("export-entry-of-another-export", "bundle.json points to the record of an earlier export.", "export-entry", ExportEntry, One(twice: true));

        static void Without(SampleBag bag, ulong index)
        {
            foreach (string path in new[] { BundlePath.Entry(index), BundlePath.Proof(index), BundlePath.Disclosures(index) }) bag.Files.Remove(path);
        }
    }

    // ---- Exhibits ----

    private static IEnumerable<Sample> Exhibits()
    {
        yield return Fails("exhibit-removed", "An exhibit's footage was taken out.", "bag-complete", "data/exhibits/AB-2/AB-2.avi", Two(), b => b.Files.Remove("data/exhibits/AB-2/AB-2.avi"));
        yield return Fails("exhibit-removed-all-mended", "An exhibit was taken out with its seal and entries, and everything else made right again.", "export-entry", ExportEntry, Two(), b =>
        {
            BundleExhibit gone = b.Manifest.Exhibits[1];
            foreach (string path in (string[])[gone.File, gone.Seal, gone.Signature, .. gone.Entries.SelectMany(i => new[] { BundlePath.Entry(i), BundlePath.Proof(i), BundlePath.Disclosures(i) })]) b.Files.Remove(path);
            b.Manifest = b.Manifest with { Exhibits = [b.Manifest.Exhibits[0]] };
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("exhibits-swapped", "The footage of two exhibits was exchanged, and everything but the seals made right again.", "seal-binds", "AB/1", Two(), b =>
        {
            (b.Files[Master], b.Files["data/exhibits/AB-2/AB-2.avi"]) = (b.Files["data/exhibits/AB-2/AB-2.avi"], b.Files[Master]);
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("exhibit-renamed", "The exhibit was given another reference everywhere but in its seal and its entries.", "seal-binds", "AB/7", One(), b =>
        {
            foreach (string path in b.Files.Keys.Where(p => p.Contains("/AB-1/", StringComparison.Ordinal)).ToList())
            {
                b.Files[path.Replace("AB-1", "AB-7", StringComparison.Ordinal)] = b.Files[path];
                b.Files.Remove(path);
            }
            b.Manifest = b.Manifest with { Exhibits = [b.Manifest.Exhibits[0] with { Exhibit = "AB/7", File = BundlePath.Exhibit("AB/7", "avi"), Seal = BundlePath.Seal("AB/7"), Signature = BundlePath.SealSignature("AB/7") }] };
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("derivative-swapped", "The keyframe was replaced by another picture, and everything but its seal made right again.", "seal-binds", "AB/1/1", WithKeyframe(), b =>
        {
            b.Files["data/exhibits/AB-1-1/AB-1-1.bmp"] = Footage.Bmp(9, 4);
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("derivative-of-other-footage", "The keyframe is sealed as made from footage with another hash than that of its Master.", "derivation", "AB/1/1", WithKeyframe(parentSha256: new string('a', 64)));
        yield return Fails("bundle-named-for-another-case", "bundle.json names another case, signed with the vault's own key.", "seal-binds", "AB/1", One(), b =>
        {
            b.Manifest = b.Manifest with { Case = OtherCase };
            b.Resign(TestKeys.Seal);
        });
    }

    // ---- Checkpoints, witnesses, policies ----

    private static IEnumerable<Sample> Heads()
    {
        yield return Fails("log-truncated", "A true earlier checkpoint, of a log that was shorter, was put in with its own proofs.", "entry-proof", "data/log/entries/6.json", Truncated());
        yield return Fails("checkpoint-by-a-foreign-key", "The checkpoint was signed by another key of the log's name.", "checkpoint-signature", BundlePath.Checkpoint, One(log: TestKeys.ForeignLog));
        yield return Fails("checkpoint-forged-with-the-log-key", "History was rewritten and signed with the log's own key; the witness did not cosign it.", "witness-quorum", BundlePath.Checkpoint, Forged(withOldCosignature: false));
        yield return Fails("checkpoint-forged-with-an-old-cosignature", "History was rewritten and signed with the log's own key, and the witness's line of the true checkpoint was pasted in.", "witness-quorum", BundlePath.Checkpoint, Forged(withOldCosignature: true));
        yield return Fails("cosignature-removed", "The witness's line was taken out of the checkpoint.", "witness-quorum", BundlePath.Checkpoint, One(cosigners: []));
        yield return Fails("cosignature-by-a-foreign-witness", "A witness that the policy does not know cosigned in the place of the one that it asks for.", "witness-quorum", BundlePath.Checkpoint, One(cosigners: [TestKeys.Witness("witness.example/elsewhere", s_cosigned)]));
        yield return Fails("cosignature-time-changed", "The time in the witness's cosignature was moved.", "witness-quorum", BundlePath.Checkpoint, One(), b => ReplaceCheckpoint(b, note =>
        {
            NoteSignature cosignature = note.Signatures[1];
            byte[] moved = [.. cosignature.Signature];
            moved[7] ^= 0x3c;
            return SignedNote.Create(note.Text).WithSignature(VerifierKey.Parse(TestKeys.Log.VerifierKey), [.. note.Signatures[0].Signature]).WithSignature(s_outside.Key, moved);
        }));
        yield return Fails("one-of-three-witnesses", "The policy asks for two of three witnesses; one cosigned.", "witness-quorum", BundlePath.Checkpoint, OneOfThree());
        yield return Fails("policy-swapped", "The policy was replaced by one that asks for no witness.", "export-entry", ExportEntry, One(cosigners: []), b =>
        {
            b.Files[BundlePath.Policy] = Policy("quorum none\n");
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("root-changed", "bundle.json states another root than the checkpoint.", "checkpoint-signature", BundlePath.Checkpoint, One(), b =>
        {
            b.Manifest = b.Manifest with { Root = new string('0', 64) };
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("proof-with-another-checkpoint", "One proof carries another true checkpoint than the bundle's.", "entry-proof", "data/log/entries/3.tlog-proof", One(), (b, made) =>
        {
            Story story = made.Story;
            ulong export = b.Manifest.ExportEntry;
            SignedNote.TryParse(story.Checkpoint((ulong)export, TestKeys.Log, s_outside), out SignedNote? earlier, out _);
            b.Files["data/log/entries/3.tlog-proof"] = LogProof.Of(3, story.Proof(3, (ulong)export), earlier!).ToBytes();
            b.Resign(TestKeys.Seal);
        });
    }

    private static void ReplaceCheckpoint(SampleBag bag, Func<SignedNote, SignedNote> how)
    {
        SignedNote.TryParse(bag.Files[BundlePath.Checkpoint], out SignedNote? note, out _);
        SignedNote changed = how(note!);
        bag.Files[BundlePath.Checkpoint] = changed.ToBytes();
        foreach (string path in bag.Files.Keys.Where(p => p.EndsWith(".tlog-proof", StringComparison.Ordinal)).ToList())
        {
            LogProof.TryParse(bag.Files[path], out LogProof? proof, out _);
            bag.Files[path] = LogProof.Of(proof!.Index, proof.Hashes, changed).ToBytes();
        }
        bag.Resign(TestKeys.Seal);
    }

    private static Made Truncated()
    {
        (Story story, int export, _) = OneStory();
        return new(SampleBag.Of(story, Id, Case, [s_one!], export, story.Checkpoint(6, TestKeys.Log, s_outside), s_policy), story);
    }

    private static Made Forged(bool withOldCosignature)
    {
        (Story story, int export, byte[] true_) = OneStory();
        byte[] changed = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(story.Entries[6].Bytes).Replace("\"viewed\"", "\"stored\"", StringComparison.Ordinal));
        Story forged = story.Rewritten(6, changed);
        byte[] checkpoint = forged.Checkpoint((ulong)export + 1, TestKeys.Log);
        if (withOldCosignature) checkpoint = [.. checkpoint, .. Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(true_).Split('\n')[^2] + '\n')];
        return new(SampleBag.Of(forged, Id, Case, [s_one!], export, checkpoint, s_policy), forged);
    }

    private static Made OneOfThree()
    {
        CosignatureSigner east = TestKeys.Witness("witness.example/east", s_cosigned), south = TestKeys.Witness("witness.example/south", s_cosigned);
        return One(policy: Policy($"witness north {s_outside.Key}\nwitness east {east.Key}\nwitness south {south.Key}\ngroup outside 2 north east south\nquorum outside\n"));
    }

    // ---- The bag and its wrapping ----

    private static IEnumerable<Sample> Containers()
    {
        yield return Fails("file-added", "A file was added that no manifest names.", "bag-complete", "data/exhibits/AB-1/extra.txt", One(), b => b.Files["data/exhibits/AB-1/extra.txt"] = Encoding.ASCII.GetBytes("extra\n"));
        yield return Fails("file-added-with-manifest-line", "A file was added, with a line in the manifest.", "bundle-files", "data/exhibits/AB-1/extra.txt", One(), b =>
        {
            b.Files["data/exhibits/AB-1/extra.txt"] = Encoding.ASCII.GetBytes("extra\n");
            b.Mend();
        });
        yield return Fails("file-added-all-mended", "A file was added, and everything made right again with the vault's own key: it is none that a bundle has.", "bundle-files", "data/exhibits/AB-1/extra.txt", One(), b =>
        {
            b.Files["data/exhibits/AB-1/extra.txt"] = Encoding.ASCII.GetBytes("extra\n");
            b.Resign(TestKeys.Seal);
        });
        yield return Fails("tag-file-added", "A file was added beside HOW-TO-VERIFY.txt.", "bag-complete", "README.txt", One(), b => b.Files["README.txt"] = Encoding.ASCII.GetBytes("Read me.\n"));
        yield return Fails("manifest-line-changed", "A line of the manifest was changed.", "bag-tags", "manifest-sha256.txt", One(), b => b.Change("manifest-sha256.txt", c =>
        {
            c[5] = (byte)(c[5] == 'a' ? 'b' : 'a');
            return c;
        }));
        yield return Fails("manifest-line-climbs-out", "A line of the manifest leads out of the bag.", "bag-form", "manifest-sha256.txt", One(), b =>
        {
            b.Change("manifest-sha256.txt", c => [.. c, .. Encoding.ASCII.GetBytes($"{new string('0', 64)}  data/../../outside.txt\n")]);
            b.MendTags();
        });
        yield return Fails("manifest-line-absolute", "A line of the manifest names a file of the machine.", "bag-form", "manifest-sha256.txt", One(), b =>
        {
            b.Change("manifest-sha256.txt", c => [.. Encoding.ASCII.GetBytes($"{new string('0', 64)}  /etc/hostname\n"), .. c]);
            b.MendTags();
        });
        yield return Fails("manifest-unsorted", "The lines of the manifest are in another order.", "bag-form", "manifest-sha256.txt", One(), b =>
        {
            b.Change("manifest-sha256.txt", c => Encoding.ASCII.GetBytes(string.Concat(Encoding.ASCII.GetString(c).Split('\n', StringSplitOptions.RemoveEmptyEntries).Reverse().Select(l => l + '\n'))));
            b.MendTags();
        });
        yield return Fails("fetch-txt-added", "A fetch.txt was added, which tells a bag program to fetch files from elsewhere.", "bag-complete", "fetch.txt", One(), b =>
        {
            b.Files["fetch.txt"] = Encoding.ASCII.GetBytes("https://sample.example/AB-1.avi - data/exhibits/AB-1/AB-1.avi\n");
            b.MendTags();
        });
        yield return Fails("bagit-version-changed", "The bag says that it is of another version.", "bag-form", "bagit.txt", One(), b =>
        {
            b.ChangeText("bagit.txt", "1.0", "0.97");
            b.MendTags();
        });
        yield return Fails("payload-oxum-wrong", "The bag states another number of bytes.", "bag-form", "bag-info.txt", One(), b =>
        {
            b.ChangeText("bag-info.txt", "Payload-Oxum: ", "Payload-Oxum: 1");
            b.MendTags();
        });
        yield return Fails("link-in-the-place-of-a-file", "The policy is a symbolic link to another file.", "bag-form", BundlePath.Policy, One(), b =>
        {
            b.Files.Remove(BundlePath.Policy);
            b.Links[BundlePath.Policy] = "../log/checkpoint";
        });
        yield return Fails("zip-names-that-differ-by-case", "In a ZIP: two names that are one file on some machines.", "bag-form", "data/keys/ca.pem", One(), b =>
        {
            b.Files["data/keys/CA.pem"] = TestKeys.ForeignCaPem;
            b.Resign(TestKeys.Seal);
            b.Zip = b.ToZip();
        });
        yield return Fails("zip-name-climbs-out", "In a ZIP: a name that leads out of the folder that it is unpacked to.", "bag-form", "../outside.txt", One(), b =>
            b.Zip = b.ToZip([.. b.Files.Select(f => (f.Key, f.Value)), ("../outside.txt", Encoding.ASCII.GetBytes("outside\n"))]));
        yield return Fails("zip-name-twice", "In a ZIP: one name twice, with other bytes.", "bag-form", Master, One(), b =>
            b.Zip = b.ToZip([.. b.Files.Select(f => (f.Key, f.Value)), (Master, Footage.Avi(7))]));
        yield return Fails("zip-video-byte-changed", "In a ZIP: one bit of the footage was turned over, and its CRC made right again.", "bag-payload", Master, One(), b =>
        {
            b.Flip(Master, 3000);
            b.Zip = b.ToZip();
        });
        yield return Fails("zip-headers-disagree", "In a ZIP: a file's own header names it otherwise than the directory does.", "bag-form", Master, One(), b =>
        {
            byte[] zip = b.ToZip();
            var crc = new Crc32();
            crc.Append(b.Files[Master]);
            byte[] header = ZipForm.LocalHeader(Master, b.Files[Master].Length, crc.Value);
            zip[zip.AsSpan().IndexOf(header) + header.Length - 5] = (byte)'2';
            b.Zip = zip;
        });
    }

    // ---- How they are made ----

    private sealed record Made(SampleBag Bag, Story Story);

    private static SampleExhibit? s_one;

    /// <summary>The plain story: AB/1 is taken in, looked at and exported, between the entries of another exhibit of another case.</summary>
    private static (Story Story, int Export, byte[] Checkpoint) OneStory()
    {
        var story = new Story();
        s_one = story.Master("AB/1", Case, "MOV001.AVI", Footage.Avi(1));
        story.View(s_one, Case);
        int export = story.Export(Id, Case, [s_one], s_policy, TestKeys.CaPem);
        return (story, export, story.Checkpoint((ulong)export + 1, TestKeys.Log, s_outside));
    }

    private static Made One(
        IReadOnlyList<string>? redact = null, Func<SampleExhibit, byte[]>? stamp = null, byte[]? policy = null, IReadOnlyList<CosignatureSigner>? cosigners = null, TestKeys.Signer? signer = null,
        DateTimeOffset? sealedAt = null, string sealedFor = Case, bool gap = false, bool twice = false, NoteSigner? log = null)
    {
        var story = new Story();
        SampleExhibit exhibit = story.Master("AB/1", sealedFor, "MOV001.AVI", Footage.Avi(1), signer, sealedAt);
        if (stamp is not null) exhibit = exhibit with { TimeStamp = stamp(exhibit) };
        if (gap) story.SkipNumber("AB/1");
        story.View(exhibit, Case);
        policy ??= s_policy;
        int? earlier = twice ? story.Export("0123456789abcdef0123456789abcdef", Case, [exhibit], policy, TestKeys.CaPem) : null;
        int export = story.Export(Id, Case, [exhibit], policy, TestKeys.CaPem);
        byte[] checkpoint = story.Checkpoint((ulong)export + 1, log ?? TestKeys.Log, cosigners ?? [s_outside]);
        SampleBag bag = SampleBag.Of(story, Id, Case, [exhibit], export, checkpoint, policy, redact);
        if (earlier is { } index)
        {
            foreach (string path in new[] { BundlePath.Entry((ulong)export), BundlePath.Proof((ulong)export), BundlePath.Disclosures((ulong)export) }) bag.Files.Remove(path);
            SignedNote.TryParse(checkpoint, out SignedNote? note, out _);
            bag.Files[BundlePath.Entry((ulong)index)] = story.Entries[index].Bytes;
            bag.Files[BundlePath.Proof((ulong)index)] = LogProof.Of((ulong)index, story.Proof(index, (ulong)export + 1), note!).ToBytes();
            bag.Manifest = bag.Manifest with { ExportEntry = (ulong)index };
            bag.Resign(TestKeys.Seal);
        }
        return new(bag, story);
    }

    private static Made Two()
    {
        var story = new Story();
        SampleExhibit first = story.Master("AB/1", Case, "MOV001.AVI", Footage.Avi(1));
        story.Master("CD/1", OtherCase, "MOV900.AVI", Footage.Avi(3));
        SampleExhibit second = story.Master("AB/2", Case, "MOV002.AVI", Footage.Avi(2));
        story.View(first, Case);
        int export = story.Export(Id, Case, [first, second], s_policy, TestKeys.CaPem);
        return new(SampleBag.Of(story, Id, Case, [first, second], export, story.Checkpoint((ulong)export + 1, TestKeys.Log, s_outside), s_policy), story);
    }

    private static Made WithKeyframe(string? parentSha256 = null)
    {
        var story = new Story();
        SampleExhibit master = story.Master("AB/1", Case, "MOV001.AVI", Footage.Avi(1));
        SampleExhibit keyframe = story.Keyframe("AB/1/1", Case, master, Footage.Bmp(1, 3), parentSha256);
        story.View(master, Case);
        int export = story.Export(Id, Case, [master, keyframe], s_policy, TestKeys.CaPem);
        return new(SampleBag.Of(story, Id, Case, [master, keyframe], export, story.Checkpoint((ulong)export + 1, TestKeys.Log, s_outside), s_policy), story);
    }

    private static byte[] Stamp(SampleExhibit exhibit) => Stamp(exhibit, s_cosigned);

    private static byte[] Stamp(SampleExhibit exhibit, DateTimeOffset at) => TestKeys.Stamp(exhibit.SealCms, TestKeys.Tsa, at.AddMinutes(1).UtcDateTime);

    private static byte[] Lines(byte[] text, int line, Func<string, string> how)
    {
        string[] lines = Encoding.UTF8.GetString(text).Split('\n');
        lines[line] = how(lines[line]);
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    private static Sample Holds(string name, string what, SampleBag bag) => new("valid", name, what, null, null, bag);

    private static Sample Fails(string name, string what, string claim, string? subject, Made made, Action<SampleBag, Made> damage) => Fails(name, what, claim, subject, made, b => damage(b, made));

    private static Sample Fails(string name, string what, string claim, string? subject, Made made, Action<SampleBag>? damage = null)
    {
        damage?.Invoke(made.Bag);
        return new("tampered", name, what, claim, subject == ExportEntry ? BundlePath.Entry(made.Bag.Manifest.ExportEntry) : subject, made.Bag);
    }

    /// <summary>expected.json.</summary>
    public static string Expected(Sample sample) => new JsonObject
    {
        ["holds"] = sample.Claim is null,
        ["claim"] = sample.Claim,
        ["subject"] = sample.Subject,
        ["what"] = sample.What,
    }.ToJsonString(new() { WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
}
